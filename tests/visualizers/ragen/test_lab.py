"""Bars of groups, the laboratory's figures, the map of regimes: what stands in them."""

from dataclasses import replace

import numpy as np
import pytest

from backends.ragen.filters import select
from backends.ragen.information import Information, Lines
from backends.ragen.lab import Lab, pushed, swept
from backends.ragen.traps import Quits, stopping, whitening
from visualizers.alt import sentence_of
from visualizers.ragen import groups, lab, regimes

LAB = Lab(repeats=100)
SCORES, GROUPS = [0, 1, 0, 0, 0.5, 0, float("nan"), 3], [4, 4, 5, 5, 6, 6, 7, 7]
ANSWERED = [True] * 6 + [False, True]


def traces(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_kept_groups_are_told_from_the_others_and_every_group_is_there():
    selection = select(SCORES, GROUPS, answered=ANSWERED)
    figure = groups.groups(selection)
    kept, others = traces(figure)["learned from"], traces(figure)["left out"]

    assert list(kept.x) == [4] and list(others.x) == [5, 6, 7] and kept.y[0] == pytest.approx(0.5**0.5)
    assert kept.marker.color != others.marker.color
    assert list(others.customdata[2]) == ["not known", "3.000", 1, 2] and list(others.text) == ["0", "", ""]
    assert sentence_of(figure) == "Learned from: start 4, of 4."


def test_where_nothing_is_kept_the_chart_says_why():
    figure = groups.groups(select([1.0, 1.0], [0, 0], flat="skip"))

    assert figure.layout.title.subtitle.text.replace("<br>", " ") == sentence_of(figure)
    assert list(traces(figure)) == ["left out"] and "make the task easier or harder" in sentence_of(figure)
    assert list(traces(figure)["left out"].y) == [1.0] and figure.layout.yaxis.title.text == "mean of rewards"
    assert groups.groups(select([], [])) is None


def test_pushes_are_the_experiments_with_their_intervals_and_exact_marks():
    named = {"a": pushed(LAB), "<b>b</b>": pushed(replace(LAB, is_shared=True))}
    figure = lab.pushes(named)
    everything, kept, exact = (traces(figure)[name] for name in ("all groups", "kept groups", "all groups, exactly"))

    assert list(everything.x) == [one.everything.mean for one in named.values()]
    assert list(kept.x) == [one.filtered.mean for one in named.values()] and list(exact.x) == [one.expected for one in named.values()]
    np.testing.assert_allclose(kept.error_x.array, [1.96 * one.filtered.error for one in named.values()])
    assert list(exact.y) == list(everything.y) and not any("<b>" in name for name in figure.layout.yaxis.ticktext)


def test_the_sweep_marks_where_both_arms_are_worth_the_same_and_says_where_the_worse_one_is_pushed():
    figure = lab.against_chance(swept(replace(LAB, repeats=400), [0.05, 0.1, 0.12, 0.25]))

    assert list(traces(figure)["kept groups"].x) == [0.05, 0.1, 0.12, 0.25] and figure.layout.shapes[0].x0 == 0.15
    assert "where it pays in 10% to 12%" in sentence_of(figure)
    assert "nowhere" in sentence_of(lab.against_chance(swept(LAB, [0.5])))


def test_stopping_shows_every_episode_by_both_baselines():
    found = stopping(Quits())
    figure = lab.stopping(found)
    by_turn, by_episode = (traces(figure)[name] for name in ("compared turn by turn", "compared as episodes"))

    assert sorted(by_turn.x) == pytest.approx(sorted(found.by_turn))
    assert sorted(by_episode.x) == pytest.approx(sorted(found.by_episode))
    assert sum("stops" in name for name in by_turn.y) == (~found.went_on).sum() and len(set(by_turn.y)) == 8
    assert "-0.26 by turns, +0.26 by episodes" in figure.layout.title.subtitle.text


def test_whitening_shows_sizes_before_and_after_but_not_that_of_no_error():
    found = whitening()
    before, after = lab.whitening(found).data

    assert list(before.x) == list(found.errors[1:]) and list(after.y) == list(found.whitened[1:])
    assert f"advantages of {found.whitened[4]:.2f}" in sentence_of(lab.whitening(found))


def diagnosed(entropy, information):
    return Information(entropy, information, 0.5, 0.25, 1.39, 64, 4, 0)


def test_the_map_goes_from_the_first_diagnosis_to_the_newest_and_names_its_regime():
    figure = regimes.regimes([(0, diagnosed(1.0, 0.5)), (5, diagnosed(0.9, 0.1))], Lines(0.5, 0.25))

    assert list(figure.data[0].x) == [1.0, 0.9] and list(figure.data[0].y) == [0.5, 0.1]
    assert [trace.name for trace in figure.data[1:]] == ["first (0)", "newest (5)"]
    assert {note.text for note in figure.layout.annotations} == {"diverse", "template", "compressed", "collapsed"}
    assert {shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1} == {0.5}
    assert "template collapse" in sentence_of(figure) and regimes.regimes([], Lines(0.5, 0.25)) is None


def test_every_point_of_the_map_is_inside_its_axes():
    found = [(0, diagnosed(0.02, -0.3)), (5, diagnosed(4.0, 1.3))]
    figure = regimes.regimes(found, Lines(0.01, -0.15))

    for axis, values in ((figure.layout.xaxis, (0.02, 4.0)), (figure.layout.yaxis, (-0.3, 1.3))):
        assert axis.range[0] < min(values) and max(values) < axis.range[1]
