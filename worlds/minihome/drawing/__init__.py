"""The picture of a state: the place before the agent in a warm room, the hand, and the row of all places at the foot.

One picture for everyone: a model sees at 48 or 64 pixels what a person sees at 500. It is made of layers, each of which is drawn
once for every way it can look and then kept, so that a small picture costs a fraction of a millisecond.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ParamSpec, TypeVar

import cv2
import numpy as np

from worlds.errors import InputError
from worlds.kit import draw_object, draw_room
from worlds.minihome.catalogue import type_of
from worlds.minihome.drawing import furniture, row
from worlds.minihome.drawing.things import draw_thing
from worlds.minihome.look import Item, Look, look
from worlds.minihome.state import State
from worlds.pen import CREAM, INK, STEEL, Pen, darker, lay

P = ParamSpec("P")
R = TypeVar("R")
LEAST_PX, MOST_PX = 32, 1024
_SMALL_PX = 96
_MANY, _FEW = 4096, 48  # 48 pictures of 500 pixels are 36 MB
_HORIZON = 0.62
_WALL_DEEP = 0.045  # how far the side walls and the ceiling reach in
_FLOOR_FOOT, _FLOOR_RADIUS = 0.788, 0.066
_HAND, _HAND_RADIUS = (0.885, 0.655), 0.078
_NEAR = (0.0, 0.0, 1.0, 0.8)  # the part of the picture above the row


@dataclass(frozen=True)
class _Furniture:
    place: str
    open: bool | None
    on: bool
    front: bool


@dataclass(frozen=True)
class _Lamp:
    place: str
    on: bool


@dataclass(frozen=True)
class _Thing:
    kind: str
    colour: str
    sliced: bool
    middle: tuple[float, float]
    radius: float


@dataclass(frozen=True)
class _Hand:
    full: bool


@dataclass(frozen=True)
class _Tile:
    index: int
    count: int
    place: str
    open: bool | None
    here: bool
    lamp: bool | None
    on: bool


_Layer = _Furniture | _Lamp | _Thing | _Hand | _Tile


def draw(state: State, size_px: int) -> np.ndarray:
    """Return the picture of a state, (size, size, 3) uint8 RGB; states that look alike give equal bytes.

    Raises:
        InputError: the size is not from 32 to 1024.
    """
    return draw_look(look(state), size_px)


def draw_look(seen: Look, size_px: int) -> np.ndarray:
    """Return the picture of what is seen, as `draw` does."""
    if not LEAST_PX <= size_px <= MOST_PX:
        raise InputError(f"A picture of {size_px} pixels cannot be drawn. Its side is {LEAST_PX} to {MOST_PX} pixels.")
    canvas = _kept(_with_row, size_px)(seen.wall, _tiles(seen), size_px).copy()
    for layer in _layers(seen):
        lay(canvas, *_kept(_drawn, size_px)(layer, size_px))
    return canvas


@lru_cache(maxsize=4)
def _kept_up_to(drawing: Callable[P, R], number: int) -> Callable[P, R]:
    return lru_cache(maxsize=number)(drawing)  # type: ignore[return-value]


def _kept(drawing: Callable[P, R], size_px: int) -> Callable[P, R]:
    """A drawing that is remembered: thousands of small pictures, for training, but few of the large ones, which fill the memory."""
    return _kept_up_to(drawing, _FEW if size_px > _SMALL_PX else _MANY)


def _layers(seen: Look) -> Iterator[_Layer]:
    """What stands in the room, from the back to the front."""
    here = type_of(seen.place)
    is_on = {"Sink": seen.faucet_on, "Microwave": seen.microwave_on}.get(here, False)
    yield _Furniture(seen.place, seen.open, is_on, front=False)
    if seen.lamp_here:
        yield _Lamp(here, seen.lamp_on)
    spots = furniture.SPOTS[here]
    yield from (_thing(item, spots.middle(item.slot), spots.radius) for item in seen.contents)
    yield _Furniture(seen.place, seen.open, is_on, front=True)
    for item in seen.floor:
        yield _thing(item, (0.09 + 0.115 * item.slot % 0.8, _FLOOR_FOOT - _FLOOR_RADIUS), _FLOOR_RADIUS)
    yield _Hand(seen.hand is not None)
    if seen.hand:
        yield _thing(seen.hand, _HAND, _HAND_RADIUS)


def _tiles(seen: Look) -> tuple[_Tile, ...]:
    is_on = {"Sink": seen.faucet_on, "Microwave": seen.microwave_on}
    return tuple(
        _Tile(index, len(seen.row), stand.name, stand.open, stand.name == seen.place,
              seen.lamp_on if stand.name == seen.lamp_at else None, is_on.get(type_of(stand.name), False))
        for index, stand in enumerate(seen.row))


def _thing(item: Item, middle: tuple[float, float], radius: float) -> _Thing:
    return _Thing(item.kind, item.colour, item.sliced, middle, radius)


@lru_cache(maxsize=32)
def _room(wall: str, size_px: int) -> np.ndarray:
    """The empty room, cut open towards the viewer, with the board for the row; not to be changed."""
    room = draw_room(size_px, wall=wall, floor="oak", horizon=_HORIZON, window_x=0.19)
    draw_object(room, "orange clock", centre_xy=(0.87 * size_px, 0.17 * size_px), radius_px=0.06 * size_px)
    pen = Pen(size_px, (0, 0, 1, 1))
    for x, inner, shadow in ((0.0, _WALL_DEEP, 0.1), (1.0, 1 - _WALL_DEEP, 0.17)):  # the side walls; light comes from the left
        pen.polygon(INK, [(x, 0.0), (inner, _WALL_DEEP), (inner, _HORIZON), (x, _HORIZON + 0.07)], alpha=shadow)
        pen.polygon(CREAM, [(x, _HORIZON + 0.04), (inner, _HORIZON - 0.02), (inner, _HORIZON), (x, _HORIZON + 0.07)], alpha=0.75)
    pen.polygon(CREAM, [(0.0, 0.0), (1.0, 0.0), (1 - _WALL_DEEP, _WALL_DEEP), (_WALL_DEEP, _WALL_DEEP)], alpha=0.7)
    row.draw_plinth(pen)
    lay(room, pen.left, pen.top, pen.patch())
    return room


def _with_row(wall: str, tiles: tuple[_Tile, ...], size_px: int) -> np.ndarray:
    """The empty room with the row at its foot; not to be changed."""
    room = _room(wall, size_px).copy()
    for tile in tiles:
        lay(room, *_kept(_drawn, size_px)(tile, size_px))
    return room


def _drawn(layer: _Layer, size_px: int) -> tuple[int, int, np.ndarray]:
    """Left, top and patch (rows, columns, 4) of one layer."""
    if isinstance(layer, _Thing):
        (x, y), radius = layer.middle, layer.radius
        pen = Pen(size_px, (x - 1.2 * radius, y - 1.2 * radius, x + 1.2 * radius, y + 1.2 * radius))
        draw_thing(pen, layer.kind, layer.colour, sliced=layer.sliced, middle=layer.middle, radius=radius)
    elif isinstance(layer, _Tile):
        pen = Pen(size_px, row.tile_box(layer.index, layer.count))
        row.draw_tile(pen, layer.index, layer.count, layer.place, is_open=layer.open, is_here=layer.here, lamp=layer.lamp,
                      is_on=layer.on)
    elif isinstance(layer, _Furniture):
        pen = Pen(size_px, _NEAR)
        drawing = furniture.draw_front if layer.front else furniture.draw_back
        drawing(pen, layer.place, is_open=layer.open, is_on=layer.on)
    elif isinstance(layer, _Lamp):
        pen = Pen(size_px, _NEAR)
        furniture.draw_lamp(pen, furniture.SPOTS[layer.place].foot, is_on=layer.on)
    else:
        pen = Pen(size_px, (0.74, 0.5, 1.0, 0.8))
        _draw_hand(pen, full=layer.full)
    return _cut(pen)


def _cut(pen: Pen) -> tuple[int, int, np.ndarray]:
    """A pen's patch without its empty borders."""
    patch = pen.patch()
    x, y, width, height = cv2.boundingRect((patch[..., 3] > 0).astype(np.uint8))
    return pen.left + x, pen.top + y, patch[y : y + height, x : x + width].copy()


def _draw_hand(pen: Pen, *, full: bool) -> None:
    """The robot's gripper, on a disc that sets it and what it holds off from the room."""
    x, y = _HAND
    pen.disc(darker(STEEL, 0.5), x, y, 0.112)
    pen.disc(CREAM, x, y, 0.104)
    metal, joint = darker(STEEL, 0.3), (236, 126, 58)
    spread = 0.078 if full else 0.05
    for side in (-1, 1):
        pen.line(metal, (x + side * 0.03, y + 0.09), (x + side * spread, y + 0.045), 0.03)
        pen.line(metal, (x + side * spread, y + 0.045), (x + side * (spread + 0.012), y - 0.035), 0.026)
        pen.disc(joint, x + side * spread, y + 0.045, 0.018)
    pen.box(INK, x - 0.045, y + 0.078, x + 0.045, y + 0.112, corner=0.014)
