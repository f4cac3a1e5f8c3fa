"""Draws the scenes of `worlds.scenes.scene` at any size: small for a model, large for people, with the same grain in both.

Pictures are drawn larger and averaged down, so that a small one equals a large one that was reduced. The pixel noise of
a scene lies on a grid of fixed fineness and is enlarged with the picture: what a person sees is what the model gets.
"""

from functools import lru_cache

import cv2
import numpy as np

from worlds.kit import draw_object, draw_room
from worlds.scenes.scene import Bar, Board, Room, Scene

INPUT_PX = 64  # side of a model's picture of a room, and the number of grains along a side
BOARD_PX = 48  # the same of a board
_SUPERSAMPLE_BELOW_PX = 200


def picture(scene: Scene, size_px: int) -> np.ndarray:
    """Return the scene as (size, size, 3) uint8 RGB; equal scenes give equal bytes."""
    drawn_px = 2 * size_px if size_px < _SUPERSAMPLE_BELOW_PX else size_px
    canvas = _board(scene.room, drawn_px) if isinstance(scene.room, Board) else _room(scene.room, drawn_px).copy()
    for bar in scene.bars:
        _draw_bar(canvas, bar)
    for thing in scene.things:
        draw_object(canvas, thing.name, centre_xy=(thing.x * drawn_px, thing.y * drawn_px), radius_px=thing.radius * drawn_px)
    if drawn_px != size_px:
        canvas = np.asarray(cv2.resize(canvas, (size_px, size_px), interpolation=cv2.INTER_AREA))
    return _add_grain(canvas, scene)


def pictures(scenes: list[Scene], size_px: int) -> np.ndarray:
    """Return (scenes, size, size, 3) uint8 RGB."""
    return np.stack([picture(scene, size_px) for scene in scenes])


@lru_cache(maxsize=160)  # all rooms of one size; a large room is 440 kB
def _room(room: Room, size_px: int) -> np.ndarray:
    return draw_room(size_px, wall=room.wall, floor=room.floor, window_x=room.window_x)


def _board(board: Board, size_px: int) -> np.ndarray:
    return np.full((size_px, size_px, 3), np.round(board.rgb), dtype=np.uint8)


def _draw_bar(canvas: np.ndarray, bar: Bar) -> None:
    side = len(canvas)
    x1, y1, x2, y2 = (round(min(max(edge, 0.0), 1.0) * side) for edge in bar.box)
    canvas[y1:y2, x1:x2] = round(bar.grey)


def _add_grain(canvas: np.ndarray, scene: Scene) -> np.ndarray:
    if not scene.noise:
        return canvas
    grain_px = BOARD_PX if isinstance(scene.room, Board) else INPUT_PX
    rng = np.random.default_rng(scene.seed)
    grain = rng.standard_normal((grain_px, grain_px, 3), dtype=np.float32) * scene.noise
    if grain_px != len(canvas):
        grain = np.asarray(cv2.resize(grain, (len(canvas), len(canvas)), interpolation=cv2.INTER_NEAREST))
    return np.clip(canvas + grain + 0.5, 0, 255).astype(np.uint8)
