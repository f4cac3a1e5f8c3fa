"""A picture that knows how far away each of its points is, so that bodies hide one another as they should.

Faces are flat and lit by one light from behind on the left; balls are lit point by point. Everything is drawn finer than the
picture and averaged down, so that a small picture is the large one reduced.
"""

import math

import cv2
import numpy as np

from worlds.minitable.drawing.camera import AXES, EYE, FOCAL, projected, seen

LIGHT = np.array([-0.3, -0.5, 0.81]) / np.linalg.norm([-0.3, -0.5, 0.81])  # towards it
_SHIFT = 4  # OpenCV takes coordinates in 1/16 of a pixel
_SMALL_PX = 200  # below it pictures are drawn four times as large, else twice
Colour = tuple[float, float, float]


class Canvas:
    """A picture being drawn.

    Args:
        ground: (side, side, 3) uint8, what lies behind everything, already `finer_of(size)` times as large.
        table: (side, side) float32, one over the distance of the table there, 0 beside it.
    """

    def __init__(self, ground: np.ndarray, table: np.ndarray) -> None:
        self._side = len(ground)
        self._colours = ground.astype(np.float32)
        self._near = table.copy()
        self._has_edges = len(ground) > 4 * _SMALL_PX  # in a small picture an edge is no pixel wide

    def face(self, corners_m: np.ndarray, colour: Colour, *, edge: float = 0.0, dim: float = 1.0) -> None:
        """Fill a flat face, whose corners go against the clock as seen from outside; from behind it is not seen.

        Args:
            corners_m: (corners, 3).
            edge: metres of a lighter rim.
            dim: how much of the light gets there.
        """
        outward = _normal(corners_m)
        if outward @ (corners_m[0] - EYE) >= 0:
            return
        tone = np.array(colour, np.float32) * (_lit(outward) * dim)
        away = seen(corners_m)
        flat = AXES @ outward
        where = self._fill(FOCAL * away[:, :2] / away[:, 2:] + 0.5)
        if where is None:
            return
        rows, columns, mask = where
        u, v = self._grid(rows, columns)
        near = (flat[0] * u + flat[1] * v + flat[2]) / (flat @ away[0])  # one over the distance is even over a flat face
        self._paint(rows, columns, mask, near.astype(np.float32), np.minimum(tone, 255))
        if edge and self._has_edges:
            middle = corners_m.mean(axis=0)
            inner = corners_m + (middle - corners_m) * (edge / np.linalg.norm(corners_m - middle, axis=1).max())
            rim = np.clip(tone * 1.04 + 16, 0, 255)
            for start, end, low, high in zip(corners_m, np.roll(corners_m, -1, 0), inner, np.roll(inner, -1, 0)):
                self._strip(np.array([start, end, high, low]), rim, flat, away[0])

    def ball(self, middle_m: np.ndarray, radius_m: float, colour: Colour, *, shine: float = 0.5) -> None:
        """Fill a ball."""
        middle = seen(middle_m)
        span = 1.08 * radius_m * FOCAL / middle[2]
        x, y = projected(middle_m)
        where = self._window(np.array([[x - span, y - span], [x + span, y + span]]))
        if where is None:
            return
        rows, columns = where
        u, v = self._grid(rows, columns)
        rays = np.stack(np.broadcast_arrays(u, v, np.float32(1)), axis=-1)
        along, length = rays @ middle, (rays * rays).sum(-1)
        inside = along**2 - length * (middle @ middle - radius_m**2)
        mask = inside > 0
        depth = (along - np.sqrt(np.maximum(inside, 0))) / length
        normal = (rays * depth[..., None] - middle) / radius_m
        light = seen(EYE + LIGHT)
        half = (light - middle / np.linalg.norm(middle)) / np.linalg.norm(light - middle / np.linalg.norm(middle))
        lit = 0.66 + 0.44 * np.clip(0.25 + 0.75 * normal @ light, 0, 1) - 0.12 * np.clip(normal[..., 1], 0, 1)
        tone = np.array(colour, np.float32) * lit[..., None] + 255 * shine * np.clip(normal @ half, 0, 1)[..., None] ** 40
        self._paint(rows, columns, mask, (1 / np.maximum(depth, 1e-3)).astype(np.float32), np.clip(tone, 0, 255))

    def picture(self, size_px: int) -> np.ndarray:
        """What was drawn, (size, size, 3) uint8."""
        reduced = cv2.resize(self._colours, (size_px, size_px), interpolation=cv2.INTER_AREA)
        return np.clip(reduced + 0.5, 0, 255).astype(np.uint8)

    def _strip(self, corners_m: np.ndarray, tone: np.ndarray, flat: np.ndarray, first: np.ndarray) -> None:
        where = self._fill(projected(corners_m))
        if where is not None:
            rows, columns, mask = where
            u, v = self._grid(rows, columns)
            near = (flat[0] * u + flat[1] * v + flat[2]) / (flat @ first) * 1.0005  # just before the face that it edges
            self._paint(rows, columns, mask, near.astype(np.float32), tone)

    def _paint(self, rows: slice, columns: slice, mask: np.ndarray, near: np.ndarray, tone: np.ndarray) -> None:
        before = self._near[rows, columns]
        mask = mask & (near > before)
        before[mask] = near[mask]
        self._colours[rows, columns][mask] = tone[mask] if tone.ndim == 3 else tone

    def _fill(self, points: np.ndarray) -> tuple[slice, slice, np.ndarray] | None:
        where = self._window(points)
        if where is None:
            return None
        rows, columns = where
        mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        scaled = np.rint((points * self._side - 0.5 - (columns.start, rows.start)) * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(mask, [scaled], 1, shift=_SHIFT)
        return rows, columns, mask > 0

    def _window(self, points: np.ndarray) -> tuple[slice, slice] | None:
        spans = []
        for values in points.T.tolist():  # plain numbers: faster for a few corners
            first = min(max(math.floor(min(values) * self._side) - 1, 0), self._side)
            last = min(max(math.ceil(max(values) * self._side) + 1, 0), self._side)
            if last <= first:
                return None
            spans.append(slice(first, last))
        return spans[1], spans[0]

    def _grid(self, rows: slice, columns: slice) -> tuple[np.ndarray, np.ndarray]:
        """The rays through the points of a window: (1, columns) to the right and (rows, 1) down, for one ahead."""
        u = ((np.arange(columns.start, columns.stop) + 0.5) / self._side - 0.5) / FOCAL
        v = ((np.arange(rows.start, rows.stop) + 0.5) / self._side - 0.5) / FOCAL
        return u[None, :], v[:, None]


def finer_of(size_px: int) -> int:
    """How much finer a picture is drawn than it is."""
    return 4 if size_px < _SMALL_PX else 2


def _normal(corners_m: np.ndarray) -> np.ndarray:
    """Outwards, of length 1; a star has its dents at every other corner, which are left out."""
    step = 2 if len(corners_m) > 4 else 1
    (a, b, c), (d, e, f), (g, h, i) = corners_m[: 2 * step + 1 : step].tolist()
    j, k, m, n, o, p = d - a, e - b, f - c, g - a, h - b, i - c
    across = (k * p - m * o, m * n - j * p, j * o - k * n)  # much faster than NumPy's for one face
    return np.array(across) / max(1e-12, math.hypot(*across))


def _lit(normal: np.ndarray) -> float:
    """The share of its colour that a face shows: most from above, some from the left, least towards the viewer."""
    return float(0.6 + 0.42 * max(0.0, float(normal @ LIGHT)) + 0.1 * max(0.0, normal[0]) + 0.06 * normal[2])
