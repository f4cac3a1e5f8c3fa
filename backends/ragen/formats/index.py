"""What an archive or a file holds: rollouts, listed, and curves. What is not recognised is passed over.

The kind of each object is told by what is in it, never by the name of its file. Only where nothing is recognised is what was brought
refused, with one sentence that says what would work.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pydantic import JsonValue

from backends.files.archive import Files, ZipLimits, is_junk
from backends.files.csv_text import SEPARATORS
from backends.files.encoding import MAX_LINES
from backends.files.logs import Notes, object_of, plain, said, short, text_of
from backends.files.objects import Span, has_lines, objects_in, whole_text
from backends.files.rows import OddRows, Row, counted
from backends.files.tables import Limits, read_table
from backends.files.vagen import dumps, outcome
from backends.ragen.formats import completions, evaluation, history, page, samples
from backends.ragen.formats.derived import derived
from backends.ragen.formats.scalars import Collected, is_columns, is_scalars, rows_of
from backends.ragen.formats.writing import RUN
from backends.ragen.rollouts import Brought, Entry, run_of
from worlds.errors import InputError

LIMITS = ZipLimits(files=20_000, total_mb=2_000, file_mb=256)
MAX_ROLLOUTS = 200_000  # listed of one archive
MAX_READ_MB = 1_000  # of all files together
MAX_READ_LINES, MAX_READ_VALUES = MAX_LINES, 100_000_000  # of all files together: a line of two characters takes as long as any
MAX_READ_CONTAINERS = 10_000_000  # objects and lists of all files together
MAX_TABLES = 40  # of TRL, each of which takes half a second to unpack
MAX_TRIED = 200  # objects of one file that nothing is known of, before the rest of it is left
WOULD_WORK = (
    "a .zip or one file of: RAGEN's rollout records as JSON lines (with `history`), a W&B table of generations, verl's <step>.jsonl "
    "(with `output` and `score`), RAGEN's evaluation as JSON lines (with `messages` and `metadata`), the project page's "
    "trajectories, TRL's completions_00010.parquet, VAGEN's dumps, scalars as CSV or JSON, or a log of Orrery")
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_PICKLES = (".pkl", ".pickle", ".pt", ".pth")
_TABLE = ".parquet"
_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".log", "", _TABLE, *_PICKLES)
_SHEET = Limits(mb=64, rows=50_000)  # of scalars
_MAX_CELLS = 5_000_000  # of one such table
_DIGITS = re.compile(r"(\d+)")


def found(files: Files) -> Brought:
    """Return the rollouts in what was brought, a light entry each, and its curves.

    Raises:
        InputError: nothing in it is a log of RAGEN's kind that is read here.
    """
    listing = _Listing(files)
    listing.read_all()
    if not listing.entries and not listing.collected.points:
        raise InputError(listing.refusal())
    return listing.brought()


def order_of(name: str) -> tuple[object, ...]:
    """Return by what names are put in order: 9.jsonl stands before 10.jsonl."""
    parts = enumerate(_DIGITS.split(name))  # every second one is a number
    return tuple((0, int(part), "") if place % 2 and len(part) < 18 else (1, 0, part) for place, part in parts)


class _Listing:
    """What is found, file by file."""

    def __init__(self, files: Files) -> None:
        self._files, self._notes = files, Notes()
        self._names = sorted((name for name in files.names if not is_junk(name.replace("\\", "/"))), key=order_of)
        self.entries: list[Entry] = []
        self.collected = Collected()
        self._configs: dict[str, dict[str, JsonValue]] = {}
        self._pickles: list[str] = []
        self._expected: tuple[str, ...] = ()  # files that the project page's index names
        self._groups: samples.Groups = {}
        self._columns: tuple[str, ...] = ()
        self._left_mb = float(MAX_READ_MB)
        self._left = (MAX_READ_LINES, MAX_READ_VALUES, MAX_READ_CONTAINERS)
        self._too_many: list[str] = []  # files that hold more than is left
        self._generations: dict[tuple[object, ...], str] = {}  # which table has a sample first
        self._num_again = 0
        self._is_full = False

    def read_all(self) -> None:
        """List every file."""
        dumped = dumps(self._names)
        taken = {name for dump in dumped for name in (*dump.names.values(), *dump.images)}
        for dump in dumped[:MAX_ROLLOUTS]:
            metrics = text_of(self._files, dump.names.get("metrics.json", ""), Notes())
            if not self._has_left(len(metrics)):
                break
            if not self._has_room(metrics):
                self._too_many.append(dump.names["metrics.json"])
                continue
            own = outcome(self._files, dump, self._notes)
            self.entries.append(Entry("vagen", dump.folder, tag=own.environment, seed=own.seed, score=own.score, success=own.success,
                                      turns=own.turns))
        names = [name for name in self._names if name not in taken]
        tables = [name for name in names if _ending(name) == _TABLE]
        passed = set(tables) - set(self._spread(tables))
        for name in names:
            if name not in passed and (_ending(name) in _ENDINGS or len(self._names) == 1):
                self._read(name)
        if missing := [name for name in self._expected if not any(_base(own) == _base(name) for own in names)]:
            self._notes.add(f"The index names {counted(len(missing), 'file')} that {'is' if len(missing) == 1 else 'are'} not here: "
                            f"{', '.join(map(short, missing[:3]))}{', …' if len(missing) > 3 else ''}.")

    def _spread(self, tables: Sequence[str]) -> list[str]:
        """Return as many tables as are read, evenly spread over a training."""
        if len(tables) <= MAX_TABLES:
            return list(tables)
        self._notes.add(f"There are {len(tables):,} tables of completions. {MAX_TABLES} are read, evenly spread.")
        return [tables[place * (len(tables) - 1) // (MAX_TABLES - 1)] for place in range(MAX_TABLES)]

    def _read(self, name: str) -> None:
        """List one file, whatever it is."""
        if self._is_full:
            return
        head = self._head(name)
        if _PICKLE.match(head) or _ending(name) in _PICKLES:
            self._pickles.append(name)
        elif head == completions.PARQUET:
            self._read_table(name)
        elif _base(name) != RUN or not self._is_config(name):
            self._read_text(name)

    def _is_config(self, name: str) -> bool:
        """Take in what a training of ours was asked for, and return whether it is that: others call a file run.json too."""
        config = plain(object_of(self._files, name, Notes()))
        if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
            return False
        self._configs[run_of(name)] = config
        return True

    def _head(self, name: str) -> bytes:
        """Return how a file begins, where that is asked: of a zip, what is text by its name is not unpacked twice."""
        if len(self._names) > 1 and _ending(name) != _TABLE:
            return b""
        try:
            return self._files.read(name)[:len(completions.PARQUET)]
        except InputError as error:
            self._notes.add(str(error))
            return b""

    def _read_table(self, name: str) -> None:
        table = completions.table_of(self._files, name, self._notes, self._columns)
        if table is not None:
            self._columns = table.columns
            if not self._has_left(sum(len(cell) for _, row in table.rows for cell in row.values() if isinstance(cell, str))):
                return
            self.entries += [completions.entry_of(row, number, name, self._groups) for number, row in table.rows]
            self._bound()

    def _bound(self) -> bool:
        """Return whether there are too many rollouts, of which then the first are kept."""
        if len(self.entries) > MAX_ROLLOUTS:
            del self.entries[MAX_ROLLOUTS:]
            self._notes.add(f"There are more than {MAX_ROLLOUTS:,} rollouts. The first are listed.")
            self._is_full = True
        return self._is_full

    def _read_text(self, name: str) -> None:
        own = Notes()
        text = whole_text(self._files, name, own, limit_mb=LIMITS.file_mb)
        if not self._has_left(len(text)):
            return
        if not self._has_room(text):
            self._too_many.append(name)
            return
        before = len(self.entries), self.collected.num_points
        if text.lstrip()[:1] in ("{", "[") or has_lines(text):
            self._read_objects(name, text, own)
        elif text.strip():
            self._read_csv(name, text, own)
        is_known = (len(self.entries), self.collected.num_points) != before
        for note in own.all() if is_known or len(self._names) == 1 else ():  # of what is none of ours nothing is to be said
            self._notes.add(note)

    def _has_left(self, num_characters: int) -> bool:
        """Count what was read of a file, or unpacked from it, and return whether all together is no more than is read in all."""
        self._left_mb -= num_characters / 1e6
        if self._left_mb < 0:
            self._notes.add(f"There is more than is listed: at most {MAX_READ_MB:,} MB are read in all.")
            self._is_full = True
        return not self._is_full

    def _has_room(self, text: str) -> bool:
        """Count what a text holds, without reading it, and return whether so much is left of what is read of all files together."""
        lines = min(max(text.count("\n"), text.count("\r")), MAX_LINES)  # of one file those behind are not read
        held = (lines, max(map(text.count, SEPARATORS)), text.count("[") + text.count("{"))
        left = [most - count for most, count in zip(self._left, held)]
        if min(left) < 0:
            return False
        self._left = (left[0], left[1], left[2])
        return True

    def _read_objects(self, name: str, text: str, notes: Notes) -> None:
        num_unknown = 0
        for place, (row, span) in enumerate(objects_in(text, short(name), notes, most=MAX_ROLLOUTS + 1)):
            if not self._take(row, span, name, place):
                num_unknown += 1
                if num_unknown == place + 1 == MAX_TRIED:
                    return
            elif self._bound():
                break
        if num_unknown:
            notes.add(f"{short(name)}: {counted(num_unknown, 'object')} that {'is' if num_unknown == 1 else 'are'} neither a rollout "
                      "nor a step's scalars.")

    def _take(self, row: Row, span: Span, name: str, place: int) -> bool:
        """List one object; return whether it is anything that is known here."""
        if history.is_history(row):
            self.entries.append(history.entry_of(row, span, name))
        elif samples.is_sample(row):
            self.entries.append(samples.entry_of(row, span, name, self._groups))
        elif evaluation.is_conversation(row):
            self.entries.append(evaluation.entry_of(row, span, name))
        elif samples.is_table(row):
            self._take_table(row, span, name)
        elif completions.is_table(row):
            self.entries += completions.entries_of(row, span, name, self._groups)
        elif page.is_page(row):
            self.entries += page.entries_of(row, span, name)
        elif page.is_index(row):
            self._expected = page.tasks_in(row)
        elif is_scalars(row):
            self.collected.add(row, place, run_of(name))
        elif is_columns(row):
            for number, one in enumerate(rows_of(row)):
                self.collected.add(one, number, run_of(name))
        else:
            return False
        return True

    def _take_table(self, row: Row, span: Span, name: str) -> None:
        """List a table of generations without what an earlier one had: W&B keeps one per validation, each with all rows before."""
        for entry in samples.entries_of(row, span, name, self._notes):
            key = (entry.run, entry.iteration, entry.part.rpartition(".")[2], entry.score, entry.turns)
            if self._generations.setdefault(key, name) == name:
                self.entries.append(entry)
            else:
                self._num_again += 1

    def _read_csv(self, name: str, text: str, notes: Notes) -> None:
        """Take in a table of scalars; a text that is none is nothing."""
        odd = OddRows(short(name))
        width = max(map(text.partition("\n")[0].count, SEPARATORS)) + 1
        limits = replace(_SHEET, rows=min(_SHEET.rows, max(1, _MAX_CELLS // width)))
        try:
            table = read_table(text.encode(errors="replace"), odd, known=("step",), what=short(name), limits=limits)
            if not any(is_scalars(row) for _, row in table.rows[:MAX_TRIED]):
                return
        except InputError as error:
            notes.add(str(error))
            return
        if table.count > limits.rows:
            notes.add(f"{short(name)} has {table.count:,} rows. The first {limits.rows:,} are read.")
        for number, row in table.rows:
            self.collected.add(row, number, run_of(name))
        for note in (*table.notes, *odd.notes()):
            notes.add(note)

    def brought(self) -> Brought:
        """Return everything that was found."""
        if self._pickles:
            self._notes.add(_no_pickle(self._pickles))
        if self._num_again:
            self._notes.add("In several tables of generations, which grow from one validation to the next: "
                            f"{counted(self._num_again, 'sample')}. Each is listed once.")
        if self._too_many:
            self._notes.add(self._too_much())
        curves = self.collected.curves(self._notes)
        curves = curves or derived(self.entries)
        entries = sorted(self.entries, key=lambda entry: (entry.iteration is None, entry.iteration or 0))  # the rest stays in order
        return Brought(tuple(entries), curves, self._configs, self._notes.all())

    def _too_much(self) -> str:
        are = "is" if len(self._too_many) == 1 else "are"
        return (f"{counted(len(self._too_many), 'file')} {are} not read, {short(self._too_many[0])} first: "
                f"at most {MAX_READ_LINES:,} lines, {MAX_READ_VALUES:,} values, and "
                f"{MAX_READ_CONTAINERS:,} objects and lists are read in all.")

    def refusal(self) -> str:
        """Return why nothing can be shown, and what could be."""
        if self._too_many:
            self._notes.add(self._too_much())
        if self._pickles:
            return _no_pickle(self._pickles)
        names = self._names
        reason = f" ({self._notes.all()[0].rstrip('.')})" if self._notes.all() else ""
        what = (f"None of the {len(names):,} files is" if len(names) > 1 else f"{said(names[0], 80)!r} is not" if names
                else "What was brought is empty, and not")
        return f"{what} a log of an agent's training that is read here{reason}. Bring {WOULD_WORK}."


def _no_pickle(names: Iterable[str]) -> str:
    return (f"{short(next(iter(names)))!r} is a Python pickle: to open one is to run what is in it, so none is read. Bring JSON "
            "lines: RAGEN's scripts/convert_to_jsonl.py --input FILE makes them where the pickle was made, and verl writes "
            "<step>.jsonl into trainer.validation_data_dir.")


def _ending(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


