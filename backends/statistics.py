"""Means and shares with 95 % intervals: over items, over groups of items that belong together, over seeds.

All are percentile bootstraps with a fixed seed, so that equal results give equal numbers. What is drawn is what would be drawn
anew if the study were done again: seeds of a training, scenes or facts that several items share, or single items.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVELS = (0.025, 0.975)
DRAWS = 2000  # the ends of an interval then move by about a twentieth of its width
Interval = tuple[float, float, float]  # mean, low, high


@dataclass(frozen=True)
class Share:
    """A share 0..1 with its 95 % interval; nan where nothing could be counted."""

    mean: float
    low: float
    high: float
    count: int


def ends(means: np.ndarray) -> tuple[float, float]:
    """Return the ends of the 95 % interval of drawn means, (draws,)."""
    low, high = np.quantile(means, LEVELS)
    return float(low), float(high)


def share(seeds: Sequence[np.ndarray], *, draws: int = DRAWS, seed: int = 0) -> Share:
    """Return the share of true ones among all items of all seeds; the bootstrap draws seeds, then the items of each.

    Args:
        seeds: per seed (items,) bool; one array where there is one seed, and then items alone are drawn.
    """
    kept = [np.asarray(items, float) for items in seeds if len(items)]
    if not kept:
        return Share(float("nan"), float("nan"), float("nan"), 0)
    rng = np.random.default_rng(seed)
    # the mean of a drawn seed of n items with k hits is Binomial(n, k / n) / n: the same as drawing them one by one
    sizes, rates = np.array([len(items) for items in kept]), np.array([items.mean() for items in kept])
    picked = rng.integers(0, len(kept), (draws, len(kept)))  # (draws, seeds)
    means = rng.binomial(sizes[picked], rates[picked]).sum(1) / sizes[picked].sum(1)
    return Share(float(np.concatenate(kept).mean()), *ends(means), int(sizes.sum()))


def mean(values: Sequence[float], *, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Return the mean of (items,) values and its interval; items are drawn. Raises ValueError where there is none."""
    data = np.asarray(values, float)
    if not len(data):
        raise ValueError("there are no values; a mean needs at least one")
    drawn = np.random.default_rng(seed).integers(0, len(data), (draws, len(data)))
    return float(data.mean()), *ends(data[drawn].mean(axis=1))


def over_seeds(seeds: Sequence[np.ndarray], *, group: int = 1, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Return the mean over all seeds' items and its interval; the bootstrap draws seeds, and groups of items, the same for each seed.

    Args:
        seeds: per seed (items,) numbers of the same items, nan for one that does not count.
        group: how many neighbours belong together, such as the 4 scenes of a set.
    """
    table = np.stack(seeds).reshape(len(seeds), -1, group)
    counts, sums = (~np.isnan(table)).sum(2), np.nansum(table, axis=2)  # (seeds, groups)
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(draws):
        picked, groups = rng.integers(0, len(table), len(table)), rng.integers(0, table.shape[1], table.shape[1])
        means.append(sums[picked][:, groups].sum() / max(1, counts[picked][:, groups].sum()))
    return float(sums.sum() / counts.sum()), *ends(np.array(means))


class Bootstrap:
    """Draws groups with replacement; the same draws for whatever is asked, so that differences are paired.

    Args:
        groups: (items,) a number or name of each item's group; single items where each has its own.
    """

    def __init__(self, groups: Sequence[int] | Sequence[str] | np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> None:
        self._names, self._groups = np.unique(np.asarray(groups), return_inverse=True)
        count = max(1, len(self._names))
        self._draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws).astype(float)

    def interval(self, values: np.ndarray, weights: np.ndarray | None = None) -> Interval:
        """Return the mean of (items,) values and its interval; `weights` (items,) say how much each counts."""
        values = np.asarray(values, float)
        weights = np.ones(len(values)) if weights is None else weights
        if not weights.sum():
            return float("nan"), float("nan"), float("nan")
        sums = np.bincount(self._groups, weights * values, minlength=len(self._names))
        sizes = np.bincount(self._groups, weights, minlength=len(self._names))
        drawn = self._draws @ sizes
        means = (self._draws @ sums)[drawn > 0] / drawn[drawn > 0]  # a sample may miss a rare relation
        return float(sums.sum() / sizes.sum()), *ends(means)
