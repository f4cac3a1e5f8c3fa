"""The Gradio front: a tab and three endpoints per system, all made from the registry and from each system's Settings.

Runs go through the engine like those of the pages. On ZeroGPU, where a GPU is lent to one function call at a time, the
whole run is that call instead. `python gradio_app.py` starts it alone; server.py mounts it beside the pages.
"""

import environment

environment.prepare()  # before anything below is imported

import os  # noqa: E402

ON_ZERO_GPU = bool(os.environ.get("SPACES_ZERO_GPU"))
if ON_ZERO_GPU:
    import spaces  # has to come before everything that touches CUDA

import json  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from functools import partial  # noqa: E402
from html import escape  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gradio as gr  # noqa: E402
from pydantic import ValidationError  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from backends.engine import RunState, the_engine  # noqa: E402
from backends.files.saved import load_result, refusal, save_result  # noqa: E402
from backends.registry import System, system, systems  # noqa: E402
from backends.run import Inputs, Progress, Result, Settings, ended_sentence, explain, plain_json  # noqa: E402
from backends.sessions import MAX_FILE_MB, Session, check_file  # noqa: E402
from fronts.gradio import gate  # noqa: E402
from fronts.gradio.sessions import OpenSessions, quietly_cancel  # noqa: E402
from fronts.hosts import KnownHosts  # noqa: E402
from visualizers import ladder  # noqa: E402
from visualizers.contract import Charts, Pictures, drawing  # noqa: E402
from visualizers.theme import themed  # noqa: E402
from worlds.errors import InputError, disk_sentence  # noqa: E402

MAX_FIGURES = 8  # plots that a tab has room for
MAX_SLIDER_STEPS = 10_000  # a wider range, such as a seed's, is typed
ZERO_GPU_SECONDS = 120
MOUNT: dict[str, Any] = {"max_file_size": f"{MAX_FILE_MB}mb", "show_error": False, "footer_links": ["api"], "run_history": False,
                         "enable_monitoring": False,
                         "app_kwargs": {"middleware": [Middleware(KnownHosts), Middleware(gate.Gate)]}}


def events_of(name: str, settings: Settings, inputs: Inputs, *, session: str,
              started: Callable[[str], None] = lambda run_id: None) -> Iterator[Any]:
    """The newest events of a run, with `Progress` for its place in the queue. Closing this generator stops the run.

    Raises: InputError where it failed, or where the time limit ended it before there was a result.
    """
    if ON_ZERO_GPU:
        yield from run_on_zero_gpu(name, settings, inputs)
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


def run_on_zero_gpu(name: str, settings: Settings, inputs: Inputs) -> Iterator[Any]:
    """The whole run in one lent GPU call; it is another process, so only plain values cross."""
    yield from system(name).run(settings, inputs)


if ON_ZERO_GPU:
    run_on_zero_gpu = spaces.GPU(duration=ZERO_GPU_SECONDS)(run_on_zero_gpu)  # type: ignore[attr-defined]


def checked(kind: type[Settings], values: dict[str, Any]) -> Any:
    """Raises: InputError naming every field that is wrong, with its limit."""
    try:
        return kind.model_validate_json(json.dumps(values))  # as JSON: lists are tuples there
    except ValidationError as error:
        raise InputError(explain(error)) from error
    except (TypeError, ValueError) as error:
        raise InputError("The settings are not a JSON object of plain values.") from error


def for_people(error: InputError | OSError) -> gr.Error:
    """The sentence as Gradio shows it, whose messages are read as HTML."""
    said = str(error) if isinstance(error, InputError) else disk_sentence(error) or "Something went wrong on our side. Try again."
    return gr.Error(escape(said, quote=False), print_exception=not isinstance(error, InputError))


def summary(result: Result) -> dict[str, Any]:
    """The numbers of a result, as JSON."""
    return plain_json(result.summary())


