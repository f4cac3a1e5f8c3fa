"""What a world has to be able to do so that an episode can be played in it, step by step, and drawn again.

An `Environment` keeps nothing: an episode is the gymnasium environment that `opened` gives, and every picture is of a state. Actions
are texts: the name of a skill, or seven numbers as EmbodiedBench writes them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import numpy as np

from worlds.subsets import Numbering

Info: TypeAlias = dict[str, Any]  # gymnasium's
State: TypeAlias = Any  # of a world, which alone knows its type
Marks = Literal["plain", "axes", "boxes"]  # what is drawn over a picture
SEEN_PX = 32  # of observations, which nobody looks at here: pictures are drawn from states when they are wanted


class Running(Protocol):
    """An episode on its way: gymnasium's environment with what can go wrong in it."""

    @property
    def state(self) -> State: ...

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Info]: ...

    def perturb(self, name: str) -> str: ...


class Environment(ABC):
    """One world as it is played.

    Attributes:
        world: its name in an episode.
        place: what it is called in a sentence.
        max_steps: actions after which an episode ends by itself.
        mishaps: what can go wrong by itself, by name.
        marks: how its pictures can be drawn, the usual way first.
        ends_plans: whether a failed action ends a plan, as in EB-ALFRED, or only the task done, as in EB-Manipulation.
        has_lost_steps: whether a reply that cannot be read takes a step, as in EB-Manipulation.
    """

    world: ClassVar[str]
    place: ClassVar[str]
    max_steps: ClassVar[int]
    mishaps: ClassVar[Sequence[str]]
    marks: ClassVar[tuple[Marks, ...]] = ("plain",)
    ends_plans: ClassVar[bool] = True
    has_lost_steps: ClassVar[bool] = False
    subsets: ClassVar[Mapping[str, str]]  # a wording of the settings -> what this world calls it
    numbering: ClassVar[Numbering]

    def opened(self, wording: str, number: int, instruction: str = "") -> tuple[Running, Info]:
        """Begin an episode.

        Args:
            wording: of the task, as the settings call it; `number` is which of the fifty fixed scenes.
            instruction: a task in somebody's own words; "" leaves the scene's own.
        Raises:
            InputError: the words are not understood.
        """
        subset = self.subsets[wording]
        seed, running = self.numbering.evaluation_seed(subset, number), self._running()
        own = " ".join(instruction.split())
        _, info = running.reset(seed=seed, options={"subset": subset})
        if own:
            goal = self.understood(instruction, info["state"])
            _, info = running.reset(seed=seed, options={"subset": subset, "goal": goal, "instruction": own})
        return running, info

    @abstractmethod
    def _running(self) -> Running:
        """A new episode that has not begun."""

    @abstractmethod
    def step(self, running: Any, action: str | None, named: str, said: str) -> tuple[Info, str]:
        """Do one action.

        Args:
            action: None where what was `named` means nothing here.
            said: what the agent says it sees.
        Returns:
            gymnasium's info, and why the episode is over; "" where it goes on.
        """

    @abstractmethod
    def id_of(self, action: str | None, info: Info) -> str:
        """The number of an action, as text; "" where it has none."""

    @abstractmethod
    def by_hand(self, entry: str, info: Info) -> str:
        """The action that a person means.

        Raises:
            InputError: there is none; with some that there are.
        """

    def told(self, state: State, action: str) -> str:
        """What an action does from a state, in words; "" where its name says it."""
        return ""

    @abstractmethod
    def understood(self, text: str, state: State) -> list[Any]:
        """The goal that somebody's own words ask for.

        Raises:
            InputError: they are not understood; with words that would be.
        """

    @abstractmethod
    def read(self, state: object) -> State:
        """A state that comes from outside, checked.

        Raises:
            InputError: it is none of this world.
        """

    @abstractmethod
    def draw(self, state: State, size_px: int, marks: Marks) -> np.ndarray:
        """The picture of a state, (size_px, size_px, 3) uint8 RGB; `marks` is one of `self.marks`."""

    @abstractmethod
    def perturbed(self, state: State, name: str) -> State:
        """The state after something went wrong by itself.

        Raises:
            InputError: it cannot happen here; the sentence says why.
        """
