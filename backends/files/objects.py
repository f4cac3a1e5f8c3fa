"""Files that hold many objects: JSON lines, or one JSON list. They are decoded one by one, and each is yielded with its place.

Only the places are to be kept, so that one object can be read later without the others. What cannot be read is passed over with a
note, and a file that was cut off gives what stands before the cut. Not here: what the objects mean.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from backends.files import json_text
from backends.files.archive import Files
from backends.files.encoding import MAX_LINES
from backends.files.logs import MAX_LINE, MAX_SET_MB, Notes, kept, object_in, short, text_of
from backends.files.rows import Row, counted
from worlds.errors import InputError

Span = tuple[int, int]  # characters of a file's text
MAX_ITEMS = 60_000  # objects of one file, unless said otherwise
MAX_ODD = 20_000  # lines or entries that are none, before the rest of a file is left
_TRIED = 20  # lines that tell whether a broken first line begins JSON lines
_BETWEEN = re.compile(r"[\s,\[\]]*")
_LIST = re.compile(r"\s*\[[ \t]*\{")  # how a list begins whose first object stands in the line of its bracket
_SIGN = re.compile(r'"(?:[^"\\]++|\\.)*+("?)|[\[\]{}]', re.DOTALL)  # a text with the quote that ends it, or a bracket
_BARE = re.compile(r"[-+.\w]+")  # a number or a word
NO_JSON, TOO_DEEP, TOO_LARGE, TOO_LONG = "no JSON object", "nested too deeply", "larger than is read", "a number that is too long"


def set_text(files: Files, name: str, notes: Notes, span: Span | None = None) -> str:
    """Return the text of a data set, or what stands in a part of it; empty where it must not be decoded."""
    text = whole_text(files, name, notes)
    text = text[span[0]:span[1]] if span else text
    return text if _may_be_decoded(text, short(name), notes) else ""


def _may_be_decoded(text: str, what: str, notes: Notes, *, max_depth: int = json_text.MAX_DEPTH) -> bool:
    try:
        json_text.check(text, what=what, max_depth=max_depth)
    except InputError as error:
        notes.add(str(error))
        return False
    return True


def whole_text(files: Files, name: str, notes: Notes, *, limit_mb: float = MAX_SET_MB) -> str:
    """Return the text of a file that holds many objects, which is read and decoded once for all of them."""
    def make() -> tuple[str, tuple[str, ...]]:
        own = Notes()
        return text_of(files, name, own, limit_mb=limit_mb), own.all()

    text, told = kept(files, "text", name, make)
    for note in told:
        notes.add(note)
    return text


def items_in(text: str, what: str, notes: Notes, *, most: int = MAX_ITEMS) -> Iterator[tuple[Row, Span]]:
    """Yield each object of a list and where it stands."""
    decoder, place, num_odd = json.JSONDecoder(), 0, 0
    odd: dict[str, list[int]] = {}
    for count in range(most + 1):
        match = _BETWEEN.match(text, place)
        place = match.end() if match else place
        if place >= len(text):
            break
        if count == most:
            notes.add(_too_many(what, most))
            break
        try:
            found, after = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            end = _end_of(text, place)
            if end is None or num_odd == MAX_ODD:
                notes.add(f"{what} cannot be read from character {place:,} on, after {count:,} entries: it is cut off or damaged.")
                break
            odd.setdefault(_wrong(error), []).append(count + 1)
            num_odd, place = num_odd + 1, end
            continue
        if isinstance(found, dict):
            yield found, (place, after)
        place = after
    _tell(odd, what, "entry", "entries", notes)


def _end_of(text: str, place: int) -> int | None:
    """Return where an entry ends that cannot be decoded, by its brackets; None where that cannot be told."""
    if text[place] not in "{[":
        match = _BARE.match(text, place)
        return match.end() if match and text[match.end():match.end() + 1] in (",", "]", "\n", " ") else None
    depth = 0
    for sign in _SIGN.finditer(text, place):
        first = text[sign.start()]
        if first == '"' and not sign[1]:
            return None
        depth += (first in "{[") - (first in "}]")
        if not depth:
            return sign.end()
    return None


def _wrong(error: ValueError | RecursionError) -> str:
    """Return why something could not be decoded; a whole number of more than 4,300 digits is a ValueError of its own."""
    return NO_JSON if isinstance(error, json.JSONDecodeError) else TOO_DEEP if isinstance(error, RecursionError) else TOO_LONG


def _tell(odd: Mapping[str, Sequence[int]], what: str, one: str, several: str, notes: Notes) -> None:
    """Add a note for each kind of what was passed over, with the first numbers of it."""
    for wrong, numbers in odd.items():
        is_one = len(numbers) == 1
        has = ("has" if is_one else "have") if wrong == TOO_LONG else "is" if is_one else "are"
        left = ", and left out" if wrong != TOO_LONG else f", and {'is' if is_one else 'are'} left out"
        notes.add(f"{what}: {one if is_one else several} {', '.join(map(str, numbers[:3]))}{', …' if len(numbers) > 3 else ''} "
                  f"{has} {wrong}{left}.")


def objects_in(text: str, what: str, notes: Notes, *, most: int = MAX_ITEMS) -> Iterator[tuple[Row, Span]]:
    """Yield each object of JSON lines, of a list, or of several written one after another, and where it stands."""
    if has_lines(text):
        yield from _in_lines(text, what, notes, most)
    elif _may_be_decoded(text, what, notes, max_depth=len(text)):  # what is nested too deeply is one entry
        yield from items_in(text, what, notes, most=most)


def object_at(text: str, span: Span) -> Row:
    """Return the object that stands in a place where one was found; empty where it is none any more."""
    part = _bare(text, *span)
    if (row := object_in(part)) is not None:
        return row
    quiet = Notes()  # a part of a list may be larger than a line
    may_be = _may_be_decoded(part, "It", quiet, max_depth=len(part))
    return next((row for row, _ in items_in(part, "", quiet, most=1)), {}) if may_be else {}


def has_lines(text: str) -> bool:
    """Return whether a text is JSON lines: its first line is an object, or half of those with a broken one above them are."""
    begins: list[bool] = []
    if _LIST.match(text):
        return False
    for start, end in _lines(text):
        if end > start and not text[start:start + 100].isspace() and not _is_between(text, start, end):
            begins.append(object_in(_bare(text, start, end)) is not None)
            if begins[0] or len(begins) == _TRIED:
                break
    return bool(begins) and (begins[0] or sum(begins) >= len(begins) / 2)


def _in_lines(text: str, what: str, notes: Notes, most: int) -> Iterator[tuple[Row, Span]]:
    odd: dict[str, list[int]] = {}
    num_odd = num_long = count = last = newest = 0
    for number, (start, end) in enumerate(_lines(text), 1):
        if number > MAX_LINES:
            notes.add(f"{what} has more than {MAX_LINES:,} lines. At most so many are read.")
            break
        if not (line := _bare(text, start, end)) or (line[0] in "[]" and _is_between(text, start, end)):
            continue
        if count == most:
            notes.add(_too_many(what, most))
            break
        last = number
        row = object_in(line)
        if row is None and len(line) > MAX_LINE:
            num_long += 1
            continue
        if row is None:
            if num_odd == MAX_ODD:
                notes.add(f"{what} is left at line {number:,}: {MAX_ODD:,} lines above it are no JSON objects.")
                break
            num_odd, newest = num_odd + 1, number
            odd.setdefault(_wrong_with(line), []).append(number)
            continue
        count += 1
        yield row, (start, end)
    if num_long:
        notes.add(f"Left out of {what}: {counted(num_long, 'line')} of more than {MAX_LINE:,} characters.")
    cut_off = odd.get(NO_JSON, [])
    if cut_off and cut_off[-1] == newest == last:
        notes.add(f"The last line of {what} is cut off: it is left out.")
        cut_off.pop()
    _tell({wrong: numbers for wrong, numbers in odd.items() if numbers}, what, "line", "lines", notes)


def _wrong_with(line: str) -> str:
    """Return why a line is no object that can be read."""
    if not line.startswith("{"):
        return NO_JSON
    try:
        is_object = isinstance(json.loads(line), dict)
    except (ValueError, RecursionError) as error:
        return _wrong(error)
    return TOO_LARGE if is_object else NO_JSON


def _is_between(text: str, start: int, end: int) -> bool:
    """Return whether a line has nothing but the brackets of a list whose entries stand in the other lines."""
    match = _BETWEEN.match(text, start, end)
    return match is not None and match.end() == end


def _lines(text: str) -> Iterator[Span]:
    """Yield where each line stands, one by one; a return alone ends one where there is no line feed."""
    ending = "\r" if "\n" not in text and "\r" in text else "\n"
    start = 0
    while start < len(text):
        end = text.find(ending, start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _bare(text: str, start: int, end: int) -> str:
    return text[start:end].strip().rstrip(",")  # a list's lines without its brackets end in commas


def _too_many(what: str, most: int) -> str:
    return f"{what} holds more than {most:,} entries. At most so many are read."
