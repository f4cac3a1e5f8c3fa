"""What a camera sees: a ray-caster in numpy that needs no graphics library.

One ray for every point of a picture that is drawn larger and averaged down, so that a small picture is the large one reduced. A room
is seen from inside; boxes, balls and cones are hit exactly, each in its own window of the picture only. Light is one lamp high in the
south-west with much light from everywhere, and soft shadows where things stand: they are painted, not cast.

The empty room is kept for small pictures: the views of a setting come from the same few places.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from worlds.errors import InputError
from worlds.pen import CREAM, INK
from worlds.rooms.catalogue import FLOORS, WALLS
from worlds.rooms.scenes import Camera, Room, Scene, Thing

LEAST_PX, MOST_PX = 16, 1024
FLOOR, NORTH_WALL, EAST_WALL, SOUTH_WALL, WEST_WALL, CEILING = -1, -2, -3, -4, -5, -6  # ids; a thing's is its place in the scene
CEILING_M = 3.4
_SMALL_PX = 200  # below it pictures are drawn three times as large, else twice
_KEPT_PX = 300  # side of what is kept of an empty room, finer than the picture
_NEAR_M = 0.02
_JOINT_M = np.float32(0.024)  # between boards
_LAMP = np.array([-0.45, -0.55, 0.8], np.float32) / np.linalg.norm([-0.45, -0.55, 0.8])  # towards it
_PALE = np.array((246, 243, 236), np.float32)
_NIGHT = np.array((38, 32, 44), np.float32)  # a face
_CREAM, _INK = np.array(CREAM, np.float32), np.array(INK, np.float32)
_TINY = 1e-6
_FACES = {"cone": (0.1, -0.28)}  # where a face ends and where its eyes are, between -1, the foot, and 1, the top
_MARKED = {"cone": -0.35}  # where the middle of a mark is
_DARKEST = np.array((46, 34, 38), np.float32)  # of a shadow


@dataclass(frozen=True, eq=False)
class View:
    """A picture, and what is seen at each of its pixels.

    Attributes:
        picture: (size, size, 3) uint8 RGB.
        ids: (size, size) int8, the place of a thing in the scene, or FLOOR, ..., CEILING.
    """

    picture: np.ndarray
    ids: np.ndarray

    def share(self, thing: int) -> float:
        """Which part of the picture shows a thing, 0..1."""
        return float((self.ids == thing).mean())


@dataclass(frozen=True, eq=False)
class _Layers:
    """A picture being drawn: colours (side, side, 3) float32, distances along the camera's axis and ids (side, side)."""

    colours: np.ndarray
    away: np.ndarray
    ids: np.ndarray


def view(scene: Scene, camera: Camera | int, size_px: int) -> View:
    """Return what a camera sees; equal scenes give equal bytes.

    Args:
        camera: any camera, or the place of one in the scene.
        size_px: side of the picture.
    Raises:
        InputError: the size is not from 16 to 1024.
    """
    if not LEAST_PX <= size_px <= MOST_PX:
        raise InputError(f"A view of {size_px} pixels cannot be drawn. Its side is {LEAST_PX} to {MOST_PX} pixels.")
    camera = scene.cameras[camera] if isinstance(camera, int) else camera
    finer = 3 if size_px < _SMALL_PX else 2
    side = size_px * finer
    rays, empty = _rays(camera, side), (_kept_room if side <= _KEPT_PX else _empty_room)(scene.room, camera, side)
    layers = _Layers(empty.colours.astype(np.float32), empty.away.copy(), empty.ids.copy())
    for thing in scene.things:
        _shadow(layers, rays, camera, thing)
    for number, thing in enumerate(scene.things):
        _draw(layers, rays, camera, thing, number)
    reduced = layers.colours.reshape(size_px, finer, size_px * finer * 3).sum(axis=1).reshape(size_px, size_px, finer, 3).sum(axis=2)
    picture = np.clip(reduced / finer**2 + 0.5, 0, 255).astype(np.uint8)
    return View(picture, layers.ids[1::finer, 1::finer].copy())  # the middle of each pixel, or a quarter beside it


