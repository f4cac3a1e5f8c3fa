"""The log-linear law R = a log10(factor) + b: fitted, with its uncertainty, and held against new groups (arXiv 2502.16143, Sec. 3).

The paper writes R(P) = alpha log(P / P_c) (eq. 3) and names neither base nor constants. With base 10 the slope a is in points per
decade and the constant is 10^(-b / a), where the line meets R = 0. Only groups that have learned their popular answer count;
the line itself has no bounds, so what is shown of it is cut to 0..100. A run gives a `Law` back as it is. Imports no torch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field

from backends.shapes import CHECKED, Count, Finite, at_most
from backends.statistics import anew, ends, resampled
from worlds.facts.rates import Answers, GroupRates, rates

Counting = Literal["prob", "greedy"]  # what a rate adds up: probabilities, or outputs
Factored = Annotated[float, Field(gt=0, le=1e15)]  # a value of P, L or S; it stands on an axis of logarithms
MAX_GROUPS = 16  # values of a factor; the paper has six
RESAMPLES = 500  # the ends of a 95 % interval then move by about a tenth of its width


@dataclass(frozen=True)
class Line:
    """An ordinary least squares line of R in per cent on log10 of the factor."""

    slope: float  # points per decade
    intercept: float  # R at factor 1
    r_squared: float  # nan where R does not vary

    @property
    def constant(self) -> float | None:
        """P_c, L_c or S_c: the factor at which the line meets 0; None for a flat line."""
        exponent = -self.intercept / self.slope if self.slope else np.inf
        return float(10**exponent) if abs(exponent) < 300 else None

    @property
    def natural_slope(self) -> float:
        """alpha if the paper's log is the natural one."""
        return self.slope / float(np.log(10))

    def at(self, factor: float | np.ndarray) -> np.ndarray:
        """R in per cent, cut to 0..100."""
        return np.clip(self.slope * np.log10(factor) + self.intercept, 0, 100)


@dataclass(frozen=True)
class Group:
    """Rates of all sets with one value of the factor; R is in per cent with its 95 % interval, None where it is not learned."""

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    value: Factored
    num_sets: Count
    r: Finite | None
    low: Finite | None
    high: Finite | None
    rr: float  # 0..1, outputs
    hr: float
    em_b: float
    other: float


@dataclass(frozen=True)
class Law:
    """R = slope * log10(value) + intercept, in per cent. Intervals are 95 %, bootstrap over sets and seeds."""

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    groups: Annotated[tuple[Group, ...], at_most(MAX_GROUPS, least=1)]
    slope: Finite | None  # None with fewer than three learned groups
    slope_interval: tuple[float, float] | None
    intercept: Finite | None
    r_squared: float | None
    constant: float | None

    def __post_init__(self) -> None:
        if self.slope is not None and (None in (self.intercept, self.r_squared) or not self.learned):
            raise ValueError("it has a slope without what belongs to a line")

    @property
    def learned(self) -> tuple[Group, ...]:
        """The groups that the line goes through."""
        return tuple(group for group in self.groups if group.r is not None)

    @property
    def line(self) -> Line | None:
        """The line; None with fewer than three learned groups."""
        if self.slope is None or self.intercept is None or self.r_squared is None:
            return None
        return Line(self.slope, self.intercept, self.r_squared)


def fit(factors: Sequence[float] | np.ndarray, r: Sequence[float] | np.ndarray) -> Line:
    """Return the least squares line.

    Args:
        factors: (groups,) P, L or S, above 0.
        r: (groups,) in per cent.
    Raises:
        ValueError: fewer than two different factors, or one that has no logarithm.
    """
    factors, r = np.asarray(factors, float), np.asarray(r, float)
    if factors.shape != r.shape or len(np.unique(factors)) < 2 or factors.min() <= 0:
        raise ValueError(f"factors are {factors.tolist()} for {len(r)} rates; at least two different ones above 0 are needed")
    x = np.log10(factors)
    spread = x - x.mean()
    slope = float((spread * r).sum() / (spread**2).sum())
    intercept = float(r.mean() - slope * x.mean())
    rest, total = ((r - slope * x - intercept) ** 2).sum(), ((r - r.mean()) ** 2).sum()
    return Line(slope, intercept, float(1 - rest / total) if total > 0 else float("nan"))


