"""What goes wrong by itself: it happens, it moves nothing else, and the expert does its task all the same."""

import json

import numpy as np
import pytest

from tests.worlds.minitable.tables import body, table
from worlds.errors import InputError
from worlds.minitable.actions import act
from worlds.minitable.env import MiniTable
from worlds.minitable.expert import next_action, plan
from worlds.minitable.goals import highest, is_done, lowest
from worlds.minitable.perturbations import PERTURBATIONS, perturb
from worlds.minitable.scene import KINDS_OF_TASK, draw_table
from worlds.minitable.state import State, read_state


def end(state: State, actions: list[list[int]]) -> State:
    for action in actions:
        state = act(state, action).state
    return state


def test_what_is_held_falls_and_comes_to_rest_on_the_table() -> None:
    state, _ = draw_table(6_001, "base", kind="place")
    held = end(state, plan(state)[:3])
    thing = held["gripper"]["holds"]
    kept = json.dumps(held)

    after, happened = perturb(held, "drop")

    assert thing and happened == f"The fingers let go of the {thing} by themselves." and json.dumps(held) == kept
    assert after["gripper"]["holds"] is None and after["gripper"]["open"]
    assert after["gripper"]["position"] == held["gripper"]["position"]
    assert lowest(after["bodies"][thing]) == pytest.approx(0.755, abs=0.02) and lowest(held["bodies"][thing]) > 0.9


def test_a_thing_of_the_task_is_pushed_aside_on_the_table_and_nothing_else_moves() -> None:
    state = table(body("red cube", 0.2, -0.2), body("green cube", 0.2, 0.0))

    after, happened = perturb(state, "shove")

    moved = np.array(after["bodies"]["red cube"]["position"]) - state["bodies"]["red cube"]["position"]
    assert happened == "Something pushed the red cube 8 cm aside."
    assert np.linalg.norm(moved) == pytest.approx(0.08, abs=1e-5) and moved[2] == 0
    assert after["bodies"]["green cube"] == state["bodies"]["green cube"] and read_state(json.loads(json.dumps(after))) == after


@pytest.mark.parametrize("kind", KINDS_OF_TASK)
def test_the_expert_does_its_task_after_both(kind: str) -> None:
    for seed in range(6_000, 6_004):
        state, _ = draw_table(seed, "base", kind=kind)
        state = end(state, plan(state)[:3])
        for name in PERTURBATIONS:
            state, _ = perturb(state, name)

        assert is_done(end(state, plan(state))), seed


@pytest.mark.parametrize(("name", "reason"), [("drop", "the gripper holds nothing"), ("explode", "There are drop, shove")])
def test_what_cannot_happen_here_is_refused(name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        perturb(table(body("red cube", 0.2, -0.2)), name)


def test_where_every_body_is_held_or_off_the_table_nothing_is_pushed() -> None:
    with pytest.raises(InputError, match="no body lies on the table"):
        perturb(table(body("red cube", 0.2, -0.2, above=0.2)), "shove")


def test_in_an_episode_it_is_no_step_and_the_next_action_goes_on_from_it() -> None:
    env = MiniTable(view_px=32)
    env.reset(seed=3)
    env.step(next_action(env.state))
    before = env.state

    happened = env.perturb("shove")
    _, _, _, _, info = env.step(next_action(env.state))

    assert happened.startswith("Something pushed") and env.state["bodies"] != before["bodies"] and info["steps"] == 2


def test_what_carries_another_body_is_not_pushed_from_under_it():
    state = table(body("red cube", 0.2, -0.2), body("blue cube", 0.2, -0.2, above=0.05), body("green cube", 0.1, 0.1))
    height = highest(state["bodies"]["red cube"]) - lowest(state["bodies"]["blue cube"])
    state["bodies"]["blue cube"]["position"][2] += height

    after, happened = perturb(state, "shove")

    assert "green cube" in happened and after["bodies"]["red cube"] == state["bodies"]["red cube"]
