"""Merges that show something, each by one click."""

from pathlib import Path

from backends.merging.settings import MergingSettings

RECORDED = Path(__file__).parent / "recorded"

PRESETS: dict[str, tuple[MergingSettings, str]] = {  # label: settings, what to notice
    "Pour one into the other": (
        MergingSettings(share=0.2),
        "One parent sees and cannot do these sums, the other does them and has no eyes. Between them, the child does both."),
    "Where do they live?": (
        MergingSettings(task="probe", method="task_arithmetic", probes=("mask", "reset", "graft")),
        "Flatten one module at a time: where seeing breaks, and where the sums break, before and after the merge."),
    "All pairs of weights": (
        MergingSettings(task="grid"),
        "The paper's line, where both weights sum to 1, runs beside the best pairs, not through them."),
    "Add both in full": (
        MergingSettings(method="task_arithmetic"),
        "Weights that need not sum to 1: all that either learned, on top of their base. The child does most sums."),
}
OPENING = PRESETS["Pour one into the other"][0]
RECORDINGS: dict[str, MergingSettings] = {  # that their presets open at once
    "probe": PRESETS["Where do they live?"][0], "grid": PRESETS["All pairs of weights"][0]}
