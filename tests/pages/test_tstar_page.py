"""The T* page without a browser: first picture, presets, knobs, refusals."""

import pytest
from streamlit.testing.v1 import AppTest

from backends.engine import the_engine
from backends.tstar.settings import TStarSettings


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=120).run()
    return app.switch_page("pages/tstar.py").run()


def finish(page: AppTest) -> AppTest:
    """Wait for the page's run to end, then let the page take its result."""
    run_id = page.session_state["run.tstar"]
    seen = 0
    while not the_engine().status(run_id).state.is_over:
        seen += len(the_engine().events(run_id, since=seen, wait_s=60))
    return page.run()


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def test_home_shows_a_card_per_built_system():
    home = AppTest.from_file("../../app.py", default_timeout=60).run()

    assert not home.exception
    assert any("key frames" in header.value for header in home.subheader)


def test_page_shows_a_finished_search_before_any_click(page):
    assert not page.exception and not page.error
    assert charts(page) >= 4
    assert any("recorded" in text.value for text in page.markdown)


def test_preset_turns_its_knobs_and_runs_to_a_result(page):
    page.button(key="preset.tstar.See it fail").click().run()

    assert page.slider(key="knob.tstar.grid").value == 8
    page = finish(page)
    assert not page.exception and not page.error
    assert page.session_state["result.tstar"].settings.grid == 8


def test_link_restores_knobs_and_result():
    link = TStarSettings(grid=2, num_frames=5, baselines=()).permalink()
    app = AppTest.from_file("../../app.py", default_timeout=120).run()
    app.query_params["settings"] = link
    page = finish(app.switch_page("pages/tstar.py").run())

    assert page.session_state["result.tstar"].settings == TStarSettings(grid=2, num_frames=5, baselines=())
    assert len(page.session_state["result.tstar"].keyframes) == 5


@pytest.mark.parametrize("link", ["nonsense", "eJwDAAAAAAE", "A" * 9000], ids=["text", "empty archive", "too long"])
def test_broken_link_gives_one_sentence_and_the_page(link):
    app = AppTest.from_file("../../app.py", default_timeout=60).run()
    app.query_params["settings"] = link
    page = app.switch_page("pages/tstar.py").run()

    assert len(page.error) == 1 and not page.exception
    assert charts(page) >= 4


@pytest.mark.parametrize(("targets", "reason"), [("a, b, c, d, e", "at most 4"), ("x" * 61, "at most 60")],
                         ids=["too many objects", "name too long"])
def test_bad_objects_give_one_sentence(page, targets, reason):
    page.text_input(key="knob.tstar.targets").set_value(targets).run()

    assert reason in page.error[0].value
    assert not page.exception


def test_word_that_the_miniature_does_not_know_is_named(page):
    page.text_input(key="knob.tstar.targets").set_value("zebra").run()
    page.button(key="run.button").click().run()
    page = finish(page)

    assert "zebra" in page.error[0].value
    assert charts(page) >= 4  # nothing is lost


def test_stopped_search_keeps_what_it_found(page):
    page.button(key="preset.tstar.No clue to follow").click().run()
    run_id = page.session_state["run.tstar"]
    the_engine().events(run_id, since=4, wait_s=60)
    page.button(key="stop.tstar").click().run()
    if "run.tstar" in page.session_state:
        page = finish(page)

    assert not page.exception
    assert page.session_state["result.tstar"].iterations
