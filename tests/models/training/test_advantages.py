"""Estimators of advantages: the identities that each must keep, and the numbers that the papers give."""

import pytest
import torch
from torch.testing import assert_close

from models.training.advantages import bi_level_gae, gae, group_advantages, group_spreads, most_divided, padded, unpadded, whiten


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


REWARDS, VALUES = drawn(3, 7, seed=1), drawn(3, 7, seed=2)


def test_without_lambda_an_advantage_is_the_error_of_one_step():
    next_values = torch.cat([VALUES[:, 1:], torch.zeros(3, 1)], 1)

    assert_close(gae(REWARDS, VALUES, gamma=0.9, lam=0.0), REWARDS + 0.9 * next_values - VALUES)


def test_without_discounts_an_advantage_is_what_is_still_to_come_less_the_value():
    to_come = REWARDS.flip(1).cumsum(1).flip(1)

    assert_close(gae(REWARDS, VALUES, gamma=1.0, lam=1.0), to_come - VALUES)


def test_the_advantage_of_the_only_step_is_its_reward_less_its_value():
    assert torch.equal(gae(REWARDS[:, :1], VALUES[:, :1], gamma=0.7, lam=0.3), REWARDS[:, :1] - VALUES[:, :1])


def test_advantages_are_the_sum_of_errors_that_gae_is_defined_by():
    gamma, lam = 0.9, 0.8
    deltas = gae(REWARDS, VALUES, gamma=gamma, lam=0.0)
    by_definition = torch.stack([sum((gamma * lam) ** (k - t) * deltas[:, k] for k in range(t, 7)) for t in range(7)], 1)

    assert_close(gae(REWARDS, VALUES, gamma=gamma, lam=lam), by_definition)


@pytest.mark.parametrize("estimate", ["gae", "bi"])
def test_what_stands_between_the_steps_of_an_agent_changes_nothing(estimate):
    mask = torch.tensor([[1, 1, 0, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0, 1]]).bool()
    ends = torch.tensor([[0, 1, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0, 1]]).bool()
    rewards, values = REWARDS[:2], VALUES[:2]

    def of(rewards, values, ends, mask):
        if estimate == "gae":
            return gae(rewards, values, gamma=0.9, lam=0.8, mask=mask)
        return bi_level_gae(rewards, values, ends, turn_gamma=0.9, token_gamma=0.8, lam=0.7, turn_value="first", mask=mask)

    together = of(rewards, values, ends, mask)

    for row in range(2):
        own = mask[row]
        alone = of(rewards[row, own][None], values[row, own][None], ends[row, own][None], None)
        assert_close(together[row, own], alone[0])
        assert not together[row, ~own].any()


def test_ragged_rows_have_the_advantages_that_each_has_alone():
    rewards, values = [drawn(length, seed=length) for length in (4, 1, 6)], [drawn(length, seed=9 + length) for length in (4, 1, 6)]
    batch, mask = padded(rewards)

    together = unpadded(gae(batch, padded(values)[0], gamma=0.9, lam=0.8, mask=mask), mask)

    assert mask.sum(1).tolist() == [4, 1, 6]
    for row, reward, value in zip(together, rewards, values):
        assert_close(row, gae(reward[None], value[None], gamma=0.9, lam=0.8)[0])


def test_the_bi_level_numbers_of_ragen_come_out():
    rewards, ends = torch.zeros(1, 10, dtype=torch.float64), torch.zeros(1, 10, dtype=torch.bool)
    rewards[0, [4, 9]], ends[0, [4, 9]] = 1.0, True
    values = torch.arange(1, 11, dtype=torch.float64)[None] / 10

    advantages = bi_level_gae(rewards, values, ends, turn_gamma=0.95, token_gamma=1.0, lam=1.0, turn_value="last")

    assert_close(advantages[0], torch.tensor([1.85, 1.75, 1.65, 1.55, 1.45, 0.4, 0.3, 0.2, 0.1, 0.0], dtype=torch.float64))


@pytest.mark.parametrize("turn_gamma", [0.2, 1.0])
def test_with_one_turn_ragens_bi_level_is_plain_gae_whatever_its_discount(turn_gamma):
    rewards, ends = torch.zeros(3, 7, dtype=torch.float64), torch.zeros(3, 7, dtype=torch.bool)
    rewards[:, -1], ends[:, -1] = REWARDS[:, -1], True

    bi = bi_level_gae(rewards, VALUES, ends, turn_gamma=turn_gamma, token_gamma=0.9, lam=0.8, turn_value="last")

    assert_close(bi, gae(rewards, VALUES, gamma=0.9, lam=0.8))


