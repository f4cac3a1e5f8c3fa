"""ERA's page without a browser: an episode step by step, by hand, and logs of every layout that somebody brings."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from backends.episode import Action, Episode, Turn
from backends.era.facts import Facts
from backends.era.formats import found
from backends.era.settings import EraSettings
from backends.era.statistics import statistics
from backends.files import archive
from backends.files.archive import ZipLimits as archive_limits
from backends.files.archive import zipped
from backends.run import Inputs, last
from backends.sessions import Session
from pages.era import by_hand, frames, own_logs, replay, step, taking
from pages.house import session
from tests.backends.era import made_logs
from tests.pages import driving
from tests.pages.driving import charts, said
from visualizers.era import scenes
from worlds.minihome.scene import draw_home
from worlds.pictures import read_picture


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser all tests would be one visitor, who may keep twenty files."""
    own = Session("era")
    monkeypatch.setattr("pages.house.session.current", lambda: own)


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return app.switch_page("pages/era/page.py").run()


def clicked(page: AppTest, key: str) -> AppTest:
    return driving.finish(page.button(key=key).click().run(), "era")


def brought(page: AppTest, logs: dict[str, bytes], name: str = "logs.zip", label: str = "Your logs") -> AppTest:
    box = next(element for element in page.get("file_uploader") if element.proto.label == label)
    box.set_value((name, made_logs.zipped(logs), "application/zip"))
    return driving.finish(page.run(), "era")


def played(**settings: object) -> object:
    from backends.era.run import run

    return last(run(EraSettings(**settings), Inputs()))


def shown(page: AppTest) -> object:
    return page.session_state["era.result." + page.session_state["era.task"]]


def test_page_opens_on_a_recorded_episode_at_the_step_after_its_first_subgoal(page):
    assert not page.exception and not page.error
    assert page.slider(key="era.step").value == 7 and "apple is clean" in said(page) and "recorded" in said(page)
    assert len(page.get("image")) >= 1 and charts(page) >= 3
    assert {"Take it away", "How it works", "Beside the paper"} <= {header.value for header in page.header}


def test_steps_are_gone_through_without_a_run(page):
    page.button(key="era.step.back").click().run()
    assert page.slider(key="era.step").value == 6 and "turn on the Faucet" in said(page)

    page.slider(key="era.step").set_value(1).run()
    assert "find a Apple" in said(page)
    page.button(key="era.step.back").click().run()
    assert page.slider(key="era.step").value == 1
    page.button(key="era.call.on").click().run()
    assert page.slider(key="era.step").value == 2 and "run.era" not in page.session_state and not page.exception


def test_the_step_of_an_address_is_looked_at():
    page = driving.opened(EraSettings(agent="trained", number=24), "era", step="3", frame="after", memory="full")

    assert page.slider(key="era.step").value == 3 and page.session_state["era.frame"] == "after"
    assert page.session_state["era.memory"] == "full" and not page.exception


def test_memory_is_rebuilt_for_every_policy(page):
    def words() -> int:
        return int(next(caption.value for caption in page.caption if "words of history" in caption.value).split()[0])

    summary = words()
    page.selectbox(key="era.memory").select("full").run()

    assert words() > 3 * summary and "run.era" not in page.session_state


def test_a_turn_by_hand_is_one_entry_more_and_a_link(page):
    page = clicked(page, "era.anew")
    assert "No step was done yet" in page.info[0].value and not page.exception
    assert "nothing was done yet: your turn" in said(page).replace("\\", "") and "the log" not in page.subheader[0].value

    page.selectbox(key="era.skill").select("find a Sink").run()
    page = clicked(page, "era.do")
    assert shown(page).settings.actions == ("find a Sink",) and not shown(page).settings.goes_on
    assert "a person, by hand" in said(page) and page.session_state["era.frame"] == "after"

    page = clicked(page, "era.once")
    assert shown(page).settings.actions == ("find a Sink", ".") and len(shown(page).episode.turns) == 2
    page = clicked(page, "era.wrong.slip")
    assert [turn.by for turn in shown(page).episode.turns] == ["person", "model", "perturbation"]
    page = clicked(page, "era.on")
    assert shown(page).episode.success and shown(page).settings.actions == ("find a Sink", ".", "!slip")
    assert not page.exception and not page.error


def test_an_episode_that_is_over_is_taken_over_from_the_step_that_is_looked_at(page):
    page.slider(key="era.step").set_value(2).run()

    page = clicked(page, "era.from_here")

    assert shown(page).settings.actions == (".", ".") and len(shown(page).episode.turns) == 2
    assert not any(button.disabled for button in page.button if button.key in ("era.do", "era.once", "era.on"))


