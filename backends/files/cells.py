"""What one cell of a stranger's table may hold, checked: texts, numbers, lists of them, and lists or objects written as text.

CSV has texts only, so a list stands there as Python or JSON writes it, or as NumPy prints it. Numbers that stand where a text is
wanted are read as people would write them. What is none of these raises `OddRow`, with the value and what would be right.
"""

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import TypeGuard

from backends.files import json_text
from backends.files.rows import OddRow, Row
from worlds.errors import InputError

MAX_LITERAL = 100_000  # characters of a list or an object that is written into a cell
MAX_PARTS = 10_000  # commas and brackets, and as many operators, where only Python reads it; a plan of 20 actions has 100
MAX_NESTING = 32  # brackets in brackets there; the deepest known has 4
MAX_LIST = 1_000_000  # entries of one list: a distribution over 11 days
_LONGEST = 10**4000  # Python writes no more than 4,300 digits
_BRACKETS = re.compile(r"[()\[\]{}]")
_OPERATORS = "+-~*/%<>=&|^"
_TEXTS_IN_A_ROW = re.compile(r"""['"]\s*[bBrRuU]{0,2}['"]""")  # or an empty text: it says where to look, no more
_SIGNS = re.compile(rf"(?:[-+~]\s*){{{MAX_NESTING}}}")  # nested as deeply as brackets are
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def cut(value: object) -> str:
    """Return the value as people see it in a message: at most 80 characters."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def is_text(value: object) -> bool:
    """Return whether it is text that can be written again: JSON can smuggle in half a character (a lone surrogate)."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def is_missing(value: object) -> bool:
    """Return whether a cell is empty: nothing, no number, or only blanks."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value.strip())


def as_text(value: object) -> str | None:
    """Return a text, number or truth value as text; None for anything else."""
    if isinstance(value, str):
        return value if is_text(value) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < _LONGEST else None
    if not isinstance(value, float) or not math.isfinite(value):
        return None
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)  # 12.0 is pandas' 12 beside a missing one


def unfolded(value: object) -> object:
    """Return the list or object that a cell's text writes out, or the text itself where it only looks like one.

    Raises:
        OddRow: it is longer than what is read of one cell, or has more parts than Python's slow parser is given.
    """
    written = value.strip() if isinstance(value, str) else ""
    if not written or written[0] + written[-1] not in ("[]", "{}"):
        return value
    if len(written) > MAX_LITERAL:
        raise OddRow(f"A cell writes a list of {len(written):,} characters. At most {MAX_LITERAL:,} are read.", "long list in a cell")
    if _is_deep(written):
        return value
    found = _as_json(written)
    if not isinstance(found, list | dict):
        _check_parts(written)
        found = _as_python(written)
    return found if isinstance(found, list | dict) else value


def _is_deep(written: str) -> bool:
    """Return whether brackets or signs are nested more deeply than is read; those between quotes count too."""
    depth = deepest = 0
    for letter in _BRACKETS.findall(written):
        depth += 1 if letter in "([{" else -1
        deepest = max(deepest, depth)
    return deepest > MAX_NESTING or _SIGNS.search(written) is not None


def _as_json(written: str) -> object:
    try:
        return json_text.parse(written, allows_nan=True)
    except (json.JSONDecodeError, InputError):
        return None


def _check_parts(written: str) -> None:
    """Raise OddRow where Python's own parser, a hundred times slower than JSON's, would have too much to do."""
    count = sum(map(written.count, ",([{"))
    if count > MAX_PARTS:
        raise OddRow(f"A cell writes a list with {count:,} commas and brackets, as Python does. At most {MAX_PARTS:,} are read. "
                     "Write it as JSON.", "long list in a cell")


def _as_python(written: str) -> object:
    """Return what Python reads; what it refuses at once is not looked at any more."""
    if sum(map(written.count, _OPERATORS)) > MAX_PARTS:
        return None
    try:
        found = ast.literal_eval(written)
        return ast.literal_eval(_with_commas(written)) if _TEXTS_IN_A_ROW.search(written) else found
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, tokenize.TokenError):
        return None


def _with_commas(written: str) -> str:
    """Return a list with a comma between texts that follow each other: NumPy prints none, and Python would join them."""
    tokens = list(tokenize.generate_tokens(io.StringIO(written).readline))
    kept = [token for token in tokens if token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.ENDMARKER)]
    if not any(one.type == other.type == tokenize.STRING for one, other in pairwise(kept)):
        return written
    return "".join(f"{token.string}," if token.type == other.type == tokenize.STRING else token.string
                   for token, other in zip(kept, [*kept[1:], kept[-1]]))


def text(row: Row, *keys: str, where: str = "The row") -> str | None:
    """Return the first of these that is there, as text; None if none is."""
    for key in keys:
        value = row.get(key)
        if is_missing(value):
            continue
        found = as_text(value)
        if found is None:
            raise OddRow(f"{where} has {key} = {cut(value)}. It must be text.", f"{key} is no text")
        return found
    return None


def finite(value: object) -> TypeGuard[float]:
    """Return whether it is a number that can be counted with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e15 and math.isfinite(value)


