"""The bandit as an environment of gymnasium: one pull, named by its arm or its place in the list.

Success is the high arm, whether it paid or not.
"""

from string import ascii_letters
from typing import ClassVar

import numpy as np
from gymnasium import spaces

from worlds.games.bandit.drawing import draw
from worlds.games.bandit.names import PHOENIX_DRAGON, Pair
from worlds.games.bandit.payouts import Payouts
from worlds.games.bandit.state import CODEC, State, written
from worlds.games.env import Outcome, TextGame

MAX_ACTIONS = 1
_SWAPPED = 0.5  # how often the high arm is listed first


class Bandit(TextGame[State]):
    """Two arms and one pull.

    Args:
        pair: the names of the arms.
        payouts: what they pay.
    """

    game = "bandit"
    stream = 1
    codec = CODEC
    charset = ascii_letters + "0123456789 .,:;-\n"
    instruction: ClassVar[str] = (
        "You stand before a machine with two arms and may pull one of them. They pay differently, and what they pay is up to chance. "
        "Guess from their names which arm pays more on average.")

    def __init__(self, *, pair: Pair = PHOENIX_DRAGON, payouts: Payouts | None = None, max_actions: int = MAX_ACTIONS,
                 shared_noise: bool = False, render_mode: str | None = None) -> None:
        super().__init__(max_actions=max_actions, shared_noise=shared_noise, render_mode=render_mode)
        self.action_space = spaces.Discrete(2, start=1)  # type: ignore[assignment]
        self.pair, self.payouts = pair, payouts or Payouts()

    @property
    def actions(self) -> tuple[str, ...]:
        return self.state.arms

    def act(self, state: State, action: int, noise: np.random.Generator) -> Outcome[State]:
        arm = state.arms[action - 1]
        paid = self.payouts.paid(is_high=arm == state.high, drawn=noise.random())
        after = State(state.arms, state.high, arm, paid)
        return Outcome(after, {"payout": paid}, written(after))

    def is_over(self, state: State) -> bool:
        return state.pulled is not None

    def is_won(self, state: State) -> bool:
        return state.pulled == state.high

    def written(self, state: State) -> str:
        return written(state)

    def drawn(self, state: State, side_px: int) -> np.ndarray:
        return draw(state, side_px)

    def expert(self, state: State, left: int) -> int:
        """The number of the arm that pays more on average, which need not be the high one."""
        if self.is_over(state):
            raise ValueError("there is no best action where the game is over")
        high = state.arms.index(state.high) + 1
        return high if self.payouts.high_mean >= self.payouts.low else 3 - high

    def random_success(self, state: State, left: int) -> float:
        return float(self.is_won(state)) if self.is_over(state) or left < 1 else 1 / len(state.arms)

    def optimal_success(self, state: State, left: int) -> float:
        return float(self.is_won(state) if self.is_over(state) else left >= 1)

    def _start(self, seed: int) -> State:
        low, high = self.pair.low, self.pair.high
        is_swapped = np.random.default_rng([seed, self.stream]).random() < _SWAPPED
        return State((high, low) if is_swapped else (low, high), high)
