"""The table top on ERA's page: chosen, seen, acted at by moves and by numbers, and what it does not have is said."""

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from backends.era.settings import EraSettings
from backends.run import Inputs, last
from backends.sessions import Session
from pages.era import by_hand, frames, taking
from tests.backends.era import made_logs
from tests.pages import driving
from tests.pages.driving import said
from worlds.minitable.scene import draw_table


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Session("era-table")
    monkeypatch.setattr("pages.house.session.current", lambda: own)


def clicked(page: AppTest, key: str) -> AppTest:
    return driving.finish(page.button(key=key).click().run(), "era")


@pytest.fixture
def page() -> AppTest:
    """The preset of the table top."""
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return clicked(app.switch_page("pages/era/page.py").run(), "preset.era.Set a table top")


@pytest.fixture
def begun(page: AppTest) -> AppTest:
    return clicked(page, "era.anew")


def shown(page: AppTest) -> object:
    return page.session_state["era.result.play"]


def plain(text: str) -> str:
    return text.replace("\\", "")


def test_the_preset_shows_what_fell_and_the_numbers_with_their_words(page):
    assert not page.exception and not page.error and page.slider(key="era.step").value == 4
    assert "The fingers let go of the pink cube" in said(page) and shown(page).episode.success

    page.slider(key="era.step").set_value(1).run()
    assert "[70, 16, 30, 0, 60, 79, 1]" in plain(said(page)) and "Go over the pink cube" in said(page)
    assert "From left to right, I can see a pink cube" in said(page)
    assert any("additional_info: {'object 1'" in code.value for code in page.code)


def test_the_picture_is_shown_numbered_with_axes_or_bare_and_nothing_runs(page):
    assert page.session_state["era.marks"] == "boxes"
    for marks in ("axes", "plain"):
        next(group for group in page.get("button_group") if group.key == "era.marks").set_value(marks).run()
        assert page.session_state["era.marks"] == marks and not page.exception and "run.era" not in page.session_state


def test_the_first_picture_is_seen_before_anything_was_done(begun):
    assert "No step was done yet" in begun.info[0].value and len(begun.get("image")) >= 1
    assert shown(begun).episode.turns == () and not begun.exception


def test_a_table_is_laid_by_moves_without_a_number(begun):
    page = begun
    for key in ("era.over", "era.move.down", "era.move.close", "era.move.up"):
        page = clicked(page, key)
    assert shown(page).settings.actions == ("over object 1", "down", "close", "up") and not shown(page).settings.goes_on
    assert [turn.by for turn in shown(page).episode.turns] == ["person"] * 4 and "a person, by hand" in said(page)

    page.selectbox(key="era.object").select(6).run()
    for key in ("era.over", "era.move.left", "era.move.left"):
        page = clicked(page, key)
    page = clicked(page, "era.wrong.drop")
    page = clicked(page, "era.on")
    assert shown(page).episode.success and shown(page).settings.actions[4:] == ("over object 6", "left", "left", "!drop")
    assert not page.exception and not page.error


def test_numbers_stand_at_the_gripper_and_what_they_do_is_said_before(begun):
    page = begun
    assert [page.number_input(key=f"era.pose.{name}").value for name in ("x", "y", "z")] == [40, 50, 60]

    page.number_input(key="era.pose.x").set_value(70)
    page.number_input(key="era.pose.y").set_value(16)
    page.number_input(key="era.pose.z").set_value(30).run()
    assert "Go over the pink cube." in plain(said(page)) and not page.warning
    page = clicked(page, "era.do")

    assert shown(page).episode.turns[0].actions[0].name == "[70, 16, 30, 0, 60, 90, 1]"
    assert [page.number_input(key=f"era.pose.{name}").value for name in ("x", "y", "z")] == [70, 16, 30]


def test_what_cannot_be_reached_is_said_in_a_sentence_and_as_a_step_it_fails(begun):
    begun.number_input(key="era.pose.z").set_value(3).run()

    assert [plain(warning.value) for warning in begun.warning] == [
        "The gripper cannot reach this place. It is below the table. It would cost a step, and nothing would move."]
    page = clicked(begun, "era.do")
    assert shown(page).episode.turns[0].actions[0].ok is False and not page.exception


def test_what_the_table_top_does_not_have_is_said_where_it_is_chosen():
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    page = app.switch_page("pages/era/page.py").run()

    page.selectbox(key="knob.era.agent").select("expert").run()
    page.selectbox(key="knob.era.world").select("table").run()
    assert not page.error
    page.selectbox(key="knob.era.subset").select("long_horizon").run()
    assert len(page.error) == 1 and "the table top has no wording" in page.error[0].value and page.button(key="run.play").disabled
    page.selectbox(key="knob.era.subset").select("spatial").run()
    assert not page.button(key="run.play").disabled
    assert not page.error and not page.exception


def test_an_own_task_of_the_table_is_played_and_one_that_is_not_understood_is_said(page):
    page.text_input(key="era.own_task").set_value("Put the mug in the sink").run()
    assert len(page.warning) == 1 and "This would work" in plain(page.warning[0].value)

    page.text_input(key="era.own_task").set_value("Put the pink cube into the blue box").run()
    page = clicked(page, "era.own_task.run")

    assert shown(page).episode.success and shown(page).settings.world == "table" and shown(page).settings.actions == ()


def test_a_link_of_the_table_top_opens_with_its_picture_and_step():
    page = driving.run_link(driving.opened(EraSettings(world="table", number=1), "era", step="3", marks="plain"), "era")
    page = driving.finish(page, "era")

    assert shown(page).episode.world == "minitable" and page.slider(key="era.step").value == 3
    assert page.session_state["era.marks"] == "plain" and not page.exception


def test_what_cannot_go_wrong_here_says_why():
    state, _ = draw_table(0, "base")

    assert "holds nothing" in by_hand.objection(state, "drop", "table") and by_hand.objection(state, "shove", "table") == ""


def test_an_episode_leaves_as_logs_that_the_page_reads_again_with_both_pictures(page):
    result = last(__import__("backends.era.run", fromlist=["run"]).run(EraSettings(world="table", number=1), Inputs()))
    content = taking._logs(result, result.episode)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        logs = {name: archive.read(name) for name in archive.namelist()}
    steps = result.episode.num_steps
    assert sum(name.endswith("_front_rgb.png") for name in logs) == steps + 1
    assert sum(name.endswith("_annotated.png") for name in logs) == steps

    box = next(element for element in page.get("file_uploader") if element.proto.label == "Your logs")
    box.set_value(("logs.zip", made_logs.zipped(logs), "application/zip"))
    page = driving.finish(page.run(), "era")

    read = page.session_state["era.result.replay"].episode
    assert not page.exception and not page.error and read.success and read.world == "minitable"
    assert [turn.sections for turn in read.turns] == [turn.sections for turn in result.episode.turns]


def test_of_a_log_of_the_benchmark_both_pictures_of_a_moment_can_be_seen(page, monkeypatch):
    read = []
    monkeypatch.setattr("pages.era.frames._read", lambda brought, name: read.append(name) or frames.np.zeros((8, 8, 3), "uint8"))
    box = next(element for element in page.get("file_uploader") if element.proto.label == "Your logs")
    box.set_value(("logs.zip", made_logs.zipped(made_logs.manipulation()), "application/zip"))
    page = driving.finish(page.run(), "era")
    page.slider(key="era.step").set_value(1).run()
    next(group for group in page.get("button_group") if group.key == "era.marks").set_value("axes").run()

    assert read[-2].endswith("step_0_front_rgb_annotated.png") and read[-1].endswith("step_0_front_rgb.png") and not page.exception