def test_what_cannot_go_wrong_here_says_why():
    state, _ = draw_home(303, "common_sense")
    shut = [{**each, "open": None if each["open"] is None else False} for each in state["receptacles"]]
    closed = {**state, "receptacles": shut}

    assert "no door stands open" in by_hand.objection(closed, "shut") and by_hand.objection(closed, "slip") == ""


def test_an_own_task_that_is_not_understood_is_said_with_one_that_would_work(page):
    page.text_input(key="era.own_task").set_value("Bring me the moon").run()

    assert len(page.warning) == 1 and "This would work" in page.warning[0].value.replace("\\", "")
    assert page.button(key="era.own_task.run").disabled


def test_an_own_task_is_played_in_the_home_that_is_shown(page):
    page.text_input(key="era.own_task").set_value("Put the apple on the table").run()

    page = clicked(page, "era.own_task.run")

    assert shown(page).episode.instruction == "Put the apple on the table" and shown(page).episode.success
    assert (shown(page).settings.subset, shown(page).settings.number) == ("base", 24)


@pytest.mark.parametrize("logs", [
    made_logs.alfred(), made_logs.habitat(), made_logs.era_alfred(), made_logs.manipulation(), made_logs.navigation(1, 3),
    made_logs.challenge(), made_logs.wrapper(), made_logs.vagen(), made_logs.training()],
    ids=["alfred", "habitat", "era", "manipulation", "navigation", "challenge", "wrapper", "vagen", "training"])
def test_logs_of_every_layout_are_replayed_at_once(page, logs):
    page = brought(page, logs)

    assert not page.exception and not page.error
    assert page.session_state["era.task"] == "replay" and shown(page).episode.turns
    assert "Episodes of these logs" in [header.value for header in page.header] and len(page.dataframe) >= 1


def test_another_episode_is_chosen_from_the_table_and_what_goes_wrong_comes_first(page):
    page = brought(page, made_logs.alfred((1, 7)))
    assert "Why is this run as it is?" in [header.value for header in page.header] and charts(page) >= 4
    assert "could not be read" in said(page)

    page = driving.finish(page.selectbox(key="era.episode").select(7).run(), "era")

    assert shown(page).episode.number == 7 and shown(page).settings.episode == 7 and not page.exception


def test_two_runs_of_the_same_logs_are_held_beside_each_other(page):
    other = made_logs.alfred((1, 2), root="running/eb_alfred/vlm-3b_other/base")
    other["running/eb_alfred/vlm-3b_other/base/config.txt"] = made_logs.config(exp_name="other", n_shots=0)
    page = brought(page, made_logs.alfred() | other)

    page.selectbox(key="era.other").select(1).run()

    table = next(frame.value for frame in page.dataframe if "setting" in frame.value)
    assert set(table["setting"]) == {"exp_name", "n_shots"} and "Of 2 tasks in both runs" in said(page) and not page.exception


def test_another_agents_logs_are_brought_beside_and_compared(page):
    other = made_logs.alfred((1, 2), root="base")
    other["base/config.txt"] = made_logs.config(exp_name="other", n_shots=0)
    page = brought(page, made_logs.alfred())
    assert not [box for box in page.selectbox if box.key == "era.other"]

    page = brought(page, other, label="Another agent's logs")
    assert [log.num_episodes for log in shown(page).logs] == [2, 2] and shown(page).settings.log == 0 and not page.exception
    assert page.selectbox(key="era.other").value == 1  # what was brought to be compared is

    table = next(frame.value for frame in page.dataframe if "setting" in frame.value)
    assert set(table["setting"]) == {"exp_name", "n_shots"} and "Of 2 tasks in both runs" in said(page) and not page.exception
    assert "second upload" in page.selectbox(key="era.other").options[0]


def test_a_run_of_all_tasks_of_the_benchmark_scrolls_and_loads_one_frame(page, monkeypatch):
    read = []
    monkeypatch.setattr("pages.era.frames._read", lambda brought, name: read.append(name) or np.zeros((8, 8, 3), np.uint8))
    logs: dict[str, bytes] = {}
    for k in range(1, 1129):
        logs |= {name: content for name, content in made_logs.alfred_episode(k).items()
                 if not name.endswith(".png") or name.endswith(f"episode_{k}_step_0.png")}
    page = brought(page, made_logs.below("running/eb_alfred/vlm-3b_baseline/base", logs))

    assert not page.exception and not page.error
    table = next(frame for frame in page.dataframe if "label" in frame.value)
    assert len(table.value) == 1128 and len(read) <= 1 and "1,128 of 1,128 episodes" in said(page)


def test_a_frame_that_is_no_picture_is_one_sentence_and_nothing_is_lost(page):
    page = brought(page, made_logs.alfred())

    assert any("picture" in info.value for info in page.info) and "find a Mug" in said(page) and not page.exception


