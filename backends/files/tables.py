"""Tables from strangers, once for all systems: parquet, JSON, JSON lines and CSV as numbered rows of named values.

The kind is told by what is in the file, never by its name. Everything is bounded before it is unpacked; only the first rows are
kept and the rest is counted. Names are matched to the known ones whatever their case, columns `a.b` become objects, and a row
that is odd is left out and counted (`rows.OddRows`). What the values mean is for the layouts that ask.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backends.files import json_text
from backends.files.cells import canonical, cut, finite_or_none, nested
from backends.files.csv_text import read_csv
from backends.files.encoding import Text, check_lines, decoded
from backends.files.rows import Numbered, OddRow, OddRows, Row, counted
from worlds.errors import InputError

Source = Path | bytes
Kind = Literal["parquet", "JSON", "JSON lines", "CSV", "Excel"]
WANTED = "CSV, JSON, JSON lines or parquet"
MAX_LINE_DEPTH = json_text.MAX_DEPTH
_WRAPPERS = ("data", "rows", "examples", "items", "questions", "results")  # keys under which a file may hold its rows
_TRIED = 20  # lines that tell whether a broken first line begins JSON lines


@dataclass(frozen=True)
class Limits:
    """What is read of one file."""

    mb: float = 64
    unpacked_mb: float = 256  # of parquet
    rows: int = 100_000  # kept; the others are counted


@dataclass(frozen=True)
class Values:
    """What a JSON file holds: its values in order, of any type."""

    kind: Kind
    rows: tuple[Numbered, ...]
    count: int  # of the file
    notes: tuple[str, ...] = ()
    whole: Row | None = None  # the file's only object, where it is one


@dataclass(frozen=True)
class Table:
    """The first rows of a file, each with its number; the first row is 1."""

    kind: Kind
    rows: tuple[tuple[int, Row], ...]
    count: int  # of the file, odd ones included
    columns: tuple[str, ...]  # every name that occurs
    notes: tuple[str, ...]
    pictures: tuple[str, ...] = ()  # columns of parquet that hold bytes


def read_bytes(source: Source, *, limit_mb: float, what: str = "The file", wanted: str = WANTED) -> bytes:
    """Return the file's bytes.

    Raises:
        InputError: missing, unreadable, empty or too large.
    """
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        content = source if isinstance(source, bytes) else source.read_bytes() if size <= limit_mb * 1e6 else b""
    except OSError as error:
        raise InputError(f"{what} cannot be read ({error.strerror}). Choose a file that exists.") from error
    if size > limit_mb * 1e6:
        raise InputError(f"{what} is {size / 1e6:.1f} MB large. At most {limit_mb:g} MB are read here.")
    if not content.strip():
        raise InputError(f"{what} is empty. It must hold {wanted}.")
    return content


def read_table(source: Source, odd: OddRows, *, known: Collection[str], anchors: Sequence[str] = (), limits: Limits | None = None,
               what: str = "The file", wanted: str = WANTED, has_pictures: bool = False) -> Table:
    """Return the rows of a table.

    Args:
        odd: counts the rows that are none.
        known: names that the layouts ask for; other columns of parquet stay unread.
        anchors: names of texts: an object that has a list there is a table of parallel lists.
        what: begins the sentences about the file, `wanted` says what it should have been.
        has_pictures: bytes in parquet are no text, and stay unread.
    Raises:
        InputError: it is empty, too large or none of the kinds.
    """
    limits = limits or Limits()
    content = read_bytes(source, limit_mb=limits.mb, what=what, wanted=wanted)
    if content[:4] in (b"PAR1", b"PARE"):
        return _parquet(content, known, limits, what, has_pictures)
    text = decoded(content, what=what, wanted=wanted)
    if text.text.lstrip()[:1] not in ("{", "[") and not _begins_badly(text.text):
        with json_text.one_large_at_a_time(len(content)):
            sheet = read_csv(text, known=known, max_rows=limits.rows, odd=odd, what=what)
        return _table("CSV", sheet.rows, sheet.count, sheet.columns, known, (*text.notes, *sheet.notes), odd)
    values = _values(text, odd, limits.rows, what)
    if values.whole is not None:
        values = _of_object(values, known, anchors, what, limits.rows)
    return _table(values.kind, values.rows, values.count, (), known, values.notes, odd)


def read_values(source: Source, odd: OddRows, *, limits: Limits | None = None, what: str = "The file") -> Values:
    """Return what a JSON list or JSON lines hold, of any type. Raises InputError where it is neither."""
    limits = limits or Limits()
    content = read_bytes(source, limit_mb=limits.mb, what=what, wanted="JSON or JSON lines")
    return _values(decoded(content, what=what, wanted="JSON or JSON lines"), odd, limits.rows, what)


def read_object(source: Source, *, limit_mb: float, what: str = "The file") -> Row:
    """Return the only object in a JSON file, names and values as they stand. Raises InputError where it holds anything else."""
    text = decoded(read_bytes(source, limit_mb=limit_mb, what=what, wanted="JSON"), what=what, wanted="JSON").text
    try:
        found = json_text.parse(text, what=what)
    except json.JSONDecodeError as error:
        raise InputError(f"{what} is not JSON: {error.msg} at line {error.lineno}. It must hold one object.") from error
    if not isinstance(found, dict):
        raise InputError(f"{what} holds {cut(found)}. It must hold one object with named values.")
    return found


def _parquet(content: bytes, known: Collection[str], limits: Limits, what: str, has_pictures: bool) -> Table:
    from backends.files.parquet import read_parquet  # Arrow takes a while to import, and CSV does not need it

    found = read_parquet(content, known=known, max_rows=limits.rows, limit_mb=limits.unpacked_mb, what=what,
                         pictures="unread" if has_pictures else "text")
    rows = [(number, nested(finite_or_none(row)[0], known)) for number, row in enumerate(found.rows, 1)]
    notes = tuple(f"{what} names the column {cut(name)} twice: the first one is read." for name in found.twice)
    names = dict.fromkeys(name.partition(".")[0] if name.partition(".")[0] in known else name for name in found.columns)
    return Table("parquet", tuple(rows), found.count, tuple(names), notes, found.pictures)


def _table(kind: Kind, rows: Iterable[Numbered], count: int, columns: Sequence[str], known: Collection[str], notes: Sequence[str],
           odd: OddRows) -> Table:
    """Return rows with the known names, all of them objects."""
    objects = odd.read(rows, _object)
    spelled = {name: said.encode(errors="replace").decode()  # JSON can smuggle in half a character
               for name, said in canonical(list(dict.fromkeys(name for _, row in objects for name in row)), known).items()}
    found: list[tuple[int, Row]] = []
    num_missing = 0
    for number, row in objects:
        row, lost = finite_or_none(nested(_renamed(row, spelled), known))
        num_missing += lost
        found.append((number, row))
    if num_missing:
        notes = (*notes, f"Read as missing, because they are NaN: {counted(num_missing, 'value')}.")
    names = dict.fromkeys(name for _, row in found for name in row)
    shown = tuple(name for name in names if not columns or name in columns or name in known)
    return Table(kind, tuple(found), count, shown or tuple(columns), tuple(notes))


def _object(row: object, number: int) -> tuple[int, Row]:
    if not isinstance(row, dict):
        raise OddRow(f"Row {number} is {cut(row)}. It must be an object with named values.", "no object")
    return number, row


def _renamed(row: Row, spelled: dict[str, str]) -> Row:
    if all(spelled[name] == name for name in row):
        return row
    exact = {name: value for name, value in row.items() if spelled[name] == name}
    return {spelled[name]: value for name, value in row.items()} | exact


def _values(text: Text, odd: OddRows, max_rows: int, what: str) -> Values:
    check_lines(text.text, what)
    lines = _numbered(text.text.split("\n"))  # splitlines would cut at U+2028 in a text
    if len(lines) == 1 and "\r" in lines[0][1].strip():
        lines = _numbered(text.text.split("\r"))
    if len(lines) > 1 and _is_value(lines[0][1]):
        return _lines(lines, odd, max_rows, what, text.notes)
    try:
        found = json_text.parse(text.text, what=what, allows_nan=True)
    except json.JSONDecodeError as error:
        below = [_is_value(line) for _, line in lines[1:_TRIED]]
        if sum(below) > len(below) / 2:  # only the first line is broken
            return _lines(lines, odd, max_rows, what, text.notes)
        raise InputError(f"{what} is not JSON: {error.msg} at line {error.lineno}, character {error.colno}. It must be one list of "
                         "objects, or one object per line.") from error
    if isinstance(found, dict):
        return Values("JSON", ((1, found),), 1, text.notes, whole=found)
    if not isinstance(found, list):
        raise InputError(f"{what} holds {cut(found)}. It must hold a list of objects.")
    return Values("JSON", tuple(enumerate(found[:max_rows], 1)), len(found), text.notes)


def _numbered(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return the lines that hold something, by the numbers that an editor gives them."""
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _begins_badly(text: str) -> bool:
    """Return whether most lines below the first are objects, as of JSON lines that begin with a remark or a broken row."""
    lines = [line for line in text.split("\n", _TRIED)[1:_TRIED] if line.strip()]
    return sum(line.lstrip().startswith("{") and _is_value(line) for line in lines) > len(lines) / 2


