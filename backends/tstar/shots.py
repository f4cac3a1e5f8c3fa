"""Where a shot begins and ends, without a model: what two frames a quarter of a second apart have in common.

A cut is where the Lab histograms share little (the light and the colours of another place), or where they share less than
usual and a 16 x 9 thumbnail does not correlate either (another view of the same place). Cameras and things move little in a
quarter of a second. A dissolve or a fade is no cut here: what is looked for is then no longer seen, which ends its
appearance just as well. Measured in docs/benchmarks.md.
"""

from bisect import insort
from itertools import pairwise

import cv2
import numpy as np

from backends.tstar.canvases import Frames

STEP_S = 0.25
HALVINGS = 3  # of a step, once a cut lies in it
DECODED_S = 4.0  # that are decoded at once, to one side
REACH_S = 60.0  # to each side; a longer shot is cut off there
FRAME_PX = 64
OTHER_PLACE = 0.25  # share of the histogram that two frames do not have in common
OTHER_VIEW = 0.15  # the same, where the thumbnails' correlation is below
UNLIKE = 0.35
_BINS = (4, 16, 16)  # lightness, a, b
_RANGES = (0, 256, 64, 192, 64, 192)  # colours of pictures lie in the middle
Signature = tuple[np.ndarray, np.ndarray]  # of a frame: histogram, thumbnail


class Shots:
    """The shots of one video, found as they are asked for; asking again costs nothing."""

    def __init__(self, video: Frames, duration_s: float) -> None:
        self._video, self._end_s = video, duration_s
        self._known: list[tuple[float, float]] = []

    def around(self, second: float) -> tuple[float, float]:
        """Return start and end of the shot in which a second lies; cut off a minute to each side."""
        for start, end in self._known:
            if start <= second < end:
                return start, end
        span = self._edge(second, -1), self._edge(second, 1)
        insort(self._known, span)
        return span

    def _edge(self, second: float, way: int) -> float:
        """Return where the shot ends in one direction: where the next one begins, or this one."""
        stop = max(0.0, second - REACH_S) if way < 0 else min(self._end_s, second + REACH_S)
        at, before = second, None
        while at != stop:
            count = max(1, min(round(DECODED_S / STEP_S), int(np.ceil(abs(stop - at) / STEP_S))))
            ahead = [min(max(at + way * STEP_S * i, min(at, stop)), max(at, stop)) for i in range(count + 1)]
            frames = self._video.frames_at([min(t, self._end_s - 0.01) for t in ahead], max_side_px=FRAME_PX)
            signatures = [_signature(frame) for frame in frames]
            for i, (one, other) in enumerate(pairwise(signatures)):
                if is_cut(one, other):
                    return self._between(ahead[i], ahead[i + 1], one)
            at, before = ahead[-1], signatures[-1]
        return stop if before is not None else second

    def _between(self, inside: float, outside: float, signature: Signature) -> float:
        """Return where the cut is, to about the length of a frame: a second that ends here must not show the next shot."""
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            other = _signature(self._video.frames_at([middle], max_side_px=FRAME_PX)[0])
            inside, outside = (inside, middle) if is_cut(signature, other) else (middle, outside)
        return max(inside, outside)


def _signature(frame: np.ndarray) -> Signature:
    """(h, w, 3) -> histogram (bins,) with a sum of 1, thumbnail (9, 16)."""
    counts = cv2.calcHist([cv2.cvtColor(frame, cv2.COLOR_RGB2LAB)], [0, 1, 2], None, list(_BINS), list(_RANGES))
    counts = cv2.GaussianBlur(np.ascontiguousarray(counts.transpose(1, 2, 0)), (3, 3), 0.8)  # a little more light is no cut
    thumbnail = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (16, 9), interpolation=cv2.INTER_AREA).astype(np.float64)
    return counts.ravel() / max(float(counts.sum()), 1e-9), thumbnail


def is_cut(one: Signature, other: Signature) -> bool:
    """Return whether two frames are of two shots."""
    apart = 1 - float(np.minimum(one[0], other[0]).sum())
    return apart > OTHER_PLACE or (apart > OTHER_VIEW and _correlation(one[1], other[1]) < UNLIKE)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale > 1 else 1.0
