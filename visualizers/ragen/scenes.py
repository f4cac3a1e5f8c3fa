"""The games of RAGEN as pictures, from the plain states that turns keep; a log's games cannot be drawn, and are shown as text."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from backends.ragen.rollouts import LEFT, TEXT, Rollout
from worlds.errors import InputError
from worlds.games.bandit.env import Bandit
from worlds.games.env import TextGame
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.sokoban.env import Sokoban

GAMES: dict[str, type[TextGame[Any]]] = {game.game: game for game in (Bandit, FrozenLake, Sokoban)}
_NEW: dict[str, Callable[[], TextGame[Any]]] = {
    "bandit": Bandit, "frozen_lake": lambda: FrozenLake(max_actions=1), "sokoban": lambda: Sokoban(max_actions=1)}
SIDE_PX = 400
State = Mapping[str, Any]


def drawn(state: State | None, game: str, side_px: int = SIDE_PX) -> np.ndarray | None:
    """The picture of a state, (side, side, 3) uint8 RGB; None of a game that is not known here, or a state that is none of it."""
    plain = (state or {}).get("plain")
    if game not in GAMES or plain is None:
        return None
    try:
        return _drawn(game, TypeAdapter(dict).dump_json(plain), side_px)
    except (InputError, ValueError):  # of a log or a file that says otherwise
        return None


@lru_cache(maxsize=256)
def _drawn(game: str, plain: bytes, side_px: int) -> np.ndarray:
    state = GAMES[game].codec.read(TypeAdapter(dict).validate_json(plain))
    return _NEW[game]().drawn(state, side_px)


def text_of(state: State | None) -> str:
    """What the agent saw of a state."""
    return str((state or {}).get(TEXT, ""))


def left_of(state: State | None) -> int | None:
    """How many actions the agent had left."""
    left = (state or {}).get(LEFT)
    return left if isinstance(left, int) else None


def states_of(rollout: Rollout) -> list[State | None]:
    """Before each turn, and after the last."""
    return [*(turn.state for turn in rollout.episode.turns), rollout.final]


def actions_of(state: State | None, game: str) -> tuple[str, ...]:
    """The actions of a game, or none where it is not known here: those of the bandit are its arms."""
    if game == "bandit":
        arms = ((state or {}).get("plain") or {}).get("arms", ())
        return tuple(map(str, arms))
    return tuple(_NEW[game]().actions) if game in _NEW else ()
