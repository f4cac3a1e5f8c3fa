"""LV-Haystack's files: questions, search results, scores and answers, read into one shape and written back.

Files differ in names and clocks: raw frame indices of the full video, raw indices of a clip cut from it, seconds. All
become an `Item` or a `Prediction` in seconds of the full video; an index of a clip is shifted by the clip's start first
(index_video = index_clip + round(start * fps)), and is not used with the video at all if that start is unknown. What is
written opens in the released scripts. Files come from strangers: `records` checks size, count and types.
Not here: scores (metrics, scoring) and videos.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from backends.tstar.records import (
    LETTERS,
    Row,
    Source,
    cut,
    finite,
    integer,
    is_text,
    number,
    numbers,
    read_one,
    read_rows,
    text,
    texts,
    whole_numbers,
)
from worlds.errors import InputError

Origin = Literal["haystack", "early", "longvideobench", "tstar"]
OPTION = re.compile(r"^\s*\(?([A-Z])\s*[).:]\s*(.+?)\s*$")
HISTORIC = re.compile(r"^(?:(?P<name>.+)_\d+frames_sec|(?P<ksf>KSF)_sec_\d+)$")
RELATION_KINDS = ("spatial", "attribute", "time", "causal")
SCORE_KEYS = {  # field of ScoreFile -> key in the file
    "temporal_precision": "Average Temporal Precision", "temporal_recall": "Average Temporal Recall",
    "temporal_f1": "Average Temporal F1 Score", "ssim_precision": "Average SSIM Precision",
    "ssim_recall": "Average SSIM Recall", "ssim_f1": "Average SSIM F1 Score",
}
COLUMNS = (  # of the parquet files; everything else stays unread
    "video_id", "vclip_id", "question", "options", "answer", "gt_answer", "frame_indexes", "frame_indexes_video",
    "frame_indexes_vclip", "video_metadata", "candidates", "correct_choice", "position", "question_category",
    "topic_category", "duration_group", "duration", "video_path", "id", "level", "fps")


@dataclass(frozen=True)
class Item:
    """One question about one video. Seconds are of the full video unless the name says clip."""

    video_id: str
    question: str
    options: Mapping[str, str]  # letter -> text; empty if the question is open
    answer: str | None  # a letter of `options`, or the text of an open question's answer
    key_seconds: tuple[float, ...] | None = None  # None: unknown; (): the row marks no frame
    key_seconds_in_clip: tuple[float, ...] | None = None
    key_indices: tuple[int, ...] | None = None  # raw frames of the full video
    fps: float | None = None  # of the file
    clip_interval: tuple[float, float] | None = None  # of the clip in the video, seconds
    clip_id: str | None = None
    video_path: str | None = None
    duration_s: float | None = None
    category: str | None = None
    duration_group: int | None = None
    origin: Origin = "tstar"
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What a result is matched by: never the path alone, which is shared by all questions of a video."""
        return self.video_id, " ".join(self.question.split())

    def with_fps(self, fps: float) -> "Item":
        """The same item, its raw indices turned into seconds by the file's frame rate."""
        if not (finite(fps) and fps > 0):
            raise ValueError(f"fps is {fps!r}; it must be above 0")
        seconds = None if self.key_indices is None else tuple(index / fps for index in self.key_indices)
        return replace(self, fps=fps, key_seconds=seconds if seconds is not None else self.key_seconds)


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


@dataclass(frozen=True)
class AnswerRow:
    """What a model answered from the frames of one sampling."""

    item: Item
    sampling: str  # "TStar", "uniform", ...
    predicted: str
    is_correct: bool


def load_items(source: Source, *, fps: Mapping[str, float] | float | None = None) -> tuple[Item, ...]:
    """The questions of any file of the field: Haystack rows, early lists, LongVideoBench or T* items, result files.

    Args:
        source: a path, or the bytes of an upload.
        fps: frame rate per video id, or of all, where the rows lack it. Without one the raw indices stay indices:
            30 is never assumed.
    """
    rows = read_rows(source, columns=COLUMNS)
    items = [item_from(row, where=f"Row {index}") for index, row in enumerate(rows, start=1)]
    return tuple(_given_fps(item, fps) for item in items)


def _given_fps(item: Item, fps: Mapping[str, float] | float | None) -> Item:
    rate = fps.get(item.video_id) if isinstance(fps, Mapping) else fps
    return item if rate is None or item.fps is not None else item.with_fps(rate)