def test_what_a_token_earns_inside_a_turn_counts_up_to_it_and_is_not_paid_between_turns():
    """By hand: the only turn, and the same turn behind another, whose end sees its end's reward alone."""
    rewards, nothing = torch.tensor([[-0.01, -0.02, 1.0]], dtype=torch.float64), torch.zeros(1, 3, dtype=torch.float64)
    ends = torch.tensor([[0, 0, 1]]).bool()

    one = bi_level_gae(rewards, nothing, ends, turn_gamma=0.95, token_gamma=1.0, lam=1.0, turn_value="last")
    two = bi_level_gae(torch.cat([rewards, rewards], 1), torch.cat([nothing, nothing], 1), torch.cat([ends, ends], 1), turn_gamma=0.5,
                       token_gamma=1.0, lam=1.0, turn_value="last")

    assert_close(one[0], torch.tensor([0.97, 0.98, 1.0], dtype=torch.float64))
    assert_close(one, gae(rewards, nothing, gamma=1.0, lam=1.0))
    assert_close(two[0], torch.tensor([1.47, 1.48, 1.5, 0.97, 0.98, 1.0], dtype=torch.float64))


def test_without_discounts_and_one_reward_at_the_end_advantage_and_value_are_the_return():
    rewards, ends = torch.zeros(3, 7, dtype=torch.float64), torch.zeros(3, 7, dtype=torch.bool)
    rewards[:, -1], ends[:, [2, 4, 6]] = REWARDS[:, -1], True

    plain = gae(rewards, VALUES, gamma=1.0, lam=1.0)
    bi = bi_level_gae(rewards, VALUES, ends, turn_gamma=1.0, token_gamma=1.0, lam=1.0, turn_value="last")

    assert_close(plain + VALUES, REWARDS[:, -1:].expand(3, 7))
    assert_close(bi + VALUES, REWARDS[:, -1:].expand(3, 7))


@pytest.mark.parametrize("turn_value", ["first", "last"])
def test_the_last_token_of_a_turn_has_the_turns_own_advantage(turn_value):
    ends = torch.tensor([[0, 0, 1, 1, 0, 0, 1]]).bool()
    firsts, lasts = [0, 3, 4], [2, 3, 6]
    rewards = torch.where(ends, REWARDS[:1], 0)

    bi = bi_level_gae(rewards, VALUES[:1], ends, turn_gamma=0.9, token_gamma=0.7, lam=0.8, turn_value=turn_value)

    read = firsts if turn_value == "first" else lasts
    assert_close(bi[0, lasts], gae(rewards[:, lasts], VALUES[:1, read], gamma=0.9, lam=0.8)[0])
    inside = 0.7 * VALUES[0, 5] - VALUES[0, 4] + 0.7 * 0.8 * bi[0, 5]
    assert_close(bi[0, 4], inside)


def test_where_every_turn_is_one_token_all_estimators_agree():
    ends = torch.ones(3, 7, dtype=torch.bool)
    plain = gae(REWARDS, VALUES, gamma=0.9, lam=0.8)

    for turn_value in ("first", "last"):
        bi = bi_level_gae(REWARDS, VALUES, ends, turn_gamma=0.9, token_gamma=0.9, lam=0.8, turn_value=turn_value)
        assert_close(bi, plain, atol=1e-6, rtol=0)


def test_a_turn_without_reward_is_a_turn_all_the_same():
    ends = torch.tensor([[0, 1, 0, 1]]).bool()
    nothing, values = torch.zeros(1, 4, dtype=torch.float64), VALUES[:1, :4]

    bi = bi_level_gae(nothing, values, ends, turn_gamma=0.9, token_gamma=1.0, lam=1.0, turn_value="last")

    assert_close(bi[0, 3], -values[0, 3])
    assert_close(bi[0, 1], 0.9 * values[0, 3] - values[0, 1] + 0.9 * bi[0, 3])


@pytest.mark.parametrize(("ends", "mask", "says"), [
    ([[0, 1, 0]], [[1, 1, 1]], "behind its last turn end"),
    ([[0, 1, 1]], [[1, 0, 1]], "must be a token"),
])
def test_turn_ends_that_do_not_fit_the_tokens_are_refused(ends, mask, says):
    three = torch.zeros(1, 3)

    with pytest.raises(ValueError, match=says):
        bi_level_gae(three, three, torch.tensor(ends).bool(), turn_gamma=1, token_gamma=1, lam=1, turn_value="first",
                     mask=torch.tensor(mask).bool())


def test_whitened_advantages_have_mean_0_and_variance_1_over_the_tokens_that_count():
    values, mask = 5 + 3 * drawn(4, 9), drawn(4, 9, seed=5) > 0

    white = whiten(values, mask)

    assert white[mask].mean().abs() < 1e-9
    assert white[mask].var() == pytest.approx(1, abs=1e-3)
    assert not white[~mask].any()
    assert_close(white[mask], (values[mask] - values[mask].mean()) / values[mask].std())  # order and distances stay


