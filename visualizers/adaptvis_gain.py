"""What an evaluated set says in words and numbers: the gain, the cheapest rival, and other settings on the same answers.

Intervals of the run's methods are the run's own, paired. Of settings that a person tries on the page, the difference is
bootstrapped here over groups, with a fixed seed, so that equal results give equal numbers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backends.adaptvis.results import AdaptVisResult, Evaluated, Item, MethodScore
from backends.adaptvis.settings import AdaptVisSettings
from backends.statistics import Bootstrap

BETAS = np.round(np.arange(0, 1.0101, 0.01), 2)
Triple = tuple[float, float, float]  # mean and the ends of its 95 % interval


def score_of(evaluated: Evaluated, method: str) -> MethodScore | None:
    return next((score for score in evaluated.scores if score.method == method), None)


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
        return f"{self.mean:+.1f} points [{self.low:+.1f}, {self.high:+.1f}]"


def difference(items: Sequence[Item], before: np.ndarray, after: np.ndarray) -> Difference:
    """(items,) right or not before and after; resampled by group, because pictures of a group are alike."""
    change = after.astype(float) - before.astype(float)
    mean, low, high = Bootstrap([item.group or str(item.number) for item in items]).interval(100 * change)
    return Difference(mean, low, high, int((change > 0).sum()), int((change < 0).sum()))


@dataclass(frozen=True)
class Replayed:
    """AdaptVis with other settings on the same answers."""

    accuracy: float  # per cent
    difference: Difference
    unsure: float  # share of the items below beta, per cent


def replay(evaluated: Evaluated, *, alpha1: float, alpha2: float, beta: float) -> Replayed:
    """What these settings would have given on the test items: every alpha's answer is there, nothing has to be run."""
    right = hits(evaluated)
    unsure = np.array([item.confidence < beta for item in evaluated.items])
    after = np.where(unsure, right[:, index_of(evaluated, alpha1)], right[:, index_of(evaluated, alpha2)])
    before = right[:, index_of(evaluated, 1.0)]
    return Replayed(100 * float(after.mean()), difference(evaluated.items, before, after), 100 * float(unsure.mean()))


def chosen(evaluated: Evaluated, settings: AdaptVisSettings) -> dict[str, float]:
    """alpha1, alpha2 and beta that the run took: read off the row of AdaptVis, else as set."""
    score = score_of(evaluated, "adaptvis")
    found = dict(re.findall(r"(alpha1|alpha2) (\d+(?:\.\d+)?)", score.setting)) if score else {}
    first, second = (float(found.get(name, asked)) for name, asked in (("alpha1", settings.alpha1), ("alpha2", settings.alpha2)))
    return {"alpha1": evaluated.alphas[index_of(evaluated, first)], "alpha2": evaluated.alphas[index_of(evaluated, second)],
            "beta": settings.beta if evaluated.beta is None else evaluated.beta}


def headline(result: AdaptVisResult) -> list[str]:
    """What the evaluation says, the cheapest rival and the re-weighted row included; every number is the run's."""
    evaluated = result.evaluated
    base, adapt = (score_of(evaluated, name) for name in ("greedy", "adaptvis")) if evaluated else (None, None)
    if evaluated is None or base is None or adapt is None or adapt.gain is None:
        return []
    mended = f"mends {adapt.mended} wrong answers and breaks {adapt.broken} right ones"
    return [f"Of {evaluated.num_test} items ({evaluated.data}) AdaptVis with {adapt.setting}{_one_branch(evaluated.beta)} {mended}: "
            f"{percent(base.individual[0])} become {percent(adapt.individual[0])}, {points(adapt.gain)}. {_meaning(adapt.gain)}",
            *_rival(evaluated, adapt.gain), *_reweighted(evaluated)]


def _one_branch(beta: float | None) -> str:
    """What a beta at either end of its range means."""
    if beta is None or 0 < beta <= 1:
        return ""
    return f" (every item counts as {'unsure' if beta > 1 else 'sure'})"


def percent(share: float) -> str:
    """0.7423 -> '74.2 %'."""
    return f"{100 * share:.1f} %"


def interval(triple: Triple) -> str:
    """'74.2 [70.1, 78.0]'."""
    mean, low, high = (100 * value for value in triple)
    return f"{mean:.1f} [{low:.1f}, {high:.1f}]"


def points(gain: Triple) -> str:
    """'+2.6 points, 95 % interval [1.3, 4.1]'."""
    mean, low, high = (100 * value for value in gain)
    return f"{mean:+.1f} points, 95 % interval [{low:+.1f}, {high:+.1f}]"


def _meaning(gain: Triple) -> str:
    if gain[1] > 0:
        return "The interval is above 0."
    return "The interval is below 0: it does harm here." if gain[2] < 0 else "The interval includes 0: no gain is shown."


def _rival(evaluated: Evaluated, gain: Triple) -> list[str]:
    """The prior re-fit against AdaptVis; better is said only where the intervals do not touch."""
    bias = score_of(evaluated, "bias")
    if bias is None or bias.gain is None:
        return []
    said = f"One constant per answer, fitted on the validation part and blind to the gaze, gains {points(bias.gain)}: "
    if gain[1] > bias.gain[2]:
        return [said + "less than AdaptVis, so the gain is not only a shift of the answers."]
    if bias.gain[0] >= gain[0]:
        return [said + "at least as much. What there is to gain lies in the answers' prior; better looking is not shown."]
    return [said + "the intervals overlap, so more than a shift of the answers is not shown."]


def _reweighted(evaluated: Evaluated) -> list[str]:
    score = score_of(evaluated, "reweighted")
    if score is None or score.gain is None:
        return []
    return [f"With relations as frequent as in training AdaptVis has {percent(score.individual[0])}: {points(score.gain)}."]
