"""Excel workbooks (.xlsx) from strangers: the first sheet as a table, with nothing but the standard library.

A workbook is a zip of XML: the sheet names its cells by column and row and points into a list of texts that they share. Both are
read as a stream under limits. A document type, which is what bombs of entities need, is refused, and so is what is no workbook.
Formulas give the value that was saved with them. Dates are the numbers that Excel keeps.
"""

import re
from collections.abc import Callable, Collection
from typing import NoReturn
from xml.parsers import expat

from backends.files.archive import Files, ZipLimits, open_zip
from backends.files.cells import canonical, cut
from backends.files.csv_text import MAX_CELL, MAX_COLUMNS
from backends.files.rows import Row
from backends.files.tables import Table
from worlds.errors import InputError

CONTENTS = "[Content_Types].xml"
BOOK, SHARED = "xl/workbook.xml", "xl/sharedStrings.xml"
MAX_TEXTS = 2_000_000  # shared by cells; each once
MAX_DEPTH = 64  # elements in elements; a sheet has 8
MAX_CELLS = 4_000_000
_SHEET = re.compile(r"xl/worksheets/sheet(\d{1,6})\.xml")
_PLACE = re.compile(r"([A-Z]{1,3})[1-9]\d{0,6}")
_Names = Callable[[str, dict[str, str]], None]


def is_workbook(files: Files) -> bool:
    """Whether the files are those inside of one workbook."""
    return CONTENTS in files.names and BOOK in files.names


def read_workbook(content: bytes, *, known: Collection[str], max_rows: int, limit_mb: float = 256,
                  what: str = "The workbook") -> Table:
    """Return the rows of the first sheet, named by its first row.

    Args:
        known: names of columns; the header may write them in any case.
        limit_mb: of all that it unpacks to.
    Raises:
        InputError: it is no workbook, damaged, larger than is read, or has an empty sheet.
    """
    files = open_zip(content, what=what, whole="a whole .xlsx", limits=ZipLimits(2_000, limit_mb, limit_mb))
    sheets = sorted((int(match[1]), name) for name in files.names if (match := _SHEET.fullmatch(name)))
    if not is_workbook(files) or not sheets:
        raise InputError(f"{what} is a zip and no workbook. It must be a whole .xlsx.")
    texts = _Texts(what)
    if SHARED in files.names:
        _parse(files.read(SHARED), texts.begin, texts.end, texts.text, what)
    sheet = _Sheet(texts.all, max_rows + 1, what)
    _parse(files.read(sheets[0][1]), sheet.begin, sheet.end, sheet.text, what)
    if not sheet.rows:
        raise InputError(f"{what} has nothing in its first sheet. Its first row must name the columns.")
    notes = (f"{what} has {len(sheets)} sheets: the first one is read.",) if len(sheets) > 1 else ()
    return _table(sheet, known, notes, what)


def _table(sheet: "_Sheet", known: Collection[str], notes: tuple[str, ...], what: str) -> Table:
    """Return the rows below the header, each with the number that Excel gives it less one."""
    first, header = sheet.rows[0]
    names = {column: str(name).strip() for column, name in header.items() if str(name).strip()}
    if not names:
        raise InputError(f"The first row of {what[:1].lower()}{what[1:]} is empty. It must name the columns.")
    spelled = canonical(list(names.values()), known)
    columns = {column: spelled[name] for column, name in names.items()}
    twice = {name for name in columns.values() if list(columns.values()).count(name) > 1}
    rows: list[tuple[int, Row]] = []
    for number, cells in sheet.rows[1:]:
        row: Row = {}
        for column, name in columns.items():
            row.setdefault(name, cells.get(column))  # the first of two columns of one name
        rows.append((number - first, row))
    told = tuple(f"{what} names the column {cut(name)} twice: the first one is read." for name in sorted(twice))
    return Table("Excel", tuple(rows), sheet.count - 1, tuple(dict.fromkeys(columns.values())), (*notes, *told))


