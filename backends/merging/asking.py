"""Task "ask": questions of a file, or the miniature's own, asked of one model or two, and the replies that a file brought, scored."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from backends.files.logs import short
from backends.merging.answers import asked
from backends.merging.pictures import Pictures
from backends.merging.question_rows import Question
from backends.merging.questions import files_of, found
from backends.merging.results import MAX_REPLY, MAX_TEXT, MAX_TOLD, Group, Report, Row
from backends.merging.scoring import Scores, score
from backends.merging.settings import MINIATURE, SUMS, MergingSettings
from backends.merging.trying import in_words
from backends.run import Inputs, Progress
from backends.rungs import at_revision, rung_of
from models.adders.answering import LONGEST
from models.catalogue import Quantisation, Rung
from models.memory import budget
from models.vlm import VisionLanguageModel
from worlds.errors import InputError
from worlds.pictures import encode_jpeg
from worlds.sums.drawing import INPUT_PX, picture
from worlds.sums.facts import STEPS
from worlds.sums.scenes import LOOKUPS, Item, draw_items

SHOWN_EVERY_S = 2.0
LARGE_PX = 336  # side of a drawn picture for a real model
WITH_PICTURES = 24  # rows that keep theirs
OWN = "the miniature's questions"


class Source(Protocol):
    """Questions, and what each shows."""

    name: str
    questions: Sequence[Question]

    def shows(self, place: int, side_px: int) -> np.ndarray:
        """(pictures, height, width, 3) uint8 RGB. Raises InputError where it has none."""


@dataclass
class Sums:
    """Held-out questions of the miniature: to see, and sums of both kinds, as many of each."""

    items: Sequence[Item]
    name: str = OWN
    questions: Sequence[Question] = field(init=False)
    reads_signs: bool = True  # as the miniature does; else whole sentences

    def __post_init__(self) -> None:
        self.questions = [self._question(place, item) for place, item in enumerate(self.items)]

    def _question(self, place: int, item: Item) -> Question:
        right, words = " ".join(item.answer), in_words(item)
        return Question(id=str(place), text=words, options=(), answer=right if self.reads_signs else item.answer[-1], form="text",
                        group="perception" if item.is_lookup else "joint", benchmark="own",
                        subset="" if item.is_lookup else "known sums" if item.is_seen else "new sums",
                        prompt=" ".join(item.question).lower() if self.reads_signs else "")

    def shows(self, place: int, side_px: int) -> np.ndarray:
        return picture(self.items[place].scene, side_px)[None]


@dataclass
class OfFile:
    """Questions of a file; pictures are loaded one question at a time."""

    name: str
    questions: Sequence[Question]
    pictures: Pictures

    def shows(self, place: int, side_px: int) -> np.ndarray:
        own = self.questions[place]
        if not own.pictures:
            raise InputError(f"Question {own.id[:40]!r} has no picture.")
        return self.pictures.frames(own.pictures)


def ask(settings: MergingSettings, inputs: Inputs, notes: list[str]) -> Iterator[Progress | tuple[Report, ...]]:
    """Yield the growing reports: of the replies that the file has, then of each model.

    Raises:
        InputError: a model or the file cannot be used, or nothing can be asked or scored.
    """
    packing = {settings.beside: settings.beside_quantisation, settings.model: settings.quantisation}  # one model twice: as the first
    weights = {rung_of(name, "vlm", made=inputs.model): packing[name] for name in (settings.model, settings.beside) if name}
    rungs = list(weights)
    source, reports = _source(settings, inputs, rungs, notes)
    if reports:
        yield tuple(reports)
    able = [rung for rung in rungs if not _is_small(rung) or isinstance(source, Sums)]
    if len(able) < len(rungs) and not (able or reports):
        raise InputError("The miniature answers its own questions alone. Choose a real model, or a file with replies.")
    if len(able) < len(rungs):
        notes.append("The miniature was not asked: it answers its own questions alone.")
    for place, rung in enumerate(able):
        for event in _of_model(rung, weights[rung], source, settings, notes, (place, len(able))):
            yield (*reports, event) if isinstance(event, Report) else event
            last = event if isinstance(event, Report) else None
        reports += [last] if last else []


def _is_small(rung: Rung) -> bool:
    return rung.name == MINIATURE or rung.made_for == ("merging",)


def _source(settings: MergingSettings, inputs: Inputs, rungs: Sequence[Rung], notes: list[str]) -> tuple[Source, list[Report]]:
    if settings.data == SUMS:
        small = {_is_small(rung) for rung in rungs}
        if len(small) > 1:
            raise InputError("The miniature reads signs and a real model sentences: they cannot be asked the same. Choose two of a "
                             "kind.")
        return Sums(own_items(settings), reads_signs=small == {True}), []
    data, _, wanted = settings.data.partition("#")
    files = files_of(data, inputs)
    brought = found(files)
    file = brought.file(wanted)
    notes += [*brought.notes, *file.notes]
    questions = file.questions[:settings.most]
    reports = [report_of(score(file.questions), file.model or short(file.file), short(file.file))] if file.has_replies else []
    return OfFile(short(file.file), questions, Pictures(files)), reports


def own_items(settings: MergingSettings) -> list[Item]:
    """The miniature's questions that are asked: to see, sums that the vision-language model met, and others, in turn."""
    each = -(-settings.most // 3)
    kinds: list[tuple[Sequence[str], bool | None]] = [(LOOKUPS, None), (STEPS[1], True), (STEPS[1], False)]
    drawn = [draw_items(asked_for, each, subset="test", seed=settings.seed, seen=seen, noise=settings.noise)
             for asked_for, seen in kinds]
    return [item for turn in zip(*drawn, strict=True) for item in turn][:settings.most]


def _of_model(rung: Rung, quantisation: Quantisation, source: Source, settings: MergingSettings, notes: list[str],
              turn: tuple[int, int]) -> Iterator[Progress | Report]:
    """Yield the growing report of one model; the last one is of all questions."""
    replies: list[str] = []
    lengths: list[int] = []
    shown: list[np.ndarray | None] = []
    name, looked = rung.name if rung.is_miniature else at_revision(rung, quantisation), 0.0
    side = INPUT_PX if _is_small(rung) else LARGE_PX
    yield Progress(turn[0] / turn[1], f"Loading {rung.title}")
    with budget().borrow(rung, quantisation) as loaded:
        for place, question in enumerate(source.questions):
            reply, frame = _reply(loaded.vlm, source, place, side, question, settings, notes)
            replies.append(reply)
            lengths.append(len(loaded.vlm.processor.tokenizer(reply, add_special_tokens=False)["input_ids"]) if reply else 0)
            shown.append(encode_jpeg(frame) if frame is not None and place < WITH_PICTURES else None)
            yield Progress((turn[0] + (place + 1) / len(source.questions)) / turn[1], f"{rung.title}: question {place + 1:,}")
            if time.monotonic() - looked > SHOWN_EVERY_S:
                yield report_of(score(source.questions[:place + 1], replies, tokens=lengths), name, source.name, shown)
                looked = time.monotonic()
    yield report_of(score(source.questions, replies, tokens=lengths), name, source.name, shown)


def _reply(model: VisionLanguageModel, source: Source, place: int, side_px: int, question: Question, settings: MergingSettings,
           notes: list[str]) -> tuple[str, np.ndarray | None]:
    """A model's reply and the first picture; nothing, with a note, where a picture is missing or the question is too long."""
    try:
        frames = source.shows(place, side_px)
        most = min(settings.max_new_tokens, LONGEST) if isinstance(source, Sums) and source.reads_signs else settings.max_new_tokens
        return model.say(frames, asked(question), max_tokens=most)[:MAX_REPLY], frames[0]
    except InputError as error:
        notes.append(f"Not every question was asked: {error}"[:500])
        return "", None


def report_of(scores: Scores, model: str, source: str, pictures: Sequence[np.ndarray | None] = ()) -> Report:
    """Scores as a result keeps them."""
    groups = tuple(Group(kind=one.kind, name=one.name, count=one.count, correct=one.correct, noise=one.noise, length=one.length[0])
                   for one in scores.portions if one.count)
    rows = tuple(
        Row(id=line.question.id, group=line.question.group, subset=line.question.subset,
            question=line.question.text[:MAX_TEXT] if place < MAX_TOLD else "", right=line.question.answer[:MAX_TEXT],
            reply=(line.reply or "")[:MAX_REPLY] if place < MAX_TOLD else "", found=line.answer.text[:MAX_TEXT],
            is_right=line.is_right, tokens=line.length if line.reply is not None else None,
            picture=pictures[place] if place < len(pictures) else None)
        for place, line in enumerate(scores.lines))
    whole = scores.portion("all")
    return Report(model=model[:300], source=source[:300], groups=groups, rows=rows, silent=whole.silent if whole else 0,
                  repeats=whole.repeats if whole else 0)