def item_from(row: Row, *, where: str = "The row") -> Item:
    """One row of any question format, told apart by its keys."""
    if "candidates" in row:
        return _longvideobench(row, where)
    question = text(row, "question", where=where)
    if not question:
        raise InputError(f"{where} has no question. Each row needs the text of its question.")
    notes: list[str] = []
    metadata = row.get("video_metadata") or {}
    if not isinstance(metadata, dict):
        raise InputError(f"{where} has video_metadata = {cut(metadata)}. It must be an object with named values.")
    options = _options(row.get("options", row.get("choices")), where)
    path = text(row, "video_path", "file_name", where=where)
    fps = _frame_rate(metadata, "frame_rate", where) or _frame_rate(row, "fps", where)
    interval = _interval(metadata, where) or _interval(row, where)
    in_video, in_clip = _key_frames(row, where, notes)
    if in_video is None and in_clip is not None and interval is not None and fps is not None:
        in_video = tuple(index + round(interval[0] * fps) for index in in_clip)
    if in_video is None and in_clip is not None and not (fps and interval):
        notes.append("The key frames are counted from the start of a clip whose place in the video is not given: "
                     "they are not used with the full video.")
    video_id = text(row, "video_id", where=where) or text(metadata, "video_id", where=where) or _stem(path)
    if not video_id:
        raise InputError(f"{where} names no video. It needs video_id or video_path.")
    item = Item(
        video_id=video_id, question=question, options=options,
        answer=_answer(row.get("gt_answer", row.get("answer")), options, where, notes),
        key_indices=in_video, fps=fps, clip_interval=interval, clip_id=text(row, "vclip_id", where=where),
        key_seconds_in_clip=None if in_clip is None or fps is None else tuple(index / fps for index in in_clip),
        video_path=path, duration_s=number(metadata, "video_duration", where=where), origin=_origin(row),
        notes=tuple(notes))
    return item if fps is None else item.with_fps(fps)


def _origin(row: Row) -> Origin:
    if "frame_indexes_video" in row or "frame_indexes_vclip" in row:
        return "haystack"
    return "early" if "frame_indexes" in row else "tstar"


def _key_frames(row: Row, where: str, notes: list[str]) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """Raw indices in the full video and in the clip, each only from the keys that mean it."""
    in_video = whole_numbers(row, "frame_indexes_video", where=where)
    if in_video is None:
        in_video = whole_numbers(row, "gt_frame_index", where=where)
    in_clip = whole_numbers(row, "frame_indexes_vclip", where=where)
    unnamed = whole_numbers(row, "frame_indexes", where=where)
    if unnamed is not None and in_clip is None:
        if "vclip_id" in row:  # the early release
            in_clip = unnamed
        elif in_video is None:
            notes.append("frame_indexes does not say whether it counts from the clip or the video: not used.")
    return in_video, in_clip


def _longvideobench(row: Row, where: str) -> Item:
    question, video_id = text(row, "question", where=where), text(row, "video_id", where=where)
    if not question or not video_id:
        raise InputError(f"{where} lacks question or video_id. A LongVideoBench row needs both.")
    options = dict(zip(LETTERS, texts(row, "candidates", where=where)))
    choice, notes = integer(row, "correct_choice", where=where), []
    answer = None
    if choice is not None and 0 <= choice < len(options):
        answer = LETTERS[choice]
    elif choice is not None:
        notes.append(f"correct_choice {choice} is none of the {len(options)} candidates: the answer is unknown.")
    item = Item(
        video_id=video_id, question=question, options=options, answer=answer,
        key_indices=whole_numbers(row, "position", where=where),
        fps=_frame_rate(row, "fps", where), video_path=text(row, "video_path", where=where),
        duration_s=number(row, "duration", where=where), category=text(row, "question_category", where=where),
        duration_group=integer(row, "duration_group", where=where), origin="longvideobench", notes=tuple(notes))
    return item if item.fps is None else item.with_fps(item.fps)


def haystack_part(items: Iterable[Item]) -> tuple[Item, ...]:
    """The LongVideoBench questions that the released converter keeps: hour-long group, category without a T.

    T marks questions that refer to subtitles. The paper's list of 342 was not published and need not be the same.
    """
    return tuple(item for item in items if item.duration_group == 3600 and "T" not in (item.category or ""))