def pooled(seeds: Sequence[Answers]) -> Answers:
    """Return the answers of all seeds as those of one larger corpus."""
    return Answers(*(np.concatenate([getattr(own, name) for own in seeds]) for name in Answers.__dataclass_fields__))


def law(seeds: Sequence[Answers], *, counting: Counting = "prob", resamples: int = RESAMPLES, seed: int = 0) -> Law:
    """Return R per group and the fitted law of one corpus, or of several that differ in their seed only.

    Bootstrap: seeds are drawn with replacement, then sets within each group of each. With one seed the intervals cover the
    choice of sets only.
    """
    known = rates(pooled(seeds))
    sample = _sampler(seeds, known, counting)
    drawn = resampled(sample, draws=resamples, seed=seed)  # (resamples, groups) in per cent, nan: not learned in that sample
    groups = tuple(_group(own, drawn[:, place], counting) for place, own in enumerate(known))
    learned = [place for place, group in enumerate(groups) if group.r is not None]
    if len(learned) < 3:  # two points always make a perfect line
        return Law(groups, None, None, None, None, None)
    factors = np.array([known[place].value for place in learned])
    line = fit(factors, np.array([groups[place].r for place in learned], float))
    lines = [_line_of(factors, row) for row in drawn[:, learned]]
    slopes = np.array([found.slope for found in lines if found is not None])
    return Law(groups, line.slope, _interval(slopes), line.intercept, line.r_squared, line.constant)


def _group(own: GroupRates, drawn: np.ndarray, counting: Counting) -> Group:
    r = ratio(own, counting)
    low, high = (_interval(drawn[~np.isnan(drawn)]) if r is not None else None) or (None, None)
    return Group(own.value, own.sets, r, low, high, own.rr_greedy, own.hr_greedy, own.em_b, own.other)


def ratio(group: GroupRates, counting: Counting) -> float | None:
    """R of a group in per cent, None where it is not learned."""
    r = group.r_prob if counting == "prob" else group.r_greedy
    return None if r is None else 100 * r


def _interval(values: np.ndarray) -> tuple[float, float] | None:
    return ends(values) if len(values) else None


def _line_of(factors: np.ndarray, r: np.ndarray) -> Line | None:
    """The line through one resample, whose groups may have lost what they learned."""
    known = ~np.isnan(r)
    return fit(factors[known], r[known]) if known.sum() >= 3 else None


def _sampler(seeds: Sequence[Answers], groups: Sequence[GroupRates], counting: Counting
             ) -> Callable[[np.random.Generator], np.ndarray]:
    """Return what draws seeds, then sets within each group of each, and gives (groups,) R in per cent, nan where not learned."""
    rows = [[np.flatnonzero(own.value == group.value) for group in groups] for own in seeds]
    rates_of = [np.stack([s.rr_greedy, s.hr_greedy, s.rr_prob, s.hr_prob, s.em_greedy]) for s in seeds]  # (5, sets) each

    def sample(rng: np.random.Generator) -> np.ndarray:
        found = np.full(len(groups), np.nan)
        picked = anew(len(seeds), rng)
        for place, group in enumerate(groups):
            columns = [rates_of[one][:, own[anew(len(own), rng)]] for one in picked if len(own := rows[one][place])]
            if columns:
                means = np.concatenate(columns, axis=1).mean(axis=1)
                r = ratio(GroupRates(group.value, group.sets, *means.tolist()), counting)
                found[place] = np.nan if r is None else r
        return found

    return sample


def prediction_error(predicted: float | np.ndarray, actual: float | np.ndarray) -> np.ndarray:
    """Return |predicted - actual| / actual (eq. 5); infinite where nothing was overshadowed."""
    predicted, actual = np.asarray(predicted, float), np.asarray(actual, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(predicted == actual, 0.0, np.abs(predicted - actual) / actual)
