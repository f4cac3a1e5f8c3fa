"""LV-Haystack's questions, in every file of the field, read into one shape.

Files differ in names and clocks: raw frame indices of the full video, raw indices of a clip cut from it, seconds. All
become an `Item` in seconds of the full video; an index of a clip is shifted by the clip's start first (index_video =
index_clip + round(start * fps)), and is not used with the video at all if that start is unknown. Files come from strangers:
a row that is odd is repaired where that is sure, else left out and counted.
Not here: result files (outputs), bytes and cells (backends.files), scores (metrics, scoring) and videos.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, TypeVar

from backends.files.cells import (
    as_text,
    cut,
    finite,
    integer,
    is_missing,
    mapping,
    number,
    numbers,
    text,
    texts,
    unfolded,
    whole_numbers,
)
from backends.files.rows import Kept, OddRow, OddRows, Row, unused
from backends.files.tables import Limits, Source, Table, read_table
from worlds.errors import InputError

Origin = Literal["haystack", "early", "longvideobench", "tstar"]
OPTION = re.compile(r"^\s*\(?([A-Z])\s*[).:]\s*(.+?)\s*$")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROUNDING_S = 0.05  # starts of the released annotations lie down to 0.0123 s before their video
LIMITS = Limits(mb=256, unpacked_mb=256, rows=100_000)  # all of Ego4D is about 20 MB, with distributions ten times that
WANTED = "JSON, JSON lines, CSV or parquet"
OF_QUESTIONS = (
    "id", "video_id", "vclip_id", "question", "options", "choices", "answer", "gt_answer", "frame_indexes", "frame_indexes_video",
    "frame_indexes_vclip", "gt_frame_index", "video_metadata", "candidates", "correct_choice", "position", "question_category",
    "duration_group", "duration", "video_path", "file_name", "fps", "vclip_interval_in_video")
OF_RESULTS = ("grounding_objects", "relations", "keyframe_timestamps", "keyframe_distribution", "TStar_YOLO_8frames_sec",
              "TStar_YOLO_32frames_sec", "TStar_Attention_8frames_sec", "TStar_RL_8frames_sec", "Uniform_8frames_sec",
              "Uniform_32frames_sec", "KSF_sec_8", "KSF_sec_32")  # of parquet no other list is read
_PASSED = ("question_wo_referring_query", "topic_category", "level", "subtitle_path", "starting_timestamp_for_subtitles",
           "view_count", "correct")  # known, and of no use here
_VALUE = re.compile(r"'.*'|\d+")  # what differs between notes of one kind
T = TypeVar("T")


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
    row_id: str | None = None  # the file's own name of the row
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What a result is looked for by; several rows may share it (identity)."""
        return self.video_id, " ".join(self.question.split())

    def with_fps(self, fps: float) -> "Item":
        """The same item, its raw indices turned into seconds by the file's frame rate."""
        if not (finite(fps) and fps > 0):
            raise ValueError(f"fps is {fps!r}; it must be above 0")
        seconds = None if self.key_indices is None else tuple(index / fps for index in self.key_indices)
        return replace(self, fps=fps, key_seconds=seconds if seconds is not None else self.key_seconds)


def load_items(source: Source, *, name: str = "", fps: Mapping[str, float] | float | None = None) -> Kept[Item]:
    """Return the questions of any file of the field: Haystack rows, early lists, LongVideoBench or T* items, result files.

    Args:
        source: a path, or the bytes of an upload.
        name: what the visitor calls the file; begins its notes.
        fps: frame rate per video id, or of all, where the rows lack it. Without one the raw indices stay indices:
            30 is never assumed.
    """
    return kept_rows(source, name, lambda row, number, odd: [given_fps(item_of(row, number, odd), fps)], OF_RESULTS)


def kept_rows(source: Source, name: str, read: Callable[[Row, int, OddRows], Sequence[T]], passed: Sequence[str] = (),
          is_used: Callable[[str], bool] = lambda column: False) -> Kept[T]:
    """Return what `read` makes of every row, in order; refuse the file where nothing is left of any row."""
    odd = OddRows(name)
    table = _table(source, odd, name)
    read_rows = odd.read(table.rows, lambda row, number: read(row, number, odd))
    if not read_rows:
        odd.refuse(f"{what_of(source, name)} has no rows. It must hold at least one question, as {WANTED}.")
    known = {*OF_QUESTIONS, *passed, *_PASSED}
    notes = [f"{name}: {note}" if name else note
             for note in (*table.notes, *unused(column for column in table.columns if column not in known and not is_used(column)))]
    return Kept(tuple(entry for found in read_rows for entry in found), (*notes, *odd.notes()))


def _table(source: Source, odd: OddRows, name: str) -> Table:
    what = what_of(source, name)
    table = read_table(source, odd, known=(*OF_QUESTIONS, *OF_RESULTS), anchors=("question",), limits=LIMITS, what=what,
                       wanted=WANTED)
    if table.count > LIMITS.rows:
        raise InputError(f"{what} has {table.count:,} rows. At most {LIMITS.rows:,} can be read here.")
    return table


