"""The pictures of question files: found by name, cut out of tables as base64, or left in parquet; each is loaded when asked for.

VLMEvalKit writes a picture as base64 into a cell, and a table of a thousand has a hundred megabytes of them. So they are cut out
before a table is read: `without_pictures` puts a short mark in the place of each and keeps where it stood. What a mark, a path, a
number of another row or a cell of parquet means says `Finder`; `Pictures` loads it.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backends.files.archive import Files
from backends.files.cells import as_text, is_missing, unfolded
from backends.files.logs import kept
from backends.files.parquet import read_parquet
from backends.files.pictures import PictureIndex
from backends.files.rows import Row
from worlds.errors import InputError
from worlds.picture_kinds import ENDINGS, KINDS
from worlds.pictures import MAX_BYTES, read_picture
from worlds.signatures import HEAD, recognise

COLUMNS = ("decoded_image", "image", *(f"image_{number}" for number in range(1, 8)), "images", "image_path", "img", "picture")
MOST = 8  # pictures of one question; MMMU has up to seven
SIDE_PX = 1024  # the longer side as a model gets it
MAX_CUT = 100_000  # pictures in one file
PICTURES_MB = 400  # that the part of a parquet file unpacks to
_AT_ONCE = 16  # rows of parquet whose pictures are unpacked together: a process for each would cost a second
# JPEG, PNG, GIF, WebP, BMP, TIFF, AVIF as they begin; seen from their first sign only, so that nothing is looked at twice
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/])(?:/9j/|iVBORw0KGgo|R0lGOD|UklGR|Qk|SUk|TU0|AAAA)[A-Za-z0-9+/]{50,}={0,2}")
_MARK = "cut-out-picture"
_MARKED = re.compile(rf"(?:data:image/[\w.+-]{{1,20}};base64,)?{_MARK}-(\d{{1,6}})")
_MAX_NUMBER = 64  # characters of another row's number, in the place of a picture
_READS = 4096  # characters of base64 that tell a picture's kind

Span = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """Where one picture is.

    Attributes:
        file: the picture itself, or the table that holds it.
        span: bytes of base64 in the table.
        row, column: of a table that is parquet; the first row is 1.
    """

    file: str
    span: Span | None = None
    row: int = 0
    column: str = ""


def without_pictures(content: bytes) -> tuple[bytes, tuple[Span, ...]]:
    """Return a table with a mark in the place of each picture in base64, and where these stood."""
    parts: list[bytes] = []
    spans: list[Span] = []
    place = 0
    for match in _BASE64.finditer(content):
        if len(spans) < MAX_CUT and _is_picture(match[0]):
            parts += [content[place:match.start()], f"{_MARK}-{len(spans)}".encode()]
            spans.append(match.span())
            place = match.end()
    return (b"".join([*parts, content[place:]]), tuple(spans)) if spans else (content, ())


def _is_picture(written: bytes) -> bool:
    """Whether base64 begins as a picture does; a long word, or a reply that is one digit a thousand times, does not."""
    return recognise(base64.b64decode(written[:min(_READS, len(written) // 4 * 4)])[:HEAD]) in KINDS


class Finder:
    """Finds the pictures of one table's rows.

    Args:
        spans: of the pictures that were cut out of it.
        in_cells: columns of parquet that hold bytes.
    """

    def __init__(self, name: str, index: PictureIndex, *, spans: Sequence[Span] = (), in_cells: Sequence[str] = ()) -> None:
        self.name, self._index, self._spans = name, index, spans
        self._in_cells = [column for column in COLUMNS if column in in_cells]

    def find(self, row: Row, number: int) -> tuple[tuple[Place, ...], tuple[str, ...]]:
        """Return a row's pictures, and the names that lead nowhere; the first column that holds any counts."""
        inside = tuple(Place(self.name, row=number, column=column) for column in self._in_cells
                       if column not in row or not is_missing(row[column]))  # of what stayed unread nobody knows whether it is empty
        if inside:
            return inside[:MOST], ()
        missing: tuple[str, ...] = ()
        several = tuple(column for column in COLUMNS if re.fullmatch(r"image_\d", column) and not is_missing(row.get(column)))
        for columns in ((column,) for column in COLUMNS if column not in several):
            places, lost = self._named(row, columns)
            if places:
                return places, lost
            missing = missing or lost
        places, lost = self._named(row, several)
        return (places, lost) if places else ((), missing or lost)

    def _named(self, row: Row, columns: Sequence[str]) -> tuple[tuple[Place, ...], tuple[str, ...]]:
        places, missing = [], []
        for name in (name for column in columns for name in _names(row.get(column))):
            match = _MARKED.fullmatch(name)
            if match and int(match[1]) < len(self._spans):
                places.append(Place(self.name, self._spans[int(match[1])]))
            elif found := self._index.find(name, beside=self.name):
                places.append(Place(found))
            else:
                missing.append(name)
        return tuple(places[:MOST]), tuple(missing)


