"""Scores result files against a ground-truth file: one row per method, nothing dropped in silence.

A result is matched to its question by video id and question text; without the question in the truth file the truth in
the result file itself is used. Temporal metrics only: appearance needs the videos (metrics.ssim_matrix).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from backends.tstar import metrics
from backends.tstar.formats import Item, Prediction, load_items, load_predictions
from backends.tstar.records import Source
from worlds.errors import InputError


@dataclass(frozen=True)
class MethodScore:
    """One method of one file. Rates 0..1, None if no question could be scored."""

    name: str  # file: method
    precision: float | None
    recall: float | None
    f1: float | None  # mean of the questions' F1s
    one_sided_precision: float | None  # until March 2025; can exceed 1
    nearest_s: float | None  # ANND, mean of both directions
    mean_frames: float | None  # frames returned per scored question
    num_scored: int
    num_without_truth: int
    num_without_frames: int
    num_unknown: int  # results whose question the truth file does not have
    num_missing: int  # questions with key frames that have no result


@dataclass(frozen=True)
class Scoring:
    """The table, best F1 first."""

    rows: tuple[MethodScore, ...]
    num_questions: int
    notes: tuple[str, ...] = field(default=())


def score_files(ground_truth: Source | None, results: Mapping[str, Source], *,
                fps: Mapping[str, float] | float | None = None,
                tolerance_s: float = metrics.TOLERANCE_S) -> Scoring:
    """Score every method of every result file.

    Args:
        ground_truth: any question file; None: the result files carry their own `gt_frame_index`.
        results: name as people shall see it -> file.
        fps: frame rate per video id, or of all, for files that have raw indices and no rate.
    Raises:
        InputError: a file cannot be read, or no question anywhere has key frames in seconds.
    """
    if not results:
        raise InputError("There is no result file. Choose at least one.")
    notes: list[str] = []
    predictions = {}
    for name, source in results.items():
        with _naming(repr(name[:80])):
            predictions[name] = load_predictions(source, fps=fps)
    with _naming("The annotations"):
        truth = _truth(ground_truth, predictions, fps, notes)
    if not any(item.key_seconds for item in truth.values()):
        raise InputError("No question has key frames in seconds. The rows need raw frame indices of the full video and a "
                         "frame rate (video_metadata.frame_rate, or the fps given here).")
    rows = []
    for name, found in predictions.items():
        by_method: dict[str, list[Prediction]] = {}
        for prediction in found:
            by_method.setdefault(prediction.method, []).append(prediction)
        rows += [_score(f"{name}: {method}", of_method, truth, tolerance_s, notes)
                 for method, of_method in by_method.items()]
    rows.sort(key=lambda row: (-(row.f1 if row.f1 is not None else -1.0), row.name))
    return Scoring(tuple(rows), len(truth), tuple(dict.fromkeys(notes)))


@contextmanager
def _naming(file: str) -> Iterator[None]:
    """Say which of several files an error is about."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _truth(ground_truth: Source | None, predictions: Mapping[str, tuple[Prediction, ...]],
           fps: Mapping[str, float] | float | None, notes: list[str]) -> dict[tuple[str, str], Item]:
    items = ([found.item for every in predictions.values() for found in every] if ground_truth is None
             else list(load_items(ground_truth, fps=fps)))
    truth: dict[tuple[str, str], Item] = {}
    num_repeated = 0
    for item in items:
        known = truth.get(item.key)
        if known is not None and ground_truth is not None:
            num_repeated += 1
        if known is None or (not known.key_seconds and item.key_seconds):
            truth[item.key] = item
    if num_repeated:
        notes.append(f"{num_repeated} questions stand more than once in the ground truth; the first with key frames counts.")
    for note, count in _counted(item.notes for item in truth.values()):
        notes.append(f"{note} ({count} of {len(truth)} questions)")
    no_seconds = sum(item.key_seconds is None and item.key_indices is not None for item in truth.values())
    if no_seconds:
        notes.append(f"{no_seconds} questions have key frames but no frame rate: they are not scored.")
    return truth


def _counted(groups: object) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for group in groups:  # type: ignore[attr-defined]
        for note in group:
            counts[note] = counts.get(note, 0) + 1
    return list(counts.items())


def _score(name: str, found: list[Prediction], truth: Mapping[tuple[str, str], Item], tolerance_s: float,
           notes: list[str]) -> MethodScore:
    scores, one_sided, nearest, counts = [], [], [], []
    no_truth = no_frames = unknown = 0
    seen: set[tuple[str, str]] = set()
    for prediction in found:
        key = prediction.item.key
        if key in seen:
            notes.append(f"{name} answers a question more than once; its first result counts.")
            continue
        seen.add(key)
        item = truth.get(key)
        if item is None:
            unknown += 1
        elif not item.key_seconds:
            no_truth += 1
        elif not prediction.seconds:
            no_frames += 1
        else:
            scores.append(metrics.temporal(item.key_seconds, prediction.seconds, tolerance_s=tolerance_s))
            one_sided.append(metrics.historic_precision(item.key_seconds, prediction.seconds, tolerance_s=tolerance_s))
            distances = metrics.nearest_distances(item.key_seconds, prediction.seconds)
            nearest.append(None if distances is None else distances.mean_s)
            counts.append(len(prediction.seconds))
    missing = sum(bool(item.key_seconds) and key not in seen for key, item in truth.items())
    for count, what in ((no_truth, "have no key frame"), (no_frames, "have no returned frame"),
                        (unknown, "are not in the ground truth"), (missing, "have no result")):
        if count:
            notes.append(f"{name}: {count} questions {what} and are skipped.")
    means = metrics.aggregate_temporal(scores)
    return MethodScore(name, means.precision, means.recall, means.f1, _mean(one_sided), _mean(nearest), _mean(counts),
                       means.num_scored, no_truth, no_frames, unknown, missing)


def _mean(values: list[float | None] | list[float] | list[int]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
