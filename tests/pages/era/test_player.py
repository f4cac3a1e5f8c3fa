"""Going through an episode: what Play, a tick, the slider and the buttons do to each other, without a browser."""

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from backends.episode import Episode
from backends.era.results import EraResult
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.run import Inputs, last
from backends.sessions import Session
from pages.era import player
from pages.house import opening
from tests.pages.driving import said
from visualizers.era.timeline import LOOKED_AT_COLOUR

EPISODE, OTHER = Episode(instruction="Rinse a mug."), Episode(instruction="Slice the bread.")


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Session("era-player")
    monkeypatch.setattr("pages.house.session.current", lambda: own)


def _alone() -> None:
    """The part of the page that is drawn anew by itself in a browser; a test without one draws the whole script."""
    import streamlit

    from pages.era import step

    step._steps(streamlit.session_state["result"])


@pytest.fixture(scope="module")
def result() -> EraResult:
    return last(run(EraSettings(subset="visual_appearance", number=3), Inputs()))


@pytest.fixture
def page(result) -> AppTest:
    """An episode of nine steps, at the seventh."""
    app = AppTest.from_function(_alone, default_timeout=120)
    app.session_state["result"] = result
    return app.run()


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A session's state in which the episode plays at the third step of five."""
    held: dict[str, object] = {player.STEP: 3}
    monkeypatch.setattr(st, "session_state", held)
    player._play(EPISODE, 5)
    return held


def tick(state: dict[str, object], step: object, episode: Episode = EPISODE, count: int = 5) -> object:
    state[player.PLAYER] = SimpleNamespace(tick=step)
    player._tick(episode, count)
    return state[player.STEP]


def test_play_becomes_pause_and_back_and_runs_nothing(page):
    assert page.button(key="era.play").label == "Play"

    page.button(key="era.play").click().run()
    assert page.button(key="era.play").label == "Pause" and page.slider(key="era.step").value == 7
    page.button(key="era.play").click().run()

    assert page.button(key="era.play").label == "Play" and "run.era" not in page.session_state and not page.exception


@pytest.mark.parametrize("act", [
    lambda page: page.slider(key="era.step").set_value(2), lambda page: page.button(key="era.step.back").click(),
    lambda page: page.button(key="era.call.on").click()], ids=["slider", "a step", "a call"])
def test_whoever_moves_stops_it(page, act):
    page.button(key="era.play").click().run()

    act(page).run()

    assert page.button(key="era.play").label == "Play" and page.slider(key="era.step").value != 7 and not page.exception


def test_the_choice_of_the_picture_and_the_pace_do_not_stop_it(page):
    page.button(key="era.play").click().run()

    page.segmented_control(key="era.frame").set_value("after").run()
    page.selectbox(key="era.pace").select(8).run()

    assert page.button(key="era.play").label == "Pause" and page.session_state["era.frame"] == "after"


def test_the_address_keeps_the_step_at_rest_and_not_while_it_plays(page):
    def written() -> str | None:
        return page.session_state["era.address.written"].get("step")

    page.slider(key="era.step").set_value(3).run()
    assert written() == "3"

    page.button(key="era.play").click().run()
    page.session_state["era.step"] = 4  # as a tick does
    page.run()
    assert written() == "3" and "Step 4 of 9" in said(page)
    page.button(key="era.play").click().run()
    assert written() == "4"


def test_the_step_is_marked_in_the_time_line_at_rest_only(page):
    def edges() -> int:
        return page.get("plotly_chart")[0].proto.spec.count(LOOKED_AT_COLOUR)

    assert edges() == 1
    page.button(key="era.play").click().run()
    assert edges() == 0
    page.session_state["era.step"] = 8
    page.run()
    assert edges() == 0
    page.button(key="era.step.back").click().run()
    assert edges() == 1


def test_play_at_the_end_begins_anew(page):
    page.slider(key="era.step").set_value(9).run()

    page.button(key="era.play").click().run()

    assert page.slider(key="era.step").value == 1 and "Step 1 of 9" in said(page)


def test_a_tick_is_one_step_and_the_end_stops_it(state):
    assert tick(state, 4) == 4 and player.is_playing(EPISODE)
    assert tick(state, 5) == 5 and not player.is_playing(EPISODE)


@pytest.mark.parametrize(("step", "episode"), [(3, EPISODE), (5, EPISODE), (None, EPISODE), ("4", EPISODE), (4, OTHER)],
                         ids=["the one that is shown", "two on", "none", "text", "of another episode"])
def test_a_tick_that_does_not_fit_changes_nothing(state, step, episode):
    assert tick(state, step, episode) == 3


def test_a_tick_after_the_end_or_at_rest_changes_nothing(state):
    player.rest()
    assert tick(state, 4) == 3


def test_a_slider_that_is_moved_wins_over_the_tick_that_was_on_its_way(state):
    tick(state, 4)
    state[player.STEP] = 1  # by hand
    player._slid()

    assert tick(state, 5) == 1 and not player.is_playing(EPISODE)


def test_a_click_that_brings_along_the_slider_as_it_stood_before_the_tick_moves_nothing(state):
    tick(state, 4)
    state[player.STEP] = 3  # what the browser held when it was clicked

    player._slid()

    assert state[player.STEP] == 4 and player.is_playing(EPISODE)


def test_a_page_that_is_drawn_anew_stops_it_but_not_one_that_is_still_opening(state, monkeypatch):
    for stage, plays in ((opening.Stage.PICTURES, True), (opening.Stage.CHARTS, True), (opening.Stage.WHOLE, True),
                         (opening.Stage.WHOLE, False)):
        monkeypatch.setattr(opening, "stage", lambda stage=stage: stage)
        player.rest_on_a_new_page()
        assert player.is_playing(EPISODE) is plays


def test_a_button_of_one_width_is_wider_on_a_wall_as_its_letters_are(monkeypatch):
    assert player.wide(player.PLAY_PX) == 104

    monkeypatch.setattr(player, "is_presenting", lambda: True)

    assert (player.wide(player.PLAY_PX), player.wide(player.PACE_PX)) == (156, 222)
