"""Tiles, boxes and counts of a detector on a video, with one that says where its boxes are."""

import numpy as np
import pytest

from backends.tstar.canvases import OFFICIAL_CELL_PX, OFFICIAL_FRAME_PX, fit_into, tile
from backends.tstar.settings import TStarSettings
from backends.tstar.video_detector import BATCH, VideoDetector
from models.boxes import Box

WHITE = np.full((60, 120, 3), 255, np.uint8)  # twice as wide as high


class Film:
    """Frame t has the grey level t."""

    decode_s = 0.0

    def __init__(self) -> None:
        self.asked: list[float] = []

    def frames_at(self, seconds, *, max_side_px=None):
        self.asked += list(seconds)
        return np.stack([np.full((60, 120, 3), int(second), np.uint8) for second in seconds])


class Points:
    """Finds these boxes on every picture, and remembers what it was asked."""

    canvas_px = 240

    def __init__(self, *boxes: Box) -> None:
        self.boxes, self.calls = boxes, []

    def detect(self, canvases, names, *, floor, max_boxes=None, grid=None):
        self.calls.append((canvases.copy(), tuple(names), floor, max_boxes, grid))
        return [list(self.boxes) for _ in canvases]


def detecting(*boxes: Box, **settings) -> VideoDetector:
    return VideoDetector(Film(), Points(*boxes), ("cup", "table"), num_targets=1, settings=TStarSettings(**settings), floor=0.2)


def box(x1, y1, x2, y2, *, label=0, score=0.9) -> Box:
    return Box(x1, y1, x2, y2, label, score)


def test_a_frame_keeps_its_shape_between_equal_bars_or_is_squashed() -> None:
    cell, squashed = fit_into(WHITE, 80, 80), fit_into(WHITE, 80, 80, letterbox=False)

    assert (cell[20:60] == 255).all() and not cell[:20].any() and not cell[60:].any()
    assert (squashed == 255).all()


def test_frame_j_lies_in_row_j_over_g_and_column_j_mod_g() -> None:
    frames = np.stack([np.full((10, 10, 3), 10 * (j + 1), np.uint8) for j in range(7)])
    canvas = tile(frames, 3, (10, 10))

    assert [canvas[10 * (j // 3) + 5, 10 * (j % 3) + 5, 0] for j in range(7)] == [10, 20, 30, 40, 50, 60, 70]
    assert not canvas[20:, 10:].any()  # what no frame fills is black


def test_a_box_lies_in_the_cell_of_its_centre_with_its_weight() -> None:
    found = detecting(box(130, 10, 230, 60), box(10, 130, 110, 230, label=1, score=0.8), cue_weight=0.25)

    cells, seen, frames = found.grid(np.array([3, 5, 8]), 2)

    assert [cell.confidence for cell in cells] == [0, 0.9, 0.8 * 0.25]
    assert [(one.name, one.is_target, one.cell) for one in seen] == [("cup", True, 1), ("table", False, 2)]
    assert (seen[0].x1, seen[0].y2) == (130 / 240, 60 / 240) and [int(frame[0, 0, 0]) for frame in frames] == [3, 5, 8]


def test_a_box_of_a_cell_without_a_frame_counts_for_none() -> None:
    cells, _, _ = detecting(box(130, 130, 230, 230)).grid(np.array([3, 5, 8]), 2)

    assert [cell.confidence for cell in cells] == [0, 0, 0]


def test_a_box_beyond_the_picture_is_cut_at_its_edge() -> None:
    _, (seen,), _ = detecting(box(-5, 10, 250, 60)).grid(np.array([0]), 2)

    assert (seen.x1, seen.x2) == (0, 1)


def test_the_detector_is_told_floor_most_boxes_and_grid() -> None:
    found = detecting(max_boxes=7)
    found.grid(np.array([1, 2, 3, 4]), 2)
    found.singles([9])

    assert [call[1:] for call in found.detector.calls] == [(("cup", "table"), 0.2, 7, 2), (("cup", "table"), 0.2, 7, 1)]


def test_frames_and_calls_are_counted_and_no_call_holds_more_than_a_batch() -> None:
    found = detecting()
    found.grid(np.arange(4), 2)
    found.singles(list(range(BATCH + 1)))

    assert (found.frames_seen, found.calls) == (4 + BATCH + 1, 1 + BATCH + 1)
    assert [len(call[0]) for call in found.detector.calls] == [1, BATCH, 1]
    assert found.singles([]) == [] and found.calls == 1 + BATCH + 1


def test_a_single_frames_box_is_told_in_shares_of_the_frame_without_its_bars() -> None:
    """120 x 60 lies at rows 60 to 180 of a picture of 240 x 240."""
    ((cell, (seen,)),) = detecting(box(60, 60, 120, 120)).singles([4])

    assert (seen.x1, seen.y1, seen.x2, seen.y2) == (0.25, 0, 0.5, 0.5) and seen.cell is None
    assert cell.best == {0: 0.9}


def test_squashed_cells_and_frames_have_the_released_codes_sizes() -> None:
    found = detecting(box(60, 57, 120, 114), cell_fit="squash")
    found.grid(np.arange(4), 2)
    ((_, (seen,)),) = found.singles([4])

    of_grid = 2 * OFFICIAL_CELL_PX[0], 2 * OFFICIAL_CELL_PX[1]
    assert [call[0].shape[1:3] for call in found.detector.calls] == [of_grid, OFFICIAL_FRAME_PX]
    assert (seen.x1, seen.y1) == pytest.approx((60 / 600, 57 / 285))  # there are no bars to take off
