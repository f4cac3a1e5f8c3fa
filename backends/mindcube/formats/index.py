"""What an archive or a file holds: questions, replies, evaluations, told by what is in each object and never by its name.

A row that is odd is left out and counted with its reason. What is not recognised is passed over; only where nothing is, is what was
brought refused, with one sentence that says what would work.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from backends.files.archive import Files, ZipLimits, is_junk
from backends.files.logs import Notes, said, short
from backends.files.objects import Span, objects_in, whole_text
from backends.files.rows import OddRow, OddRows, Row, counted
from backends.mindcube.formats.evaluation import Evaluation, is_evaluation, read_evaluation
from backends.mindcube.formats.images import ImageIndex
from backends.mindcube.formats.listing import WOULD_WORK, Brought, ItemFile, Layout
from backends.mindcube.formats.records import layout_of, read_row
from backends.mindcube.formats.tasks import model_of, task_of
from backends.mindcube.ids import counts
from backends.mindcube.items import Answered
from worlds.errors import InputError

LIMITS = ZipLimits(files=20_000, total_mb=4_000, file_mb=128)  # MindCube's own archive has 3,268 images in 640 MB
MAX_ROWS = 60_000  # of one file; the whole benchmark has 21,154
MAX_READ_MB = 400  # of all files that may hold rows
_ENDINGS = (".json", ".jsonl", ".ndjson")


def found(files: Files) -> Brought:
    """Return everything that was brought.

    Raises:
        InputError: nothing in it is a file of MindCube's that is read here.
    """
    notes = Notes()
    names = [name for name in files.names if not is_junk(name.replace("\\", "/"))]
    index, left_mb = ImageIndex(names), float(MAX_READ_MB)
    read: list[ItemFile] = []
    evaluations: list[Evaluation] = []
    for name in names:
        if len(names) > 1 and PurePosixPath(name.replace("\\", "/")).suffix.lower() not in _ENDINGS:
            continue
        own = Notes()
        text = whole_text(files, name, own, limit_mb=LIMITS.file_mb)
        left_mb -= len(text) / 1e6
        if left_mb < 0:
            notes.add(f"There is more than is read: at most {MAX_READ_MB} MB in all.")
            break
        before = len(read), len(evaluations)
        rows = objects_in(text, short(name), own, most=MAX_ROWS)
        item_file = _file(name, rows, index, evaluations, own)
        read += [item_file] if item_file else []
        if (len(read), len(evaluations)) != before or len(names) == 1:  # of what is none of MindCube's nothing is to be said
            for note in own.all():
                notes.add(note)
    if not read and not evaluations:
        raise InputError(_refusal(names, notes))
    return Brought(tuple(read), tuple(evaluations), notes.all())


def _refusal(names: Sequence[str], notes: Notes) -> str:
    reason = f" ({notes.all()[0].rstrip('.')})" if notes.all() else ""
    what = (f"None of the {len(names):,} files is" if len(names) > 1 else f"{said(names[0], 80)!r} is not" if names
            else "What was brought is empty, and not")
    return f"{what} a file of MindCube's that is read here{reason}. Bring {WOULD_WORK}."


def _file(name: str, rows: Iterator[tuple[Row, Span]], images: ImageIndex, evaluations: list[Evaluation],
          notes: Notes) -> ItemFile | None:
    """Return one file of questions; None where it is none, after taking in what evaluations it holds."""
    odd = OddRows(short(name))
    kept: list[Answered] = []
    layouts: Counter[Layout] = Counter()
    num_unknown = count = 0
    for count, (row, _) in enumerate(rows, 1):
        if is_evaluation(row):
            _take(row, name, evaluations, notes)
        elif (layout := layout_of(row)) is None:
            num_unknown += 1
        else:
            layouts[layout] += 1
            try:
                kept.append(read_row(row, count, layout, odd))
            except InputError as error:
                odd.leave_out(count, error)
    if not layouts:
        return None
    if num_unknown:
        notes.add(f"{short(name)}: {counted(num_unknown, 'object')} that {'is' if num_unknown == 1 else 'are'} no question of "
                  "MindCube's.")
    for note in odd.notes():
        notes.add(note)
    if not kept:
        return None
    return _listed(name, layouts.most_common(1)[0][0], kept, images, count, odd.num_left_out + num_unknown, notes)


def _take(row: Row, name: str, evaluations: list[Evaluation], notes: Notes) -> None:
    try:
        evaluations.append(read_evaluation(row, name))
    except OddRow as error:
        notes.add(str(error))


def _listed(name: str, layout: Layout, kept: Sequence[Answered], images: ImageIndex, count: int, left_out: int,
            notes: Notes) -> ItemFile:
    task, task_from = task_of(name, (one.item.prompt for one in kept))
    paths = [path for one in kept for path in one.item.images]
    missing = sum(images.find(path) is None for path in paths) if len(images) else None
    if missing:
        notes.add(f"{short(name)}: of {counted(len(paths), 'image')} {missing:,} are not there. Such questions are asked with fewer.")
    model = next((one.model for one in kept if one.model), "") or (model_of(name) if layout == "responses" else "")
    replies = tuple(replace(one, item=replace(one.item, task=task)) for one in kept)
    return ItemFile(name, layout, task, task_from, model, replies, count, left_out, counts(one.item.id for one in kept), len(paths),
                    missing, notes.all())
