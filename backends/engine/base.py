"""What an engine promises. Runs are named by strings and travel as plain values, so that it may be on another machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from backends.run import Ended, Inputs, Settings


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"  # the last event is the result
    STOPPED = "stopped"  # by its owner, the time limit or the end of its session; there may be a result so far
    FAILED = "failed"  # `RunStatus.error` is the sentence for the person

    @property
    def is_over(self) -> bool:
        return self in (RunState.DONE, RunState.STOPPED, RunState.FAILED)


@dataclass(frozen=True)
class RunStatus:
    run_id: str
    system: str
    state: RunState
    num_events: int
    position: int | None = None  # place in the queue, 1 is next; None once it runs
    expected_wait_s: float | None = None  # None while no run has ended yet
    error: str | None = None  # why there is no result
    ended: Ended | None = None  # None while it waits or runs, and where it failed


@dataclass(frozen=True)
class QueueState:
    running: int
    waiting: int
    workers: int
    max_waiting: int
    seconds_per_run: float | None  # mean of the last runs
    time_limit_s: float
    ended: Mapping[tuple[RunState, str], int] = field(default_factory=dict)  # (state, why or "") -> runs since the start
    given_up: int = 0  # runs that hang: nobody waits for them, and they have not ended
    trouble: str | None = None  # why no run can be started now


class Engine(Protocol):
    def submit(self, system: str, settings: Settings, *, session: str, inputs: Inputs | None = None) -> str:
        """Queue a run and return its id.

        Raises: InputError when the queue, or the session's share of it, is full, or when runs hang that were given up.
        """

    def status(self, run_id: str) -> RunStatus: ...

    def events(self, run_id: str, *, since: int = 0, wait_s: float = 0.0) -> list[Any]:
        """The events after the first `since`; waits up to `wait_s` for a new one or for the end."""

    def cancel(self, run_id: str) -> None:
        """Stop at the run's next event. What it has so far stays. A run that hangs counts as stopped at once."""

    def release(self, session: str) -> None:
        """The session has gone: stop and forget all its runs."""

    def queue(self) -> QueueState: ...