def test_what_a_log_says_is_text_and_never_html(page):
    nasty = "<script>alert(1)</script> <img src=x onerror=alert(2)> [here](javascript:x) **bold**"
    rows = [made_logs.row(1, (14, nasty), made_logs.reply([(14, nasty)], seen=nasty), feedback=nasty)]
    page = brought(page, made_logs.below("running/eb_alfred/m/base", made_logs.alfred_episode(1, rows, instruction=nasty)))

    assert not page.exception and shown(page).episode.turns[0].actions[0].name == nasty
    told = [text.value for text in (*page.markdown, *page.caption, *page.subheader) if "alert" in text.value]
    assert told and all("\\<script\\>" in text and "<script>" not in text and "\\[here\\]" in text for text in told)


@pytest.mark.parametrize(("logs", "says"), [
    ({"holiday.txt": b"sun"}, "a log of an embodied agent"), ({"../../etc/passwd": b"x"}, "leads outside its folder")],
    ids=["something else", "a path trick"])
def test_a_zip_that_is_no_log_is_one_sentence_and_the_page_stays(page, logs, says):
    page = brought(page, logs)

    assert not page.exception and len(page.error) == 1 and says in page.error[0].value.replace("\\", "")


def test_an_episode_leaves_as_logs_that_the_page_reads_again_with_its_pictures(page):
    result = played(subset="visual_appearance", number=3)
    content = taking._logs(result, result.episode)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        logs = {name: archive.read(name) for name in archive.namelist()}
    assert sum(name.endswith(".png") for name in logs) == 10 and zipped(logs) == content

    page = brought(page, logs)

    assert not page.exception and not page.error and shown(page).episode.success
    assert [turn.sections for turn in shown(page).episode.turns] == [turn.sections for turn in result.episode.turns]
    assert len(page.get("image")) >= 1


def test_the_plan_of_several_actions_marks_the_one_that_is_done(page):
    page = brought(page, made_logs.alfred())
    assert "this step" in said(page) and "not carried out" in said(page)


def test_where_an_episode_opens():
    assert step.opens_at(played(subset="visual_appearance", number=3)) == 7
    assert step.opens_at(played(subset="visual_appearance", number=3, actions=(".", ".", "!shut"))) == 3
    assert step.opens_at(played(actions=(".", ".", "."), goes_on=False)) == 3


def with_pictures(count: int = 3, *, damaged: int = 2) -> dict[str, bytes]:
    """An episode whose frames are pictures, each another grey; but one."""
    plan = [made_logs.FIND] * count
    rows = [made_logs.row(number, made_logs.FIND, made_logs.reply(plan)) for number in range(1, count + 1)]
    logs = made_logs.alfred_episode(1, rows)
    for number in range(count + 1):
        if number != damaged:
            grey = np.full((48, 64, 3), 40 * number, np.uint8)
            logs[f"images/episode_1/episode_1_step_{number}.png"] = cv2.imencode(".png", grey)[1].tobytes()
    return made_logs.below("running/eb_alfred/vlm-3b_baseline/base", logs)


def test_a_film_of_brought_logs_is_made_from_their_pictures_and_only_when_it_is_asked_for(page, monkeypatch):
    read = []
    monkeypatch.setattr("pages.era.frames.read_picture", lambda content, *, max_side_px, name: read.append(name) or read_picture(
        content, max_side_px=max_side_px, name=name))
    page = brought(page, with_pictures())
    assert {"era.mp4", "era.gif"} <= {button.key for button in page.get("download_button")} and len(read) == 1

    look = frames.film_of(shown(page))
    made = Image.open(io.BytesIO(scenes.gif(shown(page).episode, look)))

    greys = []
    for number in range(made.n_frames):
        made.seek(number)
        greys.append(int(np.asarray(made.convert("RGB"))[250, 250].mean()))
    assert len(read) == 5 and [round(grey / 40) for grey in (greys[0], greys[1], greys[3])] == [0, 1, 3]
    assert scenes.mp4(shown(page).episode, look)[4:8] == b"ftyp"
    turn = shown(page).episode.turns[0]
    assert "picture" in look(turn, turn.actions[1], False)[1]


def test_a_film_whose_logs_are_gone_says_so_in_its_pictures_and_is_not_offered_again(page):
    page = brought(page, with_pictures())
    result = shown(page)
    look = frames.film_of(result)
    own = session.current()
    for path in own.inputs().files.values():
        path.unlink()

    assert look(result.episode.turns[0], None, True) == (None, frames.GONE)
    assert frames.film_of(result.model_copy(update={"settings": EraSettings(task="replay", file="upload:other.zip")})) is None


