"""The places of a home seen from before them: what is behind their contents, what is before them, and where contents stand.

Every place keeps its colours in all its pictures, near and far: a small picture knows them by these first.
"""

from collections.abc import Callable
from dataclasses import dataclass

from worlds.minihome.catalogue import type_of
from worlds.pen import INK, STEEL, WOOD, Colour, Pen, Point, darker, lighter

PAINT: dict[str, Colour] = {
    "Table": (178, 112, 58), "Counter": (116, 156, 122), "Shelf": (216, 172, 108), "Sink": (120, 158, 190), "Fridge": (236, 240, 244),
    "Microwave": (66, 68, 80), "Cabinet": (146, 60, 66), "Drawer": (92, 84, 152),
}
INSIDE: Colour = (54, 36, 34)  # of what opens, but for what has a light
COLD_LIGHT: Colour = (206, 234, 246)
WARM_LIGHT: Colour = (255, 190, 72)
WATER: Colour = (70, 168, 236)
BRASS: Colour = (226, 184, 80)
SLAB: Colour = (232, 226, 216)


@dataclass(frozen=True)
class Spots:
    """Where contents stand: the middles of three slots, and the height of what they stand on."""

    xs: tuple[float, float, float]
    foot: float
    radius: float

    def middle(self, slot: int) -> Point:
        return self.xs[slot], self.foot - self.radius


_ON_TOP = (0.255, 0.44, 0.625)  # the lamp stands to the right of them
SPOTS: dict[str, Spots] = {
    "Table": Spots(_ON_TOP, 0.535, 0.086),
    "Counter": Spots(_ON_TOP, 0.52, 0.086),
    "Shelf": Spots(_ON_TOP, 0.5, 0.086),
    "Sink": Spots((0.3, 0.46, 0.62), 0.645, 0.078),
    "Fridge": Spots((0.36, 0.51, 0.66), 0.55, 0.075),
    "Microwave": Spots((0.275, 0.42, 0.565), 0.54, 0.072),
    "Cabinet": Spots((0.32, 0.5, 0.68), 0.53, 0.084),
    "Drawer": Spots((0.31, 0.5, 0.69), 0.575, 0.084),
}
LAMP_X = 0.8  # where the lamp stands, on a table, counter or shelf
BASE = 0.755  # where furniture meets the floor


def draw_back(pen: Pen, place: str, *, is_open: bool | None, is_on: bool) -> None:
    """Draw a place without what stands before its contents; `is_on` is its faucet or the microwave itself."""
    _floor_shadow(pen)
    _BACKS[type_of(place)](pen, bool(is_open), is_on)
    if "_" in place:
        pen.box(BRASS, 0.455, 0.15, 0.545, 0.19, corner=0.01, edge=0.006)
        for x in (0.48, 0.52):  # as many studs as its number says
            pen.disc(INK, x, 0.17, 0.01)


def draw_front(pen: Pen, place: str, *, is_open: bool | None, is_on: bool) -> None:
    """Draw what stands before the contents of a place."""
    if type_of(place) == "Drawer" and is_open:
        paint = PAINT["Drawer"]
        pen.box(paint, 0.1, 0.555, 0.9, 0.665, corner=0.012, shade=0.12, edge=0.008)
        pen.box(BRASS, 0.43, 0.595, 0.57, 0.62, corner=0.012)
    elif type_of(place) == "Sink":
        pen.box(lighter(PAINT["Sink"], 0.5), 0.2, 0.625, 0.72, 0.665, alpha=0.75)
        if is_on:
            pen.polygon(WATER, [(0.675, 0.4), (0.705, 0.4), (0.715, 0.65), (0.665, 0.65)], alpha=0.85)
            pen.disc(lighter(WATER, 0.5), 0.69, 0.645, 0.06, 0.018, alpha=0.9)


def draw_lamp(pen: Pen, foot: float, *, is_on: bool) -> None:
    """Draw the lamp on a surface, and its light."""
    if is_on:
        pen.glow((255, 226, 120), LAMP_X, foot - 0.17, 0.34, 0.75)
    pen.disc(INK, LAMP_X, foot - 0.006, 0.055, 0.018)
    pen.box(INK, LAMP_X - 0.01, foot - 0.15, LAMP_X + 0.01, foot)
    shade = (255, 238, 150) if is_on else (96, 110, 128)
    for grow, colour in ((0.01, darker(shade, 0.45)), (0.0, shade)):
        pen.polygon(colour, [(LAMP_X - 0.04 - grow, foot - 0.25 - grow), (LAMP_X + 0.04 + grow, foot - 0.25 - grow),
                             (LAMP_X + 0.08 + grow, foot - 0.13 + grow), (LAMP_X - 0.08 - grow, foot - 0.13 + grow)], shade=0.08)


def _floor_shadow(pen: Pen) -> None:
    pen.disc(INK, 0.51, BASE, 0.42, 0.03, alpha=0.22)


