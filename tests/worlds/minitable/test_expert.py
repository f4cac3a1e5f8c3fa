"""The expert solves what is drawn: all evaluation tables, in 15 seconds of one processor."""

import numpy as np
import pytest

from tests.worlds.minitable.tables import body, part, table, to
from worlds.minitable.actions import act, random_action
from worlds.minitable.expert import next_action, plan
from worlds.minitable.goals import is_done
from worlds.minitable.scene import KINDS_OF_TASK, draw_table
from worlds.minitable.state import State
from worlds.minitable.subsets import SUBSETS, evaluation_seeds


def end(state: State, actions: list[list[int]], *, strict: bool = False) -> State:
    for action in actions:
        state = act(state, action, strict=strict).state
    return state


@pytest.mark.parametrize("subset", SUBSETS)
def test_the_expert_does_every_task_within_fifteen_steps(subset: str) -> None:
    for seed in evaluation_seeds(subset):
        state, _ = draw_table(seed, subset)
        assert is_done(end(state, plan(state, limit=15))), seed


@pytest.mark.parametrize("kind", KINDS_OF_TASK)
def test_the_expert_minds_angles_where_they_count(kind: str) -> None:
    state, _ = draw_table(11_000, "base", kind=kind)

    assert is_done(end(state, plan(state, strict=True), strict=True))


def test_the_expert_recovers_from_what_somebody_did_before() -> None:
    for seed in range(3):
        state, _ = draw_table(7_000 + seed, "base", kind="place")
        generator = np.random.default_rng(seed)
        state = end(state, [random_action(generator) for _ in range(3)])
        assert is_done(end(state, plan(state)))


def test_the_expert_puts_away_what_is_not_needed() -> None:
    state = table(body("red cube", 0.205, -0.205), body("green cube", 0.205, 0.005))
    state = end(state, [to((0.205, 0.005, 0.785), 0)])
    assert state["gripper"]["holds"] == "green cube"

    assert is_done(end(state, plan(state)))


def test_nothing_is_left_to_do_at_the_goal_and_nothing_out_of_reach() -> None:
    assert next_action(table(body("red cube", 0.2, 0.2, above=0.006))) is None
    assert next_action(table(body("red cube", 0.2, -0.2, above=-0.7), goal=[part("place", "red cube", "blue box")])) is None
