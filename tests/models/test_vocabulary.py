"""Which detectors know a list of words, and what is answered to a word that is none of them."""

import pytest

from models import vocabulary
from models.catalogue import find


@pytest.mark.parametrize("rung", vocabulary.CLOSED)
def test_a_closed_list_belongs_to_a_detector_of_the_ladder_and_refuses_a_strange_word(rung):
    assert find(rung).role == "detector"
    assert vocabulary.refusal(rung, "xyzzy")


def test_a_word_that_is_known_or_a_detector_that_takes_any_is_not_refused():
    assert vocabulary.refusal("canvas-detector", "red star") == vocabulary.refusal("efficientnet-lite0", "dog") == ""
    assert vocabulary.refusal("owlvit-base-patch32", "xyzzy") == ""
