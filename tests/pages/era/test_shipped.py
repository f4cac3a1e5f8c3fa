"""The logs that come with the app, on the page: for whoever has none."""

import pytest
from streamlit.testing.v1 import AppTest

from backends.era.settings import PRESETS, SHIPPED, WHY
from tests.backends.era import made_logs
from tests.pages import driving
from tests.pages.driving import said


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/era/page.py").run()
    app.session_state["era.task"] = "replay"
    return app.run()


def test_the_task_opens_with_a_recorded_run_of_theirs_and_its_pictures(page):
    settings, _ = PRESETS[WHY]

    assert not page.exception and not page.error and not page.warning
    assert "recorded" in said(page) and page.selectbox(key="era.log").value == settings.log
    assert page.selectbox(key="knob.era.file").value == SHIPPED["home"]
    assert "not in this session" not in said(page)


def test_the_same_homes_after_reinforcement_stand_beside_it(page):
    logs = page.selectbox(key="era.log").options
    shown, other = logs[page.selectbox(key="era.log").value], page.selectbox(key="era.other")

    assert "home-agent ·" in shown and "home-agent-rl ·" in other.options[other.options.index(other.format_func(other.value))]
    assert shown.split(" (")[0].rpartition(" · ")[2] == other.format_func(other.value).rpartition(" · ")[2]
    assert any("the other did it" in frame.value for frame in page.dataframe)


def test_other_logs_begin_with_their_first_run_and_ones_own_are_offered_once_they_were_brought(page):
    page.selectbox(key="knob.era.file").select(SHIPPED["table"]).run()
    page.button(key="run.replay").click()
    page = driving.finish(page.run(), "era")

    result = page.session_state["era.result.replay"]
    assert (result.settings.file, result.settings.log, result.settings.episode) == (SHIPPED["table"], 0, -1)
    assert result.logs[0].title.startswith("Drawn table top · table-agent") and not page.exception and not page.error

    box = next(element for element in page.get("file_uploader") if element.proto.label == "Your logs")
    box.set_value(("logs.zip", made_logs.zipped(made_logs.alfred()), "application/zip"))
    page = driving.finish(page.run(), "era")
    assert page.session_state["era.result.replay"].settings.file == "upload:logs.zip"
    page.selectbox(key="knob.era.file").select(SHIPPED["home"]).run()
    page.button(key="run.replay").click()
    page = driving.finish(page.run(), "era")
    assert page.session_state["era.result.replay"].settings.file == SHIPPED["home"]
    assert "Yours: logs.zip" in page.selectbox(key="knob.era.file").options
