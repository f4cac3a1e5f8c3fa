"""How an agent acts in the home: an action is the name of a skill."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from models.agents.craft import Craft, Info
from models.agents.home.lessons import PRIORS
from models.agents.home.words import words
from models.agents.samples import Drawn, Prior
from models.agents.speech import Past, told
from models.scene_vlm import Size
from worlds.minihome.drawing import draw
from worlds.minihome.env import MAX_INVALID, MAX_STEPS, MiniHome
from worlds.minihome.subsets import SEEN, SUBSETS


class HomeCraft(Craft):
    """What the home's agent knows of it."""

    name = "home"
    size = Size(input_px=64, patch_px=16, vision=96, text=128, vision_layers=2, text_layers=3)
    max_reply, max_steps, batch = 96, MAX_STEPS, 64  # the longest thought of an expert has 79 tokens
    subsets, seen = SUBSETS, SEEN
    priors: ClassVar[Mapping[Prior, Drawn]] = PRIORS

    def words(self) -> set[str]:
        return set(words())

    def picture(self, state: Any) -> np.ndarray:
        return draw(state, self.size.input_px)

    def told(self, info: Info, past: Sequence[Past]) -> str:
        return told(str(info["instruction"]), past)

    def meant(self, action: str, info: Info) -> str | None:
        return skill_of(action, info["skills"])

    def world(self, *, forgives: bool = False) -> MiniHome:
        return MiniHome(max_invalid=None if forgives else MAX_INVALID)


def spelled(name: str) -> str:
    """A skill as the vocabulary spells it: 'find a Mug_2' is 'find a mug _ 2'."""
    return " ".join(re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]", name.lower()))


def skill_of(action: str, skills: Sequence[str]) -> str | None:
    """The skill of a scene that an action names, or None."""
    known = {spelled(name): name for name in skills}
    return known.get(spelled(action))
