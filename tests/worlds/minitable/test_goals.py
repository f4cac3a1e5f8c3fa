import pytest

from tests.worlds.minitable.tables import body, part, table, to
from worlds.minitable.actions import act
from worlds.minitable.goals import behaviour, conditions, found_now, is_done, progress, rewards, targets, visual_accuracy
from worlds.minitable.understanding import describe, named_kinds, remaining


@pytest.mark.parametrize(("do", "x", "y", "done"), [
    ("left", 0.2, -0.12, True), ("left", 0.2, 0.12, False), ("left", 0.3, -0.12, False), ("left", 0.2, -0.3, False),
    ("beside", 0.2, 0.12, True), ("beside", 0.32, 0.0, True), ("beside", 0.2, 0.17, False),
])
def test_left_of_and_next_to_are_where_people_say(do: str, x: float, y: float, done: bool) -> None:
    state = table(body("red cube", x, y), body("green cube", 0.2, 0.0), box_at=None, goal=[part(do, "red cube", "green cube")])

    assert is_done(state) is done


def test_a_body_above_a_box_is_not_in_it_nor_one_that_is_held_there() -> None:
    inside = table(body("red cube", 0.2, 0.2, above=0.006))
    held = {**inside, "gripper": {**inside["gripper"], "open": False, "holds": "red cube"}}

    assert is_done(inside) and not is_done(held) and not is_done(table(body("red cube", 0.2, 0.2, above=0.1)))


def test_a_sponge_that_sweeps_the_area_wipes_it_piece_by_piece() -> None:
    state = table(body("yellow sponge", 0.255, -0.205), box_at=None, area=True, goal=[part("wipe", "yellow sponge", "marked area")])
    state = act(state, to((0.255, -0.205, 0.773), 0)).state
    assert 0 < progress(state) < 1 and remaining(state) == ("yellow sponge has wiped marked area",)

    state = act(state, to((0.255, 0.0, 0.773), 0)).state

    assert is_done(state) and conditions(state)[0].share == 1 and remaining(state) == ()


def test_a_target_is_found_once_and_one_at_a_time() -> None:
    state = table(body("red cube", 0.2, 0.05))
    assert found_now(state, []) is None
    state["gripper"]["position"] = [0.2, 0.12, 0.8]

    assert targets(state) == ["red cube", "blue box"]
    assert [found_now(state, before) for before in ([], ["red cube"], ["red cube", "blue box"])] == ["red cube", "blue box", None]


def test_a_reward_is_the_sum_of_what_was_reached_found_and_said() -> None:
    assert rewards(ok=True, done=True, found=True, accuracy=0.8) == {
        "success": 3.0, "subgoal": 1.0, "behaviour": 0.5, "unreachable": 0.0}
    assert sum(rewards(ok=False, done=False, found=False, accuracy=0.1).values()) == -1.5
    assert sum(rewards(ok=False, done=True, found=True, accuracy=0.1, dense=False).values()) == 3


@pytest.mark.parametrize(("accuracy", "due"), [(None, 0), (0.0, -0.5), (0.25, 0), (0.75, 0), (0.76, 0.5)])
def test_words_pay_above_three_quarters_and_cost_below_one(accuracy: float | None, due: float) -> None:
    assert behaviour(accuracy) == due


def test_visual_accuracy_compares_kinds_in_their_places_and_no_colours() -> None:
    state = table(body("red cube", 0.2, -0.2), body("green star", 0.2, 0.0))

    assert named_kinds(describe(state)) == ["cube", "star", "box"]
    assert visual_accuracy(named_kinds(describe(state)), state) == 1
    assert visual_accuracy(named_kinds("a blue cube, a pink star and a container"), state) == 1
    assert visual_accuracy(["star", "cube", "box", "box"], state) == pytest.approx(1 / 3)
    assert visual_accuracy([], state) == 0
