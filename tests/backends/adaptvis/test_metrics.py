"""Pairs, sets and VSR's scores by hand (acceptance 12), and how replies are read (13)."""

import numpy as np
import pytest

from backends.adaptvis.matching import official_hit, official_yes_no, read, strict_answer
from backends.adaptvis.metrics import grouped, individual, per_relation, yes_no

A = ["left", "right", "on", "under"]
B = ["left", "right", "front", "behind"]


@pytest.mark.parametrize("relations", [A, B], ids=["A", "B"])
def test_two_sets_with_one_error_are_87_5_75_and_50(relations):
    right = np.array([1, 1, 1, 1, 1, 1, 1, 0], bool)

    found = grouped(right, relations * 2, ["x"] * 4 + ["y"] * 4)

    assert individual(right) == 0.875
    assert (found.pair, found.complete, found.num_torn) == (0.75, 0.5, 0)
    assert (found.official_pair, found.official_set) == (0.75, 0.5)


def test_a_missing_picture_tears_its_set_and_one_pair():
    found = grouped(np.ones(7, bool), A + A[:3], ["x"] * 4 + ["y"] * 3)

    assert found.pair == 1.0 and found.complete == 1.0 and found.num_torn == 1
    assert found.official_pair == pytest.approx(3 / 3.5)
    assert found.official_set == pytest.approx(1 / 1.75)


def test_items_without_sets_have_no_pairs():
    assert grouped(np.ones(2, bool), ["above", "below"], ["1", "2"]).pair is None


def test_data_without_sets_have_none_whatever_their_relations_are_called():
    """On VSR two sentences about one picture, "on" and "under", are no pair."""
    found = grouped(np.ones(4, bool), ["on", "under", "left", "right"], ["1", "1", "1", "1"], has_sets=False)

    assert (found.pair, found.complete, found.official_pair, found.official_set) == (None, None, None, None)


def test_a_group_in_which_a_relation_comes_twice_is_no_set_and_overwrites_nothing():
    right = np.array([0, 1, 1, 1, 1, 1, 1, 1, 0], bool)

    found = grouped(right, ["left", "left", "right", "on", "under", *A], ["x"] * 5 + ["y"] * 4)

    assert (found.pair, found.complete, found.num_torn) == (0.5, 0.0, 1)
    assert grouped(right[:5], ["left", "left", "right", "on", "under"], ["x"] * 5).pair is None


def test_relations_are_counted_in_their_order():
    assert per_relation(np.array([1, 0, 1], bool), ["on", "left", "on"]) == (("on", 1.0, 2), ("left", 0.0, 1))


def test_the_official_f1_is_the_harmonic_mean_of_sensitivity_and_specificity():
    is_yes = np.array([1, 1, 1, 1, 0, 0], bool)
    says_yes = np.array([1, 1, 1, 0, 1, 0], bool)

    found = yes_no(is_yes, says_yes, ~says_yes)

    assert found.accuracy == pytest.approx(4 / 6)
    assert found.f1_official == pytest.approx(2 * 0.75 * 0.5 / 1.25)
    assert found.f1_yes == pytest.approx(6 / 8)
    assert found.f1_macro == pytest.approx((6 / 8 + 2 / 4) / 2)
    assert found.balanced_accuracy == pytest.approx(0.625)


def test_all_wrong_is_an_f1_of_zero_and_no_division():
    is_yes = np.array([1, 0], bool)

    assert yes_no(is_yes, ~is_yes, is_yes).f1_official == 0.0


@pytest.mark.parametrize(("text", "strict"), [
    ("Left", "left"), ("left.", "left"), ("On the left", "left"), ("on", "on"), ("On top of", "on"), ("underneath", ""), ("", ""),
    ("left or right", ""), ("The plate is on the floor, under the table", ""), ("a person", ""),
], ids=lambda value: value or "(empty)")
def test_a_strict_reading_finds_exactly_one_option_or_none(text, strict):
    assert strict_answer(A, text) == strict


@pytest.mark.parametrize(("right", "text", "hit"), [
    ("Left", "Left", True), ("Left", "left.", True), ("On", "On the left", True), ("On", "on", True), ("On", "On top of", True),
    ("Under", "underneath", True), ("Left", "", False), ("Left", "left or right", True), ("Right", "left or right", True),
    ("On", "a person", True), ("On", "in front", False),
])
def test_the_official_reading_is_a_substring_with_its_one_exception(right, text, hit):
    assert official_hit(right, text) is hit


def test_vsr_is_read_by_case():
    assert official_yes_no(True, "Yes") and not official_yes_no(True, "yes")
    assert official_yes_no(False, "None of it")


def test_an_ambiguous_reply_is_wrong_and_says_so():
    found = read("strict", A, np.full(4, 0.25), "left or right", "left")

    assert found.word == "" and found.is_right is False


def test_the_likeliest_option_is_read_from_probabilities():
    assert read("likeliest", A, np.array([0.1, 0.2, 0.6, 0.1]), "left", "on").is_right is True
    assert read("likeliest", A, np.zeros(4), "left", "left").is_right is False
    assert read("likeliest", A, np.array([0.1, 0.2, 0.6, 0.1]), "on", None).is_right is None
