"""Means and shares with 95 % intervals: over items, over groups of items that belong together, over seeds.

All but `wilson` are percentile bootstraps with a fixed seed, so that equal results give equal numbers. What is drawn is what would
be drawn anew if the study were done again: seeds of a training, scenes or facts that several items share, or single items.
`resampled` draws for any statistic. Two draw how often each unit comes up instead of which come up, for all samples at once: a
share, whose hits are binomial, and `Bootstrap`, whose draws serve several questions. Imports no torch: pages draw with it.
"""

from collections.abc import Callable, Sequence
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


def ends(drawn: np.ndarray) -> tuple[float, float]:
    """Return the ends of the 95 % interval of what was drawn, (draws,)."""
    low, high = np.quantile(drawn, LEVELS)
    return float(low), float(high)


def resampled(statistic: Callable[[np.random.Generator], float | np.ndarray], *, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Return (draws, ...) the statistic of as many samples; it draws each itself, with the generator that it is handed."""
    rng = np.random.default_rng(seed)
    return np.stack([np.asarray(statistic(rng)) for _ in range(draws)])


def anew(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return (count,) which of as many units a sample holds; drawn with replacement."""
    return rng.integers(0, count, count)


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
    return float(data.mean()), *ends(resampled(lambda rng: data[anew(len(data), rng)].mean(), draws=draws, seed=seed))


def over_seeds(seeds: Sequence[np.ndarray], *, group: int = 1, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Return the mean over all seeds' items and its interval; the bootstrap draws seeds, and groups of items, the same for each seed.

    Args:
        seeds: per seed (items,) numbers of the same items, nan for one that does not count.
        group: how many neighbours belong together, such as the 4 scenes of a set.
    """
    table = np.stack(seeds).reshape(len(seeds), -1, group)
    counts, sums = (~np.isnan(table)).sum(2), np.nansum(table, axis=2)  # (seeds, groups)

    def one_mean(rng: np.random.Generator) -> float:
        picked, groups = anew(len(table), rng), anew(table.shape[1], rng)
        return sums[picked][:, groups].sum() / max(1, counts[picked][:, groups].sum())

    return float(sums.sum() / counts.sum()), *ends(resampled(one_mean, draws=draws, seed=seed))


def wilson(hits: int, count: int) -> Interval:
    """Return a share and its 95 % interval by Wilson's formula, for few items: it is never of width 0. 0, 0, 1 for nothing."""
    if not count:
        return 0.0, 0.0, 1.0
    z, share = 1.96, hits / count
    middle, spread = share + z * z / (2 * count), z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    scale = 1 + z * z / count
    return share, max(0.0, min(share, (middle - spread) / scale)), min(1.0, max(share, (middle + spread) / scale))


class Bootstrap:
    """Draws groups with replacement; the same draws for whatever is asked, so that differences are paired.

    Args:
        groups: (items,) a number or name of each item's group; single items where each has its own.
    """

    def __init__(self, groups: Sequence[int] | Sequence[str] | np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> None:
        self._names, self._groups = np.unique(np.asarray(groups), return_inverse=True)
        count = max(1, len(self._names))
        self._draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws).astype(float)

    @classmethod
    def over(cls, names: Sequence[str]) -> "Bootstrap":
        """Return draws of whole groups, which are numbered as they first occur; an item without a group's name is one by itself.

        The same items give the same draws whoever asks (a run, its live parts, a page that replays its answers).
        """
        own = [name or f"\0{place}" for place, name in enumerate(names)]
        number = {name: index for index, name in enumerate(dict.fromkeys(own))}
        return cls([number[name] for name in own])

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
