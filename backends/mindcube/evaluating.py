"""Task "evaluate": many questions in every configuration, about drawn rooms or MindCube's own, scored as its evaluator does."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from backends.files.rows import counted
from backends.mindcube import ladder, mappers, scoring
from backends.mindcube.asking import able_of
from backends.mindcube.items import Answered, Item, with_rotated_options
from backends.mindcube.ladder import Asking
from backends.mindcube.maps import Map
from backends.mindcube.prompts import BY_NAME
from backends.mindcube.replies import Said
from backends.mindcube.reports import report_of
from backends.mindcube.results import Report
from backends.mindcube.rooms import REAL_PX, Posed, drawn_rooms
from backends.mindcube.settings import SCENES, Config, MindCubeSettings
from backends.mindcube.sources import Gallery, questions_in
from backends.run import Inputs, Progress
from models.catalogue import Rung
from models.memory import budget
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

BATCH = 24  # questions that the miniature is asked together
SHOWN_EVERY_S = 2.0
DRAWN_ROOMS = "drawn rooms"


@dataclass
class _Gathered:
    """The replies in one configuration, each scored once, when it comes."""

    looks: bool  # for maps
    lines: list[scoring.Line] = field(default_factory=list)
    again: list[scoring.Line] = field(default_factory=list)  # with rotated options
    tokens: list[int] = field(default_factory=list)

    def keep(self, item: Item, said: Said) -> None:
        self.lines.append(self._scored(item, said))
        self.tokens.append(said.tokens)  # not by their ids: conversations have none

    def keep_again(self, item: Item, said: Said) -> None:
        self.again.append(self._scored(item, said))

    def _scored(self, item: Item, said: Said) -> scoring.Line:
        return scoring.line_of(Answered(item, said.text, is_cut=said.is_cut), looks=self.looks)


class _Reports:
    """What was said so far, and the reports on it."""

    def __init__(self, configurations: Sequence[Config], model: str, source: str) -> None:
        self.gathered = {configuration: _Gathered(bool(BY_NAME[configuration].form)) for configuration in configurations}
        self._model, self._source, self._shown = model, source, time.monotonic()

    def made(self) -> tuple[Report, ...]:
        return tuple(report_of(scoring.summed(own.lines), configuration=configuration, model=self._model, source=self._source,
                               tokens=own.tokens, again=own.again)
                     for configuration, own in self.gathered.items() if own.lines)

    def now_and_then(self) -> Iterator[tuple[Report, ...]]:
        """Yield the reports if it is time to show them again: counting takes longer the more there is."""
        if time.monotonic() - self._shown > SHOWN_EVERY_S:
            yield self.made()
            self._shown = time.monotonic()


def evaluate(settings: MindCubeSettings, inputs: Inputs, rung: Rung, model: str, notes: list[str]
             ) -> Iterator[Progress | tuple[Report, ...]]:
    """Yield Progress and the growing reports, one for each configuration; the last ones are of all questions.

    Raises:
        InputError: the model cannot be asked so, or the data cannot be read.
    """
    if rung.name == mappers.MINIATURE:
        yield from _of_miniature(settings, rung, model, notes)
        return
    with budget().borrow(rung, settings.quantisation) as loaded:
        if settings.data == SCENES:
            yield Progress(0.0, "Building the rooms")
            rooms = drawn_rooms(settings.families, settings.num_questions, seed=settings.seed)
            source: _Source = _Rooms(rooms)
            yield from _of_ladder(settings, loaded.vlm, source, settings.configurations, model, DRAWN_ROOMS, notes)
            return
        yield Progress(0.0, "Reading the questions")
        items, gallery, name = questions_in(settings, inputs, notes)
        able = tuple(one for one in settings.configurations if not BY_NAME[one].frames)
        if len(able) < len(settings.configurations):
            notes.append("Between photographs no views can be drawn: VI-1 and VI-2 are left out.")
        if not able:
            raise InputError("Between photographs no views can be drawn. Choose other ways of answering than VI-1 and VI-2.")
        yield from _of_ladder(settings, loaded.vlm, _Photographs(items, gallery), able, model, name, notes)
        notes += gallery.notes()


def _of_miniature(settings: MindCubeSettings, rung: Rung, model: str, notes: list[str]) -> Iterator[Progress | tuple[Report, ...]]:
    if settings.data != SCENES:
        raise InputError(mappers.objection(settings))
    able = able_of(rung, settings.configurations, notes)
    if settings.rotates:
        notes.append("The miniature is shown no options, so that nothing changes with their order: they are not rotated.")
    yield Progress(0.0, "Building the rooms")
    rooms, reports = drawn_rooms(settings.families, settings.num_questions, seed=settings.seed), _Reports(able, model, DRAWN_ROOMS)
    with mappers.lent(rung, able, settings.quantisation) as models:
        for first in range(0, len(rooms), BATCH):
            batch = rooms[first:first + BATCH]
            yield Progress(first / len(rooms), f"Asking: {first:,} of {len(rooms):,} questions")
            shown = mappers.shown_to(models[able[0]], batch)
            for configuration in able:
                for one, said in zip(batch, mappers.ask(models[configuration], configuration, batch, shown), strict=True):
                    reports.gathered[configuration].keep(one.item, said)
            if first + BATCH < len(rooms):
                yield from reports.now_and_then()
    yield reports.made()


@dataclass(frozen=True)
class _Rooms:
    """Questions about drawn rooms."""

    rooms: Sequence[Posed]

    def __len__(self) -> int:
        return len(self.rooms)

    def item(self, place: int) -> Item:
        return self.rooms[place].item

    def true(self, place: int) -> Map | None:
        return self.rooms[place].true

    def pictures(self, place: int, frames: int) -> list[np.ndarray]:
        return self.rooms[place].pictures(REAL_PX, frames)


@dataclass(frozen=True)
class _Photographs:
    """MindCube's own questions, with what images are there."""

    items: Sequence[Item]
    gallery: Gallery

    def __len__(self) -> int:
        return len(self.items)

    def item(self, place: int) -> Item:
        return self.items[place]

    def true(self, place: int) -> Map | None:
        return scoring.true_map(self.items[place])

    def pictures(self, place: int, frames: int) -> list[np.ndarray]:
        return self.gallery.pictures(self.items[place])


