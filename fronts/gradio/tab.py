"""One system in the Gradio front: its inputs, Run, Stop, what comes out; and its endpoints."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from backends.files.saved import load_result, refusal, save_result
from backends.knobs import UPLOAD, Knob, groups_of, knobs_of, uploads_of
from backends.registry import System
from backends.run import Progress, Result, Settings
from backends.sessions import MAX_FILE_MB, Session, check_file
from fronts.gradio import gate
from fronts.gradio.inputs import checked, component, parsed, shown, upload_box
from fronts.gradio.outputs import figures_of, for_people, pictures_of, progress_line, summary
from fronts.gradio.running import events_of, refuse_what_cannot_run, why_nothing
from fronts.gradio.sessions import OpenSessions
from visualizers.contract import Charts, Pictures
from worlds.errors import InputError

MAX_FIGURES = 8  # plots that a tab has room for


class Tab:
    """One system: inputs, Run, Stop, what comes out; and its endpoints."""

    def __init__(self, what: System[Settings, Result], sessions: OpenSessions) -> None:
        self.what = what
        self._sessions = sessions
        self._knobs = knobs_of(what.settings)
        self._uploads = uploads_of(what.settings)
        self._names_runs = any(knob.kind == "result" for knob in self._knobs)

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
                inputs = [*self._draw_inputs(), *self._draw_uploads()]
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
        inputs: dict[str, gr.components.Component] = {}
        self.note = gr.Textbox(visible=False, label="This cannot be looked for", interactive=False)
        for index, (group, members) in enumerate(groups_of(self.what.settings).items()):
            with gr.Accordion(group.capitalize(), open=index == 0):
                inputs |= {knob.name: component(knob, self.what.name) for knob in members}
        self._typed = [inputs[knob.name] for knob in self._knobs if knob.group == "input" or knob.kind == "model"]
        return [inputs[knob.name] for knob in self._knobs]

    def _draw_uploads(self) -> list[gr.components.Component]:
        """A box for each setting that takes a file."""
        boxes: list[gr.components.Component] = []
        for knob in self._uploads:
            box = upload_box(knob)
            box.upload(partial(self.taken, knob), box, box, concurrency_limit=None, api_visibility="private",
                       show_progress="hidden")  # through the queue: without it no warning reaches the browser
            boxes.append(box)
        return boxes

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
        """What the inputs hold for these settings; uploads are taken out."""
        values = settings.model_dump(mode="json")
        return [*(shown(knob, values[knob.name]) for knob in self._knobs), *(None for _ in self._uploads)]

    def run(self, request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
        """Run with what the inputs hold; yields what changed."""
        key = str(request.session_hash)
        run_ids: list[str] = []

        def started(run_id: str) -> None:
            run_ids.append(run_id)
            self._sessions.started(key, self.what.name, run_id)

        yield {self.line: "0%: starting", self.numbers: None, self.download: None}
        try:
            session = self._sessions.of(key)
            settings = self._settings(values, session)
            refuse_what_cannot_run(self.what, settings, session.inputs())
            events = events_of(self.what.name, settings, session.inputs(), session=session.session_id,
                               started=started)
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
            yield {self.line: why_nothing(run_ids[-1] if run_ids else "")}
            return
        line = f"{result.reason} This is what there was." if result.was_stopped else "Done."
        notes = [note for note in result.notes if note != result.reason]
        too_large = refusal(result)
        named = f"This run is {session.remember(result)}." if self._names_runs else ""
        kept = f"It made {', '.join(result.made)}." if result.made else ""
        told = " ".join(filter(None, (line, *result.told, *notes, named, kept, too_large)))
        said = {self.line: told, self.numbers: summary(result)}
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
            said = self.what.objection(checked(self.what.settings, self._asked(values)))
        except InputError:  # half a number, say: that is told when it is run
            said = ""
        return gr.update(value=said, visible=bool(said))

    def stop(self, request: gr.Request) -> None:
        self._sessions.stop(str(request.session_hash), self.what.name)

    def taken(self, knob: Knob, path: str | None) -> Any:
        """What the upload box of a setting holds once a file came: nothing where it is not what may be uploaded, with a sentence."""
        try:
            if path:
                self._check(knob, path)
        except InputError as error:
            gr.Warning(escape(str(error), quote=False))
            return None
        return gr.skip()

    def _check(self, knob: Knob, path: str) -> Path:
        """Raises: InputError when a file was not uploaded here, is too large, or is not what this setting takes."""
        if not gate.is_upload(path):
            raise InputError("This file was not uploaded here. Upload it first.")
        check_file(Path(path).name, Path(path), check=self.what.checks.get(knob.name),
                   max_mb=knob.upload_mb or MAX_FILE_MB)
        return Path(path)

    def _settings(self, values: Sequence[Any], session: Session) -> Any:
        """What is asked for; a file that was brought stands for what its setting says."""
        asked = self._asked(values)
        for knob, brought in zip(self._uploads, values[len(self._knobs):], strict=True):
            if brought:
                path = self._check(knob, str(brought))
                asked[knob.name] = f"{UPLOAD}{session.adopt(path.name, path)}"
        return checked(self.what.settings, asked)

    def _asked(self, values: Sequence[Any]) -> dict[str, Any]:
        return {knob.name: parsed(knob, value) for knob, value in zip(self._knobs, values)}

    def _show(self, figures: Charts, pictures: Pictures) -> dict[Any, Any]:
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
                session = sessions.of(key)  # with its inputs: whoever joins this run gets what it makes
                for event in events_of(what.name, asked, session.inputs(), session=session.session_id):
                    result = event if isinstance(event, Result) else result
            except (InputError, OSError) as error:
                raise for_people(error) from error
            finally:
                sessions.close(key)
            if result is None:
                raise gr.Error("This run was stopped before it had a result.", print_exception=False)
            return summary(result)

        knobs = "; ".join(f"{knob.name}: {knob.description or knob.label}" for knob in self._knobs)
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
