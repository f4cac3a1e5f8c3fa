"""What training pays: nothing, one or six, and what the schema of training asks."""

import pytest

from backends.mindcube.reward import pay

MAP = '{"a": {"position": [1, 2], "facing": "up"}}'
GOOD = f"<cogmap>{MAP}</cogmap><answer>B. Lamp</answer>"
THOUGHT = "<think>It is there.</think><answer>B. Lamp</answer>"


@pytest.mark.parametrize("reply, writes_map, paid", [
    (GOOD, True, 6), (GOOD.replace("B.", "C."), True, 1), (GOOD.replace("[1, 2]", "3"), True, 0),
    ("<answer>B. Lamp</answer>", True, 0),
    (MAP, True, 0), ("", True, 0), (THOUGHT, False, 6), (THOUGHT.replace("B.", "A."), False, 1),
    ("<answer>B. Lamp</answer>", False, 0),
    (THOUGHT.replace("</think>", "</think> "), False, 0), (THOUGHT.replace("is there", "is\nthere"), False, 0),
    ("<think>no</think>\n" + THOUGHT, False, 6), (THOUGHT.replace("B. Lamp", "dog"), False, 0)],
    ids=["right", "wrong", "right with a broken map", "right without a map", "map without a letter", "nothing", "thought and right",
         "thought and wrong", "no thought", "something between", "line break", "second line", "no letter"])
def test_the_base_reward(reply, writes_map, paid):
    assert pay(reply, "B", writes_map=writes_map).reward == paid


@pytest.mark.parametrize("kind, right, wrong", [
    ("base", 6, 1), ("format-only", 1, 1), ("answer-only", 1, 0), ("format-answer-same", 2, 1)])
def test_the_other_rewards_count_a_letter_in_the_right_form_alone(kind, right, wrong):
    replies = (GOOD, GOOD.replace("B.", "C."), "<answer>B. Lamp</answer>")

    assert [pay(reply, "B", writes_map=True, kind=kind).reward for reply in replies] == [right, wrong, 0]


@pytest.mark.parametrize("written, fits", [
    ("{}", True), ('{"a": {}}', True), ('{"a": {"position": [1, 2], "size": 3}}', False), ('{"a": [{"position": [1, 2]}]}', False),
    ('{"objects": [{"name": "a"}]}', True), ('{"objects": [{"position": [1, 2]}]}', False), ('{"objects": [], "views": 3}', False),
    ('{"objects": [{"name": "a", "facing": "sideways"}]}', False), ('{"objects": [{"name": "a", "size": 3}]}', True)])
def test_the_schema_of_training_is_not_the_evaluators(written, fits):
    paid = pay(f"{written} <answer>B. x</answer>", "B", writes_map=True)

    assert paid.has_form == fits and bool(paid.why) != fits and paid.reward == (6 if fits else 0)


def test_no_term_depends_on_how_good_the_map_is():
    assert pay(GOOD, "B", writes_map=True) == pay(GOOD.replace("[1, 2]", "[9, 9]"), "B", writes_map=True)


@pytest.mark.parametrize("reply", ["<think>" * 100_000, "<think></think><answer>" * 40_000, "{" * 1_000_000])
def test_long_replies_without_a_form_earn_nothing(reply):
    assert pay(reply, "B", writes_map=False).reward == pay(reply, "B", writes_map=True).reward == 0
