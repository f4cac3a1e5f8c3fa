"""Merging's page without a browser: the slider and its pictures, pairs of weights, layers, folders, questions, one's own files."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from backends.files.archive import zipped
from backends.merging.results import MergingResult
from backends.merging.settings import MergingSettings
from backends.merging.system import SYSTEM
from backends.sessions import Session
from pages.merging import asked as questions
from pages.merging import child, own_file, pairs, taking, views
from tests.pages import driving
from tests.pages.driving import charts
from tests.visualizers.merging import made
from visualizers.merging import gallery

HELD: dict[str, MergingResult] = {
    "merge": made.result(), "grid": made.result(made.grid()), "probe": made.result(made.looking()),
    "checkpoints": made.result(made.folders()), "ask": made.result(made.reports())}


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> Session:
    own = Session("merging")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    return own


@pytest.fixture(autouse=True)
def recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each task opens with a run whose numbers are known."""
    monkeypatch.setattr("pages.house.results.recorded_of", lambda system, task, is_first: (
        (HELD[task], True) if system.name == "merging" else (None, False)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[MergingSettings]:
    """What the page would have run."""
    found: list[MergingSettings] = []
    monkeypatch.setattr("pages.house.running.start", lambda system, settings: found.append(settings))
    return found


def opened(task: str = "merge") -> AppTest:
    page = AppTest.from_file("../../../app.py", default_timeout=120).run()
    page.session_state["merging.task"] = task
    page = page.switch_page("pages/merging/page.py").run()
    assert not page.exception and not page.error
    return page


def said(page: AppTest) -> str:
    return driving.said(page).replace("\\", "")


def has(page: AppTest, key: str) -> bool:
    return f"knob.merging.{key}" in {getattr(one, "key", None) for one in (*page.slider, *page.selectbox, *page.select_slider)}


def bring(page: AppTest, name: str, content: bytes) -> AppTest:
    box = next(one for one in page.get("file_uploader") if one.proto.label.startswith("Your questions"))
    box.set_value((name, content, "application/octet-stream"))
    return page.run()


def test_page_opens_on_the_curve_with_pictures_and_what_each_model_says_to_them():
    page = opened()

    assert charts(page) == 5 and page.select_slider(key="merging.at").value == 0.2
    assert "7 3 → 4 :material/close: wrong" in said(page) and "7 3 → 0 :material/check: correct" in said(page)
    assert "the child sees 87 % and does 66 % of the new sums; the seeing model alone does 12 % of them" in said(page)
    assert {"Beside the paper", "How it works", "Take it away"} <= {one.value for one in page.header}


def test_pictures_follow_the_slider_without_a_run_and_the_address_says_its_place():
    page = opened()
    before = said(page).count(":material/check: correct")

    page = page.select_slider(key="merging.at").set_value(0.0).run()

    assert said(page).count(":material/check: correct") == before - 1, "at 0 the child knows no more than the reasoning model"
    assert "At 0, the child sees 69 %" in said(page) and "run.merging" not in page.session_state
    assert page.session_state["merging.address.written"]["at"] == "0"


def test_an_address_says_the_place_of_the_slider():
    page = driving.opened(made.LINEAR, "merging", at="0.5")

    assert page.select_slider(key="merging.at").value == 0.5 and not page.exception


def test_the_place_of_the_slider_is_made_the_child_by_one_click(asked):
    page = opened()
    assert page.button(key="merging.make").disabled, "it is the child already"

    page = page.select_slider(key="merging.at").set_value(0.3).run()
    page.button(key="merging.make").click().run()

    assert asked == [made.LINEAR.model_copy(update={"share": 0.3})]


def test_a_weight_of_the_curve_is_the_one_of_reasoning_where_vectors_are_added():
    assert child.there(made.ADDED, 0.5) == made.ADDED.model_copy(update={"reason_weight": 0.5})


def test_a_merge_is_looked_into_by_one_click(asked):
    opened().button(key="merging.to.probe").click().run()

    assert asked == [made.LINEAR.model_copy(update={"task": "probe"})]


@pytest.mark.parametrize(("method", "drawn", "left_out"), [
    ("linear", {"share"}, {"vlm_weight", "density", "signs", "rescale"}), ("ties", {"reason_weight", "density", "signs"}, {"share"}),
    ("dare_linear", {"vlm_weight", "scale", "density", "rescale"}, {"share", "signs"})])
def test_a_method_shows_the_knobs_that_it_knows(method, drawn, left_out):
    page = opened().selectbox(key="knob.merging.method").set_value(method).run()

    assert not page.exception
    assert all(has(page, name) for name in drawn) and not any(has(page, name) for name in left_out)


def test_run_untouched_asks_for_what_is_shown(asked):
    for task in ("merge", "grid", "probe"):
        opened(task).button(key=f"run.{task}").click().run()

    assert asked == [HELD[task].settings for task in ("merge", "grid", "probe")]


def test_a_pair_of_weights_becomes_the_child_with_task_arithmetic(asked):
    page = opened("grid")
    assert page.selectbox(key="merging.pair").value == "2.2", "the best pair is looked at first"

    page = page.selectbox(key="merging.pair").set_value("1.2").run()
    assert page.session_state["merging.address.written"]["pair"] == "1.2"
    page.button(key="merging.pair.make").click().run()

    (settings,) = asked
    assert (settings.task, settings.method, settings.vlm_weight, settings.reason_weight) == ("merge", "task_arithmetic", 0.5, 1.0)


def test_maps_of_ties_make_children_of_ties():
    settings = pairs.child_of(MergingSettings(task="grid", method="ties", gradient=(0.1, 0.9)), 0.5, 1.5)

    assert (settings.method, settings.reason_weight, settings.gradient) == ("ties", 1.5, ())


def test_layers_are_shown_before_and_after_and_an_answer_from_inside():
    page = opened("probe")

    assert charts(page) == 8 and "before the merge, 3 of 8 modules cost seeing at least 10 points" in said(page).lower()
    page = page.select_slider(key="merging.layer").set_value(2).run()
    assert not page.exception and page.session_state["merging.address.written"]["layer"] == "2"


def test_folders_say_what_fits_what_is_to_be_known_and_what_it_takes():
    page = opened("checkpoints")

    assert "fits] **Names and shapes**" in said(page) and "to know] **Tokenizers**" in said(page)
    assert "`language_model.model.layers.N`" in said(page) and charts(page) == 3
    assert page.button(key="run.checkpoints").label == "Merge"


def test_questions_are_filtered_and_shown_whole_as_text():
    page = opened("ask")
    assert "inside the noise of two runs (± 13.9)" in said(page) and "What is <b>0</b>?" in said(page)

    page = page.selectbox(key="merging.replies").set_value("differs").run()

    places = questions.places(made.reports(), made.reports()[0], "all", "differs")
    assert places == [36, 37] and f"{len(places)} of 45 questions" in said(page) and not page.exception


def test_questions_of_ones_own_are_taken_from_the_box_and_what_runs(asked):
    rows = json.dumps({"id": "q1", "question": "What is x?", "answer": "4"})
    page = bring(opened(), "mine.zip", zipped({"mine.jsonl": rows.encode()}))

    assert not page.exception and page.session_state["merging.task"] == "ask" and "mine.zip** is here" in said(page)
    page.button(key="run.own").click().run()
    assert asked[-1].data == "upload:mine.zip" and asked[-1].task == "ask"

    page = page.button(key="merging.own.out").click().run()
    assert not own_file_is_there(page) and not page.exception


def own_file_is_there(page: AppTest) -> bool:
    return str(page.session_state["knob.merging.data"]).startswith("upload:")


def test_a_recipe_and_a_merged_model_take_each_other_s_place(asked):
    page = bring(opened(), "mine.yaml", b"merge_method: linear\n")
    assert page.session_state["merging.task"] == "checkpoints" and "mine.yaml** is here" in said(page)
    assert page.session_state["knob.merging.recipe"] == "upload:mine.yaml"

    page = bring(page, "merged_model_0.9.pth", b"PK\x03\x04")

    assert page.session_state["knob.merging.official"] == "upload:merged_model_0.9.pth" and not page.exception
    assert page.session_state["knob.merging.recipe"] == "", "both cannot be used"


def test_a_recipe_that_is_too_large_is_refused_with_both_sizes():
    page = bring(opened(), "large.yaml", b"a: 1\n" * 300_000)

    assert "1.5 MB. At most 1 MB" in page.error[0].value.replace("\\", "") and page.session_state["merging.task"] == "merge"


def test_a_file_s_ending_says_what_it_is_for():
    names = {"a.YML": "recipe", "merged.pt": "official", "b.tsv": "data", "c.zip": "data"}

    assert {name: own_file.setting_of(SYSTEM, name) for name in names} == names


def test_costs_count_the_children_that_are_tried():
    runs = (MergingSettings(curve=11), MergingSettings(curve=11, gradient=(0.1, 0.9)), MergingSettings(task="grid", grid=3),
            MergingSettings(task="probe", probes=("mask", "graft")))

    assert [views.children(settings) for settings in runs] == [14, 3, 15, 24]


@pytest.mark.parametrize("task", HELD)
def test_every_table_that_can_be_taken_has_rows_and_no_two_share_a_name(task):
    tables = taking.tables_of(HELD[task])

    assert tables and all(len(table) for table in tables.values())


def test_gallery_counts_what_each_model_answers_correctly():
    merged = made.merged()

    assert [gallery.counted(merged, by) for by in ("vlm", "reasoner", "child", "child:0.000")] == [(2, 3), (1, 3), (3, 3), (2, 3)]
