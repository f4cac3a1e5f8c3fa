"""What a knob is, made from the field that its settings have."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from backends.knobs import groups_of, knob, knob_of, knobs_of, uploads_of
from backends.registry import System, systems
from backends.run import Settings

Share = Annotated[float, Field(ge=0, le=1)]


class Knobs(Settings):
    rule: Literal["greedy", "soft"] = knob("greedy", "first", "Rule.", names={"soft": "by chance"})
    alone: Literal["only"] = knob("only", "first", "The only one.")
    verifies: bool = knob(True, "second", "Looks twice.")
    count: int = knob(8, "second", "Steps.", ge=8, le=64, multiple_of=8)
    share: float = knob(0.5, "first", "Share.", gt=0, lt=1)
    weight: float | None = knob(None, "first", "Weight.", ge=0, le=5)
    rate: float = knob(0.002, "first", "Rate.", ge=1e-5, le=1e-2)
    text: str = knob("", "second", "Text.", max_length=80, suggestions=("a", "b"))
    model: str = knob("", "second", "Model.", max_length=300, role="language", also=("vlm",), none="None", quantised_by="packed")
    several: tuple[Literal["x", "y"], ...] = knob(("x",), "second", "Several.", max_length=2)
    texts: tuple[str, ...] = knob(("cup", "red ball"), "second", "Texts.", max_length=4)
    lines: tuple[str, ...] = knob((), "second", "Lines.", is_by_line=True)
    box: tuple[Share, Share] | None = knob(None, "second", "Box.")
    sizes: tuple[int, ...] = knob((64, 256), "second", "Sizes.", max_length=3, stops=(64, 256, 1024))
    seed: int = knob(0, "second", "Seed.", ge=0, le=2**31 - 1)
    few: float = knob(0.5, "second", "Few.", ge=0, le=1, stops=(0.0, 0.001, 0.5))
    film: str = knob("", "second", "Film.", max_length=80, uploads=("mp4",), upload_mb=5)


@pytest.mark.parametrize(("name", "kind"), [
    ("rule", "choice"), ("alone", "choice"), ("verifies", "switch"), ("count", "whole"), ("share", "number"), ("weight", "number"),
    ("text", "text"), ("model", "model"), ("several", "several"), ("texts", "texts"), ("lines", "texts"), ("box", "numbers")])
def test_a_setting_has_its_kind_description_and_default(name: str, kind: str) -> None:
    made = knob_of(Knobs, name)

    assert (made.name, made.kind) == (name, kind)
    assert made.description == Knobs.model_fields[name].description and made.default == Knobs.model_fields[name].default


def test_a_choice_has_a_name_where_its_code_does_not_say_it_best() -> None:
    assert [knob_of(Knobs, "rule").name_of(choice) for choice in knob_of(Knobs, "rule").choices] == ["greedy", "by chance"]


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_name_is_of_a_choice_and_tells_it_from_the_others(system: System) -> None:
    for one in knobs_of(system.settings):
        assert set(one.names) <= set(one.choices), one.name
        assert len({one.name_of(choice) for choice in one.choices}) == len(one.choices), one.name


def test_a_knob_knows_its_bounds_and_whether_the_bound_itself_is_refused() -> None:
    share, count, weight = (knob_of(Knobs, name) for name in ("share", "count", "weight"))

    assert (share.low, share.high, share.is_low_open, share.is_high_open) == (0, 1, True, True)
    assert (share.first, share.last) == (0.01, 0.99)
    assert (count.first, count.last, count.step) == (8, 64, 8)
    assert (weight.first, weight.last, weight.is_optional, weight.is_ranged) == (0, 5, True, False)
    assert count.is_ranged and share.is_ranged


def test_a_small_range_is_gone_through_in_small_steps() -> None:
    assert knob_of(Knobs, "rate").step == pytest.approx(1e-5)


def test_the_least_stop_is_a_step() -> None:
    assert knob_of(Knobs, "few").step == 0.001


def test_a_range_in_which_no_slider_meets_a_value_is_typed() -> None:
    assert knob_of(Knobs, "share").is_ranged and not knob_of(Knobs, "seed").is_ranged and not knob_of(Knobs, "weight").is_ranged


def test_a_knob_knows_what_can_be_chosen() -> None:
    model = knob_of(Knobs, "model")

    assert knob_of(Knobs, "rule").choices == ("greedy", "soft") and knob_of(Knobs, "alone").choices == ("only",)
    assert knob_of(Knobs, "several").choices == ("x", "y") and knob_of(Knobs, "several").max_length == 2
    assert knob_of(Knobs, "text").suggestions == ("a", "b") and knob_of(Knobs, "text").max_length == 80
    assert (model.roles, model.none_label, model.quantised_by) == (("language", "vlm"), "None", "packed")


def test_groups_stand_in_the_order_in_which_they_are_named_first() -> None:
    groups = groups_of(Knobs)

    assert list(groups) == ["first", "second"]
    assert [one.name for one in groups["first"]] == ["rule", "alone", "share", "weight", "rate"]


@pytest.mark.parametrize(("name", "text", "value"), [
    pytest.param("texts", "cup, red ball", ("cup", "red ball"), id="texts"),
    pytest.param("lines", "A cup, blue.\nA ball.", ("A cup, blue.", "A ball."), id="lines with commas in them"),
    pytest.param("box", "0.1, 0.5", ("0.1", "0.5"), id="numbers, which settings read"),
    pytest.param("box", " ", None, id="nothing, which is a value of its own"),
    pytest.param("texts", " , ", (), id="none"),
    pytest.param("text", " as it is", " as it is", id="a text"),
])
def test_what_is_typed_is_read(name: str, text: str, value: Any) -> None:
    assert knob_of(Knobs, name).read(text) == value


def test_numbers_with_stops_are_picked_and_others_are_typed() -> None:
    assert [(name, knob_of(Knobs, name).is_picked) for name in ("sizes", "box", "few", "several")] == [
        ("sizes", True), ("box", False), ("few", False), ("several", False)]


def test_what_is_shown_is_read_as_what_it_was() -> None:
    for name, value in (("texts", ("cup", "red ball")), ("lines", ("A cup, blue.", "A ball.")), ("weight", None), ("text", "a")):
        made = knob_of(Knobs, name)

        assert made.read(made.typed(value)) == value


def test_a_setting_that_no_widget_could_show_is_told_when_it_is_written() -> None:
    with pytest.raises(TypeError, match=r"Table\.cells fits no kind of knob.*would"):
        class Table(Settings):
            cells: dict[str, int] = Field(default_factory=dict)

    with pytest.raises(TypeError, match=r"Mixed\.value is one of 2 kinds of value"):
        class Mixed(Settings):
            value: int | str = 0


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_knob_says_what_it_is(system: System) -> None:
    for made in knobs_of(system.settings):
        assert made.description and made.group, made.name


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_whatever_can_be_brought_is_looked_at_when_it_comes(system: System) -> None:
    assert {made.name for made in uploads_of(system.settings)} == set(system.checks)


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_value_that_a_link_may_hold_fits_into_its_widget(system: System) -> None:
    """A slider or a box ends a step before an open bound; what lies between would break the page. Stops take any value in."""
    open_ended = [knob.name for knob in knobs_of(system.settings) if (knob.is_low_open or knob.is_high_open) and not knob.stops]

    assert open_ended == []


def test_two_settings_of_a_system_may_take_a_file() -> None:
    assert [(made.name, made.upload_mb) for made in uploads_of(Knobs)] == [("film", 5)]
    assert [len(uploads_of(system.settings)) for system in systems() if system.name in ("tstar", "adaptvis")] == [2, 2]


def test_files_that_settings_name_are_those_of_upload_settings_without_what_picks_a_part():
    from backends.adaptvis.settings import AdaptVisSettings
    from backends.knobs import files_of

    assert files_of(AdaptVisSettings(task="evaluate", data="upload:sets.zip#B", picture="upload:a.png")) == ["a.png", "sets.zip"]
    assert files_of(AdaptVisSettings(question="upload:no file, a question")) == []


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_a_knob_is_called_what_a_student_would_call_it(system: System) -> None:
    knobs = knobs_of(system.settings)

    raw = [one.name for one in knobs if not one.called and ("_" in one.name or one.kind == "switch") and one.name not in WORDS]
    assert raw == [], "give them a label: their names are for programs"
    labels = [one.label for one in knobs]
    assert len(set(labels)) == len(labels) and max(map(len, labels)) <= MOST_LETTERS


WORDS = ("weight_decay", "learning_rate")  # names that people say
MOST_LETTERS = 44  # of a label: three knobs stand in a row
