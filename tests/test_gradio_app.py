import errno
import html
import inspect
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import gradio as gr
import numpy as np
import plotly.graph_objects as go
import pytest
from pydantic import Field

from backends.engine import LocalEngine, Patience
from backends.files.saved import load_result
from backends.knobs import knob, knob_of, knobs_of
from backends.registry import System
from backends.registry import system as find_system
from backends.run import Ended, Inputs, Progress, Result, RunStopped, Settings
from backends.sessions import made
from fronts.gradio import gate, running
from fronts.gradio.endpoint import Endpoint
from fronts.gradio.files import BroughtFiles
from fronts.gradio.inputs import checked, component, parsed, shown
from fronts.gradio.outputs import summary
from fronts.gradio.running import refuse_what_cannot_run
from fronts.gradio.sessions import OpenSessions
from fronts.gradio.tab import Tab
from gradio_app import build
from worlds.errors import InputError

PATIENCE_S = 20.0


class Knobs(Settings):
    count: int = Field(3, ge=1, le=50, description="Steps.")
    share: float = Field(0.5, ge=0, le=1, description="Share.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed.")
    rule: Literal["greedy", "soft"] = Field("greedy", description="Rule.")
    targets: tuple[str, ...] = Field(("cup",), description="Objects.")
    against: tuple[Literal["uniform", "random"], ...] = Field(("uniform",), description="Baselines.")
    box: tuple[float, float] | None = Field(None, description="Box.")
    threshold: float | None = Field(None, ge=0, le=1, description="Threshold.")
    verifies: bool = Field(True, description="Looks twice.")
    clip: str = knob("", "input", "File.", max_length=80, uploads=("txt",))


class Counted(Result):
    system: ClassVar[str] = "counting"

    values: np.ndarray

    @property
    def told(self) -> tuple[str, ...]:
        return (f"It counted {len(self.values)}.",)


