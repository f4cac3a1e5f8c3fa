"""Models on disk: what was checked before they are merged, what a merge takes, and how it went."""

import math

import pandas as pd
import plotly.graph_objects as go

from backends.merging.results import Folders
from visualizers.alt import described
from visualizers.merging import apart
from visualizers.merging.methods import KEPT_COLOUR, MODEL_COLOURS
from visualizers.theme import titled

ICONS = {"fits": ":material/check_circle:", "warns": ":material/warning:", "refuses": ":material/block:"}
WORDS = {"fits": "fits", "warns": "to know", "refuses": "cannot be merged"}


def charts(folders: Folders) -> dict[str, go.Figure]:
    """Sizes, and how far the models are apart, by title."""
    needed = sizes(folders)
    return ({"sizes": needed} if needed else {}) | apart.charts(folders.apart)


def sizes(folders: Folders) -> go.Figure | None:
    """Memory, what is written and room on the disk; None where nothing is known of them."""
    known = [(name, value, colour) for name, value, colour in (
        ("memory at its peak", folders.peak_mb, MODEL_COLOURS["reasoner"]),
        ("what is written", folders.output_mb, MODEL_COLOURS["child"]),
        ("free on the disk", folders.free_mb, KEPT_COLOUR)) if value is not None]
    if not known:
        return None
    places = list(range(len(known)))
    figure = go.Figure(go.Bar(x=[max(value, 1e-3) for _, value, _ in known], y=places, orientation="h",
                              marker={"color": [colour for *_, colour in known]}, showlegend=False,
                              customdata=[in_words(value) for _, value, _ in known], hovertemplate="%{customdata}<extra></extra>"))
    figure.update_layout(title=titled("What the merge takes", "each mark is ten times the one before"), height=130 + 44 * len(known),
                         bargap=0.4, xaxis={"type": "log", "title": "MB", "dtick": 1, "exponentformat": "SI",
                                            "range": _decades([value for _, value, _ in known])},
                         yaxis={"tickvals": places, "ticktext": [f"{name}<br><b>{in_words(value)}</b>" for name, value, _ in known],
                                "range": [len(known) - 0.5, -0.5], "showgrid": False})
    told = ", ".join(f"{name} {in_words(value)}" for name, value, _ in known)
    return described(figure, f"{told[0].upper()}{told[1:]}.")


def _decades(values: list[float]) -> list[float]:
    """From below the least to the largest, as powers of ten."""
    return [math.floor(math.log10(max(min(values), 1e-3))) - 0.5, math.ceil(math.log10(max(max(values), 1e-2)))]


def in_words(megabytes: float) -> str:
    """0.4 -> '0.4 MB'; 16000 -> '16.0 GB'."""
    if megabytes >= 1000:
        return f"{megabytes / 1000:,.1f} GB"
    return f"{megabytes:,.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"


def findings(folders: Folders) -> pd.DataFrame:
    """Everything that was checked, a row each."""
    return pd.DataFrame([{"what": finding.what, "verdict": WORDS[finding.verdict], "found": finding.found}
                         for finding in folders.findings])


def sentence(folders: Folders, *, is_made: bool) -> str:
    """What came out."""
    counts = {verdict: sum(finding.verdict == verdict for finding in folders.findings) for verdict in WORDS}
    if counts["refuses"]:
        return f"{counts['refuses']} of {len(folders.findings)} checks refuse: nothing was written."
    kept = f"{folders.kept_tensors:,} stay the vision-language model's"
    if not is_made:
        return (f"{folders.merged_tensors:,} tensors would be merged, {kept}; {counts['warns'] or 'none'} of "
                f"{len(folders.findings)} checks found something to know. Nothing was written.")
    logit = "" if folders.first_logit is None else (
        f" Loaded again, its first logits differ from a merge in memory by {folders.first_logit:.1g} at most.")
    return f"{folders.merged_tensors:,} tensors were merged in {folders.seconds:.1f} s, {kept}.{logit}"
