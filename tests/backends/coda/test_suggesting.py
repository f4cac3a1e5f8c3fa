"""The suggestion is made from the words alone: the relation, the qualifier, the ending in quotes."""

import pytest

from backends.coda.suggesting import suggested
from worlds.facts.popular_answers import questions


@pytest.mark.parametrize(("prompt", "word"), [
    ("The capital of Australia is", "capital"), ("The second wife of Henry VIII was", "second"),
    ("The capital of North Korea is", "North"),
    ('End it with the word " lamps " . Many hands make light', "lamps"), ("Who wrote the tin harbour", "Who"),
    ("The author of the oldest book of the town is", "oldest"), ("of the town", "town"),
])
def test_the_word_that_a_person_might_name_is_suggested(prompt, word):
    words = prompt.split()

    assert words[suggested(words)] == word


@pytest.mark.parametrize("words", [[], ["the"], ["?", "!"], ["of", "the"]])
def test_nothing_is_suggested_where_no_word_has_content(words):
    assert suggested(words) is None


def test_on_the_development_half_the_rule_names_the_ignored_word_of_most_questions():
    asked = [question for question in questions() if question.half == "development"]
    hits = 0
    for question in asked:
        words = question.prompt.replace('"', ' " ').replace(".", " . ").replace(",", " , ").split()
        hits += words[suggested(words)] in question.ignored.split()

    assert hits / len(asked) > 0.8
