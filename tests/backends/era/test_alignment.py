"""Rows of a log are put to the plans that they came of, as the benchmark carried them out."""

import json
import random

import pytest

from backends.era.formats.calls import mismatches
from tests.backends.era import made_logs
from tests.backends.era.made_logs import FIND, FIRST, PICK, SECOND, alfred_episode, reply, row, unreadable
from tests.backends.era.reading import in_base, only


@pytest.mark.parametrize(("rows", "calls"), [
    pytest.param([row(1, FIND, FIRST), row(2, PICK, FIRST)], [2], id="one plan"),
    pytest.param([row(1, FIND, FIRST, ok=False), row(2, FIND, FIRST, ok=False)], [1, 1], id="a failure ends a call"),
    pytest.param([row(1, FIND, reply([FIND])), row(2, FIND, reply([FIND]))], [1, 1], id="a plan that is used up"),
    pytest.param([unreadable(FIRST), row(1, FIND, FIRST), unreadable(FIRST), unreadable(FIRST)], [0, 1, 0, 0], id="rows -1 between"),
    pytest.param([row(1, FIND, FIRST), unreadable(reply([]), -2)], [1, 0], id="an empty plan"),
    pytest.param([row(1, FIND, FIRST), row(2, FIND, SECOND)], [1, 1], id="another reply before the plan was used up"),
    pytest.param([{"action_id": -1, "reasoning": FIRST}, row(1, FIND, FIRST)], [0, 1], id="a row -1 that does not say it failed")])
def test_rows_are_grouped_into_calls(rows, calls):
    _, _, read = only(in_base(alfred_episode(1, rows)))

    assert [len(turn.actions) for turn in read.turns] == calls


def played(rng: random.Random) -> tuple[list[dict[str, object]], list[int]]:
    """The rows that the benchmark's loop would log for an agent at random, and how many actions each call carried out."""
    rows: list[dict[str, object]] = []
    carried: list[int] = []
    told, step, invalid, is_over = reply([FIND, PICK]), 0, 0, False
    while step < 30 and invalid < 10 and not is_over:
        kind = rng.random()
        if kind < 0.15:  # unreadable, or an empty plan, which ends it
            is_over = kind < 0.03
            rows.append(unreadable(reply([]), -2) if is_over else unreadable(rng.choice([told, "no JSON"])))
            invalid, carried = invalid + 1, [*carried, 0]
            continue
        if rng.random() < 0.7:  # else the same reply again
            told = reply([rng.choice([FIND, PICK, made_logs.SINK]) for _ in range(rng.randint(1, 6))])
        before = step
        for planned in json.loads(told)["executable_plan"][:30 - step]:
            step, ok = step + 1, rng.random() < 0.8
            is_over = ok and rng.random() < 0.03
            invalid += not ok
            rows.append(row(step, (planned["action_id"], planned["action_name"]), told, ok=ok, success=is_over))
            if not ok or is_over:
                break
        carried.append(step - before)
    return rows, carried


@pytest.mark.parametrize("seed", range(40))
def test_calls_and_steps_come_out_as_the_benchmark_played_them(seed):
    rows, carried = played(random.Random(seed))
    steps = sum(carried)

    _, entry, read = only(in_base(alfred_episode(1, rows, num_steps=steps, planner_steps=len(carried))))

    assert [len(turn.actions) for turn in read.turns] == carried
    assert (read.num_steps, len(read.turns)) == (entry.steps, entry.planner_calls)
    assert not [note for note in read.notes if "The log counts" in note or "named otherwise" in note]


def test_a_name_that_differs_from_the_plans_is_a_mismatch_and_an_id_never_is():
    shifted = reply([("22", "find a Mug"), ("105", "pick up the Cup")])
    rows = [row(1, ("14", "find a Mug"), shifted), row(2, ("97", "pick up the Mug"), shifted)]

    _, _, read = only(in_base(alfred_episode(1, rows)))

    assert mismatches(read.turns[0]) == (1,)
    assert any("1 action named otherwise" in note for note in read.notes)
    assert [action.id for _, action in read.steps()] == ["14", "97"]


def test_capitals_make_no_other_name():
    told = reply([("14", "find a mug")])

    _, _, read = only(in_base(alfred_episode(1, [row(1, ("14", "find a Mug"), told)])))

    assert mismatches(read.turns[0]) == () and not any("named otherwise" in note for note in read.notes)


def test_progress_is_the_steps_where_the_result_was_set_to_zero():
    rows = [row(1, FIND, FIRST, progress=0.5), unreadable(reply([]), -2)]

    _, entry, read = only(in_base(alfred_episode(1, rows, task_progress=0.0, task_success=0.0, num_steps=1, planner_steps=2)))

    assert (entry.progress, read.progress, read.reported["task_progress"], read.ended) == (0.5, 0.5, 0.0, "empty plan")
    assert any("progress 0, the last step says 0.5" in note for note in read.notes)


@pytest.mark.parametrize(("rows", "why"), [
    pytest.param([row(step, FIND, reply([FIND])) for step in range(1, 31)], "step limit", id="30 steps"),
    pytest.param([row(step, FIND, reply([FIND]), ok=False) for step in range(1, 11)], "too many invalid actions", id="10 failures"),
    pytest.param([unreadable()] * 10, "too many invalid actions", id="10 unreadable"),
    pytest.param([row(step, FIND, reply([FIND]), ok=False) for step in range(1, 10)], "", id="9 failures")])
def test_why_an_episode_ended_is_told_where_the_benchmarks_limits_say_so(rows, why):
    _, _, read = only(in_base({"episode_1_step_1.json": made_logs.lines(rows)}))

    assert read.ended == why


def test_a_plan_that_the_step_limit_cut_says_so():
    told = reply([FIND, PICK, FIND])
    rows = [*(row(step, FIND, reply([FIND])) for step in range(1, 30)), row(30, FIND, told)]

    _, _, read = only(in_base({"episode_1_step_30.json": made_logs.lines(rows)}))

    assert (read.turns[-1].cut, len(read.turns[-1].planned)) == ("budget", 3)


def test_a_loop_is_told_once():
    told = reply([FIND])
    rows = [row(step, FIND, told, ok=False) for step in range(1, 41)]

    _, _, read = only(in_base(alfred_episode(1, rows, num_steps=40, planner_steps=40)))

    assert [note for note in read.notes if "in a row" in note] == [
        "The action 'find a Mug' failed 40 times in a row (calls 1 to 40)."]