def load_predictions(source: Source, *, fps: Mapping[str, float] | float | None = None) -> tuple[Prediction, ...]:
    """Every list of returned seconds in a result file: `keyframe_timestamps` and the historic lists per method."""
    predictions: list[Prediction] = []
    rows = read_rows(source)
    for index, row in enumerate(rows, start=1):
        predictions += predictions_from(row, fps=fps, where=f"Row {index}")
    if not predictions:
        raise InputError(f"None of the {len(rows)} rows has returned frames. A result file needs keyframe_timestamps, "
                         "or lists such as TStar_YOLO_8frames_sec, in seconds.")
    return tuple(predictions)


def predictions_from(row: Row, *, fps: Mapping[str, float] | float | None = None,
                     where: str = "The row") -> list[Prediction]:
    """All methods in one row of a result file. A row without any gives none."""
    item = _given_fps(item_from(row, where=where), fps)
    grounding = row.get("grounding_objects") or {}
    if not isinstance(grounding, dict):
        raise InputError(f"{where} has grounding_objects = {cut(grounding)}. It must be an object with two lists.")
    found = []
    for key in row:
        is_historic = HISTORIC.match(key)
        if key != "keyframe_timestamps" and not is_historic:
            continue
        seconds = numbers(row, key, where=where)
        if seconds is None:
            continue
        if any(second < 0 for second in seconds):
            raise InputError(f"{where} has a negative second in {key}. Seconds count from the start of the video.")
        found.append(Prediction(
            item=item, method=key.removesuffix("_sec") if is_historic else "T*", seconds=seconds,
            targets=texts(grounding, "target_objects", where=where), cues=texts(grounding, "cue_objects", where=where),
            relations=_relations(grounding.get("relations", row.get("relations")), where),
            distribution=None if is_historic else numbers(row, "keyframe_distribution", where=where)))
    return found


def _relations(value: object, where: str) -> tuple[Relation, ...]:
    """[first, second, kind], or [first, kind, second] as VSLS's prompt has it."""
    if value is None:
        return ()
    relations = []
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, list) or len(entry) != 3 or not all(isinstance(part, str) for part in entry):
            raise InputError(f"{where} has the relation {cut(entry)}. It must be two objects and one of {RELATION_KINDS}.")
        first, second, kind = entry if entry[2] in RELATION_KINDS else (entry[0], entry[2], entry[1])
        if kind not in RELATION_KINDS:
            raise InputError(f"{where} has the relation {cut(entry)}. Its kind must be one of {RELATION_KINDS}.")
        relations.append(Relation(first, second, kind))
    return tuple(relations)


def load_scores(source: Source) -> ScoreFile:
    """A score file. Missing keys are None."""
    row = read_one(source)
    found = {name: number(row, key, where="The score file") for name, key in SCORE_KEYS.items()}
    if all(value is None for value in found.values()):
        raise InputError(f"The file has none of the keys {', '.join(SCORE_KEYS.values())}. A score file has them all.")
    return ScoreFile(**found)


def load_answers(source: Source) -> tuple[AnswerRow, ...]:
    """A QA file: items with `{sampling}_pred_answer` and `correct`. Rows without an answer are left out upstream too."""
    answers = []
    for index, row in enumerate(read_rows(source), start=1):
        where = f"Row {index}"
        item = item_from(row, where=where)
        for key in row:
            if not key.endswith("_pred_answer"):
                continue
            predicted, is_correct = text(row, key, where=where), row.get("correct")
            if predicted is None:
                continue
            if not isinstance(is_correct, (bool, type(None))):
                raise InputError(f"{where} has correct = {cut(is_correct)}. It must be true or false.")
            answers.append(AnswerRow(item, key.removesuffix("_pred_answer"), predicted, bool(is_correct)))
    return tuple(answers)


def load_accuracy(source: Source) -> float:
    """The share of right answers in a `*_metrics.json`."""
    accuracy = number(read_one(source), "qa_accuracy", where="The file")
    if accuracy is None or not 0 <= accuracy <= 1:
        raise InputError(f"The file has qa_accuracy = {accuracy!r}. It must be a share between 0 and 1.")
    return accuracy


def results_json(predictions: Sequence[Prediction]) -> str:
    """A search result file as the released scripts read it: one method, a JSON list."""
    if len({prediction.method for prediction in predictions}) > 1:
        raise ValueError("a result file holds one method; write one file per method")
    rows = []
    for found in predictions:
        grounding: Row = {"target_objects": list(found.targets), "cue_objects": list(found.cues)}
        if found.relations:
            grounding["relations"] = [[one.first, one.second, one.kind] for one in found.relations]
        rows.append(_item_row(found.item) | {"grounding_objects": grounding, "keyframe_timestamps": list(found.seconds),
                                             "keyframe_distribution": list(found.distribution or ())})
    return json.dumps(rows, ensure_ascii=False, indent=2, allow_nan=False)


