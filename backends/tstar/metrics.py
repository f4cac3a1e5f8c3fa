"""LV-Haystack's metrics: how well returned frames match the frames that people marked, in time and in appearance.

Two sets per question: the truth G and the found frames Q, both in seconds of the full video. sim(f, F') is the best
similarity of f to any frame of F'; precision is its mean over Q, recall its mean over G (paper, Sec. 2.3). In time, sim
is 1 within 5 s and else 0 (Sec. 4.1); in appearance it is SSIM. Aggregation and SSIM follow the released code of
2025-09-02; its SSIM reads image rows as channels, which `ssim_official` reproduces and `ssim` does not.
Not here: which frames to pick, decoding, reading files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import correlate1d

TOLERANCE_S = 5.0  # paper, Sec. 4.1
ROUNDING_S = 1e-9  # 12.3 - 7.3 is a hair above 5 in floating point; a frame 5 s away must count
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2  # data range 1

Variant = Literal["correct", "official"]


@dataclass(frozen=True)
class Score:
    """Precision, recall and their harmonic mean of one question, 0..1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Aggregate:
    """The same over many questions. `num_skipped` had no truth or no found frame and count nowhere."""

    precision: float | None
    recall: float | None
    f1: float | None
    num_scored: int
    num_skipped: int

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.num_skipped:
            return ()
        total = self.num_scored + self.num_skipped
        return (f"{self.num_skipped} of {total} questions were skipped: they have no true or no found frame.",)


@dataclass(frozen=True)
class NearestDistances:
    """Mean distance to the nearest frame of the other set, in seconds (ANND). The released code never reports it."""

    found_to_truth_s: float
    truth_to_found_s: float

    @property
    def mean_s(self) -> float:
        return (self.found_to_truth_s + self.truth_to_found_s) / 2


def harmonic_mean(precision: float, recall: float) -> float:
    """0 where both are 0."""
    total = precision + recall
    return 2 * precision * recall / total if total > 0 else 0.0


def _distances(truth_s: Sequence[float], found_s: Sequence[float]) -> np.ndarray:
    """(truth, found) absolute differences in seconds."""
    truth, found = np.asarray(truth_s, float), np.asarray(found_s, float)
    if not (np.isfinite(truth).all() and np.isfinite(found).all()):
        raise ValueError("truth_s and found_s must be finite seconds")
    return np.abs(truth[:, None] - found[None, :])


def temporal(truth_s: Sequence[float], found_s: Sequence[float], *, tolerance_s: float = TOLERANCE_S) -> Score | None:
    """Two-sided precision, recall and F1 of one question, or None if either set is empty (the item is skipped)."""
    if not len(truth_s) or not len(found_s):
        return None
    is_near = _distances(truth_s, found_s) <= tolerance_s + ROUNDING_S
    precision, recall = float(is_near.any(axis=0).mean()), float(is_near.any(axis=1).mean())
    return Score(precision, recall, harmonic_mean(precision, recall))


def historic_precision(truth_s: Sequence[float], found_s: Sequence[float], *,
                       tolerance_s: float = TOLERANCE_S) -> float | None:
    """Covered *true* frames divided by |Q|: one-sided, as evaluated before March 2025.

    It can exceed 1, and near-identical true frames inflate it. For comparison with old numbers only.
    """
    if not len(truth_s) or not len(found_s):
        return None
    is_near = _distances(truth_s, found_s) <= tolerance_s + ROUNDING_S
    return float(is_near.any(axis=1).sum() / len(found_s))


def nearest_distances(truth_s: Sequence[float], found_s: Sequence[float]) -> NearestDistances | None:
    """ANND of one question, both directions, or None if either set is empty."""
    if not len(truth_s) or not len(found_s):
        return None
    distances = _distances(truth_s, found_s)
    return NearestDistances(float(distances.min(axis=0).mean()), float(distances.min(axis=1).mean()))


def aggregate_temporal(scores: Iterable[Score | None]) -> Aggregate:
    """Means over the questions; F1 is the mean of the items' F1s, not the F1 of the means (released code)."""
    return _aggregate(scores, mean_of_f1=True)


