"""The words of the image network: the checked list, and what is answered to a word that is not in it."""

import pytest

from models import kinds


def test_every_kind_can_be_asked_for_and_no_word_stands_twice():
    lines = [line for line in kinds.LIST.read_text(encoding="utf-8").splitlines() if ":" in line and not line.startswith("#")]
    written = [name.strip() for line in lines for name in line.rpartition(":")[0].split(",")]

    assert set().union(*kinds.words().values()) == set(range(kinds.NUM_KINDS))
    assert len(written) == len(set(written)) == len(kinds.words())
    assert all(name == " ".join(name.lower().split()) for name in written)


@pytest.mark.parametrize(("word", "some", "none"), [
    ("screen", {664, 782}, {556, 789, 904}),  # monitor, CRT; not fire screen, shoji, window screen
    ("car", {817, 436, 511}, {829, 475, 705, 565}),  # sports car, estate, convertible; not tram, car mirror, railroad and freight car
    ("dog", set(range(151, 269)), {934, 273}),  # every breed; not the hot dog, not the dingo
    ("cat", {281, 282, 283, 284, 285}, {286, 383}),  # not the cougar, not the Madagascar cat, a lemur
    ("aeroplane", {404, 895}, {726, 405}),  # airliner, warplane; not the carpenter's plane, not the airship
    ("bird", {7, 15, 146}, {21 + 500, 134 + 383}),  # not the construction crane
    ("orange", {950}, {948}),
], ids=lambda value: value if isinstance(value, str) else None)
def test_a_word_stands_for_its_kinds_and_not_for_what_is_spelt_alike(word, some, none):
    found = set(kinds.kinds_of(word))

    assert some <= found and not none & found


@pytest.mark.parametrize(("typed", "word"), [("Dogs", "dog"), ("a bicycle", "bicycle"), ("  The   Bus ", "bus"), ("buses", "bus"),
                                             ("butterflies", "butterfly"), ("torches", "torch"), ("knives", "knife")])
def test_plurals_articles_and_capitals_are_the_same_word(typed, word):
    assert kinds.kinds_of(typed) == kinds.kinds_of(word) is not None


@pytest.mark.parametrize("word", ["person", "face", "hand", "leaf", "tree", "stone", "house", "sky", "mouse", "crane", "kite",
                                  "cricket", "nail", "boxer", "plant", "flower", "", "zzzz"])
def test_a_word_that_no_kind_shows_is_refused_with_the_example_as_the_way_out(word):
    assert kinds.kinds_of(word) is None
    assert "search by example" in kinds.refusal(word)


@pytest.mark.parametrize(("typed", "offered"), [("red car", "car"), ("mouse", "computer mouse"), ("crane", "construction crane"),
                                                ("elefant", "elephant"), ("my dogs", "dog"), ("bycicle", "bicycle")])
def test_a_refusal_offers_the_nearest_words(typed, offered):
    assert repr(offered) in kinds.refusal(typed)


def test_a_refusal_of_a_long_text_is_short_and_one_sentence_on_it():
    assert len(kinds.refusal("x" * 5000)) < 300
    assert kinds.refusal("dog") == ""