def what_of(source: Source, name: str) -> str:
    shown = name or ("" if isinstance(source, bytes) else source.name)
    return f"The file {cut(shown)}" if shown else "The file"


def item_of(row: Row, number: int, odd: OddRows) -> Item:
    """Return a row as an item, and count what was repaired or passed over in it."""
    item = item_from(row, where=f"Row {number}")
    for note in item.notes:
        odd.repair(number, note[0].lower() + note[1:], _VALUE.sub("", note))
    return item


def given_fps(item: Item, fps: Mapping[str, float] | float | None) -> Item:
    rate = fps.get(item.video_id) if isinstance(fps, Mapping) else fps
    return item if rate is None or item.fps is not None else item.with_fps(rate)


def item_from(row: Row, *, where: str = "The row") -> Item:
    """One row of any question format, told apart by its keys."""
    if "candidates" in row:
        return _longvideobench(row, where)
    question = text(row, "question", where=where)
    if not question:
        raise OddRow(f"{where} has no question. Each row needs a question and a video_id.", "no question")
    notes: list[str] = []
    metadata = mapping(row, "video_metadata", where=where) or {}
    options = _options(row.get("options", row.get("choices")), where)
    path = text(row, "video_path", "file_name", where=where)
    fps = _frame_rate(metadata, "frame_rate", where) or _frame_rate(row, "fps", where)
    interval = _interval(metadata, where, notes) or _interval(row, where, notes)
    in_video, in_clip = _key_frames(row, where, notes)
    if in_video is None and in_clip is not None and interval is not None and fps is not None:
        in_video = tuple(index + round(interval[0] * fps) for index in in_clip)
    if in_video is None and in_clip is not None and not (fps and interval):
        notes.append("The key frames are counted from the start of a clip whose place in the video is not given: "
                     "they are not used with the full video.")
    video_id = text(row, "video_id", where=where) or text(metadata, "video_id", where=where) or _stem(path)
    if not video_id:
        raise OddRow(f"{where} names no video. It needs video_id or video_path.", "no video")
    item = Item(
        video_id=video_id, question=question, options=options,
        answer=_answer(text(row, "gt_answer", "answer", where=where), options, notes), row_id=text(row, "id", where=where),
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
    try:
        in_clip = whole_numbers(row, "frame_indexes_vclip", where=where)
    except InputError:
        if in_video is None:
            raise
        in_clip = None
        notes.append("frame_indexes_vclip cannot be read and is passed over: the key frames are those of the full video.")
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
        raise OddRow(f"{where} lacks question or video_id. A LongVideoBench row needs both.", "no question or video")
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
        duration_group=integer(row, "duration_group", where=where), origin="longvideobench", row_id=text(row, "id", where=where),
        notes=tuple(notes))
    return item if item.fps is None else item.with_fps(item.fps)


def _options(value: object, where: str) -> dict[str, str]:
    """Return letter -> text from a mapping, a list, or lines "A) Red"."""
    value = unfolded(value)
    if is_missing(value):
        return {}
    if isinstance(value, dict):  # parquet fills the letters that a row lacks with None
        pairs = {str(letter).strip().upper(): as_text(option) for letter, option in value.items() if option is not None}
    else:
        lines = value if isinstance(value, list) else [line.strip() for line in str(value).split("\n") if line.strip()]
        written = [as_text(line) for line in lines]
        matches = [OPTION.match(line) if line is not None else None for line in written]
        is_lettered = bool(matches) and (all(matches) if isinstance(value, list) else any(matches))
        pairs = {match[1]: match[2] for match in matches if match} if is_lettered else dict(zip(LETTERS, written))
    if None in pairs.values() or any(as_text(letter) is None for letter in pairs):
        raise OddRow(f"{where} has options = {cut(value)}. They must be texts, or lines such as 'A) Red'.", "options are no texts")
    return {letter: option for letter, option in pairs.items() if option is not None}


def _answer(value: str | None, options: Mapping[str, str], notes: list[str]) -> str | None:
    if value is None or not options:
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
        raise OddRow(f"{where} has {key} = {rate!r}. A frame rate is between 0.01 and 1000 frames per second.", f"{key} is no rate")
    return rate


def _interval(row: Row, where: str, notes: list[str]) -> tuple[float, float] | None:
    ends = numbers(row, "vclip_interval_in_video", where=where)
    if not ends:
        return None
    if len(ends) == 2 and -ROUNDING_S <= ends[0] < 0 <= ends[1]:
        notes.append("The clip starts a rounding error before its video: its start is read as 0.")
        return 0.0, ends[1]
    if len(ends) != 2 or not 0 <= ends[0] <= ends[1]:
        raise OddRow(f"{where} has the clip interval {cut(list(ends))}. It must be a start and a later end in seconds.",
                     "clip interval")
    return ends[0], ends[1]


def _stem(path: str | None) -> str | None:
    return PurePosixPath(path.replace("\\", "/")).stem if path else None
