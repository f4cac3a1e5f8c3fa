"""The frozen lake as an environment of gymnasium. It pays 1 at the goal and nothing else."""

from typing import ClassVar

import numpy as np
from gymnasium import spaces

from worlds.games.env import Outcome, TextGame
from worlds.games.frozen_lake.chances import best_action, optimal_success, random_success
from worlds.games.frozen_lake.drawing import draw
from worlds.games.frozen_lake.maps import FROZEN_SHARE, SIDE, draw_lake
from worlds.games.frozen_lake.state import CODEC, GOAL, HOLE, SYMBOLS, State, under, written
from worlds.games.frozen_lake.table import ACTIONS, SLIPPERY, after

MAX_ACTIONS = 10


class FrozenLake(TextGame[State]):
    """One lake at a time.

    Args:
        side: cells on a side, 4 or 8 as a rule.
        frozen: chance of a cell to be ice.
        success_rate: chance that a step goes where it is meant; 1 is not slippery.
    """

    game = "frozen_lake"
    stream = 2
    codec = CODEC
    symbols = SYMBOLS
    charset = "".join(SYMBOLS) + "\n"
    instruction: ClassVar[str] = (
        "You stand on a frozen lake and want to get to the goal. Ice bears you, a hole ends the game. The ice may be slippery: a "
        "step can take you to the left or to the right of where you meant to go.")

    def __init__(self, *, side: int = SIDE, frozen: float = FROZEN_SHARE, success_rate: float = SLIPPERY,
                 max_actions: int = MAX_ACTIONS, shared_noise: bool = False, render_mode: str | None = None) -> None:
        super().__init__(max_actions=max_actions, shared_noise=shared_noise, render_mode=render_mode)
        self.action_space = spaces.Discrete(len(ACTIONS), start=1)  # type: ignore[assignment]
        self.side, self.frozen, self.success_rate = side, frozen, success_rate

    @property
    def actions(self) -> tuple[str, ...]:
        return ACTIONS

    def act(self, state: State, action: int, noise: np.random.Generator) -> Outcome[State]:
        side = len(state.rows)
        cell = after(state.rows, state.at[0] * side + state.at[1], action - 1, success_rate=self.success_rate, drawn=noise.random())
        moved = State(state.rows, (cell // side, cell % side))
        return Outcome(moved, {"goal": float(under(moved) == GOAL)})

    def is_over(self, state: State) -> bool:
        return under(state) in (HOLE, GOAL)

    def is_won(self, state: State) -> bool:
        return under(state) == GOAL

    def written(self, state: State) -> str:
        return written(state)

    def drawn(self, state: State, side_px: int) -> np.ndarray:
        return draw(state, side_px)

    def expert(self, state: State, left: int) -> int:
        return best_action(state, left, success_rate=self.success_rate) + 1

    def random_success(self, state: State, left: int) -> float:
        return random_success(state, left, success_rate=self.success_rate)

    def optimal_success(self, state: State, left: int) -> float:
        return optimal_success(state, left, success_rate=self.success_rate)

    def _start(self, seed: int) -> State:
        return draw_lake([seed, self.stream], side=self.side, frozen=self.frozen)
