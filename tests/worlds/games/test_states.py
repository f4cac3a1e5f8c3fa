"""States of the games as plain values: there and back, and what is refused."""

import json
from typing import Any

import pytest

from worlds.errors import InputError
from worlds.games.bandit.env import Bandit
from worlds.games.env import TextGame
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.frozen_lake.maps import read_map
from worlds.games.sokoban.env import Sokoban

GAMES = [Bandit, FrozenLake, Sokoban]
BANDIT = {"arms": ["Phoenix", "Dragon"], "high": "Dragon", "pulled": None, "paid": None}
LAKE = {"rows": ["SF", "HG"], "at": [0, 1]}
ROOM = {"rows": ["#####", "#__O#", "#####"], "boxes": [[1, 2]], "player": [1, 1]}


@pytest.mark.parametrize("kind", GAMES)
def test_a_state_comes_back_from_json(kind: type[TextGame[Any]]) -> None:
    game = kind()
    _, info = game.reset(seed=124)
    for _ in range(2):
        text = json.dumps(game.codec.plain(info["state"]))
        assert game.codec.read(json.loads(text)) == info["state"]
        info = game.step(1)[4]


@pytest.mark.parametrize("kind", GAMES)
def test_a_state_cannot_be_changed(kind: type[TextGame[Any]]) -> None:
    state = kind().reset(seed=124)[1]["state"]

    with pytest.raises(AttributeError):
        setattr(state, next(iter(vars(state))), None)
    hash(state)


@pytest.mark.parametrize("kind", GAMES)
@pytest.mark.parametrize("value", [None, [], {}, "P__G", 7, {1: 2}, {"rows": "SFHG", "at": "00"}], ids=str)
def test_what_is_no_state_is_told_so(kind: type[TextGame[Any]], value: object) -> None:
    with pytest.raises(InputError, match="This is not a state of"):
        kind.codec.read(value)


@pytest.mark.parametrize(("change", "what"), [
    ({"arms": ["Phoenix", "Phoenix"], "high": "Phoenix"}, "Both arms are named 'Phoenix'"),
    ({"arms": ["Phoenix", "<b>"]}, "'<b>' cannot name an arm"),
    ({"arms": ["Phoenix", "Dragon", "Griffin"]}, "not a state of the bandit"),
    ({"high": "Griffin"}, "names an arm that it does not have"),
    ({"pulled": "Griffin", "paid": 1.0}, "names an arm that it does not have"),
    ({"pulled": "Dragon"}, "a pull without what was paid"),
    ({"paid": 1.0}, "a pull without what was paid"),
    ({"pulled": "Dragon", "paid": 1.1}, "not a state of the bandit"),
    ({"pulled": "Dragon", "paid": float("nan")}, "not a state of the bandit"),
    ({"pulled": "Dragon", "paid": "1"}, "not a state of the bandit"),
    ({"colour": "red"}, "not a state of the bandit"),
], ids=str)
def test_a_bandit_that_cannot_be_is_refused(change: dict[str, object], what: str) -> None:
    Bandit.codec.read(BANDIT)

    with pytest.raises(InputError, match=what):
        Bandit.codec.read({**BANDIT, **change})


@pytest.mark.parametrize(("change", "what"), [
    ({"rows": ["SF", "HGF"]}, "rows of different lengths"),
    ({"rows": ["SF", "HG", "FF"]}, "rows of different lengths"),
    ({"rows": ["SX", "HG"]}, "cannot be read"),
    ({"rows": ["FF", "HG"]}, r"one S \(start\)"),
    ({"rows": ["SG", "HG"]}, r"one G \(goal\)"),
    ({"rows": ["SH", "HG"]}, "no way leads from the start to the goal"),
    ({"rows": ["S" + 8 * "F"] * 9}, "not a state of the frozen lake"),
    ({"rows": ["S"]}, "not a state of the frozen lake"),
    ({"at": [0, 2]}, "stands beside this frozen lake"),
    ({"at": [0, -1]}, "not a state of the frozen lake"),
    ({"at": [0, True]}, "not a state of the frozen lake"),
    ({"at": [0, 1.0]}, "not a state of the frozen lake"),
    ({"at": [0]}, "not a state of the frozen lake"),
], ids=str)
def test_a_lake_that_cannot_be_is_refused(change: dict[str, object], what: str) -> None:
    FrozenLake.codec.read(LAKE)

    with pytest.raises(InputError, match=what):
        FrozenLake.codec.read({**LAKE, **change})


def test_a_map_from_outside_begins_at_its_start() -> None:
    assert read_map(["FFH", "HSF", "FFG"]).at == (1, 1)
    with pytest.raises(InputError, match="no way leads"):
        read_map(["FHH", "HSH", "FHG"])


@pytest.mark.parametrize(("change", "what"), [
    ({"rows": ["#####", "#__O#", "####"]}, "Its rows are of one length"),
    ({"rows": ["#####", "#_.O#", "#####"]}, "cannot be read"),
    ({"rows": ["#####", "#__O_", "#####"]}, "open to the outside"),
    ({"rows": ["#####", "#___#", "#####"]}, "a target for each"),
    ({"rows": ["######", "#__OO#", "######"], "boxes": [[1, 4], [1, 3]]}, "sorted"),
    ({"rows": ["######", "#__OO#", "######"], "boxes": [[1, 3], [1, 3]]}, "each in a cell of its own"),
    ({"boxes": [[1, 1]]}, "in a wall, a box or outside"),
    ({"boxes": [[0, 1]]}, "in a wall, a box or outside"),
    ({"player": [1, 4]}, "in a wall, a box or outside"),
    ({"player": [1, 7]}, "in a wall, a box or outside"),
    ({"player": [1, 8]}, "not a state of Sokoban"),
    ({"boxes": []}, "not a state of Sokoban"),
    ({"boxes": [[1, 1], [1, 2], [1, 3]]}, "not a state of Sokoban"),
    ({"rows": ["#" * 9] * 3}, "not a state of Sokoban"),
], ids=str)
def test_a_room_that_cannot_be_is_refused(change: dict[str, object], what: str) -> None:
    Sokoban.codec.read(ROOM)

    with pytest.raises(InputError, match=what):
        Sokoban.codec.read({**ROOM, **change})
