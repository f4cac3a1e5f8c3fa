"""The engine of one machine: worker threads behind a bounded queue that is fair between sessions.

Each worker is one accelerator, so one run at a time uses it. The next run is the oldest one of the session that was
served longest ago: whoever queues ten runs does not keep twenty-nine others waiting. What takes long, such as a training, has a
lane and a worker of its own: nothing short waits behind it. Both are threads of this process, so they share its cores and its
interpreter.

Whoever asks for what is asked for already, by settings that name nothing of a session's own, joins that run: thirty who open one link
cause one. Each has an id of its own, and leaves it alone: the run goes on until the last one has left. A finished result is kept for
a while (`kept` says how many); asked for again, it is there at once.

A run that hangs between two events cannot be ended: threads cannot be killed. One more thread watches over the others and gives
such a run up; `patience` says when. It is over for everybody then, a new worker goes on with the queue, and whatever the old one
brings is dropped. Two that still hang are a machine in trouble: no new run is taken until one of them ends.
"""

import logging
import math
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from backends.engine.base import QueueState, RunState, RunStatus, Seen
from backends.engine.jobs import Job, Outcome, Ticket
from backends.engine.kept import KEPT_MB, Kept, key_of, settle
from backends.engine.lanes import Lane
from backends.engine.patience import Clock, Patience, Pulse
from backends.registry import LaneName
from backends.registry import system as find_system
from backends.run import Ended, Event, Inputs, Result, Run, RunStopped, Settings, ended_sentence
from worlds.errors import InputError, disk_sentence
from worlds.given_up import give_up

log = logging.getLogger("orrery.engine")

MAX_PER_SESSION = 4  # waiting runs of one session, joined ones included
LONG_WORKERS = 1  # beside those of the short lane
MAX_GIVEN_UP = 2  # hanging runs; with as many, no new one is taken
KEPT_RUNS_PER_SESSION = 3  # ended runs whose results stay readable; a page holds its own result
KEPT_RUNS = 200  # of all sessions: a client that never says goodbye cannot fill the memory


_GOES_ON = "Others asked for the same, so that it goes on for them; start it again to join it where it is then."


