import errno
import gc
import logging
import math
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from torch import nn

from backends.engine import LocalEngine, Patience, RunState, Seen
from backends.engine import local as local_engine
from backends.engine.patience import Clock, Pulse
from backends.made import Made
from backends.run import Ended, Inputs, Progress, Result, RunStopped, Settings
from models.catalogue import Rung
from models.loading import Loaded
from models.memory import ModelBudget
from worlds.errors import InputError

PATIENCE_S = 20.0  # only a broken engine waits so long


class Named(Settings):
    name: str = ""


class Count(Result):
    system: ClassVar[str] = "counting"

    count: int


def a_count(count: int, *, ended: Ended = "finished") -> Count:
    return Count(seed=0, model_id="none", is_miniature=True, code_version="test", count=count, ended=ended)


class Gate:
    """A run that says when it starts and goes on only when it is let."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.order: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def run(self, settings: Named, inputs: Inputs) -> Iterator[Any]:
        with self._lock:
            self.order.append(settings.name)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        count = 0
        try:
            while True:
                self.entered.release()
                assert self.let.acquire(timeout=PATIENCE_S)
                count += 1
                if settings.name.startswith("endless"):
                    yield Progress(0.0, "again")
                else:
                    yield a_count(count)
                    return
        except RunStopped as stop:
            yield a_count(count, ended=stop.ended)
        finally:
            with self._lock:
                self.at_once -= 1

    def wait_until_inside(self) -> None:
        assert self.entered.acquire(timeout=PATIENCE_S)


def an_engine(run: Callable[..., Iterator[Any]], **limits: Any) -> LocalEngine:
    return LocalEngine(find_run=lambda name: run, **{"shares": False} | limits)


def wait_for_end(engine: LocalEngine, run_id: str) -> Any:
    """The result and the status of a run that ends."""
    while not (status := engine.status(run_id)).state.is_over:
        engine.seen(run_id, after=status.version, wait_s=PATIENCE_S)
    return engine.seen(run_id).result, status


def counting(settings: Named, inputs: Inputs) -> Iterator[Any]:
    yield Progress(0.5, "half")
    yield a_count(1)


def test_a_run_gives_its_newest_progress_and_its_result() -> None:
    engine = an_engine(counting)

    run_id = engine.submit("counting", Named(), session="a")
    result, status = wait_for_end(engine, run_id)
    seen = engine.seen(run_id)

    assert status.state is RunState.DONE
    assert (seen.progress, seen.part, seen.version) == (Progress(0.5, "half"), None, status.version)
    assert seen.since(0) == [Progress(0.5, "half"), result]
    assert seen.since(seen.progress_version) == [result]
    assert seen.since(seen.version) == []


class Part:
    """Something large, of which a test can tell whether it is still held."""


def test_of_a_thousand_parts_one_is_held() -> None:
    parts: weakref.WeakSet[Part] = weakref.WeakSet()
    gate = Gate()

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        for number in range(1000):
            yield Progress(number / 1000, "on")
            parts.add(part := Part())
            yield part
        del part
        yield from gate.run(settings, inputs)

    engine = an_engine(run)
    run_id = engine.submit("counting", Named(), session="a")
    gate.wait_until_inside()

    assert list(parts) == [engine.seen(run_id).part]
    gate.let.release()
    wait_for_end(engine, run_id)
    assert not parts, "the result holds what they held"


def test_whoever_streams_is_woken_by_the_start_each_event_and_the_end() -> None:
    gate, come = Gate(), []

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        for event in (Progress(0.1, "one"), "a part", Progress(0.2, "two"), a_count(1)):
            gate.entered.release()
            assert gate.let.acquire(timeout=PATIENCE_S)
            yield event

    engine = an_engine(run)
    run_id, version = engine.submit("counting", Named(), session="a"), 0
    while not engine.status(run_id).state.is_over or engine.status(run_id).version > version:
        seen = engine.seen(run_id, after=version, wait_s=PATIENCE_S)
        come += seen.since(version)
        version = seen.version
        gate.let.release()

    assert come == [Progress(0.1, "one"), "a part", Progress(0.2, "two"), engine.seen(run_id).result]
    assert version == 6


def test_who_comes_late_gets_the_newest_of_each_in_the_order_in_which_it_came() -> None:
    seen = Seen()
    for event in ("a", Progress(0.1, "one"), "b", Progress(0.2, "two"), "c"):
        seen = seen.with_event(event)

    assert seen.since(0) == [Progress(0.2, "two"), "c"]
    assert seen.since(4) == ["c"]
    assert seen.with_event(a_count(1)).since(0) == [Progress(0.2, "two"), a_count(1)]


def test_settings_and_inputs_reach_the_run() -> None:
    seen = []

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        seen.append((settings.name, dict(inputs.files)))
        yield a_count(0)

    engine = an_engine(run)
    run_id = engine.submit("counting", Named(name="x"), session="a", inputs=Inputs({"f": "path"}))  # type: ignore[dict-item]
    wait_for_end(engine, run_id)

    assert seen == [("x", {"f": "path"})]


def test_a_full_queue_says_how_many_wait_and_takes_one_again_when_one_leaves() -> None:
    gate = Gate()
    engine = an_engine(gate.run, max_waiting=2)
    engine.submit("counting", Named(), session="a")
    gate.wait_until_inside()
    engine.submit("counting", Named(), session="b")
    last = engine.submit("counting", Named(), session="c")  # at the limit

    with pytest.raises(InputError, match=r"2 runs are waiting.*Try again in \d+ seconds"):
        engine.submit("counting", Named(), session="d")

    engine.cancel(last)
    assert engine.submit("counting", Named(), session="d")
    assert engine.queue().waiting == 2
    gate.let.release(3)


def test_one_session_cannot_fill_the_queue() -> None:
    gate = Gate()
    engine = an_engine(gate.run, max_waiting=10)
    engine.submit("counting", Named(), session="a")
    gate.wait_until_inside()
    for _ in range(local_engine.MAX_PER_SESSION):
        engine.submit("counting", Named(), session="a")

    with pytest.raises(InputError, match="You have 4 runs waiting; at most 4 may"):
        engine.submit("counting", Named(), session="a")

    assert engine.submit("counting", Named(), session="b")
    gate.let.release(6)


def test_whoever_queues_many_runs_does_not_keep_the_others_waiting() -> None:
    gate = Gate()
    engine = an_engine(gate.run)
    runs = [engine.submit("counting", Named(name="a1"), session="a")]
    gate.wait_until_inside()
    runs += [engine.submit("counting", Named(name=name), session=name[0]) for name in ("a2", "a3", "b1", "b2", "c1")]

    promised = sorted(runs[1:], key=lambda run_id: engine.status(run_id).position)
    gate.let.release(len(runs))
    for run_id in runs:
        wait_for_end(engine, run_id)

    assert gate.order == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert promised == [runs[3], runs[5], runs[1], runs[4], runs[2]], "the positions that were told are those that came"


def test_one_worker_does_one_run_at_a_time() -> None:
    gate = Gate()
    engine = an_engine(gate.run)
    runs = [engine.submit("counting", Named(name=str(i)), session=str(i)) for i in range(4)]
    gate.wait_until_inside()
    assert engine.queue().running == 1
    assert engine.queue().waiting == 3

    gate.let.release(4)
    for run_id in runs:
        wait_for_end(engine, run_id)

    assert gate.most_at_once == 1


def test_two_workers_do_two_runs_at_a_time() -> None:
    gate = Gate()
    engine = an_engine(gate.run, num_workers=2)
    runs = [engine.submit("counting", Named(name=str(i)), session=str(i)) for i in range(3)]

    gate.wait_until_inside()
    gate.wait_until_inside()
    assert (engine.queue().running, engine.queue().waiting) == (2, 1)
    gate.let.release(3)
    for run_id in runs:
        wait_for_end(engine, run_id)

    assert gate.most_at_once == 2


def test_a_waiting_run_that_is_cancelled_never_starts() -> None:
    gate = Gate()
    engine = an_engine(gate.run)
    first = engine.submit("counting", Named(name="first"), session="a")
    gate.wait_until_inside()
    second = engine.submit("counting", Named(name="second"), session="a")

    engine.cancel(second)
    gate.let.release(2)
    wait_for_end(engine, first)

    assert engine.status(first).ended == "finished"
    assert (engine.status(second).state, engine.status(second).ended) == (RunState.STOPPED, "stopped")
    assert engine.status(second).position is None
    assert gate.order == ["first"]


def test_a_running_run_that_is_cancelled_keeps_what_it_has() -> None:
    gate = Gate()
    engine = an_engine(gate.run)
    run_id = engine.submit("counting", Named(name="endless"), session="a")
    for _ in range(3):  # two events are out, the third is being made
        gate.wait_until_inside()
        if _ < 2:
            gate.let.release()

    engine.cancel(run_id)
    gate.let.release()
    result, status = wait_for_end(engine, run_id)

    assert (status.state, status.ended, status.error) == (RunState.STOPPED, "stopped", None)
    assert (result.count, result.ended, result.notes) == (3, "stopped", ())


def test_a_run_that_does_not_know_of_stopping_is_stopped_and_closed() -> None:
    gate = Gate()
    closed = threading.Event()

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        try:
            while True:
                gate.entered.release()
                assert gate.let.acquire(timeout=PATIENCE_S)
                yield Progress(0.0, "on and on")
        finally:
            closed.set()

    engine = an_engine(run)
    run_id = engine.submit("counting", Named(), session="a")
    gate.wait_until_inside()
    engine.cancel(run_id)
    gate.let.release()
    result, status = wait_for_end(engine, run_id)

    assert (status.state, status.ended) == (RunState.STOPPED, "stopped")
    assert status.error == "You stopped this run. There was nothing to show yet."
    assert result is None
    assert closed.is_set()


def test_a_run_that_takes_too_long_is_stopped_with_what_it_has() -> None:
    gate = Gate()
    engine = an_engine(gate.run, patience=Patience(time_limit_s=-1.0))  # over before it began
    run_id = engine.submit("counting", Named(name="endless"), session="a")

    gate.let.release()
    result, status = wait_for_end(engine, run_id)

    assert (status.state, status.ended, status.error) == (RunState.STOPPED, "time limit", None)
    assert (result.count, result.ended) == (1, "time limit")
    assert result.notes == ("This run reached the time limit of -1 s.",)


def test_a_failure_is_a_sentence_with_the_runs_id_and_the_log_has_the_trace(caplog: pytest.LogCaptureFixture) -> None:
    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        yield Progress(0.1, "so far so good")
        raise ZeroDivisionError("a secret path /home/someone")

    engine = an_engine(run)
    with caplog.at_level(logging.ERROR, logger="orrery.engine"):
        run_id = engine.submit("counting", Named(), session="a")
        _, status = wait_for_end(engine, run_id)

    assert (status.state, status.ended) == (RunState.FAILED, None)
    assert run_id in status.error
    assert not any(word in status.error for word in ("secret", "Traceback", "ZeroDivision", "\n"))
    assert run_id in caplog.text
    assert "ZeroDivisionError: a secret path" in caplog.text


def test_what_a_run_refuses_is_said_as_it_is() -> None:
    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        raise InputError("The clip is 812 s long. At most 600 s can be searched here.")
        yield

    engine = an_engine(run)
    _, status = wait_for_end(engine, engine.submit("counting", Named(), session="a"))

    assert (status.state, status.error) == (RunState.FAILED, "The clip is 812 s long. At most 600 s can be searched here.")


def test_the_worker_lives_on_after_a_failure() -> None:
    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        if settings.name == "bad":
            raise RuntimeError("no")
        yield a_count(1)

    engine = an_engine(run)
    wait_for_end(engine, engine.submit("counting", Named(name="bad"), session="a"))
    result, status = wait_for_end(engine, engine.submit("counting", Named(name="good"), session="a"))

    assert (status.state, result.count) == (RunState.DONE, 1)


def test_release_stops_and_forgets_the_runs_of_one_session_only() -> None:
    gate = Gate()
    engine = an_engine(gate.run)
    running = engine.submit("counting", Named(name="endless"), session="leaving")
    gate.wait_until_inside()
    waiting = engine.submit("counting", Named(name="never"), session="leaving")
    staying = engine.submit("counting", Named(name="stays"), session="staying")

    engine.release("leaving")
    gate.let.release(2)
    result, status = wait_for_end(engine, staying)

    for run_id in (running, waiting):
        with pytest.raises(InputError, match="There is no run"):
            engine.status(run_id)
    assert (status.state, result.count) == (RunState.DONE, 1)
    assert gate.order == ["endless", "stays"]


def test_release_frees_what_the_run_held() -> None:
    class Video:
        """Something large; lists cannot be watched by a weak reference."""

    held: list[weakref.ref[Video]] = []

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        video = Video()
        held.append(weakref.ref(video))
        yield video
        yield a_count(1)

    engine = an_engine(run)
    run_id = engine.submit("counting", Named(), session="a")
    wait_for_end(engine, run_id)
    engine.release("a")
    wait_for_end(engine, engine.submit("counting", Named(), session="b"))  # the worker has gone on to something else
    engine.release("b")
    gc.collect()

    assert held[0]() is None


def test_only_the_last_runs_of_a_session_are_kept() -> None:
    engine = an_engine(counting)

    runs = []
    for _ in range(local_engine.KEPT_RUNS_PER_SESSION + 2):
        runs.append(engine.submit("counting", Named(), session="a"))
        wait_for_end(engine, runs[-1])

    assert engine.status(runs[-1]).state is RunState.DONE
    with pytest.raises(InputError, match="no run"):
        engine.seen(runs[0])


def test_a_run_of_nobody_is_refused_with_its_id() -> None:
    with pytest.raises(InputError, match="'nope'"):
        an_engine(counting).seen("nope")


def test_the_expected_wait_is_unknown_before_the_first_run_and_known_after() -> None:
    gate = Gate()
    engine = an_engine(gate.run)
    first = engine.submit("counting", Named(), session="a")
    gate.wait_until_inside()
    second = engine.submit("counting", Named(), session="b")
    third = engine.submit("counting", Named(), session="c")
    assert engine.status(second).expected_wait_s is None

    gate.let.release()
    wait_for_end(engine, first)
    gate.wait_until_inside()

    assert engine.status(third).position == 1
    assert engine.status(third).expected_wait_s >= 0
    gate.let.release(2)


def test_the_queue_counts_how_runs_ended() -> None:
    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        if settings.name == "bad":
            raise RuntimeError("no")
        yield a_count(1)

    engine = an_engine(run)
    for name in ("good", "bad", "good"):
        wait_for_end(engine, engine.submit("counting", Named(name=name), session="a"))

    assert engine.queue().ended == {(RunState.DONE, "finished"): 2, (RunState.FAILED, ""): 1}
    assert engine.queue().seconds_per_run is not None


class Hours(Clock):
    """A clock that a test turns. Whoever sleeps by it wakes when it is turned."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.sleeping: set[threading.Condition] = set()

    def now(self) -> float:
        return self.time_s

    def wait(self, condition: threading.Condition, until: float) -> None:
        self.sleeping.add(condition)
        condition.wait()

    def turn(self, engine: LocalEngine, seconds: float) -> None:
        with engine._changed:
            self.time_s += seconds
            for condition in self.sleeping:
                condition.notify_all()


