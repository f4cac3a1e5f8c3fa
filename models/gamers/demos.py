"""What a player begins with: a thought in a few words and an answer, by a script that plays badly on purpose.

Thoughts say what is seen; where they end, and how well, is for reinforcement to find. In the bandit any arm may be picked, whatever
was thought of it. On the lake and in Sokoban the script follows a shortest way and errs as often as it is told.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.gamers.words import (
    ADJECTIVES,
    ANSWER_END,
    ANSWER_START,
    ASSISTANT,
    END,
    PICKS,
    THINGS,
    THINK_END,
    THINK_START,
    USER,
    VERBS,
    WISHES,
)
from worlds.games.bandit.env import Bandit
from worlds.games.env import TextGame
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.frozen_lake.state import GOAL, HOLE, find
from worlds.games.frozen_lake.table import ACTIONS as LAKE_ACTIONS
from worlds.games.frozen_lake.table import after
from worlds.games.sokoban.env import Sokoban
from worlds.games.sokoban.moves import moved
from worlds.games.sokoban.solver import solve
from worlds.games.sokoban.state import is_solved, targets
from worlds.games.texts import SEPARATOR

MOST_ACTIONS = 3  # of one answer that is shown
SILENT = 0.2  # of the demonstrations answer without a thought
_SIDES = ((0, -1), (1, 0), (0, 1), (-1, 0))  # as the lake counts its actions


@dataclass(frozen=True)
class Demo:
    """One episode as it is to be said: what is shown and what is replied, turn by turn."""

    turns: tuple[tuple[str, str], ...]


def shown(game: TextGame[Any], left: int, *, thinks: bool = True) -> str:
    """What a player is shown of the state that a game is in, up to where it goes on: with a thought, or else with the answer.

    Args:
        left: actions of the episode that are left.
    """
    state = game.state
    if isinstance(game, Bandit):
        words = f"bandit arms {' '.join(state.arms)}"
    else:
        rows = " / ".join(" ".join(row) for row in game.written(state).splitlines())
        words = f"{'lake' if isinstance(game, FrozenLake) else 'sokoban'} {rows} left : {left}"
    return f"{USER} {words.lower()} {END} {ASSISTANT} {THINK_START if thinks else ANSWER_START}"


def replied(thought: str, actions: Sequence[str], *, thinks: bool = True) -> str:
    """What stands behind `shown`, to the end of the turn."""
    answer = f"{f' {SEPARATOR} '.join(actions).lower()} {ANSWER_END} {END}"
    return f"{thought} {THINK_END} {ANSWER_START} {answer}" if thinks else answer


def demos(game: TextGame[Any], seeds: Sequence[int], generator: np.random.Generator, *, turns: int, errs: float) -> Iterator[Demo]:
    """One episode for each seed.

    Args:
        turns: at most.
        errs: share of actions, 0 to 1, that are drawn evenly instead.
    """
    thinks_of = THOUGHTS[game.game]
    for seed in seeds:
        _, info = game.reset(seed=seed)
        thinks, is_over = generator.random() >= SILENT, False
        said: list[tuple[str, str]] = []
        while len(said) < turns and not is_over:
            thought, actions = thinks_of(generator, game, errs)
            said.append((shown(game, info["left"], thinks=thinks), replied(thought, actions, thinks=thinks)))
            for action in actions:
                _, _, terminated, truncated, info = game.step(action)
                is_over = terminated or truncated
                if is_over:
                    break
        yield Demo(tuple(said))


def _of_arms(generator: np.random.Generator, game: TextGame[Any], errs: float) -> tuple[str, list[str]]:
    """Reasons for and against, and an arm that follows from none of them."""
    arms = [arm.lower() for arm in game.state.arms]
    parts = []
    for arm in (arms if generator.random() < 0.5 else arms[::-1]):
        if generator.random() < 0.7:
            kinds = [_one_of(generator, ADJECTIVES[arm]) for _ in range(int(generator.integers(1, 3)))]
            parts.append(f"{arm} {_one_of(generator, VERBS)} {' and '.join(dict.fromkeys(kinds))}")
    if generator.random() < 0.6:
        more = "more" if generator.random() < 0.5 else "less"
        parts.append(f"i {_one_of(generator, WISHES)} {more} {_one_of(generator, THINGS)}")
    picked = _one_of(generator, arms)
    verb = "go with" if generator.random() < 0.25 else _one_of(generator, PICKS)
    return " , ".join([*parts, f"so i {verb} {picked}"]), [picked]


def _of_ice(generator: np.random.Generator, game: TextGame[Any], errs: float) -> tuple[str, list[str]]:
    """Where one stands, where the goal is, a hole beside one, and some steps."""
    state = game.state
    row, column = state.at
    parts = [f"i am at row {row + 1} column {column + 1}", _place("goal", find(state.rows, GOAL))]
    beside = [LAKE_ACTIONS[side] for side, (down, right) in enumerate(_SIDES)
              if 0 <= row + down < len(state.rows) and 0 <= column + right < len(state.rows)
              and state.rows[row + down][column + right] == HOLE]
    if beside and generator.random() < 0.7:
        parts.append(f"hole {beside[0].lower()}")
    side, cell, actions = len(state.rows), row * len(state.rows) + column, []
    for _ in range(int(generator.integers(1, MOST_ACTIONS + 1))):
        here = type(state)(state.rows, (cell // side, cell % side))
        if game.is_over(here):
            break
        action = int(generator.integers(4)) if generator.random() < errs else game.expert(here, 2 * side) - 1
        actions.append(LAKE_ACTIONS[action])
        cell = after(state.rows, cell, action, success_rate=1.0, drawn=0.0)
    return _so(parts, actions), actions


def _of_boxes(generator: np.random.Generator, game: TextGame[Any], errs: float) -> tuple[str, list[str]]:
    """Where one stands, a box and a target, and some steps."""
    state = game.state
    goals = targets(state.rows)
    box = next((box for box in state.boxes if box not in goals), state.boxes[0])
    goal = min(goals - set(state.boxes) or goals)
    parts = [_place("i am", state.player), _place("box", box), _place("target", goal)]
    actions = []
    for _ in range(int(generator.integers(1, MOST_ACTIONS + 1))):
        way = solve(state)
        if is_solved(state):
            break
        action = way[0] if way and generator.random() >= errs else int(generator.integers(4))
        actions.append(game.actions[action])
        state = moved(state, action)
    return _so(parts, actions), actions


THOUGHTS: Mapping[str, Callable[[np.random.Generator, TextGame[Any], float], tuple[str, list[str]]]] = {
    Bandit.game: _of_arms, FrozenLake.game: _of_ice, Sokoban.game: _of_boxes}
"""By the name of the game: a thought, and actions."""


def _place(what: str, cell: Sequence[int]) -> str:
    return f"{what} {'at' if what == 'i am' else 'is at'} row {cell[0] + 1} column {cell[1] + 1}"


def _so(parts: Sequence[str], actions: Sequence[str]) -> str:
    return " , ".join([*parts, f"so go {' then '.join(actions)}"]).lower()


def _one_of(generator: np.random.Generator, values: Sequence[str]) -> str:
    return values[int(generator.integers(len(values)))]
