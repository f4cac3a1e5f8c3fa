"""Paints the scenes of `worlds.sums.scenes` at any size: small for a model, large for people, with the same grain in both."""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from worlds.kit import COLOURS
from worlds.sums.scenes import CELL, GRID, Digit, Scene

INPUT_PX = GRID  # side of a model's picture, and the number of grains along a side
BOARD = (38, 40, 48)
_GLYPHS = (  # 5 x 7 cells, a row a number of 5 bits
    (14, 17, 19, 21, 25, 17, 14), (4, 12, 4, 4, 4, 4, 14), (14, 17, 1, 2, 4, 8, 31), (31, 2, 4, 2, 1, 17, 14),
    (2, 6, 10, 18, 31, 2, 2), (31, 16, 30, 1, 1, 17, 14), (6, 8, 16, 30, 17, 17, 14), (31, 1, 2, 4, 8, 8, 8),
    (14, 17, 17, 14, 17, 17, 14), (14, 17, 17, 15, 1, 2, 12))


def picture(scene: Scene, size_px: int = INPUT_PX) -> np.ndarray:
    """Return the scene as (size, size, 3) uint8 RGB; equal scenes give equal bytes."""
    canvas = np.empty((size_px, size_px, 3), np.float32)
    canvas[:] = BOARD
    for half, digit in enumerate((scene.left, scene.right)):
        canvas[_inked(digit, half, size_px)] = COLOURS[digit.colour]
    if scene.noise:
        grain = np.random.default_rng(scene.seed).standard_normal((GRID, GRID, 3), dtype=np.float32) * np.float32(scene.noise)
        if size_px != GRID:
            grain = np.asarray(cv2.resize(grain, (size_px, size_px), interpolation=cv2.INTER_NEAREST))
        canvas += grain
    return np.clip(canvas + 0.5, 0, 255).astype(np.uint8)


def pictures(scenes: Sequence[Scene], size_px: int = INPUT_PX) -> np.ndarray:
    """Return (scenes, size, size, 3) uint8 RGB."""
    return np.stack([picture(scene, size_px) for scene in scenes])


@cache
def _cells(value: int) -> np.ndarray:
    """(7, 5) bool: the cells of a digit that are inked."""
    return np.array([[row >> bit & 1 for bit in (4, 3, 2, 1, 0)] for row in _GLYPHS[value]], bool)


def _inked(digit: Digit, half: int, size_px: int) -> np.ndarray:
    """(size, size) bool: the pixels of a digit, each by the cell that its middle lies in."""
    cells = _cells(digit.value)
    middles = (np.arange(size_px) + 0.5) * GRID / size_px  # in parts of GRID
    rows = np.floor((middles - digit.down) / CELL).astype(int)
    columns = np.floor((middles - digit.right - half * GRID // 2) / CELL).astype(int)
    is_row, is_column = (rows >= 0) & (rows < cells.shape[0]), (columns >= 0) & (columns < cells.shape[1])
    return np.outer(is_row, is_column) & cells[np.clip(rows, 0, cells.shape[0] - 1)][:, np.clip(columns, 0, cells.shape[1] - 1)]
