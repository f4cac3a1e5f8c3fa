"""Pictures for a detector: frames of a video tiled into one canvas, or a frame alone on its own."""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

OFFICIAL_CELL_PX = (95, 200)  # height, width of the released code's squashed cells
OFFICIAL_FRAME_PX = (285, 600)  # and of its single frames


class Frames(Protocol):
    """What T* asks of a video."""

    decode_s: float

    def frames_at(self, seconds: Sequence[float], *, max_side_px: int | None = None) -> np.ndarray: ...


def fit_into(frame: np.ndarray, height: int, width: int, *, letterbox: bool = True) -> np.ndarray:
    """(h, w, 3) -> (height, width, 3): the whole frame, its shape kept between black bars, or squashed."""
    if not letterbox:
        return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    scale = min(height / frame.shape[0], width / frame.shape[1])
    inner = max(1, round(frame.shape[0] * scale)), max(1, round(frame.shape[1] * scale))
    smaller = cv2.resize(frame, (inner[1], inner[0]), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    cell = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    cell[top:top + inner[0], left:left + inner[1]] = smaller
    return cell


def tile(frames: np.ndarray, grid: int, cell_px: tuple[int, int], *, letterbox: bool = True) -> np.ndarray:
    """(n, h, w, 3) -> (grid * cell height, grid * cell width, 3). Frame j goes to row j // grid, column j % grid."""
    height, width = cell_px
    canvas = np.zeros((grid * height, grid * width, 3), np.uint8)
    for index, frame in enumerate(frames):
        row, column = divmod(index, grid)
        canvas[row * height:(row + 1) * height, column * width:(column + 1) * width] = fit_into(
            frame, height, width, letterbox=letterbox)
    return canvas