def component(name: str, field: dict[str, Any]) -> gr.components.Component:
    """The input of one setting, from its JSON schema."""
    kinds = field.get("anyOf") or [field]
    kind = {**field, **next((entry for entry in kinds if entry.get("type") != "null"), {})}
    common = {"label": field.get("title", name), "info": field.get("description")}
    default, low, high = field.get("default"), _bound(kind, "inimum"), _bound(kind, "aximum")
    if role := field.get("role"):
        rungs = ladder.choices(role, none_label=field.get("none", ""), asks_device=not ON_ZERO_GPU)
        return gr.Dropdown(choices=[(rung.label, rung.value) for rung in rungs], value=default, allow_custom_value=True,
                           **{**common, "info": f"{common['info']} Or type the name of a folder below ORRERY_MODELS_DIR."})
    if suggestions := field.get("suggestions"):
        return gr.Dropdown(choices=suggestions, value=default, allow_custom_value=True, **common)
    if "const" in kind:
        return gr.Dropdown(choices=[kind["const"]], value=kind["const"], **common)
    if "enum" in kind:
        return gr.Dropdown(choices=kind["enum"], value=default, **common)
    if kind.get("type") == "boolean":
        return gr.Checkbox(value=bool(default), **common)
    if kind.get("type") in ("integer", "number") and default is None:
        return gr.Textbox("", lines=1, **common)  # a number box cannot be empty: it would show and send 0
    if kind.get("type") in ("integer", "number"):
        step = 1 if kind["type"] == "integer" else kind.get("multipleOf")
        if low is not None and high is not None and len(kinds) == 1 and (high - low) / (step or 1) <= MAX_SLIDER_STEPS:
            return gr.Slider(low, high, value=default, step=step or round((high - low) / 100, 6), **common)
        return gr.Number(default, minimum=low, maximum=high, precision=0 if kind["type"] == "integer" else None, **common)
    if choices := kind.get("items", {}).get("enum"):
        return gr.Dropdown(choices=choices, value=list(default or ()), multiselect=True, **common)
    if kind.get("type") == "array":
        return gr.Textbox(", ".join(map(str, default or ())), **{**common, "info": f"{common['info'] or ''} (separated by commas)"})
    if kind.get("type") == "string":
        return gr.Textbox(default, lines=1, max_length=kind.get("maxLength"), **common)
    return gr.Textbox(json.dumps(default), lines=2, **{**common, "info": f"{common['info'] or ''} (as JSON)"})


def _bound(kind: dict[str, Any], ending: str) -> float | None:
    """Of minimum, maximum; an exclusive bound is shown as it is, and settings refuse the end itself."""
    return kind.get("m" + ending, kind.get("exclusiveM" + ending))


def parsed(field: dict[str, Any], value: Any) -> Any:
    """What a component holds, as the JSON that the setting wants."""
    kinds = field.get("anyOf") or [field]
    kind = {**field, **next((entry for entry in kinds if entry.get("type") != "null"), {})}
    if role := field.get("role"):
        return ladder.value_of(str(value or ""), *field.get("roles", [role]))
    if value in ("", None) and len(kinds) > 1:
        return None
    if isinstance(value, list):  # several were chosen
        return value
    if kind.get("type") == "array":
        parts = [part.strip() for part in (value or "").split(",") if part.strip()]
        if kind.get("items", {}).get("type") == "string":
            return parts
        return [_json(part) for part in parts]
    if kind.get("type") in ("integer", "number") and isinstance(value, str):
        return _json(value)
    if kind.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if "type" not in kind and "enum" not in kind and "const" not in kind:
        return _json(value)
    return value


def shown(field: dict[str, Any], value: Any) -> Any:
    """The other way round: a setting's JSON as its component holds it."""
    kind = {**field, **next((entry for entry in field.get("anyOf") or [field] if entry.get("type") != "null"), {})}
    if isinstance(value, list):
        return value if kind.get("items", {}).get("enum") else ", ".join(map(str, value))
    if value is None or (kind.get("type") in ("integer", "number") and field.get("default") is None):
        return "" if value is None else str(value)  # such a number is typed
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{text[:80]!r} is not a number or JSON. Write for example 3 or [1, 2].") from error


def figures_of(what: System, event: object) -> Charts | None:
    """The plotly figures of an event, or None where there is nothing to draw."""
    drawn = drawing(what.name)
    figures = drawn.figures(event) if isinstance(event, Result) else drawn.live(event)
    # Gradio does not tell whether a browser is dark: on white, the light template can be read in both
    return figures and {title: themed(figure, is_dark=False).update_layout(paper_bgcolor="#FFFFFF")
                        for title, figure in figures.items()}


