"""The twelve kinds of things, drawn so that a shape of nine pixels still tells which it is.

Each is drawn around a middle with a radius; its foot is one radius below the middle.
"""

from collections.abc import Callable

from worlds.minihome.catalogue import COLOURS
from worlds.pen import CREAM, INK, STEEL, Colour, Pen, Point, darker, lighter

GREEN: Colour = (74, 140, 62)
_FLESH: dict[str, Colour] = {"Apple": (255, 246, 214), "Bread": (255, 232, 186), "Potato": (255, 238, 160), "Tomato": (255, 176, 150)}


class Brush:
    """A pen whose unit is the radius of a thing, around its middle."""

    def __init__(self, pen: Pen, x: float, y: float, radius: float, colour: Colour) -> None:
        self._pen, self._x, self._y, self._radius = pen, x, y, radius
        self.colour, self.dark, self.light = colour, darker(colour, 0.42), lighter(colour, 0.45)

    def at(self, x: float, y: float) -> Point:
        """A point in the picture."""
        return self._x + x * self._radius, self._y + y * self._radius

    def polygon(self, colour: Colour, points: list[Point], shade: float = 0.0) -> None:
        self._pen.polygon(colour, [self.at(*point) for point in points], shade=shade)

    def disc(self, colour: Colour, x: float, y: float, radius: float, height: float | None = None, *, tilt: float = 0.0,
             arc: tuple[float, float] = (0, 360), shade: float = 0.0) -> None:
        self._pen.disc(colour, *self.at(x, y), radius * self._radius, (height or radius) * self._radius, tilt=tilt, arc=arc,
                       shade=shade)

    def box(self, colour: Colour, x1: float, y1: float, x2: float, y2: float, corner: float = 0.0, shade: float = 0.0) -> None:
        self._pen.box(colour, *self.at(x1, y1), *self.at(x2, y2), corner=corner * self._radius, shade=shade)

    def line(self, colour: Colour, start: Point, end: Point, width: float) -> None:
        self._pen.line(colour, self.at(*start), self.at(*end), width * self._radius)


def draw_thing(pen: Pen, kind: str, colour: str, *, sliced: bool, middle: Point, radius: float) -> None:
    """Draw one thing, with a shadow at its foot."""
    brush = Brush(pen, *middle, radius, COLOURS[colour])
    pen.disc(INK, *brush.at(0.08, 0.98), radius * 0.95, radius * 0.16, alpha=0.25)
    if sliced:
        _slices(brush, kind)
    else:
        _DRAWN[kind](brush)


def _slices(brush: Brush, kind: str) -> None:
    """Two slices that lean on one another, their flesh to the front."""
    wide, high = (0.5, 0.72) if kind == "Bread" else (0.55, 0.68)
    for x in (0.4, -0.34):
        y = 0.98 - high
        if kind == "Bread":
            brush.box(brush.dark, x - wide - 0.06, y - high - 0.06, x + wide + 0.06, y + high, 0.25)
            brush.box(brush.colour, x - wide, y - high, x + wide, y + high - 0.04, 0.22)
            brush.box(_FLESH[kind], x - wide + 0.14, y - high + 0.14, x + wide - 0.14, y + high - 0.16, 0.16)
            continue
        brush.disc(brush.dark, x, y, wide + 0.07, high + 0.03)
        brush.disc(brush.colour, x, y, wide, high - 0.04)
        brush.disc(_FLESH[kind], x, y, wide - 0.15, high - 0.2)
        if kind == "Apple":
            brush.line(INK, (x, y - 0.1), (x, y + 0.1), 0.12)
        elif kind == "Tomato":
            brush.line(brush.colour, (x, y - 0.3), (x, y + 0.3), 0.16)


def _apple(brush: Brush) -> None:
    for side in (-1, 1):
        brush.disc(brush.dark, side * 0.36, 0.2, 0.58, 0.78)
    for side in (-1, 1):
        brush.disc(brush.colour, side * 0.35, 0.2, 0.5, 0.7, shade=0.12)
    brush.line((104, 68, 40), (0.0, -0.36), (0.1, -0.92), 0.18)
    brush.disc(GREEN, 0.5, -0.72, 0.4, 0.2, tilt=-25)
    brush.disc(brush.light, -0.45, -0.08, 0.14, 0.24)


def _tomato(brush: Brush) -> None:
    brush.disc(brush.dark, 0, 0.24, 1.0, 0.74)
    brush.disc(brush.colour, 0, 0.24, 0.92, 0.66, shade=0.14)
    for x, tilt in ((-0.36, 28), (0.36, -28), (0.0, 90)):
        brush.disc(GREEN, x, -0.38, 0.42, 0.16, tilt=tilt)
    brush.disc(brush.light, -0.5, 0.04, 0.16, 0.14)


def _potato(brush: Brush) -> None:
    brush.disc(brush.dark, 0, 0.32, 1.02, 0.62, tilt=-14)
    brush.disc(brush.colour, 0, 0.32, 0.94, 0.54, tilt=-14, shade=0.12)
    for x, y in ((-0.45, 0.3), (0.1, 0.1), (0.42, 0.34), (-0.05, 0.58)):
        brush.disc(brush.dark, x, y, 0.09, 0.06)


