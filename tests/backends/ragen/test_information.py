"""What thoughts tell of their prompts: bounds, identities, regimes."""

import numpy as np
import pytest

from backends.ragen.information import Information, Lines, information, lines_from, regime, tells


def scored(own, other, count=4):
    """Thoughts that are so likely after their own prompt, and so after each other one."""
    return np.where(np.eye(count, dtype=bool), own, other).astype(float)


def test_thoughts_that_fit_every_prompt_alike_tell_nothing():
    found = information(scored(-0.7, -0.7))

    assert found.information == pytest.approx(0, abs=1e-12) and found.retrieval == found.chance == 0.25
    assert found.entropy == pytest.approx(0.7)


def test_thoughts_that_fit_their_own_prompt_only_tell_all_of_it():
    found = information(scored(-0.1, -200.0))

    assert found.information == pytest.approx(np.log(4)) == pytest.approx(found.most) and found.retrieval == 1


@pytest.mark.parametrize("seed", range(5))
def test_information_is_never_more_than_the_logarithm_of_the_prompts(seed):
    table = np.random.default_rng(seed).normal(-3, 5, (9, 9))

    assert information(table).information <= np.log(9) + 1e-12


def test_information_is_that_of_the_formula():
    table = np.array([[-1.0, -2.0], [-0.5, -0.4]])

    found = information(table)

    by_hand = [np.log(np.exp(row[place]) / np.exp(row).mean()) for place, row in enumerate(table)]
    assert found.information == pytest.approx(np.mean(by_hand)) and found.entropy == pytest.approx(0.7) and found.retrieval == 1


def test_prompts_that_are_the_same_count_as_one():
    small = np.array([[-1.0, -3.0], [-2.5, -0.5]])
    twice = small[np.ix_([0, 1, 0], [0, 1, 0])]

    found = information(twice, ["a", "b", "a"])
    alone = information(small, ["a", "b"])

    assert (found.prompts, found.chance, found.retrieval, found.thoughts) == (2, 0.5, 1.0, 3)
    own = [np.log(np.exp(row[place]) / np.exp(row).mean()) for place, row in enumerate(small)]
    assert alone.information == pytest.approx(np.mean(own)) and found.information == pytest.approx((2 * own[0] + own[1]) / 3)


def test_one_prompt_tells_nothing_and_neither_does_no_thought():
    assert information(scored(-1, -1, 3), ["a", "a", "a"]) is None
    assert information(np.full((2, 2), np.nan)) is None and information(np.zeros((0, 0))) is None


def test_a_thought_without_scores_is_left_out_and_counted():
    table = scored(-0.5, -4.0, 3)
    table[1, 2] = -np.inf

    found = information(table)

    assert (found.left_out, found.thoughts, found.prompts) == (1, 2, 3) and np.isfinite(found.information)


@pytest.mark.parametrize(("table", "prompts"), [(np.zeros((2, 3)), None), (np.zeros((2, 2)), ["a"])], ids=["oblong", "too few"])
def test_scores_that_are_not_of_every_pair_are_refused(table, prompts):
    with pytest.raises(ValueError, match="needs one under its own"):
        information(table, prompts)


@pytest.mark.parametrize(("own", "other", "named"), [
    (-2.0, -6.0, "diverse"), (-2.0, -2.0, "template"), (-0.1, -6.0, "compressed"), (-0.1, -0.1, "collapsed")])
def test_the_four_regimes_are_told_apart_from_where_a_run_began(own, other, named):
    lines = lines_from(information(scored(-2.0, -6.0)))

    assert regime(information(scored(own, other)), lines) == named


def test_a_value_on_the_line_is_high():
    found = information(scored(-2.0, -6.0))

    assert regime(found, Lines(found.entropy, found.information)) == "diverse"


@pytest.mark.parametrize("share, is_told", [(0.04, False), (0.05, True), (0.5, True)])
def test_a_run_that_begins_with_a_twentieth_of_what_could_be_told_has_something_to_lose(share, is_told):
    start = Information(entropy=1.0, information=share * 2.0, retrieval=0.5, chance=0.5, most=2.0, thoughts=4, prompts=2, left_out=0)

    assert tells(start) is is_told
