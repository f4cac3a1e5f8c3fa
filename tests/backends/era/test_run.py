"""Runs of ERA: episodes that are played, by a script, by hand and with mishaps; and logs that are replayed."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from backends.episode import Action, Episode, Turn
from backends.era.results import MAX_LOGS, EraResult
from backends.era.run import run
from backends.era.settings import PRESETS, SUBSETS, EraSettings
from backends.era.shaping import shaped
from backends.files.saved import load_result, save_result
from backends.run import Inputs, Progress, last
from tests.backends.era import made_logs
from visualizers.era.timeline import cells
from worlds.errors import InputError
from worlds.minihome.scene import draw_home
from worlds.minihome.state import read_state
from worlds.minihome.subsets import evaluation_seed


def played(**settings):
    return last(run(EraSettings(agent="expert", **settings), Inputs()))


@pytest.mark.parametrize("subset", SUBSETS)
def test_the_expert_does_every_kind_of_task_and_earns_what_its_conditions_are_worth(subset):
    episode = played(subset=subset, number=5).episode

    assert episode.success and episode.progress == 1.0 and episode.ended == "success" and not episode.num_invalid
    met = {action.progress for _, action in episode.steps()} - {0.0}
    assert episode.total_reward == len(met) + 3  # one for every new maximum, three for the task
    assert episode.seed == evaluation_seed(subset, 5) and episode.turns[0].state == draw_home(episode.seed, subset)[0]


def test_every_state_can_be_drawn_again_and_each_turn_begins_where_the_last_one_ended():
    turns = played(number=3).episode.turns

    assert all(read_state(turn.state) and read_state(turn.actions[0].state) for turn in turns)
    assert all(after.state == before.actions[0].state for before, after in zip(turns, turns[1:]))  # noqa: RUF007  of one list


def test_a_run_grows_turn_by_turn_and_ends_with_the_result():
    events = list(run(EraSettings(agent="expert", number=3), Inputs()))
    episodes = [event for event in events if isinstance(event, Episode)]

    assert [len(episode.turns) for episode in episodes] == list(range(len(episodes[-1].turns) + 1))
    assert isinstance(events[-1], EraResult) and events[-1].episode == episodes[-1]
    assert any(isinstance(event, Progress) for event in events)


def test_equal_settings_are_equal_runs_and_come_back_from_a_file():
    first, again = played(subset="spatial", number=2), played(subset="spatial", number=2)

    assert first == again and load_result(save_result(first), EraResult) == first


def test_a_person_acts_in_turn_and_the_agent_goes_on_from_there():
    by_hand = ("find a Sink", "TURN ON the faucet", ".")
    alone = played(number=3, actions=by_hand, goes_on=False).episode
    whole = played(number=3, actions=by_hand).episode

    assert [turn.by for turn in alone.turns] == ["person", "person", "expert"]
    assert [action.name for _, action in alone.steps()][:2] == ["find a Sink", "turn on the Faucet"]
    assert alone.success is False and alone.ended == ""
    assert whole.turns[:3] == alone.turns and whole.success


def test_what_goes_wrong_by_itself_is_a_turn_of_its_own_that_moves_nothing():
    episode = played(number=3, actions=(".", "!slip", ".", "!shut")).episode
    mishaps = [turn for turn in episode.turns if turn.by == "perturbation"]

    assert [turn.actions[0].name for turn in mishaps] == ["!slip", "!shut"] and all(turn.actions[0].step is None for turn in mishaps)
    slipped = episode.turns[2].actions[0]
    assert slipped.ok is False and slipped.rewards["behaviour"] == -0.5 and episode.success
    assert "It failed." in episode.turns[4].sections["reasoning_and_reflection"]


def test_an_own_task_is_done_and_one_that_is_not_understood_is_refused():
    episode = played(number=3, instruction="put the mug in the sink").episode
    assert episode.instruction == "put the mug in the sink" and episode.success

    refused = r"No thing of a home is named in 'make me happy'.*This would work: Put the purple mug in the sink\."
    with pytest.raises(InputError, match=refused):
        played(number=3, instruction="make me happy")


@pytest.mark.parametrize(("settings", "said"), [
    ({"actions": ("fly to the moon",)}, "There is no action 'fly to the moon' in this home. Near it:"),
    ({"number": 4, "actions": ("!shut",)}, "Nothing can shut")])
def test_what_cannot_be_done_here_is_said(settings, said):
    with pytest.raises(InputError, match=said):
        played(**settings)


@pytest.mark.parametrize(("settings", "said"), [
    ({"task": "train", "stage": "prior", "priors": ("lookups",)}, "names are looked up at the table top alone"),
    ({"actions": ("!explode",)}, "'!explode' is no perturbation. There are !shut, !recolour, !slip"),
    ({"task": "replay", "file": ""}, "there are no logs"), ({"number": 50}, "less than or equal to 49")])
def test_settings_that_cannot_be_meant_are_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        EraSettings(**settings)


def test_fewer_turns_end_the_episode_there():
    episode = played(number=3, max_turns=2).episode

    assert len(episode.turns) == 2 and episode.ended == "turns" and episode.success is False


def test_presets_can_be_played_and_differ():
    assert len({settings.permalink() for settings, _ in PRESETS.values()}) == len(PRESETS)
    for settings, _ in PRESETS.values():
        if (settings.task, settings.agent) == ("play", "expert"):
            assert last(run(settings, Inputs())).episode.success


def replayed(tmp_path, logs, **settings):
    path = tmp_path / "logs.zip"
    path.write_bytes(made_logs.zipped(logs) if isinstance(logs, dict) else logs)
    return last(run(EraSettings(task="replay", file="upload:logs.zip", **settings), Inputs({"logs.zip": path})))


@pytest.mark.parametrize("logs", [
    made_logs.alfred(), made_logs.habitat(), made_logs.manipulation(), made_logs.navigation(), made_logs.challenge(),
    made_logs.wrapper(), made_logs.vagen(), made_logs.training(), made_logs.trajectories(), made_logs.prior()],
    ids=["alfred", "habitat", "manipulation", "navigation", "challenge", "wrapper", "vagen", "training", "trajectories", "prior"])
def test_logs_of_every_layout_are_replayed_and_counted(tmp_path, logs):
    result = replayed(tmp_path, logs)

    assert result.episode.source == "uploaded" and result.episode.turns and result.lines
    assert result.counted.whole.episodes == len(result.lines) == result.logs[0].num_episodes
    assert load_result(save_result(result), EraResult) == result


def test_an_episode_is_chosen_by_its_number_and_a_run_by_its_place(tmp_path):
    logs = made_logs.alfred((7, 9, 31)) | made_logs.manipulation((1, 2))
    assert [line.number for line in replayed(tmp_path, logs).lines] == [7, 9, 31]
    assert replayed(tmp_path, logs, episode=9).episode.number == 9
    assert [log.num_episodes for log in replayed(tmp_path, logs).logs] == [3, 2]
    assert replayed(tmp_path, logs, log=1).logs[1].layout == "EmbodiedBench, gripper poses"

    with pytest.raises(InputError, match=r"no episode 8 in this run\. It has 7, 9, 31\."):
        replayed(tmp_path, logs, episode=8)
    with pytest.raises(InputError, match=r"no run 2 in these logs\. They are numbered 0 to 1"):
        replayed(tmp_path, logs, log=2)


@pytest.mark.parametrize(("content", "said"), [
    (b"PK\3\4torn", "The zip 'logs.zip' cannot be read"), (b"hello", "is not a log of an embodied agent"),
    (made_logs.zipped({"splits.json": made_logs.splits()}), "only lists of tasks")], ids=["torn", "text", "splits"])
def test_what_holds_no_episode_is_refused_in_a_sentence(tmp_path, content, said):
    with pytest.raises(InputError, match=said):
        replayed(tmp_path, content)


def test_a_blank_turn_by_hand_is_one_sentence_too():
    with pytest.raises(InputError, match=r"There is no action ' ' in this home\. Near it: "):
        played(actions=(" ",))


def test_turns_by_hand_that_come_too_late_are_told():
    episode = played(number=3, actions=("find a Sink",) * 4, max_turns=3).episode

    assert len(episode.turns) == 3 and episode.notes == ("The last 1 of 4 turns by hand were not played: the episode was over.",)


def test_a_task_that_a_mishap_completed_costs_the_expert_nothing():
    by_hand = ("find a Mug", "pick up the Mug", "find a Fridge", "open the Fridge", "put down the object in hand", "!shut")
    episode = played(number=3, instruction="Cool the mug.", actions=by_hand).episode

    assert episode.success and episode.num_invalid == 0 and episode.turns[-1].actions[0].name == "find a Fridge"


def test_an_own_task_that_is_half_done_pays_only_for_the_rest():
    """What was met at the beginning is no subgoal that was reached."""
    episode = played(number=0, instruction="Put a clean Apple on the Shelf").episode

    assert [one.subgoal for one in shaped(episode)] == [action.rewards["subgoal"] for _, action in episode.steps()]
    assert sum(one.total for one in shaped(episode)) == pytest.approx(episode.total_reward)


def brought(first: dict[str, bytes] | bytes, second: dict[str, bytes] | bytes | None, folder: Path, **settings: object) -> EraResult:
    files = {"x.zip": first} | ({} if second is None else {"y.zip": second})
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else made_logs.zipped(content))
    beside = {} if second is None else {"beside": "upload:y.zip"}
    asked = EraSettings(task="replay", file="upload:x.zip", **beside, **settings)
    return last(run(asked, Inputs({name: folder / name for name in files}, {})))


@pytest.mark.parametrize(("first", "second", "name"), [
    (made_logs.alfred((1,)), {"a.txt": b"x"}, "y.zip"), (made_logs.alfred((1,)), b"hello world", "y.zip"),
    ({"holiday.txt": b"sun"}, made_logs.alfred((1,)), "x.zip"),
    (made_logs.alfred((1,)), {"splits.json": made_logs.splits()}, "y.zip")])
def test_an_upload_without_logs_beside_one_with_them_is_named(first, second, name, tmp_path):
    with pytest.raises(InputError, match=f"Of the two uploads '{name}' holds no"):
        brought(first, second, tmp_path)


def test_a_folder_that_is_called_as_the_second_upload_is_stays_where_it_is(tmp_path):
    first = made_logs.below("second upload", made_logs.alfred((1,))) | made_logs.alfred((3,), root="running/eb_alfred/own/base")
    result = brought(first, made_logs.manipulation((5,)), tmp_path)

    assert [(log.num_episodes, log.is_second) for log in result.logs] == [(1, False), (1, False), (1, True)]


def test_a_very_long_name_of_a_model_and_very_many_runs_are_cut_and_said(tmp_path):
    long = brought({f"running/eb_alfred/{'m' * 700}/base/{name}": content for name, content in made_logs.alfred_episode(1).items()},
                   None, tmp_path)
    assert long.model_id == "m" * 300
    many = {name: content for number in range(MAX_LOGS + 3)
            for name, content in made_logs.alfred((1,), root=f"running/eb_alfred/m{number:04}/base").items() if "png" not in name}
    result = brought(many, None, tmp_path, log=MAX_LOGS - 1)
    assert len(result.logs) == MAX_LOGS and any(note.startswith(f"There are {MAX_LOGS + 3:,} runs.") for note in result.notes)
    with pytest.raises(InputError, match=f"They are numbered 0 to {MAX_LOGS - 1}"):
        brought(many, None, tmp_path, log=MAX_LOGS)


@pytest.mark.parametrize(("settings", "says"), [
    ({"goes_on": False}, "nothing was done yet: your turn"),
    ({"actions": (".",), "goes_on": False}, "it goes on after 1 step: your turn"),
    ({"actions": (".", "!slip"), "max_turns": 3}, "not done in 4 steps, 1 of them a disturbance"),
    ({"max_turns": 2}, "not done in 2 steps")], ids=["nothing yet", "a turn", "a disturbance", "over"])
def test_a_run_says_whether_it_is_over_and_counts_what_the_page_goes_through(settings, says):
    result = played(**settings)

    assert result.brief == says and str(len(cells(result.episode)) or "nothing") in says


@pytest.mark.parametrize(("success", "says"), [(True, "done"), (False, "not done"), (None, "how it ended is not said")])
def test_of_a_log_without_steps_none_is_counted(success, says):
    result = EraResult(seed=0, model_id="m", is_miniature=False, settings=EraSettings(task="replay"),
                       episode=Episode(success=success))

    assert result.brief == f"{says}, and no step of it is in the log" and not result.goes_on


def test_replies_without_an_action_are_counted_and_named():
    turns = (Turn(index=0, actions=(Action(name="find a Mug", step=1),)), Turn(index=1, parse="failed"))
    result = EraResult(seed=0, model_id="m", is_miniature=False, settings=EraSettings(task="replay"),
                       episode=Episode(success=True, turns=turns))

    assert result.brief == "done in 2 steps, 1 of them without an action"
