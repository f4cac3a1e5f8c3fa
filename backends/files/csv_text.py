"""CSV as spreadsheets and scripts write it, read record by record; and CSV for spreadsheets, written so that it comes back as it was.

Separators are , ; tab or |, or what a first line `sep=;` says. Short records are filled, empty cells beyond the header are
dropped. Rows have the numbers that a spreadsheet gives them below the header: blank ones are counted and passed over. A quote
that is never closed is read as a quote, where the record then fits.

A spreadsheet runs a cell that begins with = + - @, a tab or a return, whatever wrote it. So `to_csv` writes such *texts* behind an
apostrophe (numbers never), and begins the file with a byte order mark; `read_csv` takes both back.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from backends.files.cells import canonical, cut
from backends.files.encoding import Text, check_lines
from backends.files.rows import OddRow, OddRows
from worlds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_Cells: TypeAlias = tuple[int, dict[str, str]]  # its number in the file, from 1, and its cells by name
MAX_CELL = 1_000_000  # characters; a context of NQ has up to 200,000
MAX_COLUMNS = 2_000
MAX_LINE = 4 * MAX_CELL  # characters between two line breaks; a longer line is left out before its cells are cut
MAX_LOST = 100 * MAX_CELL  # characters read in vain behind quotes that are never closed
SEPARATORS = ",;\t|"
_BROKEN = "\x00"  # begins the only cell of a record that is none, with the reason; no decoded text holds a zero
_NONE = "\x1f"  # of a file with one column: no cell holds it
_REMEDY = ("A cell with quotes or line breaks must stand in double quotes, quotes in it doubled, and have at most "
           f"{MAX_CELL:,} characters.")
_NAMED = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_RUN = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet would run, behind any number of our apostrophes
csv.field_size_limit(MAX_CELL)  # the module has one limit for all


@dataclass(frozen=True)
class Sheet:
    """The first records of a CSV file as rows, and how many it has in all."""

    rows: tuple[_Cells, ...]
    count: int
    columns: tuple[str, ...]
    notes: tuple[str, ...]


def read_csv(text: Text, *, known: Collection[str], max_rows: int, odd: OddRows, what: str = "The file") -> Sheet:
    """Return the records below the header.

    Args:
        known: names of columns, by which the separator is found; the header may write them in any case.
        odd: where records that do not fit the header are counted.
    Raises:
        InputError: there is no header, or it has too many columns.
    """
    lines = _lines(text.text, what)
    separator, start = _named_separator(lines)
    separator = separator or _separator(lines[start:], known)
    records = _Records(lines, start, separator, odd, max_rows)
    titles = next(records, None)
    if titles is None:
        return Sheet((), 0, (), ())
    if len(titles.cells) > MAX_COLUMNS:
        raise InputError(f"{what} has {len(titles.cells):,} columns. At most {MAX_COLUMNS:,} are read.")
    header = _Header(_plain(titles.cells, text.has_mark), known)
    records.width = header.width
    rows: list[_Cells] = []
    for record in records:
        if records.num_records - 1 <= max_rows:
            _add(rows, record.number, _plain(record.cells, text.has_mark), header, odd)
    return Sheet(tuple(rows), records.num_records - 1, header.names_used(rows), header.notes(what, rows))


def _lines(text: str, what: str) -> list[str]:
    """Return the lines with their ends; splitlines would cut at U+2028 in a text."""
    check_lines(text, what)
    lines = io.StringIO(text.removesuffix("\x1a"), newline="")
    return [line if len(line) <= MAX_LINE else f"{_BROKEN}a line of {len(line)} characters\n" for line in lines]


def _named_separator(lines: Sequence[str]) -> tuple[str, int]:
    """Return what a first line `sep=;` says and where the header begins, which is below it."""
    start = next((place for place, line in enumerate(lines) if line.strip()), len(lines))
    match = _NAMED.fullmatch(lines[start].rstrip("\r\n")) if start < len(lines) else None
    return (match[1], start + 1) if match else ("", start)


def _separator(lines: Sequence[str], known: Collection[str]) -> str:
    """Return the separator with which the header has most known names, then most cells; none for a single column."""
    found = []
    for separator in SEPARATORS:
        try:
            cells = next(csv.reader(lines, delimiter=separator, strict=True), [])
        except csv.Error:
            continue
        names = canonical([cell.strip() for cell in cells], known).values()
        found.append((sum(name in known for name in names), sum(bool(cell.strip()) for cell in cells), len(cells), separator))
    best = max(found, key=lambda entry: entry[:3], default=(0, 0, 1, _NONE))
    return best[3] if best[2] > 1 else _NONE


@dataclass(frozen=True)
class _Record:
    number: int  # of its row below the header, from 1, blank ones counted; of the header 0
    cells: list[str]


class _Records(Iterator[_Record]):
    """Records that are not empty, the header first.

    Attributes:
        width: cells of a record as it should be; 0 while the header is read.
        num_records: how many there were so far, odd ones included.

    Behind the rows that are kept nothing is mended: from the first broken one on, each line counts as a record.
    """

    def __init__(self, lines: Sequence[str], start: int, separator: str, odd: OddRows, max_rows: int) -> None:
        self._lines, self._separator, self._odd, self._max_rows = lines, separator, odd, max_rows
        self.width = self.num_records = self._lost = self._number = 0
        self._blank: list[int] = []  # rows since the last record: at the end of the file they are not told
        self._start_at(start)

    def _start_at(self, place: int) -> None:
        self._first = place
        self._reader = csv.reader((self._lines[i] for i in range(place, len(self._lines))), delimiter=self._separator, strict=True)

    def __next__(self) -> _Record:
        while True:
            place = self._first + self._reader.line_num
            try:
                cells = next(self._reader)
            except csv.Error as error:
                if self.num_records > self._max_rows:
                    self.num_records += sum(not line.isspace() for line in self._lines[place:])
                    raise StopIteration from error
                cells = self._literal(place, error)
            self._number += self.num_records > 0
            if any(cell.strip() for cell in cells):
                self.num_records += 1
                self._odd.pass_over(self._blank)
                self._blank = []
                return _Record(self._number, cells)
            if self.num_records:
                self._blank.append(self._number)

    def _literal(self, place: int, error: csv.Error) -> list[str]:
        """Return one line as it stands, after its quotes led nowhere."""
        self._lost += sum(map(len, self._lines[place : self._first + self._reader.line_num]))
        if self._lost > MAX_LOST:
            raise InputError(f"Too many rows are not CSV: {error}. {_REMEDY}") from error
        self._start_at(place + 1)
        line = self._lines[place].rstrip("\r\n")
        cells = line.split(self._separator)
        if len(line) > MAX_CELL or (self.width and len(_without_surplus(cells, self.width)) != self.width):
            return [f"{_BROKEN}{error}"]
        if self.width:
            self._odd.repair(self._number + 1, "a quote is never closed, so the quotes are read as they stand.")
        return cells


def _without_surplus(cells: list[str], width: int) -> list[str]:
    kept = list(cells)
    while len(kept) > width and not kept[-1].strip():
        kept.pop()
    return kept


class _Header:
    """The names of the columns, as they are known where they are."""

    def __init__(self, cells: Sequence[str], known: Collection[str]) -> None:
        names = [cell.strip() for cell in cells]
        while names and not names[-1]:
            names.pop()
        spelled = canonical(names, known)
        self.width = len(names)
        self.names = [spelled[name] if name else f"column {place}" for place, name in enumerate(names, 1)]
        self._unnamed = {f"column {place}" for place, name in enumerate(names, 1) if not name}
        self._twice = [name for name, times in Counter(self.names).items() if times > 1]

    def row(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the cells by name; the first of two columns of one name."""
        row: dict[str, str] = {}
        for name, cell in zip(self.names, cells):
            row.setdefault(name, cell)
        return row

    def names_used(self, rows: Sequence[_Cells]) -> tuple[str, ...]:
        """Return the names without those that nobody gave and no row fills."""
        return tuple(name for name in dict.fromkeys(self.names)
                     if name not in self._unnamed or any(row[name].strip() for _, row in rows))

    def notes(self, what: str, rows: Sequence[_Cells]) -> tuple[str, ...]:
        return tuple(f"{what} names the column {cut(name)} twice: the first one is read." for name in self._twice)


