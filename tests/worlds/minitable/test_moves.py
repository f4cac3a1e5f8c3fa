"""Moves in words: each is one action, every kind of task can be done by them, and what nobody can mean is refused."""

import pytest

from tests.worlds.minitable.tables import body, part, table
from worlds.errors import InputError
from worlds.minitable.actions import DONE, act, refusal
from worlds.minitable.goals import is_done
from worlds.minitable.moves import ASIDE, SWEEP, meant, moves, told
from worlds.minitable.scene import KINDS_OF_TASK, draw_table
from worlds.minitable.state import AREA, State, left_to_right

PUTS = {"place": ("down", "open"), "stack": ("down", "open"), "left": ("left", "left", "down", "open"),
        "beside": ("left", "left", "down", "open"), "wipe": ("down", SWEEP, SWEEP)}


def after(state: State, *words: str) -> State:
    for word in words:
        outcome = act(state, meant(word, state))
        assert outcome.ok and outcome.feedback == DONE, word
        state = outcome.state
    return state


def over(state: State, name: str) -> str:
    return f"over object {left_to_right(state).index(name) + 1}"


@pytest.mark.parametrize("kind", KINDS_OF_TASK)
def test_every_kind_of_task_is_done_by_words_alone(kind: str) -> None:
    for seed in range(6_000, 6_005):
        state, _ = draw_table(seed, "base", kind=kind)
        thing, target = state["goal"][0]["things"][0], state["goal"][0]["targets"][0]

        state = after(state, over(state, thing), "down", "close", "up")
        assert state["gripper"]["holds"] == thing
        state = after(state, over(state, target), *PUTS[kind])

        assert is_done(state), seed


def test_a_thing_is_meant_by_its_number_its_name_or_its_kind_if_there_is_one() -> None:
    state = table(body("red cube", 0.2, -0.2), body("green cube", 0.2, 0.0))

    assert meant("over object 1", state) == meant("Over the RED cube", state) != meant("over object 2", state)
    assert meant("to the box", state) == meant("to object 3", state)
    with pytest.raises(InputError, match=r"no 'cube' on this table, or more than one.*red cube, green cube, blue box"):
        meant("over cube", state)


def test_what_a_move_does_not_speak_of_stays() -> None:
    state = after(table(body("red cube", 0.205, -0.205)), "over object 1", "close")

    x, y, z, *_, gripper = meant("left", state)
    here = meant("close", state)
    assert (x, y, z) == (here[0], here[1] - 5, here[2]) and gripper == 0
    assert {word: [now - was for now, was in zip(meant(word, state)[:2], here)] for word in ASIDE} == {
        word: list(by) for word, by in ASIDE.items()}
    assert meant("open", state) == [*here[:-1], 1]


def test_at_the_edge_of_the_workspace_a_move_aside_stays_within() -> None:
    state = table(body("red cube", 0.2, -0.2))
    for _ in range(30):
        state = after(state, "left")

    assert meant("left", state)[1] == 0 and refusal(meant("left", state)) == ""


def test_down_ends_above_whatever_is_beneath_what_is_held() -> None:
    state = table(body("red cube", 0.205, -0.205), body("green cube", 0.205, 0.005), goal=[part("stack", "red cube", "green cube")])
    state = after(state, "over object 1", "down", "close", "up", "over the green cube", "down")

    assert state["gripper"]["holds"] == "red cube"
    assert state["bodies"]["red cube"]["position"][2] == pytest.approx(0.755 + 0.09, abs=0.012)
    assert is_done(after(state, "open"))


def test_seven_numbers_are_taken_as_they_are_and_the_table_says_what_cannot_be_reached() -> None:
    state = table(body("red cube", 0.2, -0.2))

    assert meant("[50, 50, 14, 0, 60, 90, 1]", state) == meant("50, 50,14 ,0,60,90,1", state) == [50, 50, 14, 0, 60, 90, 1]
    assert "below the table" in act(state, meant("[50, 50, 14, 0, 60, 90, 1]", state)).feedback
    assert meant("[500, 0, 0, 0, 0, 0, -1]", state) == [500, 0, 0, 0, 0, 0, -1]


@pytest.mark.parametrize(("words", "reason"), [
    ("fly", "no move 'fly' on this table. There are over object 1, over object 2, down"), ("[1, 2, 3]", "seven whole numbers"),
    ("[1.5, 2, 3, 4, 5, 6, 1]", "seven whole numbers"), ("[1, 2, 3, 4, 5, 6, 99999999]", "seven whole numbers"),
    ("12", "seven whole numbers"), ("over object 3", "no 'object 3'"), (SWEEP, "no move 'sweep'"), ("", "no move ''")])
def test_what_is_no_move_is_refused_with_moves_that_are(words: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        meant(words, table(body("red cube", 0.2, -0.2)))


def test_everything_that_is_offered_can_be_meant() -> None:
    for state in (table(body("red cube", 0.2, -0.2)), table(body("yellow sponge", 0.2, 0.2), area=True, box_at=None,
                                                            goal=[part("wipe", "yellow sponge", AREA)])):
        assert (SWEEP in moves(state)) is (state["area"] is not None)
        assert all(len(meant(words, state)) == 7 for words in moves(state))


def test_an_action_is_told_in_words() -> None:
    state = table(body("red cube", 0.205, -0.205))
    heard = []
    for word in ("over object 1", "down", "close", "up", "to the box", "down", "open"):
        heard.append(told(state, meant(word, state)))
        state = after(state, word)

    assert heard == ["Go over the red cube.", "Go down to the red cube.", "Stay there and close the fingers.", "Carry it up.",
                     "Carry it over the blue box.", "Carry it down to the blue box.", "Stay there and let the red cube go."]