def _table(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Table"]
    for x in (0.17, 0.76):
        pen.box(darker(paint, 0.3), x, 0.57, x + 0.05, BASE, shade=0.1)
    pen.box(darker(paint, 0.18), 0.16, 0.57, 0.82, 0.615, edge=0.006)
    pen.polygon(lighter(paint, 0.18), [(0.15, 0.5), (0.85, 0.5), (0.9, 0.55), (0.1, 0.55)], shade=0.06)
    pen.box(paint, 0.1, 0.55, 0.9, 0.58, corner=0.008, shade=0.1)


def _counter(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Counter"]
    pen.box(paint, 0.12, 0.55, 0.88, BASE, shade=0.06, edge=0.006)
    for x in (0.15, 0.395, 0.64):
        pen.box(darker(paint, 0.16), x, 0.585, x + 0.21, BASE - 0.03, corner=0.01)
        pen.box(lighter(paint, 0.1), x + 0.012, 0.597, x + 0.198, BASE - 0.042, corner=0.008)
        pen.box(BRASS, x + 0.075, 0.612, x + 0.135, 0.626, corner=0.007)
    pen.polygon(lighter(SLAB, 0.4), [(0.13, 0.48), (0.87, 0.48), (0.92, 0.535), (0.08, 0.535)])
    pen.box(SLAB, 0.08, 0.533, 0.92, 0.565, corner=0.006, shade=0.1, edge=0.004)


def _shelf(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Shelf"]
    pen.box(darker(paint, 0.42), 0.13, 0.14, 0.91, BASE, edge=0.008)
    pen.box(darker(paint, 0.2), 0.17, 0.18, 0.87, BASE - 0.02)
    for y in (0.14, 0.5, BASE - 0.035):
        pen.box(paint, 0.13, y, 0.91, y + 0.035, shade=0.12)
    for x in (0.13, 0.875):
        pen.box(paint, x, 0.14, x + 0.035, BASE, shade=0.06)
    for x in (0.22, 0.46, 0.7):  # baskets below: closed, and never anything in them
        pen.box((170, 132, 84), x, 0.6, x + 0.14, BASE - 0.035, corner=0.02, shade=0.14, edge=0.005)


def _sink(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Sink"]
    pen.box(paint, 0.12, 0.52, 0.88, BASE, shade=0.08, edge=0.006)
    pen.box(darker(paint, 0.18), 0.15, 0.69, 0.85, BASE - 0.015, corner=0.01)
    pen.box(SLAB, 0.08, 0.49, 0.92, 0.525, corner=0.006, shade=0.1, edge=0.004)
    pen.box(darker(STEEL, 0.4), 0.19, 0.49, 0.73, 0.672, corner=0.03)
    pen.box(darker(STEEL, 0.12), 0.205, 0.49, 0.715, 0.66, corner=0.025, shade=-0.12)
    metal = darker(STEEL, 0.28)
    pen.box(metal, 0.785, 0.24, 0.82, 0.5, corner=0.01, shade=0.1)
    pen.box(metal, 0.67, 0.24, 0.82, 0.275, corner=0.016, shade=0.1)
    pen.box(metal, 0.67, 0.24, 0.71, 0.4, corner=0.014, shade=0.1)
    pen.disc(WATER if is_on else (206, 74, 66), 0.803, 0.225, 0.03)


def _fridge(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Fridge"]
    pen.box(paint, 0.26, 0.05, 0.76, BASE, corner=0.025, shade=0.03, edge=0.01)
    pen.box(lighter(paint, 0.4), 0.275, 0.065, 0.745, 0.235, corner=0.015, shade=0.03, edge=0.004)
    pen.box(darker(STEEL, 0.3), 0.3, 0.13, 0.32, 0.215, corner=0.01)
    if not is_open:
        pen.box(lighter(paint, 0.4), 0.275, 0.255, 0.745, BASE - 0.02, corner=0.015, shade=0.03, edge=0.004)
        pen.box(darker(STEEL, 0.3), 0.3, 0.28, 0.32, 0.46, corner=0.01)
        return
    pen.box(darker(COLD_LIGHT, 0.3), 0.275, 0.255, 0.745, BASE - 0.02, corner=0.01)
    pen.box(COLD_LIGHT, 0.29, 0.27, 0.73, BASE - 0.03, shade=0.06)
    pen.glow((255, 255, 240), 0.51, 0.3, 0.26, 0.7)
    pen.box((150, 186, 204), 0.29, 0.55, 0.73, 0.565)
    for x in (0.3, 0.52):
        pen.box((176, 208, 224), x, 0.61, x + 0.2, 0.71, corner=0.015, edge=0.004)
    _leaf(pen, paint, hinge=0.262, away=0.1, top=0.255, foot=BASE - 0.02)


def _microwave(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Microwave"]
    for x in (0.18, 0.78):
        pen.box(darker(WOOD, 0.2), x, 0.6, x + 0.045, BASE)
    pen.box(WOOD, 0.12, 0.58, 0.88, 0.625, corner=0.008, shade=0.1, edge=0.005)
    pen.box(paint, 0.15, 0.22, 0.85, 0.58, corner=0.025, shade=0.14, edge=0.008)
    pen.box(darker(paint, 0.4), 0.69, 0.25, 0.83, 0.55, corner=0.012)
    pen.box((96, 226, 140) if is_on else (40, 66, 52), 0.71, 0.275, 0.81, 0.325, corner=0.006)
    for y in (0.36, 0.41, 0.46):
        for x in (0.722, 0.76, 0.798):
            pen.disc(STEEL, x, y, 0.011)
    if is_open:
        pen.box((214, 208, 190), 0.19, 0.255, 0.66, 0.555, corner=0.012, shade=0.1)
        _leaf(pen, paint, hinge=0.17, away=0.03, top=0.25, foot=0.56)
        return
    pen.box(WARM_LIGHT if is_on else (24, 24, 32), 0.19, 0.26, 0.64, 0.55, corner=0.02, shade=0.08, edge=0.01)
    if is_on:
        pen.glow((255, 244, 190), 0.415, 0.4, 0.2, 0.9)
    else:
        pen.polygon((74, 78, 96), [(0.23, 0.28), (0.33, 0.28), (0.24, 0.5), (0.21, 0.5)])
    pen.box(STEEL, 0.655, 0.28, 0.672, 0.53, corner=0.008)


def _cabinet(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Cabinet"]
    pen.box(paint, 0.18, 0.13, 0.82, BASE, corner=0.012, shade=0.1, edge=0.01)
    if is_open:
        pen.box(INSIDE, 0.21, 0.205, 0.79, BASE - 0.03)
        pen.box((92, 62, 54), 0.21, 0.205, 0.79, 0.53, shade=-0.12)
        pen.box(darker(paint, 0.25), 0.21, 0.53, 0.79, 0.555)
        _leaf(pen, paint, hinge=0.185, away=0.06, top=0.2, foot=BASE - 0.02)
        _leaf(pen, paint, hinge=0.815, away=0.94, top=0.2, foot=BASE - 0.02)
        return
    for x in (0.205, 0.507):
        pen.box(lighter(paint, 0.08), x, 0.205, x + 0.288, BASE - 0.025, corner=0.008, edge=0.006)
        pen.box(darker(paint, 0.25), x + 0.04, 0.25, x + 0.248, BASE - 0.07, corner=0.008)
        pen.box(lighter(paint, 0.14), x + 0.052, 0.262, x + 0.236, BASE - 0.082, corner=0.006, shade=0.06)
    for x in (0.475, 0.525):
        pen.disc(BRASS, x, 0.48, 0.016)


def _drawer(pen: Pen, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Drawer"]
    pen.box(paint, 0.15, 0.36, 0.85, BASE, corner=0.012, shade=0.1, edge=0.008)
    pen.box(lighter(paint, 0.25), 0.13, 0.34, 0.87, 0.375, corner=0.008, shade=0.08, edge=0.005)
    for y in (0.395, 0.515, 0.635):
        pen.box(lighter(paint, 0.1), 0.18, y, 0.82, y + 0.1, corner=0.01, edge=0.006)
        pen.box(BRASS, 0.44, y + 0.035, 0.56, y + 0.058, corner=0.011)
    if is_open:
        pen.polygon(darker(paint, 0.5), [(0.18, 0.395), (0.82, 0.395), (0.9, 0.565), (0.1, 0.565)])
        pen.polygon((206, 176, 132), [(0.2, 0.405), (0.8, 0.405), (0.875, 0.565), (0.125, 0.565)], shade=-0.14)


def _leaf(pen: Pen, paint: Colour, *, hinge: float, away: float, top: float, foot: float) -> None:
    """A door that stands open, seen from its edge."""
    lean = 0.035
    pen.polygon(darker(paint, 0.5), [(hinge, top - 0.006), (away, top - lean - 0.01), (away, foot + lean + 0.01),
                                     (hinge, foot + 0.006)])
    inner = hinge + (away - hinge) * 0.06, hinge + (away - hinge) * 0.93
    pen.polygon(lighter(paint, 0.22), [(inner[0], top + 0.004), (inner[1], top - lean + 0.002), (inner[1], foot + lean - 0.002),
                                       (inner[0], foot - 0.004)], shade=0.08)


_BACKS: dict[str, Callable[[Pen, bool, bool], None]] = {
    "Table": _table, "Counter": _counter, "Shelf": _shelf, "Sink": _sink, "Fridge": _fridge, "Microwave": _microwave,
    "Cabinet": _cabinet, "Drawer": _drawer,
}
