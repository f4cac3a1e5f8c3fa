"""Curves of a training and its alarms: what stands in them."""

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from backends.ragen.measures import Metrics
from backends.ragen.monitor import watch
from backends.ragen.rules import RULES
from tests.backends.ragen.runs import BREAKS, LENGTH, echoes, learns, loses_format
from visualizers.alt import sentence_of
from visualizers.ragen import monitor
from visualizers.ragen.alarms import alarms
from visualizers.ragen.signs import ALARM_COLOURS, ALARM_MARKS


def drawn(history, **lines):
    return monitor.charts(history, watch(history), **lines)


def traces(figure):
    return {trace.name: trace for trace in figure.data}


ECHO = drawn(echoes())


def test_a_whole_run_has_every_chart_and_each_tells_itself_in_a_sentence():
    assert set(ECHO) == {"reward", "success", "spread", "entropy", "gradient", "lengths", "valid", "thoughts", "steps"}
    assert all(sentence_of(figure) and figure.layout.xaxis.title.text == "iteration" for figure in ECHO.values())


def test_curves_are_the_runs_numbers():
    history = learns()
    made = drawn(history)

    for chart, name, trace in (("reward", "reward", "one iteration"), ("entropy", "entropy", "entropy"),
                               ("valid", "valid", "valid turns"), ("thoughts", "top", "the commonest one"),
                               ("lengths", "tokens", "an episode"),
                               ("spread", "kept_std", "kept groups"), ("gradient", "largest_gradient", "largest step")):
        assert list(traces(made[chart])[trace].y) == [getattr(one, name) for one in history]


@pytest.mark.parametrize("name", ["std", "kept_std", "gradient", "largest_gradient"])
@pytest.mark.parametrize("value", [1e308, 5e-324])
def test_numbers_as_large_or_as_small_as_there_are_have_a_chart_with_few_ticks(name, value):
    first, *others = learns()

    made = drawn((replace(first, **{name: value}), *others))

    for chart in ("spread", "gradient"):
        axis = made[chart].layout.yaxis
        assert made[chart].to_json() and np.isfinite(axis.range).all() and 1 <= len(axis.tickvals) <= 2 * monitor.MOST_POWERS
        assert all(0 < tick < float("inf") for tick in axis.tickvals)


def test_an_alarm_stands_on_its_curve_where_it_first_fired_and_only_there():
    gone = traces(ECHO["spread"])[f"spread is gone ({BREAKS + 9})"]

    assert list(gone.x) == [BREAKS + 9] and list(gone.y) == [0.001]
    assert (gone.marker.color, gone.marker.symbol) == (ALARM_COLOURS["red"], ALARM_MARKS["red"])
    assert f"one thought ({BREAKS})" in traces(ECHO["thoughts"]) and f"one thought ({BREAKS})" not in traces(ECHO["valid"])
    assert "one thought at iteration 60" in sentence_of(ECHO["thoughts"]) and "No alarm" in sentence_of(ECHO["lengths"])


def test_the_fall_of_the_reward_is_in_every_chart_of_a_run_that_fell_and_in_none_of_another():
    fell = watch(echoes()).fell

    assert all(figure.layout.shapes[-1].x0 == fell and f"reward falls ({fell})" in traces(figure) for figure in ECHO.values())
    assert not any(figure.layout.shapes for figure in drawn(learns()).values())


def test_every_rule_has_a_chart_in_which_it_can_be_marked():
    """Tokens that are not the model's have none: nobody would look at a curve of zeros."""
    history = [Metrics(number, std=1.0, top=0.9, entropy=1.0, valid=0.1, largest_gradient=1.0 + 99 * (number == 12), broken=0,
                       reward=-0.1, kept=0, unsampled=1, validation=0.0) for number in range(30)]
    history[15:20] = [replace(one, entropy=2.0) for one in history[15:20]]
    history[20:] = [replace(one, std=0.0, entropy=0.1) for one in history[20:]]
    report = watch(history)
    marked = {name.split(" (")[0] for figure in monitor.charts(history, report).values() for name in traces(figure)}

    assert {one.name for one in report.fired} == {rule.name for rule in RULES}
    assert {rule.name for rule in RULES} - marked == {"words not its own"}


def test_lines_to_compare_with_go_from_the_first_to_the_last_iteration():
    line = traces(drawn(learns(), rewards={"random policy": 0.2}, successes={"best": 1.0})["reward"])["random policy"]

    assert list(line.x) == [0, LENGTH - 1] and list(line.y) == [0.2, 0.2]
    tenth = traces(drawn(learns())["spread"])["10 % of the start"]
    assert tenth.y[0] == pytest.approx(0.1 * np.mean([one.std for one in learns()[:10]]))


def test_a_spread_of_nothing_stands_at_the_bottom_of_its_axis_and_says_so():
    spread = drawn(loses_format())["spread"]
    line = traces(spread)["all groups"]

    assert 0 < line.y[BREAKS] < traces(spread)["10 % of the start"].y[0] and line.customdata[BREAKS] == 0
    assert "0 at the bottom" in spread.layout.title.subtitle.text
    assert "0 at the bottom" not in drawn(learns())["spread"].layout.title.subtitle.text


def test_what_is_not_known_has_no_chart_and_gaps_are_left_out():
    assert drawn([]) == {} == drawn([Metrics(0), Metrics(1)])
    history = [replace(one, entropy=nan if one.iteration % 2 else one.entropy) for one in learns()]

    assert len(traces(drawn(history)["entropy"])["entropy"].x) == LENGTH // 2


@pytest.mark.parametrize("length", [1, 2, 5, 12])
def test_a_run_that_has_just_begun_can_be_drawn(length):
    history = learns()[:length]

    made = drawn(history)
    assert len(made) == 9 and alarms(history, watch(history)) is not None
    assert ("10 % of the start" in traces(made["spread"])) == (length >= 10)


def test_alarms_have_a_row_each_and_a_line_to_the_fall():
    history = echoes()
    report = watch(history)
    figure = alarms(history, report)
    rows = dict(zip(figure.layout.yaxis.ticktext, figure.layout.yaxis.tickvals))

    assert list(rows) == [one.name for one in report.alarms if one.is_asked]
    red = traces(figure)["a collapse"]
    assert list(red.y) == [rows[one.name] for one in report.alarms if one.fired is not None and one.colour == "red"]
    lines = [trace for trace in figure.data if trace.mode == "lines" and trace.y[0] is not None]
    assert [trace.x for trace in lines] == [(one.fired, report.fell) for one in report.alarms if one.fired is not None and one.lead]
    quiet = alarms(learns(), watch(learns()))
    assert "No alarm came" in sentence_of(quiet) and "none of these" in quiet.layout.title.subtitle.text
    assert alarms([Metrics(0)], watch([Metrics(0)])) is None
