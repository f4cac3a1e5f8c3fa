"""The CoDA page without a browser: first picture, tasks, presets, knobs, the person's own prompts and file, refusals."""

import re
import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from backends.coda.results import Asked, CodaResult, FilePart, FileRow, Found, Written
from backends.coda.settings import CodaSettings
from backends.registry import system
from pages.coda.own_prompt import TYPED
from tests.pages import driving
from tests.pages.driving import charts, said


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return app.switch_page("pages/coda/page.py").run()


def linked(settings: CodaSettings) -> AppTest:
    """The page of a link, after the one click that runs it."""
    return driving.run_link(driving.opened(settings, "coda"), "coda")


def finish(page: AppTest) -> AppTest:
    """Wait for the page's run to end, then let the page take its result."""
    return driving.finish(page, "coda")


def turned_to(page: AppTest, task: str) -> AppTest:
    page.session_state["coda.task"] = task
    return page.run()


def test_page_opens_on_a_suppressed_answer_before_any_click(page):
    assert not page.exception and not page.error
    assert charts(page) >= 2
    assert "recorded" in said(page) and "popular: hallucinated" in said(page)


def test_importing_the_page_and_its_figures_does_not_import_torch():
    code = "import sys; import pages.coda.compare, pages.coda.own_knobs, visualizers.coda.figures; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_another_decoder_is_one_click_without_a_run(page):
    assert page.session_state["coda.decoder"] == "coda"
    before = charts(page)
    page.session_state["coda.decoder"] = "greedy"
    page.run()

    assert charts(page) == before - 1
    assert "run.coda" not in page.session_state
    assert not page.exception


@pytest.mark.parametrize(("task", "least"), [("law", 3), ("recovery", 3)])
def test_every_task_opens_with_its_recorded_run(page, task, least):
    page = turned_to(page, task)

    assert not page.exception and not page.error
    assert charts(page) >= least
    assert "recorded" in said(page)


def test_epoch_slider_moves_the_curve(page):
    page = turned_to(page, "law")
    slider = page.select_slider(key="coda.epoch")
    first = slider.options[0].removeprefix("epoch ")
    slider.set_value(int(first)).run()

    assert f"after epoch {first}" in said(page)
    assert not page.exception


def test_size_law_says_that_the_paper_and_the_miniatures_disagree(page):
    assert "The miniatures show the opposite" in said(turned_to(page, "recovery"))


def test_page_for_a_file_offers_an_example_instead_of_an_empty_chart(page):
    page = turned_to(page, "file")

    assert charts(page) == 0 and page.dataframe
    assert page.button(key="coda.example")
    assert not page.exception and not page.error


def test_example_file_is_answered_row_by_row(page):
    page = turned_to(page, "file")
    page = finish(page.button(key="coda.example").click().run())

    result = page.session_state["result.coda"]
    assert not page.exception and not page.error
    assert len(result.file.rows) == result.file.num_in_file == 24
    assert charts(page) >= 1


@pytest.mark.parametrize("label", ["See it fail", "One click on CoDA", "The paper's formula"])
def test_preset_turns_its_knobs_and_runs_to_an_answer(page, label):
    page = finish(page.button(key=f"preset.coda.{label}").click().run())

    assert not page.exception and not page.error
    asked = system("coda").presets[label][0]
    assert page.session_state["result.coda"].settings == asked
    assert page.selectbox(key="knob.coda.escape_bias").value == asked.escape_bias


def test_own_prompts_are_answered_line_by_line(page):
    first, second = "in spring the sailors of Elsmere drink", "on Friday the millers see Haluna in old"
    page.text_area(key="knob.coda.prompts").set_value(f"{first}\n\n{second}").run()
    page.button(key="run.compare").click().run()
    page = finish(page)

    asked = page.session_state["result.coda"].asked
    assert [one.prompt for one in asked] == [first, second]
    assert page.selectbox(key="coda.prompt")
    assert not page.exception


def test_rare_facts_are_written_into_the_box(page):
    page.slider(key="knob.coda.num_examples").set_value(3).run()
    page.button(key="coda.take").click().run()

    assert len(page.text_area(key="knob.coda.prompts").value.splitlines()) == 3
    assert not page.exception and not page.error


def test_knobs_of_a_task_stay_while_another_is_looked_at(page):
    page.selectbox(key="knob.coda.escape_bias").set_value("paper").run()
    page = turned_to(turned_to(page, "law"), "compare")

    assert page.selectbox(key="knob.coda.escape_bias").value == "paper"


