"""Episodes at the table top: by the expert, by words, by numbers and with mishaps; what the expert writes, and logs of it."""

import ast
import json

import pytest
from pydantic import ValidationError

from backends.era.environments import ENVIRONMENTS
from backends.era.environments.contract import Environment
from backends.era.formats.writing import Pictures, written_run
from backends.era.replies import read_reply
from backends.era.results import EraResult
from backends.era.run import run
from backends.era.settings import PRESETS, EraSettings
from backends.era.shaping import shaped_return
from backends.files.saved import load_result, save_result
from backends.run import Inputs, last
from models.marks import PARTS, REFLECTION, VISUAL
from tests.backends.era.made_logs import PNG
from tests.backends.era.test_writing import bare, read_back
from worlds.errors import InputError
from worlds.minitable.drawing import draw
from worlds.minitable.scene import draw_table
from worlds.minitable.state import read_state
from worlds.minitable.subsets import evaluation_seed
from worlds.minitable.understanding import named_kinds, objects

NAMES = {"base": "base", "complex_instruction": "complex", "visual_appearance": "visual", "common_sense": "common_sense",
         "spatial": "spatial"}  # what a wording is called here, and in EB-Manipulation's logs
BY_WORDS = ("over object 1", "down", "close", "up", "to object 2", "down", "open")


def played(**settings) -> EraResult:
    return last(run(EraSettings(world="table", **settings), Inputs()))


@pytest.mark.parametrize("subset", NAMES)
def test_the_expert_does_five_of_five_fixed_tables_of_every_wording(subset):
    for number in range(5):
        episode = played(subset=subset, number=number).episode
        assert episode.success and episode.progress == 1 and episode.ended == "success" and not episode.num_invalid
        assert (episode.world, episode.group, episode.seed) == ("minitable", NAMES[subset], evaluation_seed(NAMES[subset], number))
        assert episode.turns[0].state == draw_table(episode.seed, NAMES[subset])[0]


def test_every_turn_is_paid_by_the_terms_of_the_table_top():
    episode = played(number=1).episode
    turns = len(episode.turns)

    assert [turn.actions[0].rewards["behaviour"] for turn in episode.turns] == [0.5] * turns  # it says what is there
    assert sum(turn.actions[0].rewards["subgoal"] for turn in episode.turns) == 2  # the thing and the box
    assert episode.total_reward == shaped_return(episode) == 3 + 2 + 0.5 * turns
    assert shaped_return(episode, is_dense=False) == 3


def test_equal_links_are_equal_episodes_and_come_back_from_a_file():
    settings = EraSettings(world="table", subset="spatial", number=2, actions=(*BY_WORDS[:3], "!drop"))
    first, again = (last(run(asked, Inputs())) for asked in (settings, EraSettings.from_permalink(settings.permalink())))

    assert first == again and load_result(save_result(first), EraResult) == first


def test_every_state_can_be_drawn_again_and_each_turn_begins_where_the_last_one_ended():
    turns = played(number=3, actions=(".", ".", "!drop")).episode.turns

    assert all(draw(read_state(turn.state), 32).any() and read_state(turn.actions[0].state) for turn in turns)
    assert all(after.state == before.actions[0].state for before, after in zip(turns, turns[1:]))  # noqa: RUF007  of one list


def test_the_prompt_has_the_objects_without_their_names_and_the_reply_is_eras():
    turns = played(number=1).episode.turns
    for turn in turns:
        listed = turn.prompt.partition("additional_info: ")[2].partition("\n")[0]
        assert ast.literal_eval(listed) == objects(turn.state) and "[0, 60, 90]" not in turn.prompt
        assert all(name not in listed for name in turn.state["bodies"])
        reply = read_reply(turn.reply, is_pose=True)
        assert (reply.parse, reply.style, reply.sections) == ("ok", "era", turn.sections) and tuple(turn.sections) == PARTS
        assert reply.planned == turn.planned and turn.actions[0].name == turn.answer == turn.planned[0].name
    assert "interaction_history: []" in turns[0].prompt
    assert f"'action': {turns[0].answer}, 'env_feedback': 'Last action was successful.'" in turns[1].prompt
    assert turns[1].sections[REFLECTION] in turns[2].prompt and turns[0].sections[REFLECTION] not in turns[3].prompt
    kinds = named_kinds(turns[0].sections[VISUAL])
    assert len(kinds) == len(objects(turns[0].state))


