"""Replies scored: TinyBench's counts and baselines, what the official accuracy hides, maps, and models that did not answer."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from backends.files.archive import single
from backends.mindcube.baselines import baseline, letter_chance, text_chance
from backends.mindcube.formats import found
from backends.mindcube.formats.evaluation import read_evaluation, to_json
from backends.mindcube.grounding import grounded
from backends.mindcube.ids import counts, parse_id, setting_of
from backends.mindcube.items import Answered, with_rotated_options
from backends.mindcube.maps import mirrored, rotated, without
from backends.mindcube.maps import to_json as written
from backends.mindcube.scoring import score
from tests.backends.mindcube import made_tinybench as made
from tests.backends.mindcube.made_tinybench import right, with_map

ROWS = made.tinybench()
ITEMS = made.items(ROWS)
FEW = ROWS[::25]
REAL = "ORRERY_TINYBENCH"


def wrong(item):
    return next(option.letter for option in item.options if option.letter != item.answer)


def blind(item):
    """What the rule that reads the text alone answers, its first choice."""
    texts = {option.plain: option.letter for option in item.options}
    return f"<answer>{texts.get('yes') or next((letter for text, letter in texts.items() if 'diagonally' in text), 'A')}</answer>"


TINYBENCHES = (pytest.param(None, id="generated"), pytest.param(os.environ.get(REAL), id="real", marks=pytest.mark.skipif(
    not os.environ.get(REAL), reason=f"{REAL} names no file of TinyBench")))


@pytest.mark.parametrize("path", TINYBENCHES)
def test_tinybench_has_its_counts_its_letters_and_its_baselines(path):
    items = found(single("tinybench.jsonl", Path(path).read_bytes() if path else made.lines(ROWS))).files[0].items

    assert {setting: sum(item.setting == setting for item in items) for setting in ("among", "around", "rotation")} == {
        "among": 600, "around": 250, "rotation": 200}
    assert [sum(item.answer == letter for item in items) for letter in "ABCD"] == [342, 361, 210, 137]
    both = baseline(items)
    assert (100 * both.text, 100 * both.letter, both.count) == (pytest.approx(51.1, abs=0.1), pytest.approx(33.0, abs=0.1), 1050)
    per = {setting: 100 * baseline([item for item in items if item.setting == setting]).text
           for setting in ("among", "around", "rotation")}
    assert per == pytest.approx({"among": 51.8, "around": 63.6, "rotation": 33.3}, abs=0.06)


def test_templates_are_counted_by_the_grammar_of_ids():
    found_counts = counts(row["id"] for row in ROWS)

    for setting, expected in (("among", {**made.AMONG, **made.GEN}), ("around", made.AROUND)):
        assert {key.partition(" ")[2]: value for key, value in found_counts.items() if key.startswith(setting)} == expected
    assert found_counts["rotation"] == 200


@pytest.mark.parametrize("name, told", [
    ("among_group693_q1_5_2", ("among", "group693", "among 5_2", 2, 2)),
    ("among_78d7c0_gen_6_1", ("among", "78d7c0", "among gen_6_1", None, 1)),
    ("aroundnew_12_a_q2_7", ("around", "12_a", "around q2_7", None, 7)),
    ("rotation_group002_q1_5", ("rotation", "group002", "rotation", 1, 5)),
    ("translation_x_q1", ("translation", "", "", None, None)), ("cat", ("other", "", "", None, None)),
    ("", ("other", "", "", None, None))])
def test_ids_are_read(name, told):
    own = parse_id(name)

    assert (own.setting, own.group, own.template, own.image, own.number) == told and own.setting == setting_of(name)
    assert own.is_own == name.startswith("aroundnew")


def test_the_rule_that_reads_the_text_is_scored_exactly():
    by_template = {item.template: item for item in ITEMS if item.right.plain != "no"}

    assert [text_chance(by_template[name]) for name in ("among 1_1", "among 2_2", "among 2_1", "rotation")] == [0.5, 1, 0.25, 1 / 3]
    assert letter_chance(by_template["among 2_2"]) == 0.5
    assert [text_chance(item) for item in ITEMS if item.right.plain == "no"] == [0.0]


def test_translation_counts_in_no_baseline():
    moved = [replace(item, place=parse_id("translation_1")) for item in ITEMS[:100]]

    assert baseline([*ITEMS, *moved]) == baseline(ITEMS) and baseline(moved).count == 100 and baseline([]).text is None


def test_right_replies_score_one_and_wrong_ones_nothing():
    assert score(made.answered(FEW, right)).overall.official[0] == 1
    assert score(made.answered(FEW, lambda item: f"<answer>{wrong(item)}</answer>")).overall.correct == 0


def test_the_official_accuracy_counts_replies_that_never_answered_and_the_tagged_one_does_not():
    cut = made.answered(ROWS, lambda item: f"<think>The options are {' '.join(f'{one.letter}. {one.text}' for one in item.options)}")
    part = score(cut).overall

    share = sum(item.answer == item.options[-1].letter for item in ITEMS) / 1050  # the last option's letter
    assert part.official[0] == pytest.approx(share) and share > 0.3
    assert (part.tagged, part.num_tagged, part.untagged, part.cut) == (None, 0, 1.0, 1.0)


def test_the_three_numbers_are_told_for_each_setting_and_template():
    replies = made.answered(ROWS, lambda item: right(item) if item.setting == "among" else "A. " + item.options[0].text)
    report = score(replies)

    assert [(part.name, part.untagged) for part in report.settings] == [("among", 0), ("around", 1), ("rotation", 1)]
    assert report.settings[0].tagged[0] == 1 and report.settings[1].tagged is None
    assert sum(part.count for part in report.templates) == 1050
    assert {part.name for part in report.templates} >= {"among 2_1", "around q1_4"}
    assert report.overall.official[1] < report.overall.official[0] < report.overall.official[2]


def test_translation_never_enters_the_overall_score():
    replies = made.answered(FEW, right)
    moved = [replace(one, item=replace(one.item, id="translation_1", place=parse_id("translation_1")), reply="<answer>E</answer>")
             for one in replies[:10]]
    report = score([*replies, *moved])

    assert (report.overall.official[0], report.overall.count, report.unfiltered) == (1, len(replies), len(replies) + 10)
    assert [part.count for part in report.settings if part.name == "translation"] == [10]


def test_balanced_accuracy_is_half_where_everything_is_yes():
    yes_no = [row for row in ROWS if row["id"].split("_", 2)[2].startswith(("q2_", "q1_2_2", "q0_2_2")) and "Yes" in row["question"]]
    part = score(made.answered(yes_no, blind)).overall

    assert part.official[0] > 0.9 and part.balanced[0] == pytest.approx(0.5)


def test_the_blind_rule_beats_chance_officially_and_not_when_kinds_are_balanced():
    part = score(made.answered(ROWS, blind)).overall

    assert part.official[0] == pytest.approx(part.chance.text, abs=0.03) and part.balanced[0] < part.official[0]


@pytest.mark.parametrize("reply, count, said", [
    ("I cannot see", 42, "42 of 42 replies hold no letter"),
    ("<answer>A</answer>", 42, "42 of 42 replies are the same, '<answer>A</answer>'"),
    ("<answer>A</answer>", 4, ""), ("", 3, "3 of 3 replies hold no letter")])
def test_a_model_that_did_not_answer_is_said_to_have_not(reply, count, said):
    silent = score(made.answered(FEW[:count] * (count // len(FEW) or 1), lambda item: reply)).silent

    assert said in silent and (not said or silent.startswith("The model did not answer: "))


def test_nine_of_ten_without_a_letter_is_still_an_answer_and_one_more_is_not():
    for mute, is_silent in ((9, False), (10, True)):
        replies = [Answered(item, "" if place < mute else right(item)) for place, item in enumerate(ITEMS[:10])]

        assert bool(score(replies).silent) == is_silent


def test_no_replies_at_all_are_a_report_too():
    report = score([])

    assert (report.overall.count, report.silent, report.maps) == (0, "The model did not answer: there are no replies.", None)


@pytest.mark.parametrize("by", [1, 2, 3])
def test_options_in_another_order_keep_the_right_answer(by):
    for item in ITEMS[::25]:
        turned = with_rotated_options(item, by)

        assert turned.right.text == item.right.text and {one.text for one in turned.options} == {one.text for one in item.options}
        assert with_rotated_options(turned, -by).question == item.question


@pytest.mark.parametrize("reply, letter, answer", [(lambda item: "<answer>A</answer>", 1, 0), (right, 0, 1)],
                         ids=["likes A", "knows"])
def test_answers_that_follow_the_letter_are_told_from_those_that_follow_the_option(reply, letter, answer):
    pairs = [Answered(one, reply(one)) for item in ITEMS[::25] for one in (item, with_rotated_options(item, 1))]
    found_pairs = score(pairs).following

    assert (found_pairs.pairs, found_pairs.letter[0], found_pairs.answer[0]) == (42, letter, answer)


def test_one_question_asked_twice_in_the_same_order_tells_nothing():
    assert score([Answered(ITEMS[0], right(ITEMS[0]))] * 2).following is None


def test_true_maps_score_one_and_what_is_wrong_with_others_is_counted():
    asked = [item for item in ITEMS if item.template == "among 2_1"][:60]  # five objects and four views each
    kinds = [lambda true: true, lambda true: true.plain, lambda true: without(true, true.objects[-1].name), mirrored]
    replies = [Answered(item, with_map(item, kinds[place % 6](grounded(item)))) if place % 6 < 4 else
               Answered(item, ('<cogmap>{"a": 3}</cogmap>' if place % 6 == 4 else "") + right(item)) for place,
               item in enumerate(asked)]
    report = score(replies)
    maps, block = report.maps, json.loads(to_json(report))["results"]["cogmap_similarity"]

    assert (maps.count, maps.parsable, maps.valid, maps.isomorphic, maps.exactly_isomorphic) == (60, 50, 40, 20, 20)
    assert (block["parsable_json_accuracy"], block["valid_accuracy"], block["isomorphic_accuracy"]) == (0.8333, 0.6667, 0.3333)
    assert maps.coverage == pytest.approx((1 + 1 + 8 / 9 + 1) / 4)
    assert maps.official[1][0] == pytest.approx((1 + 1 + 1 + 44 / 72) / 4)  # S_dir of the mirror image: 44 of 72 pairs


def test_a_turned_map_is_known_again_by_the_exact_metric():
    report = score(made.answered(FEW[:20], lambda item: with_map(item, rotated(grounded(item), 1))))

    assert report.maps.exactly_isomorphic == 20 and report.maps.exact[0] == pytest.approx((1, 1, 1)) and report.maps.isomorphic < 20


def test_the_true_map_is_never_taken_for_the_models():
    rows = [{**row, "grounded_cogmap": written(grounded(item)), "cogmap_gen_answer": right(item)} for row,
            item in zip(ROWS[:5], ITEMS)]
    file = found(single("x_aug_cgmap_out_m_responses.jsonl", made.lines(rows))).files[0]
    maps = score(file.replies).maps

    assert (maps.count, maps.parsable, maps.valid, maps.isomorphic, maps.official) == (5, 0, 0, 0, None)


def test_a_map_that_is_kept_beside_the_reply_is_the_models():
    rows = [{**row, "answer": right(item), "cognitive_map": json.loads(written(grounded(item)))} for row,
            item in zip(ROWS[:3], ITEMS)]
    file = found(single("x_aug_cgmap_out_m_responses.jsonl", made.lines(rows))).files[0]

    assert score(file.replies).maps.isomorphic == 3


def test_without_a_true_map_a_map_counts_as_parsable_alone():
    maps = score([Answered(replace(item, facts=None), with_map(item)) for item in ITEMS[:4]]).maps

    assert (maps.parsable, maps.valid, maps.num_without_truth) == (4, 0, 4)


def test_raw_questions_have_no_maps_even_where_a_reply_holds_braces():
    assert score(made.answered(FEW, lambda item: right(item) + "{}")).maps is None
    assert score(made.answered(FEW, with_map), task="raw_qa").maps is None
    assert score(made.answered(FEW, right), task="aug_cgmap_out").maps.valid == 0


def test_an_evaluation_is_written_as_the_evaluator_writes_it_and_read_again():
    report = score(made.answered(ROWS[::10], with_map))
    row = json.loads(to_json(report))
    read = read_evaluation(row, "ours.json")

    assert set(row["results"]) == {"total", "unfiltered_total", "gen_cogmap_correct", "gen_cogmap_accuracy", "settings",
                                   "cogmap_similarity"}
    assert (read.total, read.correct, read.accuracy, read.maps.valid, read.maps.isomorphic) == (105, 105, 1, 105, 105)
    assert [one.counts for one in read.settings] == [True, True, True, False, True] and read.maps.turns == {"identity": 105}
    assert (read.maps.overall, read.maps.direction, read.maps.facing) == (1, 1, 1)
    assert "cogmap_similarity" not in json.loads(to_json(score(made.answered(FEW, right))))["results"]
