"""What an agent has to know of a world so that it can be taught, act and be reinforced there."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

import gymnasium
import numpy as np
from transformers import PreTrainedTokenizerFast

from models.agents.samples import Drawn, Prior
from models.agents.speech import MARKS, Heard, Past
from models.scene_vlm import Size
from models.scene_words import SPECIAL, word_tokenizer
from worlds.subsets import Numbering

Info = Mapping[str, Any]  # gymnasium's
World = Literal["home", "table"]
NEVER = "nothing that can be done"  # what stands for a reply without an action: no action of any world is called so


class Craft(ABC):
    """One world, as its agent has it.

    Attributes:
        name: of the world.
        size: of the network.
        max_reply: tokens; no thought of an expert is longer.
        batch: samples of an update.
        max_steps: of an episode that is measured.
        subsets, seen: of tasks; those that an agent is trained on.
        priors: what it learns from before it is rewarded.
    """

    name: ClassVar[World]
    size: ClassVar[Size]
    max_reply: ClassVar[int]
    max_steps: ClassVar[int]
    batch: ClassVar[int]
    subsets: ClassVar[tuple[str, ...]]
    seen: ClassVar[tuple[str, ...]]
    priors: ClassVar[Mapping[Prior, Drawn]]

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """Whole words in small letters, punctuation apart; ERA's marks are one token each."""
        return word_tokenizer(tuple(dict.fromkeys((*SPECIAL, *MARKS, *sorted(self.words())))), marks=MARKS)

    @property
    def numbering(self) -> Numbering:
        """Which seed is which episode."""
        return Numbering(self.subsets)

    @abstractmethod
    def words(self) -> set[str]:
        """Every word that the world, its instructions and its expert use."""

    @abstractmethod
    def picture(self, state: Any) -> np.ndarray:
        """What the agent sees of a state, (side, side, 3) uint8 RGB."""

    @abstractmethod
    def told(self, info: Info, past: Sequence[Past]) -> str:
        """The words of a prompt, from what the world says and what is kept of the turns before."""

    @abstractmethod
    def meant(self, action: str, info: Info) -> str | None:
        """The world's action that is meant by the words between the marks; None where there is none."""

    def named(self, action: str, info: Info) -> str:
        """An action as the next prompt tells it."""
        return self.meant(action, info) or NEVER

    def done(self, said: Heard, info: Info) -> str:
        """What the world is told of a reply; what means nothing there counts as invalid."""
        return self.named(said.action, info)

    @abstractmethod
    def world(self, *, forgives: bool = False) -> gymnasium.Env[Any, Any]:
        """An episode whose actions are texts.

        Args:
            forgives: whether it goes on however often an action fails, as in ERA's training.
        """