def picture(scene: Scene, camera: Camera | int, size_px: int) -> np.ndarray:
    """Return what a camera sees, (size, size, 3) uint8 RGB."""
    return view(scene, camera, size_px).picture


def pictures(scene: Scene, size_px: int) -> np.ndarray:
    """Return what all cameras of a scene see, (cameras, size, size, 3) uint8 RGB."""
    return np.stack([picture(scene, camera, size_px) for camera in scene.cameras])


def projected(camera: Camera, points_m: np.ndarray) -> np.ndarray:
    """Where points are in the picture: (points, 3) metres -> (points, 2) parts of its side, NaN where they lie behind the camera."""
    right, down, ahead = ((points_m - camera.place) @ camera.axes.T).T
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.stack([right, down], axis=1) / (2 * _reach(camera) * ahead[:, None]) + 0.5
    found[ahead < _NEAR_M] = np.nan
    return np.asarray(found)


def _reach(camera: Camera) -> float:
    """How far the picture reaches to each side, one metre ahead."""
    return float(np.tan(np.radians(camera.field_of_view) / 2))


def _rays(camera: Camera, side: int) -> np.ndarray:
    """Return (3, side, side) float32: how far each ray gets in x, y and z for one metre along the camera's axis."""
    made = _kept_rays if side <= _KEPT_PX else _made_rays
    return made(camera.heading, camera.pitch, _reach(camera), side)


