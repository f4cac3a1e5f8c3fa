"""What an agent is given of the turns before it: what each policy keeps, how long it grows, how it is written."""

from itertools import pairwise

import pytest

from backends.episode import Action, Turn
from backends.era.context import POLICIES, POLICY_NAMES, as_released, entries, history, read

BOUNDED = tuple(policy for policy in POLICIES if policy != "full")


def turn(index, reflection="The mug's clean.", feedback="Last action executed successfully."):
    return Turn(index=index, sections={"visual_description": f"A sink, turn {index}.", "reasoning_and_reflection": reflection,
                                       "language_plan": "1. put it down"},
                actions=(Action(id=str(40 + index), name=f"find a Mug_{index}", ok=True, feedback=feedback, step=index + 1),))


TURNS = [turn(index) for index in range(30)]


@pytest.mark.parametrize("policy", POLICIES)
def test_before_the_first_turn_every_policy_gives_the_same(policy):
    assert history([], policy) == "[]" and policy in POLICY_NAMES


def test_each_policy_keeps_its_turns_and_its_parts():
    kept = {policy: entries(TURNS, policy) for policy in POLICIES}

    assert {policy: len(found) for policy, found in kept.items()} == {
        "summary": 1, "evaluation": 1, "without plan": 1, "without reflection": 1, "last action": 1, "last 3": 3, "last 5": 5,
        "full": 30, "none": 0}
    assert kept["summary"] == [{
        "step_id": 29, "thinking": "reasoning_and_reflection: The mug's clean. language_plan: 1. put it down",
        "action": "[69, 'find a Mug_29']", "env_feedback": "Last action executed successfully."}]
    assert kept["evaluation"][0]["thinking"].startswith("visual_description: A sink, turn 29. reasoning_and_reflection")
    assert kept["without plan"][0]["thinking"] == "reasoning_and_reflection: The mug's clean."
    assert kept["without reflection"][0]["thinking"] == "language_plan: 1. put it down"
    assert "thinking" not in kept["last 3"][0] and [entry["step_id"] for entry in kept["last 3"]] == [27, 28, 29]


@pytest.mark.parametrize("policy", BOUNDED)
def test_it_stays_as_short_however_long_the_episode_is(policy):
    lengths = [len(history(TURNS[:count], policy)) for count in range(16, 31)]

    assert max(lengths) == min(lengths)  # two digits in every number of a turn


def test_the_full_history_grows_with_every_turn():
    lengths = [len(history(TURNS[:count], "full")) for count in range(11, 31)]

    assert len({after - before for before, after in pairwise(lengths)}) == 1


@pytest.mark.parametrize("policy", ["summary", "evaluation", "last action"])
def test_turns_before_the_last_do_not_matter_to_a_summary(policy):
    others = [turn(index, reflection="Something else.", feedback="Last action is invalid.") for index in range(29)]

    assert history([*others, TURNS[-1]], policy) == history(TURNS, policy)
    assert history([*others, TURNS[-1]], "full") != history(TURNS, "full")


def test_it_is_python_and_not_json_and_is_read_back():
    written = history(TURNS[:3], "full")

    assert "\"reasoning" not in written and "The mug's clean" in written
    assert read(written) == entries(TURNS[:3], "full")


@pytest.mark.parametrize("written", ["", "[", "__import__('os').remove('x')", "{'a': 1}", "[" * 5000, "nothing yet"])
def test_what_is_no_history_is_none(written):
    assert read(written) is None


def test_the_released_search_cuts_a_reflection_at_the_first_label_in_it():
    reflection = "The fridge is closed. Note: the mug is inside."

    assert as_released(reflection) == "The fridge is closed."
    assert "mug is inside" in history([turn(0, reflection)], "summary")
    assert "mug is inside" not in history([turn(0, reflection)], "summary", is_cut_as_released=True)


def test_a_turn_that_could_not_be_read_has_an_empty_action():
    assert entries([Turn(index=0, parse="failed")], "last action") == [{"step_id": 0, "action": "[]", "env_feedback": ""}]
