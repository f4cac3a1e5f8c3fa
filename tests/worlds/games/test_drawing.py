"""The pictures of the games: what differs is seen, also when it is small."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from worlds.errors import InputError
from worlds.games.bandit.drawing import draw as draw_bandit
from worlds.games.bandit.state import State as Arms
from worlds.games.drawing.letters import write
from worlds.games.frozen_lake.drawing import draw as draw_lake
from worlds.games.frozen_lake.maps import read_map
from worlds.games.sokoban.drawing import draw as draw_room
from worlds.games.sokoban.state import State as Room

SMALL, PERSON = 160, 500
ARMS = Arms(("Phoenix", "Dragon"), "Dragon")
LAKE = read_map(["SFFF", "FHFH", "FFFH", "HFFG"])
ROOM = Room(("######", "#____#", "#_O__#", "#____#", "#___##", "######"), ((3, 3),), (1, 1))
GAMES: list[tuple[Callable[[Any, int], np.ndarray], Any]] = [(draw_bandit, ARMS), (draw_lake, LAKE), (draw_room, ROOM)]
IDS = ["bandit", "lake", "sokoban"]


@pytest.mark.parametrize(("draw", "state"), GAMES, ids=IDS)
@pytest.mark.parametrize("side_px", [32, 160, 500])
def test_a_picture_has_the_size_that_is_asked_for(draw: Callable[[Any, int], np.ndarray], state: object, side_px: int) -> None:
    picture = draw(state, side_px)

    assert picture.shape == (side_px, side_px, 3) and picture.dtype == np.uint8


@pytest.mark.parametrize(("draw", "state"), GAMES, ids=IDS)
@pytest.mark.parametrize("side_px", [31, 1025])
def test_a_size_that_cannot_be_drawn_is_refused(draw: Callable[[Any, int], np.ndarray], state: object, side_px: int) -> None:
    with pytest.raises(InputError, match=f"picture of {side_px} pixels"):
        draw(state, side_px)


@pytest.mark.parametrize(("draw", "state"), GAMES, ids=IDS)
def test_equal_states_give_equal_bytes_and_pictures_are_ones_own(draw: Callable[[Any, int], np.ndarray], state: object) -> None:
    first = draw(state, SMALL)
    kept = first.copy()
    first[:] = 0

    assert np.array_equal(draw(state, SMALL), kept)


LOOKS: dict[str, tuple[Callable[[Any, int], np.ndarray], dict[str, object]]] = {
    "bandit": (draw_bandit, {
        "before": ARMS,
        "listed the other way round": replace(ARMS, arms=("Dragon", "Phoenix")),
        "other names": replace(ARMS, arms=("Trader", "Librarian"), high="Trader"),
        "much": replace(ARMS, pulled="Dragon", paid=1.0),
        "nothing": replace(ARMS, pulled="Dragon", paid=0.0),
        "a little": replace(ARMS, pulled="Phoenix", paid=0.15),
        "nothing from the other": replace(ARMS, pulled="Phoenix", paid=0.0),
    }),
    "lake": (draw_lake, {
        "at the start": LAKE,
        "a step on": replace(LAKE, at=(0, 1)),
        "in a hole": replace(LAKE, at=(1, 1)),
        "in another hole": replace(LAKE, at=(1, 3)),
        "at the goal": replace(LAKE, at=(3, 3)),
        "a hole less": read_map(["SFFF", "FFFH", "FFFH", "HFFG"]),
        "the goal elsewhere": read_map(["SFFF", "FHFH", "FFFH", "HFGF"]),
    }),
    "sokoban": (draw_room, {
        "before": ROOM,
        "a step on": replace(ROOM, player=(1, 2)),
        "on the target": replace(ROOM, player=(2, 2)),
        "the box on the target": replace(ROOM, boxes=((2, 2),)),
        "the box elsewhere": replace(ROOM, boxes=((3, 2),)),
        "another wall": replace(ROOM, rows=("######", "#____#", "#_O__#", "#____#", "#____#", "######")),
        "another target": replace(ROOM, rows=("######", "#____#", "#__O_#", "#____#", "#___##", "######")),
    }),
}


@pytest.mark.parametrize("game", LOOKS)
@pytest.mark.parametrize("side_px", [SMALL, PERSON])
def test_states_that_differ_look_different(game: str, side_px: int) -> None:
    draw, states = LOOKS[game]
    pictures = {name: draw(state, side_px).astype(int) for name, state in states.items()}

    for one, other in combinations(pictures, 2):
        seen = np.abs(pictures[one] - pictures[other]).max(axis=2) > 40  # what is told apart by eye
        assert seen.mean() > 0.004, (one, other)


def test_pictures_do_not_tell_what_the_text_hides() -> None:
    start = read_map(["FFFF", "FHFH", "FSFH", "HFFG"])

    assert np.array_equal(draw_bandit(ARMS, SMALL), draw_bandit(replace(ARMS, high="Phoenix"), SMALL))
    assert np.array_equal(draw_lake(LAKE, SMALL), draw_lake(replace(start, at=LAKE.at), SMALL))  # the start is ice like other ice


def test_what_moves_is_seen_where_it_was_and_where_it_is() -> None:
    """A step from the upper left corner one to the right changes nothing in the lower half of a picture."""
    for draw, state, moved in ((draw_lake, LAKE, replace(LAKE, at=(0, 1))), (draw_room, ROOM, replace(ROOM, player=(1, 2)))):
        changed = np.abs(draw(state, PERSON).astype(int) - draw(moved, PERSON)).max(axis=2) > 0  # type: ignore[operator]
        assert changed[:250].any() and not changed[250:].any()


def test_a_room_that_is_not_square_lies_in_the_middle() -> None:
    picture = draw_room(Room(("######", "#__O_#", "######"), ((1, 2),), (1, 1)), 300)

    assert (picture[:70] == picture[0, 0]).all() and (picture[-70:] == picture[0, 0]).all()
    assert (picture[150] != picture[0, 0]).any()


def test_long_names_are_made_smaller_and_stay_inside() -> None:
    for text in ("Dragon", "o" * 20):
        canvas = np.zeros((400, 400, 3), np.uint8)
        write(canvas, text, middle=(0.5, 0.5), room=(0.4, 0.1), colour=(255, 255, 255))
        rows, columns = np.nonzero(canvas.any(axis=2))
        assert columns.min() >= 0.28 * 400 and columns.max() <= 0.72 * 400 and abs(rows.mean() / 400 - 0.5) < 0.05
        assert columns.max() - columns.min() > 60
