"""The miniature table top, which stands for EB-Manipulation: an action is seven whole numbers, or a move in words that means some."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from backends.era.environments.contract import SEEN_PX, Environment, Info, Marks, Running, State
from backends.era.replies import pose_of, pose_text
from worlds.minitable.drawing import draw
from worlds.minitable.env import MAX_STEPS, MiniTable
from worlds.minitable.moves import meant, told
from worlds.minitable.perturbations import PERTURBATIONS, perturb
from worlds.minitable.state import read_state
from worlds.minitable.subsets import SUBSETS
from worlds.minitable.understanding import understood
from worlds.subsets import Numbering


class Table(Environment):
    """What the table top does."""

    world, place, max_steps = "minitable", "table top", MAX_STEPS
    mishaps = tuple(PERTURBATIONS)
    marks = ("boxes", "axes", "plain")
    ends_plans = False
    has_lost_steps = True
    subsets: ClassVar[Mapping[str, str]] = {"base": "base", "complex_instruction": "complex", "visual_appearance": "visual",
                                            "common_sense": "common_sense", "spatial": "spatial"}
    numbering = Numbering(SUBSETS)

    def _running(self) -> Running:
        return MiniTable(view_px=SEEN_PX)

    def step(self, running: Any, action: str | None, named: str, said: str) -> tuple[Info, str]:
        running.hear(said)
        _, _, terminated, truncated, after = running.step(pose_of(action or "") or [])
        return after, "success" if terminated else "steps" if truncated else ""

    def id_of(self, action: str | None, info: Info) -> str:
        return ""

    def by_hand(self, entry: str, info: Info) -> str:
        return pose_text(meant(entry, info["state"]))

    def told(self, state: State, action: str) -> str:
        pose = pose_of(action)
        return told(state, [int(number) for number in pose]) if pose else ""

    def understood(self, text: str, state: State) -> list[Any]:
        return list(understood(text, state))

    def read(self, state: object) -> State:
        return read_state(state)

    def draw(self, state: State, size_px: int, marks: Marks) -> np.ndarray:
        return draw(state, size_px, axes=marks != "plain", boxes=marks == "boxes")

    def perturbed(self, state: State, name: str) -> State:
        return perturb(state, name)[0]

