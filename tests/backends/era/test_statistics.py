"""Many episodes in numbers, two runs beside each other, and what a log suggests of a failure."""

import pytest

from backends.episode import Action, Episode, Turn
from backends.era.facts import Facts, of_entry, of_episode
from backends.era.formats import episode, found
from backends.era.statistics import era_average, statistics
from backends.statistics import wilson
from tests.backends.era import made_logs

FIVE = {"base": 0.8, "complex_instruction": 0.7, "visual_appearance": 0.6, "common_sense": 0.5, "spatial": 0.4}


def facts(group: str, rate: float, *, count: int = 10, environment: str = "eb_alfred") -> list[Facts]:
    wins = round(rate * count)
    return [Facts(environment, group, k, f"task {k}", success=k <= wins, progress=1.0 if k <= wins else 0.5, steps=10, calls=4,
                  invalid=2, output_errors=1, names=("find a Mug",)) for k in range(1, count + 1)]


def turns(*actions: Action, **more: object) -> Episode:
    return Episode(turns=tuple(Turn(index=place, actions=(action,), parse="ok") for place, action in enumerate(actions)),
                   success=False, **more)


def failed(name: str, feedback: str = "") -> Action:
    return Action(name=name, ok=False, feedback=feedback, step=1)


def done(name: str) -> Action:
    return Action(name=name, ok=True, step=1)


def test_success_is_told_by_subset_with_wilsons_interval():
    told = statistics(facts("spatial", 0.4) + facts("base", 0.8))

    assert [subset.group for subset in told.subsets] == ["base", "spatial"]
    base = told.subsets[0]
    assert (base.success.mean, base.success.low, base.success.high, base.success.count) == (*wilson(8, 10), 10)
    assert (base.progress.mean, base.steps, base.calls, base.invalid, base.output_errors) == (pytest.approx(0.9), 10, 4, 0.2, 0.25)
    assert told.whole.success.mean == 0.6


def test_eras_average_is_that_of_its_paper():
    assert era_average(68.7, 60.0) == pytest.approx(65.22)
    assert era_average(51.4, 43.8) == pytest.approx(48.36)


def test_eras_average_ignores_the_long_horizon_and_the_benchmarks_does_not():
    five = [one for group, rate in FIVE.items() for one in facts(group, rate)]

    without, with_long = statistics(five), statistics(five + facts("long_horizon", 0.0))

    assert without.era.value == with_long.era.value == pytest.approx(0.6)
    assert (without.benchmark.value, with_long.benchmark.value) == (pytest.approx(0.6), pytest.approx(0.5))
    assert "long_horizon" in with_long.benchmark.groups and "long_horizon" not in with_long.era.groups
    assert (with_long.seen.success.mean, with_long.unseen.success.mean) == (pytest.approx(0.7), pytest.approx(0.45))


def test_eras_average_is_not_known_where_a_subset_is_missing():
    told = statistics(facts("base", 0.8) + facts("common_sense", 0.5))

    assert (told.era.value, told.benchmark.value) == (None, pytest.approx(0.65))


def test_the_table_tops_average_is_over_episodes():
    told = statistics(facts("base", 1.0, count=30, environment="eb_manipulation") +
                      facts("visual", 0.0, count=10, environment="eb_manipulation"))

    assert told.benchmark.value == 0.75


def test_feedbacks_lead_by_their_number_and_a_loop_counts_once():
    looping = turns(*[failed("open the Fridge", "The fridge is open.")] * 40, failed("find a Mug", "No mug."))
    other = turns(failed("find a Cup", "No mug."), failed("a", "A"), failed("b", "B"), failed("c", "C"), failed("d", "D"))

    told = statistics([of_episode(looping), of_episode(other)])

    assert [(reason.feedback, reason.count, reason.episodes) for reason in told.reasons] == [
        ("No mug.", 2, 2), ("A", 1, 1), ("B", 1, 1), ("C", 1, 1), ("D", 1, 1)]
    assert told.loops == 1


def test_second_instances_are_counted_apart():
    made = turns(failed("find a Mug_2"), failed("find a Mug_2"), done("open the Cabinet_3"), failed("find a Mug"), done("find a Cup"))

    told = statistics([of_episode(made)])

    assert (told.numbered.mean, told.numbered.count) == (pytest.approx(2 / 3), 3)
    assert (told.others.mean, told.others.count) == (0.5, 2)


def test_an_action_is_repeated_where_nothing_changed_since():
    again = of_episode(turns(done("a"), done("b"), done("a"), done("c"), done("d"), done("e"), done("a")))
    changed = Episode(turns=(Turn(index=0, actions=(Action(name="a", state={"x": 1}), Action(name="a", state={"x": 2}),
                                                    Action(name="a", state={"x": 2}))),))

    assert (again.repeated, of_episode(changed).repeated) == (1, 1)


def test_the_share_that_still_runs_falls_step_by_step():
    assert statistics([Facts(steps=1), Facts(steps=3)]).running == (1.0, 0.5, 0.5, 0.0)


def test_what_is_not_known_stays_unknown():
    told = statistics([Facts(group="base")])

    assert (told.whole.success, told.whole.progress, told.whole.invalid, told.numbered, told.running) == (None, None, None, None, ())
    with pytest.raises(ValueError, match="at least one"):
        statistics([])


def test_the_table_and_the_whole_episode_say_the_same():
    files = made_logs.opened(made_logs.alfred() | made_logs.manipulation() | made_logs.navigation())
    for run in found(files).runs:
        for entry in run.entries:
            light, whole = of_entry(entry), of_episode(episode(files, entry))

            assert (light.success, light.progress, light.steps, light.calls, light.invalid, light.output_errors) == (
                whole.success, whole.progress, whole.steps, whole.calls, whole.invalid, whole.output_errors)


def test_of_an_episode_without_steps_nothing_is_known_but_its_result():
    told = of_episode(Episode(success=True, progress=1.0))

    assert (told.success, told.progress, told.names, told.suggested) == (True, 1.0, (), ())
    assert {told.steps, told.calls, told.invalid, told.output_errors, told.empty_plans, told.planned, told.cut, told.failed,
            told.numbered, told.numbered_failed, told.repeated, told.loops} == {None}


def test_whether_actions_failed_and_replies_could_be_read_is_not_known_where_no_log_says_so():
    silent = Episode(turns=(Turn(index=0, actions=(Action(name="find a Mug", step=1),)),))

    assert (of_episode(silent).invalid, of_episode(silent).output_errors, of_episode(silent).steps) == (None, None, 1)
    assert (of_episode(turns(done("find a Mug"))).invalid, of_episode(turns(done("find a Mug"))).output_errors) == (0, 0)
    assert of_episode(Episode(turns=(Turn(index=0, parse="failed"),))).invalid == 1
