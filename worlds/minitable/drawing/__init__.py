"""The picture of a state: the table in a warm room, seen by the front camera, with soft shadows. No graphics library is needed.

One picture for everyone: a model sees at 96 pixels what a person sees at 500. `axes` adds EmbodiedBench's axis cross, `boxes` the
numbered frames around "object 1", "object 2" and so on.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np

from worlds.errors import InputError
from worlds.kit import draw_room
from worlds.minitable.catalogue import (
    AREA_LENGTH,
    AREA_WIDTH,
    BOX_HALF,
    BOX_HEIGHT,
    BOX_WALL,
    CELLS,
    KINDS,
    TABLE_X,
    TABLE_Y,
    TABLE_Z,
)
from worlds.minitable.drawing.camera import AXES, EYE, FOCAL, projected
from worlds.minitable.drawing.canvas import LIGHT, Canvas, finer_of
from worlds.minitable.drawing.marks import with_axes, with_boxes
from worlds.minitable.drawing.solids import arm, draw_body, draw_box, draw_robot, hand
from worlds.minitable.goals import cells, corners
from worlds.minitable.state import Body, State

LEAST_PX, MOST_PX = 32, 1024
_HORIZON = 0.36
_WOOD, _SHADE = (222, 188, 142), (40, 26, 34)
_DIRT = (112, 84, 66)
_SHIFT = 4


def draw(state: State, size_px: int, *, axes: bool = False, boxes: bool = False) -> np.ndarray:
    """Return the picture of a state, (size, size, 3) uint8 RGB; states that look alike give equal bytes.

    Args:
        axes: whether the axis cross is drawn over it.
        boxes: whether things are framed and numbered.
    Raises:
        InputError: the size is not from 32 to 1024.
    """
    if not LEAST_PX <= size_px <= MOST_PX:
        raise InputError(f"A picture of {size_px} pixels cannot be drawn. Its side is {LEAST_PX} to {MOST_PX} pixels.")
    side = size_px * finer_of(size_px)
    ground, table = _empty(state["wall"], side)
    ground = ground.copy()
    _draw_area(ground, state)
    _draw_shadows(ground, table, state)
    canvas = Canvas(ground, table)
    for box in state["boxes"].values():
        draw_box(canvas, box)
    for body in state["bodies"].values():
        draw_body(canvas, body)
    draw_robot(canvas, state["gripper"])
    picture = canvas.picture(size_px)
    if boxes:
        picture = with_boxes(picture, state)
    return with_axes(picture) if axes else picture


@lru_cache(maxsize=12)
def _empty(wall: str, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The room with the empty table, and one over the table's distance; neither is to be changed."""
    room = draw_room(side, wall=wall, floor="walnut", horizon=_HORIZON, window_x=0.2)
    edge = np.array([(TABLE_X[0], TABLE_Y[0]), (TABLE_X[1], TABLE_Y[0]), (TABLE_X[1], TABLE_Y[1]), (TABLE_X[0], TABLE_Y[1])])
    top = np.column_stack([edge, np.full(4, TABLE_Z)])
    _fill(room, top - (0, 0, 0.035), (150, 112, 78))  # its thickness, seen at the sides
    _fill(room, top, _WOOD)
    boards = np.linspace(*TABLE_Y, 10)
    for index, (left, right) in enumerate(pairwise(boards)):
        tone = 1 + 0.03 * np.sin(7.3 * index + 1)
        _fill(room, _strip(left, right), tuple(tone * value for value in _WOOD))
    for joint in boards[1:-1]:
        _fill(room, _strip(joint, joint + 0.002), tuple(0.86 * value for value in _WOOD))
    mask = np.zeros(room.shape[:2], np.uint8)
    _fill(mask, top, (1,))
    rows = (np.arange(side) + 0.5) / side
    light = (1.05 - 0.13 * rows[None, :] - 0.05 * (1 - rows[:, None])).astype(np.float32)[..., None]
    room = np.where(mask[..., None] > 0, np.clip(room * light + 0.5, 0, 255), room).astype(np.uint8)
    v = (rows - 0.5) / FOCAL
    down = AXES[1, 2] * v + AXES[2, 2]  # how fast the rays of a row go up
    near = np.where(down < -1e-6, down / (TABLE_Z - EYE[2]), 0)
    return room, (mask * near[:, None]).astype(np.float32)


def _strip(left: float, right: float) -> np.ndarray:
    """A strip of the table from its far edge towards the viewer, (4, 3)."""
    return np.array([(x, y, TABLE_Z) for x, y in zip((*TABLE_X, *TABLE_X[::-1]), (left, left, right, right))])


