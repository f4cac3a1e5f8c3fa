"""What a detector says: boxes with a label and a score, and the one call that every detector answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Box:
    """One detection: corners in pixels of the canvas, `label` the index into the names asked for, `score` 0..1."""

    x1: float
    y1: float
    x2: float
    y2: float
    label: int
    score: float


class Detector(Protocol):
    """Finds named things on pictures. `theta` and `floor` are the score thresholds that suit this detector."""

    name: str
    is_miniature: bool
    canvas_px: int  # side of the square picture that suits it
    theta: float
    floor: float

    def detect(
        self, canvases: np.ndarray, names: Sequence[str], *, floor: float, max_boxes: int | None = None, grid: int | None = None
    ) -> list[list[Box]]:
        """Return per canvas its boxes with a score of at least `floor`, best first.

        Args:
            canvases: (canvases, height, width, 3) uint8 RGB, at least one pixel wide and high.
            names: what to look for; a box's label is an index into it.
            max_boxes: at most so many boxes for a canvas; None is all.
            grid: cells per side of these canvases, a frame alone is a grid of 1; None where it is not known. A hint: what
                looks at cells one by one needs it, what looks at a canvas as a whole does not.
        Raises:
            ValueError: the canvases have another shape or type.
        """
        ...

    def shown(self, example: np.ndarray, box: tuple[int, int, int, int] | None = None) -> "ShownDetector | None":
        """Return what finds the thing in a picture, by the same network; None where this detector takes words only.

        Args:
            example: (height, width, 3) uint8 RGB: the thing cropped closely, or the frame that shows it.
            box: x1 y1 x2 y2 of the thing in the frame's pixels; None for a crop.
        """
        return None


class ShownDetector(Detector, Protocol):
    """A detector that was shown an example."""

    uses_frame: bool  # False: nothing that it sees in the frame is where the box is, and it looks for the crop


REAL_CANVAS_PX = 960  # OWL and its kin read 768 to 960 pixels a side


def check_canvases(canvases: np.ndarray) -> None:
    """Raise ValueError unless the array is (canvases, height, width, 3) uint8."""
    if canvases.ndim != 4 or canvases.shape[-1] != 3 or canvases.dtype != np.uint8 or 0 in canvases.shape[1:]:
        raise ValueError(f"canvases are {canvases.shape} {canvases.dtype}; they must be (canvases, height, width, 3) uint8 RGB")


def best_boxes(boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray, *, floor: float, most: int | None) -> list[Box]:
    """Return the boxes with a score of at least `floor`, best first; equal scores keep their order.

    Args:
        boxes: (boxes, 4) x1 y1 x2 y2 in pixels.     labels: (boxes,) int; -1 is dropped.     scores: (boxes,) 0..1
    """
    kept = np.flatnonzero((scores >= floor) & (labels >= 0))
    order = kept[np.argsort(-scores[kept], kind="stable")][:most]
    corners = boxes.astype(float).tolist()
    return [Box(x1, y1, x2, y2, int(labels[i]), float(scores[i])) for i in order for x1, y1, x2, y2 in [corners[i]]]