def _made_rays(heading: float, pitch: float, reach: float, side: int) -> np.ndarray:
    right, down, ahead = Camera(0, 0, 0, heading, pitch, 0).axes.astype(np.float32)
    across = ((np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1) * np.float32(reach)
    rays = (ahead[:, None] + right[:, None] * across)[:, None, :] + down[:, None, None] * across[None, :, None]
    return np.where(np.abs(rays) < _TINY, np.float32(_TINY), rays)  # none runs along a wall


_kept_rays = lru_cache(maxsize=16)(_made_rays)


def _empty_room(room: Room, camera: Camera, side: int) -> _Layers:
    """The room without things, in uint8; not to be changed."""
    rays, (x, y, z) = _rays(camera, side), camera.place.astype(np.float32)
    half = np.float32(room.half)
    to_x, to_y = (np.copysign(half, rays[0]) - x) / rays[0], (np.copysign(half, rays[1]) - y) / rays[1]
    to_z = np.where(rays[2] < 0, -z, CEILING_M - z) / rays[2]
    away = np.minimum(np.minimum(to_x, to_y), to_z)
    at = np.stack([x + away * rays[0], y + away * rays[1], z + away * rays[2]])
    ids = np.where(rays[0] > 0, EAST_WALL, WEST_WALL)
    ids[to_y <= to_x] = np.where(rays[1] > 0, NORTH_WALL, SOUTH_WALL)[to_y <= to_x]
    flat = to_z <= np.minimum(to_x, to_y)
    ids[flat] = np.where(rays[2] < 0, FLOOR, CEILING)[flat]
    colours = np.empty((side, side, 3), np.float32)
    for number, (wall, light) in enumerate(zip(room.walls, (1.02, 1.0, 0.95, 0.97))):
        where = ids == NORTH_WALL - number
        across, up = at[0 if number % 2 == 0 else 1][where], at[2][where]
        colours[where] = _wall(np.array(WALLS[wall], np.float32) * np.float32(light), half - np.abs(across), up)
    where = ids == FLOOR
    colours[where] = _floor(room.floor, at[0][where], at[1][where], half, away[where] * np.float32(2 * _reach(camera) / side))
    colours[ids == CEILING] = _PALE
    return _Layers(np.clip(colours + 0.5, 0, 255).astype(np.uint8), away, ids.astype(np.int8))


_kept_room = lru_cache(maxsize=80)(_empty_room)  # all places of all settings on four floors; one takes 0.3 MB, or 0.7 at most


def _wall(colour: np.ndarray, corner: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Colours of points on a wall, by how far they are from a corner and above the floor: (points, 3)."""
    light = (0.9 + 0.1 * up / CEILING_M) * (1 - 0.13 * np.exp(-corner / 0.5)) * (1 - 0.08 * np.exp(-up / 0.6))
    found = colour * light[:, None]
    board = up < 0.16
    found[board] += (_PALE * light[board, None] - found[board]) * np.float32(0.85)
    found[(up > 0.16) & (up < 0.18)] *= np.float32(0.93)
    return found


def _floor(name: str, x: np.ndarray, y: np.ndarray, half: np.float32, fine_m: np.ndarray) -> np.ndarray:
    """Colours of points on the floor: boards that run north, or tiles of stone, or a carpet: (points, 3).

    Args:
        fine_m: how far apart the rays are there: a joint that falls between them is drawn wider and paler.
    """
    wall = half - np.maximum(np.abs(x), np.abs(y))
    light = 1.05 - 0.1 * (x * x + y * y) / (half * half) - 0.16 * np.exp(-wall / 0.35)
    wide = {"stone": 1.0, "carpet": 2.5}.get(name, 0.5)
    column = np.floor(x / wide)
    row = np.floor(y / wide if name in ("stone", "carpet") else y / 2.2 + 0.37 * (column % 3))  # boards do not end side by side
    light *= 1 + np.float32(0.012 if name == "carpet" else 0.035) * np.sin(7.3 * column + 3.1 * row + 1)
    if name != "carpet":
        joint = 0.5 - np.abs(x / wide - column - 0.5)
        if name == "stone":
            joint = np.minimum(joint, 0.5 - np.abs(y / wide - row - 0.5))
        width = np.maximum(_JOINT_M, 1.5 * fine_m)
        light *= 1 - np.float32(0.16) * _JOINT_M / width * np.clip(1.5 - joint * wide * 2 / width, 0, 1)
    return np.array(FLOORS[name], np.float32) * light[:, None]


def _window(camera: Camera, low: np.ndarray, high: np.ndarray, side: int) -> tuple[slice, slice] | None:
    """The rows and columns of a picture in which an upright box of space is seen; None where it is not."""
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    right, down, ahead = camera.axes @ (corners - camera.place).T
    far = _reach(camera) * ahead
    if any((beyond > 0).all() for beyond in (_NEAR_M - ahead, right - far, -right - far, down - far, -down - far)):
        return None
    if (ahead < _NEAR_M).any():  # it reaches behind the camera: anywhere in the picture
        return slice(0, side), slice(0, side)
    edges = [int(np.clip(edge, 0, side)) for way in (down, right) for edge in (
        np.floor((way / far).min() * side / 2 + side / 2), np.ceil((way / far).max() * side / 2 + side / 2))]
    return slice(edges[0], edges[1]), slice(edges[2], edges[3])


def _shadow(layers: _Layers, rays: np.ndarray, camera: Camera, thing: Thing) -> None:
    """Darken the floor where a thing stands, and softly on the far side of the lamp."""
    fall = _LAMP[:2] / _LAMP[2] * np.float32(-0.35 * thing.height)
    spread = 0.35 * thing.half + 0.1
    reach = thing.half + 2.2 * spread
    low = np.array([thing.x - reach + min(0, fall[0]), thing.y - reach + min(0, fall[1]), 0])
    high = np.array([thing.x + reach + max(0, fall[0]), thing.y + reach + max(0, fall[1]), 0])
    window = _window(camera, low, high, len(layers.ids))
    if window is None:
        return
    floor = layers.ids[window] == FLOOR
    away = layers.away[window][floor]
    x = camera.x + away * rays[0][window][floor] - np.float32(thing.x)
    y = camera.y + away * rays[1][window][floor] - np.float32(thing.y)
    foot = thing.half * (0.5 if thing.shape == "ball" else 1.0)
    near = _outside(thing, x, y, foot) / np.float32(0.4 * spread)
    far = _outside(thing, x - fall[0], y - fall[1], 0.85 * thing.half) / np.float32(spread)
    dark = 1 - (1 - 0.34 * np.exp(-near * near)) * (1 - 0.24 * np.exp(-far * far))
    under = layers.colours[window]
    under[floor] += (_DARKEST - under[floor]) * dark[:, None]


def _outside(thing: Thing, x: np.ndarray, y: np.ndarray, half: float) -> np.ndarray:
    """How far points are outside of a thing's foot, of a given half width."""
    if thing.is_round:
        return np.maximum(np.sqrt(x * x + y * y) - np.float32(half), 0)
    beside_x, beside_y = np.maximum(np.abs(x) - np.float32(half), 0), np.maximum(np.abs(y) - np.float32(half), 0)
    return np.asarray(np.sqrt(beside_x * beside_x + beside_y * beside_y))


def _draw(layers: _Layers, rays: np.ndarray, camera: Camera, thing: Thing, number: int) -> None:
    foot = np.array([thing.x, thing.y, 0.0])
    low, high = foot - np.array([thing.half, thing.half, 0]), foot + np.array([thing.half, thing.half, thing.height])
    window = _window(camera, low, high, len(layers.ids))
    if window is None:
        return
    start = (camera.place - foot).astype(np.float32)  # of all rays, as the thing has it
    ways = rays[:, window[0], window[1]]
    away = {"ball": _to_ball, "cone": _to_cone}.get(thing.shape, _to_box)(thing, start, ways)
    hit = (away > _NEAR_M) & (away < layers.away[window])
    at = start[:, None] + away[hit] * ways[:, hit]  # (3, points)
    layers.colours[window][hit] = _lit(thing, at, -ways[:, hit])
    layers.away[window][hit] = away[hit]
    layers.ids[window][hit] = number


def _to_box(thing: Thing, start: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """How far along each ray a box is, infinite where it misses."""
    half, height = np.float32(thing.half), np.float32(thing.height)
    into, out = np.float32(-np.inf), np.float32(np.inf)
    for axis, (low, high) in enumerate(((-half, half), (-half, half), (np.float32(0), height))):
        first, second = (low - start[axis]) / ways[axis], (high - start[axis]) / ways[axis]
        into, out = np.maximum(into, np.minimum(first, second)), np.minimum(out, np.maximum(first, second))
    return np.where(into <= out, into, np.float32(np.inf))


def _to_ball(thing: Thing, start: np.ndarray, ways: np.ndarray) -> np.ndarray:
    radius = np.float32(thing.half)
    start = start - np.array([0, 0, radius], np.float32)
    square = ways[0] * ways[0] + ways[1] * ways[1] + ways[2] * ways[2]
    along = start[0] * ways[0] + start[1] * ways[1] + start[2] * ways[2]
    inside = along * along - square * (start @ start - radius * radius)
    return np.where(inside > 0, (-along - np.sqrt(np.maximum(inside, 0))) / square, np.float32(np.inf))


def _to_cone(thing: Thing, start: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """A cone is x^2 + y^2 = k^2 (height - z)^2 from its foot to its tip."""
    height, slope = np.float32(thing.height), np.float32((thing.half / thing.height) ** 2)
    below = height - start[2]
    square = ways[0] * ways[0] + ways[1] * ways[1] - slope * ways[2] * ways[2]
    square = np.where(np.abs(square) < _TINY, np.float32(_TINY), square)
    along = start[0] * ways[0] + start[1] * ways[1] + slope * below * ways[2]
    inside = along * along - square * (start[0] * start[0] + start[1] * start[1] - slope * below * below)
    root, away = np.sqrt(np.maximum(inside, 0)), np.full(inside.shape, np.inf, np.float32)
    for sign in (-1, 1):
        found = (-along + np.float32(sign) * root) / square
        up = start[2] + found * ways[2]
        away = np.minimum(away, np.where((inside > 0) & (up >= 0) & (up <= height) & (found > _NEAR_M), found, np.float32(np.inf)))
    return away


def _lit(thing: Thing, at: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Colours of points on a thing: (3, points) from the middle of its foot, and towards the camera -> (points, 3)."""
    normal = _normals(thing, at)
    light = 0.7 + 0.26 * (0.5 + 0.5 * (_LAMP @ normal)) + 0.1 * np.maximum(normal[2], 0)
    light *= 1 - 0.25 * np.exp(-at[2] / np.float32(0.1 + 0.05 * thing.height))  # less of it gets down to the floor
    colours = _painted(thing, at) * light[:, None]
    if thing.is_round:
        back = back / np.sqrt((back * back).sum(axis=0))
        between = back + _LAMP[:, None]
        shine = np.maximum((normal * between).sum(axis=0) / np.sqrt((between * between).sum(axis=0)), 0) ** 36
        colours += np.float32(110 if thing.shape == "ball" else 40) * shine[:, None]
    return np.minimum(colours, 255)


def _normals(thing: Thing, at: np.ndarray) -> np.ndarray:
    """Unit vectors out of the surface, (3, points); the edges of a box are a little rounded."""
    half, height = np.float32(thing.half), np.float32(thing.height)
    if thing.shape == "ball":
        return (at - np.array([[0], [0], [half]], np.float32)) / half
    if thing.shape == "cone":
        normal = np.stack([at[0], at[1], (height - at[2]) * (half / height) ** 2])
    else:
        middle, halves = np.array([[0], [0], [height / 2]], np.float32), np.array([[half], [half], [height / 2]], np.float32)
        rim = np.float32(0.09 * thing.half)
        inner = (np.abs(at - middle) - halves + rim) / rim  # 1 on a face, less than 0 where its edge is far
        normal = np.copysign(np.clip(inner, 0, 1) ** 3, at - middle)
    return normal / np.maximum(np.sqrt((normal * normal).sum(axis=0)), _TINY)


def _painted(thing: Thing, at: np.ndarray) -> np.ndarray:
    """The paint of points on a thing without any light: its colour, its face, its marks; (points, 3)."""
    paint = np.empty((at.shape[1], 3), np.float32)
    paint[:] = thing.colour
    if thing.facing is None and not thing.is_marked:
        return paint
    east = np.abs(at[0]) > np.abs(at[1])
    deep = np.maximum(np.maximum(np.abs(at[0]), np.abs(at[1])), _TINY)
    # the quarter of the surface by its heading; across -1..1 from left to right as seen from outside, up -1..1
    quarter = np.where(east, np.where(at[0] > 0, 1, 3), np.where(at[1] > 0, 0, 2))
    across = np.choose(quarter, (-at[0], at[1], at[0], -at[1])) / deep
    up = at[2] / np.float32(thing.height / 2) - 1
    upright = deep > 0.999 * thing.half if not thing.is_round else np.ones(len(deep), bool)
    tall = np.float32(thing.height / 2 / thing.half)
    if thing.facing is not None:
        side, (top, eyes) = upright & (quarter == thing.facing // 90), _FACES.get(thing.shape, (0.86, 0.22))
        paint[side & (np.abs(across) < 0.86) & (up > -0.86) & (up < top)] = _NIGHT
        if not thing.is_marked:
            for eye in (-0.36, 0.36):
                paint[side & ((across - eye) ** 2 + ((up - np.float32(eyes)) * tall) ** 2 < 0.05)] = _CREAM
    if thing.is_marked:
        for number, far in enumerate(_marks(across, (up - np.float32(_MARKED.get(thing.shape, 0.0))) * tall)):
            side = upright & (quarter == number)
            paint[side & (far < 0.14)] = _INK
            paint[side & (far < 0)] = _CREAM
    return paint


def _marks(across: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, ...]:
    """How far points are outside of the marks of the north, east, south and west side: a bar, a cross, a disc, a post."""
    wide, high = np.abs(across), np.abs(up)
    return (
        np.maximum(high - 0.2, wide - 0.68),
        np.maximum(np.abs(wide - high) * 0.7 - 0.16, np.maximum(wide, high) - 0.62),
        np.sqrt(across * across + up * up) - 0.52,
        np.maximum(wide - 0.2, high - 0.68),
    )