def _parse(content: bytes, begin: _Names, end: Callable[[str], None], text: Callable[[str], None], what: str) -> None:
    """Read XML; names come without their name space."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = 0

    def begins(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise InputError(f"{what} is nested more than {MAX_DEPTH} levels deep. It must be a whole .xlsx.")
        begin(name.rpartition(" ")[2], attributes)

    def ends(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(" ")[2])

    def refuse(*_: object) -> NoReturn:
        raise InputError(f"{what} declares a document type, which is not read. Save it again as .xlsx.")

    parser.StartElementHandler, parser.EndElementHandler = begins, ends
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise InputError(f"{what} is damaged ({expat.ErrorString(error.code)}). It must be a whole .xlsx.") from error


class _Texts:
    """The texts that cells share; of one with readings for pronunciation only the text itself."""

    def __init__(self, what: str) -> None:
        self.all: list[str] = []
        self._what, self._parts, self._is_in_text, self._is_reading = what, list[str](), False, False

    def begin(self, name: str, _: dict[str, str]) -> None:
        self._is_reading |= name == "rPh"
        self._is_in_text = name == "t" and not self._is_reading

    def end(self, name: str) -> None:
        self._is_in_text = False
        if name == "rPh":
            self._is_reading = False
        if name == "si":
            self.all.append("".join(self._parts)[:MAX_CELL])
            self._parts = []
            if len(self.all) > MAX_TEXTS:
                raise InputError(f"{self._what} holds more than {MAX_TEXTS:,} texts. At most so many are read.")

    def text(self, part: str) -> None:
        if self._is_in_text:
            self._parts.append(part)


class _Sheet:
    """The rows of a sheet that hold something, as (number, cells by column).

    Attributes:
        count: such rows, those included that are not kept.
    """

    def __init__(self, texts: list[str], max_rows: int, what: str) -> None:
        self.rows: list[tuple[int, dict[int, object]]] = []
        self.count = self._num_cells = self._number = 0
        self._texts, self._max_rows, self._what = texts, max_rows, what
        self._cells: dict[int, object] = {}
        self._column, self._kind, self._parts, self._is_value = -1, "n", list[str](), False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            written = attributes.get("r", "")
            self._number = int(written) if written.isdecimal() and len(written) < 8 else self._number + 1
            self._cells, self._column = {}, -1
        elif name == "c":
            self._column = self._place(attributes.get("r", ""))
            self._kind, self._parts = attributes.get("t", "n"), []
        self._is_value = name in ("v", "t")

    def end(self, name: str) -> None:
        self._is_value = False
        if name == "c":
            self._num_cells += 1
            if self._num_cells > MAX_CELLS:
                raise InputError(f"{self._what} has more than {MAX_CELLS:,} cells. At most so many are read.")
            value = self._value("".join(self._parts)[:MAX_CELL])
            if value is not None:
                self._cells[self._column] = value
        elif name == "row" and self._cells:
            self.count += 1
            if len(self.rows) < self._max_rows:
                self.rows.append((self._number, self._cells))

    def text(self, part: str) -> None:
        if self._is_value:
            self._parts.append(part)

    def _place(self, written: str) -> int:
        """Return a cell's column from 0: as it is named, else the next one."""
        match, column = _PLACE.fullmatch(written), 0
        for letter in match[1] if match else "":
            column = 26 * column + ord(letter) - 64
        column = column - 1 if match else self._column + 1
        if column >= MAX_COLUMNS:
            raise InputError(f"{self._what} has a cell in column {column + 1:,}. At most {MAX_COLUMNS:,} columns are read.")
        return column

    def _value(self, written: str) -> object:
        """Return what a cell holds; None for nothing, and for an error such as #N/A."""
        if not written or self._kind == "e":
            return None
        if self._kind == "s":
            place = int(written) if written.isdecimal() and len(written) < 9 else len(self._texts)
            return self._texts[place] if place < len(self._texts) else None
        if self._kind == "b":
            return written.strip() == "1"
        if self._kind == "n":
            try:
                return float(written)
            except ValueError:
                return None
        return written  # text in the cell itself, a formula's text, or a date