def _bread(brush: Brush) -> None:
    brush.box(brush.dark, -1.0, -0.3, 1.0, 1.0, 0.55)
    brush.box(brush.colour, -0.92, -0.22, 0.92, 0.92, 0.5, shade=0.16)
    for x in (-0.5, 0.0, 0.5):
        brush.line(lighter(brush.colour, 0.75), (x - 0.12, 0.3), (x + 0.12, -0.1), 0.17)


def _mug(brush: Brush) -> None:
    brush.disc(brush.dark, 0.58, 0.25, 0.42, 0.5)
    brush.disc(CREAM, 0.58, 0.25, 0.2, 0.27)
    brush.box(brush.dark, -0.8, -0.72, 0.62, 1.0, 0.16)
    brush.box(brush.colour, -0.72, -0.64, 0.54, 0.92, 0.12, shade=0.1)
    brush.disc(brush.dark, -0.09, -0.62, 0.62, 0.16)
    brush.box(brush.light, -0.56, -0.3, -0.38, 0.7, 0.08)


def _bowl(brush: Brush) -> None:
    brush.box(brush.dark, -0.4, 0.72, 0.4, 1.0, 0.06)
    brush.disc(brush.dark, 0, -0.06, 1.04, 0.98, arc=(0, 180))
    brush.disc(brush.colour, 0, -0.04, 0.94, 0.86, arc=(0, 180), shade=0.16)
    brush.disc(brush.dark, 0, -0.06, 1.04, 0.22)
    brush.disc(lighter(brush.colour, 0.6), 0, -0.07, 0.9, 0.13)


def _plate(brush: Brush) -> None:
    brush.disc(brush.dark, 0, 0, 1.0)
    brush.disc(brush.colour, 0, 0, 0.92, shade=0.08)
    brush.disc(CREAM, 0, 0, 0.56)
    brush.disc(lighter(brush.colour, 0.72), 0, 0, 0.42)


def _knife(brush: Brush) -> None:
    brush.polygon(darker(STEEL, 0.4), [(-0.44, 0.12), (0.36, 0.12), (0.36, -0.5), (-0.16, -1.04), (-0.44, -1.04)])
    brush.polygon(STEEL, [(-0.34, 0.06), (0.26, 0.06), (0.26, -0.46), (-0.18, -0.94), (-0.34, -0.94)], shade=0.1)
    brush.box(brush.dark, -0.48, 0.08, 0.4, 1.0, 0.16)
    brush.box(brush.colour, -0.4, 0.16, 0.32, 0.92, 0.12, shade=0.1)


def _spoon(brush: Brush) -> None:
    brush.disc(darker(STEEL, 0.4), 0, -0.56, 0.52, 0.5)
    brush.disc(STEEL, 0, -0.56, 0.42, 0.4, shade=0.12)
    brush.box(brush.dark, -0.26, -0.1, 0.26, 1.0, 0.2)
    brush.box(brush.colour, -0.18, -0.04, 0.18, 0.92, 0.16, shade=0.1)


def _book(brush: Brush) -> None:
    brush.box(brush.dark, -0.82, -0.98, 0.82, 1.0, 0.08)
    brush.box(CREAM, 0.5, -0.84, 0.74, 0.9)
    brush.box(brush.colour, -0.74, -0.9, 0.54, 0.92, 0.04, shade=0.1)
    brush.box(brush.dark, -0.74, -0.9, -0.5, 0.92)
    brush.box(CREAM, -0.3, -0.6, 0.34, -0.2, 0.06)


def _cloth(brush: Brush) -> None:
    brush.polygon(brush.dark, [(-1.0, 1.0), (-0.82, 0.12), (0.62, 0.0), (1.02, 1.0)])
    brush.polygon(brush.colour, [(-0.9, 0.92), (-0.74, 0.2), (0.56, 0.1), (0.9, 0.92)], shade=0.1)
    for x in (-0.42, 0.1):
        brush.polygon(CREAM, [(x - 0.06, 0.92), (x + 0.0, 0.16), (x + 0.2, 0.14), (x + 0.2, 0.92)])
    for x in (-0.8, -0.4, 0.0, 0.4, 0.8):
        brush.line(brush.dark, (x, 0.9), (x, 1.0), 0.12)


def _vase(brush: Brush) -> None:
    brush.disc(brush.dark, 0, 0.36, 0.72, 0.64)
    brush.polygon(brush.dark, [(-0.52, -1.0), (0.52, -1.0), (0.26, -0.3), (-0.26, -0.3)])
    brush.box(brush.dark, -0.42, 0.8, 0.42, 1.0, 0.06)
    brush.disc(brush.colour, 0, 0.36, 0.63, 0.55, shade=0.14)
    brush.polygon(brush.colour, [(-0.4, -0.92), (0.4, -0.92), (0.18, 0.0), (-0.18, 0.0)])
    brush.disc(brush.light, -0.28, 0.24, 0.12, 0.22)


_DRAWN: dict[str, Callable[[Brush], None]] = {
    "Apple": _apple, "Bread": _bread, "Potato": _potato, "Tomato": _tomato, "Mug": _mug, "Bowl": _bowl, "Plate": _plate,
    "Knife": _knife, "Spoon": _spoon, "Book": _book, "Cloth": _cloth, "Vase": _vase,
}
