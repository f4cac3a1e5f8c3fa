"""The miniature home, which stands for EB-ALFRED: an action is the name of a skill."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from backends.era.environments.contract import SEEN_PX, Environment, Info, Marks, Running, State
from worlds.errors import InputError
from worlds.minihome.drawing import draw
from worlds.minihome.env import MAX_INVALID, MAX_STEPS, MiniHome
from worlds.minihome.perturbations import PERTURBATIONS, perturb
from worlds.minihome.state import read_state
from worlds.minihome.subsets import SUBSETS
from worlds.minihome.understanding import understood
from worlds.subsets import Numbering


class Home(Environment):
    """What the home does."""

    world, place, max_steps = "minihome", "home", MAX_STEPS
    mishaps = tuple(PERTURBATIONS)
    subsets: ClassVar[Mapping[str, str]] = dict(zip(SUBSETS, SUBSETS))
    numbering = Numbering(SUBSETS)

    def _running(self) -> Running:
        return MiniHome(view_px=SEEN_PX)

    def step(self, running: Any, action: str | None, named: str, said: str) -> tuple[Info, str]:
        _, _, terminated, truncated, after = running.step(action if action is not None else f"unknown: {named}"[:60])
        cut = "too many invalid actions" if after["invalid"] >= MAX_INVALID else "steps"
        return after, "success" if terminated else cut if truncated else ""

    def id_of(self, action: str | None, info: Info) -> str:
        skills = info["skills"]
        return str(skills.index(action)) if action in skills else ""

    def by_hand(self, entry: str, info: Info) -> str:
        known = {name.lower(): name for name in info["skills"]}
        skill = known.get(" ".join(entry.lower().split()))
        if skill is None:
            *_, last = ("", *entry.lower().split())
            near = [name for key, name in known.items() if last and last in key][:4] or list(info["skills"][:4])
            raise InputError(f"There is no action {entry[:60]!r} in this home. Near it: {'; '.join(near)}.")
        return skill

    def understood(self, text: str, state: State) -> list[Any]:
        return list(understood(text, state))

    def read(self, state: object) -> State:
        return read_state(state)

    def draw(self, state: State, size_px: int, marks: Marks) -> np.ndarray:
        return draw(state, size_px)

    def perturbed(self, state: State, name: str) -> State:
        return perturb(state, name)[0]