def scores_json(scores: ScoreFile) -> str:
    """A score file; what is not known is left out, because upstream divides by 1 and never writes null."""
    known = {key: getattr(scores, name) for name, key in SCORE_KEYS.items() if getattr(scores, name) is not None}
    return json.dumps(known, indent=2, allow_nan=False)


def answers_jsonl(answers: Sequence[AnswerRow]) -> str:
    """A QA file: JSON lines, to be saved under `.json` as upstream does."""
    rows = (_item_row(row.item) | {f"{row.sampling}_pred_answer": row.predicted, "correct": row.is_correct}
            for row in answers)
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def accuracy_json(answers: Sequence[AnswerRow]) -> str:
    """The companion `*_metrics.json`."""
    if not answers:
        raise ValueError("there are no answers; an accuracy needs at least one")
    return json.dumps({"qa_accuracy": sum(row.is_correct for row in answers) / len(answers)})


def _item_row(item: Item) -> Row:
    """A T* input item: options as lines "A) Red"; the scripts read `gt_answer` and raw indices of the full video."""
    row: Row = {"video_id": item.video_id, "video_path": item.video_path or f"{item.video_id}.mp4",
                "question": item.question, "options": "\n".join(f"{letter}) {text}" for letter, text in item.options.items())}
    indices = item.key_indices
    if indices is None and item.key_seconds is not None and item.fps:
        indices = tuple(round(second * item.fps) for second in item.key_seconds)
    optional = {"gt_answer": item.answer, "gt_frame_index": None if indices is None else list(indices), "fps": item.fps,
                "vclip_interval_in_video": None if item.clip_interval is None else list(item.clip_interval)}
    return row | {key: value for key, value in optional.items() if value is not None}


def _options(value: object, where: str) -> dict[str, str]:
    """Letter -> text from a mapping, a list, or lines "A) Red"."""
    if value is None or value == "":
        return {}
    if isinstance(value, dict):  # parquet fills the letters that a row lacks with None
        pairs = {str(letter).strip().upper(): option for letter, option in value.items() if option is not None}
    elif isinstance(value, list):
        matches = [OPTION.match(option) if isinstance(option, str) else None for option in value]
        pairs = ({match[1]: match[2] for match in matches if match} if matches and all(matches)
                 else dict(zip(LETTERS, value)))
    elif isinstance(value, str):
        lines = [line.strip() for line in value.split("\n") if line.strip()]
        matches = [OPTION.match(line) for line in lines]
        pairs = {match[1]: match[2] for match in matches if match} if any(matches) else dict(zip(LETTERS, lines))
    else:
        pairs = {"A": value}
    if not all(is_text(part) for pair in pairs.items() for part in pair):
        raise InputError(f"{where} has options = {cut(value)}. They must be texts, or lines such as 'A) Red'.")
    return pairs


def _answer(value: object, options: Mapping[str, str], where: str, notes: list[str]) -> str | None:
    if value is None or value == "":
        return None
    if not is_text(value) or not isinstance(value, str):
        raise InputError(f"{where} has the answer {cut(value)}. It must be a letter or the text of an option.")
    if not options:
        return value
    letter = value.strip().strip("().:").upper()
    if letter in options:
        return letter
    for option_letter, option in options.items():
        if value.strip().casefold() == option.strip().casefold():
            return option_letter
    match = OPTION.match(value)
    if match and match[1] in options:
        return match[1]
    notes.append(f"The answer {cut(value)} is none of the options: it is treated as unknown.")
    return None


def _frame_rate(row: Row, key: str, where: str) -> float | None:
    rate = number(row, key, where=where)
    if rate is not None and not 0.01 <= rate <= 1000:
        raise InputError(f"{where} has {key} = {rate!r}. A frame rate is between 0.01 and 1000 frames per second.")
    return rate


def _interval(row: Row, where: str) -> tuple[float, float] | None:
    ends = numbers(row, "vclip_interval_in_video", where=where)
    if not ends:
        return None
    if len(ends) != 2 or not 0 <= ends[0] <= ends[1]:
        raise InputError(f"{where} has the clip interval {cut(list(ends))}. It must be a start and a later end in seconds.")
    return ends[0], ends[1]


def _stem(path: str | None) -> str | None:
    return PurePosixPath(path.replace("\\", "/")).stem if path else None