class LocalEngine:
    """See `Engine` for the calls.

    Args:
        num_workers: accelerators, each of which does one short run at a time; a long one runs beside them.
        max_waiting: runs that may wait, over all sessions and both lanes.
        patience: a run that takes longer is stopped at its next event, and given up where there is none.
        shares: equal runs are run once, for all who ask.
        kept_mb: what finished results may take that are kept for whoever asks the same again.
        clock: for tests; by default this machine's.
        find_run, find_lane: for tests; by default the registry's. Where only `find_run` is given, every run is short.
    """

    def __init__(self, *, num_workers: int = 1, max_waiting: int = 64, patience: Patience | None = None,
                 shares: bool = True, kept_mb: float = KEPT_MB, clock: Clock | None = None,
                 find_run: Callable[[str], Run] | None = None,
                 find_lane: Callable[[str, Settings], LaneName] | None = None) -> None:
        self._find_run = find_run or (lambda name: find_system(name).run)
        self._find_lane = find_lane or (_always_short if find_run else lambda name, settings: find_system(name).lane(settings))
        self._lanes: dict[LaneName, Lane[Job]] = {"short": Lane(num_workers), "long": Lane(LONG_WORKERS)}
        self._max_waiting, self._patience = max_waiting, patience or Patience()
        self._clock = clock or Clock()
        self._shares, self._kept = shares, Kept(kept_mb)
        self._tickets: dict[str, Ticket] = {}
        self._running: dict[threading.Thread, Job] = {}  # also runs that are over, until their worker has come back
        self._given_up: list[threading.Thread] = []
        self._ended: Counter[tuple[RunState, str]] = Counter()
        lock = threading.RLock()
        self._changed = threading.Condition(lock)  # events, states, the queue
        self._alarm = threading.Condition(lock)  # when to look after the runs next
        for lane in self._lanes.values():
            for _ in range(lane.num_workers):
                self._hire(lane)
        threading.Thread(target=self._watch, name="orrery-watch", daemon=True).start()

    def submit(self, system: str, settings: Settings, *, session: str, inputs: Inputs | None = None) -> str:
        inputs, run_id = inputs or Inputs(), secrets.token_hex(6)
        key = key_of(system, settings, inputs) if self._shares else None
        lane = self._lanes[self._find_lane(system, settings)]
        asked = Job(run_id, system, settings, inputs if key is None else Inputs(makes=inputs.makes), lane, [session], key)
        with self._changed:
            job = self._shared(asked, session)
            if job is None:
                self._check_room(session, asked.lane)
                job = asked
                job.lane.waiting.append(job)
            self._tickets[run_id] = Ticket(run_id, session, job)
            self._forget_old()
            self._changed.notify_all()
        how = "kept from an equal run" if job.was_kept else job.state if job.run_id == run_id else f"shares {job.run_id}"
        log.info("run %s: %s %s", run_id, system, how)
        return run_id

    def _shared(self, asked: Job, session: str) -> Job | None:
        """The run of whoever asked for the same before, with this session as one that waits for it; None where there is none."""
        if asked.key is None:
            return None
        result = self._kept.get(asked.key)
        if result is not None and asked.inputs.has_made(result):
            return replace(asked, state=RunState.DONE, seen=Seen().with_event(result), ended="finished", ended_at=self._clock.now(),
                           was_kept=True)
        live = (job for job in (*self._waiting(), *self._running.values()) if not job.state.is_over and not job.cancelled)
        job = next((job for job in live if job.key == asked.key), None)
        if job is not None:
            self._check_room(session, job.lane, job)
            job.sessions.append(session)
            if job.state is RunState.RUNNING:
                job.lane.serve(session)
        return job

    def held(self, system: str, settings: Settings, *, inputs: Inputs | None = None) -> Result | None:
        inputs = inputs or Inputs()
        with self._changed:
            result = self._kept.get(key_of(system, settings, inputs)) if self._shares else None
            return result if result is not None and inputs.has_made(result) else None

    def _waiting(self) -> list[Job]:
        return [job for lane in self._lanes.values() for job in lane.waiting]

    def _check_room(self, session: str, lane: Lane[Job], joined: Job | None = None) -> None:
        """Raise InputError where the session cannot have one more run of this lane: one that it joins, or a new one."""
        if trouble := self._trouble():
            raise InputError(trouble)
        if joined is None and (count := len(self._waiting())) >= self._max_waiting:
            raise InputError(f"{count} runs are waiting, and no more fit in the queue. "
                             f"Try again in {lane.expected_wait_s(len(lane.waiting)) or 10:.0f} seconds.")
        own = sum(ticket.session == session and (ticket.job is joined or ticket.job.state is RunState.WAITING)
                  for ticket in self._tickets.values())
        if own >= MAX_PER_SESSION:
            raise InputError(f"You have {own} runs waiting; at most {MAX_PER_SESSION} may. Stop one of them first.")

    def status(self, run_id: str) -> RunStatus:
        with self._changed:
            job = self._ticket(run_id).job
            position = job.lane.order().index(job) + 1 if job.state is RunState.WAITING else None
            wait = job.lane.expected_wait_s(position) if position else None
            return RunStatus(run_id, job.system, job.state, job.seen.version, position, wait, job.error, job.ended,
                             job.was_kept)

    def seen(self, run_id: str, *, after: int = -1, wait_s: float = 0.0) -> Seen:
        with self._changed:
            ticket = self._ticket(run_id)
            self._changed.wait_for(lambda: ticket.job.seen.version > after or ticket.job.state.is_over, timeout=wait_s)
            return ticket.job.seen

    def cancel(self, run_id: str) -> None:
        with self._changed:
            self._leave(self._ticket(run_id), "stopped")

    def release(self, session: str) -> None:
        with self._changed:
            for ticket in [ticket for ticket in self._tickets.values() if ticket.session == session]:
                self._leave(ticket, "session gone")
                self._tickets.pop(ticket.run_id, None)
            for lane in self._lanes.values():
                lane.forget(session)

    def queue(self) -> QueueState:
        with self._changed:
            num_workers = sum(lane.num_workers for lane in self._lanes.values())
            return QueueState(len(self._running), len(self._waiting()), num_workers, self._max_waiting, self._mean(),
                              self._patience.time_limit_s, dict(self._ended), self._num_given_up(), self._trouble())

    def _ticket(self, run_id: str) -> Ticket:
        if run_id not in self._tickets:
            raise InputError(f"There is no run {run_id[:80]!r} here any more. Start it again.")
        return self._tickets[run_id]

    def _leave(self, ticket: Ticket, why: Ended) -> None:
        """A session wants its run no longer; it ends where nobody else waits for it."""
        job = ticket.job
        if job.state.is_over or len(job.sessions) == 1:
            self._cancel(job, why)
            return
        job.sessions.remove(ticket.session)
        ticket.job = replace(job, sessions=[ticket.session], key=None, state=RunState.STOPPED, ended=why, ended_at=self._clock.now(),
                             error=f"{ended_sentence(why)} {_GOES_ON}", seen=replace(job.seen, part=None).later())
        self._forget_old()
        self._changed.notify_all()

    def _cancel(self, job: Job, why: Ended) -> None:
        if job.state.is_over or job.cancelled:
            return
        job.cancelled = why
        if job.state is RunState.WAITING:
            job.lane.waiting.remove(job)
            self._end(job, self._stopped(job, why))
        else:
            job.pulse.stopped = self._clock.now()
            self._alarm.notify_all()

    def _mean(self) -> float | None:
        durations = [duration for lane in self._lanes.values() for duration in lane.durations]
        return sum(durations) / len(durations) if durations else None

    def _num_given_up(self) -> int:
        self._given_up = [thread for thread in self._given_up if thread.is_alive()]
        return len(self._given_up)

    def _trouble(self) -> str | None:
        if (count := self._num_given_up()) < MAX_GIVEN_UP:
            return None
        return (f"{count} runs hang on this machine and were given up. New runs are taken again as soon as one of them ends; whoever "
                "runs this server can start it anew.")

    def _hire(self, lane: Lane[Job]) -> None:
        threading.Thread(target=self._work, args=(lane,), name=f"orrery-worker-{secrets.token_hex(2)}", daemon=True).start()

    def _work(self, lane: Lane[Job]) -> None:
        """Do one run of the lane after another, until one of them is given up."""
        here = threading.current_thread()
        while True:
            job = self._next(here, lane)
            outcome = self._execute(job)
            with self._changed:
                if self._running.pop(here, None) is None:
                    log.warning("run %s: ended after it was given up", job.run_id)
                    return
                self._end(job, outcome)
            del job  # an idle worker holds nobody's video

    def _next(self, worker: threading.Thread, lane: Lane[Job]) -> Job:
        """Wait for a run and start it."""
        with self._changed:
            self._changed.wait_for(lambda: lane.waiting)
            job = lane.take()
            now = self._clock.now()
            job.state, job.pulse, job.seen = RunState.RUNNING, Pulse(now, now), job.seen.later()
            self._running[worker] = job
            self._changed.notify_all()
            self._alarm.notify_all()
            return job

    def _end(self, job: Job, outcome: Outcome) -> None:
        """A run is over, once and for all; what comes later is dropped."""
        if job.state.is_over:
            return
        if job.state is RunState.RUNNING:
            job.lane.durations.append(self._clock.now() - job.pulse.started)
        job.state, job.ended, job.error = outcome
        job.seen = job.seen.later()
        job.ended_at = self._clock.now()
        self._ended[job.state, job.ended or ""] += 1
        result = job.seen.result
        if job.key and result is not None and (job.state, result.ended) == (RunState.DONE, "finished"):
            self._kept.add(job.key, result, job.num_bytes)
        self._forget_old()
        self._changed.notify_all()
        log.info("run %s: %s %s", job.run_id, job.state, job.ended or "")

    def _execute(self, job: Job) -> Outcome:
        try:
            events = self._find_run(job.system)(job.settings, job.inputs)
            for event in events:
                if not self._publish(job, event):
                    _close(events)
                    break
                if isinstance(event, Result):
                    return Outcome(RunState.DONE, event.ended)
                if why := self._should_end(job):
                    self._stop(job, events, why)
                    return self._stopped(job, why)
        except InputError as error:
            log.info("run %s: refused: %s", job.run_id, error)
            return Outcome(RunState.FAILED, None, str(error))
        except BaseException as error:  # the door: nothing that a run raises may end its worker, not even a panic in Rust
            log.exception("run %s: failed", job.run_id)
            return Outcome(RunState.FAILED, None, disk_sentence(error) or (
                f"Something went wrong on our side. The run's id is {job.run_id}; the log has the rest."))
        return Outcome(RunState.DONE, "finished")

    def _should_end(self, job: Job) -> Ended | None:
        if job.cancelled:
            return job.cancelled
        return "time limit" if self._clock.now() > job.pulse.started + self._patience.time_limit_s else None

    def _stop(self, job: Job, events: Iterator[Event], why: Ended) -> None:
        """Tell the run to stop; a run that can yields what it has."""
        if not hasattr(events, "throw"):
            return
        with self._changed:
            job.pulse.beat(self._clock.now())  # it has reacted; now it has time to bring what it has
        try:
            event = events.throw(RunStopped(why))
            if isinstance(event, Result):
                self._publish(job, self._with_reason(event))
        except (RunStopped, StopIteration):
            pass
        finally:
            _close(events)  # frees what the run holds, now

    def _with_reason(self, result: Result) -> Result:
        """The limit is the engine's, so only it can tell it."""
        if result.ended != "time limit":
            return result
        return result.model_copy(update={"notes": (ended_sentence(result.ended, self._patience.time_limit_s), *result.notes)})

    def _stopped(self, job: Job, why: Ended) -> Outcome:
        if job.seen.result is not None:
            return Outcome(RunState.STOPPED, why)
        has_part = job.seen.part is not None
        lost = "It did not react any more, so what it had is lost." if has_part else "There was nothing to show yet."
        return Outcome(RunState.STOPPED, why, f"{ended_sentence(why, self._patience.time_limit_s)} {lost}")

    def _publish(self, job: Job, event: Event) -> bool:
        """Hand an event on; return whether anybody still waits for this run."""
        if isinstance(event, Result):
            job.num_bytes = settle(event)
        with self._changed:
            if job.state.is_over:
                return False
            job.pulse.beat(self._clock.now())
            job.seen = job.seen.with_event(event)
            self._changed.notify_all()
            return True

    def _watch(self) -> None:
        """Sleep until a run may have to be given up, look, and sleep again; a start and a Stop wake it too."""
        while True:
            with self._alarm:
                lost = self._look()
                if not lost:
                    self._clock.wait(self._alarm, min((self._due(job) for job in self._running.values()), default=math.inf))
            for thread in lost:
                give_up(thread)  # not under the lock: others are told, who have locks of their own

    def _due(self, job: Job) -> float:
        given_up, shown = self._patience.given_up(job.pulse), self._patience.shown_as_stopped(job.pulse)
        return given_up if job.state.is_over else min(given_up, shown)

    def _look(self) -> list[threading.Thread]:
        """End what should be over by now; return the workers that were given up and replaced."""
        now, lost = self._clock.now(), []
        for worker, job in list(self._running.items()):
            if now >= self._patience.shown_as_stopped(job.pulse):
                self._end(job, self._stopped(job, job.cancelled or "stopped"))
            if now >= self._patience.given_up(job.pulse):
                self._replace(worker, job)
                lost.append(worker)
        return lost

    def _replace(self, worker: threading.Thread, job: Job) -> None:
        log.error("run %s: gave no sign for %.0f s and is given up", job.run_id, self._clock.now() - job.pulse.last)
        del self._running[worker]
        self._given_up.append(worker)
        self._end(job, self._stopped(job, job.cancelled or "time limit"))
        self._hire(job.lane)
        if trouble := self._trouble():
            for waiting in self._waiting():  # they would hang as well, or wait without end
                waiting.lane.waiting.remove(waiting)
                self._end(waiting, Outcome(RunState.FAILED, None, trouble))

    def _forget_old(self) -> None:
        over = sorted((ticket for ticket in reversed(self._tickets.values()) if ticket.job.state.is_over),
                      key=lambda ticket: ticket.job.ended_at, reverse=True)
        kept: Counter[str] = Counter()
        held: set[int] = set()  # a result that is shared is held once
        for ticket in over:
            kept[ticket.session] += 1
            held.add(id(ticket.job.seen.result or ticket.job))
            if kept[ticket.session] > KEPT_RUNS_PER_SESSION or len(held) > KEPT_RUNS:
                del self._tickets[ticket.run_id]


def _always_short(name: str, settings: Settings) -> LaneName:
    return "short"


def _close(events: Iterator[Event]) -> None:
    if hasattr(events, "close"):
        events.close()
