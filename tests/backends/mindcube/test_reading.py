"""Letters out of replies: what the official evaluator takes, and what stands in the answer tag."""

import pytest

from backends.mindcube.items import options_in
from backends.mindcube.reading import official_letter, read_reply, training_letter

OPTIONS = options_in("What is it? A. Lamp B. Red door C. Sofa")[1]


@pytest.mark.parametrize("reply, letter", [
    ("<answer>A. Lamp</answer>", "A"), ("<answer>B</answer>", "B"), ("A. x because B. y", "B"), ("Dog", None), ("", None),
    ("My answer is C", "C"), ("I say *D*", "D"), ("<Answer>the answer is B, not (C)</Answer>", "B"), ("Answer:B", "B"),
    ("first A,\nthen (B)", "B"), ("lower a b", None)])
def test_the_official_letter(reply, letter):
    assert official_letter(reply) == letter


@pytest.mark.parametrize("reply, letter", [
    ("<answer>B. Red door</answer> It is full of Vitamin A.", "A"), ("A chair stands there", "A"), ("I saw THE SAME thing", "E"),
    ("The options are A. Lamp B. Red door C. So", "C")], ids=["vitamin", "article", "capitals", "cut while listing"])
def test_what_the_official_letter_is_fooled_by(reply, letter):
    assert official_letter(reply) == letter


def test_the_letter_of_training_lacks_the_loosest_rule():
    assert training_letter("so A it is") == "A" and training_letter("THE SAME thing") is None and training_letter("B\nx") == "B"


@pytest.mark.parametrize("reply, letter", [
    ("<answer>B. Red door</answer> Vitamin A.", "B"), ("<answer> (c) </answer>", "C"), ("<ANSWER>**A**</ANSWER>", "A"),
    ("<answer>red door.</answer>", "B"), ("<answer>A chair</answer>", None), ("<answer>E</answer>", None),
    ("<answer></answer>", None),
    ("<answer>A</answer> no, <answer>B</answer>", "B"), ("B. Red door", None)])
def test_the_letter_in_the_tag_is_one_of_the_options(reply, letter):
    assert read_reply(reply, OPTIONS).tagged == letter


def test_a_reply_that_was_cut_off_while_it_listed_options_has_an_official_letter_and_no_answer():
    read = read_reply("<think>The options are A. Lamp B. Red door C. So", OPTIONS)

    assert (read.official, read.tagged, read.has_tag, read.is_cut, read.is_open) == ("C", None, False, True, True)
    assert read.thought == "The options are A. Lamp B. Red door C. So" and read.answer == ""


def test_an_unclosed_thought_hides_an_answer_that_is_thought_about():
    read = read_reply("<think>I could write <answer>A. Lamp</answer>, but then", OPTIONS)

    assert (read.has_tag, read.tagged, read.is_open) == (False, None, True)


def test_an_answer_that_ends_the_reply_ends_the_thought():
    read = read_reply("<think>It is red. <answer>B</answer>\n", OPTIONS)

    assert (read.thought, read.tagged, read.is_open, read.is_cut) == ("It is red.", "B", False, False)


def test_a_thought_that_the_prompt_has_opened_is_read():
    read = read_reply("It is red.</think><answer>B</answer>", OPTIONS)

    assert (read.thought, read.tagged, read.is_cut) == ("It is red.", "B", False)


@pytest.mark.parametrize("reply", ["<cogmap>{", "<think>x</think><answer>B. R", "<answer>A</answer><cogmap>"])
def test_what_was_begun_and_not_ended_is_cut(reply):
    assert read_reply(reply, OPTIONS).is_cut


def test_options_stand_inline_and_a_full_stop_belongs_to_its_option():
    stem, options = options_in("From image 2, is there a bin behind the door? A. No. B. Yes")

    assert stem.endswith("door?")
    assert [(one.letter, one.text, one.plain) for one in options] == [("A", "No.", "no"), ("B", "Yes", "yes")]


@pytest.mark.parametrize("question, texts", [
    ("Why? A. TV B. Wall with an A.C. unit C. Door", ["TV", "Wall with an A.C. unit", "Door"]),
    ("Is it A. or B? A. x B. y", ["x", "y"]), ("No question mark A. x B. y", ["x", "y"]), ("Only A. one", []), ("", [])])
def test_options_are_taken_in_the_order_of_letters(question, texts):
    assert [one.text for one in options_in(question)[1]] == texts
