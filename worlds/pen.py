"""Draws flat shapes with soft shading on a transparent window of a picture.

Coordinates are parts of the picture's side: (0, 0) is its upper left corner, (1, 1) the lower right. Shapes are drawn larger and
averaged down, so that a small picture is the large one reduced.
"""

from collections.abc import Sequence

import cv2
import numpy as np

Colour = tuple[int, int, int]
Point = tuple[float, float]
INK: Colour = (58, 46, 48)
CREAM: Colour = (250, 244, 230)
STEEL: Colour = (196, 202, 210)
WOOD: Colour = (168, 112, 66)
_SHIFT = 4  # OpenCV takes coordinates in 1/16 of a pixel
_SMALL_PX = 200  # below it shapes are drawn four times as large, else twice


class Pen:
    """A window x1 y1 x2 y2 of a picture of some size.

    Args:
        size_px: side of the whole picture.
        box: the window; nothing is drawn outside of it.
    """

    def __init__(self, size_px: int, box: tuple[float, float, float, float]) -> None:
        self._finer = 4 if size_px < _SMALL_PX else 2
        self._side = size_px * self._finer
        self.left, self.top = (max(0, int(np.floor(edge * size_px))) for edge in box[:2])
        right, bottom = (min(size_px, int(np.ceil(edge * size_px))) for edge in box[2:])
        self._shape = (bottom - self.top, right - self.left)
        self._canvas = np.zeros((self._shape[0] * self._finer, self._shape[1] * self._finer, 4), np.float32)

    def polygon(self, colour: Colour, points: Sequence[Point], *, alpha: float = 1.0, shade: float = 0.0) -> None:
        """Fill what is inside some points; `shade` lightens the top and darkens the foot by a share."""
        origin = np.array((self.left, self.top)) * self._finer
        scaled = np.rint((np.array(points) * self._side - origin) * 2**_SHIFT).astype(np.int32)
        mask = np.zeros(self._canvas.shape[:2], np.uint8)
        cv2.fillPoly(mask, [scaled], 255, shift=_SHIFT)
        x, y, width, height = cv2.boundingRect(mask)
        if width and height:
            rows = np.linspace(1, -1, height, dtype=np.float32)[:, None]
            tone = np.array(colour, np.float32) * (1 + shade * rows)
            ink = np.concatenate([np.clip(tone, 0, 255), np.full((height, 1), 255, np.float32)], axis=1)  # (rows, rgba)
            weight = (mask[y : y + height, x : x + width, None] > 0) * np.float32(alpha)
            under = self._canvas[y : y + height, x : x + width]
            under += (ink[:, None] - under) * weight

    def box(self, colour: Colour, x1: float, y1: float, x2: float, y2: float, *, corner: float = 0.0, alpha: float = 1.0,
            shade: float = 0.0, edge: float = 0.0) -> None:
        """Fill a rectangle, with rounded corners of a radius, and a dark edge of a width around it."""
        if edge:
            self.box(darker(colour, 0.45), x1 - edge, y1 - edge, x2 + edge, y2 + edge, corner=corner + edge if corner else 0)
        corner = min(corner, (x2 - x1) / 2, (y2 - y1) / 2)
        points = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
        if corner:
            turn = np.linspace(0, np.pi / 2, 7)
            middles = ((x2 - corner, y1 + corner, -np.pi / 2), (x2 - corner, y2 - corner, 0.0), (x1 + corner, y2 - corner, np.pi / 2),
                       (x1 + corner, y1 + corner, np.pi))
            points = [(x + corner * float(np.cos(start + a)), y + corner * float(np.sin(start + a)))
                      for x, y, start in middles for a in turn]
        self.polygon(colour, points, alpha=alpha, shade=shade)

    def disc(self, colour: Colour, x: float, y: float, radius: float, height: float | None = None, *,
             arc: tuple[float, float] = (0, 360), tilt: float = 0.0, alpha: float = 1.0, shade: float = 0.0) -> None:
        """Fill an ellipse, or a sector of it: `arc` in degrees clockwise from the right, `tilt` turns the whole."""
        angles, turn = np.deg2rad(np.linspace(*arc, 41)), np.deg2rad(tilt)
        wide, high = radius * np.cos(angles), (height or radius) * np.sin(angles)
        points = np.stack([x + wide * np.cos(turn) - high * np.sin(turn), y + wide * np.sin(turn) + high * np.cos(turn)], axis=1)
        self.polygon(colour, [(float(a), float(b)) for a, b in points], alpha=alpha, shade=shade)

    def line(self, colour: Colour, start: Point, end: Point, width: float) -> None:
        """A straight bar with round ends."""
        (x1, y1), (x2, y2) = start, end
        length = max(1e-9, float(np.hypot(x2 - x1, y2 - y1)))
        dx, dy = -(y2 - y1) / length * width / 2, (x2 - x1) / length * width / 2
        self.polygon(colour, [(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)])
        for x, y in (start, end):
            self.disc(colour, x, y, width / 2)

    def glow(self, colour: Colour, x: float, y: float, radius: float, strength: float) -> None:
        """Light that fades outwards."""
        rows, columns = (np.arange(count, dtype=np.float32) + 0.5 for count in self._canvas.shape[:2])
        away = np.hypot((rows / self._side + self.top / self._side * self._finer - y)[:, None],
                        (columns / self._side + self.left / self._side * self._finer - x)[None, :])
        weight = (np.clip(1 - away / radius, 0, 1) ** 1.6 * strength)[..., None]
        self._canvas += (np.array((*colour, 255), np.float32) - self._canvas) * weight

    def patch(self) -> np.ndarray:
        """What was drawn, (rows, columns, 4) uint8 RGBA, colours multiplied by their opacity."""
        rows, columns = self._shape
        reduced = cv2.resize(self._canvas, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.clip(reduced + 0.5, 0, 255).astype(np.uint8)


def lay(canvas: np.ndarray, left: int, top: int, patch: np.ndarray) -> None:
    """Lay a pen's patch over a picture, (height, width, 3) uint8 RGB, in place, with its upper left corner at a pixel."""
    under = canvas[top : top + patch.shape[0], left : left + patch.shape[1]]
    covered = under.astype(np.uint16) * (255 - patch[..., 3:].astype(np.uint16))
    under[:] = np.minimum(patch[..., :3] + (covered + 127) // 255, 255).astype(np.uint8)


def lighter(colour: Colour, by: float) -> Colour:
    """A colour moved towards white."""
    red, green, blue = (round(value + (255 - value) * by) for value in colour)
    return red, green, blue


def darker(colour: Colour, by: float) -> Colour:
    """A colour moved towards black."""
    red, green, blue = (round(value * (1 - by)) for value in colour)
    return red, green, blue
