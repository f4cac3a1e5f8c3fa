"""The canvas detector by itself: what it still sees as frames shrink, on videos that neither training nor its card used."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.tables import markdown
from models import catalogue

FIRST_SEED = 7_000_000  # the card's videos begin at 1,000,000


def section(num_videos: int) -> str:
    """AUC and recall per grid, and what is confirmed at g = 1."""
    shipped = catalogue.MINIATURES / "canvas-detector"
    with tempfile.TemporaryDirectory() as folder:  # the recipe writes thresholds and card: into a copy
        copy = shutil.copytree(shipped, Path(folder) / shipped.name)
        subprocess.run([sys.executable, "-m", "models.recipes.canvas_detector", "--only-measure", "--videos", str(num_videos),
                        "--first-seed", str(FIRST_SEED), "--out", str(copy)], check=True, stdout=sys.stderr)
        measured = json.loads((copy / "card.json").read_text())["measured"]
    rows = [(grid, f"{row['auc']:.3f}", f"{row['recall_at_5_percent']:.2f}", f"{row['cue_recall']:.2f}")
            for grid, row in measured["grids"].items()]
    return "\n".join([
        f"## Detector\n\nThe miniature on {num_videos} videos of ten minutes, one canvas in {measured['forward_ms']:.0f} ms. "
        "Cue recall is at its floor.\n",
        markdown(("g", "AUC of the needle", "recall at 5 % false positives", "cue recall"), rows), _confirmed(shipped, measured)])


def _confirmed(shipped: Path, measured: dict) -> str:
    """The shipped threshold on these videos; measuring chose one of its own, which the shipped one never saw."""
    threshold, found = json.loads((shipped / "config.json").read_text())["confirmation"], measured["confirmation"]
    return (f"At g = 1 the shipped threshold is {threshold:.2f}; these videos would have chosen "
            f"{found['threshold']:.2f}, which confirms {found['recall']:.0%} of {found['needle_frames']} needle frames and "
            f"{found['false_confirmations']:.2%} of {found['needle_free_frames']} without.\n")