def test_a_long_reply_weighs_more_in_the_mean_that_whitening_takes_away():
    values, mask = torch.tensor([[1.0, 1.0, 1.0], [-1.0, 0.0, 0.0]]), torch.tensor([[1, 1, 1], [1, 0, 0]]).bool()

    white = whiten(values, mask)

    assert_close(white[0, 0] / white[1, 0], torch.tensor(-1 / 3))  # about a mean of 0.5, not of 0


def test_equal_advantages_become_0():
    assert not whiten(torch.full((2, 3), 0.1, dtype=torch.float64), torch.ones(2, 3, dtype=torch.bool)).any()
    assert whiten(torch.tensor([4.0]), torch.tensor([True])).tolist() == [0.0]


SCORES = torch.tensor([1.5, -0.5, 0.5, 0.5, 2.0, 2.0, 2.0, -1.0, 0.1, 0.1, 0.1, 0.1], dtype=torch.float64)
GROUPS = torch.tensor([0] * 4 + [7] * 4 + [3] * 4)


def test_group_advantages_add_to_0_and_know_neither_scale_nor_offset():
    advantages = group_advantages(SCORES, GROUPS)

    assert all(abs(advantages[group == GROUPS].sum()) < 1e-5 for group in (0, 3, 7))
    assert advantages[GROUPS == 7].std() == pytest.approx(1, abs=1e-5)
    assert_close(group_advantages(2.5 * SCORES - 4, GROUPS), advantages, atol=1e-4, rtol=0)


def test_a_group_of_equal_scores_has_advantages_of_exactly_0():
    three = torch.full((3,), 0.1, dtype=torch.float64)  # whose mean is not 0.1, by a rounding
    assert three.mean() != 0.1

    for over_std in (True, False):
        assert not group_advantages(SCORES, GROUPS, over_std=over_std)[GROUPS == 3].any()
        assert not group_advantages(three, torch.zeros(3).long(), over_std=over_std).any()
        assert not group_advantages(three[:1], torch.zeros(1).long(), over_std=over_std).any()


@pytest.mark.parametrize("gap", [0.01, 3.0])
def test_of_two_episodes_one_is_better_by_the_same_whatever_the_gap(gap):
    pair = group_advantages(torch.tensor([0.0, gap], dtype=torch.float64), torch.tensor([0, 0]), epsilon=1e-9)

    assert_close(pair, torch.tensor([-0.5**0.5, 0.5**0.5], dtype=torch.float64), atol=1e-5, rtol=0)


def test_without_the_spread_an_advantage_is_the_score_less_the_groups_mean():
    means = torch.stack([SCORES[group == GROUPS].mean() for group in GROUPS])

    assert_close(group_advantages(SCORES, GROUPS, over_std=False), SCORES - means)
    assert_close(group_advantages(SCORES + 3, GROUPS, over_std=False), group_advantages(SCORES, GROUPS, over_std=False))


def test_an_episode_that_does_not_count_moves_nobody_and_stays_at_0():
    counted = torch.ones(12, dtype=torch.bool)
    counted[7] = False

    advantages = group_advantages(SCORES, GROUPS, counted=counted)

    assert not advantages[GROUPS == 7].any()  # without the -1 all others are equal
    assert torch.equal(advantages[GROUPS == 0], group_advantages(SCORES, GROUPS)[GROUPS == 0])


def test_the_groups_whose_scores_differ_most_are_kept():
    scores = torch.stack([torch.arange(4) * float(spread) for spread in (3, 1, 8, 2, 5, 0, 7, 4)]).flatten()
    groups = torch.arange(8).repeat_interleave(4)

    assert groups[most_divided(scores, groups, ratio=0.25)].unique().tolist() == [2, 6]
    assert groups[most_divided(scores, groups, ratio=0.25, least=True)].unique().tolist() == [1, 5]
    assert most_divided(scores, groups, ratio=1.0).all()
    assert_close(group_spreads(scores, groups)[1][2], torch.tensor([0.0, 8, 16, 24]).std())


def test_one_group_is_kept_where_the_share_is_less_than_one():
    assert GROUPS[most_divided(SCORES, GROUPS, ratio=0.25)].unique().tolist() == [7]


@pytest.mark.parametrize("ratio", [0.0, 1.01])
def test_a_share_that_is_none_is_refused(ratio):
    with pytest.raises(ValueError, match="above 0, and at most 1"):
        most_divided(SCORES, GROUPS, ratio=ratio)