def _is_value(line: str) -> bool:
    """Return whether a line is an object or a list of its own."""
    try:
        return isinstance(_parsed(line.strip().rstrip(","))[0], dict | list)
    except (json.JSONDecodeError, InputError):
        return False


def _lines(lines: Sequence[tuple[int, str]], odd: OddRows, max_rows: int, what: str, notes: tuple[str, ...]) -> Values:
    rows: list[Numbered] = []
    containers = values = 0
    odd.pass_over(sorted(set(range(1, lines[-1][0])) - {number for number, _ in lines}))
    with json_text.one_large_at_a_time(sum(len(line) for _, line in lines)):
        for number, line in lines[:max_rows]:
            try:
                row, measure = _parsed(line.strip().rstrip(","))  # a list's lines without its brackets end in commas
            except json.JSONDecodeError as error:
                odd.leave_out(number, OddRow(f"Row {number} is not JSON: {error.msg} at character {error.colno}. Each line must be "
                                             "one JSON object.", "not JSON"))
                continue
            except InputError as error:
                odd.leave_out(number, OddRow(f"Row {number}: {error}", str(error)))
                continue
            containers, values = containers + measure.containers, values + measure.values
            if containers > json_text.MAX_CONTAINERS or values > json_text.MAX_VALUES:
                raise InputError(f"{what} holds more than {json_text.MAX_CONTAINERS:,} objects and lists, or more than "
                                 f"{json_text.MAX_VALUES:,} values. At most so many are read.")
            rows.append((number, row))
    return Values("JSON lines", tuple(rows), len(lines), notes)