def _plain(cells: list[str], has_mark: bool) -> list[str]:
    return [cell[1:] if cell[:1] == "'" and _RUN.match(cell) else cell for cell in cells] if has_mark else cells


def _add(rows: list[_Cells], number: int, cells: list[str], header: _Header, odd: OddRows) -> None:
    """Append one record as a row, or count it as odd."""
    if cells[0].startswith(_BROKEN):
        odd.leave_out(number, OddRow(f"Row {number} is not CSV: {cells[0].removeprefix(_BROKEN)}. {_REMEDY}", "not CSV"))
        return
    cells = _without_surplus(cells, header.width)
    if len(cells) > header.width:
        odd.leave_out(number, OddRow(
            f"Row {number} has {len(cells)} cells and the header {header.width}. They must be equal: put a cell that holds the "
            "separator into double quotes.", "too many cells"))
        return
    if len(cells) < header.width:
        odd.repair(number, "fewer cells than the header; the missing ones are read as empty.")
        cells = [*cells, *[""] * (header.width - len(cells))]
    rows.append((number, header.row(cells)))


def to_csv(frame: "pd.DataFrame") -> bytes:
    """Return a table for spreadsheets: a byte order mark, lines that end as RFC 4180 wants, and no text that would be run."""
    safe = frame.map(_safe)
    safe.columns = [_safe(name) for name in frame.columns]
    written: str = safe.to_csv(index=False, lineterminator="\r\n")
    return written.encode("utf-8-sig")


def _safe(value: object) -> object:
    """Return a text that a spreadsheet would run with an apostrophe in front, and anything else as it is."""
    return f"'{value}" if isinstance(value, str) and _RUN.match(value) else value
