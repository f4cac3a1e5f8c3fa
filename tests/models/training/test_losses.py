"""Losses against formulas written out by hand."""

import pytest
import torch
from torch.testing import assert_close

from models.training.losses import clipped_surrogate, divergence, explained_variance, token_weights, value_loss


def doubles(*numbers, learned=False):
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=learned)


def test_the_gradient_is_that_of_the_formula_and_none_where_the_clip_holds():
    old = doubles(-1.0, -1.0, -1.0, -1.0)
    logprobs = (old + torch.log(doubles(1.1, 1.5, 0.5, 0.9))).requires_grad_()
    advantages = doubles(2.0, 2.0, -3.0, -3.0)

    loss, held = clipped_surrogate(logprobs, old, advantages, low=0.2, high=0.2)
    loss.sum().backward()

    assert_close(loss.detach(), doubles(-2.2, -2.4, 2.4, 2.7))  # -A rho, -A 1.2, -A 0.8, -A rho
    assert held.tolist() == [False, True, True, False]
    assert_close(logprobs.grad, doubles(-2.2, 0.0, 0.0, 2.7))  # -A rho, as d rho / d log pi is rho


def test_a_clip_does_not_hold_back_what_mends_a_mistake():
    loss, held = clipped_surrogate(torch.log(doubles(1.5, 0.5)), doubles(0.0, 0.0), doubles(-1.0, 1.0), low=0.2, high=0.2)

    assert_close(loss, doubles(1.5, -0.5))
    assert not held.any()


def test_before_anything_is_learned_the_gradient_is_that_of_reinforce():
    old, advantages = doubles(-0.3, -2.0), doubles(0.7, -1.1)
    logprobs = old.clone().requires_grad_()
    loss, held = clipped_surrogate(logprobs, old, advantages, low=0.2, high=0.28)
    loss.sum().backward()

    assert_close(logprobs.grad, -advantages)
    assert not held.any()


@pytest.mark.parametrize(("high", "loss"), [(0.2, -1.2), (0.28, -1.25)])
def test_a_higher_clip_lets_an_unlikely_token_gain_more(high, loss):
    assert_close(clipped_surrogate(torch.log(doubles(1.25)), doubles(0.0), doubles(1.0), low=0.2, high=high)[0], doubles(loss))


def test_the_dual_clip_bounds_a_loss_only_where_the_advantage_is_negative():
    loss, _ = clipped_surrogate(torch.log(doubles(5.0, 5.0)), doubles(0.0, 0.0), doubles(-2.0, 2.0), low=0.2, high=9.0, dual=3.0)

    assert_close(loss, doubles(6.0, -10.0))


TURNS = torch.tensor([[-1, 0, 0, 0], [-1, 1, -1, -1], [0, -1, 1, 1]])  # an episode in two rows, and one in a row
EPISODES = torch.tensor([4, 4, 9])


@pytest.mark.parametrize(("over", "weights"), [
    ("tokens", [[0, 1, 1, 1], [0, 1, 0, 0], [1, 0, 1, 1]]),  # of 7
    ("turns", [[0, 1 / 3, 1 / 3, 1 / 3], [0, 1, 0, 0], [1, 0, 1 / 2, 1 / 2]]),  # of 4
    ("episodes", [[0, 1 / 4, 1 / 4, 1 / 4], [0, 1 / 4, 0, 0], [1 / 3, 0, 1 / 3, 1 / 3]]),  # of 2
])
def test_a_mean_counts_tokens_turns_or_episodes(over, weights):
    expected = torch.tensor(weights, dtype=torch.float64)

    assert_close(token_weights(TURNS, EPISODES, over), expected / expected.sum())


def categorical():
    logits = doubles(0.3, -1.0, 2.0, 0.1, learned=True)
    reference = torch.log_softmax(doubles(1.0, 0.2, -0.5, 0.0), -1)
    logprobs = torch.log_softmax(logits, -1)
    return logits, logprobs, reference


@pytest.mark.parametrize("estimator", ["k1", "k3"])
def test_k1_and_k3_are_the_divergence_in_the_mean(estimator):
    _, logprobs, reference = categorical()

    mean = (logprobs.exp() * divergence(logprobs, reference, estimator)).sum()

    assert_close(mean, (logprobs.exp() * (logprobs - reference)).sum())


def test_k2_and_k3_are_never_negative_and_0_where_nothing_differs():
    _, logprobs, reference = categorical()

    for estimator in ("k2", "k3"):
        assert (divergence(logprobs, reference, estimator) > 0).all()
        assert not divergence(reference, reference, estimator).any()
    assert_close(divergence(doubles(-1.0), doubles(-3.0), "k2"), doubles(2.0))


@pytest.mark.parametrize(("estimator", "is_right"), [("k1", False), ("k2", True)])
def test_as_a_loss_k2_has_the_gradient_of_the_divergence_and_k1_none(estimator, is_right):
    logits, logprobs, reference = categorical()
    true = torch.autograd.grad((logprobs.exp() * (logprobs - reference)).sum(), logits, retain_graph=True)[0]

    drawn = (logprobs.exp().detach() * divergence(logprobs, reference, estimator)).sum()  # a mean over draws, without gradient

    assert_close(torch.autograd.grad(drawn, logits)[0], true if is_right else torch.zeros_like(true))


def test_a_critic_is_charged_for_the_worse_of_value_and_clipped_value():
    values, old, returns = doubles(1.0, 2.0, 0.2, -2.0, learned=True), doubles(0.9, 0.0, 0.0, 0.0), doubles(0.0, 3.0, 1.0, 0.0)

    loss = value_loss(values, old, returns, clip=0.5)
    loss.sum().backward()

    assert_close(loss.detach(), 0.5 * doubles(1.0, 2.5**2, 0.8**2, 4.0))  # the second one is held at 0.5
    assert_close(values.grad, doubles(1.0, 0.0, -0.8, -2.0))
    assert_close(value_loss(values, old, returns, clip=None).detach(), 0.5 * (values - returns).detach().square())


def test_explained_variance_is_1_for_true_values_and_0_for_a_constant():
    returns = doubles(1.0, 2.0, 4.0)

    assert explained_variance(returns, returns) == pytest.approx(1)
    assert explained_variance(returns - 3, returns) == pytest.approx(1)  # an offset is no variance
    assert explained_variance(torch.full_like(returns, 7.0), returns) == pytest.approx(0)
    assert explained_variance(-returns, returns) == pytest.approx(-3)
    assert explained_variance(returns, torch.ones_like(returns)) is None