_Source = _Rooms | _Photographs


def _of_ladder(settings: MindCubeSettings, vlm: VisionLanguageModel, source: _Source, configurations: Sequence[Config], model: str,
               name: str, notes: list[str]) -> Iterator[Progress | tuple[Report, ...]]:
    reports, started, skipped, refused = _Reports(configurations, model, name), time.monotonic(), 0, list[str]()
    for place in range(len(source)):
        item, true = source.item(place), source.true(place)
        views = cache(partial(source.pictures, place))  # most configurations are shown the same
        for configuration in configurations:
            spent = time.monotonic() - started
            yield Progress(place / len(source), f"Asking: {place:,} of {len(source):,} questions",
                           spent / place * (len(source) - place) if place else None)
            pictures, how = views(ladder.frames_of(configuration)), BY_NAME[configuration]
            if not pictures or (true is None and (how.given or how.form)):
                skipped += 1
                continue
            own, asking = reports.gathered[configuration], Asking(settings.max_new_tokens, settings.seed + place)
            asked = [item, with_rotated_options(item, 1)] if settings.rotates else [item]
            try:
                said = [ladder.ask(vlm, configuration, one, true, pictures, asking) for one in asked]
            except InputError as error:  # of one that is too long for the model, say: the others are asked
                refused.append(str(error))
                continue
            own.keep(item, said[0])
            for one, reply in zip(asked[1:], said[1:]):
                own.keep_again(one, reply)
            yield from reports.now_and_then()
    if skipped:
        notes.append(f"Not asked: {counted(skipped, 'question')}, each in one way of answering: its images or true map are missing.")
    if refused:
        notes.append(f"Not asked: {counted(len(refused), 'question')}, each in one way of answering, for such a reason: {refused[0]}")
    made = reports.made()
    if not made and refused:
        raise InputError(refused[0])
    if not made:
        raise InputError("None of the questions can be asked: their images, or the true maps that these ways of answering need, are "
                         "missing or cannot be read. Bring them with the questions, or choose other ways.")
    yield made