def _parsed(line: str) -> tuple[object, json_text.Measure]:
    """Return the value of one line and at most how much it holds.

    Raises:
        json.JSONDecodeError: it is no JSON.
        InputError: it is nested too deeply, or has a number that is too long.
    """
    most = json_text.Measure(line.count("{") + line.count("["), line.count(",") + 1, line.count("{") + line.count("["))
    if most.depth > MAX_LINE_DEPTH:  # brackets in texts are counted above: measure, which is slower
        most = json_text.measure(line.encode(errors="surrogatepass"))
        if most.depth > MAX_LINE_DEPTH:
            raise InputError(f"It is nested too deeply. At most {MAX_LINE_DEPTH} levels are read.")
    if most.containers > json_text.MAX_CONTAINERS or most.values > json_text.MAX_VALUES:
        raise InputError(f"It holds {most.values:,} values. At most {json_text.MAX_VALUES:,} are read.")
    try:
        return json.loads(line), most
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as error:  # a whole number with more than 4,300 digits
        raise InputError("It has a number that is too long. Numbers have at most 15 digits.") from error


def _of_object(values: Values, known: Collection[str], anchors: Sequence[str], what: str, max_rows: int) -> Values:
    """Return the rows of a file that is one object: parallel lists, rows under one key, or a single row."""
    found = values.whole or {}
    spelled = canonical(list(found), known)
    found = _renamed(found, spelled)
    anchor = next((name for name in anchors if isinstance(found.get(name), list | dict)), None)
    if anchor is not None:
        rows = _from_parallel(found, anchor, known, what)
        return Values("JSON", tuple(enumerate(rows[:max_rows], 1)), len(rows), values.notes)
    under = next((key for key in _WRAPPERS if _is_rows(found.get(key))), None) if not any(name in known for name in found) else None
    stand = found[under] if under else None
    if not isinstance(stand, list):
        return values
    rows = [row["row"] if isinstance(row, dict) and isinstance(row.get("row"), dict) else row for row in stand]
    return Values("JSON", tuple(enumerate(rows[:max_rows], 1)), len(rows), (*values.notes, f"The rows stand under {under!r}."))


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(row, dict) for row in value)


def _from_parallel(found: Row, anchor: str, known: Collection[str], what: str) -> list[Row]:
    """Return rows from lists of one entry each, or from objects that are keyed by the row, as pandas writes them."""
    lists = {key: list(value.values()) if isinstance(value, dict) else value for key, value in found.items()
             if isinstance(value, list if isinstance(found[anchor], list) else dict)}
    count = len(lists[anchor])
    for key, entries in lists.items():
        if len(entries) != count and key in known:
            raise InputError(f"The list {key!r} of {what[:1].lower()}{what[1:]} has {len(entries):,} entries and {anchor!r} has "
                             f"{count:,}. All lists must be equally long.")
    rest = dict.fromkeys((key for key in found if len(lists.get(key, ())) != count), None)  # named, so that none just vanishes
    return [{**{key: entries[place] for key, entries in lists.items() if len(entries) == count}, **rest} for place in range(count)]
