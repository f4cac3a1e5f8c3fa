"""What a model is told before it acts: what has to be in it, in which order, and how long it grows."""

import pytest

from backends.episode import Action
from backends.era.prompts import Briefing, benchmark, era_system, era_user

HOME = Briefing("You are a robot at home.", ("Pick up: the hand is empty.",), ("find a Mug", "pick up the Mug", "open the Fridge"),
                ("Instruction: Get a book.\nReply: {...}",))
DONE = [Action(id="0", name="find a Mug", ok=True, feedback="Last action executed successfully."),
        Action(id="1", name="pick up the Mug", ok=False, feedback="Last action is invalid. The Fridge is closed.")]


def in_order(text, *parts):
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_the_benchmark_tells_everything_in_its_order():
    prompt = benchmark(HOME, "Put a mug away.", DONE)

    assert in_order(prompt, "You are a robot", "the hand is empty", "action id 0: find a Mug", "action id 2: open the Fridge",
                    "Get a book", "at most 20 actions", "Put a mug away.", "Step 1, action id 0, find a Mug",
                    "Step 2, action id 1, pick up the Mug, env feedback: Last action is invalid. The Fridge is closed.",
                    "visual_state_description", "reasoning_and_reflection", "language_plan", "executable_plan")


def test_before_the_first_action_there_is_no_history_and_without_eyes_nothing_to_describe():
    assert "Step 1" not in benchmark(HOME, "Put a mug away.", [])
    assert "visual_state_description" not in benchmark(Briefing("R.", ("V.",), ("a",), has_eyes=False), "Go.", [])


def test_era_has_no_examples_and_says_how_a_reply_is_written():
    system = era_system(HOME)

    assert "Get a book" not in system and "action id 1: pick up the Mug" in system
    assert in_order(system, "<|think_start|>", "<|think_end|>", "visual_description:", "reasoning_and_reflection:", "language_plan:",
                    "[id, 'name']", "<|action_start|>", "<|action_end|>", "<|diff_marker|>")


@pytest.mark.parametrize(("how", "first"), [({}, "<image>"), ({"has_eyes": False}, "instruction: Put a mug away.")])
def test_eras_turn_has_picture_instruction_and_history(how, first):
    said = era_user("Put a mug away.", "[]", additional="{'object 1': [1, 2, 3]}", **how)

    assert said.splitlines()[0] == first
    assert in_order(said, "instruction: Put a mug away.", "interaction_history: []", "additional_info: {'object 1'", "Think")
    assert "additional_info" not in era_user("Put a mug away.", "[]")
