"""The row at the foot of the picture: every place of the home from afar, in order, with the one before the agent marked.

Doors, lights and water are seen from afar too; what lies in a place is not.
"""

from collections.abc import Callable

from worlds.minihome.catalogue import type_of
from worlds.minihome.drawing.furniture import BRASS, COLD_LIGHT, INSIDE, PAINT, SLAB, WARM_LIGHT, WATER
from worlds.pen import CREAM, INK, STEEL, Colour, Pen, darker, lighter

TOP, FOOT = 0.81, 0.985  # of the row
_HERE: Colour = (255, 206, 58)
_AWAY: Colour = (240, 230, 212)
_PLINTH: Colour = (84, 58, 46)
_LAMP_ON: Colour = (255, 240, 120)
_LAMP_OFF: Colour = (96, 110, 128)


def draw_plinth(pen: Pen) -> None:
    """The board on which the row stands."""
    pen.box(darker(_PLINTH, 0.3), 0, TOP - 0.022, 1, 1)
    pen.box(_PLINTH, 0, TOP - 0.016, 1, 1, shade=0.12)


def tile_box(index: int, count: int) -> tuple[float, float, float, float]:
    """Where the tile of a place is, x1 y1 x2 y2 in parts of the side."""
    wide = 1 / count
    return index * wide, TOP - 0.012, (index + 1) * wide, 1.0


class Tile:
    """A pen whose unit is the picture of one place, 0 to 1 both ways."""

    def __init__(self, pen: Pen, box: tuple[float, float, float, float]) -> None:
        self._pen, self._box = pen, box

    def box(self, colour: Colour, x1: float, y1: float, x2: float, y2: float) -> None:
        left, top, right, foot = self._box
        wide, high = right - left, foot - top
        self._pen.box(colour, left + x1 * wide, top + y1 * high, left + x2 * wide, top + y2 * high)


def draw_tile(pen: Pen, index: int, count: int, place: str, *, is_open: bool | None, is_here: bool, lamp: bool | None,
              is_on: bool) -> None:
    """Draw one place of the row.

    Args:
        lamp: whether the lamp that stands there is on; None where it stands elsewhere.
        is_on: of the faucet or the microwave, if this is its place.
    """
    left, _, right, _ = tile_box(index, count)
    gap = 0.006
    frame = (left + gap, TOP, right - gap, FOOT)
    pen.box(_HERE if is_here else _AWAY, *frame, corner=0.012)
    tile = Tile(pen, frame)
    if is_here:
        tile.box(CREAM, 0.14, 0.12, 0.86, 0.9)
    _ICONS[type_of(place)](tile, bool(is_open), is_on)
    if "_" in place:
        tile.box(BRASS, 0.36, 0.14, 0.64, 0.24)
    if lamp is not None:
        tile.box(INK, 0.6, 0.3, 0.7, 0.52)
        tile.box(INK, 0.42, 0.07, 0.9, 0.36)
        tile.box(_LAMP_ON if lamp else _LAMP_OFF, 0.48, 0.1, 0.84, 0.33)


def _table(tile: Tile, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Table"]
    tile.box(paint, 0.14, 0.5, 0.86, 0.62)
    for x in (0.18, 0.68):
        tile.box(darker(paint, 0.25), x, 0.62, x + 0.14, 0.88)


def _counter(tile: Tile, is_open: bool, is_on: bool) -> None:
    tile.box(PAINT["Counter"], 0.16, 0.56, 0.84, 0.88)
    tile.box(darker(SLAB, 0.18), 0.12, 0.48, 0.88, 0.58)


def _shelf(tile: Tile, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Shelf"]
    tile.box(darker(paint, 0.5), 0.18, 0.3, 0.82, 0.88)
    for y in (0.3, 0.52, 0.78):
        tile.box(paint, 0.18, y, 0.82, y + 0.1)


def _sink(tile: Tile, is_open: bool, is_on: bool) -> None:
    tile.box(PAINT["Sink"], 0.16, 0.56, 0.84, 0.88)
    if is_on:
        tile.box(WATER, 0.36, 0.36, 0.56, 0.66)
        tile.box(WATER, 0.2, 0.62, 0.8, 0.84)
    tile.box(darker(STEEL, 0.35), 0.6, 0.3, 0.72, 0.56)
    tile.box(darker(STEEL, 0.35), 0.4, 0.3, 0.72, 0.38)


def _fridge(tile: Tile, is_open: bool, is_on: bool) -> None:
    tile.box(darker(STEEL, 0.35), 0.2, 0.14, 0.8, 0.9)
    tile.box(PAINT["Fridge"], 0.26, 0.18, 0.74, 0.36)
    tile.box(lighter(PAINT["Fridge"], 0.4), 0.26, 0.4, 0.74, 0.86)
    if is_open:
        tile.box(WATER, 0.26, 0.4, 0.74, 0.86)
        tile.box(COLD_LIGHT, 0.42, 0.46, 0.7, 0.8)


def _microwave(tile: Tile, is_open: bool, is_on: bool) -> None:
    tile.box(PAINT["Microwave"], 0.12, 0.42, 0.88, 0.8)
    tile.box((20, 20, 28), 0.2, 0.48, 0.64, 0.74)
    if is_on or is_open:
        tile.box(WARM_LIGHT if is_on else (226, 220, 204), 0.2, 0.48, 0.64, 0.74)


def _cabinet(tile: Tile, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Cabinet"]
    tile.box(paint, 0.18, 0.26, 0.82, 0.9)
    if is_open:
        tile.box(INSIDE, 0.3, 0.34, 0.7, 0.84)
        for x in (0.1, 0.74):
            tile.box(lighter(paint, 0.35), x, 0.28, x + 0.16, 0.88)
    else:
        tile.box(darker(paint, 0.4), 0.47, 0.3, 0.53, 0.86)


def _drawer(tile: Tile, is_open: bool, is_on: bool) -> None:
    paint = PAINT["Drawer"]
    tile.box(paint, 0.16, 0.44, 0.84, 0.9)
    if is_open:
        tile.box((206, 176, 132), 0.1, 0.46, 0.9, 0.64)
        tile.box(lighter(paint, 0.3), 0.1, 0.64, 0.9, 0.76)
    else:
        for y in (0.58, 0.74):
            tile.box(darker(paint, 0.35), 0.2, y, 0.8, y + 0.04)


_ICONS: dict[str, Callable[[Tile, bool, bool], None]] = {
    "Table": _table, "Counter": _counter, "Shelf": _shelf, "Sink": _sink, "Fridge": _fridge, "Microwave": _microwave,
    "Cabinet": _cabinet, "Drawer": _drawer,
}
