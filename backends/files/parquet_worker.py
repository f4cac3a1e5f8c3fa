"""The process in which parquet is unpacked: a damaged file can end Arrow's whole process, which then is not the server's.

What a file would unpack to is added up before anything is unpacked. A column may be one page of a few bytes that unpacks to
gigabytes, or one long text that a million rows point to. The footer may lie about both, so the head of every page that would be
read is read first (Thrift's compact protocol, the struct `PageHeader` of the format). Texts are then kept as Arrow keeps them in
the file, one of each, until their sizes are known.

Bytes that are no text, such as pictures, are left unread where they are not asked for, or come as base64.

On standard input stands a line of JSON (known, max_rows, limit_mb, memory_mb, what, pictures, first), then the file; on standard
output comes one JSON object.
"""

import base64
import io
import json
import os
import struct
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from backends.files.cells import canonical, cut
from backends.files.parquet import Pictures
from worlds.errors import InputError

_Fields: TypeAlias = dict[int, "int | _Fields | None"]  # of a struct, by number
BATCH = 512  # rows unpacked at once
MAX_CHUNKS = 100_000  # columns times row groups
MAX_VALUES = 20_000_000  # entries of all columns, lists unfolded
VALUE_BYTES = 60  # of one entry as a Python object, its text not counted
_DATA_PAGES = {0: 5, 3: 8}  # type of a page -> the field of its own header
_MAX_DEPTH, _MAX_FIELDS = 8, 1_000
_BROKEN = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, OverflowError, struct.error)


@dataclass
class Unpacked:
    """The first rows, how many there are, and all columns of the file."""

    count: int
    columns: tuple[str, ...]
    twice: tuple[str, ...]  # names of several columns
    rows: list[dict[str, object]] = field(default_factory=list)
    pictures: tuple[str, ...] = ()  # columns that hold bytes, alone or in an object


def main() -> None:
    """Answer one request and end."""
    asked = json.loads(sys.stdin.buffer.readline())
    _limit(asked.pop("memory_mb"))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogatepass")
    os.dup2(2, 1)  # what a library prints must not come into the answer
    try:
        found = asdict(unpack(sys.stdin.buffer.read(), **asked))
        json.dump(found, answers, default=_in_base64 if asked["pictures"] == "base64" else _plain)
    except InputError as error:
        json.dump({"error": str(error)}, answers)
    answers.flush()
    os._exit(0)


