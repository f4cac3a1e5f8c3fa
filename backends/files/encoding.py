"""Bytes from strangers as text: UTF-8 and UTF-16, with and without a byte order mark, else what old spreadsheets write (cp1252).

UTF-16 without a mark is told by its zeros: plain text has one in every other byte. A file in UTF-8 with a few broken bytes stays
UTF-8. What is taken for text only by a guess says so.
"""

import codecs
import re
from dataclasses import dataclass

from worlds.errors import InputError

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PACKED = ((b"PK\x03\x04", "a zip or an Excel workbook. Save the sheet as CSV, or unpack it first."),
           (b"\x1f\x8b", "packed with gzip. Unpack it first."))
MAX_LINES = 2_000_000
_LOOKED_AT = 4_000  # bytes in which zeros are counted
_LOST = "\ufffd"
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
_MAX_CONTROL = 0.01  # share of control signs; a picture or an archive has a tenth
_MAX_ZEROS = 0.01  # share of zeros, such as what a database left in a cell


@dataclass(frozen=True)
class Text:
    """A decoded file."""

    text: str
    has_mark: bool  # it began with a byte order mark, as spreadsheets write it
    notes: tuple[str, ...] = ()


def decoded(content: bytes, *, what: str = "The file", wanted: str = "CSV, JSON lines or parquet") -> Text:
    """Return the text of a file.

    Args:
        what: begins the sentences.     wanted: what it should have been.
    Raises:
        InputError: it is no text.
    """
    for start, said in _PACKED:
        if content.startswith(start):
            raise InputError(f"{what} is {said}")
    text = _with_mark(content) or _without_mark(content, what)
    part = text.text[:_LOOKED_AT]
    signs = _CONTROL.findall(part)
    if text.text.count("\x00") > _MAX_ZEROS * len(text.text) or len(signs) > max(2, _MAX_CONTROL * len(part)):
        raise InputError(f"{what} is not text: it holds the sign {signs[0] if signs else chr(0)!r}. It must be {wanted}.")
    return _without_zeros(text, what)


def _without_zeros(text: Text, what: str) -> Text:
    place = text.text.find("\x00")
    if place < 0:
        return text
    line, count = text.text.count("\n", 0, place) + 1, text.text.count("\x00")
    said = f"{what} holds the sign '\\x00', first in line {line:,}; it is read as {_LOST} ({count:,} times)."
    return Text(text.text.replace("\x00", _LOST), text.has_mark, (*text.notes, said))


def check_lines(text: str, what: str) -> None:
    """Raise InputError where a text has more lines than are cut; each costs more than its characters."""
    count = max(text.count("\n"), text.count("\r"))
    if count > MAX_LINES:
        raise InputError(f"{what} has {count:,} lines. At most {MAX_LINES:,} are read.")


def _with_mark(content: bytes) -> Text | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Text(content[len(mark):].decode(encoding, "replace"), has_mark=True)
    return None


def _without_mark(content: bytes, what: str) -> Text:
    if encoding := _wide(content):
        return Text(content.decode(encoding, "replace"), has_mark=False)
    try:
        return Text(content.decode("utf-8"), has_mark=False)
    except UnicodeDecodeError as error:
        place = error.start
    text = content.decode("utf-8", "replace")
    lost, whole = text.count(_LOST), len(text) - len(text.encode("ascii", "ignore"))
    line = content.count(b"\n", 0, place) + 1
    if whole > 2 * lost:  # most of what is not ASCII is UTF-8
        return Text(text, False, (
            f"{what} holds what is not UTF-8, first in line {line:,}; it is read as {_LOST} ({lost:,} times).",))
    return Text(content.decode("cp1252", "replace"), False, (
        f"{what} is not UTF-8 (line {line:,}); it was read as Windows-1252, as old spreadsheets write it.",))


def _wide(content: bytes) -> str | None:
    """Return the UTF-16 whose zeros are where plain text has them, or None."""
    part = content[:_LOOKED_AT]
    zeros = [part[parity::2].count(0) / max(1, len(part) // 2) for parity in (0, 1)]
    if len(content) >= 4 and max(zeros) > 0.4 and min(zeros) < 0.05:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return None
