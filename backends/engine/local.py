"""The engine of one machine: worker threads behind a bounded queue that is fair between sessions.

Each worker is one accelerator, so one run at a time uses it. The next run is the oldest one of the session that was
served longest ago: whoever queues ten runs does not keep twenty-nine others waiting.
"""

import logging
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from backends.engine.base import QueueState, RunState, RunStatus
from backends.registry import system as find_system
from backends.run import Ended, Inputs, Result, Run, RunStopped, Settings
from worlds.errors import InputError

log = logging.getLogger("orrery.engine")

MAX_PER_SESSION = 4  # waiting runs of one session
KEPT_RUNS_PER_SESSION = 3  # ended runs whose events stay readable; a page holds its own result
KEPT_RUNS = 200  # of all sessions: a client that never says goodbye cannot fill the memory


@dataclass
class _Job:
    run_id: str
    system: str
    settings: Settings
    session: str
    inputs: Inputs
    state: RunState = RunState.WAITING
    events: list[Any] = field(default_factory=list)
    error: str | None = None
    is_cancelled: bool = False
    ended: float = 0.0


class LocalEngine:
    """See `Engine` for the calls.

    Args:
        num_workers: accelerators, each of which does one run at a time.
        max_waiting: runs that may wait, over all sessions.
        time_limit_s: a run that takes longer is stopped at its next event.
        find_run: for tests; by default the registry's.
    """

    def __init__(self, *, num_workers: int = 1, max_waiting: int = 64, time_limit_s: float = 600.0,
                 find_run: Callable[[str], Run] | None = None) -> None:
        self._find_run = find_run or (lambda name: find_system(name).run)
        self._num_workers, self._max_waiting, self._time_limit_s = num_workers, max_waiting, time_limit_s
        self._jobs: dict[str, _Job] = {}
        self._waiting: list[_Job] = []
        self._last_served: dict[str, int] = {}  # session -> turn
        self._turn = 0
        self._durations: deque[float] = deque(maxlen=20)
        self._ended: Counter[str] = Counter()
        self._changed = threading.Condition()
        for index in range(num_workers):
            threading.Thread(target=self._work, name=f"orrery-worker-{index}", daemon=True).start()

    def submit(self, system: str, settings: Settings, *, session: str, inputs: Inputs | None = None) -> str:
        with self._changed:
            if len(self._waiting) >= self._max_waiting:
                raise InputError(f"{len(self._waiting)} runs are waiting, and no more fit in the queue. "
                                 f"Try again in {self._expected_wait(len(self._waiting)) or 10:.0f} seconds.")
            own = sum(job.session == session for job in self._waiting)
            if own >= MAX_PER_SESSION:
                raise InputError(f"You have {own} runs waiting; at most {MAX_PER_SESSION} may. Stop one of them first.")
            job = _Job(secrets.token_hex(6), system, settings, session, inputs or Inputs())
            self._jobs[job.run_id] = job
            self._waiting.append(job)
            self._changed.notify_all()
        log.info("run %s: %s queued", job.run_id, system)
        return job.run_id

    def status(self, run_id: str) -> RunStatus:
        with self._changed:
            job = self._job(run_id)
            position = self._order().index(job) + 1 if job in self._waiting else None
            wait = self._expected_wait(position) if position else None
            return RunStatus(run_id, job.system, job.state, len(job.events), position, wait, job.error)

    def events(self, run_id: str, *, since: int = 0, wait_s: float = 0.0) -> list[Any]:
        with self._changed:
            job = self._job(run_id)
            self._changed.wait_for(lambda: len(job.events) > since or job.state.is_over, timeout=wait_s)
            return job.events[since:]

    def cancel(self, run_id: str) -> None:
        with self._changed:
            self._cancel(self._job(run_id))
            self._changed.notify_all()

    def release(self, session: str) -> None:
        with self._changed:
            for job in [job for job in self._jobs.values() if job.session == session]:
                self._cancel(job)
                del self._jobs[job.run_id]
            self._last_served.pop(session, None)
            self._changed.notify_all()

    def queue(self) -> QueueState:
        with self._changed:
            running = sum(job.state is RunState.RUNNING for job in self._jobs.values())
            return QueueState(running, len(self._waiting), self._num_workers, self._max_waiting, self._mean(),
                              dict(self._ended))

    def _job(self, run_id: str) -> _Job:
        if run_id not in self._jobs:
            raise InputError(f"There is no run {run_id[:80]!r} here any more. Start it again.")
        return self._jobs[run_id]

    def _cancel(self, job: _Job) -> None:
        job.is_cancelled = True
        if job in self._waiting:
            self._waiting.remove(job)
            job.state, job.ended = RunState.STOPPED, time.monotonic()
            self._ended[job.state.value] += 1

    def _order(self) -> list[_Job]:
        """The waiting jobs in the order in which they will run."""
        served, left, order = dict(self._last_served), list(self._waiting), []
        for turn in range(len(left)):
            job = min(left, key=lambda job: served.get(job.session, -1))  # min keeps the oldest among equals
            left.remove(job)
            order.append(job)
            served[job.session] = self._turn + 1 + turn
        return order

    def _mean(self) -> float | None:
        return sum(self._durations) / len(self._durations) if self._durations else None

    def _expected_wait(self, position: int) -> float | None:
        mean = self._mean()
        return None if mean is None else mean * position / self._num_workers

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                job = self._order()[0]
                self._waiting.remove(job)
                self._turn += 1
                self._last_served[job.session] = self._turn
                job.state = RunState.RUNNING
            started = time.monotonic()
            state, error = self._execute(job)
            with self._changed:
                job.state, job.error, job.ended = state, error, time.monotonic()
                self._durations.append(job.ended - started)
                self._ended[state.value] += 1
                self._forget_old()
                self._changed.notify_all()
            log.info("run %s: %s after %.2f s, %d events", job.run_id, state, job.ended - started, len(job.events))
            del job  # an idle worker holds nobody's video

    def _execute(self, job: _Job) -> tuple[RunState, str | None]:
        deadline = time.monotonic() + self._time_limit_s
        try:
            events = self._find_run(job.system)(job.settings, job.inputs)
            for event in events:
                self._publish(job, event)
                if isinstance(event, Result):
                    break
                if job.is_cancelled:
                    return self._stop(job, events, "stopped"), None
                if time.monotonic() > deadline:
                    return self._stop(job, events, "time limit"), None
        except InputError as error:
            log.info("run %s: refused: %s", job.run_id, error)
            return RunState.FAILED, str(error)
        except Exception:
            log.exception("run %s: failed", job.run_id)
            return RunState.FAILED, f"Something went wrong on our side. The run's id is {job.run_id}; the log has the rest."
        return RunState.DONE, None

    def _stop(self, job: _Job, events: Iterator[Any], why: Ended) -> RunState:
        """Tell the run to stop; a run that can yields what it has."""
        if hasattr(events, "throw"):
            try:
                event = events.throw(RunStopped(why))
                if isinstance(event, Result):
                    self._publish(job, event)
            except (RunStopped, StopIteration):
                pass
            finally:
                events.close()  # type: ignore[attr-defined]  # frees what the run holds, now
        return RunState.STOPPED

    def _publish(self, job: _Job, event: Any) -> None:
        with self._changed:
            job.events.append(event)
            self._changed.notify_all()

    def _forget_old(self) -> None:
        over = sorted((job for job in self._jobs.values() if job.state.is_over), key=lambda job: job.ended, reverse=True)
        kept: dict[str, int] = {}
        for rank, job in enumerate(over):
            kept[job.session] = kept.get(job.session, 0) + 1
            if kept[job.session] > KEPT_RUNS_PER_SESSION or rank >= KEPT_RUNS:
                del self._jobs[job.run_id]