def _names(value: object) -> Iterator[str]:
    """Yield the names in a cell: a text, an object with a path, or a list of these."""
    value = unfolded(value)
    for entry in value[:MOST] if isinstance(value, list) else [value]:
        name = as_text(entry.get("path") if isinstance(entry, dict) else entry)
        if name and name.strip():
            yield name.strip()


def shared(missing: Mapping[str, Sequence[str]], places: Mapping[str, tuple[Place, ...]]) -> dict[str, tuple[Place, ...]]:
    """Return the pictures of rows that name another row's number in the place of their own, as VLMEvalKit saves room.

    Args:
        missing: by a row's number, what it names and is no file.
        places: by a row's number, its own pictures.
    """
    return {number: places[names[0]] for number, names in missing.items()
            if len(names) == 1 and len(names[0]) <= _MAX_NUMBER and not names[0].lower().endswith(ENDINGS) and places.get(names[0])}


class Pictures:
    """Loads pictures, one at a time."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def open(self, place: Place, *, max_side_px: int = SIDE_PX) -> np.ndarray:
        """Return a picture, (height, width, 3) uint8 RGB. Raises InputError where it is none that can be read."""
        return read_picture(self._content(place), max_side_px=max_side_px, name=place.file)

    def frames(self, places: Sequence[Place], *, max_side_px: int = SIDE_PX) -> np.ndarray:
        """Return pictures of one size, smaller ones on black, (pictures, height, width, 3) uint8 RGB; at least one is due."""
        shown = [self.open(place, max_side_px=max_side_px) for place in places]
        height, width = (max(picture.shape[axis] for picture in shown) for axis in (0, 1))
        return np.stack([np.pad(picture, ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0)))
                         for picture in shown])

    def _content(self, place: Place) -> bytes:
        if place.column:
            return self._in_cell(place)
        if place.span is None:
            return self._files.read(place.file)
        start, end = place.span
        if end - start > MAX_BYTES * 4 // 3:
            raise InputError(f"A picture in {place.file[-80:]!r} has {(end - start) * 3 / 4e6:.0f} MB. "
                             f"At most {MAX_BYTES / 1e6:.0f} MB are read.")
        return _decoded(self._table(place.file)[start:end], place.file)

    def _table(self, name: str) -> bytes:
        return kept(self._files, "table", name, lambda: self._files.read(name))

    def _in_cell(self, place: Place) -> bytes:
        first = 1 + (place.row - 1) // _AT_ONCE * _AT_ONCE

        def make() -> tuple[Row, ...]:
            return read_parquet(self._table(place.file), known=[place.column], max_rows=_AT_ONCE, limit_mb=PICTURES_MB,
                                what=f"{place.file[-80:]!r}", pictures="base64", first=first).rows

        rows = kept(self._files, "cells", (place.file, place.column, first), make)
        cell = rows[place.row - first].get(place.column) if place.row - first < len(rows) else None
        cell = cell.get("bytes") if isinstance(cell, dict) else cell
        if not isinstance(cell, str) or not cell:
            raise InputError(f"Row {place.row:,} of {place.file[-80:]!r} has no picture in {place.column!r}.")
        return _decoded(cell.encode(), place.file)


def _decoded(written: bytes, name: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except binascii.Error as error:
        raise InputError(f"A picture in {name[-80:]!r} is no whole base64. Write the table again.") from error
