"""When an answer is right."""

import pytest

from backends.coda.matching import contains, is_match, normalised


@pytest.mark.parametrize("text, plain", [
    ("The  U.S.  Army!", "us army"), ("a", "a"), ("?", "?"), ("Theatre an end", "theatre end"), ("«Zor»", "zor"), ("$5", "5"),
], ids=["articles", "only an article", "only punctuation", "articles inside words", "quotes", "signs"])
def test_case_punctuation_articles_and_spaces_do_not_count(text, plain):
    assert normalised(text) == plain


@pytest.mark.parametrize("said, is_right", [
    ("Lamps.", True), ("\nthe lamps\nQ: who", True), ("lamps and more", False), ("", False), ("lampshade", False),
], ids=["equal", "first line", "goes on", "empty", "longer word"])
def test_an_answer_matches_as_a_whole(said, is_right):
    assert is_match(said, ("lamps",)) == is_right


@pytest.mark.parametrize("said, is_right", [
    ("lamps and more", True), ("gold lamps", False), ("lampshade", False), ("", False),
], ids=["goes on", "later", "longer word", "empty"])
def test_a_continued_sentence_is_compared_by_its_first_words(said, is_right):
    assert is_match(said, (" lamps.",), is_continued=True) == is_right


def test_containing_is_of_whole_neighbouring_words():
    assert contains("They say: C. Dorn built it", ("c dorn",))
    assert not contains("C. Dornen built it", ("C. Dorn",))
    assert not contains("C. the great Dorn", ("C. Dorn",))
    assert not contains("anything", ())
