"""One system in the Gradio front: its inputs, Run, Stop, what comes out."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from backends.files.saved import load_result, refusal, save_result
from backends.knobs import UPLOAD, Knob, groups_of, knobs_of, uploads_of
from backends.python_lines import lines
from backends.registry import System
from backends.run import Progress, Result, Settings
from backends.sessions import Session
from fronts.gradio import gate
from fronts.gradio.files import check_upload
from fronts.gradio.inputs import checked, component, parsed, rungs_offered, runs_offered, shown, upload_box
from fronts.gradio.outputs import figures_of, for_people, in_words, pictures_of, progress_line, summary, verdict
from fronts.gradio.running import events_of, refuse_what_cannot_run, why_nothing
from fronts.gradio.sessions import OpenSessions
from visualizers.contract import Charts, Pictures
from worlds.errors import InputError

MAX_FIGURES = 9  # plots that a tab has room for
LARGE = 2  # pictures that stand large
FIRST_GROUPS = 2  # of settings that stand by themselves
FIRST_FIGURES = 1  # of them that stand before the knobs where a screen is narrow


class Tab:
    """One system: inputs, Run, Stop, what comes out."""

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
        first = load_result(what.recorded.read_bytes(), what.result) if what.recorded else None
        with gr.Row():  # on a phone one below the other: what came out, then the knobs, then all other charts
            with gr.Column(scale=2, min_width=300):
                with gr.Row():
                    run = gr.Button("Run", variant="primary", min_width=120)
                    stop = gr.Button("Stop", min_width=120)
                self._draw_outcome(first)
            with gr.Column(scale=1, min_width=300):
                boxes = self._draw_uploads()
                inputs = [*self._draw_inputs(first.settings if first else None), *boxes]
        self._draw_rest(first)
        outputs = [self.told, self.line, *self.large, self.gallery, *self.plots, self.numbers, self.lines, self.download,
                   *self._offering]
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

    def _draw_group(self, group: str, members: Sequence[Knob], shown_first: Settings, *, is_open: bool = False
                    ) -> dict[str, gr.components.Component]:
        """The inputs of one group, folded away or open."""
        with gr.Accordion(group.capitalize(), open=is_open):
            drawn = {knob.name: component(knob, self.what.name) for knob in members}
        for knob in members:
            drawn[knob.name].value = shown(knob, getattr(shown_first, knob.name))  # type: ignore[attr-defined]
        return drawn

    def _draw_inputs(self, shown_first: Settings | None = None) -> list[gr.components.Component]:
        """In the order of the settings, as those of the run that is shown first have them, else with the defaults.

        The first group is open; all but two are folded away together.
        """
        shown_first = shown_first or self.what.settings()
        inputs: dict[str, gr.components.Component] = {}
        self.note = gr.Textbox(visible=False, label="This cannot be looked for", interactive=False)
        groups = list(groups_of(self.what.settings).items())
        for index, group in enumerate(groups[:FIRST_GROUPS]):
            inputs |= self._draw_group(*group, shown_first, is_open=index == 0)
        with gr.Accordion("More settings", open=False, visible=len(groups) > FIRST_GROUPS):
            for group in groups[FIRST_GROUPS:]:
                inputs |= self._draw_group(*group, shown_first)
        offering = [knob for knob in self._knobs if knob.kind in ("model", "result") and self._names_runs]
        self._offering = {inputs[knob.name]: knob for knob in offering}  # whose lists grow by what the session's runs make
        self._typed = [inputs[knob.name] for knob in self._knobs if knob.group == "input" or knob.kind == "model"]
        return [inputs[knob.name] for knob in self._knobs]

    def _draw_uploads(self) -> list[gr.components.Component]:
        """A box for each setting that takes a file."""
        boxes: list[gr.components.Component] = []
        with gr.Accordion("Your own file", open=False, visible=bool(self._uploads)):
            for knob in self._uploads:
                box = upload_box(knob)
                box.upload(partial(self.taken, knob), box, box, concurrency_limit=None, api_visibility="private",
                           show_progress="hidden")  # through the queue: without it no warning reaches the browser
                boxes.append(box)
        return boxes

    def _draw_outcome(self, first: Result | None) -> None:
        """Where it is said what came out, and its pictures: of a recorded run at first, and the line says that it is one."""
        line = (f"A recorded run of {first.made_on}: {first.model_id}, seed {first.seed}. Press Run, or a preset, for your own."
                if first else "Press Run.")
        self.told = gr.Markdown(verdict(first) if first else "", sanitize_html=True, latex_delimiters=[], elem_classes="orrery-told")
        self.line = gr.Textbox(line, label="Progress", interactive=False)
        pictures = pictures_of(self.what, first) if first else []
        *large, others = _pictures(pictures)
        with gr.Row():
            self.large = [gr.Image(interactive=False, height=360, min_width=280, buttons=["download", "fullscreen"], **one)
                          for one in large]  # no "share", which would send it elsewhere
        self.gallery = gr.Gallery(label="More pictures", interactive=False, columns=4, height="auto", object_fit="contain",
                                  buttons=["download", "fullscreen"], **others)
        self._first = list((figures_of(self.what, first) or {}).values()) if first else []
        self.plots = [self._plot(number) for number in range(FIRST_FIGURES)]

    def _draw_rest(self, first: Result | None) -> None:
        """The other charts, the numbers and what can be taken away."""
        for start in range(FIRST_FIGURES, MAX_FIGURES, 2):
            with gr.Row():  # two beside each other, one where the screen is narrow
                self.plots += [self._plot(number) for number in range(start, min(start + 2, MAX_FIGURES))]
        with gr.Accordion("All numbers", open=False):
            self.numbers = gr.JSON(summary(first) if first else None, label="Result")
        with gr.Accordion("Take it away: the whole run, the same in Python", open=False):
            self.download = gr.File(label="The whole run, to open again in the pages", interactive=False, height=100)
            self.lines = gr.Code(lines(self.what, first.settings) if first else "", language="python", interactive=False,
                                 label="The same in Python")

    def _plot(self, number: int) -> gr.Plot:
        """Room for one chart, which has a title of its own."""
        has_one = number < len(self._first)
        with gr.Column(min_width=320):  # a plot has no least width of its own
            return gr.Plot(self._first[number] if has_one else None, visible=has_one, show_label=False)

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

        yield {self.told: "", self.line: "0%: starting", self.numbers: None, self.download: None}
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
        too_large = refusal(result)
        named = f"This run is {session.remember(result)}." if self._names_runs else ""
        kept = f"It made {', '.join(result.made)}." if result.made else ""
        said = {self.told: verdict(result), self.line: " ".join(filter(None, (in_words(result), named, kept, too_large))),
                self.numbers: summary(result), self.lines: lines(self.what, settings, session.inputs())}
        said |= self._offered(session)
        try:
            with tempfile.TemporaryDirectory(dir=gate.temp_folder()) as folder:  # Gradio takes its copy at this yield
                path = Path(folder) / f"{self.what.name}-seed{result.seed}.orrery"
                if not too_large:
                    path.write_bytes(save_result(result))
                yield said | {self.download: None if too_large else str(path)}
        except OSError as error:
            yield said
            raise for_people(error) from error

    def _offered(self, session: Session) -> dict[Any, Any]:
        """What the lists of runs and models hold from now on."""
        held = session.inputs()
        return {box: gr.update(choices=runs_offered(knob, held.results) if knob.kind == "result" else
                               rungs_offered(knob, self.what.name, held)) for box, knob in self._offering.items()}

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
                check_upload(self.what, knob, path)
        except InputError as error:
            gr.Warning(escape(str(error), quote=False))
            return None
        return gr.skip()

    def _settings(self, values: Sequence[Any], session: Session) -> Any:
        """What is asked for; a file that was brought stands for what its setting says."""
        asked = self._asked(values)
        for knob, brought in zip(self._uploads, values[len(self._knobs):], strict=True):
            if brought:
                path = check_upload(self.what, knob, str(brought))
                asked[knob.name] = f"{UPLOAD}{session.adopt(path.name, path)}"
        return checked(self.what.settings, asked)

    def _asked(self, values: Sequence[Any]) -> dict[str, Any]:
        return {knob.name: parsed(knob, value) for knob, value in zip(self._knobs, values)}

    def _show(self, figures: Charts, pictures: Pictures) -> dict[Any, Any]:
        shown = list(figures.items())[:MAX_FIGURES]
        updates: dict[Any, Any] = {box: gr.update(**holds) for box, holds in zip((*self.large, self.gallery), _pictures(pictures))}
        updates |= {plot: gr.update(value=figure, visible=True) for plot, (_, figure) in zip(self.plots, shown)}
        return updates | {plot: gr.update(visible=False) for plot in self.plots[len(shown):]}


def _pictures(pictures: Pictures) -> list[dict[str, Any]]:
    """What the places of pictures hold: the first of them stand large, the last place has all others.

    Gradio's gallery could show one large too; it would then scroll the page to itself whenever a picture comes.
    """
    large = [{"value": picture, "label": caption, "visible": True} for picture, caption in pictures[:LARGE]]
    large += [{"value": None, "label": "", "visible": False}] * (LARGE - len(large))
    return [*large, {"value": pictures[LARGE:] or None, "visible": len(pictures) > LARGE}]
