"""Which groups are learned from: the choice, its limits, what it says where nothing is left."""

from itertools import permutations

import numpy as np
import pytest
import torch

from backends.ragen.filters import chosen, select, spread
from models.training.advantages import group_spreads, most_divided

SPREADS = (3.0, 1.0, 8.0, 2.0, 5.0, 0.0, 7.0, 4.0)
SCORES = np.concatenate([np.arange(4) * size for size in SPREADS])
GROUPS = np.repeat(np.arange(8), 4)


def draws(seed=0, groups=8, episodes=4):
    scores = np.random.default_rng(seed).normal(size=groups * episodes)
    return scores, np.random.default_rng(seed + 1).permutation(np.repeat(np.arange(groups), episodes))


def test_a_quarter_of_eight_groups_is_the_two_that_differ_most():
    assert select(SCORES, GROUPS).kept == (2, 6)
    assert select(SCORES, GROUPS, kind="std_rev").kept == (1, 5)


def test_a_ratio_of_one_keeps_every_group_and_every_episode():
    for kind in ("std", "std_rev", "random"):
        selection = select(SCORES, GROUPS, kind=kind, ratio=1.0, rng=np.random.default_rng(0))

        assert selection.kept == tuple(range(8)) and selection.takes(GROUPS).all()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("least", [False, True], ids=["most", "least"])
def test_the_choice_is_that_of_the_training_on_tensors(seed, least):
    scores, groups = draws(seed)

    taken = select(scores, groups, kind="std_rev" if least else "std", ratio=0.4).takes(groups)

    assert taken.tolist() == most_divided(torch.tensor(scores), torch.tensor(groups), ratio=0.4, least=least).tolist()


def test_spreads_are_unbiased_and_those_of_the_training_on_tensors():
    scores, groups = draws()

    told = [one.std for one in select(scores, groups).groups]

    np.testing.assert_allclose(told, group_spreads(torch.tensor(scores), torch.tensor(groups))[1].numpy(), rtol=1e-12)


def test_one_group_is_kept_where_the_share_is_less_than_one():
    assert select(SCORES[:12], GROUPS[:12]).kept == (2,)


def test_what_left_out_groups_scored_changes_nothing_about_the_kept():
    others = SCORES.copy()
    others[GROUPS == 1] += 100

    assert select(others, GROUPS).groups[2] == select(SCORES, GROUPS).groups[2] and select(others, GROUPS).kept == (2, 6)


def test_groups_of_the_same_scores_in_any_order_are_equal_and_the_first_is_kept():
    orders = [np.array(order) for order in permutations((0.1, 0.7, 0.2, 0.15))]

    selection = select(np.concatenate(orders), np.repeat(np.arange(24), 4), ratio=0.05)

    assert len({one.std for one in selection.groups}) == 1 and selection.kept == (0,)


def test_equal_scores_have_no_spread_whatever_rounding_does_to_their_mean():
    for value, count in ((0.1, 3), (0.7, 3), (0.1, 6), (-0.1, 6), (0.3, 6)):  # some of these means are off
        assert spread(np.full((3, count), value)).tolist() == [0, 0, 0]


def test_top_p_keeps_groups_until_they_hold_the_share_of_all_spread():
    stds = np.array([0.1, 0.4, 0.0, 0.3, 0.2])

    assert chosen(stds, kind="top_p", top_p=0.6).tolist() == [False, True, False, True, False]  # 0.4 is below 0.59, 0.7 is not
    assert chosen(stds, kind="top_p", top_p=0.41).tolist() == [False, True, False, False, False]  # 0.41 less the 0.01 to spare
    assert chosen(stds, kind="top_p", top_p=0.43).tolist() == [False, True, False, True, False]
    assert chosen(stds, kind="top_p", top_p=1.0).tolist() == [True, True, False, True, True]


def test_top_p_takes_nothing_where_all_spreads_together_are_hardly_any():
    assert not chosen(np.array([0.005, 0.006]), kind="top_p", top_p=0.9).any()
    selection = select([0, 0.005, 0, 0.006], [0, 0, 1, 1], kind="top_p")

    assert selection.kept == () and "differ too little" in selection.why_none


def test_a_random_choice_is_as_large_and_the_same_from_equal_seeds():
    def once(seed):
        return select(SCORES, GROUPS, kind="random", rng=np.random.default_rng(seed)).kept

    assert {len(once(seed)) for seed in range(30)} == {2} and once(3) == once(3)
    assert {group for seed in range(60) for group in once(seed)} == set(range(8))


@pytest.mark.parametrize(("kind", "flat"), [("top_p", "keep"), ("std", "skip"), ("std", "drop"), ("std_rev", "drop")])
def test_where_every_start_gives_the_same_nothing_is_kept_and_it_says_what_to_do(kind, flat):
    selection = select(np.full(8, -0.1), np.repeat([0, 1], 4), kind=kind, flat=flat)

    assert selection.kept == () and not selection.takes(GROUPS).any()
    assert selection.why_none == "Every start gives the same reward: make the task easier or harder."


def test_groups_without_a_spread_are_kept_unless_that_is_switched_off():
    scores, groups = np.array([1.0, 1, 0, 1, 2, 2]), np.repeat([0, 1, 2], 2)

    assert select(scores, groups, ratio=1.0).kept == select(scores, groups, ratio=1.0, flat="skip").kept == (0, 1, 2)
    assert select(scores, groups, ratio=1.0, flat="drop").kept == (1,)
    assert select(scores, groups, ratio=1.0).why_none == ""


def test_an_empty_answer_makes_neither_mean_nor_spread_and_its_group_is_still_listed():
    answered = np.array([True, True, False, True])

    with_empty = select([1.0, 3.0, float("nan"), 5.0], [7, 7, 7, 7], answered=answered).groups[0]
    without = select([1.0, 3.0, 5.0], [7, 7, 7]).groups[0]

    assert (with_empty.std, with_empty.mean) == (without.std, without.mean) == (2.0, 3.0)
    assert (with_empty.episodes, with_empty.counted) == (4, 3)


def test_a_group_with_one_answer_has_no_spread_and_one_without_any_has_no_mean():
    alone, empty = select([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], answered=[True, False, False, False], flat="drop").groups

    assert (alone.std, alone.mean, empty.std, empty.mean) == (None, 1.0, None, None) and not alone.is_flat
    assert "two answers" in select([1.0, 2.0], [0, 1], flat="drop").why_none


def test_without_episodes_there_is_nothing_to_keep():
    assert select([], []).groups == () and select([], []).why_none == "There are no episodes."


@pytest.mark.parametrize("told", [{"ratio": 0.0}, {"ratio": 1.01}, {"top_p": 0.0, "kind": "top_p"}, {"kind": "random"}],
                         ids=["none", "more than all", "no sum", "no generator"])
def test_a_choice_that_is_none_is_refused(told):
    with pytest.raises(ValueError, match=r"must be above 0|needs a generator"):
        select(SCORES, GROUPS, **told)


def test_a_score_that_is_no_number_is_refused_unless_it_was_no_answer():
    with pytest.raises(ValueError, match="no finite number"):
        select([1.0, float("nan")], [0, 0])
    with pytest.raises(ValueError, match="2 scores, 1 groups"):
        select([1.0, 2.0], [0])