class Halting:
    """A system that counts; endless when asked for 50."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.let = threading.Event()

    def run(self, settings: Knobs, inputs: Inputs) -> Iterator[Any]:
        if settings.clip:
            inputs.file(settings.clip.removeprefix("upload:"))
        done: list[float] = []
        ended: Ended = "finished"
        try:
            for step in range(settings.count):
                done.append(float(step))
                yield Progress((step + 1) / settings.count, "counting", 2.0)
                if settings.count == 50:
                    self.entered.set()
                    assert self.let.wait(PATIENCE_S)
        except RunStopped as stop:
            ended = stop.ended
        yield Counted(seed=settings.seed, model_id="none", is_miniature=True, code_version="test", values=np.array(done),
                      ended=ended, notes=("a note",))

    def system(self) -> System:
        return System("counting", "Counting", "It counts.", "Nobody (2026)", "arXiv 0000.00000", "circle", Knobs, Counted,
                      self.run, "thinking", "1 minute", "Easy")


@pytest.fixture
def halting(monkeypatch: pytest.MonkeyPatch) -> Halting:
    what = Halting()
    engine = LocalEngine(find_run=lambda name: what.run)
    monkeypatch.setattr("fronts.gradio.running.the_engine", lambda: engine)
    monkeypatch.setattr("fronts.gradio.sessions.the_engine", lambda: engine)
    monkeypatch.setattr("backends.sessions.the_engine", lambda: engine)
    monkeypatch.setattr("fronts.gradio.tab.figures_of", figures_of)
    monkeypatch.setattr("fronts.gradio.tab.pictures_of", lambda what, event: [])
    monkeypatch.setattr("fronts.gradio.outputs.pictures_of", lambda what, event: [])
    return what


def figures_of(what: System, event: Any) -> dict[str, Any] | None:
    return {"Values": go.Figure(go.Scatter(y=event.values))} if isinstance(event, Result) else None


@pytest.fixture
def tab(halting: Halting) -> Tab:
    drawn = Tab(halting.system(), OpenSessions())
    with gr.Blocks():
        drawn.draw()
    return drawn


def a_person(name: str = "someone") -> Any:
    return SimpleNamespace(session_hash=name)


def held(**changed: Any) -> list[Any]:
    """What the inputs hold: the defaults as Gradio sends them, and the upload."""
    values = {"count": 3, "share": 0.5, "seed": 0, "rule": "greedy", "targets": "cup", "against": ["uniform"], "box": "",
              "threshold": "", "verifies": True, "clip": "", "upload": None}
    return list((values | changed).values())


def test_a_run_streams_progress_then_figures_numbers_and_the_file(tab: Tab) -> None:
    updates, saved = [], b""
    for update in tab.run(a_person(), *held()):
        updates.append(update)
        saved = Path(update[tab.download]).read_bytes() if update.get(tab.download) else b""  # Gradio copies it here
    lines = [update[tab.line] for update in updates if tab.line in update]

    assert "100%: counting, 2 s left" in lines, "the newest, however fast they come"
    assert lines[-1] == "Done. It counted 3. a note"
    assert any(tab.plots[0] in update and update[tab.plots[0]]["visible"] for update in updates)
    assert updates[-1][tab.numbers]["values"] == {"shape": [3], "dtype": "float64"}
    assert load_result(saved, Counted).values.tolist() == [0, 1, 2]
    assert not Path(updates[-1][tab.download]).exists(), "only Gradio's copy stays"


def test_stop_keeps_what_there_is(tab: Tab, halting: Halting) -> None:
    updates: list[dict[Any, Any]] = []
    watching = threading.Thread(target=lambda: updates.extend(tab.run(a_person(), *held(count=50))))
    watching.start()
    assert halting.entered.wait(PATIENCE_S)

    tab.stop(a_person())
    halting.let.set()
    watching.join(PATIENCE_S)

    assert re.fullmatch(r"You stopped this run\. This is what there was\. It counted \d+\. a note", updates[-1][tab.line])
    assert updates[-1][tab.numbers]["ended"] == "stopped"


@pytest.fixture
def limited(halting: Halting, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `halting`, with an engine whose runs are over their limit from the start."""
    engine = LocalEngine(find_run=lambda name: halting.run, patience=Patience(time_limit_s=-1))
    monkeypatch.setattr("fronts.gradio.running.the_engine", lambda: engine)
    monkeypatch.setattr("backends.sessions.the_engine", lambda: engine)


def test_a_run_that_reaches_the_time_limit_says_so_with_the_limit(tab: Tab, limited: None) -> None:
    updates = list(tab.run(a_person(), *held()))

    assert updates[-1][tab.line] == "This run reached the time limit of -1 s. This is what there was. It counted 1. a note"
    assert updates[-1][tab.numbers]["ended"] == "time limit"


