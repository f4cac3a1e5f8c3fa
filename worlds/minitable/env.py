"""The table as an environment of gymnasium.

An observation is the picture and the instruction. An action is EmbodiedBench's seven whole numbers; one that cannot be done moves
nothing, costs a step and is told so. An episode ends with the task done, or after 15 steps. `info["state"]` is a copy of the whole
state, from which the picture can be drawn at any size, without MuJoCo.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from string import printable
from typing import Any, TypedDict

import gymnasium
import numpy as np
from gymnasium import spaces

from worlds.errors import InputError
from worlds.minitable.actions import LIMITS, Outcome, act
from worlds.minitable.drawing import draw
from worlds.minitable.goals import found_now, is_done, progress, rewards, visual_accuracy
from worlds.minitable.perturbations import perturb
from worlds.minitable.scene import Task, draw_table
from worlds.minitable.state import Part, State, copied, goal_fits
from worlds.minitable.subsets import TRAINING, subset_index, subset_of
from worlds.minitable.understanding import named_kinds, objects, true_objects

MAX_STEPS = 15
VIEW_PX, RENDER_PX = 96, 500  # a model's picture; a person's
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
    found: list[str] = field(default_factory=list)  # targets that the gripper came near


class MiniTable(gymnasium.Env[Observation, np.ndarray]):
    """One table and one task at a time.

    Args:
        view_px: side of the picture in an observation.
        axes: whether the axis cross is drawn into it, as EmbodiedBench does.
        dense: whether subgoals and failures are rewarded too, or success alone.
        strict: whether the fingers take hold of a body only along its sides.
        max_steps: steps after which an episode is cut; ERA's training has 20.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012 (gymnasium's own form)

    def __init__(self, *, view_px: int = VIEW_PX, axes: bool = True, dense: bool = True, strict: bool = False,
                 max_steps: int = MAX_STEPS, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self._view_px, self._axes, self._dense = view_px, axes, dense
        self._strict, self._max_steps = strict, max_steps
        image = spaces.Box(0, 255, (view_px, view_px, 3), np.uint8)
        self.observation_space = spaces.Dict({"image": image, "instruction": spaces.Text(MAX_INSTRUCTION, charset=printable)})  # type: ignore[assignment]
        # the prompt's ranges: a position of 100 is sayable and lies outside
        self.action_space = spaces.MultiDiscrete([limit + 1 for limit in LIMITS])  # type: ignore[assignment]
        self._state: State | None = None
        self._described = ""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: of the table, see `worlds.minitable.subsets`; None draws one of training.
            options: `subset`, else that of the seed; `kind` of task; or a `goal` (parts) with its `instruction` for this table.
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
        state, self._task = draw_table(seed, subset or subset_of(seed), kind=options.get("kind"))
        if "goal" in options:
            state = self._own(state, options["goal"], str(options.get("instruction", "")))
        self._state, self._count, self._described = state, Count(), ""
        return self._observation(), self._info(None, {})

    def step(self, action: Sequence[int] | np.ndarray) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Do one action of seven whole numbers; gymnasium's five."""
        accuracy = self._accuracy()
        outcome = act(self.state, [int(number) for number in action], strict=self._strict)
        self._count.steps += 1
        self._count.invalid += not outcome.ok
        self._state = outcome.state
        found = found_now(outcome.state, self._count.found)
        if found is not None:
            self._count.found.append(found)
        terminated = is_done(outcome.state)
        terms = rewards(ok=outcome.ok, done=terminated, found=found is not None, accuracy=accuracy, dense=self._dense)
        truncated = not terminated and self._count.steps >= self._max_steps
        return self._observation(), sum(terms.values()), terminated, truncated, self._info(outcome, terms)

    def hear(self, description: str) -> None:
        """Take what the agent says it sees now; the next action is paid for how true the order of kinds in it is (ERA 2.4)."""
        self._described = description

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

    def _accuracy(self) -> float | None:
        """How true what was said before this action is; None where nothing was, or no kind of thing is named in it."""
        kinds, self._described = named_kinds(self._described), ""
        return visual_accuracy(kinds, self.state) if kinds else None

    def _own(self, state: State, goal: list[Part], instruction: str) -> State:
        state = {**state, "goal": goal}
        if not 0 < len(instruction) <= MAX_INSTRUCTION:
            raise InputError(f"The instruction has {len(instruction)} characters; it may have 1 to {MAX_INSTRUCTION}.")
        if not goal_fits(state):
            raise InputError("This goal does not fit this table. Each part needs bodies and targets that are there.")
        self._task = Task(self._task.seed, self._task.subset, "own", instruction)
        return state

    def _observation(self) -> Observation:
        return {"image": draw(self.state, self._view_px, axes=self._axes), "instruction": self._task.instruction}

    def _info(self, outcome: Outcome | None, terms: dict[str, float]) -> dict[str, Any]:
        state = self.state
        return {
            "agent": AGENT, "state": copied(state), "objects": objects(state), "true_objects": true_objects(state),
            "task": self._task, "instruction": self._task.instruction,
            "ok": outcome.ok if outcome else None, "feedback": outcome.feedback if outcome else "", "rewards": terms,
            "task_progress": progress(state), "task_success": is_done(state),
            "steps": self._count.steps, "invalid": self._count.invalid, "found": list(self._count.found),
        }
