"""A model in the home: what it is told, and every rule by which its replies are carried out, with replies that are given."""

import json

import pytest

from backends.episode import Episode
from backends.era.asking import asked
from backends.era.playing import play
from backends.era.settings import EraSettings
from worlds.minihome.env import MAX_INVALID
from worlds.minihome.skills import FIXED_SKILLS

SINK, DRAWER_TWICE = "find a Sink", "put down the object in hand"
ID = {name: FIXED_SKILLS.index(name) for name in FIXED_SKILLS}


def plan(*ids):
    return json.dumps({"visual_state_description": "a room", "reasoning_and_reflection": "It's new.", "language_plan": "1. go",
                       "executable_plan": [{"action_id": number, "action_name": "any"} for number in ids]})


def era(answer):
    return ("<|think_start|>visual_description: a sink reasoning_and_reflection: nothing is done language_plan: go <|think_end|>"
            f"<|action_start|>{answer}<|action_end|><|diff_marker|>")


def played(*replies, style="benchmark", has_eyes=True, **settings):
    """The episode of a model that says these in turn, and its pictures."""
    left, pictures = list(replies), []

    def say(picture, prompt, turn):
        pictures.append(picture)
        return left.pop(0) if len(left) > 1 else left[0]

    settings = {"max_turns": len(replies), **settings}
    player = asked("given", say, style=style, has_eyes=has_eyes, world=settings.get("world", "home"))
    *_, episode = (event for event in play(EraSettings(**settings), player) if isinstance(event, Episode))
    return episode, pictures


def pose_plan(*poses):
    return json.dumps({"visual_state_description": "a star", "reasoning_and_reflection": "new", "language_plan": "1. go",
                       "executable_plan": [list(pose) for pose in poses]})


def done(episode):
    return [[action.name for action in turn.actions] for turn in episode.turns]


def test_a_whole_plan_is_carried_out_in_one_turn_and_told_in_the_next():
    episode, pictures = played(plan(ID[SINK], ID["find a Table"]), plan(ID[SINK]))

    assert done(episode) == [[SINK, "find a Table"], [SINK]] and [turn.cut for turn in episode.turns] == ["", ""]
    assert f"Step 2, action id {ID['find a Table']}, find a Table" in episode.turns[1].prompt
    assert pictures[0].shape == (500, 500, 3) and episode.turns[0].sections["visual_state_description"] == "a room"


def test_a_plan_ends_at_its_first_failed_action():
    episode, _ = played(plan(ID[SINK], ID[DRAWER_TWICE], ID["find a Table"]))

    assert done(episode) == [[SINK, DRAWER_TWICE]] and episode.turns[0].cut == "failure" and len(episode.turns[0].planned) == 3


@pytest.mark.parametrize("reply", ["gibberish", plan(999, 1), plan(-1), plan("x"), '{"executable_plan": 3}', ""])
def test_what_cannot_be_used_counts_once_and_never_moves_the_home(reply):
    episode, _ = played(reply, plan(ID[SINK]))

    first, second = episode.turns
    assert first.parse == "failed" and not first.actions and first.state == second.state
    assert episode.num_invalid == 1 and episode.num_steps == 1


def test_an_id_out_of_range_later_on_shortens_the_plan():
    episode, _ = played(plan(ID[SINK], 999, ID["find a Table"]))

    assert done(episode) == [[SINK]] and episode.turns[0].parse == "ok" and episode.turns[0].cut == "unknown action"


def test_an_empty_plan_ends_the_episode_and_unusable_replies_end_it_at_the_limit():
    empty, _ = played(plan(), plan(ID[SINK]))
    endless, _ = played("gibberish", max_turns=30)

    assert len(empty.turns) == 1 and empty.ended == "empty plan" and empty.num_steps == empty.num_invalid == 0
    assert len(endless.turns) == endless.num_invalid == MAX_INVALID and endless.ended == "too many invalid actions"


def test_a_reply_that_is_repaired_is_carried_out_and_says_how():
    episode, _ = played(f"```json\n{plan(ID[SINK])}\n```")

    assert done(episode) == [[SINK]] and episode.turns[0].parse == "repaired" and episode.turns[0].mended


def test_no_plan_has_more_than_twenty_actions():
    episode, _ = played(plan(*[ID[SINK]] * 25))

    assert len(episode.turns[0].actions) == 20 and episode.turns[0].cut == "budget"


