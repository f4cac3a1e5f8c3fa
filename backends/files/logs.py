"""What logs of agents hold, read leniently: texts, lines of JSON, single values, each bounded; what is odd is a note, never a stop.

A log was cut off, written twice, or holds what JSON does not know (NaN). So nothing here raises: what cannot be read is None or
empty, and `Notes` says so. A file that is too large or damaged counts as missing. Not here: what the values mean.
"""

import json
import math
import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

from pydantic import JsonValue

from backends.episode import MAX_NOTES, MAX_REPORTED
from backends.files import json_text
from backends.files.archive import Files
from backends.files.cells import as_number, as_text, cut
from backends.files.encoding import decoded
from backends.files.rows import Row
from worlds.errors import InputError

MAX_LOG_MB = 16  # of one log file; 30 turns of the longest prompts and replies are 1 MB
MAX_SET_MB = 64  # of one file that holds many episodes
MAX_LINES = 20_000  # of one log file
MAX_LINE = 1_000_000  # characters of one line of JSON
MAX_SAID = 100_000  # characters of one text: a prompt with ten worked examples has 15,000
MAX_VALUES = 100_000  # of one line or one small object
MAX_KEPT = 2  # of what many episodes share: two runs are held beside each other
_SPREAD = re.compile(r"\s*(?:\[\s*\{|\{[ \t\r]*\n)")  # how an array of objects begins, or one over many lines
_BETWEEN = re.compile(r"[\s,\[\]]*")
_kept: WeakKeyDictionary[Callable[[str], bytes], dict[str, dict[Hashable, object]]] = WeakKeyDictionary()
T = TypeVar("T")


class Notes:
    """What has to be said of how something was read; the same thing is said once."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def add(self, said: str) -> None:
        self._said[said] = None

    def all(self) -> tuple[str, ...]:
        """Return the notes in their order, of which an episode takes a limited number."""
        said = tuple(self._said)
        return said if len(said) <= MAX_NOTES else (*said[:MAX_NOTES - 1], f"There are {len(said) - MAX_NOTES + 1} more notes.")


@dataclass(frozen=True)
class Line:
    """One line of JSON lines that is an object."""

    number: int  # from 1, as an editor counts
    row: Row
    is_after_blank: bool


def kept(files: Files, kind: str, key: Hashable, make: Callable[[], T]) -> T:
    """Return what `make` gives, which many episodes share: the last two of each kind are kept for as long as the archive is open.

    Args:
        kind: what it is.     key: which of its kind it is.
    """
    of_kind = _kept.setdefault(files.read, {}).setdefault(kind, {})
    if key not in of_kind:
        while len(of_kind) >= MAX_KEPT:  # before the next is made, which may be as large
            del of_kind[next(iter(of_kind))]
        of_kind[key] = make()
    return cast(T, of_kind[key])


def text_of(files: Files, name: str, notes: Notes, *, limit_mb: float = MAX_LOG_MB) -> str:
    """Return a file's text; empty where it is missing or cannot be read."""
    if not name:
        return ""
    try:
        content = files.read(name)
        if len(content) > limit_mb * 1e6:
            raise InputError(f"{short(name)} has {len(content) / 1e6:.1f} MB. At most {limit_mb:g} MB are read of one log.")
        if not content.strip():
            notes.add(f"{short(name)} is empty.")
            return ""
        text = decoded(content, what=short(name), wanted="text in UTF-8 or UTF-16")
    except InputError as error:
        notes.add(str(error))
        return ""
    for note in text.notes:
        notes.add(note)
    return text.text


def object_of(files: Files, name: str, notes: Notes) -> Row:
    """Return the only object in a JSON file; empty where there is none."""
    found = value_of(files, name, notes)
    if found is not None and not isinstance(found, dict):
        notes.add(f"{short(name)} holds {cut(found)}, and no object with named values.")
    return found if isinstance(found, dict) else {}


def value_of(files: Files, name: str, notes: Notes) -> object:
    """Return what a JSON file holds; None where it cannot be read."""
    if not (text := text_of(files, name, notes)):
        return None
    try:
        return json_text.parse(text, what=short(name), max_containers=MAX_VALUES, max_values=10 * MAX_VALUES, allows_nan=True)
    except json.JSONDecodeError as error:
        notes.add(f"{short(name)} is not whole JSON: {error.msg} at line {error.lineno}.")
    except InputError as error:
        notes.add(str(error))
    return None


def one_per_line(text: str, what: str, notes: Notes) -> str:
    """Return JSON lines as they are; objects of one array, or written over many lines, get a line each, and CR alone ends one."""
    if "\r" in text and "\n" not in text:
        text = text.replace("\r", "\n")
    if not _SPREAD.match(text):
        return text
    try:
        json_text.check(text, what=what, max_containers=MAX_VALUES, max_values=10 * MAX_VALUES)
    except InputError as error:
        notes.add(str(error))
        return ""
    notes.add(f"{what} holds its objects in one array, or over many lines. Each is read as a line of JSON.")
    return "\n".join(_values_in(text))


