"""Advantages: how much better each step went than was expected, from rewards and values.

A step is what the caller takes for one: a turn of an episode, or a token. Everything here is arithmetic on padded batches, with a
mask that says which entries are steps; `padded` makes one of ragged rows, and `unpadded` takes it apart. What is False in a mask may
stand anywhere, also between steps, as what a world says stands between the tokens of an agent: it is passed over, and 0 in what
comes out. Precision is that of the rewards, so that identities can be tried in float64.

    delta_t = r_t + gamma V_{t+1} - V_t,   A_t = delta_t + gamma lambda A_{t+1}    (GAE, arXiv:1506.02438)

V after the last step is 0, also where an episode was cut: nothing is bootstrapped (so do ERA's and RAGEN's released code).
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

NO_SPREAD = 1e-6  # a standard deviation below it is rounding: the group tells nothing


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return ragged rows of one axis as (rows, steps), with zeros behind, and the mask of what is a step."""
    values = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows], device=values.device)
    return values, torch.arange(values.shape[1], device=values.device) < lengths[:, None]


def unpadded(values: Tensor, mask: Tensor) -> list[Tensor]:
    """Return what `padded` was made of: for each row its steps alone."""
    return [row[own] for row, own in zip(values, mask)]


def gae(rewards: Tensor, values: Tensor, *, gamma: float, lam: float, mask: Tensor | None = None) -> Tensor:
    """Return the generalised advantage of every step, not whitened.

    With turns for steps this is ERA's turn-level estimator, with tokens the token-level one, where a turn's reward stands at its last
    token and the next token of the last one is the first of the next turn.

    Args:
        rewards, values: (batch, steps); a value is what was expected before the step.
        mask: (batch, steps), true where there is a step; None takes all.
    Returns:
        (batch, steps)
    """
    taken = torch.ones_like(rewards, dtype=torch.bool) if mask is None else mask
    advantages = torch.zeros_like(rewards)
    next_value = next_advantage = torch.zeros_like(rewards[:, 0])
    for step in range(rewards.shape[1] - 1, -1, -1):
        delta = rewards[:, step] + gamma * next_value - values[:, step]
        advantage = delta + gamma * lam * next_advantage
        own = taken[:, step]
        advantages[:, step] = torch.where(own, advantage, 0)
        next_value = torch.where(own, values[:, step], next_value)
        next_advantage = torch.where(own, advantage, next_advantage)
    return advantages


def bi_level_gae(rewards: Tensor, values: Tensor, ends: Tensor, *, turn_gamma: float, token_gamma: float, lam: float,
                 turn_value: Literal["first", "last"], mask: Tensor | None = None) -> Tensor:
    """Return advantages of tokens: GAE over turns first, whose result is paid at each turn's last token, then GAE inside the turn.

    Args:
        rewards: (batch, tokens). What stands at a turn's last token is the turn's own; what other tokens earn, such as a penalty for
            leaving a reference, is of no part in credit between turns, and counts for the tokens of its turn up to it (RAGEN's code).
        values: (batch, tokens), each before its token.
        ends: (batch, tokens), true at the last token of every turn, whether or not it was rewarded. RAGEN's code looks for rewards
            that are not 0 instead, and so loses turns.
        turn_value: which value stands for a turn. ERA reads the one of its first token, at the end of the prompt, with one discount
            for both levels; RAGEN the one of its last token, with a discount of its own for turns (0.95).
        mask: (batch, tokens), true where the agent wrote; None takes all.
    Returns:
        (batch, tokens); at the last token of a turn the turn's own advantage.
    Raises:
        ValueError: a row has tokens behind its last end, or an end where there is no token.
    """
    taken = torch.ones_like(ends) if mask is None else mask
    if (ends & ~taken).any():
        raise ValueError("a turn ends at an entry that the mask leaves out; an end must be a token of the turn")
    turn = ends.cumsum(1) - ends.long()  # (batch, tokens): how many turns ended before
    num_turns = ends.sum(1)
    if (taken & (turn >= num_turns[:, None])).any():
        raise ValueError("a row has tokens behind its last turn end; every turn must have one")
    if not num_turns.any():
        return torch.zeros_like(rewards)
    where = torch.where(taken, turn, 0)
    shape = (len(rewards), int(num_turns.max()))
    turn_rewards = rewards.new_zeros(shape).scatter_add(1, where, torch.where(ends, rewards, 0))
    firsts = taken & (_before(taken, turn) != turn)
    reads = firsts if turn_value == "first" else ends
    turn_values = torch.zeros_like(turn_rewards).scatter_add(1, where, torch.where(reads, values, 0))
    turns = torch.arange(shape[1], device=rewards.device) < num_turns[:, None]
    high = gae(turn_rewards, turn_values, gamma=turn_gamma, lam=lam, mask=turns)

    advantages = torch.zeros_like(rewards)
    next_value = next_advantage = torch.zeros_like(rewards[:, 0])
    for token in range(rewards.shape[1] - 1, -1, -1):
        inside = rewards[:, token] + token_gamma * next_value - values[:, token] + token_gamma * lam * next_advantage
        advantage = torch.where(ends[:, token], high.gather(1, where[:, token, None])[:, 0], inside)
        own = taken[:, token]
        advantages[:, token] = torch.where(own, advantage, 0)
        next_value = torch.where(own, values[:, token], next_value)
        next_advantage = torch.where(own, advantage, next_advantage)
    return advantages


