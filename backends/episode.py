"""An episode: one record of turns, whoever acted, whether it was played just now, recorded, or read from somebody's logs.

A turn is one call of an agent, or of a person in its place; the actions that came of it are steps of the world, several where a
plan was carried out. What is not known is None, and a text that is not known is empty: logs leave out much. Worlds draw a state
whenever they are asked; only what no world can draw, as in logs, names a frame in what was brought, which is read when it is seen.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, JsonValue

from backends.shapes import Count, Finite, Frozen, Rate, Seconds, Shaped, at_most, floats, truths, wholes

MAX_TURNS, MAX_ACTIONS, MAX_NOTES = 1_000, 200, 40
MAX_REWARDS, MAX_SECTIONS, MAX_REPORTED = 20, 20, 60  # names of one turn, and of what a log says of a whole episode

By = Literal["model", "person", "perturbation", "expert"]
Parse = Literal["ok", "repaired", "failed", "empty", "unknown"]
Cut = Literal["", "failure", "success", "budget", "unknown action", "unknown"]  # what ended a plan before its end
Source = Literal["live", "recorded", "uploaded"]
State = dict[str, JsonValue]  # of a world, which alone knows what it means
MAX_STATE = 200  # names in it
Rewards = Annotated[dict[str, Finite], Field(max_length=MAX_REWARDS)]  # by the name of the term


class Planned(Frozen):
    """An action as an agent named it; either may be missing. An id is a text: logs have both, and ids are not stable."""

    id: str = ""
    name: str = ""


class Action(Frozen):
    """One step of a world, and what became of it."""

    id: str = ""
    name: str = ""
    ok: bool | None = None
    feedback: str = ""
    step: Count | None = None  # of the world, from 1; None where the world did not move
    progress: Rate | None = None  # of the task after it
    success: bool | None = None  # whether the task was done after it
    rewards: Rewards = Field(default_factory=dict)
    state: Annotated[State | None, Field(max_length=MAX_STATE)] = None  # after it
    frame: str = ""  # after it
    seconds: Seconds | None = None  # since the episode began


class Turn(Shaped):
    """One call of an agent: what it was told, what it said, what was done of it.

    Attributes:
        recipients: agents that hear the reply, where several speak.
        state, frame: before the turn.
        sections: what the thought says, by the name of its part, in the order of the reply.
        answer: the part of the reply that is to be carried out, as it was written.
        planned: every action that the answer names; `actions` are those that were carried out.
        rewards: of the turn as a whole, by the name of the term.
        value, advantage: of the turn, where something learned from it.
        token_ids, logprobs, mask: of prompt and reply, (tokens,); the mask is true where the model wrote.
        mended: how the reply had to be repaired before it could be read.
        exposed: whether other agents, or a judge, saw what it thought.
        kept: whether a training took it.
    """

    own_axes: ClassVar[tuple[str, ...]] = ("tokens",)

    index: Annotated[int, Field(ge=0, lt=MAX_TURNS)]
    agent: str = ""
    recipients: Annotated[tuple[str, ...], at_most(MAX_NOTES)] = ()
    state: Annotated[State | None, Field(max_length=MAX_STATE)] = None
    frame: str = ""
    prompt: str = ""
    reply: str = ""
    thought: str = ""
    sections: Annotated[dict[str, str], Field(max_length=MAX_SECTIONS)] = Field(default_factory=dict)
    answer: str = ""
    planned: Annotated[tuple[Planned, ...], at_most(MAX_ACTIONS)] = ()
    actions: Annotated[tuple[Action, ...], at_most(MAX_ACTIONS)] = ()
    cut: Cut = ""
    rewards: Rewards = Field(default_factory=dict)
    value: Finite | None = None
    advantage: Finite | None = None
    token_ids: Annotated[np.ndarray | None, wholes("tokens")] = None
    logprobs: Annotated[np.ndarray | None, floats("tokens", high=1e-6)] = None
    mask: Annotated[np.ndarray | None, truths("tokens")] = None
    by: By = "model"
    parse: Parse = "unknown"
    mended: Annotated[tuple[str, ...], at_most(MAX_NOTES)] = ()
    exposed: bool | None = None
    kept: bool | None = None

    @property
    def reward(self) -> float:
        """All terms of the turn and of its actions together."""
        return sum(self.rewards.values()) + sum(sum(action.rewards.values()) for action in self.actions)


class Episode(Frozen):
    """One attempt at one task.

    Attributes:
        number: which of its group it is, as its log counts.
        group: the subset of tasks that it belongs to.
        layout: of the log that it was read from.
        success, progress: at the end; None where the log does not say.
        ended: why, in a few words; empty where it is not known.
        reported: numbers that a log gives for the whole episode, which may differ from what its turns say.
        notes: what a person should know of how it was read.
    """

    world: str = ""
    task: str = ""
    seed: int | None = None
    number: Count | None = None
    instruction: str = ""
    group: str = ""
    agent: str = ""  # which model or person, as the source calls it
    source: Source = "live"
    layout: str = ""
    turns: Annotated[tuple[Turn, ...], at_most(MAX_TURNS)] = ()
    success: bool | None = None
    progress: Rate | None = None
    ended: str = ""
    reported: Annotated[dict[str, Finite | None], Field(max_length=MAX_REPORTED)] = Field(default_factory=dict)
    notes: Annotated[tuple[str, ...], at_most(MAX_NOTES)] = ()

    def steps(self) -> Iterator[tuple[Turn, Action]]:
        """Every action in its order, with the turn that it came of."""
        return ((turn, action) for turn in self.turns for action in turn.actions)

    @property
    def num_steps(self) -> int:
        """How often the world moved."""
        return sum(action.step is not None for _, action in self.steps())

    @property
    def num_invalid(self) -> int:
        """Actions that failed, and replies that could not be read."""
        return sum(action.ok is False for _, action in self.steps()) + sum(
            turn.parse == "failed" and not turn.actions for turn in self.turns)

    @property
    def total_reward(self) -> float | None:
        """The undiscounted return; None where no reward is known."""
        known = any(turn.rewards or any(action.rewards for action in turn.actions) for turn in self.turns)
        return sum(turn.reward for turn in self.turns) if known else None
