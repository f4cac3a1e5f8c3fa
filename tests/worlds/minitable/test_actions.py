"""What the gripper does to bodies: picked up, carried, dropped, stacked, refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.worlds.minitable.tables import body, part, table, to
from worlds.minitable.actions import DONE, act, random_action, refusal
from worlds.minitable.catalogue import BOX_HALF, BOX_HEIGHT, TABLE_Z
from worlds.minitable.drawing import draw
from worlds.minitable.goals import is_done
from worlds.minitable.state import State, read_state


def after(state: State, *actions: list[int], strict: bool = False) -> State:
    for action in actions:
        outcome = act(state, action, strict=strict)
        assert outcome.ok and outcome.feedback == DONE
        state = outcome.state
    return state


def test_a_cylinder_that_is_dropped_into_a_box_ends_inside_it() -> None:
    state = table(body("red cylinder", 0.205, -0.2))

    state = after(state, to((0.205, -0.2, 0.9), 1), to((0.205, -0.2, 0.785), 0), to((0.205, -0.2, 1.0), 0), to((0.2, 0.2, 1.0), 0),
                  to((0.2, 0.2, 0.9), 1))

    x, y, z = np.array(state["bodies"]["red cylinder"]["position"]) - (0.2, 0.2, TABLE_Z)
    assert max(abs(x), abs(y)) < BOX_HALF and 0 < z < BOX_HEIGHT
    assert is_done(state) and state["gripper"]["holds"] is None


def test_one_body_stands_on_another_only_once_it_is_let_go() -> None:
    state = table(body("red cube", 0.205, -0.205), body("green cube", 0.205, 0.005), goal=[part("stack", "red cube", "green cube")])
    state = after(state, to((0.205, -0.205, 0.785), 0), to((0.205, -0.205, 1.0), 0), to((0.205, 0.005, 1.0), 0),
                  to((0.205, 0.005, 0.845), 0))
    assert not is_done(state)

    state = after(state, to((0.205, 0.005, 0.845), 1))

    assert is_done(state)
    assert state["bodies"]["red cube"]["position"][2] == pytest.approx(TABLE_Z + 0.09, abs=0.005)


def test_a_body_that_is_let_go_beside_the_middle_falls_off() -> None:
    state = table(body("red cube", 0.205, -0.205), body("green cube", 0.205, 0.005), goal=[part("stack", "red cube", "green cube")])

    state = after(state, to((0.205, -0.205, 0.785), 0), to((0.205, -0.205, 1.0), 0), to((0.205, -0.04, 1.0), 0),
                  to((0.205, -0.04, 0.86), 1))

    assert not is_done(state)


@pytest.mark.parametrize(("off_m", "is_held"), [(0.02, True), (0.035, False)])
def test_fingers_take_hold_within_two_and_a_half_centimetres(off_m: float, is_held: bool) -> None:
    state = after(table(body("red cube", 0.205, -0.205)), to((0.205 + off_m, -0.205, 0.785), 0))

    assert (state["gripper"]["holds"] == "red cube") is is_held


def test_closed_fingers_take_hold_of_nothing_new() -> None:
    state = after(table(body("red cube", 0.205, -0.205)), to((0.3, 0.0, 1.0), 0), to((0.205, -0.205, 0.785), 0))

    assert state["gripper"]["holds"] is None


@pytest.mark.parametrize(("yaw", "is_held"), [(90, True), (95, True), (96, False), (105, False), (120, True)])
def test_where_angles_count_the_fingers_meet_sides_not_corners(yaw: int, is_held: bool) -> None:
    state = table(body("red cube", 0.205, -0.205))
    action = to((0.205, -0.205, 0.785), 0, yaw=yaw)

    assert (act(state, action, strict=True).state["gripper"]["holds"] == "red cube") is is_held
    assert act(state, action).state["gripper"]["holds"] == "red cube"


@pytest.mark.parametrize(("action", "reason"), [
    ([50, 50, 14, 0, 60, 90, 1], "below the table"),
    ([100, 50, 40, 0, 60, 90, 1], "outside of the workspace"),
    ([50, 50, 40, 0, 60, 121, 1], "0 to 120"),
    ([50, 50, 40, 0, 60, 90, 2], "0 to 1"),
    ([-1, 50, 40, 0, 60, 90, 1], "0 to 100"),
    ([50, 50, 40], "these are 3"),
], ids=["below", "outside", "angle", "gripper", "negative", "short"])
def test_what_cannot_be_reached_moves_nothing_and_says_why(action: list[int], reason: str) -> None:
    state = table(body("red cube", 0.205, -0.205))

    outcome = act(state, action)

    assert not outcome.ok and reason in outcome.feedback and outcome.feedback.startswith("Last action is invalid.")
    assert outcome.state == state
    assert np.array_equal(draw(outcome.state, 64), draw(state, 64))


def test_the_surface_of_the_table_can_just_be_reached() -> None:
    assert refusal([50, 50, 15, 0, 60, 90, 1]) == "" and refusal([99, 99, 99, 0, 60, 90, 1]) == ""


def test_a_body_that_is_pressed_onto_the_table_stays_on_it() -> None:
    state = after(table(body("red cube", 0.205, -0.205)), to((0.205, -0.205, 0.785), 0), to((0.205, -0.205, 0.76), 0),
                  to((0.205, -0.205, 0.76), 1))

    assert state["bodies"]["red cube"]["position"] == pytest.approx([0.205, -0.205, TABLE_Z + 0.03], abs=0.01)


def test_equal_states_and_actions_give_equal_states_and_leave_the_first_as_it_was() -> None:
    state = table(body("red star", 0.205, -0.205), body("green prism", 0.3, 0.0))
    kept = json.dumps(state)

    one, other = (act(state, to((0.205, -0.205, 0.785), 0)).state for _ in range(2))

    assert json.dumps(one) == json.dumps(other) != kept == json.dumps(state)


def test_a_state_after_physics_goes_through_a_file() -> None:
    state = after(table(body("red star", 0.205, -0.205)), to((0.205, -0.205, 0.785), 0))

    assert read_state(json.loads(json.dumps(state))) == state


def test_random_actions_can_be_done_and_open_the_gripper() -> None:
    generator = np.random.default_rng(0)
    actions = [random_action(generator) for _ in range(300)]

    assert all(refusal(action) == "" and action[6] == 1 for action in actions)


def test_pictures_need_no_mujoco_and_motion_no_graphics_library() -> None:
    script = """
import sys
from worlds.minitable.env import MiniTable
env = MiniTable()
env.reset(seed=1)
print("mujoco" in sys.modules)
env.step([50, 50, 40, 0, 60, 90, 1])
print("mujoco" in sys.modules, [name for name in sys.modules if name.startswith(("OpenGL", "glfw"))])
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert said.stdout.splitlines() == ["False", "True []"]
