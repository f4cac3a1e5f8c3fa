"""Every setting of every system can be turned in both fronts, and reads the same there: bounds, default, description, choices."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from backends.knobs import Knob, knobs_of, uploads_of
from backends.registry import names, systems
from backends.registry import system as find_system
from fronts.gradio.inputs import shown
from fronts.gradio.sessions import OpenSessions
from fronts.gradio.tab import Tab
from worlds.video import write_video

EVERY = [pytest.param(system.name, knob, id=f"{system.name}-{knob.name}")
         for system in systems() for knob in knobs_of(system.settings)]
WIDGETS = ("selectbox", "slider", "select_slider", "checkbox", "text_input", "text_area", "number_input", "multiselect",
           "button_group", "segmented_control", "pills")

# What shows the settings of a page, each line one look at it; and what is turned by other widgets than one of its own.
LOOKS: dict[str, tuple[dict[str, Any], ...]] = {
    "tstar": ({}, {"tstar.kind": "own"}),
    "coda": ({}, {"coda.task": "law", "knob.coda.trains": True}, {"coda.task": "recovery"}, {"coda.task": "file"}),
    "adaptvis": ({}, {"adaptvis.task": "evaluate"}, {"adaptvis.task": "evaluate", "adaptvis.data": "folder"}),
}
OTHERWISE: dict[str, dict[str, str]] = {  # setting -> the key of what turns it
    "tstar": {"video": "tstar.kind", "example_s": "tstar.example_s", "example_box": "tstar.example",
              "example_picture": "tstar.picture", "like": "tstar.picture"},  # appears once a thing is marked
    "coda": {"task": "coda.task", "file": "coda.upload"},
    "adaptvis": {"task": "adaptvis.task", "picture": "adaptvis.picture"},
}


def drawn_alone(name: str) -> None:
    """The whole of a page that has nothing but the knobs of a system."""
    from backends.knobs import knobs_of
    from backends.registry import system
    from pages.house import knobs

    knobs.knobs(system(name), [knob.name for knob in knobs_of(system(name).settings)])


@pytest.fixture(scope="module")
def pages() -> dict[str, AppTest]:
    return {name: AppTest.from_function(drawn_alone, args=(name,), default_timeout=60).run() for name in names()}


@pytest.fixture(scope="module")
def tabs() -> dict[str, dict[str, Any]]:
    """Setting -> its input, per system."""
    with gr.Blocks():
        drawn = {name: Tab(find_system(name), OpenSessions()) for name in names()}
        inputs = {name: dict(zip((knob.name for knob in knobs_of(tab.what.settings)), tab._draw_inputs()))
                  for name, tab in drawn.items()}
    return inputs


def widgets(page: AppTest) -> Iterator[Any]:
    for kind in WIDGETS:
        yield from page.get(kind)


@pytest.mark.parametrize(("name", "knob"), EVERY)
def test_a_page_can_draw_every_knob(pages: dict[str, AppTest], name: str, knob: Knob) -> None:
    assert not pages[name].exception
    widget = next(widget for widget in widgets(pages[name]) if widget.key == f"knob.{name}.{knob.name}")

    assert widget.label == knob.label and widget.help.startswith(knob.description)
    held = widget.value
    assert held == (list(knob.default) if knob.kind == "several" else knob.typed(knob.default)
                    if knob.kind in ("texts", "numbers") else knob.default)
    if widget.type in ("slider", "number_input"):
        assert (widget.min, widget.max) == (knob.first, knob.last)
    if widget.type in ("selectbox", "multiselect") and knob.choices:
        assert tuple(widget.options) == knob.choices


@pytest.mark.parametrize(("name", "knob"), EVERY)
def test_a_tab_of_gradio_draws_every_knob(tabs: dict[str, dict[str, Any]], name: str, knob: Knob) -> None:
    drawn = tabs[name][knob.name]

    assert drawn.label == knob.label and drawn.info.startswith(knob.description)
    assert drawn.value == shown(knob, knob.default)
    if isinstance(drawn, gr.Slider | gr.Number):
        assert (drawn.minimum, drawn.maximum) == (knob.first, knob.last)
    if knob.choices:
        assert tuple(value for _, value in drawn.choices) == knob.choices
    if isinstance(drawn, gr.Textbox) and knob.kind == "text":
        assert drawn.max_length == knob.max_length


@pytest.mark.parametrize("name", names())
def test_a_tab_of_gradio_has_a_box_for_every_setting_that_takes_a_file(name: str) -> None:
    tab = Tab(find_system(name), OpenSessions())
    with gr.Blocks():
        boxes = tab._draw_uploads()

    assert [box.file_types for box in boxes] == [[f".{ending}" for ending in knob.uploads] for knob in uploads_of(tab.what.settings)]


def keys(page: AppTest) -> set[str]:
    """The keys of what is drawn; of what has no class in the test's library, as its id ends."""
    assert not page.exception
    known = {str(widget.key) for widget in widgets(page)}
    others = (element for kind in ("file_uploader", "plotly_chart") for element in page.get(kind))
    return known | {str(element.proto.id).split("-", 2)[-1] for element in others}


@pytest.mark.parametrize("name", names())
def test_every_setting_has_its_widget_on_its_own_page(name: str, tmp_path: Path) -> None:
    found: set[str] = set()
    for look in LOOKS[name]:
        page = AppTest.from_file("../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()
        for key, value in look.items():
            page.session_state[key] = value
        page.run()
        if look.get("tstar.kind") == "own":
            film = write_video((np.full((48, 64, 3), 90, np.uint8) for _ in range(3)), tmp_path / "v.mp4", frame_rate=1)
            page.get("file_uploader")[0].set_value(("film.mp4", film.read_bytes(), "video/mp4"))
            page.run()
        found |= keys(page)
    wanted = {knob.name: OTHERWISE[name].get(knob.name, f"knob.{name}.{knob.name}") for knob in knobs_of(find_system(name).settings)}

    assert [setting for setting, key in wanted.items() if key not in found] == []