def _values_in(text: str) -> Iterator[str]:
    """Yield what each value is written with, in one line; last of all what cannot be read any more."""
    decoder, place = json.JSONDecoder(), 0
    for _ in range(MAX_LINES + 1):
        match = _BETWEEN.match(text, place)
        start = match.end() if match else place
        if start >= len(text):
            return
        try:
            _, place = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            place = len(text)
        yield text[start:place].replace("\n", " ")


def lines_of(text: str, what: str, notes: Notes) -> list[Line]:
    """Return the objects of JSON lines, each with its number; lines that are none are counted in one note."""
    text = one_per_line(text, what, notes)
    found: list[Line] = []
    odd: list[int] = []
    is_after_blank, last = False, 0
    for number, line in enumerate(_split(text), 1):
        if number > MAX_LINES:
            notes.add(f"{what} has more than {MAX_LINES:,} lines. At most so many are read.")
            break
        if not line.strip():
            is_after_blank = True
            continue
        last = number
        row = object_in(line)
        if row is None:
            odd.append(number)
            continue
        found.append(Line(number, row, is_after_blank))
        is_after_blank = False
    if odd and odd[-1] == last:
        notes.add(f"The last line of {what} is cut off: it is left out.")
        odd.pop()
    if odd:
        notes.add(f"{what}: {'line' if len(odd) == 1 else 'lines'} {', '.join(map(str, odd[:3]))}{', …' if len(odd) > 3 else ''} "
                  f"{'is' if len(odd) == 1 else 'are'} no JSON object, and left out.")
    return found


def _split(text: str) -> Iterator[str]:
    """Yield the lines one by one, so that a million of them are never held; `splitlines` would cut at U+2028 in a text."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def object_in(line: str) -> Row | None:
    """Return the object that a text writes in JSON, NaN allowed; None where it is none, or too large."""
    if len(line) > MAX_LINE or line.count(",") > MAX_VALUES or line.count("[") + line.count("{") > MAX_VALUES:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # a number of more than 4,300 digits is a ValueError
        return None
    return found if isinstance(found, dict) else None


def short(name: str) -> str:
    """Return the end of a file's name, for a note."""
    return said("/".join(name.split("/")[-2:]), 80)


def said(value: object, limit: int = MAX_SAID) -> str:
    """Return a text, number or truth value as text that can be written again; empty for anything else."""
    text = value if isinstance(value, str) else as_text(value) or ""
    text = text[:limit]
    return text if text.isascii() else text.encode(errors="replace").decode()


def written(value: object) -> str:
    """Return a text as it is, and any other value as JSON writes it."""
    if value is None:
        return ""
    try:
        return said(value) if isinstance(value, str) else said(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):
        return ""


def plain(value: object, depth: int = 6) -> JsonValue:
    """Return a value as JSON has it: no NaN, texts that can be written again, nothing below `depth`."""
    if isinstance(value, dict) and depth:
        return {said(key, 200): plain(entry, depth - 1) for key, entry in list(value.items())[:1_000]}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        kept = list(value) if isinstance(value, list | tuple) else sorted(value, key=repr)
        return [plain(entry, depth - 1) for entry in kept[:1_000]]
    if isinstance(value, str):
        return said(value)
    if isinstance(value, bool) or value is None:
        return value
    return number(value) if isinstance(value, float) else value if isinstance(value, int) and abs(value) < 10**15 else None


def number(value: object) -> float | None:
    """Return a finite number; also from a text, a truth value, or the only entry of a list."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return float(value) if isinstance(value, bool) else as_number(value)


def whole(value: object) -> int | None:
    """Return a whole number, 0 or more."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == math.floor(found) and found < 1e12 else None


def rate(value: object) -> float | None:
    """Return a number 0..1; None for any other."""
    found = number(value)
    return found if found is not None and 0 <= found <= 1 else None


def flag(value: object) -> bool | None:
    """Return a truth value, also where it is 0.0 or 1.0, text, or the only entry of a list."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    found = number(value)
    return None if found is None else found >= 0.5


def seconds(value: object) -> float | None:
    """Return seconds since an episode began, 0 to three years."""
    found = number(value)
    return found if found is not None and 0 <= found <= 1e8 else None


def reported(row: Row) -> dict[str, float | None]:
    """Return the numbers that an object gives, by name; None for one that is NaN."""
    found: dict[str, float | None] = {}
    for key, value in row.items():
        is_number = isinstance(value, bool | int | float) or (isinstance(value, list) and len(value) == 1)
        if is_number and len(found) < MAX_REPORTED:
            found[said(key, 80)] = number(value)
    return found
