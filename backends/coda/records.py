"""CSV, JSON, JSON lines and parquet from strangers, as rows of named values; what is wrong is an `InputError`.

The kind is told by the first bytes, not by the name. Rows are read up to a limit and the rest is only counted, so that a
large file costs its first rows. Every value is checked where its layout reads it (formats).
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from worlds.errors import InputError

Row = dict[str, Any]  # names and values as they stand in the file: each is checked where it is read
MAX_MB = 64  # all of NQ-Swap and of COUNTERFACT are below
MAX_UNPACKED_MB = 256
DELIMITERS = ",;\t"  # spreadsheets write all three
PARQUET_BATCH = 16  # rows unpacked at once: a small file can hold one long text many times


@dataclass(frozen=True)
class Table:
    """The first rows of a file, and how many it has in all."""

    rows: tuple[Row, ...]
    count: int


def cut(value: object) -> str:
    """The value as people see it in a message: at most 80 characters."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def is_text(value: object) -> bool:
    """Whether it is text that a tokenizer can read: JSON can smuggle in half a character (a lone surrogate)."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def checked(content: bytes, *, limit_mb: int = MAX_MB) -> bytes:
    """The content, if it is not empty and not too large."""
    if len(content) > limit_mb * 1_000_000:
        raise InputError(f"The file is {len(content) / 1e6:.1f} MB large. At most {limit_mb} MB are read here.")
    if not content.strip():
        raise InputError("The file is empty. It must hold prompts as CSV, JSON lines or parquet.")
    return content


def decoded(content: bytes) -> str:
    """The content as text."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"Byte {error.start} of the file is not text. It must be CSV or JSON lines in UTF-8, or parquet.") from error


def json_table(text: str, *, max_rows: int) -> Table:
    """The objects of a JSON list or of JSON lines."""
    if text.lstrip().startswith("["):
        found = _loads(text, "The file")
        return Table(tuple(_object(row, number) for number, row in enumerate(found[:max_rows], 1)), len(found))
    lines = [line for line in text.split("\n") if line.strip()]  # splitlines would cut at U+2028 in a text
    rows = (_object(_loads(line, f"Row {number}"), number) for number, line in enumerate(lines[:max_rows], 1))
    return Table(tuple(rows), len(lines))


def _object(row: object, number: int) -> Row:
    if not isinstance(row, dict):
        raise InputError(f"Row {number} is {cut(row)}. It must be an object with named values.")
    return row


def _loads(text: str, where: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise InputError(f"{where} is nested too deeply. It must be an object of texts and lists of texts.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, character {error.colno}" if "\n" in text else f"character {error.colno}"
        raise InputError(f"{where} is not JSON: {error.msg} at {place}. It must be JSON, with one object per line, "
                         "or one list of objects.") from error
    except InputError:
        raise
    except ValueError as error:  # a whole number with more than 4,300 digits
        raise InputError(f"{where} has a number that is too long. Numbers have at most 15 digits.") from error


def _no_constant(name: str) -> NoReturn:
    raise InputError(f"The file has the value {name}. Numbers must be finite.")


def csv_table(text: str, *, max_rows: int) -> Table:
    """The records below a header; a quoted cell may hold line breaks.

    Raises:
        InputError: no column is called prompt, a record has more or fewer cells than the header, or a quote stays open.
    """
    records = _records(text, _delimiter(text))
    header = [name.strip().lower() for name in next(records)]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"The header names the column {cut(twice)} twice. Every column must have a name of its own.")
    rows = tuple(_named(header, record, number) for number, record in enumerate(islice(records, max_rows), 1))
    return Table(rows, len(rows) + sum(1 for _ in records))


def _delimiter(text: str) -> str:
    first = text.lstrip().partition("\n")[0].strip()[:2000]
    for delimiter in DELIMITERS:
        if "prompt" in [cell.strip().strip('"').lower() for cell in first.split(delimiter)]:
            return delimiter
    raise InputError(f"The file begins with {cut(first)}. It must be parquet, JSON lines, or CSV whose header has a column 'prompt'.")


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Records that are not empty; the header is number 0."""
    reader, number = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True), 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"Row {number}" if number else "The header"
            raise InputError(f"{where} is not CSV: {error}. A cell with quotes or line breaks must stand in double quotes, "
                             f"quotes in it doubled, and have at most {csv.field_size_limit():,} characters.") from error
        if any(cell.strip() for cell in record):
            yield record
            number += 1


def _named(header: Sequence[str], record: Sequence[str], number: int) -> Row:
    if len(record) != len(header):
        raise InputError(f"Row {number} has {len(record)} cells and the header {len(header)}. They must be equal: "
                         "put a cell that holds the separator into double quotes.")
    return dict(zip(header, record))


def parquet_table(content: bytes, columns: Sequence[str], *, max_rows: int, limit_mb: int = MAX_UNPACKED_MB) -> Table:
    """The known columns of a parquet table."""
    rows: list[Row] = []
    unpacked = 0
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        present = [name for name in file.schema_arrow.names if name in columns]
        if not present:
            raise InputError(f"The parquet file has the columns {cut(file.schema_arrow.names)}. None of them is known here: "
                             "it must have 'prompt', or the columns of NQ-Swap.")
        for batch in file.iter_batches(batch_size=PARQUET_BATCH, columns=present):
            unpacked += batch.nbytes
            if unpacked > limit_mb * 1_000_000:
                raise InputError(f"The file unpacks to more than {limit_mb} MB. At most {limit_mb} MB are read here.")
            rows += batch.to_pylist()
            if len(rows) >= max_rows:
                break
    except (pa.ArrowException, OSError) as error:  # Arrow reports broken pages as either
        raise InputError(f"The parquet file cannot be read ({cut(str(error))}). It must be a whole parquet table.") from error
    return Table(tuple(rows[:max_rows]), file.metadata.num_rows)
