"""Four endings in one picture: the one that is looked at is marked, and the numbers are the trainings' own."""

import numpy as np

from backends.ragen.fates import fates
from backends.ragen.monitor import smoothed
from visualizers.alt import alt_of
from visualizers.ragen import fates as drawn


def test_the_one_that_is_looked_at_is_marked_and_the_others_are_pale():
    figure = drawn.fates(fates(), "saved")

    titles = [note.text for note in figure.layout.annotations]
    assert len(titles) == 4 and [title for title in titles if drawn.MARK in title] == [f"<b>{drawn.MARK} saved</b>"]
    lines = [trace for trace in figure.data if trace.name == "reward"]
    assert [line.opacity for line in lines] == [drawn.PALE] * 3 + [1.0]
    assert {line.opacity for line in drawn.fates(fates()).data if line.name == "reward"} == {1.0}


def test_all_panels_have_one_scale_and_show_the_numbers_themselves():
    figure = drawn.fates(fates())

    for fate, ground, line in zip(fates().values(), figure.data[::2], figure.data[1::2], strict=True):
        np.testing.assert_array_equal(ground.y, fate.valid)
        np.testing.assert_allclose(line.y, smoothed(np.array(fate.reward)))
        assert drawn.REWARDS[0] <= min(line.y) and max(line.y) <= drawn.REWARDS[1]
    ranges = {tuple(axis.range) for axis in figure.select_yaxes()}
    assert ranges == {(0, 1), drawn.REWARDS} and {tuple(axis.range) for axis in figure.select_xaxes()} == {(0, 99)}
    assert "loses_format: reward -0.1" in alt_of(figure)
