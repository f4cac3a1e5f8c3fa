"""Replies scored: shares, floors, lengths, and the tables of the data sets."""

import math

import numpy as np
import pytest

from backends.merging.question_rows import VERSIONS, Question
from backends.merging.questions import found
from backends.merging.scoring import compared, noise, noise_of_change, own_table, score
from backends.statistics import wilson
from tests.backends.merging.question_files import KIT, MATHVERSE, MATHVISTA, one, tsv


def questions(count, group="reasoning", **more):
    return [Question(str(number), "What is x?", (), "5", "number", group, **more) for number in range(count)]


@pytest.mark.parametrize("count, single, change", [(304, 5.6, 7.9), (1_000, 3.1, 4.4), (250, 6.2, 8.8)],
                         ids=["MathVision", "MathVista", "MMStar's mathematics"])
def test_the_floors_are_those_of_the_specified_item_counts(count, single, change):
    assert 100 * noise(count) == pytest.approx(single, abs=0.05) and 100 * noise_of_change(count) == pytest.approx(change, abs=0.06)
    assert noise(0) == noise_of_change(0) == math.inf


def test_accuracy_length_and_broken_replies_are_counted_for_all_groups_and_subsets():
    asked = [*questions(3, "perception", subset="b"), *questions(2, "reasoning", subset="a")]

    scores = score(asked, ["5", "it is 5", "4", "", "the " * 20])

    everything, perception, reasoning, a, b = scores.portions
    assert [(one.kind, one.name, one.count) for one in scores.portions] == [
        ("all", "all", 5), ("group", "perception", 3), ("group", "reasoning", 2), ("subset", "a", 2), ("subset", "b", 3)]
    assert everything.correct == wilson(2, 5) and perception.correct == wilson(2, 3) and reasoning.correct[0] == 0
    assert (everything.silent, everything.repeats, perception.silent, a.repeats, b.repeats) == (2, 1, 0, 1, 0)
    assert perception.length[0] == pytest.approx(5 / 3) and reasoning.length[0] == 10 and scores.unit == "words"
    assert everything.noise == noise(5)


def test_a_missing_reply_and_an_unknown_answer_count_nowhere():
    asked = [*questions(2), Question("9", "And?", (), "", "number", "joint")]

    scores = score(asked, ["5", None, "7"])

    assert [line.is_right for line in scores.lines] == [True, None, None]
    assert [(one.name, one.count) for one in scores.portions] == [("all", 1), ("reasoning", 1)]
    assert score(questions(2), [None, None]).portions == () and score([], []).portions == ()


def test_the_replies_of_a_file_are_scored_and_tokens_are_taken_where_they_are_known():
    table = found(one(tsv([{**KIT[0], "prediction": "(B)"}, {**KIT[1], "prediction": "1.3 m"}]), "llava_MathVista_MINI.tsv")).files[0]

    scores = score(table.questions)
    counted = score(table.questions, ["B", "1.2"], tokens=[3, 7])

    assert [line.is_right for line in scores.lines] == [True, False] and [line.answer.text for line in scores.lines] == ["B", "1.3"]
    assert counted.unit == "tokens" and counted.portions[0].length[0] == 5
    with pytest.raises(ValueError, match="there are 1 replies and 2 questions"):
        score(table.questions, ["B"])


def test_mathvista_is_split_by_its_category():
    scores = score(found(one(MATHVISTA)).files[0].questions, ["1.2", "half", "4", "[2007, 2008]"])

    assert {cell.name: cell.correct and cell.correct[0] for cell in own_table(scores, "mathvista")} == {
        "all": 0.75, "General": 0.5, "Math": 1.0}
    assert [cell.name for cell in own_table(scores, "dynamath")] == ["all"]


def test_mathverses_overall_is_the_mean_of_its_versions_however_many_questions_each_has():
    asked = found(one(MATHVERSE)).files[0].questions
    kept = [question for question in asked if question.subset != "V-O" or question.family == "0"]  # one there, four of others

    scores = score(kept, ["B" if question.subset in ("T-D", "V-O") else "C" for question in kept])
    cells = {cell.name: cell.correct for cell in own_table(scores, "mathverse")}

    assert list(cells) == ["all", *VERSIONS] and cells["all"][0] == pytest.approx(2 / 5)
    assert cells["T-D"][0] == 1 and cells["T-L"][0] == 0 and scores.portions[0].correct[0] == pytest.approx(5 / 17)
    assert cells["all"][1] <= 0.4 <= cells["all"][2]
    assert own_table(score(kept[:4], ["B"] * 4), "mathverse")[0].correct is None


def test_versions_of_one_problem_are_drawn_together():
    alone = [*questions(20), *questions(20)]
    twice = [*questions(20), *questions(20)]
    twice = [Question(str(place), "?", (), "5", "number", "joint", family=str(place % 20)) for place in range(len(twice))]
    replies = ["5" if place % 20 < 10 else "4" for place in range(40)]

    single, paired = score(alone, replies).portions[0].correct, score(twice, replies).portions[0].correct

    assert single[0] == paired[0] == 0.5
    assert paired[2] - paired[1] > 1.2 * (single[2] - single[1])  # twenty independent ones, not forty: wider by the root of two


def test_two_models_are_compared_on_the_same_questions():
    asked = [*questions(60, "perception"), *questions(40, "reasoning")]
    first = score(asked, ["5"] * 60 + ["4"] * 40)
    second = score(asked, ["5"] * 60 + ["well it is 5 then"] * 30 + ["so it is 4 now"] * 10)

    everything, perception, reasoning = compared(first, second)

    assert everything.correct[0] == pytest.approx(0.3) and everything.correct[1] > 0 and everything.is_beyond_noise
    assert perception.correct == (0, 0, 0) and not perception.is_beyond_noise and perception.length == 0
    assert reasoning.length == pytest.approx(4.0) and reasoning.noise == noise_of_change(40)
    with pytest.raises(ValueError, match="asked other questions"):
        compared(first, score(asked[:-1], ["5"] * 99))


def test_a_change_counts_only_questions_that_both_answered():
    asked = questions(3)

    change = compared(score(asked, ["5", None, "4"]), score(asked, ["5", "5", "5"]))[0]

    assert change.count == 2 and change.correct[0] == 0.5
    assert compared(score(asked, [""] * 3), score(asked, ["5"] * 3))[0].length is None


def test_equal_replies_give_equal_intervals():
    asked = [Question(str(place), "?", (), "5", "number", "joint", family=str(place % 7)) for place in range(50)]
    replies = ["5" if draw else "4" for draw in np.random.default_rng(0).integers(0, 2, 50)]

    assert score(asked, replies) == score(asked, replies)
