"""Runs of a session beside each other, gone on from, and what they made: on CoDA's page, where all of it is."""

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from backends.coda.run import run as run_coda
from backends.coda.settings import CodaSettings
from backends.files.saved import save_result
from backends.knobs import knob_of
from backends.run import Inputs, last
from backends.sessions import Session
from pages.house import beside
from tests.pages.driving import charts, finish, said

PROMPT = knob_of(CodaSettings, "prompts")
SMALL = {"num_sets": 5, "hidden": 16, "epochs": 2}


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    own = Session("beside")  # without a browser all tests would be one session
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    return AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/coda/page.py").run()


def law(page, **knobs):
    page.session_state["coda.task"] = "law"
    page.run()
    for name, value in (SMALL | {"trains": True} | knobs).items():
        page.session_state[f"knob.coda.{name}"] = value
    page.run()
    return finish(page.button(key="run.law").click().run(), "coda")


def test_a_run_is_gone_on_with_and_stands_beside_the_one_before(page):
    first = law(page)
    assert not first.exception
    before = first.session_state["coda.result.law"]
    offered = first.selectbox(key="knob.coda.continues").options
    assert offered[0] == "Train from the beginning" and len(offered) == 2
    assert offered[1].endswith(" · Trained here: P law, 16 wide, epoch 2, seed 0")
    name = offered[1].split(" · ")[0]

    second = law(first, epochs=4, continues=name)

    result = second.session_state["coda.result.law"]
    assert [epoch.epoch for epoch in result.law.epochs] == [1, 2, 3, 4]
    assert result.law.epochs[:2] == before.law.epochs
    before_choosing = charts(second)
    chosen = second.selectbox(key="beside.coda").select(name).run()
    assert not chosen.exception
    assert charts(chosen) > before_choosing and "| Epochs | 4 | 2 |" in said(chosen)


def test_a_prompt_of_two_lines_stays_in_its_row():
    assert beside._short(PROMPT, "first\n\n| second") == "first | second"
    assert beside._short(PROMPT, ("one\ntwo", "three")) == "one two, three"


def test_what_was_trained_is_offered_as_a_model_and_answers(page):
    trained = law(page)
    (made,) = trained.session_state["coda.result.law"].made
    trained.session_state["coda.task"] = "compare"
    trained.run()

    models = trained.selectbox(key="knob.coda.model")
    assert models.options[0].startswith("Trained here: P law, 16 wide, epoch 2, seed 0")
    trained.session_state["knob.coda.model"] = made
    trained.run()
    assert "Model: about 1 MB" in said(trained)
    answered = finish(trained.button(key="run.compare").click().run(), "coda")

    assert not answered.exception and not answered.error
    assert answered.session_state["coda.result.compare"].model_id == made


def test_two_saved_runs_can_be_opened_and_compared(page):
    runs = [last(run_coda(CodaSettings(seed=seed, methods=("greedy", "coda"), max_new_tokens=2), Inputs())) for seed in (0, 1)]
    for number, result in enumerate(runs):
        page = page.file_uploader(key="open.coda").set_value((f"{number}.orrery", save_result(result), "application/zip")).run()

    other = next(name for name in page.selectbox(key="beside.coda").options)
    shown = page.selectbox(key="beside.coda").select_index(0).run()

    assert not shown.exception and other.startswith("coda-")
    assert "| Seed | 1 | 0 |" in said(shown)


def test_knobs_of_a_run_that_went_on_elsewhere_train_from_the_beginning(page):
    settings = CodaSettings(task="law", trains=True, continues="coda-00000000", **SMALL)
    result = last(run_coda(settings.model_copy(update={"continues": ""}), Inputs())).model_copy(update={"settings": settings})

    opened = page.file_uploader(key="open.coda").set_value(("law.orrery", save_result(result), "application/zip")).run()

    assert not opened.exception
    assert opened.session_state["knob.coda.continues"] == ""


def test_legends_of_the_other_side_name_the_other_run_and_the_figure_itself_is_left_as_it_was():
    figure = go.Figure([go.Scatter(y=[1], name="this run"), go.Scatter(y=[1], name="fit of this run"), go.Bar(y=[1])])

    other = beside.of_the_other(figure)

    assert [trace.name for trace in other.data] == ["the other run", "fit of the other run", None]
    assert figure.data[0].name == "this run"


@pytest.mark.parametrize(("value", "shown"), [
    ("one\ntwo", "one two"), (("a\n| b |", "c"), "a | b |, c"), ("", "nothing"), (("x",) * 500, ", ".join("x" * 20)[:57] + "...")])
def test_a_setting_stays_in_its_row(value, shown):
    assert beside._short(PROMPT, value) == shown


def test_a_choice_reads_as_in_its_list_and_a_switch_as_on_or_off():
    packed, trains = (knob_of(CodaSettings, name) for name in ("quantisation", "trains"))

    assert [beside._short(packed, value) for value in ("none", "nf4")] == ["as they are", "4 bit (NF4)"]
    assert [beside._short(trains, value) for value in (True, False)] == ["on", "off"]
