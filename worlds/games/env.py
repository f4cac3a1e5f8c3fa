"""What the three games have in common as environments of gymnasium.

An observation is the state as text. An action is its number, as RAGEN counts from 1, or its name in any case; what names no action
moves nothing, pays nothing and is told as invalid. An episode is terminated when the game is over and truncated when its actions
are used up before. `info["state"]` is the state itself, which is never changed.

Chance is drawn for an episode from its seed: members of a group, which share the seed, share the noise too or each have their own.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, SupportsInt, TypeVar

import gymnasium
import numpy as np
from gymnasium import spaces

from worlds.errors import InputError
from worlds.games import texts
from worlds.games.seeds import TRAINING
from worlds.games.states import Codec

S = TypeVar("S")
AGENT = "player"
RENDER_PX = 500
_DRAWN = 1_000_000  # seeds of training to draw from where none is given
_SHARED, _OWN = 1, 2  # streams of chance beside that of the start
_MAX_TEXT = 400


@dataclass(frozen=True)
class Outcome(Generic[S]):
    """What an action came to.

    Attributes:
        rewards: by name; together they are the reward.
        feedback: what is told; "" where the state says it all.
    """

    state: S
    rewards: Mapping[str, float]
    feedback: str = ""


class TextGame(gymnasium.Env[str, int], ABC, Generic[S]):
    """One game at a time.

    Args:
        max_actions: of an episode.
        shared_noise: whether equal actions meet equal chance in all members of a group, as in RAGEN's first code.
    """

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 2}  # noqa: RUF012 (gymnasium's own form)
    game: ClassVar[str]
    stream: ClassVar[int]  # keeps the chance of one game apart from that of another with the same seed
    codec: ClassVar[Codec[Any]]
    instruction: ClassVar[str]
    symbols: ClassVar[Mapping[str, str]] = {}
    charset: ClassVar[str]

    def __init__(self, *, max_actions: int, shared_noise: bool = False, render_mode: str | None = None) -> None:
        if max_actions < 1:
            raise ValueError(f"max_actions is {max_actions}; an episode has 1 or more")
        self.render_mode = render_mode
        self.max_actions, self.shared_noise = max_actions, shared_noise
        self.observation_space = spaces.Text(_MAX_TEXT, charset=self.charset)  # type: ignore[assignment]
        self._state: S | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: of the game, see `worlds.games.seeds`; None draws one of training.
            options: `member` of the group that shares the seed, from 0, which decides on its own noise; `state` to begin from
                instead of the seed's, as plain values.
        Raises:
            InputError: an option does not fit.
        """
        super().reset(seed=seed)
        options = options or {}
        if unknown := sorted(set(options) - {"member", "state"}):
            raise InputError(f"There is no option {unknown[0][:40]!r}. There are member and state.")
        self.seed = TRAINING + int(self.np_random.integers(_DRAWN)) if seed is None else seed
        member = options.get("member", 0)
        if not isinstance(member, int) or member < 0:
            raise InputError(f"There is no member {str(member)[:40]!r} of a group. Members are numbered from 0.")
        parts = (_SHARED,) if self.shared_noise else (_OWN, member)
        self._noise = np.random.default_rng([self.seed, self.stream, *parts])
        self._state = self.codec.read(options["state"]) if "state" in options else self._start(self.seed)
        self._used = 0
        return self.written(self.state), self._info(Outcome(self.state, {}), is_valid=True, is_effective=False)

    def step(self, action: SupportsInt | str) -> tuple[str, float, bool, bool, dict[str, Any]]:  # type: ignore[override]
        """Do one action, by number or name; gymnasium's five."""
        before, number = self.state, self.action_id(action)
        if number is None:
            names = ", ".join(self.actions)
            outcome = Outcome(before, {}, f"There is no action {str(action)[:40]!r}. There are {names}.")
        elif self.is_over(before):
            outcome = Outcome(before, {}, "The game is over.")
        else:
            outcome = self.act(before, number, self._noise)
            self._used += 1
        self._state = outcome.state
        terminated = self.is_over(outcome.state)
        truncated = not terminated and self._used >= self.max_actions
        info = self._info(outcome, is_valid=number is not None, is_effective=outcome.state != before)
        return self.written(outcome.state), float(sum(outcome.rewards.values())), terminated, truncated, info

    @property
    def state(self) -> S:
        """The state now."""
        if self._state is None:
            raise ValueError("no episode has begun; call reset() first")
        return self._state

    @property
    @abstractmethod
    def actions(self) -> tuple[str, ...]:
        """The names of the actions; the first has number 1."""

    def action_id(self, action: SupportsInt | str) -> int | None:
        """The number of an action, from 1; None where there is none of that number or name."""
        if isinstance(action, str):
            return _place(action, self.actions)
        return int(action) if 1 <= int(action) <= len(self.actions) else None

    def opening(self) -> str:
        """What an agent reads before its first turn."""
        return texts.opening(self.instruction, self.symbols, self.actions, max_actions=self.max_actions)

    def render(self) -> np.ndarray | str | None:  # type: ignore[override]
        """The picture for people, (500, 500, 3) uint8 RGB, or the text."""
        if self.render_mode == "ansi":
            return self.written(self.state)
        return self.drawn(self.state, RENDER_PX) if self.render_mode == "rgb_array" else None

    @abstractmethod
    def act(self, state: S, action: int, noise: np.random.Generator) -> Outcome[S]:
        """What an action, from 1, comes to in a game that is not over."""

    @abstractmethod
    def is_over(self, state: S) -> bool:
        """Whether nothing more can be done."""

    @abstractmethod
    def is_won(self, state: S) -> bool:
        """Whether a state counts as success."""

    @abstractmethod
    def written(self, state: S) -> str:
        """The state as RAGEN writes it."""

    @abstractmethod
    def drawn(self, state: S, side_px: int) -> np.ndarray:
        """The picture of a state, (side, side, 3) uint8 RGB."""

    @abstractmethod
    def expert(self, state: S, left: int) -> int:
        """The number of the action that is best where `left` actions are left.

        Raises:
            ValueError: the game is over.
        """

    @abstractmethod
    def random_success(self, state: S, left: int) -> float:
        """The share of episodes, 0 to 1, in which actions that are drawn evenly win from a state; exact."""

    @abstractmethod
    def optimal_success(self, state: S, left: int) -> float:
        """The largest share of episodes, 0 to 1, in which any policy wins from a state; exact."""

    @abstractmethod
    def _start(self, seed: int) -> S:
        """The state that a game of a seed begins with."""

    def _info(self, outcome: Outcome[S], *, is_valid: bool, is_effective: bool) -> dict[str, Any]:
        return {
            "agent": AGENT, "state": outcome.state, "actions": self.actions, "seed": self.seed,
            "action_is_valid": is_valid, "action_is_effective": is_effective, "success": self.is_won(outcome.state),
            "rewards": dict(outcome.rewards), "feedback": outcome.feedback,
            "used": self._used, "left": self.max_actions - self._used,
        }


def _place(name: str, names: Sequence[str]) -> int | None:
    wanted = name.strip().lower()
    return next((place for place, each in enumerate(names, start=1) if each.lower() == wanted), None)
