"""Scores result files against a ground-truth file: one row per method, nothing dropped in silence.

A result is matched to its question by id, or by video, question, clip, answer and order (identity); without a truth file the
truth in the result files themselves is used. A score file is shown as it is. Temporal metrics only: appearance needs the videos
(metrics.ssim_matrix).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from backends.files.tables import Source, read_bytes
from backends.tstar import metrics
from backends.tstar.formats import Item, load_items
from backends.tstar.identity import paired
from backends.tstar.outputs import Prediction, ScoreFile, load_predictions, load_scores, names_scores
from worlds.errors import InputError

MAX_SCORE_FILE_MB = 0.1  # a true one has three hundred bytes


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
    num_scored: int | None  # None, as all counts: the numbers come from a score file
    num_without_truth: int | None = None
    num_without_frames: int | None = None
    num_unknown: int | None = None  # results whose question the truth file does not have
    num_missing: int | None = None  # questions with key frames that have no result


@dataclass(frozen=True)
class Scoring:
    """The table, best F1 first."""

    rows: tuple[MethodScore, ...]
    num_questions: int
    notes: tuple[str, ...] = field(default=())


def score_files(ground_truth: Source | None, results: Mapping[str, Source], *, truth_name: str = "ground truth",
                fps: Mapping[str, float] | float | None = None, tolerance_s: float = metrics.TOLERANCE_S) -> Scoring:
    """Score every method of every result file.

    Args:
        ground_truth: any question file; None: the result files carry their own `gt_frame_index`.
        results: name as people shall see it -> file.
        truth_name: what the visitor calls the question file.
        fps: frame rate per video id, or of all, for files that have raw indices and no rate.
    Raises:
        InputError: files cannot be read, with a sentence about each, or no question anywhere has key frames in seconds.
    """
    if not results:
        raise InputError("There is no result file. Choose at least one.")
    notes: list[str] = []
    refused: list[str] = []
    truth = [] if ground_truth is None else _questions(ground_truth, truth_name, fps, notes, refused)
    rows, predictions = _read(results, fps, notes, refused)
    if refused:
        raise InputError(" ".join(refused))
    if ground_truth is None:
        truth = _merged([list({id(one.item): one.item for one in found}.values()) for found in predictions.values()])
    _note_no_seconds(truth, notes)
    if predictions and not any(item.key_seconds for item in truth):
        raise InputError("No question has key frames in seconds. The rows need raw frame indices of the full video and a "
                         "frame rate (video_metadata.frame_rate, or the one given here).")
    for name, found in predictions.items():
        by_method: dict[str, list[Prediction]] = {}
        for prediction in found:
            by_method.setdefault(prediction.method, []).append(prediction)
        rows += [_score(f"{name}: {method}", of_method, truth, tolerance_s, notes)
                 for method, of_method in by_method.items()]
    rows.sort(key=lambda row: (-(row.f1 if row.f1 is not None else -1.0), row.name))
    return Scoring(tuple(rows), len(truth), tuple(dict.fromkeys(notes)))


def _questions(source: Source, name: str, fps: Mapping[str, float] | float | None, notes: list[str],
               refused: list[str]) -> list[Item]:
    try:
        found = load_items(source, name=name, fps=fps)
    except InputError as error:  # told together with what is wrong with the result files
        refused.append(str(error))
        return []
    notes += found.notes
    return list(found.rows)


def _read(results: Mapping[str, Source], fps: Mapping[str, float] | float | None, notes: list[str],
          refused: list[str]) -> tuple[list[MethodScore], dict[str, tuple[Prediction, ...]]]:
    """Return the numbers of score files, and the predictions of all others."""
    rows: list[MethodScore] = []
    predictions: dict[str, tuple[Prediction, ...]] = {}
    for name, source in results.items():
        try:
            if (scores := _scores_in(source, name)) is None:
                found = load_predictions(source, name=name, fps=fps)
                notes += found.notes
                predictions[name] = found.rows
                continue
        except InputError as error:
            refused.append(str(error))
            continue
        rows.append(MethodScore(f"{name}: as its file says", scores.temporal_precision, scores.temporal_recall,
                                scores.temporal_f1, None, None, None, None))
        notes += [f"{name} is a score file: its numbers are shown as they are.", *(f"{name}: {note}" for note in scores.notes)]
    return rows, predictions


def _scores_in(source: Source, name: str) -> ScoreFile | None:
    """Return the averages of a small file that holds nothing else. Raises InputError where they are named and cannot be read."""
    try:
        content = read_bytes(source, limit_mb=MAX_SCORE_FILE_MB)
    except InputError:  # told by whoever then reads it as results
        return None
    try:
        return load_scores(content, name=name)
    except InputError:
        if names_scores(content):
            raise
        return None


def _note_no_seconds(truth: Sequence[Item], notes: list[str]) -> None:
    no_seconds = sum(item.key_seconds is None and item.key_indices is not None for item in truth)
    if no_seconds:
        notes.append(f"Not scored, because they have key frames but no frame rate: {no_seconds:,} of {len(truth):,} questions.")


def _merged(files: Sequence[Sequence[Item]]) -> list[Item]:
    """Return every question of several result files once, with key frames where one of them has them."""
    truth: list[Item] = []
    for items in files:
        for item, place in zip(items, paired(items, truth).places):
            if place is None:
                truth.append(item)
            elif not truth[place].key_seconds and item.key_seconds:
                truth[place] = item
    return truth


def _score(name: str, found: list[Prediction], truth: Sequence[Item], tolerance_s: float, notes: list[str]) -> MethodScore:
    scores, one_sided, nearest, counts = [], [], [], []
    no_truth = no_frames = 0
    pairs = paired([prediction.item for prediction in found], truth)
    for prediction, place in zip(found, pairs.places):
        if place is None:
            continue
        truth_s = truth[place].key_seconds
        if not truth_s:
            no_truth += 1
        elif not prediction.seconds:
            no_frames += 1
        else:
            scores.append(metrics.temporal(truth_s, prediction.seconds, tolerance_s=tolerance_s))
            one_sided.append(metrics.historic_precision(truth_s, prediction.seconds, tolerance_s=tolerance_s))
            distances = metrics.nearest_distances(truth_s, prediction.seconds)
            nearest.append(None if distances is None else distances.mean_s)
            counts.append(len(prediction.seconds))
    unknown = pairs.places.count(None) - len(pairs.repeated)
    answered = set(pairs.places)
    missing = sum(bool(item.key_seconds) and place not in answered for place, item in enumerate(truth))
    notes += [f"{name}: {note}" for note in pairs.notes]
    for count, what in ((no_truth, "questions have no key frame and are skipped"), (unknown, "questions are not in the ground truth "
                        "and are skipped"), (no_frames, "questions have no returned frame and are skipped"),
                        (missing, "questions have no result and are skipped"),
                        (len(pairs.repeated), "results answer a question once more and are skipped")):
        if count:
            notes.append(f"{name}: {count:,} {what}.")
    means = metrics.aggregate_temporal(scores)
    return MethodScore(name, means.precision, means.recall, means.f1, _mean(one_sided), _mean(nearest), _mean(counts),
                       means.num_scored, no_truth, no_frames, unknown, missing)


def _mean(values: list[float | None] | list[float] | list[int]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