def _limit(memory_mb: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limits; the machine may have set less already
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _plain(value: object) -> str:
    """Return what JSON has no word for as text: dates, decimals, bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _in_base64(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def unpack(content: bytes, *, known: Collection[str], max_rows: int, limit_mb: float, what: str, pictures: Pictures = "text",
           first: int = 1) -> Unpacked:
    """Return the known columns of a parquet table.

    Args:
        pictures: whether columns of bytes are taken for text, left unread, or come as base64.
        first: the first row that is kept; row groups before it stay packed.
    Raises:
        InputError: it is damaged or locked, or would unpack to more than `limit_mb`.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        _check_parts(file.metadata, what)
        leaves = _leaves(file, known)
        names = canonical(file.schema_arrow.names, known)
        with_bytes = tuple(dict.fromkeys(names[leaf.column] for leaf in leaves if leaf.is_bytes))
        leaves = [leaf for leaf in leaves if pictures != "unread" or not leaf.is_bytes]
        groups, above = _groups(file.metadata, first, max_rows)
        if leaves:
            _check_pages(content, file.metadata, groups, {leaf.path for leaf in leaves}, limit_mb, what)
            texts = [leaf.path for leaf in leaves if leaf.is_text]
            file = pq.ParquetFile(io.BytesIO(content), read_dictionary=texts)  # one of each text, however often it stands there
        found = _read(file, leaves, known, (groups, first - 1 - above, max_rows), limit_mb, what)
        return replace(found, pictures=with_bytes)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(_too_much(what, limit_mb)) from error
    except _BROKEN as error:  # Arrow reports broken pages as several of these
        raise InputError(f"{what} cannot be read ({cut(str(error))}). "
                         "It must be a whole parquet table without a password.") from error


@dataclass(frozen=True)
class _Leaf:
    path: str  # as in the schema: column.list.element
    column: str
    is_text: bool
    is_bytes: bool  # and nothing says that they are a text


def _leaves(file: pq.ParquetFile, known: Collection[str]) -> list[_Leaf]:
    names = canonical(file.schema_arrow.names, known)
    wanted = [name for name, own in names.items() if _is_known(own, known)]
    found = []
    for column in (file.schema.column(place) for place in range(len(file.schema))):
        name = next((name for name in wanted if column.path == name or column.path.startswith(f"{name}.")), None)
        if name is not None:
            is_text = column.physical_type == "BYTE_ARRAY"
            found.append(_Leaf(column.path, name, is_text, is_text and column.logical_type.type == column.converted_type == "NONE"))
    return found


def _groups(facts: pq.FileMetaData, first: int, max_rows: int) -> tuple[list[int], int]:
    """Return the row groups to be unpacked and how many rows stand above them: all, where the first row is the file's first."""
    if first == 1:
        return list(range(facts.num_row_groups)), 0
    groups, above, place = [], 0, 0
    for group in range(facts.num_row_groups):
        rows = facts.row_group(group).num_rows
        if place + rows < first:
            above = place + rows
        elif place < first - 1 + max_rows:
            groups.append(group)
        place += rows
    return groups, above


def _is_known(name: str, known: Collection[str]) -> bool:
    return name in known or name.partition(".")[0] in known


def _read(file: pq.ParquetFile, leaves: list[_Leaf], known: Collection[str], part: tuple[list[int], int, int], limit_mb: float,
          what: str) -> Unpacked:
    (groups, skipped, max_rows), own = part, file.schema_arrow.names
    names = canonical(own, known)
    found = Unpacked(file.metadata.num_rows, tuple(dict.fromkeys(names.values())),
                     tuple(name for name, times in Counter(names[name] for name in own).items() if times > 1))
    if not leaves:
        return found
    left = limit_mb * 1e6
    for batch in _batches(file, groups, [leaf.path for leaf in leaves]):
        left -= _size(batch.to_struct_array())
        if left < 0:
            raise InputError(_too_much(what, limit_mb))
        columns: dict[str, list[object]] = {}
        for place, name in enumerate(batch.schema.names):
            columns.setdefault(names[name], batch.column(place).to_pylist())  # the first of two of one name
        rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
        found.rows += rows[skipped:]
        skipped = max(0, skipped - len(rows))
        if len(found.rows) >= max_rows:
            del found.rows[max_rows:]
            break
    return found


def _batches(file: pq.ParquetFile, groups: Collection[int], paths: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield rows, a row group at a time: Arrow cannot make one batch of two groups where texts stand in an object or a list."""
    for group in groups:
        yield from file.iter_batches(batch_size=BATCH, row_groups=[group], columns=paths)


def _too_much(what: str, limit_mb: float) -> str:
    return f"{what} unpacks to more than {limit_mb:g} MB. At most {limit_mb:g} MB are read here."


def _size(array: pa.Array) -> int:
    """Return about how many bytes an array takes as Python objects."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary) if _is_text(kind.value_type) else None
        own = pc.sum(lengths.take(array.indices.cast(pa.int64()))).as_py() if lengths is not None and len(lengths) else 0
        return (own or 0) + VALUE_BYTES * len(array)
    if pa.types.is_struct(kind):
        return VALUE_BYTES * len(array) + sum(_size(array.field(place)) for place in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_map(kind):
        return VALUE_BYTES * len(array) + _size(array.values if pa.types.is_map(kind) else array.flatten())
    return int((pc.sum(pc.binary_length(array)).as_py() or 0) if _is_text(kind) else array.nbytes) + VALUE_BYTES * len(array)


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_binary, pa.types.is_large_string, pa.types.is_large_binary)
    return any(test(kind) for test in tests)


def _check_parts(facts: pq.FileMetaData, what: str) -> None:
    if max(1, facts.num_row_groups) * facts.num_columns > MAX_CHUNKS:
        raise InputError(f"{what} has {facts.num_row_groups:,} row groups of {facts.num_columns:,} columns. "
                         f"At most {MAX_CHUNKS:,} parts are read.")


def _check_pages(content: bytes, facts: pq.FileMetaData, groups: Collection[int], paths: Collection[str], limit_mb: float,
                 what: str) -> None:
    """Raise InputError where the pages of these columns would unpack to too much, by what stands at the head of each."""
    size = values = 0
    for group in groups:
        chunks = (facts.row_group(group).column(place) for place in range(facts.num_columns))
        for chunk in (chunk for chunk in chunks if chunk.path_in_schema in paths):
            for page in _pages(content, chunk):
                size += page.unpacked
                values += page.values
                if size > limit_mb * 1e6:
                    raise InputError(_too_much(what, limit_mb))
                if values > MAX_VALUES:
                    raise InputError(f"{what} holds more than {MAX_VALUES:,} values. At most so many are read.")


@dataclass(frozen=True)
class _Page:
    unpacked: int  # bytes
    values: int


def _pages(content: bytes, chunk: pq.ColumnChunkMetaData) -> Iterator[_Page]:
    place = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        place = min(place, chunk.dictionary_page_offset)
    end = place + chunk.total_compressed_size
    while place < min(end, len(content)):
        head = _Struct(content, place)
        kind, unpacked, packed = (head.integer(number) for number in (1, 2, 3))
        own = head.fields.get(_DATA_PAGES.get(kind, 0))
        values = own.get(1, 0) if isinstance(own, dict) else 0
        if not isinstance(values, int):
            raise ValueError("a page without the number of its values")
        if min(unpacked, packed, values) < 0:
            raise ValueError("a page of negative size")
        yield _Page(unpacked, values)
        place = head.end + packed


class _Struct:
    """A struct of Thrift's compact protocol: whole numbers and structs by field number, everything else passed over."""

    def __init__(self, content: bytes, place: int) -> None:
        self._content, self.end = content, place
        self._num_fields = 0
        self.fields = self._struct(0)

    def integer(self, number: int) -> int:
        value = self.fields.get(number)
        if not isinstance(value, int):
            raise ValueError("a page without its size")
        return value

    def _struct(self, depth: int) -> _Fields:
        if depth > _MAX_DEPTH:
            raise ValueError("structs nested too deeply")
        fields: _Fields = {}
        number = 0
        while head := self._byte():
            self._num_fields += 1
            if self._num_fields > _MAX_FIELDS:
                raise ValueError("a struct of too many fields")
            step, kind = head >> 4, head & 15
            number = number + step if step else self._zigzag()
            fields[number] = self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> "int | _Fields | None":
        if kind in (1, 2):  # a truth value lies in its kind
            return None
        if kind in (4, 5, 6):
            return self._zigzag()
        if kind == 12:
            return self._struct(depth + 1)
        self._skip({3: 1, 7: 8}.get(kind) or (self._varint() if kind == 8 else self._unknown(kind)))
        return None

    def _unknown(self, kind: int) -> int:
        raise ValueError(f"a page head with a field of kind {kind}")  # lists and maps stand in no page head

    def _skip(self, size: int) -> None:
        self.end += size
        if self.end > len(self._content):
            raise ValueError("a page head that is cut off")

    def _byte(self) -> int:
        self._skip(1)
        return self._content[self.end - 1]

    def _varint(self) -> int:
        value = shift = 0
        while shift <= 63:
            part = self._byte()
            value |= (part & 127) << shift
            shift += 7
            if part < 128:
                return value
        raise ValueError("a number that is too long")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


if __name__ == "__main__":
    main()
