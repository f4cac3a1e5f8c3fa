"""A canvas of 128 x 128 on which vignettes are painted, and the jitter of what is on them."""

from collections.abc import Sequence

import cv2
import numpy as np

CANVAS_PX = 128  # four times a vignette: what is drawn without smoothing is smooth once it is made smaller
SIDE_PX = 32
JITTER = 14  # every colour is drawn up to so much from its own, per channel
_SHIFT = 4  # OpenCV takes coordinates in 1/16 of a pixel
Colour = tuple[int, int, int]
Point = tuple[float, float]


class Painter:
    """Draws flat shapes over gradients; coordinates are pixels of the canvas, x to the right and y downwards."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._canvas = np.zeros((CANVAS_PX, CANVAS_PX, 3), np.uint8)

    def between(self, low: float, high: float) -> float:
        """A number that is drawn evenly."""
        return float(self._generator.uniform(low, high))

    def one_of(self, choices: Sequence[Colour]) -> np.ndarray:
        """One of several colours, a little off, (3,) float."""
        return self.about(choices[int(self._generator.integers(len(choices)))])

    def about(self, colour: Colour) -> np.ndarray:
        """A colour, a little off, (3,) float."""
        return np.clip(np.array(colour, float) + self._generator.uniform(-JITTER, JITTER, 3), 0, 255)

    def side(self) -> int:
        """Left or right, -1 or 1."""
        return 1 if self._generator.random() < 0.5 else -1

    def count(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self._generator.integers(low, high + 1))

    def gradient(self, top: np.ndarray, bottom: np.ndarray, first: float = 0, last: float = CANVAS_PX) -> None:
        """Fill rows with a colour that goes from one to the other."""
        rows = np.arange(max(0, round(first)), min(CANVAS_PX, round(last)))
        part = ((rows - first) / max(1.0, last - first))[:, None]
        self._canvas[rows] = np.rint(top * (1 - part) + bottom * part).astype(np.uint8)[:, None]

    def polygon(self, colour: np.ndarray, points: Sequence[Point]) -> None:
        """Fill what is inside some points."""
        scaled = np.rint(np.array(points) * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(self._canvas, [scaled], _ints(colour), shift=_SHIFT)

    def box(self, colour: np.ndarray, left: float, top: float, right: float, bottom: float) -> None:
        """Fill a rectangle."""
        self.polygon(colour, [(left, top), (right, top), (right, bottom), (left, bottom)])

    def disc(self, colour: np.ndarray, centre: Point, radius: float, height: float | None = None, *,
             arc: tuple[float, float] = (0, 360)) -> None:
        """Fill an ellipse, or a sector of it.

        Args:
            radius: half the width, and half the height where no `height` is given.
            arc: where it begins and ends, in degrees clockwise from the right.
        """
        angles = np.deg2rad(np.linspace(*arc, 49))
        x, y = centre
        self.polygon(colour, [(x + radius * float(np.cos(a)), y + (height or radius) * float(np.sin(a))) for a in angles])

    def picture(self) -> np.ndarray:
        """What was painted, (32, 32, 3) uint8 RGB."""
        return cv2.resize(self._canvas, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)


def shade(colour: np.ndarray, by: float) -> np.ndarray:
    """A colour that is darker, below 0, or lighter, by a share."""
    return colour * (1 + by) if by < 0 else colour + (255 - colour) * by


def _ints(colour: np.ndarray) -> Sequence[int]:
    return [int(value) for value in np.clip(np.rint(colour), 0, 255)]