def _aggregate(scores: Iterable[Score | None], *, mean_of_f1: bool) -> Aggregate:
    every = list(scores)
    kept = [score for score in every if score is not None]
    if not kept:
        return Aggregate(None, None, None, 0, len(every))
    precision = float(np.mean([score.precision for score in kept]))
    recall = float(np.mean([score.recall for score in kept]))
    f1 = float(np.mean([score.f1 for score in kept])) if mean_of_f1 else harmonic_mean(precision, recall)
    return Aggregate(precision, recall, f1, len(kept), len(every) - len(kept))


def visual(similarity: np.ndarray) -> Score | None:
    """Appearance score of one question.

    Args:
        similarity: (truth, found) SSIM of every pair, from `ssim_matrix`. Empty: None, the item is skipped.
    """
    if similarity.ndim != 2:
        raise ValueError(f"similarity has shape {similarity.shape}; it must be (truth, found)")
    if not similarity.size:
        return None
    precision, recall = float(similarity.max(axis=0).mean()), float(similarity.max(axis=1).mean())
    return Score(precision, recall, harmonic_mean(precision, recall))


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Structural similarity of two frames, (height, width, 3) uint8 each: the window slides over height and width."""
    return float(ssim_matrix(first[None], second[None], variant="correct")[0, 0])


def ssim_official(first: np.ndarray, second: np.ndarray) -> float:
    """The released code's SSIM: it reads rows as channels, so its window slides over width and RGB.

    Two unrelated photographs score about 0.6. Never put it beside `ssim` in one table.
    """
    return float(ssim_matrix(first[None], second[None], variant="official")[0, 0])


def ssim_matrix(truth: np.ndarray, found: np.ndarray, *, variant: Variant = "correct") -> np.ndarray:
    """SSIM of every pair.

    Args:
        truth: (truth, height, width, 3) uint8.
        found: (found, height, width, 3) uint8, same size: the released code does not resize either.
    Returns:
        (truth, found), at most 1.
    """
    for name, frames in (("truth", truth), ("found", found)):
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
            raise ValueError(f"{name} is {frames.dtype} {frames.shape}; it must be uint8 (frames, height, width, 3)")
    if truth.shape[1:] != found.shape[1:]:
        raise ValueError(f"frames of {truth.shape[1:3]} and {found.shape[1:3]} px; both must have the same size")
    axes = (0, 1) if variant == "correct" else (1, 2)  # official: rows are channels, the "image" is width x RGB
    prepared_truth = [_moments(frame, axes) for frame in truth]
    prepared_found = [_moments(frame, axes) for frame in found]
    similarity = np.empty((len(truth), len(found)))
    for row, one in enumerate(prepared_truth):
        for column, other in enumerate(prepared_found):
            similarity[row, column] = _ssim_of(one, other, axes)
    return similarity


@dataclass(frozen=True)
class _Moments:
    pixels: np.ndarray  # (height, width, 3) 0..1
    mean: np.ndarray  # (height, width, 3) windowed
    variance: np.ndarray  # (height, width, 3) windowed, population


def _moments(frame: np.ndarray, axes: tuple[int, int]) -> _Moments:
    pixels = frame.astype(np.float64) / 255
    mean = _blur(pixels, axes)
    return _Moments(pixels, mean, _blur(pixels**2, axes) - mean**2)


def _ssim_of(one: _Moments, other: _Moments, axes: tuple[int, int]) -> float:
    covariance = _blur(one.pixels * other.pixels, axes) - one.mean * other.mean
    luminance = (2 * one.mean * other.mean + SSIM_C1) / (one.mean**2 + other.mean**2 + SSIM_C1)
    structure = (2 * covariance + SSIM_C2) / (one.variance + other.variance + SSIM_C2)
    return float((luminance * structure).mean())


def _blur(image: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    """The Gaussian window along two axes; outside the picture is 0, as with a convolution padded by 5."""
    offsets = np.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
    kernel = np.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    kernel /= kernel.sum()
    for axis in axes:  # the 11 x 11 window is an outer product, so two passes of 11 do
        image = correlate1d(image, kernel, axis=axis, mode="constant", cval=0.0)
    return image