@pytest.mark.parametrize(("answer", "does"), [
    (f"[{ID[SINK]}, '{SINK}']", [SINK]), (f"[0, '{SINK}']", [SINK]), (f"[{ID[SINK]}, 'dance']", [SINK]), ("[999, 'dance']", []),
    ("nothing", [])], ids=["both", "name before id", "id where the name is unknown", "neither", "none"])
def test_era_does_one_action_by_its_name_else_its_id(answer, does):
    episode, _ = played(era(answer), style="era")

    assert done(episode) == [does] and episode.turns[0].parse == ("ok" if does else "failed")


def test_era_is_told_its_own_last_reflection_and_no_older_turn():
    episode, _ = played(era(f"[0, '{SINK}']"), era("[0, 'find a Table']"), era(f"[0, '{SINK}']"), style="era")

    assert "interaction_history: []" in episode.turns[0].prompt and "nothing is done" in episode.turns[1].prompt
    assert "find a Table'" in episode.turns[2].prompt.split("interaction_history:")[1]
    assert "find a Sink" not in episode.turns[2].prompt.split("interaction_history:")[1]


@pytest.mark.parametrize("style", ["benchmark", "era"])
def test_without_eyes_it_is_shown_nothing_and_told_what_is_seen(style):
    reply = plan(ID[SINK]) if style == "benchmark" else era(f"[0, '{SINK}']")
    blind, nothing = played(reply, style=style, has_eyes=False)
    sighted, _ = played(reply, style=style)

    assert nothing == [None] and "My hand is empty" in blind.turns[0].prompt and "Hand: empty" not in sighted.turns[0].prompt
    assert "visual_state_description" not in blind.turns[0].prompt


OVER, DOWN = (40, 43, 30, 0, 60, 90, 1), (40, 43, 17, 0, 60, 90, 0)


def at_table(*replies, **how):
    return played(*replies, world="table", **how)


def test_a_plan_of_numbers_is_carried_out_and_told_in_the_next_turn():
    episode, pictures = at_table(pose_plan(OVER, (0, 0, 0, 0, 60, 90, 1), DOWN), pose_plan(OVER))

    assert done(episode)[0] == [str(list(OVER)), "[0, 0, 0, 0, 60, 90, 1]", str(list(DOWN))]  # what fails ends no plan
    assert [action.ok for action in episode.turns[0].actions] == [True, False, True] and episode.turns[0].parse == "ok"
    first, second = (turn.prompt for turn in episode.turns)
    assert "'object 1': [" in first and "What was done so far" not in first and "a list of seven numbers" in first
    assert f"Step 3, action {list(DOWN)}, env feedback: Last action was successful." in second
    assert pictures[0].shape == (500, 500, 3)


def test_the_benchmark_numbers_things_in_the_picture_and_era_does_not():
    (_, (framed,)), (_, (bare,)) = at_table(pose_plan(OVER)), at_table(era(str(list(OVER))), style="era")

    assert (framed != bare).any()


def test_without_eyes_the_table_is_told_by_name():
    episode, pictures = at_table(pose_plan(OVER), has_eyes=False)

    assert "From left to right, I can see a" in episode.turns[0].prompt and pictures == [None]


def test_era_does_one_action_of_numbers_and_remembers_what_its_policy_keeps():
    episode, _ = at_table(era(f"[{list(OVER)}, {list(DOWN)}]"), era(str(list(DOWN))), style="era")

    assert done(episode) == [[str(list(OVER))], [str(list(DOWN))]]
    assert "nothing is done" in episode.turns[1].prompt.split("interaction_history")[1]


@pytest.mark.parametrize("answer", ["[14, 'find a Mug']", "'go there'"])
def test_a_name_is_no_action_of_the_table(answer):
    episode, _ = at_table(era(answer), era(str(list(OVER))), style="era")

    assert episode.turns[0].parse == "failed" and episode.turns[0].actions[0].name == "no action"


@pytest.mark.parametrize("reply", ["gibberish", pose_plan((1, 2, 3)), '{"executable_plan": "go"}', ""])
def test_what_cannot_be_read_takes_a_step_of_the_table_and_moves_nothing(reply):
    episode, _ = at_table(reply, pose_plan(OVER))

    first, second = episode.turns
    assert first.parse == "failed" and first.actions[0].ok is False and first.actions[0].step == 1
    assert first.state == second.state and second.actions[0].step == 2 and episode.num_invalid == 1


def test_an_empty_plan_ends_the_episode_at_the_table_too():
    episode, _ = at_table(pose_plan(), pose_plan(OVER))

    assert episode.ended == "empty plan" and len(episode.turns) == 1
