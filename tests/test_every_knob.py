"""Every setting of every system can be turned in both fronts, and reads the same there: bounds, default, description, choices."""

from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from streamlit.testing.v1 import AppTest

from backends.knobs import Knob, knobs_of, uploads_of
from backends.registry import names, systems
from backends.registry import system as find_system
from fronts.gradio.inputs import shown
from fronts.gradio.sessions import OpenSessions
from fronts.gradio.tab import Tab

EVERY = [pytest.param(system.name, knob, id=f"{system.name}-{knob.name}")
         for system in systems() for knob in knobs_of(system.settings)]
WIDGETS = ("selectbox", "slider", "select_slider", "checkbox", "text_input", "text_area", "number_input", "multiselect",
           "button_group", "segmented_control", "pills")


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
    assert held == (list(knob.default) if knob.kind == "several" or knob.is_picked else knob.typed(knob.default)
                    if knob.kind in ("texts", "numbers") else knob.default)
    if widget.type in ("slider", "number_input"):
        assert (widget.min, widget.max) == (knob.first, knob.last)
    if widget.type in ("selectbox", "multiselect") and knob.choices:
        assert tuple(widget.options) == tuple(map(knob.name_of, knob.choices))


@pytest.mark.parametrize(("name", "knob"), EVERY)
def test_a_tab_of_gradio_draws_every_knob(tabs: dict[str, dict[str, Any]], name: str, knob: Knob) -> None:
    drawn = tabs[name][knob.name]

    assert drawn.label == knob.label and drawn.info.startswith(knob.description)
    assert drawn.value == shown(knob, knob.default)
    if isinstance(drawn, gr.Slider | gr.Number):
        assert (drawn.minimum, drawn.maximum) == (knob.first, knob.last)
    if knob.choices:
        assert [tuple(offered) for offered in drawn.choices] == [(knob.name_of(choice), choice) for choice in knob.choices]
    if isinstance(drawn, gr.Textbox):
        assert drawn.max_length is None  # it would cut a longer text without a word; the settings say how long it is


@pytest.mark.parametrize("name", names())
def test_a_tab_of_gradio_has_a_box_for_every_setting_that_takes_a_file(name: str) -> None:
    tab = Tab(find_system(name), OpenSessions())
    with gr.Blocks():
        boxes = tab._draw_uploads()

    assert [box.file_types for box in boxes] == [[f".{ending}" for ending in knob.uploads] for knob in uploads_of(tab.what.settings)]
