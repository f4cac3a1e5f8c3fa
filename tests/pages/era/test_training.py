"""ERA's training on the page without a browser: a person starts it, sees its curves, and lets its agent play."""

import pytest

from backends.era.settings import EraSettings
from backends.run import name_of
from backends.sessions import Session
from tests.pages import driving
from tests.pages.driving import charts, said

SHORT = EraSettings(task="train", iterations=1, episodes=3, episode_turns=2, judged=0)


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> Session:
    own = Session("era-training")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    return own


def test_before_it_the_page_says_how_to_begin_and_draws_its_knobs():
    page = driving.opened(EraSettings(), "era")
    page.session_state["era.task"] = "train"
    page.run()

    assert not page.exception and not page.error and any("press “Train”" in box.value for box in page.info)
    assert page.slider(key="knob.era.iterations").value == EraSettings().iterations


def test_a_training_shows_its_curves_its_episode_and_every_estimator_and_its_agent_plays(own_session):
    page = driving.opened(SHORT, "era")
    page = driving.finish(driving.run_link(page, "era"), "era")
    result = page.session_state["era.result.train"]

    assert not page.exception and not page.error and charts(page) >= 5
    assert f"from {result.training.iterations[0].mean_return:+.2f}" in said(page) and "An episode that it learned from" in {
        header.value for header in page.header}
    assert [one.estimator for one in result.training.credited] == ["turn", "bi", "token"] and len(result.made) == 1
    assert all(turn.value is not None and turn.advantage is not None for turn in result.episode.turns)

    page.session_state["era.task"] = "play"
    page.run()
    page.selectbox(key="knob.era.agent").set_value("own").run()
    assert any("Which of your trainings" in box.value for box in page.warning) and page.button(key="run.play").disabled
    page.selectbox(key="knob.era.continues").set_value(name_of(result)).run()
    page = driving.finish(page.button(key="run.play").click().run(), "era")
    played = page.session_state["era.result.play"]
    assert played.model_id == "home-agent, trained here" and played.episode.turns and not page.exception


def test_a_link_to_an_agent_that_another_session_trained_opens_and_says_what_is_missing():
    page = driving.opened(EraSettings(agent="own", continues="a run of yesterday", max_turns=1), "era")
    page = driving.finish(driving.run_link(page, "era"), "era")

    assert any("No training is named" in box.value for box in page.error) and not page.exception
