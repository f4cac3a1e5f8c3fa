"""How much the key frames look like the true ones: the paper's visual score, with an SSIM that reads pictures as pictures."""

from collections.abc import Sequence

import numpy as np

from backends.tstar.metrics import ssim_matrix, visual
from backends.tstar.results import MethodRow
from worlds.video import Video

SIDE_PX = 128  # a pair takes a millisecond; the paper compares at full size
MAX_TRUTH = 32  # true seconds that are compared, evenly chosen


def with_visual(rows: Sequence[MethodRow], truth_s: tuple[float, ...] | None, video: Video) -> list[MethodRow]:
    """Return the rows with their visual precision, recall and F1 (Sec. 4.1); unchanged where the truth is not known."""
    if not truth_s:
        return list(rows)
    true = [truth_s[i] for i in np.unique(np.linspace(0, len(truth_s) - 1, min(len(truth_s), MAX_TRUTH)).astype(int))]
    seconds = sorted({*true, *(second for row in rows for second in row.keyframes)})
    frames = dict(zip(seconds, video.frames_at(seconds, max_side_px=SIDE_PX)))
    truth = np.stack([frames[second] for second in true])
    seen: dict[float, np.ndarray] = {}  # second -> (truth,): methods share key frames
    for second in seconds:
        seen[second] = ssim_matrix(truth, frames[second][None])[:, 0]
    return [_with_score(row, np.stack([seen[second] for second in row.keyframes], axis=1)) if row.keyframes else row
            for row in rows]


def _with_score(row: MethodRow, similarity: np.ndarray) -> MethodRow:
    score = visual(similarity)
    return row if score is None else row.model_copy(update={"visual": (score.precision, score.recall, score.f1)})