def as_number(value: object) -> float | None:
    """Return a finite number, or one that is written as text, as in CSV; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value.strip())
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and finite(value) else None


def number(row: Row, key: str, *, where: str = "The row") -> float | None:
    """Return a finite number; None where it is missing."""
    value = row.get(key)
    if is_missing(value):
        return None
    found = as_number(value)
    if found is None:
        raise OddRow(f"{where} has {key} = {cut(value)}. It must be a finite number.", f"{key} is no number")
    return found


def integer(row: Row, key: str, *, where: str = "The row") -> int | None:
    """Return a whole number; None where it is missing."""
    value = number(row, key, where=where)
    if value is not None and value != int(value):
        raise OddRow(f"{where} has {key} = {value!r}. It must be a whole number.", f"{key} is no whole number")
    return None if value is None else int(value)


def truth(value: object) -> bool | None:
    """Return a truth value, also where it is written as text or as 0 and 1; None for anything else."""
    if isinstance(value, bool):
        return value
    return _TRUTHS.get((as_text(value) or "").strip().lower())


def mapping(row: Row, key: str, *, where: str = "The row") -> Row | None:
    """Return an object with named values; None where it is missing."""
    value = unfolded(row.get(key))
    if is_missing(value):
        return None
    if not isinstance(value, dict):
        raise OddRow(f"{where} has {key} = {cut(value)}. It must be an object with named values.", f"{key} is no object")
    return value


def entries(row: Row, key: str, *, where: str = "The row") -> list[object] | None:
    """Return a list; None where it is missing."""
    value = unfolded(row.get(key))
    if is_missing(value):
        return None
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise OddRow(f"{where} has {key} = {cut(value)}. It must be a list of at most {MAX_LIST:,} entries.", f"{key} is no list")
    return value


def numbers(row: Row, key: str, *, where: str = "The row") -> tuple[float, ...] | None:
    """Return a list of finite numbers; None where it is missing."""
    values = entries(row, key, where=where)
    found: list[float] = []
    for value in values or ():
        if not finite(value):
            raise OddRow(f"{where} has {cut(value)} in {key}. It must be a list of finite numbers.", f"{key} holds no numbers")
        found.append(float(value))
    return None if values is None else tuple(found)


def whole_numbers(row: Row, key: str, *, where: str = "The row") -> tuple[int, ...] | None:
    """Return a list of frame indices, 0 or more; None where it is missing."""
    values = numbers(row, key, where=where)
    for value in values or ():
        if value < 0 or value != int(value):
            raise OddRow(f"{where} has {value!r} in {key}. Frame indices are whole numbers from 0.", f"{key} holds no indices")
    return None if values is None else tuple(int(value) for value in values)


def texts(row: Row, key: str, *, where: str = "The row") -> tuple[str, ...]:
    """Return a list of texts; empty where it is missing."""
    found = []
    for value in entries(row, key, where=where) or ():
        written = as_text(value)
        if written is None:
            raise OddRow(f"{where} has {cut(value)} in {key}. It must be a list of texts.", f"{key} holds no texts")
        found.append(written)
    return tuple(found)


def nested(row: Row, known: Collection[str]) -> Row:
    """Return the row with columns such as `a.b.c` put into an object `a`, where `a` is known and has no column of its own."""
    dotted = [name for name in row if "." in name and name.partition(".")[0] in known and name not in known]
    if not dotted:
        return row
    whole: Row = {name: value for name, value in row.items() if name not in dotted}
    for name in dotted:
        *path, last = name.split(".")
        place: object = whole
        for part in path:
            place = place.setdefault(part, {}) if isinstance(place, dict) else None
        if isinstance(place, dict) and not is_missing(row[name]):
            place[last] = row[name]
    return whole


def finite_or_none(row: Row) -> tuple[Row, int]:
    """Return the row with None for what is no number, as pandas writes a missing value, and how many there were."""
    lost = [name for name, value in row.items() if isinstance(value, float) and math.isnan(value)]
    return ({**row, **dict.fromkeys(lost)}, len(lost)) if lost else (row, 0)


def canonical(names: Sequence[str], known: Iterable[str]) -> dict[str, str]:
    """Return each name as it is known, whatever its case and blanks; one that is not known keeps its own."""
    spelled = {_plain(name): name for name in known}
    exact = set(spelled.values())
    return {name: name if name in exact else spelled.get(_plain(name), name.strip()) for name in names}


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").split())
