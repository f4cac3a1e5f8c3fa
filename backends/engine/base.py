"""What an engine promises. Runs are named by strings and travel as plain values, so that it may be on another machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from backends.run import Ended, Event, Inputs, Part, Progress, Result, Settings


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"  # there is a result
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
    version: int  # as in `Seen`
    position: int | None = None  # place in its lane, 1 is next; None once it runs
    expected_wait_s: float | None = None  # None while no run has ended yet
    error: str | None = None  # why there is no result
    ended: Ended | None = None  # None while it waits or runs, and where it failed
    was_kept: bool = False  # whether the result is that of an earlier run of equal settings: nothing ran for this one


@dataclass(frozen=True)
class Seen:
    """The newest of what a run has brought. What came before it is not kept: a part may be large, and each replaces the last."""

    version: int = 0  # counts what happened: each event, the start and the end
    progress: Progress | None = None
    part: Part | None = None  # what to draw until there is a result
    result: Result | None = None
    progress_version: int = 0  # when it came
    part_version: int = 0
    result_version: int = 0

    def with_event(self, event: Event) -> "Seen":
        """Return these with one event more."""
        version = self.version + 1
        if isinstance(event, Progress):
            return replace(self, version=version, progress=event, progress_version=version)
        if isinstance(event, Result):  # it holds what the part before it held
            return replace(self, version=version, part=None, result=event, result_version=version)
        return replace(self, version=version, part=event, part_version=version)

    def later(self) -> "Seen":
        """Return these after a start or an end, which bring nothing."""
        return replace(self, version=self.version + 1)

    def since(self, version: int) -> list[Event]:
        """What came after `version` and has not been replaced, in the order in which it came."""
        came: list[tuple[int, Event | None]] = [
            (self.progress_version, self.progress), (self.part_version, self.part), (self.result_version, self.result)]
        new = [(when, event) for when, event in came if event is not None and when > version]
        return [event for _, event in sorted(new, key=lambda pair: pair[0])]


@dataclass(frozen=True)
class QueueState:
    running: int
    waiting: int
    workers: int  # of both lanes
    max_waiting: int
    seconds_per_run: float | None  # mean of the last runs
    time_limit_s: float
    ended: Mapping[tuple[RunState, str], int] = field(default_factory=dict)  # (state, why or "") -> runs since the start
    given_up: int = 0  # runs that hang: nobody waits for them, and they have not ended
    trouble: str | None = None  # why no run can be started now


class Engine(Protocol):
    def submit(self, system: str, settings: Settings, *, session: str, inputs: Inputs | None = None) -> str:
        """Queue a run and return its id.

        Where the same is asked for already, or was, and no file of the session is named, that run is shared: the id is the session's
        own, and what comes is the same. Nobody may change a result.

        Raises: InputError when the queue, or the session's share of it, is full, or when runs hang that were given up.
        """

    def held(self, system: str, settings: Settings, *, inputs: Inputs | None = None) -> Result | None:
        """Return the result that a run of equal settings would be given at once, None where it would have to run."""

    def status(self, run_id: str) -> RunStatus: ...

    def seen(self, run_id: str, *, after: int = -1, wait_s: float = 0.0) -> Seen:
        """The newest of the run; waits up to `wait_s` until its version is beyond `after` or the run is over.

        Whoever streams hands the last version back: `for event in seen.since(version)`.
        """

    def cancel(self, run_id: str) -> None:
        """Stop at the run's next event. What it has so far stays. A run that hangs counts as stopped at once.

        A run that is shared goes on for the others, and is over for this session.
        """

    def release(self, session: str) -> None:
        """The session has gone: stop and forget all its runs; shared ones go on for the others."""

    def queue(self) -> QueueState: ...
