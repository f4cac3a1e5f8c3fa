"""The visual score of key frames."""

import numpy as np
import pytest

from backends.tstar.results import MethodRow
from backends.tstar.visual import with_visual


class Striped:
    """A video whose frame at second t shows t bright columns."""

    def frames_at(self, seconds, max_side_px):
        frames = np.zeros((len(seconds), 64, max_side_px, 3), np.uint8)
        for frame, second in zip(frames, seconds):
            frame[:, :int(second) * 10] = 255
        return frames


def row(*keyframes: float) -> MethodRow:
    return MethodRow(method="tstar", keyframes=keyframes, frames_seen=1, detector_calls=0, seconds=0.0)


def test_the_true_frames_themselves_score_one():
    found = with_visual([row(2.0, 5.0)], (2.0, 5.0), Striped())[0]

    assert found.visual == pytest.approx((1.0, 1.0, 1.0))


def test_a_missed_frame_costs_recall_and_a_strange_one_precision():
    missed = with_visual([row(2.0)], (2.0, 9.0), Striped())[0].visual
    strange = with_visual([row(2.0, 9.0)], (2.0,), Striped())[0].visual

    assert missed[0] == pytest.approx(1.0) and missed[1] < 0.9
    assert strange[1] == pytest.approx(1.0) and strange[0] < 0.9


def test_without_truth_or_key_frames_there_is_no_score():
    assert with_visual([row(2.0)], None, Striped())[0].visual is None
    assert with_visual([row()], (2.0,), Striped())[0].visual is None
