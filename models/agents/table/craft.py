"""How an agent acts at the table: an action is seven whole numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import cv2
import numpy as np

from models.agents.craft import Craft, Info
from models.agents.samples import Drawn, Prior
from models.agents.speech import Heard, Past
from models.agents.table.lessons import MOST_TURNS, PRIORS
from models.agents.table.speech import told_at
from models.agents.table.words import words
from models.marks import VISUAL
from models.scene_vlm import Size
from worlds.minitable.actions import LIMITS
from worlds.minitable.drawing import draw
from worlds.minitable.env import MAX_STEPS, MiniTable, Observation
from worlds.minitable.subsets import SEEN, SUBSETS

_WHOLE_PX = 256  # side of the picture of which the agent sees a part
_TOP, _BOTTOM, _LEFT, _RIGHT = 100, 220, 5, 251  # of it: where things lie
SEEN_PX = 32  # of observations, which nobody looks at: the agent's picture is drawn from the state


class TableCraft(Craft):
    """What the table's agent knows of it."""

    name = "table"
    size = Size(input_px=128, patch_px=16, vision=96, text=128, vision_layers=2, text_layers=3)
    max_reply, max_steps, batch = 144, MAX_STEPS, 32  # the longest thought of an expert has 130 tokens
    subsets, seen = SUBSETS, SEEN
    priors: ClassVar[Mapping[Prior, Drawn]] = PRIORS

    def words(self) -> set[str]:
        return set(words())

    def picture(self, state: Any) -> np.ndarray:
        """The part of the camera's picture where things lie, stretched to a square, so that their shapes can be told apart."""
        whole = draw(state, _WHOLE_PX)[_TOP:_BOTTOM, _LEFT:_RIGHT]
        return cv2.resize(whole, (self.size.input_px, self.size.input_px), interpolation=cv2.INTER_AREA)

    def told(self, info: Info, past: Sequence[Past]) -> str:
        kept = [replace(one, action=" ".join(_numbers(one.action)) or one.action) for one in past]
        return told_at(str(info["instruction"]), kept, info["objects"])

    def meant(self, action: str, info: Info) -> str | None:
        found = _numbers(action)
        return f"[{', '.join(found)}]" if len(found) == len(LIMITS) and max(map(len, found)) < 4 else None

    def done(self, said: Heard, info: Info) -> str:
        return f"{said.thought.get(VISUAL, '')}\n{super().done(said, info)}"

    def world(self, *, forgives: bool = False) -> "Spoken":
        return Spoken(view_px=SEEN_PX, max_steps=MOST_TURNS if forgives else MAX_STEPS)


class Spoken(MiniTable):
    """The table with actions that are texts: what is seen, then seven numbers in the last line."""

    def step(self, action: str) -> tuple[Observation, float, bool, bool, dict[str, Any]]:  # type: ignore[override]
        """Hear what is seen, and do one action; gymnasium's five."""
        said, _, pose = action.rpartition("\n")
        self.hear(said)
        return super().step([int(number) for number in _numbers(pose)])


def _numbers(text: str) -> list[str]:
    """The whole numbers in a text."""
    return re.findall(r"\d+", text)
