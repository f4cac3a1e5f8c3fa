"""Why does filtering change what is learned? The two-armed bandit, one policy-gradient step at a time, many times over.

A policy pulls the high arm with probability pi. It pays 1 with probability p, else 0; the low arm pays a safe reward for certain.
From P starts of N pulls each, rewards become advantages A, and the step pushes the log-odds of the high arm by

    push = mean of A (1[high] - pi) / (pi (1 - pi))

over the pulls that are learned from: above 0 the high arm is pulled more often. An honest step has the sign of p - safe. Groups in
which the high arm paid have the larger spread, so choosing by spread prefers lucky pulls; and where all pulls of a group share one
coin, as in RAGEN's first code, dividing by the group's spread counts how often an arm wins and not by how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from backends.ragen.expected import Advantage, advantages_of, expected_push
from backends.ragen.filters import NO_SPREAD, Filter, chosen, spread

MOST_PULLS = 20_000_000  # over all repeats: two seconds
MOST_AT_ONCE = 1024  # of one iteration: as many have half a million make-ups, which the exact push runs through
CHUNK = 1_000_000  # pulls that are held at once


@dataclass(frozen=True)
class Lab:
    """What the experiment is made of.

    Attributes:
        chance: that the high arm pays 1.    safe: what the low arm pays.    policy: probability of pulling the high arm.
        groups, pulls: starts per iteration, and pulls from each.
        is_shared: whether all pulls of the high arm in a group see one coin.
        ratio, top_p: of the filter, as of `filters.select`.
        repeats: iterations that are averaged.
    """

    chance: float = 0.25
    safe: float = 0.15
    policy: float = 0.5
    groups: int = 8
    pulls: int = 16
    advantage: Advantage = "whitened"
    is_shared: bool = False
    kind: Filter = "std"
    ratio: float = 0.25
    top_p: float = 0.9
    repeats: int = 4000
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, low, high in (("chance", self.chance, 0, 1), ("policy", self.policy, 0.01, 0.99), ("safe", self.safe, -1, 1),
                                       ("groups", self.groups, 1, 64), ("pulls", self.pulls, 2, 64),
                                       ("repeats", self.repeats, 2, 100_000)):
            if not low <= value <= high:  # false for nan
                raise ValueError(f"{name} is {value}; it must be from {low} to {high}")
        if self.groups * self.pulls > MOST_AT_ONCE:
            raise ValueError(f"{self.groups} starts of {self.pulls} pulls are too many; at most {MOST_AT_ONCE} in one iteration")
        if self.groups * self.pulls * self.repeats > MOST_PULLS:
            raise ValueError(f"{self.repeats} repeats of {self.groups} x {self.pulls} pulls are too many; at most {MOST_PULLS:,}")

    @property
    def honest(self) -> float:
        """How much more the high arm is worth: what a step without spread and filter pushes by, for many pulls."""
        return self.chance - self.safe


@dataclass(frozen=True)
class Push:
    """The mean push toward the high arm, and its standard error over the repeats; both nan of no repeat.

    Attributes:
        empty: share of the repeats in which nothing was kept: they push by 0.
    """

    mean: float
    error: float
    empty: float = 0.0


@dataclass(frozen=True)
class Pushed:
    """What the same pulls teach with and without the filter.

    Attributes:
        expected: of all pulls, exactly; there is no closed form of what is filtered.
        honest: the difference of the arms' mean rewards.
        lucky: how often the high arm paid per pull among the kept; above `Lab.chance` is optimism. None where it was not pulled.
    """

    lab: Lab
    everything: Push
    filtered: Push
    expected: float
    honest: float
    lucky: float | None


def pushed(lab: Lab) -> Pushed:
    """Return which way the policy is pushed, with all groups and with those that the filter keeps, on the same pulls."""
    rng = np.random.default_rng(lab.seed)
    size = max(1, CHUNK // (lab.groups * lab.pulls))
    whole, part, won, pulled = [], [], 0, 0
    for start in range(0, lab.repeats, size):
        shape = (min(size, lab.repeats - start), lab.groups, lab.pulls)
        is_high = rng.random(shape) < lab.policy
        coins = rng.random((*shape[:2], 1) if lab.is_shared else shape) < lab.chance
        rewards = np.where(is_high, coins, lab.safe)  # (repeats, groups, pulls)
        # sorted: equal groups must have equal spreads, whatever the order of their pulls
        kept = chosen(spread(np.sort(rewards, -1)), kind=lab.kind, ratio=lab.ratio, top_p=lab.top_p, rng=rng)
        whole.append(_pushes(lab, rewards, is_high, np.ones_like(kept)))
        part.append(_pushes(lab, rewards, is_high, kept))
        learned = is_high & kept[..., None]
        won, pulled = won + int((learned & coins).sum()), pulled + int(learned.sum())
    return Pushed(lab, _mean(np.concatenate(whole)), _mean(np.concatenate(part)),
                  expected=expected_push(lab.chance, lab.safe, lab.policy, groups=lab.groups, pulls=lab.pulls,
                                         advantage=lab.advantage, is_shared=lab.is_shared),
                  honest=lab.honest, lucky=won / pulled if pulled else None)


def _pushes(lab: Lab, rewards: np.ndarray, is_high: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return each repeat's push, nan where nothing is kept, from (repeats, groups, pulls) and (repeats, groups)."""
    if lab.advantage == "whitened":
        advantages = _whitened(rewards, kept)
    else:
        advantages = advantages_of(lab.advantage, rewards, rewards.mean(-1, keepdims=True), spread(rewards)[..., None])
    away = (is_high - lab.policy) / (lab.policy * (1 - lab.policy))
    counts = kept.sum(-1) * lab.pulls  # (repeats,)
    sums = (advantages * away * kept[..., None]).sum((1, 2))
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def _whitened(rewards: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return rewards against mean and spread of all kept pulls of their repeat; what is not kept has no part in either."""
    counts = np.maximum(1, kept.sum(-1) * rewards.shape[-1])[:, None, None]
    learned = kept[..., None]
    means = (rewards * learned).sum((1, 2), keepdims=True) / counts
    squares = (np.square(rewards - means) * learned).sum((1, 2), keepdims=True)
    variances = squares / np.maximum(1, counts - 1)
    is_flat = variances <= NO_SPREAD**2  # rounding: `models.training.advantages.whiten` gives exactly 0 there
    return np.where(is_flat, 0.0, advantages_of("whitened", rewards, means, np.sqrt(variances)))


def _mean(pushes: np.ndarray) -> Push:
    is_empty = np.isnan(pushes)
    done = np.where(is_empty, 0.0, pushes)  # an iteration that keeps nothing moves nothing
    return Push(float(done.mean()), float(done.std(ddof=1) / np.sqrt(len(done))), float(is_empty.mean()))


def swept(lab: Lab, chances: Sequence[float]) -> tuple[Pushed, ...]:
    """Return the same experiment for other chances that the high arm pays, each on draws of the same seed."""
    return tuple(pushed(replace(lab, chance=chance)) for chance in chances)
