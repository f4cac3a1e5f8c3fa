"""ERA's training on the page without a browser: a person starts it, sees its curves, and lets its agent play."""

from dataclasses import replace

import pytest

from backends.era.results import Iterated, Judged, Training
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.run import Inputs, RunStopped, last, name_of
from backends.sessions import Session
from pages.era import training
from tests.pages import driving
from tests.pages.driving import charts, said
from worlds.errors import InputError

SHORT = EraSettings(task="train", iterations=1, episodes=3, episode_turns=2, judged=0)


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> Session:
    own = Session("era-training")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    return own


def test_the_task_opens_with_a_recorded_training_and_its_knobs():
    page = driving.opened(EraSettings(), "era")
    page.session_state["era.task"] = "train"
    page.run()

    assert not page.exception and not page.error and "recorded" in said(page) and charts(page) >= 5
    assert "The shipped miniature plays tasks of the home by itself" in said(page)
    assert "it got worse: of the fixed scenes" in said(page).replace("\\", "")
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


def test_an_expert_teaches_it_and_reinforcement_goes_on_from_there(own_session):
    page = driving.opened(EraSettings(task="train", stage="prior", priors=("anchored", "raw"), samples=4, updates=2, judged=1), "era")
    page = driving.finish(driving.run_link(page, "era"), "era")
    result = page.session_state["era.result.train"]

    assert not page.exception and not page.error and len(result.training.losses) == 4 and len(result.made) == 1
    assert " on anchored, from " in said(page) and " on raw (nats" in said(page).replace("\\", "") and charts(page) >= 2
    assert [one.episodes for one in result.training.after] == [1, 1, 1]
    page.selectbox(key="knob.era.stage").set_value("reinforcement").run()
    for name, value in (("iterations", 1), ("episodes", 3), ("episode_turns", 1), ("judged", 0)):
        page.session_state[f"knob.era.{name}"] = value
    page.selectbox(key="knob.era.continues").set_value(name_of(result)).run()
    page = driving.finish(page.button(key="run.train").click().run(), "era")
    gone_on = page.session_state["era.result.train"]
    assert len(gone_on.training.iterations) == 1 and gone_on.training.losses == result.training.losses and not page.exception
    assert gone_on.made != result.made


def test_prior_learning_is_stopped_and_what_there_is_plays():
    events = run(EraSettings(task="train", stage="prior", priors=("raw",), samples=4, updates=50, judged=0), Inputs())
    for event in events:
        if getattr(event, "losses", ()):
            break
    result = events.throw(RunStopped())

    assert result.ended == "stopped" and 5 <= len(result.training.losses) < 50


@pytest.mark.parametrize("world", ["home", "table"])
def test_a_network_of_random_weights_learns_in_either_world(world):
    settings = EraSettings(task="train", stage="prior", begins="nothing", world=world, priors=("raw",), samples=6, updates=12,
                           judged=0)
    first, *_, last_one = last(run(settings, Inputs())).training.losses

    assert first.loss > 4.5 and last_one.loss < 0.8 * first.loss


def test_a_run_of_another_world_is_not_gone_on_from(own_session):
    short = EraSettings(task="train", stage="prior", priors=("raw",), samples=4, updates=1, judged=0)
    inputs = own_session.inputs()
    done = last(run(short, inputs))
    other = short.model_copy(update={"world": "table", "continues": "it"})

    with pytest.raises(InputError, match="was of another world"):
        last(run(other, replace(inputs, results={"it": done})))


def test_a_link_to_an_agent_that_another_session_trained_opens_and_says_what_is_missing():
    page = driving.opened(EraSettings(agent="own", continues="a run of yesterday", max_turns=1), "era")
    page = driving.finish(driving.run_link(page, "era"), "era")

    assert any("No training is named" in box.value for box in page.error) and not page.exception


def judged(done: int) -> tuple[Judged, ...]:
    return (Judged(subset="base", episodes=30, done=done, actions=90, invalid=9),)


@pytest.mark.parametrize(("before", "after", "says"), [
    (24, 19, "it got worse: of the fixed scenes, 24 of 30 were done before, 19 of 30 after. The 95 % intervals (63 % to 90 % and "
             "46 % to 78 %) overlap: that may be chance. The mean return"),
    (19, 24, "it got better: of the fixed scenes, 19 of 30 were done before, 24 of 30 after."),
    (2, 28, "do not overlap: that is hardly chance."), (9, 9, "it got neither better nor worse: of the fixed scenes, 9 of 30")],
    ids=["worse", "better", "beyond chance", "alike"])
def test_what_to_notice_of_a_training_is_first_whether_it_helped(before, after, says):
    told = (Iterated(number=1, episodes=16, success=0.5, invalid=0.1, mean_return=2, turns=9),)

    assert says in training.notice(Training(iterations=told, before=judged(before), after=judged(after)))


def test_what_is_trained_is_said_in_a_sentence():
    assert training.trained(EraSettings(task="train")).startswith("The shipped miniature plays tasks of the home by itself, 16 in")
    assert training.trained(EraSettings(task="train", stage="prior", begins="nothing", priors=("raw",), world="table")) == (
        "A network of random weights learns to say what an expert would say (actions alone), for the tasks of the table top.")
    assert training.trained(EraSettings(task="train", continues="it")).startswith("An agent that was trained here before plays")