def _before(taken: Tensor, turn: Tensor) -> Tensor:
    """Return the turn of the token before each entry, whatever stands between; -1 where there is none. (batch, tokens)"""
    latest = torch.where(taken, turn, -1).cummax(1).values  # turns only grow
    return torch.cat([torch.full_like(latest[:, :1], -1), latest[:, :-1]], 1)


def whiten(values: Tensor, mask: Tensor) -> Tensor:
    """Return values with mean 0 and variance 1 over all entries of the mask together; 0 elsewhere.

    Each token counts once, so long replies weigh more in both. The variance is unbiased, with 1e-8 added (verl's way, which ERA and
    RAGEN share). Equal entries become exactly 0: a rounding would be blown up ten thousand times.

    Args:
        values: of any shape.    mask: of the same shape, true where a value counts.
    """
    chosen = values[mask]
    if _are_equal(chosen):
        return torch.zeros_like(values)
    centred = chosen - chosen.mean()
    variance = centred.square().sum() / (chosen.numel() - 1)
    return torch.zeros_like(values).masked_scatter(mask, centred * torch.rsqrt(variance + 1e-8))


def group_advantages(scores: Tensor, groups: Tensor, *, over_std: bool = True, epsilon: float = 1e-6,
                     counted: Tensor | None = None) -> Tensor:
    """Return each episode's score against the mean of its group: GRPO's advantage, no critic needed.

    Groups are whatever has the same number: episodes from one start (GRPO), agents that share a baseline, or all (one number).

    Args:
        scores: (episodes,) returns.    groups: (episodes,) whole numbers.
        over_std: divide by the unbiased standard deviation plus `epsilon` (GRPO), or not (Dr.GRPO, and public baselines).
        counted: (episodes,), true for those that make mean and spread; the others get 0. None counts all.
    Returns:
        (episodes,); exactly 0 in a group of equal scores, or of one.
    """
    counts = torch.ones_like(groups, dtype=torch.bool) if counted is None else counted
    advantages = torch.zeros_like(scores)
    for group in groups.unique():
        own = (groups == group) & counts
        spread = _spread(scores[own])
        if (over_std and spread <= NO_SPREAD) or _are_equal(scores[own]):
            continue
        centred = scores[own] - scores[own].mean()
        advantages[own] = centred / (spread + epsilon) if over_std else centred
    return advantages


def group_spreads(scores: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
    """Return the groups' numbers in growing order and the unbiased standard deviation of the scores in each, (groups,) both."""
    numbers = groups.unique()
    return numbers, torch.stack([_spread(scores[groups == number]) for number in numbers])


def most_divided(scores: Tensor, groups: Tensor, *, ratio: float, least: bool = False) -> Tensor:
    """Return which episodes StarPO-S learns from: those of the share of groups whose scores differ most.

    Args:
        scores: (episodes,) raw returns; normalised ones all have a spread of 1.    groups: (episodes,) whole numbers.
        ratio: share of groups that is kept, rounded down, but one group at the least (differs from the released code, which keeps
            none of fewer than four at 0.25).
        least: keep those that differ least instead, for comparison.
    Returns:
        (episodes,) true where kept. Of groups that are equal, those with smaller numbers.
    Raises:
        ValueError: `ratio` is not above 0 and at most 1.
    """
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio is {ratio}; it must be above 0, and at most 1 (every group)")
    numbers, spreads = group_spreads(scores, groups)
    order = torch.sort(spreads, descending=not least, stable=True).indices
    return torch.isin(groups, numbers[order[:max(1, int(ratio * len(numbers)))]])


def _spread(scores: Tensor) -> Tensor:
    return scores.std() if len(scores) > 1 else torch.zeros_like(scores.sum())


def _are_equal(scores: Tensor) -> bool:
    """Whether there is nothing to compare: the mean of equal numbers may be off by a rounding, and would leave a difference."""
    return len(scores) < 2 or bool((scores == scores[0]).all())
