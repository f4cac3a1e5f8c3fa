"""Which groups of episodes are learned from: those whose raw scores differ most (StarPO-S), and what that is compared with.

A group is the episodes from one start. Where all of them scored the same, nothing tells a good reply from a bad one. Scores are
rewards and penalties as they were earned: RAGEN's first code took them after normalisation, which gives every group a spread of 1.

    U(start) = Std[R(episode)], unbiased      (StarPO-S, arXiv 2504.20073, eq. 7)

Only choosing is done here; `models.training.advantages.most_divided` is the same choice on tensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Filter = Literal["std", "std_rev", "random", "top_p"]
Flat = Literal["keep", "skip", "drop"]
NO_SPREAD = 1e-6  # a standard deviation up to it is rounding
SELECTION_EPSILON = 0.01  # RAGEN-2's: how much of the wanted sum may be missing


@dataclass(frozen=True)
class Group:
    """The episodes from one start.

    Attributes:
        std: unbiased, of the raw scores; None where fewer than two count, as is `mean` of none.
        episodes, counted: how many there are, and how many of them have an answer: the others make neither mean nor std.
    """

    group: int
    std: float | None
    mean: float | None
    episodes: int
    counted: int
    is_kept: bool

    @property
    def is_flat(self) -> bool:
        """Whether its scores are known to be all the same."""
        return self.std is not None and self.std <= NO_SPREAD


@dataclass(frozen=True)
class Selection:
    """All groups in the order of their numbers, and in one sentence why none is kept, where none is."""

    groups: tuple[Group, ...]
    why_none: str = ""

    @property
    def kept(self) -> tuple[int, ...]:
        """The numbers of the groups that are learned from, growing."""
        return tuple(one.group for one in self.groups if one.is_kept)

    def takes(self, groups: np.ndarray) -> np.ndarray:
        """Return (episodes,) whether each is learned from, by (episodes,) the number of its group."""
        return np.isin(groups, self.kept)


def select(scores: Sequence[float] | np.ndarray, groups: Sequence[int] | np.ndarray, *, kind: Filter = "std", ratio: float = 0.25,
           top_p: float = 0.9, flat: Flat = "keep", answered: Sequence[bool] | np.ndarray | None = None,
           rng: np.random.Generator | None = None) -> Selection:
    """Return which groups are learned from.

    Args:
        scores: (episodes,) raw.    groups: (episodes,) whole numbers.
        kind: "std" keeps those that differ most, "std_rev" least (an ablation in RAGEN's code), "random" any (ours: as few steps, no
            choice), "top_p" as many as hold that share of all spread (RAGEN-2's linear rule).
        ratio: share of groups that the first three keep, rounded down, but one at the least.
        top_p: share of the sum of all stds; from 1 on all groups that have a spread are kept.
        flat: what becomes of groups without any spread: the first three "keep" them as any other, or "drop" them from what they keep
            (RAGEN-2), or "skip" the whole iteration where no group has a spread. "top_p" always drops them.
        answered: (episodes,) false where a reply was empty: such a score counts neither for mean nor for std. None is all true.
        rng: draws for "random".
    Raises:
        ValueError: a score is no finite number, lengths differ, a share is out of range, or "random" has no generator.
    """
    scores, groups = np.asarray(scores, float), np.asarray(groups)
    counts = np.ones(len(scores), bool) if answered is None else np.asarray(answered, bool)
    if not len(scores) == len(groups) == len(counts):
        raise ValueError(f"there are {len(scores)} scores, {len(groups)} groups and {len(counts)} answers; each needs one")
    if not np.isfinite(scores[counts]).all():
        raise ValueError("a score is no finite number; leave its episode out by `answered`")
    numbers = np.unique(groups)
    own = [np.sort(scores[(groups == number) & counts]) for number in numbers]  # sorted: rounding must not tell equal groups apart
    stds = np.array([spread(rows) if len(rows) > 1 else 0.0 for rows in own])
    kept = chosen(stds, kind=kind, ratio=ratio, top_p=top_p, flat=flat, rng=rng) if len(numbers) else np.zeros(0, bool)
    told = tuple(Group(int(number), float(std) if len(rows) > 1 else None, float(rows.mean()) if len(rows) else None,
                       int((groups == number).sum()), len(rows), bool(is_kept))
                 for number, rows, std, is_kept in zip(numbers, own, stds, kept))
    return Selection(told, "" if kept.any() else _why(told, stds))


def _why(groups: Sequence[Group], stds: np.ndarray) -> str:
    if not groups:
        return "There are no episodes."
    if all(one.counted < 2 for one in groups):
        return "No start has two answers that could be compared."
    if (stds <= NO_SPREAD).all():
        return "Every start gives the same reward: make the task easier or harder."
    return f"The rewards of a start differ too little to choose by: all spreads together are {stds.sum():.2g}."


def spread(scores: np.ndarray) -> np.ndarray:
    """Return the unbiased std over the last axis, (..., episodes) -> (...); exactly 0 where all are equal.

    The mean of equal numbers can be off by a rounding, which would leave a spread.
    """
    return np.where(scores.max(-1) == scores.min(-1), 0.0, scores.std(-1, ddof=1))


def chosen(stds: np.ndarray, *, kind: Filter, ratio: float = 0.25, top_p: float = 0.9, flat: Flat = "keep",
           rng: np.random.Generator | None = None) -> np.ndarray:
    """Return which groups are kept, of one iteration or of many at once.

    Args:
        stds: (..., groups), of each group's raw scores; the rest as of `select`.
    Returns:
        (..., groups) bool; of groups that are equal, the first.
    Raises:
        ValueError: a share is out of range, or "random" has no generator.
    """
    for name, share in (("ratio", ratio), ("top_p", top_p)):
        if not 0 < share <= 1:
            raise ValueError(f"{name} is {share}; it must be above 0, and at most 1 (everything)")
    if kind == "top_p":
        return _by_sum(stds, top_p)
    if kind == "random":
        if rng is None:
            raise ValueError("a random choice needs a generator")
        order = rng.random(stds.shape).argsort(-1)
    else:
        order = np.argsort(-stds if kind == "std" else stds, axis=-1, kind="stable")
    kept = np.zeros(stds.shape, bool)
    np.put_along_axis(kept, order[..., :max(1, int(ratio * stds.shape[-1]))], True, axis=-1)  # RAGEN's code can keep none
    if flat == "drop":
        return kept & (stds > NO_SPREAD)
    return kept & (stds > NO_SPREAD).any(-1, keepdims=True) if flat == "skip" else kept


def _by_sum(stds: np.ndarray, top_p: float) -> np.ndarray:
    """Return the groups with most spread until they hold `top_p` of its sum; none that has no spread.

    RAGEN-2's code asks before it takes a group whether enough is there, with 0.01 to spare: where all spreads together are below
    about 0.011, nothing is taken.
    """
    has_spread = stds > NO_SPREAD
    if top_p >= 1:
        return has_spread
    some = np.where(has_spread, stds, 0.0)
    order = np.argsort(-some, axis=-1, kind="stable")
    falling = np.take_along_axis(some, order, -1)
    before = falling.cumsum(-1) - falling  # of those that were taken before it
    needed = top_p * some.sum(-1, keepdims=True) - SELECTION_EPSILON
    kept = np.zeros(stds.shape, bool)
    np.put_along_axis(kept, order, before < needed, axis=-1)
    return kept & has_spread
