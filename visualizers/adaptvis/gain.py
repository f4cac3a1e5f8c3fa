"""Other settings on the answers of an evaluated set: what they would have given, without a run.

The difference is bootstrapped over groups with the run's own draws, so that its own settings give its own interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backends.adaptvis.results import Evaluated, Item
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.words import one_alpha
from backends.numbers import signed
from backends.statistics import Bootstrap

BETAS = np.round(np.arange(0, 1.0101, 0.01), 2)


def is_right(item: Item, answer: str) -> bool:
    return answer.strip().lower() == item.right.strip().lower()


def index_of(evaluated: Evaluated, alpha: float) -> int:
    """The alpha of the grid that is nearest."""
    return int(np.argmin(np.abs(np.array(evaluated.alphas) - alpha)))


def has_confidence(evaluated: Evaluated) -> bool:
    """Whether the answers' confidence is known: a log may not have it."""
    return bool(evaluated.items) and all(np.isfinite(item.confidence) for item in evaluated.items)


def can_replay(evaluated: Evaluated) -> bool:
    """Whether there is something to choose between."""
    return len(evaluated.alphas) > 1 and has_confidence(evaluated)


def hits(evaluated: Evaluated) -> np.ndarray:
    """(items, alphas) whether the answer is right."""
    found = [is_right(item, answer) for item in evaluated.items for answer in item.answers]
    return np.array(found, bool).reshape(-1, len(evaluated.alphas))


@dataclass(frozen=True)
class Difference:
    """What one way of answering changes against another, in points with a 95 % interval over groups."""

    mean: float
    low: float
    high: float
    mended: int
    broken: int

    def __str__(self) -> str:
        return f"{signed(self.mean, 1)} points [{signed(self.low, 1)}, {signed(self.high, 1)}]"


def difference(items: Sequence[Item], before: np.ndarray, after: np.ndarray) -> Difference:
    """(items,) right or not before and after; resampled by group, because pictures of a group are alike."""
    change = after.astype(float) - before.astype(float)
    mean, low, high = (100 * share for share in Bootstrap.over([item.group for item in items]).interval(change))
    return Difference(mean, low, high, int((change > 0).sum()), int((change < 0).sum()))


@dataclass(frozen=True)
class Replayed:
    """AdaptVis with other settings on the same answers."""

    accuracy: float  # per cent
    difference: Difference
    unsure: float  # share of the items below beta, per cent
    one_alpha: str  # a sentence, where only one alpha is ever used


def replay(evaluated: Evaluated, *, alpha1: float, alpha2: float, beta: float) -> Replayed:
    """What these settings would have given on the test items: every alpha's answer is there, nothing has to be run."""
    right = hits(evaluated)
    unsure = np.array([item.confidence < beta for item in evaluated.items])
    after = np.where(unsure, right[:, index_of(evaluated, alpha1)], right[:, index_of(evaluated, alpha2)])
    before = right[:, index_of(evaluated, 1.0)]
    confidences = [item.confidence for item in evaluated.items]
    return Replayed(100 * float(after.mean()), difference(evaluated.items, before, after), 100 * float(unsure.mean()),
                    one_alpha(confidences, alpha1=alpha1, alpha2=alpha2, beta=beta))


def chosen(evaluated: Evaluated, settings: AdaptVisSettings) -> dict[str, float]:
    """alpha1, alpha2 and beta that the run took; as set, where it does not say."""
    first, second = (asked if own is None else own for own, asked in ((evaluated.alpha1, settings.alpha1),
                                                                     (evaluated.alpha2, settings.alpha2)))
    return {"alpha1": evaluated.alphas[index_of(evaluated, first)], "alpha2": evaluated.alphas[index_of(evaluated, second)],
            "beta": settings.beta if evaluated.beta is None else evaluated.beta}
