"""Task "file": what somebody brought of MindCube's files, scored where there are replies, and one row of it whole."""

from collections.abc import Iterator

from backends.files.rows import OddRow
from backends.mindcube import scoring
from backends.mindcube.asking import step_of
from backends.mindcube.chains import chain
from backends.mindcube.formats import ItemFile, found
from backends.mindcube.formats.listing import SAID
from backends.mindcube.items import Answered
from backends.mindcube.maps import Map
from backends.mindcube.prompts import BY_KEY, Configuration
from backends.mindcube.replies import MAX_NAME, Said, drawn, read_as
from backends.mindcube.reports import brought_report, report_of, unanswered
from backends.mindcube.results import (
    MAX_LINES,
    MAX_OPTIONS,
    MAX_REPLY,
    MAX_STEPS,
    MAX_TEXT,
    MAX_VIEWS,
    Asked,
    Brought,
    Picture,
    Replied,
    Report,
    Step,
)
from backends.mindcube.settings import MindCubeSettings
from backends.mindcube.sources import Gallery, files_of
from backends.run import Inputs, Progress
from worlds.errors import InputError
from worlds.pictures import encode_jpeg

MOST_FILES, MOST_REPORTS, MOST_TEMPLATES = 1_000, 20, 200


class Read:
    """What was read so far, for the result."""

    def __init__(self) -> None:
        self.files: tuple[Brought, ...] = ()
        self.reports: tuple[Report, ...] = ()
        self.asked: Asked | None = None
        self.model = ""
        self.notes: list[str] = []


def read(settings: MindCubeSettings, inputs: Inputs, into: Read) -> Iterator[Progress]:
    """Read the files that settings name, step by step.

    Raises:
        InputError: nothing in them is MindCube's, or there is no such file or row.
    """
    yield Progress(0.0, "Looking through the files")
    files = files_of(settings.file, inputs)
    brought = found(files)
    into.notes += brought.notes
    into.files = tuple(_listed(one) for one in brought.files[:MOST_FILES])
    evaluations = tuple(brought_report(one) for one in brought.evaluations[:MOST_REPORTS - 1])
    if not brought.files:
        into.reports, into.model = evaluations, "an evaluation that was brought"
        return
    if settings.part >= len(brought.files):
        raise InputError(f"There is no file {settings.part}: {len(brought.files):,} were found, counted from 0.")
    own = brought.files[settings.part]
    if settings.item >= len(own.replies):
        raise InputError(f"There is no row {settings.item:,}: {own.file[-80:]} has {len(own.replies):,} that are read, from 0.")
    task = settings.asked_as or own.task
    yield Progress(0.3, "Scoring the replies")
    into.reports = (_report(own, task, into.notes), *evaluations)
    into.model = own.model or "questions of MindCube"
    yield Progress(0.8, "Opening the row")
    gallery = Gallery(files)
    into.asked = _asked(own.replies[settings.item], task, gallery, into.notes)
    if len(gallery):
        into.notes += gallery.notes()


def _listed(one: ItemFile) -> Brought:
    return Brought(name=one.file[-MAX_NAME:], layout=SAID[one.layout], task=one.task, task_from=one.task_from,
                   model=one.model[:MAX_NAME], rows=one.count, left_out=one.left_out, images=one.num_images, missing=one.num_missing,
                   templates=tuple((name[:MAX_NAME], count) for name, count in list(one.templates.items())[:MOST_TEMPLATES]))


def _report(own: ItemFile, task: str, notes: list[str]) -> Report:
    """The replies of a file scored; its questions alone where it holds none."""
    if len(own.replies) > MAX_LINES:
        notes.append(f"Of {len(own.replies):,} rows the first {MAX_LINES:,} stand in the table.")
    if all(one.reply is None for one in own.replies):
        return unanswered(own.replies, source=own.file)
    if not task:
        notes.append("Neither the name of the file nor its prompts say which task its replies are of. Choose it, so that it is known "
                     "whether they hold maps.")
    return report_of(scoring.score(own.replies, task=task), configuration=BY_KEY[task].name if task in BY_KEY else "",
                     model=own.model, source=own.file)


def _asked(one: Answered, task: str, gallery: Gallery, notes: list[str]) -> Asked:
    item, true = one.item, scoring.true_map(one.item)
    if len(item.options) > MAX_OPTIONS:
        notes.append(f"Of {len(item.options)} options the first {MAX_OPTIONS} are shown.")
    shown = true and drawn(true)
    return Asked(
        id=item.id[:MAX_NAME], template=item.template[:MAX_NAME], family=item.setting, question=item.stem[:MAX_TEXT],
        options=tuple(option.text[:MAX_NAME] for option in item.options[:MAX_OPTIONS]), right=item.answer, true=shown or None,
        steps=_steps(one, notes), replies=() if one.reply is None else (_replied(one, true, task),),
        pictures=tuple(Picture(name=name[-MAX_NAME:], jpeg=encode_jpeg(picture)) for name, picture in gallery.named(item)))


def _steps(one: Answered, notes: list[str]) -> tuple[Step, ...]:
    if len(one.item.images) > MAX_VIEWS:
        notes.append(f"There is no chain of thought for this row. It has {len(one.item.images)} images, and a chain is "
                     f"of {MAX_VIEWS} at most.")
        return ()
    try:
        return tuple(step_of(step) for step in chain(one.item).steps)[:MAX_STEPS]
    except OddRow as error:
        notes.append(f"There is no chain of thought for this row. {error}")
        return ()


def _replied(one: Answered, true: Map | None, task: str) -> Replied:
    text = (one.reply or "")[:MAX_REPLY]
    looks = scoring.score([one], task=task).lines[0].map is not None  # as it is scored, so it is shown
    how = BY_KEY[task] if task in BY_KEY else Configuration("", "", form="plain" if looks else "")
    reply = read_as(one.item, true, how, Said(text))
    if reply.map is None and how.form and one.own_map:
        own = read_as(one.item, true, how, Said(one.own_map[:MAX_REPLY]))
        reply = reply.model_copy(update={"map": own.map, "map_note": own.map_note, "official": own.official, "exact": own.exact})
    return reply