def test_each_task_keeps_its_own_last_result():
    page = finish(linked(CodaSettings(methods=("greedy", "dola"), seed=5)))
    page = turned_to(turned_to(page, "law"), "compare")

    assert page.session_state["coda.result.compare"].settings.methods == ("greedy", "dola")
    assert "DoLa" in said(page)
    assert not page.exception


def test_model_is_trained_live_and_its_law_is_shown():
    page = linked(CodaSettings(task="law", trains=True, num_sets=5, epochs=2, hidden=16))
    page = finish(page)

    result = page.session_state["result.coda"]
    assert result.law.was_trained and len(result.law.epochs) == 2
    assert page.session_state["coda.task"] == "law"
    assert not page.exception and charts(page) >= 2


def test_sampling_without_a_temperature_gives_one_sentence_and_no_run(page):
    page.session_state["knob.coda.methods"] = ["greedy", "sample"]
    page.run()

    assert "temperature above 0" in page.error[0].value
    assert page.button(key="run.compare").disabled
    assert not page.exception


@pytest.mark.parametrize("link", ["nonsense", "A" * 9000], ids=["text", "too long"])
def test_broken_link_gives_one_sentence_and_the_page(link):
    app = AppTest.from_file("../../../app.py", default_timeout=60).run()
    app.query_params["settings"] = link
    page = app.switch_page("pages/coda/page.py").run()

    assert len(page.error) == 1 and not page.exception
    assert charts(page) >= 2


def test_link_with_a_file_says_that_the_file_is_needed():
    page = linked(CodaSettings(task="file", file="upload:mine.csv"))

    assert "mine.csv" in page.error[0].value and "Upload it again" in page.error[0].value
    assert "run.coda" not in page.session_state


def test_rows_that_failed_are_told_and_not_counted_as_answered(page):
    bad = FileRow(number=1, prompt="zebra", right=("a",), wrong=(), answers={}, is_right={}, contains={}, prefers_right=None,
                  is_alarm=False, masked=None, problem="The word 'zebra' is unknown.")
    good = bad.model_copy(update={"number": 2, "answers": {"greedy": "a"}, "is_right": {"greedy": True}, "contains": {"greedy": True},
                                  "problem": None})
    page.session_state["result.coda"] = CodaResult(
        seed=0, model_id="x", is_miniature=True, settings=CodaSettings(task="file", file="upload:a.csv"),
        file=FilePart(kind="a plain table", name="a.csv", num_in_file=2, rows=(bad, good)))
    page.run()

    assert not page.exception
    assert any("2 rows, 1 answered" in caption.value for caption in page.caption)
    assert any("1 row could not be answered" in warning.value and "zebra" in warning.value for warning in page.warning)
    assert charts(page) >= 1


def test_word_that_is_not_in_the_prompt_is_named():
    page = finish(linked(CodaSettings(detector="manual", named="zebra")))

    assert "zebra" in page.error[0].value
    assert charts(page) >= 2  # nothing is lost


def test_stopped_run_with_nothing_to_show_says_so(page):
    nothing = CodaResult(seed=0, model_id="x", is_miniature=True, ended="stopped", settings=CodaSettings())
    page.session_state["result.coda"] = nothing
    page.run()

    assert not page.exception
    assert page.info


def test_what_a_model_says_is_text(page):
    hostile = "[x](http://evil) <script>alert(1)</script> :smile: $x$"
    found = Found(tried=(), skipped=(), chosen=None, chosen_positions=(), masked_prompt=hostile, reason=hostile, is_alarm=False)
    asked = Asked(prompt=hostile, pieces=(hostile,), right=hostile, popular=hostile, popular_example=hostile, num_popular=2,
                  found=found, written=(Written(method="greedy", text=hostile, tokens=(), is_right=True, is_popular=False),))
    page.session_state["result.coda"] = CodaResult(seed=0, model_id="x", is_miniature=True, settings=CodaSettings(), asked=(asked,))
    page.run()

    assert not page.exception
    left = re.sub(r"\\.", "", said(page))  # without what is escaped
    assert not any(active in left for active in ("<script", "](http:", ":smile:", "$x$"))


def test_a_link_with_a_prompt_of_ones_own_finds_it_in_the_box(page):
    own = driving.opened(CodaSettings(prompts=("the painters like Miriel",)), "coda")

    assert own.text_input(key=TYPED).value == "the painters like Miriel" and not own.exception
    assert not page.text_input(key=TYPED).value
