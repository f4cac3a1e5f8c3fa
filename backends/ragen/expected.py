"""The push of `lab` worked out exactly, where no group is left out: over every make-up that a group, or a batch, can have.

Only how often each of the three rewards came matters for mean and spread: a wins (1), b blanks (0) and c safe rewards. Given those,
the push is a sum of three terms, so its expectation is a sum over (a, b), weighted by how likely each make-up is.
"""

from itertools import accumulate
from math import log
from typing import Literal

import numpy as np

Advantage = Literal["whitened", "mean_std", "mean"]
ADVANTAGES: dict[Advantage, str] = {
    "whitened": "PPO: whitened over the batch", "mean_std": "GRPO: over mean and std of the group", "mean": "over the group's mean"}
_WHITENING_EPSILON, _GROUP_EPSILON = 1e-8, 1e-6  # verl's, RAGEN's
_FLAT = 1e-6


def advantages_of(kind: Advantage, rewards: np.ndarray, means: np.ndarray, stds: np.ndarray) -> np.ndarray:
    """Return rewards as advantages, given mean and unbiased std of those that they are compared with; shapes broadcast.

    The same as `group_advantages` and `whiten` of `models.training.advantages`; there on tensors, for a training.
    """
    centred = rewards - means
    if kind == "mean":
        return centred
    if kind == "mean_std":
        return np.where(stds > _FLAT, centred / (stds + _GROUP_EPSILON), 0.0)
    return centred / np.sqrt(np.square(stds) + _WHITENING_EPSILON)


def expected_push(chance: float, safe: float, policy: float, *, groups: int, pulls: int, advantage: Advantage,
                  is_shared: bool) -> float:
    """Return the expected push toward the high arm where every group is learned from.

    Args:
        chance, safe, policy, groups, pulls, is_shared: as of `lab.Lab`.
    """
    if advantage != "whitened":
        groups = 1  # groups do not know of each other
    count = groups * pulls
    wins, blanks = (grid.ravel() for grid in np.meshgrid(np.arange(count + 1), np.arange(count + 1), indexing="ij"))
    fits = wins + blanks <= count
    wins, blanks = wins[fits], blanks[fits]
    lows = count - wins - blanks
    likely = _make_ups(wins, blanks, count, chance=chance, policy=policy, groups=groups, is_shared=is_shared)
    means = (wins + safe * lows) / count
    # unbiased; every square is above 0, so that equal rewards have exactly 0
    squares = wins * np.square(1 - means) + blanks * np.square(means) + lows * np.square(safe - means)
    stds = np.sqrt(np.where(np.maximum(np.maximum(wins, blanks), lows) == count, 0.0, squares / (count - 1)))
    won, lost, low = (advantages_of(advantage, np.full(len(means), reward), means, stds) for reward in (1.0, 0.0, safe))
    push = ((wins * won + blanks * lost) / policy - lows * low / (1 - policy)) / count
    return float(np.where(stds > 0, push, 0.0) @ likely)


def _make_ups(wins: np.ndarray, blanks: np.ndarray, count: int, *, chance: float, policy: float, groups: int,
              is_shared: bool) -> np.ndarray:
    """Return how likely each make-up is, (make-ups,), adding up to 1.

    With a coin for every pull it is multinomial. With one for each group, m of the groups pay for all of their high pulls and the
    others for none: given m, wins and blanks are independent binomials.
    """
    if not is_shared:
        lows = count - wins - blanks
        logs = _log_factorials(count)
        return np.exp(logs[count] - logs[wins] - logs[blanks] - logs[lows] + _times_log(wins, policy * chance)
                      + _times_log(blanks, policy * (1 - chance)) + _times_log(lows, 1 - policy))
    pulls = count // groups
    paying = _binomial(groups, chance)
    likely = np.zeros(len(wins))
    for number in range(groups + 1):
        of_wins, of_blanks = np.zeros(count + 1), np.zeros(count + 1)
        of_wins[:number * pulls + 1] = _binomial(number * pulls, policy)
        of_blanks[:(groups - number) * pulls + 1] = _binomial((groups - number) * pulls, policy)
        likely += paying[number] * of_wins[wins] * of_blanks[blanks]
    return likely


def _binomial(count: int, share: float) -> np.ndarray:
    """Return how likely 0, 1, ... `count` hits are."""
    hits, logs = np.arange(count + 1), _log_factorials(count)
    return np.exp(logs[count] - logs - logs[::-1] + _times_log(hits, share) + _times_log(count - hits, 1 - share))


def _log_factorials(count: int) -> np.ndarray:
    """Return log 0!, log 1!, ... log `count`!."""
    return np.array(list(accumulate((log(number) for number in range(1, count + 1)), initial=0.0)))


def _times_log(counts: np.ndarray, share: float) -> np.ndarray:
    """Return counts x log(share), where 0 x log(0) is 0."""
    return counts * log(share) if share > 0 else np.where(counts > 0, -np.inf, 0.0)
