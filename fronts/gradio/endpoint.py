"""A system for programs: a run from typed arguments, over REST, `gradio_client` and, through `tools`, MCP.

Each call has a session of its own, with the files that came with it; both end with the call.
"""

import inspect
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.context import get_blocks_context

from backends.knobs import knobs_of
from backends.registry import System
from backends.run import Event, Result, Settings
from backends.sessions import Session
from fronts.gradio.arguments import arguments, with_files
from fronts.gradio.files import BroughtFiles, take_files
from fronts.gradio.inputs import checked
from fronts.gradio.outputs import cached_pictures, for_people, summary
from fronts.gradio.running import events_of, refuse_what_cannot_run
from fronts.gradio.sessions import OpenSessions
from fronts.gradio.zero_gpu import ON_ZERO_GPU
from worlds.errors import InputError

CALLS = 8  # that wait for a run at once, of all systems together
_PICTURES = {"type": "array", "items": {"type": "object"}, "description": "The run's pictures, as files; none where it draws charts "
             "alone."}
_NUMBERS = {"type": "object", "description": "The run's numbers, with the seed, the model and the code version that made them."}


def _refuse_earlier_runs(settings: Settings) -> None:
    """Raises: InputError where the settings name an earlier run, which the session of one call cannot have."""
    for knob in knobs_of(type(settings)):
        if knob.kind == "result" and getattr(settings, knob.name):
            raise InputError(f"{knob.name}: a call cannot name an earlier run, for each is a session of its own. Leave it empty.")


class Endpoint:
    """One system as programs ask for it."""

    def __init__(self, what: System[Settings, Result], sessions: OpenSessions, brought: BroughtFiles) -> None:
        self.what = what
        self._sessions, self._brought = sessions, brought

    def publish(self) -> None:
        """Add the two endpoints of the system to the front that is being built."""
        what = self.what
        call = self.call()
        gr.api(call, api_name=what.name, concurrency_limit=CALLS, concurrency_id="endpoints")
        blocks = get_blocks_context()
        assert blocks is not None  # gr.api says so before
        asked = next(fn for fn in blocks.fns.values() if fn.fn is call)
        schemas = with_files(what, arguments(what, asks_device=not ON_ZERO_GPU))
        for part, schema in zip([*asked.inputs, *asked.outputs], [*schemas.values(), _NUMBERS, _PICTURES], strict=True):
            part._api_info = schema  # type: ignore[union-attr]  # from the types alone Gradio would know no bounds
        gr.api(self._schema(), api_name=f"{what.name}_schema", queue=False)

    def call(self) -> Callable[..., Any]:
        """What Gradio calls: a function with an argument per setting, for which it looks into the signature."""
        what = self.what
        schemas = arguments(what, asks_device=False)

        def call(*values: Any) -> tuple[dict[str, object], list[dict[str, object]]]:
            try:
                result = self.result(dict(zip(schemas, values, strict=True)))
            except (InputError, OSError) as error:
                raise for_people(error) from error
            return summary(result), cached_pictures(what, result)

        call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=schema.get("default"), annotation=object)
             for name, schema in schemas.items()], return_annotation=tuple[dict, list])
        call.__annotations__ = dict.fromkeys(schemas, object) | {"return": tuple[dict, list]}
        call.__name__ = what.name
        call.__doc__ = (f"{what.title}: {what.claim} ({what.paper})\n\nArgs:\n"
                        + "\n".join(f"    {name}: {schema['description']}" for name, schema in schemas.items())
                        + f"\nReturns:\n    {_NUMBERS['description']}\n    {_PICTURES['description']}")
        return call

    def result(self, values: Mapping[str, object]) -> Result:
        """Run with these values and return what came out.

        Raises: InputError where they cannot be run, or where the run ended without a result.
        """
        result = None
        with self.session() as session:
            for event in self.events(values, session):
                result = event if isinstance(event, Result) else result
        if result is None:
            raise InputError("This run was stopped before it had a result.")
        return result

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The session of one call."""
        key = f"call-{self.what.name}-{uuid.uuid4().hex}"
        try:
            yield self._sessions.of(key)
        finally:
            self._sessions.close(key)

    def events(self, values: Mapping[str, object], session: Session) -> Generator[Event, None, None]:
        """The events of a run with these values and the files that came with them, or were brought before."""
        asked = self._brought.lend(take_files(self.what, values, session), session)
        settings = checked(self.what.settings, asked)
        _refuse_earlier_runs(settings)
        refuse_what_cannot_run(self.what, settings, session.inputs())
        yield from events_of(self.what.name, settings, session.inputs(), session=session.session_id)

    def _schema(self) -> Callable[..., Any]:
        what = self.what

        def schema() -> dict:  # type: ignore[type-arg]
            return what.settings.model_json_schema()

        schema.__name__ = f"{what.name}_schema"
        schema.__doc__ = f"The JSON schema of the settings of {what.title}: every knob with default, bounds and meaning."
        return schema
