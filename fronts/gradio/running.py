"""A run as the Gradio front asks for it: refused at once where it cannot run, else its events as they come."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from backends.engine import RunState, the_engine
from backends.registry import System
from backends.run import Event, Inputs, Progress, Settings, ended_sentence
from fronts.gradio.sessions import quietly_cancel
from fronts.gradio.zero_gpu import ON_ZERO_GPU, run_on_zero_gpu
from visualizers import ladder
from worlds.errors import InputError


def refuse_what_cannot_run(what: System, settings: Settings, inputs: Inputs | None = None) -> None:
    """Raises: InputError with the reason, before a run is queued, if a model that was chosen cannot run here or not do this."""
    if said := what.objection(settings):
        raise InputError(said)
    for entry in () if ON_ZERO_GPU else ladder.missing(settings, inputs):  # there, the device is known inside the run only
        instead = "" if entry.fallback is None else f" Or choose {entry.fallback_title or 'none'}, which works here."
        raise InputError(f"{entry.reason}{instead}")


def why_nothing(run_id: str) -> str:
    """Why a run that ended without a result did so, as the engine says it: others may go on with it."""
    try:
        said = the_engine().status(run_id).error
    except InputError:  # it is forgotten, or there was no engine
        said = None
    return said or f"{ended_sentence('stopped')} There was nothing to show yet."


def events_of(name: str, settings: Settings, inputs: Inputs, *, session: str,
              started: Callable[[str], None] = lambda run_id: None) -> Iterator[Event]:
    """The newest events of a run, with `Progress` for its place in the queue. Closing this generator stops the run.

    Raises: InputError where it failed, or where the time limit ended it before there was a result.
    """
    if ON_ZERO_GPU:
        yield from run_on_zero_gpu(name, settings, replace(inputs, makes=None))  # what that process made would not be found here
        return
    engine = the_engine()
    run_id = engine.submit(name, settings, session=session, inputs=inputs)
    started(run_id)
    version = 0
    try:
        while True:
            seen = engine.seen(run_id, after=version, wait_s=0.5)
            yield from seen.since(version)
            version = seen.version
            status = engine.status(run_id)
            if status.state is RunState.WAITING:
                yield Progress(0.0, f"number {status.position} in the queue", status.expected_wait_s)
            elif status.state is RunState.FAILED or (status.error and status.ended == "time limit"):
                raise InputError(status.error or "The run failed.")
            elif status.state.is_over and status.version == version:
                return
    finally:
        quietly_cancel(run_id)
