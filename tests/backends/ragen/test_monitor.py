"""The monitor on runs that learn, echo, lose their format and ramble: what fires, when, and what never does."""

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from backends.ragen.measures import Metrics
from backends.ragen.monitor import reward_fall, smoothed, watch
from backends.ragen.rules import RULES, Setup, lasting, usual_norms
from tests.backends.ragen.runs import BREAKS, LENGTH, echoes, learns, loses_format, rambles


def fired(report):
    return {one.name: one.fired for one in report.alarms if one.fired is not None}


def series(name, values):
    return [Metrics(number, **{name: value}) for number, value in enumerate(values)]


@pytest.mark.parametrize("seed", range(20))
def test_a_run_that_learns_gives_no_alarm(seed):
    report = watch(learns(seed))

    assert (fired(report), report.fell, report.light, report.now, report.notes) == ({}, None, "green", "green", ())
    assert all(one.sentence.startswith("Has not been seen") for one in report.alarms)


def test_an_echo_is_told_before_the_reward_falls():
    report = watch(echoes())
    alarms = {one.name: one for one in report.alarms}

    assert report.light == report.now == "red" and BREAKS + 20 <= report.fell <= BREAKS + 25
    assert alarms["spread halves"].fired == BREAKS + 4 and alarms["spread is gone"].fired == BREAKS + 9
    assert alarms["one thought"].fired == alarms["entropy fades"].fired == BREAKS
    assert alarms["penalties only"].fired == BREAKS + 20 and alarms["format is lost"].fired == BREAKS + 22
    assert all(alarms[name].lead == report.fell - alarms[name].fired > 0 for name in ("spread is gone", "one thought"))
    assert f"iteration {BREAKS + 9}, {report.fell - BREAKS - 9} before the reward fell" in alarms["spread is gone"].sentence
    assert report.fired[0].fired == BREAKS and alarms["fails its tests"].fired is None  # four bad validations are one too few


def test_a_lost_format_is_red_at_the_third_time_and_its_spike_at_once():
    found = fired(watch(loses_format()))

    assert found["gradient spikes"] == found["penalties only"] == BREAKS and found["format is lost"] == BREAKS + 2
    assert found["spread is gone"] == BREAKS + 9 and "entropy leaps" not in found


def test_an_alarm_that_is_over_stays_told_but_no_longer_holds():
    spike = next(one for one in watch(loses_format()).alarms if one.name == "gradient spikes")

    assert spike.fired == BREAKS and not spike.holds


def test_an_entropy_that_leaps_is_amber_and_nothing_else_is_said():
    report = watch(rambles())

    assert set(fired(report)) == {"entropy leaps"} and BREAKS < fired(report)["entropy leaps"] <= BREAKS + 10
    assert report.light == "amber" and report.fell is None


@pytest.mark.parametrize("story", [learns, echoes, loses_format, rambles])
def test_a_part_of_a_run_says_what_the_whole_says_of_that_part(story):
    history = story()
    whole = watch(history)

    for length in (0, 1, 5, 15, BREAKS, BREAKS + 5, BREAKS + 12, BREAKS + 30):
        part = watch(history[:length])
        assert fired(part) == {name: first for name, first in fired(whole).items() if first < length}
        assert part.fell == (whole.fell if whole.fell is not None and whole.fell < length else None)


def test_nothing_known_is_unknown_and_not_green():
    for history in ([], [Metrics(0), Metrics(1)]):
        report = watch(history)

        assert (report.light, report.now, report.fell) == ("unknown", "unknown", None)
        assert all("is not known" in one.sentence and not one.is_asked for one in report.alarms)


def test_a_rule_that_needs_more_says_how_much():
    gone = watch(series("std", [0.3] * 7)).alarms[0]

    assert gone.sentence == "Not asked yet: it takes 20 values, and there are 7."


def test_missing_numbers_are_passed_over_and_told():
    history = [replace(one, std=nan if place % 3 == 0 else one.std) for place, one in enumerate(echoes())]

    report = watch(history)

    assert fired(report)["spread is gone"] == BREAKS + 14  # the tenth that is known
    assert report.notes == (f"The spread inside groups is missing in {LENGTH // 3} of {LENGTH} iterations, which were passed over.",)


@pytest.mark.parametrize(("low", "fires"), [(0.0999, True), (0.1001, False)], ids=["below a tenth", "above"])
def test_ragens_own_rule_is_below_a_tenth_of_the_start_for_ten_iterations(low, fires):
    history = series("std", [0.8, 1.2] * 5 + [low] * 10)

    assert ("spread is gone" in fired(watch(history))) == fires and "spread is gone" not in fired(watch(history[:-1]))


def test_ragens_own_rule_begins_after_the_start_it_compares_with():
    low_from_4_on = series("std", [10.0] * 4 + [0.0] * 12)

    assert "spread is gone" not in fired(watch(low_from_4_on)) and fired(watch([*low_from_4_on, *(
        Metrics(number, std=0.0) for number in range(16, 21))]))["spread is gone"] == 19


def test_a_spread_that_was_never_there_is_no_fall():
    assert fired(watch(series("std", [0.0] * 40))) == {}


