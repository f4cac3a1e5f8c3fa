"""Knobs as Gradio's components: what is drawn, and what comes back."""

from typing import Any, Literal

import gradio as gr
import pytest
from pydantic import Field

from backends.knobs import knob, knob_of
from backends.run import Settings
from fronts.gradio.inputs import checked, component, parsed, upload_box
from worlds.errors import InputError


class Knobs(Settings):
    count: int = knob(3, "", "Steps.", ge=1, le=50)
    share: float = knob(0.5, "", "Share.", ge=0, le=1)
    weight: float = knob(0.01, "", "Weight.", gt=0, le=1, stops=(1e-4, 0.01, 1.0))
    seed: int = knob(0, "", "Seed.", ge=0, le=2**31 - 1)
    rule: Literal["greedy", "soft"] = knob("greedy", "", "Rule.")
    targets: tuple[str, ...] = knob(("cup",), "", "Objects.")
    lines: tuple[str, ...] = knob(("A cup, blue.",), "", "Sentences.", is_by_line=True)
    against: tuple[Literal["uniform", "random"], ...] = knob(("uniform",), "", "Baselines.")
    box: tuple[float, float] | None = knob(None, "", "Box.")
    threshold: float | None = Field(None, ge=0, le=1, description="Threshold.")
    verifies: bool = knob(True, "", "Looks twice.")
    place: str = knob("here", "", "Place.", max_length=80, suggestions=("here", "there"))
    clip: str = knob("", "", "File.", max_length=80, uploads=("txt", "md"), upload_mb=2)


@pytest.mark.parametrize(("name", "kind"), [
    ("count", gr.Slider), ("share", gr.Slider), ("seed", gr.Number), ("rule", gr.Dropdown), ("targets", gr.Textbox),
    ("against", gr.Dropdown), ("box", gr.Textbox), ("threshold", gr.Textbox), ("lines", gr.Textbox),
    ("place", gr.Dropdown), ("weight", gr.Slider), ("verifies", gr.Checkbox), ("clip", gr.Textbox)])
def test_every_kind_of_setting_has_its_input_with_default_and_description(name: str, kind: type) -> None:
    drawn = component(knob_of(Knobs, name))

    assert type(drawn) is kind
    assert drawn.info.startswith(knob_of(Knobs, name).description)
    assert knob_of(Knobs, name).default == getattr(
        checked(Knobs, {name: parsed(knob_of(Knobs, name), drawn.value)}), name), "what is shown at first is the default"


def test_a_slider_has_the_bounds_of_its_setting() -> None:
    drawn = component(knob_of(Knobs, "count"))

    assert (drawn.minimum, drawn.maximum, drawn.step) == (1, 50, 1)


@pytest.mark.parametrize(("name", "value", "wanted"), [
    pytest.param("targets", " cup , red ball,,", ("cup", "red ball"), id="words"),
    pytest.param("targets", "", (), id="no words"),
    pytest.param("box", "0.1, 0.5", (0.1, 0.5), id="numbers"),
    pytest.param("threshold", "0.25", 0.25, id="a number that may be empty"),
    pytest.param("seed", 7.0, 7, id="a whole number that arrives as a float"),
    pytest.param("lines", "One, two.\n\n Three. ", ("One, two.", "Three."), id="a line each, whatever stands in it"),
    pytest.param("threshold", " ", None, id="nothing"),
    pytest.param("against", None, (), id="no choice"),
    pytest.param("against", ["random", "uniform"], ("random", "uniform"), id="choices"),
])
def test_what_an_input_holds_becomes_the_setting(name: str, value: Any, wanted: Any) -> None:
    assert getattr(checked(Knobs, {name: parsed(knob_of(Knobs, name), value)}), name) == wanted


@pytest.mark.parametrize(("name", "value"), [
    pytest.param("box", "left, right", id="words for numbers"), pytest.param("threshold", "much", id="a word for a number"),
    pytest.param("count", 51, id="above the limit"), pytest.param("rule", "loud", id="no such choice")])
def test_what_cannot_be_used_is_said_in_a_sentence(name: str, value: Any) -> None:
    with pytest.raises(InputError):
        checked(Knobs, {name: parsed(knob_of(Knobs, name), value)})


def test_an_open_bound_is_not_offered() -> None:
    drawn = component(knob_of(Knobs, "weight"))

    assert (drawn.minimum, drawn.maximum, drawn.step) == (1e-4, 1, 1e-4)


def test_the_box_of_a_setting_says_what_can_be_brought() -> None:
    box = upload_box(knob_of(Knobs, "clip"))

    assert box.label == "Clip: bring your own (txt, md, up to 2 MB)" and box.file_types == [".txt", ".md"]
