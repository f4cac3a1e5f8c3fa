"""JSON, JSON-lines and parquet from strangers, as checked rows: limits, line numbers and types, all as `InputError`.

A file is recognised by what is in it, not by its name: the released code writes JSON-lines into `.json`.
Not here: what the keys mean (formats).
"""

import io
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from worlds.errors import InputError

Source = Path | bytes
Row = dict[str, Any]  # one JSON object: its keys are checked one by one where they are read
MAX_MB = 256  # the whole Ego4D part is about 20 MB; result files with their distributions are ten times that
MAX_ROWS = 100_000  # LV-Haystack has 15,434 questions
MAX_LIST = 1_000_000  # numbers in one list: a distribution over 11 days
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def cut(value: object) -> str:
    """The value as people see it in a message: at most 80 characters."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def read_bytes(source: Source, *, limit_mb: int = MAX_MB) -> bytes:
    """The file's bytes.

    Raises:
        InputError: missing, unreadable, empty or too large.
    """
    if isinstance(source, Path):
        try:
            size = source.stat().st_size
            content = source.read_bytes() if size <= limit_mb * 1_000_000 else b""
        except OSError as error:
            raise InputError(f"The file {cut(source.name)} cannot be read ({error.strerror}). "
                             "Choose a file that exists.") from error
    else:
        size, content = len(source), source
    if size > limit_mb * 1_000_000:
        raise InputError(f"The file is {size / 1e6:.1f} MB large. At most {limit_mb} MB can be read here.")
    if not content.strip():
        raise InputError("The file is empty. It must hold JSON, JSON lines or parquet.")
    return content


def read_rows(source: Source, *, columns: Sequence[str] | None = None, limit_mb: int = MAX_MB,
              max_rows: int = MAX_ROWS) -> list[Row]:
    """The objects in a JSON list, in JSON lines, in one JSON object of parallel lists, or in a parquet table.

    Args:
        columns: what to read from parquet; others are left on disk. None: all.
    """
    content = read_bytes(source, limit_mb=limit_mb)
    if content[:4] == b"PAR1":
        return _parquet(content, columns, limit_mb=limit_mb, max_rows=max_rows)
    found = _parse(content)
    if isinstance(found, dict):
        found = _from_parallel(found) if _is_parallel(found) else [found]
    if not isinstance(found, list):
        raise InputError(f"The file holds {cut(found)}. It must hold a list of objects.")
    if len(found) > max_rows:
        raise InputError(f"The file has {len(found)} rows. At most {max_rows} can be read here.")
    for index, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise InputError(f"Row {index} is {cut(row)}. Each row must be an object with named values.")
    return found


def read_one(source: Source, *, limit_mb: int = MAX_MB) -> Row:
    """The only object in a JSON file."""
    found = _parse(read_bytes(source, limit_mb=limit_mb))
    if not isinstance(found, dict):
        raise InputError(f"The file holds {cut(found)}. It must hold one object with named values.")
    return found


def _parse(content: bytes) -> Any:
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"Byte {error.start} of the file is not text. It must be JSON in UTF-8, or parquet.") from error
    try:
        return _loads(written)
    except json.JSONDecodeError as whole:
        first = written.strip().partition("\n")[0]
        is_lines = "\n" in written.strip() and _is_object(first)
        if not is_lines:
            raise InputError(f"Line {whole.lineno} is not JSON: {whole.msg}. "
                             "The file must be JSON, or JSON lines.") from whole
    return list(_lines(written))


def _lines(written: str) -> Iterator[Any]:
    for number_of_line, line in enumerate(written.split("\n"), start=1):  # splitlines would cut at U+2028 in a text
        if not line.strip():
            continue
        try:
            yield _loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"Line {number_of_line} is not JSON: {error.msg}, at character {error.colno}. "
                             "Each line must be one JSON object.") from error


def _is_object(line: str) -> bool:
    try:
        return isinstance(_loads(line), dict)
    except json.JSONDecodeError:
        return False


def _no_constant(name: str) -> NoReturn:
    raise InputError(f"The file has the value {name}. Numbers must be finite.")


def _loads(written: str) -> Any:
    try:
        return json.loads(written, parse_constant=_no_constant)
    except RecursionError as error:
        raise InputError("The file is nested too deeply. It must be a list of flat objects.") from error
    except (json.JSONDecodeError, InputError):
        raise
    except ValueError as error:  # a whole number with more than 4,300 digits
        raise InputError(f"The file has a number that is too long ({cut(str(error))}). "
                         "Frame indices have at most 15 digits.") from error


def _is_parallel(found: Row) -> bool:
    """One object whose values are lists, one entry per question: the early release."""
    return isinstance(found.get("question"), list)


def _from_parallel(found: Row) -> list[Row]:
    lists = {key: value for key, value in found.items() if isinstance(value, list)}
    count = len(lists["question"])
    for key, values in lists.items():
        if len(values) != count:
            raise InputError(f"The list {key!r} has {len(values)} entries and 'question' has {count}. "
                             "All lists must be equally long.")
    return [{key: values[index] for key, values in lists.items()} for index in range(count)]


def _parquet(content: bytes, columns: Sequence[str] | None, *, limit_mb: int, max_rows: int) -> list[Row]:
    try:
        table = pq.ParquetFile(io.BytesIO(content))
        facts = table.metadata
        unpacked = sum(facts.row_group(group).total_byte_size for group in range(facts.num_row_groups))
        if facts.num_rows > max_rows:
            raise InputError(f"The file has {facts.num_rows} rows. At most {max_rows} can be read here.")
        if unpacked > limit_mb * 1_000_000:
            raise InputError(f"The file unpacks to {unpacked / 1e6:.0f} MB. At most {limit_mb} MB can be read here.")
        present = [name for name in table.schema_arrow.names if columns is None or name in columns]
        return table.read(columns=present).to_pylist()
    except (pa.ArrowException, OSError) as error:  # Arrow reports broken pages as either
        raise InputError(f"The parquet file cannot be read ({cut(str(error))}). It must be a whole parquet table.") from error


def is_text(value: object) -> bool:
    """Whether it is text that can be written again: JSON can smuggle in half a character (a lone surrogate)."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def text(row: Row, *keys: str, where: str = "The row") -> str | None:
    """The first of these keys that is there, as text; None if none is."""
    for key in keys:
        value = row.get(key)
        if value is None:
            continue
        if not is_text(value):
            raise InputError(f"{where} has {key} = {cut(value)}. It must be text.")
        return str(value)
    return None


def finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < 1e15 and math.isfinite(value)


def number(row: Row, key: str, *, where: str = "The row") -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if not finite(value):
        raise InputError(f"{where} has {key} = {cut(value)}. It must be a finite number.")
    return float(value)


def integer(row: Row, key: str, *, where: str = "The row") -> int | None:
    value = number(row, key, where=where)
    if value is None:
        return None
    if value != int(value):
        raise InputError(f"{where} has {key} = {value!r}. It must be a whole number.")
    return int(value)


def _list(row: Row, key: str, where: str) -> list[Any] | None:
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise InputError(f"{where} has {key} = {cut(value)}. It must be a list of at most {MAX_LIST:,} entries.")
    return value


def numbers(row: Row, key: str, *, where: str = "The row") -> tuple[float, ...] | None:
    """A list of finite numbers, or None if the key is missing."""
    values = _list(row, key, where)
    if values is None:
        return None
    for value in values:
        if not finite(value):
            raise InputError(f"{where} has {cut(value)} in {key}. It must be a list of finite numbers.")
    return tuple(float(value) for value in values)


def whole_numbers(row: Row, key: str, *, where: str = "The row") -> tuple[int, ...] | None:
    """A list of frame indices, 0 or more, or None if the key is missing."""
    values = numbers(row, key, where=where)
    if values is None:
        return None
    for value in values:
        if value < 0 or value != int(value):
            raise InputError(f"{where} has {value!r} in {key}. Frame indices are whole numbers from 0.")
    return tuple(int(value) for value in values)


def texts(row: Row, key: str, *, where: str = "The row") -> tuple[str, ...]:
    """A list of texts; empty if the key is missing."""
    values = _list(row, key, where) or []
    for value in values:
        if not is_text(value):
            raise InputError(f"{where} has {cut(value)} in {key}. It must be a list of texts.")
    return tuple(values)
