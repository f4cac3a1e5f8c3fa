"""VAGEN's dumps: one turn per reply, whatever of the four files is there, and whatever environment wrote them."""

import json

import pytest

from backends.episode import Planned
from backends.era.formats import episode, found
from backends.files.archive import Files
from backends.files.vagen import Said, dumps, in_tags, read_dump

FOLDER = "tag_0/Sokoban_seed_3"


def files_of(logs: dict[str, object]) -> Files:
    contents = {f"{FOLDER}/{name}": value if isinstance(value, bytes) else json.dumps(value).encode() for name, value in logs.items()}
    return Files(tuple(contents), contents.__getitem__)


def test_a_folder_with_replies_is_a_dump_and_one_with_numbers_alone_is_not():
    names = ["a/x_seed_1/messages.json", "b/metrics.json", "c/metrics.json", "c/transcript.txt", "d/images/turn_00_00.png",
             "a/x_seed_1/images/turn_00_00.png"]

    assert [(dump.folder, dump.environment, dump.seed, len(dump.images)) for dump in dumps(names)] == [
        ("a/x_seed_1", "x", 1, 1), ("c", "", None, 0)]


def test_turns_come_from_the_replies_where_the_messages_are_missing():
    files = files_of({"assistant_texts.json": ["<answer>up</answer>", "no tags"]})

    read = read_dump(files, dumps(files.names)[0])

    assert [(turn.answer, turn.parse, turn.prompt) for turn in read.turns] == [("up", "ok", ""), ("", "failed", "")]
    assert (read.success, read.seed, read.notes) == (None, 3, ("messages.json is missing: what the agent was told is not known.",))


def test_turns_come_from_the_transcript_where_nothing_else_is():
    text = b"SYSTEM: Rules.\n\nUSER: Push.\n\nASSISTANT: <think>I</think><answer>up</answer>\n\nUSER: ok"
    files = files_of({"transcript.txt": text,
                      "metrics.json": {"success": False, "finish_reason": "max_turns", "env_name": "Sokoban"}})

    read = read_dump(files, dumps(files.names)[0])

    assert [(turn.prompt, turn.thought, turn.answer) for turn in read.turns] == [("Rules.\n\nPush.", "I", "up")]
    assert (read.success, read.ended, read.world) == (False, "max_turns", "Sokoban")


def test_infos_of_the_end_alone_belong_to_no_turn():
    files = files_of({"assistant_texts.json": ["<answer>a</answer>", "<answer>b</answer>"],
                      "metrics.json": {"rewards": [0.5], "infos": [{"success": True}], "success": True}})

    read = read_dump(files, dumps(files.names)[0])

    assert [(action.success, action.rewards) for _, action in read.steps()] == [(None, {"environment": 0.5}), (None, {})]


@pytest.mark.parametrize(("numbers", "seen"), [((0, 1, 2), ("00", "01", "02")), ((1, 2, 3), ("01", "02", "03"))])
def test_pictures_may_be_numbered_from_0_or_from_1(numbers, seen):
    pictures = {f"images/turn_{number:02d}_00.png": b"x" for number in numbers}
    files = files_of({"assistant_texts.json": ["<answer>a</answer>", "<answer>b</answer>"], **pictures})

    first, second = read_dump(files, dumps(files.names)[0]).turns

    assert [frame[-9:-7] for frame in (first.frame, first.actions[0].frame, second.actions[0].frame)] == list(seen)
    assert second.frame == first.actions[0].frame


def test_tags_that_are_not_closed_still_count():
    assert in_tags("<think>go") == Said(thought="go", parse="failed")
    assert in_tags("<answer>left, up") == Said(answer="left, up", planned=(Planned(name="left, up"),), parse="ok")
    assert in_tags("<answer></answer>").parse == "empty"


def test_an_answer_may_stand_in_the_papers_tag():
    assert in_tags("<think>t</think><ans>Right</ans>") == Said("t", "Right", (Planned(name="Right"),), "ok")
    assert in_tags("<ans>left</answer>").answer == "left</answer>"


def test_a_branch_that_plays_eras_household_replies_in_eras_way():
    told = "<|think_start|>visual_description: A mug.<|think_end|><|action_start|>[14, 'find a Mug']<|action_end|>"
    files = files_of({"messages.json": [{"role": "user", "content": "Go."}, {"role": "assistant", "content": told}]})

    read = episode(files, found(files).runs[0].entries[0])

    assert read.turns[0].planned == (Planned(id="14", name="find a Mug"),)


@pytest.mark.parametrize("messages", [b"[1, null, {}]", b"{}", b"", b"[[[", [{"role": 3, "content": [1, {"type": 2, "text": [3]}]}],
                                      [{"role": "assistant", "content": None}], [{"role": "assistant", "content": "\ud800"}]])
def test_odd_messages_never_raise(messages):
    files = files_of({"messages.json": messages, "assistant_texts.json": {"a": 1}, "metrics.json": [1]})

    read_dump(files, dumps(files.names)[0])
