"""The home as an environment of gymnasium.

An observation is the picture and the instruction. An action is the id of a skill, or its name; what names no skill of the scene
counts as invalid and moves nothing, as in EmbodiedBench. An episode ends with the task done, after 30 steps, or after 10 invalid
actions. `info["state"]` is a copy of the whole state, from which the picture can be drawn at any size.
"""

from dataclasses import dataclass, field
from string import printable
from typing import Any, SupportsInt, TypedDict

import gymnasium
import numpy as np
from gymnasium import spaces

from worlds.errors import InputError
from worlds.minihome.actions import INVALID, Outcome, act
from worlds.minihome.drawing import draw
from worlds.minihome.goals import is_done, progress, rewards
from worlds.minihome.perturbations import perturb
from worlds.minihome.scene import Task, draw_home
from worlds.minihome.skills import MAX_SKILLS, skills
from worlds.minihome.state import Part, State, copied, goal_fits
from worlds.minihome.subsets import TRAINING, subset_index, subset_of

MAX_STEPS, MAX_INVALID = 30, 10
VIEW_PX, RENDER_PX = 64, 500  # a model's picture; a person's
MAX_INSTRUCTION = 300  # characters
AGENT = "robot"


class Observation(TypedDict):
    """(view, view, 3) uint8 RGB and what was asked."""

    image: np.ndarray
    instruction: str


@dataclass
class Count:
    """What an episode has come to."""

    steps: int = 0
    invalid: int = 0
    best: float = field(default=0.0)  # the most progress so far


class MiniHome(gymnasium.Env[Observation, int]):
    """One home and one task at a time.

    Args:
        view_px: side of the picture in an observation.
        dense: whether subgoals and failures are rewarded too, or success alone.
        max_steps: steps after which an episode is cut.
        max_invalid: invalid actions after which it is cut; None never cuts, as in ERA's training.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012 (gymnasium's own form)

    def __init__(self, *, view_px: int = VIEW_PX, dense: bool = True, max_steps: int = MAX_STEPS,
                 max_invalid: int | None = MAX_INVALID, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self._view_px, self._dense = view_px, dense
        self._max_steps, self._max_invalid = max_steps, max_invalid
        image = spaces.Box(0, 255, (view_px, view_px, 3), np.uint8)
        self.observation_space = spaces.Dict({"image": image, "instruction": spaces.Text(MAX_INSTRUCTION, charset=printable)})  # type: ignore[assignment]
        self.action_space = spaces.Discrete(MAX_SKILLS)  # type: ignore[assignment]
        self._state: State | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: of the home, see `worlds.minihome.subsets`; None draws one of training.
            options: `subset`, else that of the seed; `kind` of task; or a `goal` (parts) with its `instruction` for this home.
        Raises:
            InputError: an option does not fit.
        """
        super().reset(seed=seed)
        options = options or {}
        if unknown := sorted(set(options) - {"subset", "kind", "goal", "instruction"}):
            raise InputError(f"There is no option {unknown[0]!r}. There are subset, kind, goal and instruction.")
        subset = options.get("subset")
        if seed is None:
            drawn = int(self.np_random.integers(TRAINING))
            seed = TRAINING * (1 + subset_index(subset or "base")) + drawn
        state, self._task = draw_home(seed, subset or subset_of(seed), kind=options.get("kind"))
        if "goal" in options:
            state = self._own(state, options["goal"], str(options.get("instruction", "")))
        self._state = state
        self._count = Count(best=progress(state))
        return self._observation(), self._info(None, {})

    def step(self, action: SupportsInt | str) -> tuple[Observation, float, bool, bool, dict[str, Any]]:  # type: ignore[override]
        """Do one action, by id or name; gymnasium's five."""
        before, name = self.state, self._name(action)
        if name is None:
            outcome = Outcome(before, False, f"{INVALID} There is no skill {str(action)[:40]!r} in this scene.")
        else:
            outcome = act(before, name)
            self._count.steps += 1
        self._count.invalid += not outcome.ok
        self._state = outcome.state
        reached = progress(outcome.state)
        terms = rewards(ok=outcome.ok, progress=reached, best_before=self._count.best, dense=self._dense)
        self._count.best = max(self._count.best, reached)
        terminated = is_done(outcome.state)
        truncated = not terminated and (self._count.steps >= self._max_steps or (
            self._max_invalid is not None and self._count.invalid >= self._max_invalid))
        return self._observation(), sum(terms.values()), terminated, truncated, self._info(outcome, terms)

    def perturb(self, name: str) -> str:
        """Let something go wrong by itself, which is no step, and say what happened."""
        self._state, happened = perturb(self.state, name)
        return happened

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """The picture for people, (500, 500, 3) uint8 RGB."""
        return draw(self.state, RENDER_PX) if self.render_mode == "rgb_array" else None

    @property
    def state(self) -> State:
        """The state now."""
        if self._state is None:
            raise ValueError("no episode has begun; call reset() first")
        return self._state

    @property
    def task(self) -> Task:
        """What is asked."""
        return self._task

    def _own(self, state: State, goal: list[Part], instruction: str) -> State:
        state = {**state, "goal": goal}
        if not 0 < len(instruction) <= MAX_INSTRUCTION:
            raise InputError(f"The instruction has {len(instruction)} characters; it may have 1 to {MAX_INSTRUCTION}.")
        if not goal_fits(state):
            raise InputError("This goal does not fit this home. Each part needs things and places that are there.")
        self._task = Task(self._task.seed, self._task.subset, "own", instruction)
        return state

    def _name(self, action: SupportsInt | str) -> str | None:
        known = skills(self.state)
        if isinstance(action, str):
            return action if action in known else None
        return known[int(action)] if 0 <= int(action) < len(known) else None

    def _observation(self) -> Observation:
        return {"image": draw(self.state, self._view_px), "instruction": self._task.instruction}

    def _info(self, outcome: Outcome | None, terms: dict[str, float]) -> dict[str, Any]:
        state = self.state
        return {
            "agent": AGENT, "state": copied(state), "skills": skills(state),
            "task": self._task, "instruction": self._task.instruction,
            "ok": outcome.ok if outcome else None, "feedback": outcome.feedback if outcome else "", "rewards": terms,
            "task_progress": progress(state), "task_success": is_done(state),
            "steps": self._count.steps, "invalid": self._count.invalid,
        }
