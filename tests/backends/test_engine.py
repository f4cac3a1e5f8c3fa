import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from backends.engine import LocalEngine, RunState
from backends.engine import local as local_engine
from backends.run import Ended, Inputs, Progress, Result, RunStopped, Settings
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
    return LocalEngine(find_run=lambda name: run, **limits)


def wait_for_end(engine: LocalEngine, run_id: str) -> Any:
    """The last event and the status of a run that ends."""
    while not (status := engine.status(run_id)).state.is_over:
        engine.events(run_id, since=status.num_events, wait_s=PATIENCE_S)
    events = engine.events(run_id)
    return (events[-1] if events else None), status


def counting(settings: Named, inputs: Inputs) -> Iterator[Any]:
    yield Progress(0.5, "half")
    yield a_count(1)


def test_a_run_gives_its_events_in_order_and_its_result_last() -> None:
    engine = an_engine(counting)

    run_id = engine.submit("counting", Named(), session="a")
    result, status = wait_for_end(engine, run_id)

    assert status.state is RunState.DONE
    assert [type(event) for event in engine.events(run_id)] == [Progress, Count]
    assert engine.events(run_id, since=1) == [result]
    assert engine.events(run_id, since=2) == []


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

    assert engine.status(second).state is RunState.STOPPED
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

    assert status.state is RunState.STOPPED
    assert status.error is None
    assert (result.count, result.ended) == (3, "stopped")


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
    event, status = wait_for_end(engine, run_id)

    assert status.state is RunState.STOPPED
    assert isinstance(event, Progress)
    assert closed.is_set()


def test_a_run_that_takes_too_long_is_stopped_with_what_it_has() -> None:
    gate = Gate()
    engine = an_engine(gate.run, time_limit_s=-1.0)  # over before it began
    run_id = engine.submit("counting", Named(name="endless"), session="a")

    gate.let.release()
    result, status = wait_for_end(engine, run_id)

    assert status.state is RunState.STOPPED
    assert (result.count, result.ended) == (1, "time limit")


def test_a_failure_is_a_sentence_with_the_runs_id_and_the_log_has_the_trace(caplog: pytest.LogCaptureFixture) -> None:
    def run(settings: Named, inputs: Inputs) -> Iterator[Any]:
        yield Progress(0.1, "so far so good")
        raise ZeroDivisionError("a secret path /home/someone")

    engine = an_engine(run)
    with caplog.at_level(logging.ERROR, logger="orrery.engine"):
        run_id = engine.submit("counting", Named(), session="a")
        _, status = wait_for_end(engine, run_id)

    assert status.state is RunState.FAILED
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
        engine.events(runs[0])


def test_a_run_of_nobody_is_refused_with_its_id() -> None:
    with pytest.raises(InputError, match="'nope'"):
        an_engine(counting).events("nope")


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

    assert engine.queue().ended == {"done": 2, "failed": 1}
    assert engine.queue().seconds_per_run is not None
