"""RAGEN's page without a browser: a training with its words, a game by hand, the experiment, and logs that somebody brings."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from backends.engine import the_engine
from backends.episode import Action, Episode, Planned, Turn
from backends.files.saved import load_result
from backends.ragen.fates import fates
from backends.ragen.presets import RECORDED_RUNS
from backends.ragen.results import RagenResult
from backends.ragen.rollouts import Rollout
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.ragen.system import RECORDED, SYSTEM
from backends.run import Inputs, last, name_of
from backends.sessions import Session
from pages.house import address
from pages.ragen import by_hand, taking, turns
from pages.ragen.fates import said as ending
from tests.backends.ragen.made_rollouts import lines, record
from tests.pages import driving
from tests.pages.driving import charts, said

SHORT = RagenSettings(iterations=2, groups=4, members=4)
NASTY = "<script>alert(1)</script> [here](javascript:x) **bold** ]"


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> Session:
    own = Session("ragen")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    return own


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return app.switch_page("pages/ragen/page.py").run()


@pytest.fixture(scope="module")
def recorded() -> RagenResult:
    return load_result(RECORDED.joinpath("loses_format.orrery").read_bytes(), RagenResult)


def clicked(page: AppTest, key: str) -> AppTest:
    return driving.finish(page.button(key=key).click().run(), "ragen")


def brought(page: AppTest, name: str, content: bytes) -> AppTest:
    box = next(element for element in page.get("file_uploader") if element.proto.label == "Your logs")
    box.set_value((name, content, "application/octet-stream"))
    return driving.finish(page.run(), "ragen")


def shown(page: AppTest) -> RagenResult:
    result: RagenResult = page.session_state["ragen.result." + page.session_state["ragen.task"]]
    return result


def test_page_opens_on_the_words_of_the_newest_iteration_with_the_warnings_that_came(page, recorded):
    newest = recorded.training.snapshots[-1]

    assert not page.exception and not page.error and charts(page) >= 9
    assert page.select_slider(key="ragen.iteration").value == newest.iteration
    assert "Collapse monitor" in said(page) and "one thought" in said(page) and f"iteration {newest.iteration}" in said(page)
    assert {"All curves", "Its episodes", "Beside the paper", "How it works", "Take it away"} <= {one.value for one in page.header}
    assert any("They never told it: I is" in one.value for one in page.caption), "whether thoughts fit their prompts"


def test_the_words_of_another_iteration_are_read_without_a_run(page, recorded):
    first = recorded.training.snapshots[0]
    page.select_slider(key="ragen.iteration").set_value(first.iteration).run()

    assert "In its own words, iteration 0" in said(page) and turns.said(first.rollouts[0].episode.turns[0]) in said(page)
    page.button(key="ragen.iteration.on").click().run()
    assert page.select_slider(key="ragen.iteration").value == recorded.training.snapshots[1].iteration
    assert "run.ragen" not in page.session_state and not page.exception


def test_an_address_says_which_words_are_read(recorded):
    page = driving.opened(recorded.settings, "ragen", iteration="4", episodes="0")

    assert page.select_slider(key="ragen.iteration").value == 4 and page.select_slider(key="ragen.episodes").value == 0
    assert not page.exception


def label_of(name: str) -> str:
    return next(label for label, (settings, _) in SYSTEM.presets.items() if settings == RECORDED_RUNS[name])


def test_a_preset_of_a_recorded_training_opens_it_at_once_with_its_knobs(page):
    for name in ("echoes", "saved", "learns", "loses_format"):
        page.button(key=f"preset.ragen.{label_of(name)}").click().run()

        assert not page.exception and "run.ragen" not in page.session_state
        assert page.select_slider(key="ragen.iteration").value == RECORDED_RUNS[name].iterations - 1
        assert "gray-badge[recorded" in said(page) and ":gray-badge[from a file" not in said(page)
        assert page.slider(key="knob.ragen.iterations").value == RECORDED_RUNS[name].iterations
        assert page.session_state["knob.ragen.kl"] == RECORDED_RUNS[name].kl
        written = page.session_state["ragen.address.written"].get("settings")
        assert written == (None if name == "loses_format" else address.permalink(RECORDED_RUNS[name]))


def test_the_preset_of_the_training_that_is_shown_runs_it(page, monkeypatch):
    asked = []
    monkeypatch.setattr("pages.house.running.start", lambda system, settings: asked.append(settings))

    page.button(key=f"preset.ragen.{label_of('saved')}").click().run()
    assert asked == [] and "the marked one" in said(page)
    page.button(key=f"preset.ragen.{label_of('saved')}").click().run()

    assert asked == [RECORDED_RUNS["saved"]]


def test_another_recorded_training_is_laid_over_the_one_that_is_shown(page):
    before = charts(page)
    box = page.selectbox(key="ragen.over.run")
    assert box.options == ["recorded: It learns", "recorded: It echoes", "recorded: It is saved"]

    box.set_value("recorded: It is saved").run()

    assert charts(page) == before + 2 and "steps in" in said(page) and not page.exception


def test_all_recorded_trainings_stand_at_the_top_and_each_is_one_click_away(page):
    assert [ending(fate) in said(page) for fate in fates().values()] == [True] * 4
    page.button(key="ragen.fate.echoes").click().run()

    assert page.select_slider(key="ragen.iteration").value == 99 and "one thought" in said(page)
    assert page.session_state["ragen.stand"] == RECORDED_RUNS["echoes"] and not page.exception
    assert "run.ragen" not in page.session_state


def test_a_recording_takes_the_place_of_a_training_that_goes_on():
    page = driving.opened(RagenSettings(iterations=400), "ragen")
    page.button(key="link.run.ragen").click().run()
    run_id = page.session_state["run.ragen"]

    page.button(key=f"preset.ragen.{label_of('echoes')}").click().run()

    assert "run.ragen" not in page.session_state and "gray-badge[recorded" in said(page) and not page.exception
    while not (status := the_engine().status(run_id)).state.is_over:
        the_engine().seen(run_id, after=status.version, wait_s=60)
    page.run()
    assert page.session_state["ragen.stand"] == RECORDED_RUNS["echoes"] and "gray-badge[recorded" in said(page)


def test_a_link_to_a_further_recorded_training_shows_it_at_once():
    page = driving.opened(RECORDED_RUNS["learns"], "ragen", iteration="4")

    assert "gray-badge[recorded" in said(page) and page.select_slider(key="ragen.iteration").value == 4
    assert not [button for button in page.button if button.key == "link.run.ragen"] and not page.exception


def test_another_group_and_episode_are_looked_at_and_an_early_one_stands_beside(page, recorded):
    groups = list(dict.fromkeys(one.group for one in recorded.training.snapshots[-1].rollouts))
    page.selectbox(key="ragen.starts").set_value(groups[1]).run()
    page.selectbox(key="ragen.attempt").set_value(3).run()
    one = next(one for one in recorded.training.snapshots[-1].rollouts if one.group == groups[1] and one.member == 3)

    assert f"score **{one.score:+.2f}**" in said(page) and not page.exception
    assert "**Iteration 0**" in said(page) and "equal start" in said(page)


def test_words_are_shaded_by_entropy_where_a_run_holds_it_and_a_recording_without_it_says_so(recorded, own_session):
    page = driving.opened(recorded.settings, "ragen", shade="entropy")
    holds = any(one.entropies for shot in recorded.training.snapshots for one in shot.rollouts)
    assert page.get("button_group") and not page.exception
    assert ("is not in this run" in said(page)) != holds

    page = driving.opened(SHORT, "ragen", shade="entropy")
    page = driving.finish(driving.run_link(page, "ragen"), "ragen")
    assert "is not in this run" not in said(page) and not page.exception
    for shot in shown(page).training.snapshots:
        for one in shot.rollouts:
            (turn,), (own,) = one.episode.turns, one.entropies
            assert len(own) == len(turn.token_ids) and min(own) >= 0 and max(own) > 0


def test_a_model_of_the_ladder_is_chosen_as_learner_and_as_player(page):
    assert not [one for one in page.selectbox if one.key == "knob.ragen.model"]

    page.selectbox(key="knob.ragen.learner").set_value("model").run()
    assert page.selectbox(key="knob.ragen.model").value == "smollm2-135m" and not page.exception
    assert "Only the adapter learns and is kept" in said(page) and "usual for an adapter" in said(page)
    assert not [one for one in page.slider if one.key == "knob.ragen.max_tokens"]

    page.session_state["ragen.task"] = "play"
    page.run()
    page.selectbox(key="knob.ragen.player").set_value("model").run()
    assert page.selectbox(key="knob.ragen.model") and "tokens at every turn" in said(page) and not page.exception


def test_a_training_is_run_gone_on_with_and_laid_over_another(own_session):
    page = driving.opened(SHORT, "ragen")
    page = driving.finish(driving.run_link(page, "ragen"), "ragen")
    assert not [button for button in page.button if str(button.key).startswith("ragen.fate")]  # a training of one's own
    first = shown(page)
    assert len(first.training.metrics) == 2 and first.made and not page.exception and not page.error
    assert len(first.training.diagnoses) == 1 and any("No regime can be told" in one.value for one in page.caption)

    page.selectbox(key="knob.ragen.continues").set_value(name_of(first)).run()
    page = clicked(page, "run.train")
    second = shown(page)
    assert [one.iteration for one in second.training.metrics] == [0, 1, 2, 3] and second.training.went_on_from == 2
    before = charts(page)
    page.selectbox(key="ragen.over.run").set_value(name_of(first)).run()
    assert charts(page) == before + 2 and "steps in" in said(page) and not page.exception


def test_knobs_are_those_of_the_chosen_game(page):
    assert page.slider(key="knob.ragen.chance") and not [one for one in page.slider if one.key == "knob.ragen.grip"]

    page.selectbox(key="knob.ragen.game").set_value("lake").run()

    assert page.slider(key="knob.ragen.grip") and page.slider(key="knob.ragen.turns") and not page.exception
    assert not [one for one in page.slider if one.key == "knob.ragen.chance"]


def test_a_turn_by_hand_takes_the_place_of_the_players_and_is_taken_back(page):
    page.session_state["ragen.task"] = "play"
    page.run()
    assert page.button(key="ragen.do").disabled and page.button(key="ragen.back").disabled and len(page.get("image")) >= 4

    page.button(key="ragen.add.Left").click().run()
    page.button(key="ragen.add.Up").click().run()
    page = clicked(page, "ragen.do")
    assert shown(page).settings.entries == ("Left || Up",) and shown(page).episode.turns[0].by == "person"
    assert {one.episode.turns[0].by for one in shown(page).beside} == {"model", "expert"}

    page = clicked(page, "ragen.back")
    assert shown(page).settings.entries == () and shown(page).episode.turns[0].by == "model"
    page = clicked(page, "ragen.next")
    assert shown(page).settings.start == 1 and not page.exception and not page.error


def test_a_later_turn_by_hand_leaves_those_before_it_to_the_player():
    settings = RagenSettings(task="play", game="lake", entries=("Left",))

    assert by_hand.with_entry(settings, 3, "Up").entries == ("Left", ".", "Up")
    assert by_hand.with_entry(settings, 1, "Up").entries == ("Up",)


def test_the_bandit_is_pulled_with_one_click():
    page = driving.opened(RagenSettings(task="play", player="expert"), "ragen")
    page = driving.finish(driving.run_link(page, "ragen"), "ragen")

    page = clicked(page, "ragen.do.Phoenix")

    assert shown(page).settings.entries == ("Phoenix",) and [one.name for one in shown(page).episode.turns[0].actions] == ["Phoenix"]


def test_the_experiment_answers_when_a_slider_is_moved_and_nothing_is_run(page):
    page.session_state["ragen.task"] = "why"
    page.run()
    assert charts(page) == 4 and "0.10 more than the safe one" in said(page)

    page.slider(key="knob.ragen.chance").set_value(0.1).run()

    assert "0.05 less than the safe one" in said(page) and "So the worse arm is learned" in said(page)
    assert "run.ragen" not in page.session_state and "ragen.result.why" not in page.session_state
    page.session_state["ragen.task"] = "train"
    page.run()
    page.session_state["ragen.task"] = "why"
    page.run()
    assert page.slider(key="knob.ragen.chance").value == 0.1 and "less than the safe one" in said(page) and not page.exception


def test_a_link_to_the_experiment_is_answered_at_once():
    page = driving.opened(RagenSettings(task="why", chance=0.1, ratio=0.25, learned="mean_std"), "ragen")

    assert charts(page) == 4 and "So the worse arm is learned" in said(page) and not page.exception
    assert not [button for button in page.button if button.key == "link.run.ragen"]


def test_the_largest_experiment_is_answered_too(page):
    page.session_state["ragen.task"] = "why"
    page.run()
    for name, value in (("groups", 32), ("members", 32), ("repeats", 10_000)):
        page.session_state[f"knob.ragen.{name}"] = value
    page.run()

    answered = page.session_state["ragen.lab.answered"].settings
    assert (answered.groups, answered.members, answered.repeats) == (32, 32, 10_000)
    assert not page.error and not page.exception and not page.button(key="run.why").disabled


def test_what_is_taken_away_is_read_again_in_the_same_browser(page, recorded):
    page = brought(page, "logs.zip", taking.logs(recorded))

    logs = shown(page).logs
    assert page.session_state["ragen.task"] == "logs" and not page.exception and not page.error
    assert "from logs" in said(page) and "real checkpoint" not in said(page)
    assert logs.num_rollouts == sum(len(shot.rollouts) for shot in recorded.training.snapshots) and len(logs.rollouts) == 8
    own = [one for one in recorded.training.snapshots[0].rollouts if one.group == logs.group]
    due = pytest.approx([one.score for one in own])
    assert [one.episode.total_reward for one in logs.rollouts] == due and [one.episode.total_reward for one in own] == due
    page = driving.finish(page.selectbox(key="ragen.logs.at").set_value(99).run(), "ragen")
    assert shown(page).logs.at == 99 and not page.exception
    assert [one.iteration for one in shown(page).logs.rollouts] == [99] * 8


def test_what_a_log_says_is_text_and_never_html(page):
    turn = {"state": NASTY, "actions_left": 1, "actions": [1], "reward": 0.0, "llm_raw_response": NASTY,
            "llm_response": f"<think>{NASTY}</think><answer>x</answer>"}
    row = {"env_id": 0, "group_id": 0, "tag": NASTY, "history": [turn], "metrics": {}}
    page = brought(page, "1.jsonl", lines([row | {"writer": "orrery", "iter": 1}]))

    assert not page.exception and not page.error and shown(page).logs.num_rollouts == 1
    told = [one.value for one in (*page.markdown, *page.caption) if "alert" in one.value]
    assert told and all("<script>" not in one and "[here](" not in one for one in told)


def test_something_else_is_one_sentence_and_the_page_stays(page):
    page = brought(page, "holiday.txt", b"sun and sea")

    assert not page.exception and len(page.error) == 1


@pytest.mark.parametrize(("names", "carried", "due"), [
    (("up", "jump"), ("Up",), [("up", "done"), ("jump", "unknown")]),
    (("Left", "Right"), ("Left",), [("Left", "done"), ("Right", "not carried out")]), ((), (), [])],
    ids=["a word that is no action", "the game was over", "no answer"])
def test_of_an_answer_it_is_said_what_was_done(names, carried, due):
    turn = Turn(index=0, planned=tuple(Planned(name=name) for name in names), actions=tuple(Action(name=name) for name in carried))

    assert turns.done_of(turn, "frozen_lake") == due


def test_words_of_tokens_are_those_of_the_reply_or_their_numbers():
    whole = Turn(index=0, reply="<think>go up </think> <answer> up </answer>", token_ids=np.arange(7))
    cut = Turn(index=0, reply="<think>go up", token_ids=np.arange(2))

    assert turns.words_of(whole) == ["go", "up", "</think>", "<answer>", "up", "</answer>", "<end>"]
    assert turns.words_of(cut) == ["go", "up"]
    assert turns.words_of(Turn(index=0, reply="another tokenizer", token_ids=np.arange(4))) == ["0", "1", "2", "3"]
    assert turns.words_of(Turn(index=0, reply="ab c", token_ids=np.arange(2)), ("ab", " c")) == ["ab", " c"]


def test_a_run_without_an_episode_is_told_and_not_drawn():
    assert by_hand.with_entry(RagenSettings(task="play"), 1, "Phoenix").entries == ("Phoenix",)
    empty = Rollout(episode=Episode())

    assert taking.rollouts_of(RagenResult(seed=0, model_id="m", is_miniature=True, settings=RagenSettings(task="play"),
                                          played=empty)) == []


def test_a_preset_of_every_task_is_offered_and_the_shown_one_is_that_of_the_recording(recorded):
    assert {settings.task for settings, _ in SYSTEM.presets.values()} == {"train", "play", "why"}
    assert recorded.settings in [settings for settings, _ in SYSTEM.presets.values()]


def test_a_played_result_is_the_same_again():
    settings = RagenSettings(task="play", game="lake", entries=(".", "Up"), start=3)

    one, other = (last(run(settings, Inputs())) for _ in range(2))

    assert [turn.reply for turn in one.episode.turns] == [turn.reply for turn in other.episode.turns]
    assert one.played.final == other.played.final


def test_the_monitor_watches_curves_that_somebody_brings_and_says_which_it_does_not_know(page):
    rewards = [0.4 + 0.01 * (step % 2) for step in range(40)] + [0.05] * 20
    table = "step,critic/score/mean,my own number\n" + "".join(f"{step},{value},{step}\n" for step, value in enumerate(rewards))
    page = brought(page, "falls.csv", table.encode())

    told = said(page)
    assert not page.exception and not page.error and "Collapse monitor" in told and "The reward fell at iteration" in told
    assert "1 curve of other names, such as my own number" in told.replace("\\", "")
    assert shown(page).title == "Logs falls.csv" and shown(page).brief == "2 curves"


def test_what_was_odd_in_an_episode_is_said_under_it(page):
    page = brought(page, "rollouts.jsonl", lines([record(penalty=0.0)]))  # and a word of it is none of the game's

    notes = shown(page).logs.rollouts[0].episode.notes
    assert notes and all(note in said(page).replace("\\", "") for note in notes)