@pytest.mark.parametrize(("name", "values", "rule", "first"), [
    ("top", [0.5, 0.5, 0.51], "one thought", 2), ("valid", [0.5, 0.49, 0.5, 0.49, 0.49, 0.49], "format is lost", 5),
    ("kept", [2, 0, 0, 0, 0, 0], "nothing kept", 5), ("kept", [2, 0, 0, 0, 0, 1, 0], "nothing kept", None),
    ("validation", [0.5, 0, 0, 0, 0, 0.009], "fails its tests", 5), ("validation", [0, 0, 0, 0, 0.01, 0], "fails its tests", None),
    ("unsampled", [0, 0, 3], "words not its own", 2),
    ("largest_gradient", [1.0] * 10 + [10.0], "gradient spikes", None),
    ("largest_gradient", [1.0] * 10 + [10.1], "gradient spikes", 10), ("reward", [0.1, -0.1], "penalties only", 1),
    ("entropy", [1.0] * 10 + [0.2], "entropy fades", None), ("entropy", [1.0] * 10 + [0.19], "entropy fades", 10)])
def test_every_rule_fires_at_its_threshold_and_not_before(name, values, rule, first):
    assert fired(watch(series(name, values))).get(rule) == first


def test_a_gradient_that_is_no_number_is_a_spike():
    history = [Metrics(number, largest_gradient=1.0, broken=int(number == 12)) for number in range(14)]

    assert fired(watch(history)) == {"gradient spikes": 12}


def test_penalties_alone_are_those_of_all_turns_and_a_coincidence_is_no_alarm():
    five_turns = Setup(penalty=-0.1, turns=5)

    assert fired(watch(series("reward", [-0.5]), five_turns)) == {"penalties only": 0}
    assert fired(watch(series("reward", [-0.1]), five_turns)) == {} == fired(watch(series("reward", [0.0]), Setup(penalty=0.0)))
    assert fired(watch([Metrics(0, reward=-0.5, valid=0.9)], five_turns)) == {}  # five useless moves of Sokoban cost as much


def test_a_slow_decay_of_the_entropy_and_one_odd_value_are_no_leap():
    slow = [1.0 - number / 200 for number in range(150)]
    odd = [*slow[:50], 2.0, *slow[50:]]

    assert fired(watch(series("entropy", slow))) == {} == fired(watch(series("entropy", odd)))


def test_the_reward_falls_where_half_of_what_was_gained_is_lost():
    rewards = [0.0] * 10 + [number / 20 for number in range(21)] + [1.0] * 20
    slide = [1.0 - number / 39 for number in range(40)]

    assert reward_fall(series("reward", rewards)) is None
    assert reward_fall(series("reward", rewards + slide)) == len(rewards) + 22  # 1 - 20/39 is the first mean of five below 0.5


def test_a_reward_that_never_rose_falls_below_its_start():
    assert reward_fall(series("reward", [0.2, 0.21, 0.19, 0.2] * 5 + [-0.1] * 10)) in range(20, 26)


def test_a_reward_that_stays_or_swings_does_not_fall():
    assert reward_fall(series("reward", [0.15] * 50)) is None
    swings = np.random.default_rng(1).normal(0.2, 0.1, 300)
    assert reward_fall(series("reward", swings.tolist())) is None


def test_iterations_that_a_log_leaves_out_keep_their_numbers():
    every_tenth = [replace(one, iteration=10 * one.iteration) for one in loses_format()]

    assert fired(watch(every_tenth))["format is lost"] == 10 * (BREAKS + 2)


def test_something_lasts_where_it_was_there_as_often_as_asked():
    there = np.array([True, True, False, True, True, True])

    assert lasting(there, 2).tolist() == [False, True, False, False, True, True]
    assert not lasting(there, 7).any() and lasting(there, 1).tolist() == there.tolist()


def test_every_rule_has_a_name_of_its_own_and_says_whose_it_is():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert {rule.name for rule in RULES if rule.by == "RAGEN-2's code"} == {"spread is gone", "nothing kept", "fails its tests"}


def test_usual_norms_are_of_the_fifty_before_and_not_known_of_the_first_ten():
    usual = usual_norms(np.arange(60.0))

    assert np.isnan(usual[:10]).all() and usual[10] == 4.5
    assert usual[59] == 33.5  # of 9 to 58


@pytest.mark.parametrize("reward, is_floor", [(-0.104, True), (-0.096, True), (-0.09, False), (-0.06, False), (-0.11, False)])
def test_penalties_only_is_within_a_twentieth_of_what_they_come_to(reward, is_floor):
    assert ("penalties only" in fired(watch(series("reward", [reward])))) is is_floor


@pytest.mark.parametrize("step, leaps", [(0.04, True), (0.02, False)])
def test_a_slow_rise_of_the_entropy_is_looked_for_over_twenty_iterations(step, leaps):
    report = watch(series("entropy", 1 + step * np.arange(40)))

    assert ("entropy leaps" in fired(report)) is leaps


def test_a_fall_takes_ten_rewards():
    assert reward_fall(series("reward", -np.arange(20.0))) == 9  # eight standard errors are gone by iteration 7


def test_a_mean_of_five_is_of_fewer_where_the_run_has_just_begun():
    assert smoothed(np.array([2.0, 4.0, 6.0, 8.0, 10.0, 12.0])).tolist() == [2, 3, 4, 5, 6, 8]