def test_a_plan_names_the_actions_that_come():
    turns = played(number=1).episode.turns

    steps = [turn.sections["language_plan"].partition("1. ")[2].partition(" 2. ")[0] for turn in turns]
    assert steps[1:4] == [text.partition(" 3. ")[0] for text in (
        turn.sections["language_plan"].partition(" 2. ")[2] for turn in turns[:3])]


def test_a_person_acts_by_words_and_the_expert_goes_on_from_there():
    alone = played(number=1, actions=BY_WORDS[:4], goes_on=False).episode
    whole = played(number=1, actions=BY_WORDS[:4]).episode

    assert {turn.by for turn in alone.turns} == {"person"} and alone.success is False and alone.ended == ""
    assert all(len(json.loads(action.name)) == 7 for _, action in alone.steps())
    assert [action.rewards["behaviour"] for _, action in alone.steps()] == [0] * 4  # a person says nothing of the picture
    assert whole.turns[:4] == alone.turns and whole.success and whole.turns[4].by == "expert"


def test_numbers_by_hand_are_done_and_what_cannot_be_reached_costs_a_step_and_says_why():
    episode = played(number=1, actions=("[40, 50, 30, 0, 60, 90, 1]", "40, 50, 10, 0, 60, 90, 1"), goes_on=False).episode
    first, second = (action for _, action in episode.steps())

    assert (first.name, first.ok) == ("[40, 50, 30, 0, 60, 90, 1]", True)
    assert second.ok is False and "below the table" in second.feedback and second.step == 2 and second.state == first.state
    assert second.rewards["unreachable"] == -1


def test_what_is_held_falls_and_the_expert_fetches_it_anew():
    settings, _ = PRESETS["Set a table top"]
    episode = last(run(settings, Inputs())).episode
    (mishap,) = [turn for turn in episode.turns if turn.by == "perturbation"]

    assert mishap.actions[0].step is None and mishap.actions[0].feedback.startswith("The fingers let go of the")
    assert episode.success and episode.num_steps == len(episode.turns) - 1
    assert "I hold nothing" in episode.turns[mishap.index + 1].sections[REFLECTION]


def test_an_own_task_is_done_and_one_that_is_not_understood_is_refused():
    state, _ = draw_table(evaluation_seed("base", 1), "base")
    thing, box = next(iter(state["bodies"])), next(iter(state["boxes"]))
    episode = played(number=1, instruction=f"put the  {thing} into the {box}").episode
    assert episode.instruction == f"put the {thing} into the {box}" and episode.success and episode.task == "own"

    with pytest.raises(InputError, match=r"not clear what to do in 'sing a song'.*This would work: Put the"):
        played(number=1, instruction="sing a song")


def test_fifteen_steps_end_an_episode_and_fewer_turns_end_it_there():
    waits = ("[40, 50, 40, 0, 60, 90, 1]",) * 16
    assert (played(actions=waits).episode.ended, played(actions=waits).episode.num_steps) == ("steps", 15)

    short = played(number=1, max_turns=2).episode
    assert (len(short.turns), short.ended, short.success) == (2, "turns", False)


def test_what_falls_where_it_belongs_is_done_with_the_next_action():
    by_hand = ("over object 1", "down", "close", "up", "over object 6", "left", "left", "!drop")
    episode = played(subset="visual_appearance", number=2, actions=by_hand).episode

    assert episode.success and len(episode.turns) == len(by_hand) + 1
    assert "Stay, for all is done." in episode.turns[-1].sections["language_plan"]


def test_where_the_task_cannot_be_done_any_more_the_expert_stops(monkeypatch):
    monkeypatch.setattr("backends.era.table_expert.next_action", lambda state: None)

    episode = played(number=1).episode

    assert (episode.ended, len(episode.turns), episode.turns[0].parse, episode.num_steps) == ("empty plan", 1, "empty", 0)


