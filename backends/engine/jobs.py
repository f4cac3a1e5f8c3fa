"""A run as the local engine holds it, and as one session has it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from backends.engine.base import RunState, Seen
from backends.engine.kept import Key
from backends.engine.lanes import Lane
from backends.engine.patience import Pulse
from backends.run import Ended, Inputs, Settings


class Outcome(NamedTuple):
    state: RunState
    ended: Ended | None
    error: str | None = None


@dataclass
class Job:
    run_id: str
    system: str
    settings: Settings
    inputs: Inputs
    lane: "Lane[Job]"
    sessions: list[str]  # who waits for it, once for each time that it was asked for
    key: Key | None = None  # who has the same joins it
    state: RunState = RunState.WAITING
    seen: Seen = field(default_factory=Seen)
    error: str | None = None
    ended: Ended | None = None
    ended_at: float = 0.0
    cancelled: Ended | None = None  # why it should end before its time
    pulse: Pulse = field(default_factory=lambda: Pulse(0.0, 0.0))  # of a run that has started
    num_bytes: int = 0  # of its result
    was_kept: bool = False  # it ran for somebody who asked the same before: nothing runs for this one


@dataclass
class Ticket:
    """A run as one session has it."""

    run_id: str
    session: str
    job: Job