def _draw_area(ground: np.ndarray, state: State) -> None:
    """The marked area: a pale frame, and a stain on every piece that is not clean."""
    area = state["area"]
    if area is None:
        return
    along = np.array([area["along"] == "x", area["along"] == "y", 0.0])
    across = np.array([along[1], along[0], 0.0])
    middle = np.array(area["position"])
    for grow, colour in ((0.008, (250, 246, 236)), (0.003, (214, 196, 170))):
        long, wide = along * (AREA_LENGTH / 2 + grow), across * (AREA_WIDTH / 2 + grow)
        _fill(ground, middle + np.array([-long - wide, long - wide, long + wide, -long + wide]), colour)
    half = AREA_LENGTH / CELLS / 2
    for number, (cell, clean) in enumerate(zip(cells(state), area["clean"])):
        if not clean:
            long, wide = along * half * 1.02, across * AREA_WIDTH / 2
            _fill(ground, cell + np.array([-long - wide, long - wide, long + wide, -long + wide]), _DIRT)
            for spot in range(5):  # splashes, the same for the same piece
                angle = 2.4 * (spot + 5 * number)
                at = cell + long * 0.7 * np.cos(angle) + wide * 0.7 * np.sin(1.7 * angle)
                _fill(ground, at + 0.007 * _CIRCLE, tuple(value * (0.82 if spot % 2 else 1.2) for value in _DIRT))


def _draw_shadows(ground: np.ndarray, table: np.ndarray, state: State) -> None:
    """Soft shadows on the table; softer and paler the higher what throws them is."""
    side = len(ground)
    small = max(64, side // 2)
    dark = np.zeros((small, small), np.float32)
    groups: dict[int, list[np.ndarray]] = {}
    for points in _throwing(state):
        height = float(points[:, 2].min()) - TABLE_Z
        groups.setdefault(0 if height < 0.02 else 1 if height < 0.12 else 2, []).append(_shadow(points))
    for level, outlines in groups.items():
        mask = np.zeros((small, small), np.uint8)
        for outline in outlines:
            _fill(mask, outline, (255,))
        soft = cv2.GaussianBlur(mask, (0, 0), small * (0.0045, 0.011, 0.02)[level]).astype(np.float32) / 255
        dark = np.maximum(dark, soft * (0.42, 0.3, 0.22)[level])
    full = cv2.resize(dark, (side, side), interpolation=cv2.INTER_LINEAR) * (table > 0)
    y, x = np.nonzero(full.max(axis=1))[0], np.nonzero(full.max(axis=0))[0]
    if len(y):
        where = slice(y[0], y[-1] + 1), slice(x[0], x[-1] + 1)
        under, weight = ground[where], full[where][..., None]
        under[:] = (under + (np.array(_SHADE, np.float32) - under) * weight + 0.5).astype(np.uint8)


def _throwing(state: State) -> Iterator[np.ndarray]:
    """The points of everything that throws a shadow, (points, 3) for each convex part."""
    for body in state["bodies"].values():
        yield _points(body)
    for box in state["boxes"].values():
        x, y, _ = box["position"]
        out = BOX_HALF + BOX_WALL
        yield np.array([(x + a * out, y + b * out, z) for a in (-1, 1) for b in (-1, 1) for z in (TABLE_Z, TABLE_Z + BOX_HEIGHT)])
    for (lower, upper), _ in hand(state["gripper"]):
        yield np.concatenate([lower, upper])
    for start, end, radius, _ in arm(state["gripper"]):
        yield np.concatenate([start + radius * _BALL, end + radius * _BALL])


def _points(body: Body) -> np.ndarray:
    if body["kind"] == "sphere":
        return np.array(body["position"]) + KINDS["sphere"].half_height * _BALL
    return corners(body).reshape(-1, 3)


def _shadow(points: np.ndarray) -> np.ndarray:
    """The outline of a shadow on the table, (corners, 3)."""
    down = np.maximum(points[:, 2] - TABLE_Z, 0) / LIGHT[2]
    flat = (points[:, :2] - LIGHT[:2] * down[:, None]).astype(np.float32)
    hull = cv2.convexHull(flat)[:, 0]
    return np.column_stack([np.clip(hull, (-2, -2), (1.2, 2)), np.full(len(hull), TABLE_Z)])  # nothing behind the camera


def _fill(picture: np.ndarray, corners_m: np.ndarray, colour: tuple[float, ...]) -> None:
    points = projected(np.minimum(corners_m, (1.2, np.inf, np.inf)))
    scaled = np.rint((points * len(picture) - 0.5) * 2**_SHIFT).astype(np.int32)
    cv2.fillPoly(picture, [scaled], tuple(float(round(value)) for value in colour), shift=_SHIFT)


_TURN = np.arange(16) * np.pi / 8
_CIRCLE = np.column_stack([np.cos(_TURN), np.sin(_TURN), np.zeros(16)])
_BALL = np.concatenate([np.column_stack([np.cos(_TURN) * np.cos(tilt), np.sin(_TURN) * np.cos(tilt), np.full(16, np.sin(tilt))])
                        for tilt in (-1.2, -0.6, 0, 0.6, 1.2)])