@pytest.mark.parametrize(("settings", "said"), [
    ({"actions": ("fly to the moon",)}, "no move 'fly to the moon' on this table. There are over object 1"),
    ({"actions": ("[1, 2, 3]",)}, "seven whole numbers"), ({"actions": ("!drop",)}, "the gripper holds nothing")])
def test_what_cannot_be_done_here_is_said(settings, said):
    with pytest.raises(InputError, match=said):
        played(**settings)


@pytest.mark.parametrize(("settings", "said"), [
    ({"subset": "long_horizon"}, "the table top has no wording 'two tasks'; it has 'plain words'"),
    ({"actions": ("!shut",)}, r"'!shut' is no perturbation\. There are !drop, !shove")])
def test_settings_that_the_table_top_does_not_have_are_refused_in_a_sentence(settings, said):
    with pytest.raises(ValidationError, match=said):
        EraSettings(world="table", **settings)


def test_what_belongs_to_the_table_top_is_refused_in_the_home_and_logs_are_replayed_whatever_the_world():
    with pytest.raises(ValidationError, match=r"'!drop' is no perturbation\. There are !shut, !recolour, !slip"):
        EraSettings(actions=("!drop",))
    assert EraSettings(task="replay", file="upload:logs.zip", world="table", subset="long_horizon").world == "table"


@pytest.mark.parametrize("settings", [
    {"number": 1}, {"number": 2, "actions": (*BY_WORDS[:3], "[0, 0, 0, 0, 0, 0, 0]", ".", "!shove")},
    {"subset": "visual_appearance", "number": 2, "actions": (".", ".", ".", "!drop")}], ids=["expert", "by hand", "mishap"])
def test_an_episode_written_as_eb_manipulation_writes_it_comes_back_as_it_was(settings):
    made = played(**settings).episode
    pictures = Pictures({step: PNG for step in range(made.num_steps + 1)}, {0: PNG})

    logs = written_run([(made, pictures)], model="expert", experiment="orrery", subset=made.group)
    read = read_back(logs)

    assert bare(read) == bare(made) and read.layout == "manipulation" and read.notes == ()
    root = f"running/eb_manipulation/expert/orrery/{made.group}"
    result = json.loads(logs[f"{root}/results/episode_1_res.json"])
    assert result["num_steps"] == made.num_steps == len(result["reward"]) == len(result["action_success"])
    assert result["task_success"] == 1 and result["reward"][-1] == 1
    calls = [turn for turn in made.turns if turn.by != "perturbation"]
    said = logs[f"{root}/results/planner_output_episode_1.txt"].decode().splitlines()
    assert result["planner_steps"] == len(said) == len(calls)
    for line, turn in zip(said, calls):
        assert line.endswith(f"Output Action: [{turn.actions[0].name}]") and "<|" not in line
        assert line.startswith("visual_description: " if turn.reply else "Output Action: ")


def test_an_episode_in_which_nobody_acted_keeps_its_progress():
    made = played(number=1, actions=("!shove",), goes_on=False).episode

    assert bare(read_back(written_run([(made, Pictures())], model="expert", experiment="orrery", subset="base"))) == bare(made)


def test_without_our_file_the_benchmarks_own_parts_come_back():
    made = played(number=1).episode
    logs = written_run([(made, Pictures())], model="expert", experiment="orrery", subset="base")

    read = read_back({name: content for name, content in logs.items() if "orrery_episode" not in name})

    assert [turn.sections for turn in read.turns] == [turn.sections for turn in made.turns] and read.success and read.notes == ()
    assert [(action.name, action.ok) for _, action in read.steps()] == [(action.name, action.ok) for _, action in made.steps()]


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=list(ENVIRONMENTS))
def test_every_world_keeps_the_contract(environment: Environment):
    for wording, subset in environment.subsets.items():
        running, info = environment.opened(wording, 0)
        assert info["task"].subset == subset and environment.read(json.loads(json.dumps(info["state"]))) == info["state"]
    for marks in environment.marks:
        assert environment.draw(running.state, 48, marks).shape == (48, 48, 3)
    with pytest.raises(InputError):
        environment.read({"wall": "odd"})
    with pytest.raises(InputError, match="This would work"):
        environment.opened("base", 0, "make me happy")