def test_over_rest_a_result_says_why_it_ended_and_an_error_which_limit_it_was(
    tab: Tab, limited: None, halting: Halting, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Endpoint(tab.what, OpenSessions(), BroughtFiles()).call()
    assert called(call)["ended"] == "time limit"

    def nothing(settings: Knobs, inputs: Inputs) -> Iterator[Any]:
        yield Progress(0.0, "and no more")

    monkeypatch.setattr(halting, "run", nothing)
    with pytest.raises(gr.Error, match=r"This run reached the time limit of -1 s\. There was nothing to show yet\."):
        called(call)


def called(call: Any, **changed: Any) -> Any:
    """The numbers of a call over REST: what is left out has its default, as Gradio fills it in."""
    numbers, _ = call(*({name: asked.default for name, asked in inspect.signature(call).parameters.items()} | changed).values())
    return numbers


class Watched(OpenSessions):
    """Remembers every session that was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Any] = []

    def of(self, key: str) -> Any:
        self.opened.append(super().of(key))
        return self.opened[-1]


@pytest.mark.parametrize(("settings", "said"), [
    ({}, None), ({"count": 51}, "less than or equal to 50"), ({"clip": "upload:mine.txt"}, "not in this session"),
    ({"targets": ["no such thing"]}, "Nothing is known of it")], ids=["a result", "a wrong setting", "a run that fails", "a refusal"])
def test_the_session_of_a_rest_call_ends_with_the_call(halting: Halting, settings: dict[str, Any], said: str | None) -> None:
    what = replace(halting.system(), objects=lambda asked: "Nothing is known of it." if asked.targets != ("cup",) else "")
    sessions = Watched()
    call = Endpoint(what, sessions, BroughtFiles()).call()

    if said is None:
        assert called(call, **settings)["values"] == {"shape": [3], "dtype": "float64"}
    else:
        with pytest.raises(gr.Error, match=said):
            called(call, **settings)

    assert len(sessions.opened) == 1 and sessions.opened[0].is_released and not sessions._sessions


def test_a_rest_call_makes_what_a_run_makes_that_joins_it(halting: Halting, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def run(settings: Knobs, inputs: Inputs) -> Iterator[Any]:
        seen.append(inputs.makes)
        yield Counted(seed=1, model_id="none", is_miniature=True, code_version="test", values=np.ones(3))

    monkeypatch.setattr(halting, "run", run)
    called(Endpoint(halting.system(), OpenSessions(), BroughtFiles()).call())

    assert seen == [made()]


def test_two_rest_calls_of_one_client_have_sessions_of_their_own(halting: Halting) -> None:
    sessions = Watched()
    call = Endpoint(halting.system(), sessions, BroughtFiles()).call()
    for _ in range(2):
        called(call)

    first, second = sessions.opened
    assert first is not second
    assert all(session.is_released for session in sessions.opened)


def entered_without_a_result(tab: Tab, halting: Halting, monkeypatch: pytest.MonkeyPatch
                             ) -> tuple[threading.Thread, list[dict[Any, Any]]]:
    """The thread of a run that has begun and will have no result, and what the tab is told of it."""
    def nothing(settings: Knobs, inputs: Inputs) -> Iterator[Any]:
        halting.entered.set()
        assert halting.let.wait(PATIENCE_S)
        yield Progress(0.0, "and no more")

    monkeypatch.setattr(halting, "run", nothing)
    updates: list[dict[Any, Any]] = []
    watching = threading.Thread(target=lambda: updates.extend(tab.run(a_person(), *held())))
    watching.start()
    assert halting.entered.wait(PATIENCE_S)
    return watching, updates


def test_stop_before_there_is_anything_says_that(tab: Tab, halting: Halting, monkeypatch: pytest.MonkeyPatch) -> None:
    watching, updates = entered_without_a_result(tab, halting, monkeypatch)

    tab.stop(a_person())
    halting.let.set()
    watching.join(PATIENCE_S)

    assert updates[-1][tab.line] == "You stopped this run. There was nothing to show yet."


def test_leaving_a_run_that_others_wait_for_says_that(tab: Tab, halting: Halting, monkeypatch: pytest.MonkeyPatch) -> None:
    watching, updates = entered_without_a_result(tab, halting, monkeypatch)
    running.the_engine().submit("counting", Knobs(), session="somebody else")

    tab.stop(a_person())
    watching.join(PATIENCE_S)
    halting.let.set()

    assert "Others asked for the same" in updates[-1][tab.line]


def test_stop_of_someone_else_changes_nothing(tab: Tab, halting: Halting) -> None:
    updates: list[dict[Any, Any]] = []
    watching = threading.Thread(target=lambda: updates.extend(tab.run(a_person("me"), *held(count=50))))
    watching.start()
    assert halting.entered.wait(PATIENCE_S)

    tab.stop(a_person("you"))
    halting.let.set()
    watching.join(PATIENCE_S)

    assert updates[-1][tab.line].startswith("Done.")


def test_a_wrong_setting_is_an_error_for_people(tab: Tab) -> None:
    with pytest.raises(gr.Error, match="count: Input should be less than or equal to 50"):
        list(tab.run(a_person(), *held(count=51)))


CLIP = knob_of(Knobs, "clip")


@pytest.fixture
def uploaded() -> Iterator[Path]:
    """A file as Gradio keeps an upload."""
    folder = gate.temp_folder() / sha256(b"mine").hexdigest()
    folder.mkdir(exist_ok=True)
    (folder / "mine.txt").write_text("mine")
    yield folder / "mine.txt"
    (folder / "mine.txt").unlink()


def test_an_upload_is_linked_into_the_session_and_goes_with_it(halting: Halting, uploaded: Path) -> None:
    sessions = OpenSessions()
    tab = Tab(halting.system(), sessions)
    with gr.Blocks():
        tab.draw()

    updates = list(tab.run(a_person(), *held(upload=str(uploaded))))
    copy = sessions.of("someone").inputs().file("mine.txt")

    assert updates[-1][tab.line].startswith("Done.")
    assert copy.read_text() == "mine"
    sessions.close("someone")
    assert not copy.exists()
    assert uploaded.exists()


def test_of_two_settings_that_take_a_file_each_has_its_own(halting: Halting, uploaded: Path) -> None:
    class WithCover(Knobs):
        cover: str = knob("", "input", "Another file.", max_length=80, uploads=("txt",))

    sessions = OpenSessions()
    tab = Tab(replace(halting.system(), settings=WithCover), sessions)

    settings = tab._settings([*held()[:-1], "", None, str(uploaded)], sessions.of("someone"))

    assert (settings.clip, settings.cover) == ("", "upload:mine.txt")


def test_a_file_larger_than_its_setting_takes_is_taken_out(
    halting: Halting, uploaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(gr, "Warning", warnings.append)
    uploaded.write_bytes(b"x" * 1_000_001)
    tab = Tab(halting.system(), OpenSessions())

    assert tab.taken(replace(CLIP, upload_mb=1), str(uploaded)) is None
    assert warnings == ["The file 'mine.txt' is larger than the 1 MB that can be brought for this."]


def test_a_path_that_is_no_upload_is_refused(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(gr.Error, match="was not uploaded here"):
        list(tab.run(a_person(), *held(upload=str(tmp_path / "mine.txt"))))


def refuses(head: bytes, name: str) -> None:
    raise InputError(f"The file {name!r} begins with {head!r}. <b> would be right.")


def test_an_upload_of_the_wrong_kind_is_said_at_once_and_taken_out(
    halting: Halting, uploaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(gr, "Warning", warnings.append)
    tab = Tab(replace(halting.system(), checks={"clip": refuses}), OpenSessions())
    with gr.Blocks() as blocks:
        tab.draw()

    assert tab.taken(CLIP, str(uploaded)) is None
    assert warnings == ["The file 'mine.txt' begins with b'mine'. &lt;b&gt; would be right."]
    assert any(target[1] == "upload" for fn in blocks.fns.values() for target in fn.targets), "it is asked when a file comes"
    with pytest.raises(gr.Error, match="begins with b'mine'"):
        list(tab.run(a_person(), *held(upload=str(uploaded))))


def test_an_upload_of_the_right_kind_stays(tab: Tab, uploaded: Path) -> None:
    assert tab.taken(CLIP, str(uploaded)) == gr.skip() and tab.taken(CLIP, None) == gr.skip()


def test_a_path_that_was_planted_is_taken_out_too(tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(gr, "Warning", warnings.append)

    assert tab.taken(CLIP, str(tmp_path / "mine.txt")) is None and "was not uploaded here" in warnings[0]


SVG, ZIP, PDF = b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"PK\x03\x04\x14\0", b"%PDF-1.7"


@pytest.mark.parametrize("name, setting, content, said", [
    ("adaptvis", "picture", SVG, "an SVG drawing"), ("adaptvis", "data", PDF, "a PDF document"),
    ("tstar", "video", ZIP, "a zip archive"),
    ("tstar", "example_picture", SVG, "an SVG drawing"), ("coda", "file", PDF, "a PDF document")])
def test_every_system_knows_what_may_be_uploaded(name: str, setting: str, content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=f"^The file 'mine' is {said}"):
        find_system(name).checks[setting](content, "mine")


def test_a_disk_that_fails_is_one_sentence_and_the_numbers_stay(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_result: Result) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fronts.gradio.tab.save_result", full)
    updates: list[dict[Any, Any]] = []

    with pytest.raises(gr.Error, match="disk is full"):
        for update in tab.run(a_person(), *held()):
            updates.append(update)

    assert updates[-1][tab.numbers]["values"] == {"shape": [3], "dtype": "float64"}


def test_what_people_write_is_no_html_in_an_error(tab: Tab) -> None:
    with pytest.raises(gr.Error) as error:
        list(tab.run(a_person(), *held(clip="upload:<img src=x>")))

    assert "&lt;img src=x&gt;" in error.value.message and "<img" not in error.value.message


def test_visitors_beyond_the_limit_end_the_one_that_was_away_longest(halting: Halting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fronts.gradio.sessions.MAX_OPEN", 2)
    sessions = OpenSessions()
    first, second = sessions.of("first"), sessions.of("second")
    assert sessions.of("first") is first

    third = sessions.of("third")

    assert [session.is_released for session in (first, second, third)] == [False, True, False]


def test_a_visitor_whose_session_has_ended_gets_a_new_one(halting: Halting) -> None:
    sessions = OpenSessions()
    session = sessions.of("someone")
    session.release()

    assert not sessions.of("someone").is_released


def test_nobody_names_the_file_of_another_session(tab: Tab, uploaded: Path) -> None:
    list(tab.run(a_person("me"), *held(upload=str(uploaded))))

    with pytest.raises(gr.Error, match="not in this session"):
        list(tab.run(a_person("you"), *held(clip="upload:mine.txt")))


def test_a_summary_has_no_arrays_and_is_json() -> None:
    result = Counted(seed=1, model_id="none", is_miniature=True, code_version="test", values=np.zeros((2, 3)))

    assert summary(result)["values"] == {"shape": [2, 3], "dtype": "float64"}


def test_a_result_may_say_its_own_summary() -> None:
    class Short(Counted):
        def summary(self) -> dict[str, Any]:
            return {"mean": np.float64(self.values.mean())}

    assert summary(Short(seed=1, model_id="none", is_miniature=True, code_version="test", values=np.ones(3))) == {"mean": 1.0}


def test_every_system_gets_its_endpoints_and_nothing_else_is_public(halting: Halting) -> None:
    demo = build((halting.system(),))

    assert {fn.api_name for fn in demo.fns.values() if fn.api_visibility == "public" and fn.api_name} == {
        "counting", "counting_schema"}


def test_presets_turn_the_inputs_to_their_settings() -> None:
    what = find_system("tstar")
    tab = Tab(what, OpenSessions())

    for label, (settings, _) in what.presets.items():
        held_now = tab._held(settings)
        assert held_now[-2:] == [None, None], "uploads are taken out"
        values = {knob.name: parsed(knob, value) for knob, value in zip(knobs_of(what.settings), held_now)}
        assert checked(what.settings, values) == settings, label


def test_the_recorded_run_is_shown_before_any_click() -> None:
    tab = Tab(find_system("tstar"), OpenSessions())
    with gr.Blocks():
        tab.draw()

    assert "recorded run" in tab.line.value
    assert all(picture.value for picture in tab.large) and len(tab.gallery.value) > 1
    assert tab.gallery.selected_index is None and not tab.gallery.preview, "else the page scrolls to it when it is opened"
    assert sum(plot.visible for plot in tab.plots) >= 3
    assert tab.numbers.value["model_id"] == "canvas-detector"


@pytest.mark.parametrize("name", ["tstar", "coda", "adaptvis"])
def test_the_inputs_are_those_of_the_run_that_is_shown_at_first(name: str) -> None:
    what = find_system(name)
    assert what.recorded is not None
    first = load_result(what.recorded.read_bytes(), what.result)
    tab = Tab(what, OpenSessions())
    with gr.Blocks() as blocks:
        tab.draw()

    asked = next(fn for fn in blocks.fns.values() if fn.fn == tab.run)
    values = [part.value for part in asked.inputs]  # type: ignore[union-attr]
    assert tab._settings(values, OpenSessions().of("someone")) == first.settings


def test_a_run_that_can_be_named_is_offered_with_what_it_made_once_it_is_done(halting: Halting) -> None:
    class Going(Knobs):
        continues: str = knob("", "", "Go on.", role="result", none="From the beginning", max_length=40)

    tab = Tab(replace(halting.system(), settings=Going), OpenSessions())
    with gr.Blocks():
        tab.draw()

    *_, last = tab.run(a_person(), *held()[:-1], "", None)

    (box,) = tab._offering
    (none, first), (label, name) = last[box]["choices"]
    assert (none, first) == ("From the beginning", "") and label == name
    assert re.fullmatch(r"counting-[0-9a-f]{8}", name) and name in last[tab.line]


def test_what_came_out_stands_above_the_pictures_as_text(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "*It* <b>counted</b> [3](http://e.example) $x$ at www.e.example."
    monkeypatch.setattr(Counted, "told", property(lambda self: (said,)))

    *_, last = tab.run(a_person(), *held())

    shown_text = last[tab.told]
    assert shown_text.startswith("## ") and not set("*<>[]$:_`") & set(shown_text.removeprefix("## "))
    assert html.unescape(shown_text.removeprefix("## ")) == said


def test_the_lines_of_python_are_those_of_the_run(tab: Tab) -> None:
    *_, last = tab.run(a_person(), *held(count=4))

    assert "Knobs(count=4)" in last[tab.lines] and last[tab.lines].startswith("# Run this in Orrery's own folder")


def test_on_a_narrow_screen_the_knobs_come_before_all_but_one_chart(halting: Halting) -> None:
    tab = Tab(halting.system(), OpenSessions())
    with gr.Blocks() as blocks:
        tab.draw()

    asked = next(fn for fn in blocks.fns.values() if fn.fn == tab.run)
    inputs = [part._id for part in asked.inputs]
    assert tab.told._id < tab.plots[0]._id < min(inputs) <= max(inputs) < tab.plots[1]._id


def test_the_ladder_is_a_list_that_takes_a_folder_too() -> None:
    detector = knob_of(find_system("tstar").settings, "detector")
    drawn = component(detector)

    assert drawn.choices[0] == (drawn.choices[0][0], "canvas-detector") and drawn.allow_custom_value
    assert parsed(detector, "OWL-ViT B/32") == "owlvit-base-patch32"


def test_a_model_that_is_not_here_is_refused_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    settings = find_system("tstar").settings(detector="owlvit-base-patch32")

    with pytest.raises(InputError, match=r"hf download.*Canvas detector"):
        refuse_what_cannot_run(find_system("tstar"), settings)


def test_a_word_that_the_detector_does_not_know_is_refused_before_the_run_and_said_while_typing() -> None:
    tstar = find_system("tstar")
    tab = Tab(tstar, OpenSessions())
    with gr.Blocks():
        tab.draw()

    def said(**typed: Any) -> Any:
        return tab.say(*[typed.get(knob.name, shown(knob, knob.default)) for knob in knobs_of(tstar.settings)])

    with pytest.raises(InputError, match=r"zebra.*1,000 ImageNet kinds"):
        refuse_what_cannot_run(tstar, tstar.settings(targets=("zebra",)))
    assert not said()["visible"]
    assert said(targets="zebra")["visible"] and "zebra" in said(targets="zebra")["value"]
    assert not said(targets="red star")["visible"]
    assert not said(targets="zebra", detector="owlvit-base-patch32")["visible"]
    assert "'face'" in said(targets="zebra, face", detector="efficientnet-lite0")["value"]
