"""A board of square cells in the middle of a square picture, and a pen whose unit is one cell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worlds.errors import InputError
from worlds.pen import Colour, Pen, Point, lay

LEAST_PX, MOST_PX = 32, 1024
Patch = tuple[int, int, np.ndarray]  # left, top, and (rows, columns, 4) uint8 RGBA as `worlds.pen` has it


def checked(side_px: int) -> int:
    """The side of a picture, if one of that size can be drawn.

    Raises:
        InputError: it is not from 32 to 1024.
    """
    if not LEAST_PX <= side_px <= MOST_PX:
        raise InputError(f"A picture of {side_px} pixels cannot be drawn. Its side is {LEAST_PX} to {MOST_PX} pixels.")
    return side_px


@dataclass(frozen=True)
class Board:
    """Where cells lie, in parts of the picture's side.

    Args:
        margin: of the picture around the longer side of the board.
    """

    rows: int
    columns: int
    margin: float

    @property
    def unit(self) -> float:
        """The side of a cell."""
        return (1 - 2 * self.margin) / max(self.rows, self.columns)

    def corner(self, row: float, column: float) -> Point:
        """The upper left corner of a cell, x and y."""
        return (0.5 + (column - self.columns / 2) * self.unit, 0.5 + (row - self.rows / 2) * self.unit)


class CellPen:
    """A pen around one cell of a board: (0, 0) is its upper left corner, (1, 1) the lower right.

    Args:
        reach: cells around it that it can draw into.
    """

    def __init__(self, side_px: int, board: Board, row: float, column: float, *, reach: float = 0.2) -> None:
        (self._x, self._y), self._unit = board.corner(row, column), board.unit
        self._pen = Pen(side_px, (*self._at(-reach, -reach), *self._at(1 + reach, 1 + reach)))

    def box(self, colour: Colour, x1: float, y1: float, x2: float, y2: float, *, corner: float = 0.0, alpha: float = 1.0,
            shade: float = 0.0, edge: float = 0.0) -> None:
        self._pen.box(colour, *self._at(x1, y1), *self._at(x2, y2), corner=corner * self._unit, alpha=alpha, shade=shade,
                      edge=edge * self._unit)

    def disc(self, colour: Colour, x: float, y: float, radius: float, height: float | None = None, *,
             arc: tuple[float, float] = (0, 360), tilt: float = 0.0, alpha: float = 1.0, shade: float = 0.0) -> None:
        self._pen.disc(colour, *self._at(x, y), radius * self._unit, (height or radius) * self._unit, arc=arc, tilt=tilt,
                       alpha=alpha, shade=shade)

    def polygon(self, colour: Colour, points: Sequence[Point], *, alpha: float = 1.0, shade: float = 0.0) -> None:
        self._pen.polygon(colour, [self._at(*point) for point in points], alpha=alpha, shade=shade)

    def line(self, colour: Colour, start: Point, end: Point, width: float) -> None:
        self._pen.line(colour, self._at(*start), self._at(*end), width * self._unit)

    def star(self, colour: Colour, x: float, y: float, radius: float) -> None:
        """A star of five points."""
        angles = np.linspace(0, 2 * np.pi, 11)[:-1] - np.pi / 2
        reach = [radius if point % 2 == 0 else 0.45 * radius for point in range(10)]
        self.polygon(colour, [(x + r * float(np.cos(a)), y + r * float(np.sin(a))) for r, a in zip(reach, angles)])

    def patch(self) -> Patch:
        """What was drawn, and where."""
        return self._pen.left, self._pen.top, self._pen.patch()

    def onto(self, canvas: np.ndarray) -> None:
        """Lay what was drawn over a picture in place."""
        lay(canvas, *self.patch())

    def _at(self, x: float, y: float) -> Point:
        return self._x + x * self._unit, self._y + y * self._unit
