"""What an agent replied is read with the benchmark's own repairs, and nothing that it says can raise."""

import json

import pytest

from backends.episode import Planned
from backends.era import splitting
from backends.era.replies import FENCES, INNER_QUOTES, SINGLE_QUOTES, executable, pose_of, pose_text, read_reply
from backends.era.splitting import replies_in
from tests.backends.era import made_logs
from tests.backends.era.made_logs import FIND, PICK, POSES, table_reply

PLAN = (Planned(id="14", name="find a Mug"), Planned(id="97", name="pick up the Mug"))


def ids(*numbers: object) -> tuple[Planned, ...]:
    return tuple(Planned(id=str(number)) for number in numbers)


@pytest.mark.parametrize(("planned", "code", "kept"), [
    pytest.param(ids(162, 3), -1, 0, id="out of range first"), pytest.param(ids(3, 4, 162, 5), 0, 2, id="out of range later"),
    pytest.param((), -2, 0, id="empty"), pytest.param(ids(161), 0, 1, id="the last skill"),
    pytest.param(ids(-1), -1, 0, id="below 0"), pytest.param(ids("find a Mug"), -1, 0, id="a name"),
    pytest.param(ids("²"), -1, 0, id="odd digit")])
def test_ids_out_of_range_spoil_a_plan_at_its_beginning_and_end_it_later(planned, code, kept):
    found = executable(planned, num_skills=162)

    assert (found.code, len(found.planned)) == (code, kept)


def test_json_is_read_as_it_is():
    found = read_reply(made_logs.reply([FIND, PICK], reflection='He said \\"no\\", it\'s late.'))

    assert (found.parse, found.style, found.mended, found.planned) == ("ok", "json", (), PLAN)
    assert found.sections["visual_state_description"] == "A mug stands on a counter."
    assert json.loads(found.answer)[0] == {"action_id": 14, "action_name": "find a Mug"}


def test_ids_that_are_texts_stay_texts():
    assert read_reply(made_logs.reply([("22", "find a Mug")])).planned == (Planned(id="22", name="find a Mug"),)


@pytest.mark.parametrize(("text", "mended", "reflection"), [
    pytest.param("{'reasoning_and_reflection': 'it's here and we're late', 'language_plan': 'go', 'executable_plan': "
                 "[{'action_id': 14, 'action_name': 'find a Mug'}, {'action_id': 97, 'action_name': 'pick up the Mug'}]}",
                 (SINGLE_QUOTES,), "it's here and we're late", id="single quotes"),
    pytest.param("```{'reasoning_and_reflection': 'the 'mug' is here', 'language_plan': 'go', 'executable_plan': "
                 "[{'action_id': 14, 'action_name': 'find a Mug'}, {'action_id': 97, 'action_name': 'pick up the Mug'}]}```",
                 (FENCES, SINGLE_QUOTES, INNER_QUOTES), 'the "mug" is here', id="all of them"),
    pytest.param("```json\n" + made_logs.reply([FIND, PICK]) + "\n```", (FENCES,), "First step.", id="fences"),
    pytest.param(made_logs.reply([FIND, PICK], reflection="QUOTED").replace("QUOTED", 'the "mug" is "there"'), (INNER_QUOTES,),
                 'the "mug" is "there"', id="quotes inside")])
def test_a_reply_is_repaired_by_the_benchmarks_rules_and_says_by_which(text, mended, reflection):
    found = read_reply(text)

    assert (found.parse, found.mended, found.planned) == ("repaired", mended, PLAN)
    assert found.sections["reasoning_and_reflection"] == reflection


def test_single_quotes_with_its_inside_are_repaired():
    text = "{'reasoning_and_reflection': 'it's here', 'language_plan': 'we'll go ', 'executable_plan': [{'action_id': 14}]}"

    found = read_reply(text)

    assert (found.parse, found.mended, found.planned) == ("repaired", (SINGLE_QUOTES,), ids(14))
    assert found.sections == {"reasoning_and_reflection": "it's here", "language_plan": "we'll go"}


def test_an_empty_plan_is_empty_and_one_that_is_missing_failed():
    assert read_reply(made_logs.reply([])).parse == "empty"
    assert read_reply('{"language_plan": "go"}').parse == "failed"
    assert read_reply('{"executable_plan": "go"}').parse == "failed"


@pytest.mark.parametrize("action", ["[64, 'find a Ladle']", '[64, "find a Ladle"]', "[64, find a Ladle]", " [ 64 ,find a Ladle ] "])
def test_eras_skills_are_read_with_and_without_quotes(action):
    text = ("<|think_start|>visual_description: A mug. reasoning_and_reflection: Note: it's wet. language_plan: 1. go<|think_end|>"
            f"<|action_start|>{action}<|action_end|><|diff_marker|>")

    found = read_reply(text)

    assert (found.parse, found.style, found.planned) == ("ok", "era", (Planned(id="64", name="find a Ladle"),))
    assert found.sections == {"visual_description": "A mug.", "reasoning_and_reflection": "Note: it's wet.", "language_plan": "1. go"}


@pytest.mark.parametrize(("answer", "names"), [
    ("find a mug", ["find a mug"]), ("40 43 26 0 60 90 1", ["[40, 43, 26, 0, 60, 90, 1]"]), ("40 43 26", []), ("", []),
    ("<b>", []), ("I would rather say what I think of all this than do anything that has a name in this home, sorry", [])])
