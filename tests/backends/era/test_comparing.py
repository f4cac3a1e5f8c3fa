"""Two runs of the same tasks beside each other."""

from dataclasses import replace

import pytest

from backends.era import logs
from backends.era.comparing import Difference, compared, differences, divergence, mcnemar
from backends.era.facts import Facts
from tests.backends.era import made_logs


def facts(group: str, rate: float, *, count: int = 10, environment: str = "eb_alfred") -> list[Facts]:
    wins = round(rate * count)
    return [Facts(environment, group, k, f"task {k}", success=k <= wins, progress=1.0 if k <= wins else 0.5, steps=10, calls=4,
                  invalid=2, output_errors=1, names=("find a Mug",)) for k in range(1, count + 1)]


@pytest.mark.parametrize(("first", "second", "p"), [
    (0, 0, 1.0), (1, 0, 1.0), (6, 0, 2 / 64), (0, 6, 2 / 64), (3, 1, 10 / 16), (5, 5, 1.0)])
def test_mcnemar_is_how_often_a_fair_coin_falls_so(first, second, p):
    assert mcnemar(first, second) == pytest.approx(p)


def test_mcnemar_of_thousands_is_still_a_number():
    assert 0 <= mcnemar(9_000, 11_000) < 1e-40


def test_runs_are_paired_by_task_and_number():
    first, second = facts("base", 0.8), facts("base", 0.3)
    second[0] = replace(second[0], instruction="another task")
    second[1] = replace(second[1], instruction=" task  2 ", names=("find a Mug", "pick up the Mug"))

    told = compared(first, [*second, *facts("spatial", 0.1)])

    assert (told.both, told.only_first, told.only_second, told.neither, len(told.pairs)) == (2, 5, 0, 2, 9)
    assert (told.p, told.unpaired) == (pytest.approx(2 / 32), (1, 11))
    assert told.notes == ("Not paired, because the same number stands for another instruction: 1 episode.",)
    assert [(pair.first.number, pair.diverges) for pair in told.pairs][:2] == [(2, 2), (3, None)]


def test_habitats_long_horizon_is_warned_of():
    ones = facts("long_horizon", 0.5, environment="eb_habitat")

    assert "replaced in place" in compared(ones, ones).notes[0]


def test_two_episodes_diverge_where_they_do_different_things():
    assert divergence(("a", "b"), ("a", "c")) == 2
    assert divergence(("a",), ("a", "b")) == 2
    assert divergence(("a",), ("a",)) is None


def test_configs_differ_by_name():
    assert differences({"n_shots": 10, "same": 1, "chat_history": False}, {"n_shots": 3, "same": 1, "x": [1]}) == (
        Difference("chat_history", "False", None), Difference("n_shots", "10", "3"), Difference("x", None, "[1]"))
    assert differences(None, None) == ()


def test_runs_in_one_file_part_where_an_episode_was_done_by_one_of_them():
    rows = [made_logs.row(1, made_logs.FIND, made_logs.FIRST), made_logs.row(2, made_logs.SINK, made_logs.FIRST, ok=False)]
    failed = made_logs.alfred_episode(2, rows, task_success=0.0, task_progress=0.0, num_steps=2, planner_steps=1)
    other = made_logs.below("running/eb_alfred/vlm-3b_other/base", {**made_logs.alfred_episode(1), **failed})

    told = logs.beside(made_logs.opened(made_logs.alfred() | other), 0, 1)

    assert (told.both, told.only_first, told.only_second, told.neither) == (1, 1, 0, 0)
    assert [(pair.first.number, pair.diverges) for pair in told.pairs if pair.differs] == [(2, 2)]


def test_where_two_runs_part_is_not_known_where_one_log_does_not_say_what_was_done():
    one, silent = Facts(number=1, success=True, names=("find a Mug",)), Facts(number=1, success=False)

    (pair,) = compared([one], [silent]).pairs

    assert pair.differs and pair.diverges is None and compared([one], [replace(silent, names=("go",))]).pairs[0].diverges == 1