def bomb() -> dict[str, bytes]:
    """An episode of seventy million spaces, which a zip holds in seventy thousand bytes."""
    logs = made_logs.alfred((1, 2))
    name = next(name for name in logs if name.endswith("episode_1_step_6.json"))
    return {**logs, name: b"[" + b" " * 70_000_000}


def test_a_step_file_that_unpacks_to_too_much_is_one_sentence_and_the_page_goes_on(page):
    page = brought(page, bomb())

    told = [box.value.replace("\\", "") for box in page.info]
    assert [text for text in told if "70 MB" in text and "At most 64 MB are read of one file" in text] == told[:1], told
    assert not page.exception and not page.error and "Episodes of these logs" in [header.value for header in page.header]

    page = driving.finish(page.selectbox(key="era.episode").select(2).run(), "era")
    assert shown(page).episode.number == 2 and len(shown(page).episode.turns) == 4 and not page.exception


def test_a_zip_that_unpacks_to_too_much_as_a_whole_is_one_sentence_and_the_page_stays(page, monkeypatch):
    monkeypatch.setattr(archive, "ZipLimits", lambda: archive_limits(total_mb=60))
    page = brought(page, bomb())

    assert len(page.error) == 1 and "At most 60 MB" in page.error[0].value.replace("\\", "") and not page.exception
    assert "Watch it work" in [button.label for button in page.button]


def test_of_logs_without_their_steps_nothing_is_claimed_and_the_name_that_was_looked_for_is_said(page):
    logs = {name: content for name, content in made_logs.alfred().items() if "_step_6.json" not in name}

    page = brought(page, logs)

    told = said(page).replace("\\", "")
    assert "'running/eb_alfred/vlm-3b_baseline/base/episode_1_step_N.json'" in page.info[0].value.replace("\\", "")
    assert "done, and no step of it is in the log" in told
    assert "which actions failed and which replies could be read is not in" in told
    assert "0 steps" not in told and "no action failed" not in told and "no logged action" not in told and not page.exception


@pytest.mark.parametrize(("invalid", "output_errors", "says"), [
    (0.0, 0.0, "no logged action failed and every logged reply could be read."),
    (0.0, None, "no logged action failed; which replies could be read is not in these logs."),
    (0.25, 0.0, "25 % of the actions failed, and no feedback says why."),
    (None, None, "which actions failed and which replies could be read is not in these logs.")])
def test_the_notice_of_a_run_claims_what_its_logs_say(invalid, output_errors, says):
    counted = statistics([Facts("eb_alfred", "base", 1, "a")])

    assert replay.notice(replace(counted, whole=replace(counted.whole, invalid=invalid, output_errors=output_errors))) == says


def test_a_disturbance_is_said_in_words_and_not_to_be_the_agents(page):
    preset = next(button for button in page.button if button.label == "Let a door fall shut")
    page = driving.finish(preset.click().run(), "era")

    told = said(page).replace("\\", "")
    assert "done in 11 steps, 1 of them a disturbance" in told and "Step 3 of 11**: a disturbance" in told
    assert "Done to the world, not by the agent:** The Microwave shut by itself." in told and "It does:** !shut" not in told


def test_an_episode_that_repeats_itself_is_noticed():
    turn = Turn(index=0, actions=(Action(name="find a Mug", ok=True),) * 4)

    assert step.notice(Episode(turns=(turn,))) == "To notice: it repeats itself: 'find a Mug' came 4 times in a row (steps 1 to 4)."
    assert step.notice(Episode(turns=(turn, Turn(index=1, parse="failed")))).startswith("To notice: 1 of 5 steps failed")
    assert "It repeats itself" in step.notice(Episode(turns=(turn, Turn(index=1, parse="failed"))))
    assert "repeats" not in step.notice(Episode(turns=(Turn(index=0, actions=(Action(name="find a Mug", ok=True),)),)))


def test_the_folders_that_the_help_of_the_upload_names_are_read():
    names = [word.strip(",;.") for word in own_logs.LAYOUT.split() if "episode_1" in word]
    folder = next(word for word in own_logs.LAYOUT.split() if word.startswith("eb_alfred/"))
    here = made_logs.alfred_episode(1)
    kinds = {name.split("_step_")[0]: content for name, content in here.items()}
    mine = {f"mine/{folder}/{name}": kinds[name.split("_step_")[0]] for name in names}

    (run,) = found(made_logs.opened(mine)).runs

    assert len(names) == 3 and (run.head.environment, run.head.subset) == ("eb_alfred", "base")
    (entry,) = run.entries
    assert all(name in (*entry.parts.steps, entry.parts.result, *entry.parts.frames) for name in mine)
    assert all(name in Path("docs/era.md").read_text(encoding="utf-8") for name in names)
