"""LV-Haystack's result files: returned frames and scores, read into one shape.

A result file may hold several methods in one row. Rows that are odd are left out and
counted; what a score does not need (the objects that were looked for) is passed over where it is odd.
Not here: questions (formats), scores (metrics, scoring).
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from backends.files.cells import cut, is_missing, is_text, mapping, number, numbers, texts, unfolded
from backends.files.rows import Kept, OddRow, OddRows, Row, unused
from backends.files.tables import Source, read_object
from backends.tstar.formats import LIMITS, OF_RESULTS, ROUNDING_S, Item, given_fps, item_of, kept_rows, what_of
from worlds.errors import InputError

HISTORIC = re.compile(r"^(?:(?P<name>.+)_\d+frames_sec|(?P<ksf>KSF)_sec_\d+)$")
RELATION_KINDS = ("spatial", "attribute", "time", "causal")
SCORE_KEYS = {  # field of ScoreFile -> its key in the file, then the key of the early scripts
    "temporal_precision": ("Average Temporal Precision", "Average Precision"),
    "temporal_recall": ("Average Temporal Recall", "Average Recall"),
    "temporal_f1": ("Average Temporal F1 Score", "Average F1 Score"), "ssim_precision": ("Average SSIM Precision",),
    "ssim_recall": ("Average SSIM Recall",), "ssim_f1": ("Average SSIM F1 Score",),
}


@dataclass(frozen=True)
class Relation:
    """Two objects and how they belong together (VSLS)."""

    first: str
    second: str
    kind: Literal["spatial", "attribute", "time", "causal"]


@dataclass(frozen=True)
class Prediction:
    """The frames that one method returned for one question."""

    item: Item
    method: str
    seconds: tuple[float, ...]  # of the full video
    targets: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    distribution: tuple[float, ...] | None = None  # (L,) the last P


@dataclass(frozen=True)
class ScoreFile:
    """The six averages of a score file, fractions 0..1. None: not in the file."""

    temporal_precision: float | None = None
    temporal_recall: float | None = None
    temporal_f1: float | None = None
    ssim_precision: float | None = None
    ssim_recall: float | None = None
    ssim_f1: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerRow:
    """What a model answered from the frames of one sampling."""

    item: Item
    sampling: str  # "TStar", "uniform", ...
    predicted: str
    is_correct: bool


def load_predictions(source: Source, *, name: str = "", fps: Mapping[str, float] | float | None = None) -> Kept[Prediction]:
    """Return every list of returned seconds in a result file: `keyframe_timestamps` and the historic lists per method."""
    found = kept_rows(source, name, lambda row, number, odd: _predictions(row, number, odd, fps), OF_RESULTS,
                      _is_list_of_seconds)
    if not found.rows:
        raise InputError(f"{what_of(source, name)} has no row with returned frames. A result file needs keyframe_timestamps, or "
                         "lists such as TStar_YOLO_8frames_sec, in seconds.")
    return found


def _is_list_of_seconds(key: str) -> bool:
    return key == "keyframe_timestamps" or HISTORIC.match(key) is not None


def _predictions(row: Row, number: int, odd: OddRows, fps: Mapping[str, float] | float | None) -> list[Prediction]:
    """Return all methods in one row of a result file; a row without any gives none."""
    item, where = given_fps(item_of(row, number, odd), fps), f"Row {number}"
    targets, cues, relations, distribution = _grounding(row, number, odd)
    return [
        Prediction(item=item, method="T*" if key == "keyframe_timestamps" else key.removesuffix("_sec"), seconds=seconds,
                   targets=targets, cues=cues, relations=relations,
                   distribution=distribution if key == "keyframe_timestamps" else None)
        for key in row if _is_list_of_seconds(key) and (seconds := _seconds(row, key, where)) is not None]


def _seconds(row: Row, key: str, where: str) -> tuple[float, ...] | None:
    seconds = numbers(row, key, where=where)
    if seconds and min(seconds) < -ROUNDING_S:
        raise OddRow(f"{where} has a negative second in {key}. Seconds count from the start of the video.", f"{key} is negative")
    return None if seconds is None else tuple(max(0.0, second) for second in seconds)


_Grounding = tuple[tuple[str, ...], tuple[str, ...], tuple[Relation, ...], tuple[float, ...] | None]


def _grounding(row: Row, number: int, odd: OddRows) -> _Grounding:
    """Return what was looked for; nothing, and a note, where it cannot be read: a score does not need it."""
    where = f"Row {number}"
    try:
        grounding = mapping(row, "grounding_objects", where=where) or {}
        return (texts(grounding, "target_objects", where=where), texts(grounding, "cue_objects", where=where),
                _relations(unfolded(grounding.get("relations", row.get("relations"))), where),
                numbers(row, "keyframe_distribution", where=where))
    except InputError as error:
        odd.repair(number, f"what was looked for cannot be read and is passed over. {error}", "grounding")
        return (), (), (), None


def _relations(value: object, where: str) -> tuple[Relation, ...]:
    """Return relations from [first, second, kind], or [first, kind, second] as VSLS's prompt has it."""
    if is_missing(value):
        return ()
    relations = []
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, list) or len(entry) != 3 or not all(map(is_text, entry)):
            raise OddRow(f"{where} has the relation {cut(entry)}. It must be two objects and one of {RELATION_KINDS}.", "relation")
        first, second, kind = entry if entry[2] in RELATION_KINDS else (entry[0], entry[2], entry[1])
        if kind not in RELATION_KINDS:
            raise OddRow(f"{where} has the relation {cut(entry)}. Its kind must be one of {RELATION_KINDS}.", "relation")
        relations.append(Relation(first, second, kind))
    return tuple(relations)


def load_scores(source: Source, *, name: str = "") -> ScoreFile:
    """Return a score file, of the current or the early scripts. Missing keys are None, unknown ones are named."""
    row = _object(source, name)
    keys = {field: next((key for key in alternatives if not is_missing(row.get(key))), alternatives[0])
            for field, alternatives in SCORE_KEYS.items()}
    found = {field: number(row, key, where="The score file") for field, key in keys.items()}
    if all(value is None for value in found.values()):
        raise InputError(f"{what_of(source, name)} has none of the keys {', '.join(keys[0] for keys in SCORE_KEYS.values())}. "
                         "A score file has them all.")
    for field, value in found.items():
        most = math.inf if field == "temporal_precision" else 1  # the one-sided precision of the early scripts can exceed 1
        if value is not None and not 0 <= value <= most:
            raise InputError(f"{what_of(source, name)} has {keys[field]} = {value:g}. "
                             "It must be a share between 0 and 1, not per cent.")
    known = {key for alternatives in SCORE_KEYS.values() for key in alternatives}
    return ScoreFile(**found, notes=unused(key for key in row if key not in known))


def _object(source: Source, name: str) -> Row:
    return read_object(source, limit_mb=LIMITS.mb, what=what_of(source, name))


def names_scores(content: bytes) -> bool:
    """Return whether a file that cannot be read is one object with a score file's keys, so that the reason is worth telling."""
    return content.lstrip().startswith(b"{") and any(f'"{key}"'.encode() in content for keys in SCORE_KEYS.values() for key in keys)
