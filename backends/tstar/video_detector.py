"""A detector on seconds of a video: many in one picture or one by one, boxes mapped back to cells, the cost counted."""

import time
from collections.abc import Sequence

import numpy as np

from backends.tstar.canvases import OFFICIAL_CELL_PX, OFFICIAL_FRAME_PX, Frames, tile
from backends.tstar.results import MAX_PICTURE_PX, SeenBox
from backends.tstar.search import Cell, cell_of, cells_from_boxes
from backends.tstar.settings import TStarSettings
from models.boxes import Box, Detector

SHOWN_CANVAS_PX = MAX_PICTURE_PX  # what people see; the detector sees its own size
SINGLE_PX = 384  # least side of a frame that is decoded to be seen alone
BATCH = 16  # pictures per detector call, bounds the memory


class VideoDetector:
    """One detector on the frames of one video, and what it cost.

    Args:
        names: targets first, then cues.
    """

    def __init__(self, video: Frames, detector: Detector, names: Sequence[str], *, num_targets: int,
                 settings: TStarSettings, floor: float) -> None:
        self.video, self.detector, self.names, self.settings = video, detector, tuple(names), settings
        self.num_targets, self.floor, self.canvas_px = num_targets, floor, detector.canvas_px
        self.letterbox = settings.cell_fit == "letterbox"
        self.weights = [1.0] * num_targets + [settings.cue_weight] * (len(names) - num_targets)
        self.frames_seen = self.calls = 0
        self.detect_s = 0.0

    def _detect(self, canvases: np.ndarray, grid: int) -> list[list[Box]]:
        start = time.perf_counter()
        found: list[list[Box]] = []
        for first in range(0, len(canvases), BATCH):
            found += self.detector.detect(canvases[first:first + BATCH], self.names, floor=self.floor,
                                          max_boxes=self.settings.max_boxes, grid=grid)
        self.calls += len(canvases)
        self.detect_s += time.perf_counter() - start
        return found

    def _canvas(self, frames: np.ndarray, grid: int) -> np.ndarray:
        if self.letterbox:
            return tile(frames, grid, (self.canvas_px // grid, self.canvas_px // grid))
        return tile(frames, grid, OFFICIAL_CELL_PX if grid > 1 else OFFICIAL_FRAME_PX, letterbox=False)

    def _seen(self, box: Box, canvas: np.ndarray, cell: int | None) -> SeenBox:
        height, width = canvas.shape[:2]
        x1, y1, x2, y2 = (float(np.clip(side, 0, 1)) for side in (box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height))
        return SeenBox(x1=x1, y1=y1, x2=x2, y2=y2,  # a detector may reach a little beyond the picture
                       name=self.names[box.label], is_target=box.label < self.num_targets, score=float(box.score), cell=cell)

    def _cells(self, boxes: list[Box], canvas: np.ndarray, grid: int, num_cells: int) -> list[Cell]:
        plain = [((box.x1, box.y1, box.x2, box.y2), box.label, float(box.score)) for box in boxes]
        return cells_from_boxes(plain, grid=grid, canvas_px=canvas.shape[:2], num_cells=num_cells, weights=self.weights)

    def grid(self, positions: np.ndarray, grid: int) -> tuple[list[Cell], list[SeenBox], np.ndarray]:
        """Detect in up to grid * grid seconds in one picture.

        Returns:
            a cell per position; the boxes; (n, h, w, 3) the frames.
        """
        frames = self.video.frames_at([float(p) for p in positions],
                                      max_side_px=max(SHOWN_CANVAS_PX, self.canvas_px) // grid)
        canvas = self._canvas(frames, grid)
        boxes = self._detect(canvas[None], grid)[0]
        self.frames_seen += len(positions)
        seen = []
        for box in boxes:
            row, column = cell_of((box.x1, box.y1, box.x2, box.y2), grid, canvas.shape[:2])
            seen.append(self._seen(box, canvas, row * grid + column))
        return self._cells(boxes, canvas, grid, len(positions)), seen, frames

    def singles(self, positions: Sequence[int]) -> list[tuple[Cell, list[SeenBox]]]:
        """Detect in seconds one by one, at full size, in one batch."""
        if not len(positions):
            return []
        frames = self.video.frames_at([float(p) for p in positions], max_side_px=max(SINGLE_PX, self.canvas_px))
        canvases = np.stack([self._canvas(frame[None], 1) for frame in frames])
        self.frames_seen += len(positions)
        return [(self._cells(boxes, canvas, 1, 1)[0],
                 [self._in_frame(self._seen(box, canvas, None), frame.shape, canvas.shape) for box in boxes])
                for canvas, frame, boxes in zip(canvases, frames, self._detect(canvases, 1))]

    def _in_frame(self, box: SeenBox, frame_px: tuple[int, ...], canvas_px: tuple[int, ...]) -> SeenBox:
        """The same box in shares of the frame instead of its letterboxed picture; a squashed picture has no bars."""
        return _without_bars(box, frame_px, canvas_px) if self.letterbox else box


def _without_bars(box: SeenBox, frame_px: tuple[int, ...], canvas_px: tuple[int, ...]) -> SeenBox:
    scale = min(canvas_px[0] / frame_px[0], canvas_px[1] / frame_px[1])
    high, wide = frame_px[0] * scale / canvas_px[0], frame_px[1] * scale / canvas_px[1]  # shares that the frame fills

    def inner(share: float, filled: float) -> float:
        return float(np.clip((share - (1 - filled) / 2) / filled, 0, 1))

    return box.model_copy(update={"x1": inner(box.x1, wide), "x2": inner(box.x2, wide),
                                  "y1": inner(box.y1, high), "y2": inner(box.y2, high)})
