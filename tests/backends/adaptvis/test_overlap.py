"""Tokens on boxes, and the AUROC of a map."""

import numpy as np
import pytest

from backends.adaptvis.overlap import auroc, on_boxes

TOKENS = np.array([[x, y, x + 0.5, y + 0.5] for y in (0, 0.5) for x in (0, 0.5)])


@pytest.mark.parametrize(("width", "is_on"), [(0.125, True), (0.124, False)], ids=["a quarter", "just less"])
def test_a_token_is_on_a_box_from_a_quarter_of_it(width, is_on):
    assert on_boxes(TOKENS, np.array([[0, 0, width, 0.5]])).tolist() == [is_on, False, False, False]


def test_auroc_is_the_share_of_pairs_that_are_in_order_and_ties_count_half():
    maps = np.array([[4, 3, 2, 1], [1, 2, 3, 4], [1, 1, 1, 1], [2, 3, 2, 1]], float)

    assert auroc(maps, TOKENS, [(0, 0, 0.5, 0.5)]) == pytest.approx([1, 0, 0.5, 0.5])


def test_tokens_without_a_place_do_not_count():
    tokens = np.concatenate([TOKENS, np.full((1, 4), np.nan)])

    assert auroc(np.array([[4, 3, 2, 1, 99]], float), tokens, [(0, 0, 0.5, 0.5)]) == pytest.approx([1])


@pytest.mark.parametrize("boxes", [[], [(0, 0, 1, 1)], [(0, 0, 0.01, 0.01)]], ids=["no box", "everything", "nothing"])
def test_where_nothing_can_be_told_apart_there_is_no_auroc(boxes):
    assert auroc(np.ones((1, 4)), TOKENS, boxes) is None
