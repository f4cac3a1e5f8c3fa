"""The questions: enough of them, each complete, its ignored word in it once and for all, halves that share no fact."""

from collections import Counter

from worlds.facts.popular_answers import question_of, questions

ASKED = [question for question in questions() if not question.is_control]
CONTROLS = [question for question in questions() if question.is_control]


def test_there_are_a_hundred_questions_and_forty_controls_each_asked_once():
    assert len(ASKED) >= 100 and len(CONTROLS) >= 40
    assert len({question.prompt for question in questions()}) == len(questions())


def test_every_kind_is_split_evenly_into_development_and_held_out():
    for kind in {question.kind for question in ASKED}:
        halves = Counter(question.half for question in ASKED if question.kind == kind)
        assert abs(halves["development"] - halves["held out"]) <= 1 and len(halves) == 2


def test_no_fact_is_in_both_halves():
    halves = {}
    for question in questions():
        halves.setdefault(question.fact, set()).add(question.half)

    assert all(len(both) == 1 for both in halves.values())


def test_every_ignored_word_stands_in_its_prompt():
    for question in questions():
        words = f" {question.prompt} ".replace('"', " ").replace(",", " ").replace(".", " ")
        assert f" {question.ignored} " in words, question


def test_no_answer_is_both_right_and_popular_and_no_answer_begins_the_other():
    for question in ASKED:
        for right in question.right:
            for popular in question.popular:
                assert not right.lower().startswith(popular.lower()) and not popular.lower().startswith(f"{right.lower()} "), question


def test_a_comparison_is_another_prompt_and_gives_no_answer_away():
    for question in questions():
        assert question.compare != question.prompt and question.compare[-1].isalnum()
        if question.kind != "saying":
            given = [answer for answer in (*question.right, *question.popular) if answer in question.compare]
            assert all(answer in question.prompt for answer in given), question


def test_no_prompt_but_a_saying_gives_its_answer_away():
    given = [question.prompt for question in ASKED if question.kind != "saying"
             if any(answer.lower() in question.prompt.lower().split() for answer in question.right)]
    assert not given


def test_a_question_is_found_by_its_prompt():
    found = question_of("  The capital of  Australia is ")

    assert found is not None and found.right == ("Canberra",) and found.popular == ("Sydney",) and found.ignored == "capital"
    assert found.without_ignored == "The of Australia is"
    assert question_of("The capital of Atlantis is") is None