def pictures_of(what: System, event: object) -> Pictures:
    """The pictures of an event with their captions; a system without pictures has none."""
    return drawing(what.name).pictures(event)


def refuse_what_cannot_run(what: System, settings: Settings) -> None:
    """Raises: InputError with the reason, before a run is queued, if a model that was chosen cannot run here or not do this."""
    if said := what.objection(settings):
        raise InputError(said)
    for entry in () if ON_ZERO_GPU else ladder.missing(settings):  # there, the device is known inside the run only
        raise InputError(f"{entry.reason} Or choose {entry.fallback_title or 'none'}, which works here.")


def progress_line(progress: Progress) -> str:
    left = f", {progress.seconds_left:.0f} s left" if progress.seconds_left is not None else ""
    return f"{progress.fraction:.0%}: {progress.stage}{left}"


class Tab:
    """One system: inputs, Run, Stop, what comes out; and its endpoints."""

    def __init__(self, what: System, sessions: OpenSessions) -> None:
        self.what = what
        self._sessions = sessions
        self._fields: dict[str, dict[str, Any]] = what.settings.model_json_schema().get("properties", {})
        defs = what.settings.model_json_schema().get("$defs", {})
        for name, field in self._fields.items():
            if "$ref" in field:
                self._fields[name] = {**defs[field["$ref"].rsplit("/", 1)[-1]], **field}

    def draw(self) -> None:
        what = self.what
        gr.Markdown(f"{what.claim}\n\n*{what.paper}* ({what.source})")
        with gr.Row():
            presets = [(gr.Button(label, size="sm", min_width=140), *preset) for label, preset in what.presets.items()]
        with gr.Row():
            with gr.Column(scale=2, min_width=300):  # first, so that a phone shows the picture before the knobs
                with gr.Row():
                    run = gr.Button("Run", variant="primary", min_width=120)
                    stop = gr.Button("Stop", min_width=120)
                self._draw_outputs()
            with gr.Column(scale=1, min_width=300):
                inputs = self._draw_inputs()
                if what.upload_setting:
                    endings = [f".{kind.lstrip('.')}" for kind in what.upload_kinds]
                    upload = gr.File(label=f"Bring your own ({', '.join(what.upload_kinds)}, up to {MAX_FILE_MB} MB)",
                                     height=180, file_types=endings or None, type="filepath")
                    inputs.append(upload)
                    upload.upload(self.taken, upload, upload, concurrency_limit=None, api_visibility="private",
                                  show_progress="hidden")  # through the queue: without it no warning reaches the browser
        outputs = [self.line, self.gallery, *self.plots, self.numbers, self.download]
        running = {"concurrency_limit": None, "api_visibility": "private", "show_progress": "hidden"}
        run.click(self.run, inputs, outputs, **running)  # type: ignore[arg-type]
        for button, settings, _ in presets:
            button.click(partial(self._held, settings), None, inputs, queue=False, api_visibility="private", show_progress="hidden"
                         ).then(self.run, inputs, outputs, **running)  # type: ignore[arg-type]
        stop.click(self.stop, None, None, queue=False, api_visibility="private", show_progress="hidden")
        for typed in self._typed if what.objects else ():
            typed.change(  # type: ignore[attr-defined]
                self.say, inputs, [self.note], queue=False, api_visibility="private", show_progress="hidden",
                trigger_mode="always_last")
        gr.api(self._endpoint(), api_name=what.name, concurrency_limit=8, concurrency_id="endpoints")
        gr.api(self._schema_endpoint(), api_name=f"{what.name}_schema", queue=False)

    def _draw_inputs(self) -> list[gr.components.Component]:
        """In the order of the settings; the first group is open, the others are folded away."""
        groups: dict[str, dict[str, dict[str, Any]]] = {}
        for name, field in self._fields.items():
            groups.setdefault(str(field.get("group", "settings")), {})[name] = field
        inputs: dict[str, gr.components.Component] = {}
        self.note = gr.Textbox(visible=False, label="This cannot be looked for", interactive=False)
        for index, (group, fields) in enumerate(groups.items()):
            with gr.Accordion(group.capitalize(), open=index == 0):
                inputs |= {name: component(name, field) for name, field in fields.items()}
        self._typed = [inputs[name] for name, field in self._fields.items() if field.get("group") == "input" or field.get("role")]
        return [inputs[name] for name in self._fields]

    def _draw_outputs(self) -> None:
        """Where results go. A recorded run is there from the start, and the line says that it is one."""
        first = load_result(self.what.recorded.read_bytes(), self.what.result) if self.what.recorded else None
        line = (f"A recorded run of {first.made_on}: {first.model_id}, seed {first.seed}. Press Run, or a preset, for your own."
                if first else "Press Run.")
        line = " ".join((line, *first.told)) if first else line
        figures = list((figures_of(self.what, first) or {}).items())[:MAX_FIGURES] if first else []
        self.line = gr.Textbox(line, label="Progress", interactive=False)
        pictures = pictures_of(self.what, first) if first else []
        self.gallery = gr.Gallery(pictures or None, label="Pictures", columns=4, height=420, interactive=False,
                                  visible=bool(pictures), preview=bool(pictures), selected_index=0 if pictures else None,
                                  buttons=["download", "fullscreen"])  # not "share", which would send it elsewhere
        self.plots = [gr.Plot(figure, show_label=False) for _, figure in figures]  # a figure has its own title
        self.plots += [gr.Plot(visible=False, show_label=False) for _ in range(MAX_FIGURES - len(figures))]
        self.numbers = gr.JSON(summary(first) if first else None, label="Result")
        self.download = gr.File(label="The whole run, to open again in the pages", interactive=False)

    def _held(self, settings: Settings) -> list[Any]:
        """What the inputs hold for these settings; an upload is taken out."""
        values = settings.model_dump(mode="json")
        held = [shown(field, values[name]) for name, field in self._fields.items()]
        return [*held, None] if self.what.upload_setting else held

    def run(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        """Run with what the inputs hold; yields what changed."""
        key = str(request.session_hash)
        yield {self.line: "0%: starting", self.numbers: None, self.download: None}
        try:
            session = self._sessions.of(key)
            settings = self._settings(list(values), session)
            refuse_what_cannot_run(self.what, settings)
            events = events_of(self.what.name, settings, session.inputs(), session=session.session_id,
                               started=lambda run_id: self._sessions.started(key, self.what.name, run_id))
            result = None
            for event in events:
                if isinstance(event, Progress):
                    yield {self.line: progress_line(event)}
                elif (figures := figures_of(self.what, event)) is not None:
                    yield self._show(figures, pictures_of(self.what, event))
                result = event if isinstance(event, Result) else result
        except (InputError, OSError) as error:
            yield {self.line: "Not run."}  # otherwise the last stage stands there for ever
            raise for_people(error) from error
        if result is None:
            yield {self.line: f"{ended_sentence('stopped')} There was nothing to show yet."}
            return
        line = f"{result.reason} This is what there was." if result.was_stopped else "Done."
        notes = [note for note in result.notes if note != result.reason]
        too_large = refusal(result)
        said = {self.line: " ".join(filter(None, (line, *result.told, *notes, too_large))), self.numbers: summary(result)}
        try:
            with tempfile.TemporaryDirectory(dir=gate.temp_folder()) as folder:  # Gradio takes its copy at this yield
                path = Path(folder) / f"{self.what.name}-seed{result.seed}.orrery"
                if not too_large:
                    path.write_bytes(save_result(result))
                yield said | {self.download: None if too_large else str(path)}
        except OSError as error:
            yield said
            raise for_people(error) from error

    def say(self, *values: Any) -> Any:
        """What cannot be asked for, while somebody types it; nothing where all is well or not yet complete."""
        try:
            asked = {name: parsed(field, value) for (name, field), value in zip(self._fields.items(), values)}
            said = self.what.objection(checked(self.what.settings, asked))
        except InputError:  # half a number, say: that is told when it is run
            said = ""
        return gr.update(value=said, visible=bool(said))

    def stop(self, request: gr.Request) -> None:
        self._sessions.stop(str(request.session_hash), self.what.name)

    def taken(self, path: str | None) -> Any:
        """What the upload box holds once a file came: nothing where it is not what may be uploaded, with a sentence."""
        try:
            if path:
                self._check(path)
        except InputError as error:
            gr.Warning(escape(str(error), quote=False))
            return None
        return gr.skip()

    def _check(self, path: str) -> Path:
        """Raises: InputError when a file was not uploaded here, or is not what this system reads."""
        if not gate.is_upload(path):
            raise InputError("This file was not uploaded here. Upload it first.")
        check_file(Path(path).name, Path(path), check=self.what.check_upload)
        return Path(path)

    def _settings(self, values: list[Any], session: Session) -> Any:
        upload = values.pop() if self.what.upload_setting else None
        asked = {name: parsed(field, value) for (name, field), value in zip(self._fields.items(), values, strict=True)}
        if upload:
            path = self._check(str(upload))
            asked[str(self.what.upload_setting)] = f"upload:{session.adopt(path.name, path)}"
        return checked(self.what.settings, asked)

    def _show(self, figures: dict[str, Any], pictures: list[Any]) -> dict[Any, Any]:
        shown = list(figures.items())[:MAX_FIGURES]
        updates: dict[Any, Any] = {self.gallery: gr.update(value=pictures or None, visible=bool(pictures), selected_index=0)}
        updates |= {plot: gr.update(value=figure, visible=True) for plot, (_, figure) in zip(self.plots, shown)}
        return updates | {plot: gr.update(visible=False) for plot in self.plots[len(shown):]}

    def _endpoint(self) -> Callable[..., Any]:
        what, sessions = self.what, self._sessions

        def call(settings: dict, request: gr.Request) -> dict:  # type: ignore[type-arg]
            key = f"endpoint-{what.name}-{id(request)}-{request.session_hash}"
            try:
                asked = checked(what.settings, settings)
                refuse_what_cannot_run(what, asked)
                result = None
                for event in events_of(what.name, asked, Inputs(), session=sessions.of(key).session_id):
                    result = event if isinstance(event, Result) else result
            except (InputError, OSError) as error:
                raise for_people(error) from error
            finally:
                sessions.close(key)
            if result is None:
                raise gr.Error("This run was stopped before it had a result.", print_exception=False)
            return summary(result)

        knobs = "; ".join(f"{name}: {field.get('description', field.get('title', ''))}" for name, field in self._fields.items())
        call.__name__ = what.name
        call.__doc__ = (f"{what.title}: {what.claim} ({what.paper})\n\n"
                        f"Args:\n    settings: JSON object; what is left out has its default, so {{}} works. {knobs}\n"
                        "Returns:\n    The run's numbers, with the seed, the model and the code version that made them.")
        return call

    def _schema_endpoint(self) -> Callable[..., Any]:
        what = self.what

        def schema() -> dict:  # type: ignore[type-arg]
            return what.settings.model_json_schema()

        schema.__name__ = f"{what.name}_schema"
        schema.__doc__ = f"The JSON schema of the settings of {what.title}: every knob with default, bounds and meaning."
        return schema


def build(shown: tuple[System, ...] | None = None) -> gr.Blocks:
    """The whole front, of all systems that are built unless `shown` says which."""
    sessions = OpenSessions()
    gate.temp_folder()  # every component asks where it is when it is made
    with gr.Blocks(title="Orrery", analytics_enabled=False, delete_cache=(gate.KEPT_FILES_S,) * 2) as demo:
        gr.Markdown("# Orrery\nResearch systems on seeing, thinking, making and acting, on models small enough for a laptop.")
        for what in systems() if shown is None else shown:
            with gr.Tab(what.title):
                Tab(what, sessions).draw()

        def closed(request: gr.Request) -> None:
            sessions.close(str(request.session_hash))

        demo.unload(closed)
    demo.queue(max_size=64)
    demo.state_session_capacity = gate.SESSIONS
    return demo


def main() -> None:
    """Serve the Gradio front alone, as a ZeroGPU Space does."""
    environment.leave_on_sigterm()
    demo = build()
    demo.launch(server_name=os.environ.get("HOST", "0.0.0.0"), server_port=int(os.environ.get("PORT", "7860")),
                mcp_server=True, ssr_mode=False, state_session_capacity=gate.SESSIONS, **MOUNT)


if __name__ == "__main__":
    main()
