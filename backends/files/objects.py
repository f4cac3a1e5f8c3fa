"""Files that hold many objects: JSON lines, or one JSON list. They are decoded one by one, and each is yielded with its place.

Only the places are to be kept, so that one object can be read later without the others. What cannot be read is passed over with a
note, and a file that was cut off gives what stands before the cut. Not here: what the objects mean.
"""

import json
import re
from collections.abc import Iterator

from backends.files import json_text
from backends.files.archive import Files
from backends.files.encoding import MAX_LINES
from backends.files.logs import MAX_LINE, MAX_SET_MB, Notes, kept, object_in, short, text_of
from backends.files.rows import Row, counted
from worlds.errors import InputError

Span = tuple[int, int]  # characters of a file's text
MAX_ITEMS = 60_000  # objects of one file, unless said otherwise
_TRIED = 20  # lines that tell whether a broken first line begins JSON lines
_BETWEEN = re.compile(r"[\s,\[\]]*")


def set_text(files: Files, name: str, notes: Notes, span: Span | None = None) -> str:
    """Return the text of a data set, or what stands in a part of it; empty where it must not be decoded."""
    text = whole_text(files, name, notes)
    text = text[span[0]:span[1]] if span else text
    return text if _may_be_decoded(text, short(name), notes) else ""


def _may_be_decoded(text: str, what: str, notes: Notes) -> bool:
    try:
        json_text.check(text, what=what)
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
    decoder, place = json.JSONDecoder(), 0
    for count in range(most + 1):
        match = _BETWEEN.match(text, place)
        place = match.end() if match else place
        if place >= len(text):
            return
        if count == most:
            notes.add(_too_many(what, most))
            return
        try:
            found, after = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            notes.add(f"{what} cannot be read from character {place:,} on, after {count:,} entries: it is cut off or damaged.")
            return
        if isinstance(found, dict):
            yield found, (place, after)
        place = after


def objects_in(text: str, what: str, notes: Notes, *, most: int = MAX_ITEMS) -> Iterator[tuple[Row, Span]]:
    """Yield each object of JSON lines, of a list, or of several written one after another, and where it stands."""
    if has_lines(text):
        yield from _in_lines(text, what, notes, most)
    elif _may_be_decoded(text, what, notes):
        yield from items_in(text, what, notes, most=most)


def object_at(text: str, span: Span) -> Row:
    """Return the object that stands in a place where one was found; empty where it is none any more."""
    part = _bare(text, *span)
    if (row := object_in(part)) is not None:
        return row
    quiet = Notes()  # a part of a list may be larger than a line
    return next((row for row, _ in items_in(part, "", quiet, most=1)), {}) if _may_be_decoded(part, "It", quiet) else {}


def has_lines(text: str) -> bool:
    """Return whether a text is JSON lines: its first line is an object, or most of those below a broken one are."""
    begins: list[bool] = []
    for start, end in _lines(text):
        if end > start and not text[start:start + 100].isspace():
            begins.append(object_in(_bare(text, start, end)) is not None)
            if begins[0] or len(begins) == _TRIED:
                break
    return bool(begins) and (begins[0] or sum(begins) > len(begins) / 2)


def _in_lines(text: str, what: str, notes: Notes, most: int) -> Iterator[tuple[Row, Span]]:
    odd: list[int] = []
    num_odd = num_long = count = last = 0
    for number, (start, end) in enumerate(_lines(text), 1):
        if number > MAX_LINES:
            notes.add(f"{what} has more than {MAX_LINES:,} lines. At most so many are read.")
            break
        if not (line := _bare(text, start, end)):
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
            num_odd += 1
            odd = [*odd[:3], number]
            continue
        count += 1
        yield row, (start, end)
    if num_long:
        notes.add(f"Left out of {what}: {counted(num_long, 'line')} of more than {MAX_LINE:,} characters.")
    if odd and odd[-1] == last:
        notes.add(f"The last line of {what} is cut off: it is left out.")
        num_odd, odd = num_odd - 1, odd[:-1]
    if odd:
        notes.add(f"{what}: {'line' if num_odd == 1 else 'lines'} {', '.join(map(str, odd[:3]))}{', …' if num_odd > 3 else ''} "
                  f"{'is' if num_odd == 1 else 'are'} no JSON object, and left out.")


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
