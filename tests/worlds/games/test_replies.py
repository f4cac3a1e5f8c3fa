"""Replies are read as RAGEN reads them: the first place that fits, a lazy thought, and a penalty for every turn with a wrong word."""

import re

import pytest

from worlds.games.replies import FORMAT_PENALTY, Reply, penalty_of, read_reply

LAKE = ("Left", "Down", "Right", "Up")


def test_an_unknown_word_is_dropped_and_costs_a_tenth():
    reply = read_reply("<think>a</think> <answer>Up || jump</answer>", LAKE)

    assert (reply.thought, reply.answer, reply.names) == ("a", "Up || jump", ("Up", "jump"))
    assert (reply.known, reply.unknown, reply.is_valid, reply.has_form) == (("Up",), ("jump",), False, True)
    assert penalty_of([reply]) == FORMAT_PENALTY == -0.1


@pytest.mark.parametrize("text", ["Up", "<answer>Up</answer>", "<think>go up", "<think>a</think>Up", "<think>a</think><answer>Up",
                                  "<think>a</think> so <answer>Up</answer>", "</think><answer>Up</answer>", ""])
def test_a_reply_without_the_form_does_nothing_costs_a_tenth_and_stays_as_it_is(text):
    reply = read_reply(text, LAKE)

    assert reply == Reply(cleaned=text)
    assert penalty_of([reply]) == -0.1


def test_of_six_valid_actions_with_limit_five_the_first_five_count_and_none_is_punished():
    reply = read_reply("<think>a</think><answer>Up || Up||Left || Down || Right || Right</answer>", LAKE, max_actions=5)

    assert (reply.known, reply.num_surplus, reply.is_valid) == (("Up", "Up", "Left", "Down", "Right"), 1, True)
    assert reply.cleaned == "<think>a</think><answer>Up || Up || Left || Down || Right</answer>"
    assert penalty_of([reply]) == 0


def test_a_surplus_word_is_cut_before_it_is_looked_at():
    assert read_reply("<think></think><answer>Up || jump</answer>", LAKE, max_actions=1).is_valid
    assert not read_reply("<think></think><answer>jump || Up</answer>", LAKE, max_actions=1).is_valid


def test_case_does_not_matter_and_the_games_own_spelling_comes_out():
    reply = read_reply("<think>a</think><answer>uP ||  RIGHT </answer>", LAKE)

    assert (reply.names, reply.known, reply.is_valid) == (("uP", "RIGHT"), ("Up", "Right"), True)


def test_the_first_place_that_fits_wins():
    reply = read_reply("<think>a</think><answer>Up</answer> <think>b</think><answer>Down</answer>", LAKE)

    assert (reply.thought, reply.known, reply.cleaned) == ("a", ("Up",), "<think>a</think><answer>Up</answer>")


def test_an_end_of_thought_without_an_answer_behind_it_belongs_to_the_thought():
    reply = read_reply("x <think>a</think> wait <think>b</think>\n <answer>Up</answer>", LAKE)

    assert (reply.thought, reply.known) == ("a wait b", ("Up",))


def test_markers_are_stripped_from_both_parts():
    reply = read_reply("<think><|im_start|>a <answer> b</think><answer><think>Up<|im_end|></answer>", LAKE)

    assert (reply.thought, reply.answer, reply.is_valid) == ("a  b", "Up", True)


@pytest.mark.parametrize("inside", ["", "||", " ||  || ", "\n"])
def test_an_answer_without_a_word_is_punished(inside):
    reply = read_reply(f"<think>a</think><answer>{inside}</answer>", LAKE)

    assert (reply.known, reply.unknown, reply.is_valid, reply.has_form) == ((), (), False, True)


@pytest.mark.parametrize("tag", ["answer", "ans"])
@pytest.mark.parametrize("thinks", [True, False])
def test_both_names_of_the_tag_are_read_with_and_without_a_thought(tag, thinks):
    reply = read_reply(f"<think>a</think><{tag}>Up</{tag}>", LAKE, thinks=thinks)

    assert (reply.known, reply.thought) == (("Up",), "a" if thinks else "")
    assert reply.cleaned == ("<think>a</think><answer>Up</answer>" if thinks else "<answer>Up</answer>")


def test_a_tag_is_closed_by_its_own_name_only():
    assert not read_reply("<think>a</think><ans>Up</answer>", LAKE).has_form
    assert read_reply("<think>a</think><ans>Up<answer>Left</answer>", LAKE, thinks=False).known == ("Left",)


def test_a_game_without_a_table_of_actions_takes_any_word():
    reply = read_reply("<think>a</think><answer>find a Mug || jump</answer>", None)

    assert (reply.known, reply.unknown, reply.is_valid) == (("find a Mug", "jump"), (), True)
    assert not read_reply("<think>a</think><answer></answer>", None).is_valid


def test_five_invalid_turns_cost_exactly_half():
    assert penalty_of([read_reply("!!!!!!", LAKE)] * 5) == -0.5


@pytest.mark.parametrize("thinks", [True, False])
def test_every_short_text_is_read_as_upstreams_pattern_reads_it(thinks):
    pattern = re.compile(r"<think>(.*?)</think>\s*<answer>(.*?)</answer>" if thinks else r"<answer>(.*?)</answer>", re.DOTALL)
    parts = ["<think>", "</think>", "<answer>", "</answer>", "Up", "\n"]
    for number in range(6**6):
        text = "".join(parts[number // 6**place % 6] for place in range(6))
        match = pattern.search(text)
        assert read_reply(text, None, thinks=thinks).has_form == (match is not None), text
        if match:
            due = re.sub("</?(think|answer)>", "", match[match.lastindex or 0])
            assert "".join(read_reply(text, None, thinks=thinks).answer.split()) == "".join(due.split()), text


@pytest.mark.parametrize("text", ["<think>" * 20_000, "<think>" + "</think><answer>" * 10_000 + "</ans>",
                                  "<think>" + "</think>" * 20_000 + " " * 50_000, "<answer>" * 20_000])
def test_a_hostile_reply_is_read_in_one_pass(text):
    assert not read_reply(text, LAKE).has_form and not read_reply(text, LAKE, thinks=False).has_form  # else minutes


def test_what_is_cleaned_is_read_again_as_the_same():
    for text in ("<think> a </think> <answer> Up||Left||Down </answer>", "<think></think><answer>jump</answer>"):
        reply = read_reply(text, LAKE, max_actions=2)
        again = read_reply(reply.cleaned, LAKE, max_actions=2)

        assert (again.thought, again.names, again.known, again.cleaned) == (reply.thought, reply.names, reply.known, reply.cleaned)


def test_an_answer_of_as_many_actions_as_are_allowed_stays_as_it_was_written():
    assert read_reply("<think>a</think><answer>Up||Down</answer>", ["Up", "Down"], max_actions=2).answer == "Up||Down"
    assert read_reply("<think>a</think><answer>Up||Down||Up</answer>", ["Up", "Down"], max_actions=2).answer == "Up || Down"
