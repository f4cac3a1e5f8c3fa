"""What alpha, alpha1, alpha2 and beta are chosen, on validation answers alone, and the cheap rivals that change no attention.

ScalingVis takes the alpha, AdaptVis (arXiv 2503.01773) the alpha1 <= 1 <= alpha2 and beta with the most right answers; among
equals the mildest, by |log alpha|. `bias` adds one constant per option to the log-probabilities and leaves the model alone: it
can only move how often each option is said. Pure NumPy: nothing here sees a model or a test answer.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BETAS = (0.0, *(round(0.1 + 0.01 * step, 2) for step in range(81)), 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 1.01)
VALIDATION_SHARE = 0.2
OFFICIAL_SEED = 1  # of the released code
_FLOOR = 1e-9  # below a probability of 0 there is no logarithm


@dataclass(frozen=True)
class Sweep:
    """Answers of one model to some items at every alpha."""

    alphas: tuple[float, ...]
    probabilities: np.ndarray  # (alphas, items, words) of the first token, 0..1
    right: np.ndarray  # (alphas, items) bool
    confidence: np.ndarray  # (items,) at alpha = 1, rounded where that is asked
    truth: np.ndarray  # (items,) index of the right word
    groups: np.ndarray  # (items,) int: what is drawn together in a bootstrap

    @property
    def one(self) -> int:
        """Return where alpha is 1."""
        return self.alphas.index(1.0)

    @property
    def base(self) -> np.ndarray:
        """(items,) whether the untouched model is right."""
        found: np.ndarray = self.right[self.one]
        return found

    def part(self, items: np.ndarray) -> "Sweep":
        """Return some items; (items,) bool or indices."""
        return Sweep(self.alphas, self.probabilities[:, items], self.right[:, items], self.confidence[items], self.truth[items],
                     self.groups[items])


@dataclass(frozen=True)
class Setting:
    """alpha1 where the confidence is below beta, alpha2 elsewhere."""

    alpha1: float
    alpha2: float
    beta: float

    def is_unsure(self, confidence: np.ndarray) -> np.ndarray:
        """(items,) bool: strictly below, as released."""
        return confidence < self.beta

    def right(self, sweep: Sweep) -> np.ndarray:
        """(items,) whether AdaptVis is right."""
        low, high = (sweep.right[sweep.alphas.index(alpha)] for alpha in (self.alpha1, self.alpha2))
        return np.where(self.is_unsure(sweep.confidence), low, high)


def choose_alpha(sweep: Sweep) -> float:
    """Return ScalingVis' alpha."""
    return _mildest(sweep.alphas, sweep.right.sum(1))[0]


def choose_setting(sweep: Sweep, *, betas: Sequence[float] = BETAS, is_ordered: bool = True) -> Setting:
    """Return AdaptVis' alpha1, alpha2 and beta; without `is_ordered` either may be on either side of 1."""
    candidates = []
    for beta in betas:
        unsure = sweep.confidence < beta
        low = [alpha for alpha in sweep.alphas if alpha <= 1 or not is_ordered]
        high = [alpha for alpha in sweep.alphas if alpha >= 1 or not is_ordered]
        alpha1, first = _best(sweep, unsure, low)
        alpha2, second = _best(sweep, ~unsure, high)
        candidates.append((-(first + second), _change(alpha1) + _change(alpha2), Setting(alpha1, alpha2, beta)))
    return min(candidates, key=lambda candidate: candidate[:2])[2]


def _best(sweep: Sweep, items: np.ndarray, alphas: Sequence[float]) -> tuple[float, int]:
    rows = [sweep.alphas.index(alpha) for alpha in alphas]
    return _mildest(alphas, sweep.right[rows][:, items].sum(1))


def _mildest(alphas: Sequence[float], counts: np.ndarray) -> tuple[float, int]:
    most = int(counts.max())
    return min((alpha for alpha, count in zip(alphas, counts) if count == most), key=_change), most


def _change(alpha: float) -> float:
    """Return |log alpha|: how far from leaving the model alone."""
    return abs(float(np.log(alpha))) if alpha > 0 else float("inf")


def fit_bias(probabilities: np.ndarray, truth: np.ndarray, *, steps: int = 300, rate: float = 0.1) -> np.ndarray:
    """Return (words,) constants that, added to the log-probabilities, give the lowest cross entropy: Adam, as measured before.

    Args:
        probabilities: (items, words).     truth: (items,) index of the right word.
    """
    logs = np.log(probabilities + _FLOOR)
    right = np.bincount(truth, minlength=logs.shape[1]) / max(1, len(truth))
    constants, mean, square = (np.zeros(logs.shape[1]) for _ in range(3))
    for step in range(1, steps + 1):
        gradient = _softmax(logs + constants).mean(0) - right
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        constants -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return constants


def with_bias(probabilities: np.ndarray, truth: np.ndarray, constants: np.ndarray) -> np.ndarray:
    """Return (items,) whether the likeliest word is right after the constants were added."""
    return np.asarray((np.log(probabilities + _FLOOR) + constants).argmax(-1) == truth)


def choose_refitted(sweep: Sweep) -> tuple[float, np.ndarray]:
    """Return the alpha that is best once the constants are fitted anew at every alpha, and its constants (`acc_bias`)."""
    fitted = [fit_bias(own, sweep.truth) for own in sweep.probabilities]
    counts = np.array([with_bias(own, sweep.truth, bias).sum() for own, bias in zip(sweep.probabilities, fitted)])
    alpha, _ = _mildest(sweep.alphas, counts)
    return alpha, fitted[sweep.alphas.index(alpha)]


def oracle(sweep: Sweep) -> np.ndarray:
    """(items,) whether any alpha is right: an upper bound that counts lucky hits, not a method."""
    return np.asarray(sweep.right.any(0))


def official_validation(count: int) -> list[int]:
    """Return the released code's 20 % of items, sorted."""
    return sorted(random.Random(OFFICIAL_SEED).sample(range(count), int(VALIDATION_SHARE * count)))


def group_validation(groups: Sequence[str], *, seed: int = OFFICIAL_SEED) -> list[int]:
    """Return the items of 20 % of the groups, at least one: no group is torn apart."""
    names = sorted(set(groups))
    chosen = set(random.Random(seed).sample(names, max(1, int(VALIDATION_SHARE * len(names)))))
    return [index for index, group in enumerate(groups) if group in chosen]


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    found: np.ndarray = shifted / shifted.sum(-1, keepdims=True)
    return found