def test_an_action_without_brackets_is_read_as_the_miniatures_write_it(answer, names):
    found = read_reply(f"<|think_start|> x <|think_end|> <|action_start|> {answer} <|action_end|> <|diff_marker|>")

    assert [planned.name for planned in found.planned] == names and found.parse == ("ok" if names else "failed")


def test_small_numbers_of_a_pose_are_written_without_an_exponent_and_come_back():
    name = pose_text([40, 43.5, 1e-9, 0, 60, 90, 1])

    assert name == "[40, 43.5, 0.000000001, 0, 60, 90, 1]"
    assert read_reply(f"<|action_start|>{name}<|action_end|>").planned[0].name == name and pose_of(name)[2] == 1e-9


def test_eras_poses_are_read_from_tokens_and_from_the_fork():
    for text in ("<|think_start|>x<|think_end|><|action_start|>[40, 43, 26, 0, 60, 90, 1]<|action_end|>",
                 "visual_description: x Output Action: [[40, 43, 26, 0, 60, 90, 1]]\n"):
        found = read_reply(text, is_pose=True)

        assert (found.parse, found.planned) == ("ok", (Planned(name="[40, 43, 26, 0, 60, 90, 1]"),))


@pytest.mark.parametrize("plan", [str(list(POSES[:2])), [{"action": str(pose)} for pose in POSES[:2]], list(POSES[:2]),
                                  [{"action": pose} for pose in POSES[:2]]], ids=["text", "objects", "lists", "objects of lists"])
def test_all_forms_of_a_plan_of_poses_are_read(plan):
    found = read_reply(table_reply(plan), is_pose=True)

    assert [planned.name for planned in found.planned] == ["[40, 43, 26, 0, 60, 90, 1]", "[40, 43, 18, 0, 60, 90, 0]"]


def test_names_instead_of_numbers_spoil_a_plan_of_poses():
    for plan in (["move up"], [{"action": "move_to(star)"}], [[1, 2, 3]], "[['a', 1, 2, 3, 4, 5, 6]]"):
        assert read_reply(table_reply(plan), is_pose=True).parse == "failed", plan


def test_replies_without_marks_between_them_are_told_apart():
    broken = '{"visual_state_description": "a "star" here",\n\t"executable_plan": []}'
    pretty = table_reply("[]", indent="\t")
    texts = [table_reply("[]"), pretty, broken, pretty, "I cannot see anything.\nSorry.", pretty]

    assert replies_in("\n".join(texts) + "\n") == texts
    assert replies_in("```json\n" + pretty + "\n```\n" + pretty) == [pretty, pretty]
    assert replies_in(" \n") == []


def test_a_reply_with_a_line_break_inside_a_text_stays_one():
    text = '{"language_plan": "1. go\n{2}\n{3}", "executable_plan": []}'

    assert replies_in(f"{text}\n{text}\n") == [text, text]
    assert read_reply(text).parse == "failed"  # as the benchmark, which reads strictly, took it


def test_eras_fork_and_its_tokens_are_cut_after_each_action():
    one = "visual_description: {a} Output Action: [[40, 43, 26, 0, 60, 90, 1]]"
    tokens = "<|think_start|>x\ny<|think_end|><|action_start|>[1, 2, 3, 4, 5, 6, 7]<|action_end|><|diff_marker|>"

    assert replies_in(f"{one}\n{one}\nI stop.\n") == [one, one, "I stop."]
    assert replies_in(f"{tokens}\n{tokens}\n") == [tokens, tokens]


@pytest.mark.parametrize("text", [
    "", "{", "}{", "[" * 5000, '{"executable_plan": ' + "[" * 5000, '{"executable_plan": ' + "9" * 5000 + "}", "\ud800{'",
    '{"executable_plan": [{"action_id": ' + "9" * 4000 + "}]}", '{"executable_plan": "' + "(" * 3000 + '"}', "<|action_start|>",
    "<|action_start|>[[[", "Output Action: [[", "executable_plan", '{"executable_plan": [[null, {}], null, 3, true, [1, []]]}',
    '{"reasoning_and_reflection": ["\ud800", 3], "executable_plan": [{"action_id": {"a": 1}}]}', "visual_description:" * 5000])
def test_garbage_never_raises(text):
    for is_pose in (False, True):
        found = read_reply(text, is_pose=is_pose)

        assert executable(found.planned, 162).code in (0, -1, -2)
        assert all(not planned.id.startswith("-") for planned in executable(found.planned, 162).planned)
    assert len(replies_in(text * 3)) <= splitting.MAX_REPLIES


def test_broken_replies_are_tried_a_limited_number_of_times(monkeypatch):
    monkeypatch.setattr(splitting, "MAX_BROKEN", 1)
    whole = '{"a": 1} {"a": 2}'

    assert replies_in(whole) == ['{"a": 1}', '{"a": 2}']
    assert replies_in("{no}\n" + whole) == ["{no}", whole]


def test_an_action_counts_where_its_list_ends_the_line():
    text = "x Output Action: [[1, 2]] no\nOutput Action: up\nOutput Action:  [[40, 43, 26, 0, 60, 90, 1]] \ny"

    assert replies_in(text) == [text.removesuffix(" \ny"), "y"]
    assert read_reply(text, is_pose=True).planned == (Planned(name="[40, 43, 26, 0, 60, 90, 1]"),)


def test_more_replies_than_are_told_apart_stay_in_the_last(monkeypatch):
    monkeypatch.setattr(splitting, "MAX_REPLIES", 3)

    assert replies_in("{}\n{}\n{}\n{}\n") == ["{}", "{}", "{}\n{}"]