class Hanging:
    """Runs named "hang..." hang where they are told to, until the end of the test or until they are let go."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.threads: list[threading.Thread] = []
        self.closed = 0

    def run(self, settings: Named, inputs: Inputs) -> Iterator[Any]:
        try:
            if "later" in settings.name:
                yield Progress(0.0, "so far")
                yield "a part"
            try:
                if settings.name == "hang in throw":
                    while True:
                        yield Progress(0.0, "on and on")
                elif settings.name.startswith("hang"):
                    self.hang()
                yield a_count(1)
            except RunStopped as stop:
                if settings.name == "hang in throw":
                    self.hang()
                yield a_count(7, ended=stop.ended)
        finally:
            self.closed += 1

    def hang(self) -> None:
        self.threads.append(threading.current_thread())
        self.inside.release()
        assert self.go_on.wait(PATIENCE_S)

    def let_go(self) -> None:
        self.go_on.set()
        for thread in self.threads:
            thread.join(PATIENCE_S)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    one = Hanging()
    yield one
    one.go_on.set()


@pytest.fixture
def hours() -> Hours:
    return Hours()


def hung(engine: LocalEngine, hanging: Hanging, name: str = "hang", session: str = "a") -> str:
    """A run that hangs by now."""
    run_id = engine.submit("counting", Named(name=name), session=session)
    assert hanging.inside.acquire(timeout=PATIENCE_S)
    return run_id


@pytest.mark.parametrize(("name", "lost"), [("hang", "There was nothing to show yet."),
                                            ("hang later", "It did not react any more, so what it had is lost.")])
def test_a_run_that_hangs_is_given_up_a_grace_after_its_limit_and_the_queue_goes_on(
    hanging: Hanging, hours: Hours, name: str, lost: str
) -> None:
    engine = an_engine(hanging.run, clock=hours)
    run_id = hung(engine, hanging, name)
    waiting = engine.submit("counting", Named(name="quick"), session="b")
    hours.turn(engine, 629.9)
    assert engine.status(run_id).state is RunState.RUNNING

    hours.turn(engine, 0.1)
    _, status = wait_for_end(engine, run_id)
    result, other = wait_for_end(engine, waiting)

    assert (status.state, status.ended) == (RunState.STOPPED, "time limit")
    assert status.error == f"This run reached the time limit of 600 s. {lost}"
    assert (other.state, result.count) == (RunState.DONE, 1)
    assert engine.queue().given_up == 1
    assert engine.queue().trouble is None


def test_what_a_run_brings_after_it_was_given_up_is_dropped_and_its_end_is_noticed(hanging: Hanging, hours: Hours) -> None:
    engine = an_engine(hanging.run, clock=hours)
    run_id = hung(engine, hanging, "hang later")
    hours.turn(engine, 700)
    _, status = wait_for_end(engine, run_id)

    hanging.let_go()

    assert engine.status(run_id) == status
    assert (engine.seen(run_id).part, engine.seen(run_id).result) == ("a part", None)
    assert hanging.closed == 1, "what the run held is free"
    assert engine.queue().given_up == 0


def test_a_run_that_hangs_while_it_is_stopped_is_given_up_too(hanging: Hanging, hours: Hours) -> None:
    engine = an_engine(hanging.run, clock=hours)
    run_id = engine.submit("counting", Named(name="hang in throw"), session="a")
    engine.seen(run_id, after=1, wait_s=PATIENCE_S)  # it has started, and one event came

    hours.turn(engine, 601)  # it reacts, and hangs in what it does then
    assert hanging.inside.acquire(timeout=PATIENCE_S)
    assert engine.status(run_id).state is RunState.RUNNING
    hours.turn(engine, 600)
    _, status = wait_for_end(engine, run_id)

    assert (status.state, status.ended) == (RunState.STOPPED, "time limit")
    assert engine.queue().given_up == 1


def test_stop_on_a_run_that_hangs_takes_effect_at_once_and_its_worker_is_given_up_after_a_grace(
    hanging: Hanging, hours: Hours
) -> None:
    engine = an_engine(hanging.run, clock=hours)
    run_id = hung(engine, hanging)
    hours.turn(engine, 3)

    engine.cancel(run_id)
    _, status = wait_for_end(engine, run_id)
    waiting = engine.submit("counting", Named(name="quick"), session="b")
    assert (status.state, status.ended) == (RunState.STOPPED, "stopped")
    assert status.error == "You stopped this run. There was nothing to show yet."
    assert (engine.queue().given_up, engine.queue().waiting) == (0, 1)
    hours.turn(engine, 30)

    assert wait_for_end(engine, waiting)[1].state is RunState.DONE
    assert engine.queue().given_up == 1


def test_a_worker_that_comes_back_in_time_goes_on_with_the_queue(hanging: Hanging, hours: Hours) -> None:
    engine = an_engine(hanging.run, clock=hours)
    run_id = hung(engine, hanging)
    hours.turn(engine, 3)
    engine.cancel(run_id)
    _, status = wait_for_end(engine, run_id)
    waiting = engine.submit("counting", Named(name="quick"), session="b")

    hanging.go_on.set()

    assert wait_for_end(engine, waiting)[1].state is RunState.DONE
    assert engine.status(run_id) == status
    assert engine.queue().given_up == 0


def test_stop_on_a_run_that_shows_life_waits_for_what_it_has(hours: Hours) -> None:
    gate = Gate()
    engine = an_engine(gate.run, clock=hours)
    run_id = engine.submit("counting", Named(name="endless"), session="a")
    gate.wait_until_inside()
    hours.turn(engine, 2.9)

    engine.cancel(run_id)
    assert engine.status(run_id).state is RunState.RUNNING
    gate.let.release()
    result, status = wait_for_end(engine, run_id)

    assert (status.state, result.ended) == (RunState.STOPPED, "stopped")


def test_a_session_can_leave_a_run_that_hangs(hanging: Hanging, hours: Hours) -> None:
    engine = an_engine(hanging.run, clock=hours)
    run_id = hung(engine, hanging, session="leaving")

    engine.release("leaving")
    with pytest.raises(InputError, match="There is no run"):
        engine.status(run_id)
    staying = engine.submit("counting", Named(name="quick"), session="staying")
    hours.turn(engine, 30)

    assert wait_for_end(engine, staying)[1].state is RunState.DONE
    assert engine.queue().ended == {(RunState.STOPPED, "session gone"): 1, (RunState.DONE, "finished"): 1}


def test_after_two_that_hang_no_run_is_taken_until_one_of_them_ends(hanging: Hanging, hours: Hours) -> None:
    engine = an_engine(hanging.run, clock=hours)
    first = hung(engine, hanging, session="a")
    hours.turn(engine, 631)
    wait_for_end(engine, first)
    second = hung(engine, hanging, session="b")
    waiting = engine.submit("counting", Named(name="quick"), session="c")
    assert engine.queue().trouble is None
    hours.turn(engine, 631)
    wait_for_end(engine, second)

    says = ("2 runs hang on this machine and were given up. New runs are taken again as soon as one of them ends; whoever runs this "
            "server can start it anew.")
    assert engine.queue().trouble == says
    assert (engine.status(waiting).state, engine.status(waiting).error) == (RunState.FAILED, says)
    with pytest.raises(InputError, match="2 runs hang on this machine"):
        engine.submit("counting", Named(name="quick"), session="e")

    hanging.let_go()
    assert (engine.queue().given_up, engine.queue().trouble) == (0, None)
    assert wait_for_end(engine, engine.submit("counting", Named(name="quick"), session="e"))[1].state is RunState.DONE


@pytest.mark.parametrize(("pulse", "shown", "given_up"), [
    pytest.param(Pulse(0, 0), math.inf, 630, id="without an event"),
    pytest.param(Pulse(100, 100), math.inf, 730, id="counted from its start"),
    pytest.param(Pulse(0, 590, longest_gap=1), math.inf, 630, id="quick steps"),
    pytest.param(Pulse(0, 590, longest_gap=100), math.inf, 800, id="slow steps have twice their time"),
    pytest.param(Pulse(0, 590, longest_gap=500), math.inf, 900, id="at most half the limit"),
    pytest.param(Pulse(0, 610), math.inf, 640, id="it has reacted to its limit"),
    pytest.param(Pulse(0, 5, stopped=7), 8, 37, id="stopped soon after an event"),
    pytest.param(Pulse(0, 5, stopped=100), 100, 130, id="stopped after a long silence"),
    pytest.param(Pulse(0, 5, longest_gap=10, stopped=7), 25, 37, id="stopped between slow steps"),
    pytest.param(Pulse(0, 5, longest_gap=40, stopped=7), 35, 87, id="but no person waits longer than the grace"),
    pytest.param(Pulse(0, 5, stopped=601), 601, 630, id="stopped after its limit"),
])
def test_how_long_a_silent_run_is_waited_for(pulse: Pulse, shown: float, given_up: float) -> None:
    patience = Patience()

    assert patience.shown_as_stopped(pulse) == shown
    assert patience.given_up(pulse) == given_up


def test_a_pulse_keeps_the_longest_silence() -> None:
    pulse = Pulse(0, 0)
    for now in (2, 3, 9, 10):
        pulse.beat(now)

    assert (pulse.last, pulse.longest_gap) == (10, 6)


def test_after_a_load_that_hangs_a_run_with_another_model_finishes(hours: Hours) -> None:
    entered, go_on, hung_in = threading.Event(), threading.Event(), []

    def load(rung: Rung, quantisation: Any, device: str) -> Loaded:
        if rung.name == "bad":
            hung_in.append(threading.current_thread())
            entered.set()
            assert go_on.wait(PATIENCE_S)
        return Loaded(rung, quantisation, device, nn.Identity(), 1.0)  # type: ignore[arg-type]

    budget = ModelBudget(100, loader=load, total_and_free_mb=lambda device: (1_000, 500))

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        yield Progress(0.0, "Loading the model")
        rung = Rung(settings.name, "detector", settings.name.title(), settings.name, "zero-shot-detector", "X", "mit", 10_000_000)
        with budget.borrow(rung, device="cpu"):
            yield a_count(1)

    engine = an_engine(run, clock=hours)
    first = engine.submit("counting", Named(name="bad"), session="a")
    assert entered.wait(PATIENCE_S)
    other = engine.submit("counting", Named(name="good"), session="b")
    hours.turn(engine, 700)
    assert wait_for_end(engine, first)[1].ended == "time limit"
    result, status = wait_for_end(engine, other)
    _, same = wait_for_end(engine, engine.submit("counting", Named(name="bad"), session="c"))

    assert (status.state, result.count) == (RunState.DONE, 1)
    assert (same.state, (same.error or "")[:63]) == (
        RunState.FAILED, "Bad is still being loaded by a run that did not react and was given up"[:63])
    go_on.set()
    hung_in[0].join(PATIENCE_S)
    assert [holding.name for holding in budget.loaded()] == ["good"], "what came too late was dropped"
    assert engine.queue().given_up == 0


@pytest.mark.parametrize(("number", "says"), [
    (errno.ENOSPC, "This machine's disk is full"), (errno.EDQUOT, "disk is full"), (errno.EROFS, "disk cannot be written to"),
    (errno.EACCES, "disk cannot be written to"), (errno.EPERM, "disk cannot be written to"),
    (errno.EMFILE, "too many files open"), (errno.ENFILE, "too many files open"), (errno.EIO, "disk has failed"),
], ids=lambda value: errno.errorcode[value] if isinstance(value, int) else "")
def test_a_disks_trouble_is_said_in_a_sentence_without_a_path(number: int, says: str) -> None:
    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        yield Progress(0.0, "writing")
        try:
            raise OSError(number, "said by the system", "/home/someone/secret")
        except OSError as error:
            raise RuntimeError("a library's own words") from error

    engine = an_engine(run)
    _, status = wait_for_end(engine, engine.submit("counting", Named(), session="a"))

    assert status.state is RunState.FAILED
    assert says in (status.error or "")
    assert "secret" not in (status.error or "")


def test_nothing_that_a_run_raises_ends_its_worker() -> None:
    class Panic(BaseException):
        """What a library written in Rust raises where it gives up."""

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        if settings.name:
            raise Panic("a rusty end")
        yield a_count(1)

    engine = an_engine(run)
    _, status = wait_for_end(engine, engine.submit("counting", Named(name="x"), session="a"))

    assert status.state is RunState.FAILED
    assert "Something went wrong on our side" in (status.error or "")
    assert wait_for_end(engine, engine.submit("counting", Named(), session="a"))[1].state is RunState.DONE


def a_sharing_engine(run: Callable[..., Iterator[Any]], **limits: Any) -> LocalEngine:
    return an_engine(run, **{"shares": True} | limits)


def test_thirty_sessions_that_ask_for_the_same_cause_one_run_and_get_one_result() -> None:
    gate = Gate()
    engine = a_sharing_engine(gate.run, max_waiting=1)
    ahead = engine.submit("counting", Named(name="ahead"), session="first")
    gate.wait_until_inside()
    runs = [engine.submit("counting", Named(name="same"), session=str(number)) for number in range(30)]
    assert len(set(runs)) == 30
    assert {engine.status(run_id).position for run_id in runs} == {1}

    gate.let.release(2)
    results = [wait_for_end(engine, run_id)[0] for run_id in (ahead, *runs)][1:]

    assert gate.order == ["ahead", "same"]
    assert all(result is results[0] for result in results)
    assert engine.queue().ended == {(RunState.DONE, "finished"): 2}


@pytest.mark.parametrize("leave", ["stop", "close the tab"])
def test_who_leaves_a_shared_run_leaves_it_to_the_others_and_the_last_one_ends_it(leave: str) -> None:
    gate = Gate()
    engine = a_sharing_engine(gate.run)
    one = engine.submit("counting", Named(name="endless"), session="one")
    gate.wait_until_inside()
    two = engine.submit("counting", Named(name="endless"), session="two")

    if leave == "stop":
        engine.cancel(one)
        status = engine.status(one)
        assert (status.state, status.ended) == (RunState.STOPPED, "stopped")
        assert (status.error or "").startswith("You stopped this run. Others asked for the same, so that it goes on for them;")
    else:
        engine.release("one")
        with pytest.raises(InputError, match="There is no run"):
            engine.status(one)
    gate.let.release()
    gate.wait_until_inside()
    assert engine.status(two).state is RunState.RUNNING

    engine.cancel(two)
    gate.let.release()
    result, status = wait_for_end(engine, two)
    assert (status.state, result.ended) == (RunState.STOPPED, "stopped")
    if leave == "stop":
        assert engine.seen(one).result is None, "what came after it left is not its own"


def test_a_waiting_run_that_is_shared_keeps_its_place_until_the_last_one_leaves() -> None:
    gate = Gate()
    engine = a_sharing_engine(gate.run)
    ahead = engine.submit("counting", Named(name="ahead"), session="first")
    gate.wait_until_inside()
    one, _, two = (engine.submit("counting", Named(name=name), session=session)
                   for name, session in (("same", "one"), ("between", "other"), ("same", "two")))
    assert engine.status(two).position == 1, "where the earliest one is"

    engine.cancel(one)
    assert (engine.status(one).position, engine.status(two).position, engine.queue().waiting) == (None, 1, 2)
    engine.cancel(two)

    assert engine.queue().waiting == 1
    gate.let.release(2)
    wait_for_end(engine, ahead)


def test_a_run_that_was_stopped_is_not_joined_while_it_ends() -> None:
    gate = Gate()
    engine = a_sharing_engine(gate.run)
    stopped = engine.submit("counting", Named(name="endless"), session="a")
    gate.wait_until_inside()

    engine.cancel(stopped)
    again = engine.submit("counting", Named(name="endless"), session="a")
    gate.let.release()
    gate.wait_until_inside()

    assert engine.status(stopped).state is RunState.STOPPED
    assert engine.status(again).state is RunState.RUNNING
    engine.cancel(again)
    gate.let.release()


def test_who_joins_late_gets_the_newest_part_at_once() -> None:
    gate = Gate()

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        yield "a part"
        yield "a newer one"
        yield from gate.run(settings, inputs)

    engine = a_sharing_engine(run)
    engine.submit("counting", Named(), session="early")
    gate.wait_until_inside()
    late = engine.submit("counting", Named(), session="late")

    assert engine.seen(late).since(0) == ["a newer one"]
    assert engine.status(late).state is RunState.RUNNING
    gate.let.release()


def test_a_finished_result_is_there_at_once_even_where_the_queue_is_full() -> None:
    gate = Gate()
    engine = a_sharing_engine(gate.run, max_waiting=1)
    gate.let.release()
    first, _ = wait_for_end(engine, engine.submit("counting", Named(name="same"), session="a"))
    engine.submit("counting", Named(name="running"), session="b")
    for _ in range(2):
        gate.wait_until_inside()
    engine.submit("counting", Named(name="waiting"), session="c")

    run_id = engine.submit("counting", Named(name="same"), session="d")

    assert (engine.status(run_id).state, engine.status(run_id).ended) == (RunState.DONE, "finished")
    assert engine.seen(run_id).result is first
    gate.let.release(2)


def what_ends(how: str) -> Callable[..., Iterator[Any]]:
    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        counted.append(settings.name)
        if how == "failed":
            raise RuntimeError("no")
        yield Progress(0.0, "on")
        yield a_count(1, ended="stopped" if how == "stopped" else "finished")

    counted: list[str] = []
    run.counted = counted  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(("how", "limits"), [
    ("failed", {}), ("stopped", {}), ("time limit", {"patience": Patience(time_limit_s=-1.0)}), ("too large", {"kept_mb": 0})])
def test_what_did_not_finish_or_does_not_fit_is_run_anew(how: str, limits: dict[str, Any]) -> None:
    run = what_ends(how)
    engine = a_sharing_engine(run, **limits)

    for session in ("a", "b"):
        wait_for_end(engine, engine.submit("counting", Named(name="same"), session=session))

    assert run.counted == ["same", "same"]  # type: ignore[attr-defined]


def test_a_run_whose_model_had_to_go_is_run_anew(tmp_path: Path) -> None:
    made, names = Made(lambda: tmp_path, max_mb=0), []

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        names.append(settings.name)
        made.put("made:counting-00000000", lambda folder: folder.mkdir(parents=True))
        yield a_count(1).model_copy(update={"made": ("made:counting-00000000",)})

    engine = a_sharing_engine(run)
    for session in ("a", "b"):
        wait_for_end(engine, engine.submit("counting", Named(name="same"), session=session, inputs=Inputs(makes=made)))
    assert names == ["same"]
    made.put("made:counting-11111111", lambda folder: folder.mkdir(parents=True) or (folder / "x").write_text("x"))

    wait_for_end(engine, engine.submit("counting", Named(name="same"), session="c", inputs=Inputs(makes=made)))

    assert names == ["same", "same"]


def test_what_a_session_brought_is_neither_shared_nor_handed_to_a_run_that_is() -> None:
    seen: list[tuple[str, list[str]]] = []

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        seen.append((settings.name, list(inputs.files)))
        yield a_count(len(seen))

    engine = a_sharing_engine(run)
    files = Inputs({"mine.csv": "path"})  # type: ignore[dict-item]
    for name in ("upload:mine.csv", "upload:mine.csv", "mine.csv", "mine.csv", "none of them"):
        wait_for_end(engine, engine.submit("counting", Named(name=name), session="a", inputs=files))

    assert seen == [*[("upload:mine.csv", ["mine.csv"])] * 2, *[("mine.csv", ["mine.csv"])] * 2, ("none of them", [])]


def test_a_kept_result_whose_models_had_to_go_is_run_anew(tmp_path: Path) -> None:
    makes, counted = Made(lambda: tmp_path), []

    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        counted.append(settings.name)
        assert inputs.makes is not None
        inputs.makes.put("made:x-00000000", lambda folder: folder.mkdir(parents=True))
        yield a_count(1).model_copy(update={"made": ("made:x-00000000",)})

    engine = a_sharing_engine(run)
    told = []
    for _ in range(2):
        run_id = engine.submit("counting", Named(name="same"), session="a", inputs=Inputs(makes=makes))
        wait_for_end(engine, run_id)
        told.append(engine.status(run_id).was_kept)
    assert counted == ["same"] and told == [False, True]
    shutil.rmtree(tmp_path / "made")

    wait_for_end(engine, engine.submit("counting", Named(name="same"), session="a", inputs=Inputs(makes=makes)))

    assert counted == ["same"] * 2 and makes.find("made:x-00000000") is not None


def test_who_joins_counts_as_one_that_waits_and_as_served() -> None:
    gate = Gate()
    engine = a_sharing_engine(gate.run)
    engine.submit("counting", Named(name="shared"), session="a")
    gate.wait_until_inside()
    engine.submit("counting", Named(name="shared"), session="b")  # it is served with it
    last, *_ = [engine.submit("counting", Named(name=name), session=name[0]) for name in ("b1", "c1", "c2", "c3", "c4")]
    with pytest.raises(InputError, match="You have 4 runs waiting"):
        engine.submit("counting", Named(name="b1"), session="c")
    for _ in range(local_engine.MAX_PER_SESSION - 1):
        engine.submit("counting", Named(name="shared"), session="a")
    with pytest.raises(InputError, match="You have 4 runs waiting"):
        engine.submit("counting", Named(name="shared"), session="a")

    gate.let.release(6)
    wait_for_end(engine, last)

    assert gate.order[:3] == ["shared", "c1", "b1"]


def a_laned_engine(run: Callable[..., Iterator[Any]], **limits: Any) -> LocalEngine:
    """An engine for which settings whose name begins with "long" are long."""
    return an_engine(run, find_lane=lambda name, settings: "long" if settings.name.startswith("long") else "short", **limits)


class Lanes:
    """Two gates: one for each lane."""

    def __init__(self) -> None:
        self.long, self.short = Gate(), Gate()

    def run(self, settings: Named, inputs: Inputs) -> Iterator[Any]:
        yield from (self.long if settings.name.startswith("long") else self.short).run(settings, inputs)


def test_a_short_run_behind_a_long_one_ends_before_it() -> None:
    gates = Lanes()
    engine = a_laned_engine(gates.run)
    long = engine.submit("counting", Named(name="long"), session="a")
    gates.long.wait_until_inside()
    next_long = engine.submit("counting", Named(name="long too"), session="b")

    gates.short.let.release()
    short, status = wait_for_end(engine, engine.submit("counting", Named(name="short"), session="a"))

    assert (status.state, short.count) == (RunState.DONE, 1)
    assert engine.status(long).state is RunState.RUNNING
    assert (engine.status(next_long).state, engine.status(next_long).position) == (RunState.WAITING, 1)
    gates.long.let.release(2)
    wait_for_end(engine, next_long)
    assert gates.long.order == ["long", "long too"] and gates.long.most_at_once == 1


def test_a_long_run_does_not_wait_behind_short_ones_and_each_lane_knows_its_own_wait() -> None:
    gates = Lanes()
    engine = a_laned_engine(gates.run)
    first = engine.submit("counting", Named(name="short"), session="a")
    gates.short.wait_until_inside()
    second = engine.submit("counting", Named(name="short too"), session="a")
    gates.long.let.release(2)

    wait_for_end(engine, engine.submit("counting", Named(name="long"), session="a"))

    assert engine.status(second).expected_wait_s is None, "no short run has ended yet"
    assert (engine.queue().workers, engine.queue().running, engine.queue().waiting) == (2, 1, 1)
    gates.short.let.release(2)
    for run_id in (first, second):
        wait_for_end(engine, run_id)


def test_the_queues_limit_holds_for_both_lanes_together() -> None:
    gates = Lanes()
    engine = a_laned_engine(gates.run, max_waiting=2)
    for name, gate in (("long", gates.long), ("short", gates.short)):
        engine.submit("counting", Named(name=name), session="a")
        gate.wait_until_inside()
        engine.submit("counting", Named(name=f"{name} too"), session="a")

    for name in ("long", "short"):
        with pytest.raises(InputError, match="2 runs are waiting"):
            engine.submit("counting", Named(name=name), session="b")
    gates.long.let.release(2)
    gates.short.let.release(2)


def test_a_worker_of_the_long_lane_that_hangs_is_replaced_in_its_lane(hanging: Hanging, hours: Hours) -> None:
    engine = an_engine(hanging.run, clock=hours, find_lane=lambda name, settings: "long")
    hung(engine, hanging)
    waiting = engine.submit("counting", Named(name="quick"), session="b")

    hours.turn(engine, 631)

    assert wait_for_end(engine, waiting)[1].state is RunState.DONE
