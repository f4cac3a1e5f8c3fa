"""JSON from strangers: measured before it is parsed.

A parsed value takes up to a hundred times the bytes that it was written with, and the parser neither counts nor yields. So the
text is scanned first, in pieces: how many objects and lists, how many values, how deep. Only then is it handed to `json`.
Not here: what the values mean.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from worlds.errors import InputError

MAX_DEPTH = 64  # a saved run has 12, the released files of all systems at most 6
MAX_CONTAINERS = 2_000_000  # objects and lists: 200 bytes each, once parsed
MAX_VALUES = 20_000_000  # numbers and texts besides: 30 bytes each. 941 distributions over an hour are 3.4 million
LARGE_BYTES = 8_000_000  # files above it are parsed one at a time, over all sessions
_CHUNK = 8_000_000  # bytes scanned at once
_QUOTE, _ESCAPE, _COMMA = (ord(letter) for letter in '"\\,')
_OPENING, _CLOSING = ("[{", "]}")
_large = threading.Lock()


@dataclass(frozen=True)
class Measure:
    """What a JSON text would become."""

    containers: int
    values: int  # entries of all lists and objects, or more
    depth: int


def measure(content: bytes) -> Measure:
    """Return how much a text in UTF-8 would hold, whether or not it is JSON; what stands between quotes is not counted."""
    containers = values = depth = deepest = 0
    is_inside, is_escaped = False, False
    for start in range(0, len(content), _CHUNK):
        part = np.frombuffer(content, np.uint8, count=min(_CHUNK, len(content) - start), offset=start)
        escaped, is_escaped = _escaped(part, is_escaped)
        quotes = np.cumsum((part == _QUOTE) & ~escaped, dtype=np.int64) + is_inside
        outside = quotes % 2 == 0
        is_inside = bool(quotes[-1] % 2)
        opening, closing = ((np.isin(part, np.frombuffer(signs.encode(), np.uint8)) & outside) for signs in (_OPENING, _CLOSING))
        levels = depth + np.cumsum(opening.astype(np.int8) - closing.astype(np.int8), dtype=np.int64)
        depth, deepest = int(levels[-1]), max(deepest, int(levels.max()))
        containers += int(opening.sum())
        values += int(((part == _COMMA) & outside).sum())
    return Measure(containers, values + containers, deepest)


def _escaped(part: np.ndarray, is_first: bool) -> tuple[np.ndarray, bool]:
    """Return (bytes,) whether an odd number of backslashes stands before each, and the same for the byte that follows."""
    places = np.arange(len(part) + 1)
    others = np.where(part != _ESCAPE, places[:-1], -1)
    last_other = np.concatenate(([-1], np.maximum.accumulate(others)))  # before each place: the last that is no backslash
    run = places - 1 - last_other
    run += np.where(last_other < 0, is_first, 0)  # the chunk before ended in an open escape
    is_odd = run % 2 == 1
    return is_odd[:-1], bool(is_odd[-1])


def parse(
    content: bytes | str, *, what: str = "The file", max_containers: int = MAX_CONTAINERS, max_values: int = MAX_VALUES,
    max_depth: int = MAX_DEPTH, allows_nan: bool = False,
) -> Any:
    """Return the value of a JSON text.

    Args:
        what: begins the sentence of an error.
        allows_nan: also NaN and Infinity, which Python writes and JSON does not have.
    Raises:
        json.JSONDecodeError: it is not JSON; callers know what it should have been.
        InputError: it would take too much memory, is nested too deeply, has a number that is too long, or is not UTF-8.
    """
    check(content, what=what, max_containers=max_containers, max_values=max_values, max_depth=max_depth)
    refuse: Callable[[str], NoReturn] | None = None if allows_nan else _no_constant(what)
    try:
        with one_large_at_a_time(len(content)):
            return json.loads(content, parse_constant=refuse)
    except RecursionError as error:
        raise InputError(_too_deep(what, max_depth)) from error
    except (json.JSONDecodeError, InputError):
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"{what} is not text: byte {error.start} is none of UTF-8. It must be JSON in UTF-8.") from error
    except ValueError as error:  # a whole number with more than 4,300 digits
        raise InputError(f"{what} has a number that is too long. Numbers have at most 15 digits.") from error


def check(content: bytes | str, *, what: str, max_containers: int, max_values: int, max_depth: int) -> None:
    """Raise InputError with both numbers where a text would become too much."""
    found = measure(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
    if found.depth > max_depth:
        raise InputError(_too_deep(what, max_depth))
    for count, most, name in ((found.containers, max_containers, "objects and lists"), (found.values, max_values, "values")):
        if count > most:
            raise InputError(f"{what} holds {count:,} {name}. At most {most:,} are read.")


def _too_deep(what: str, max_depth: int) -> str:
    return f"{what} is nested too deeply. At most {max_depth} levels are read."


def _no_constant(what: str) -> Callable[[str], NoReturn]:
    def refuse(name: str) -> NoReturn:
        raise InputError(f"{what} has the value {name}. Numbers must be finite.")

    return refuse


@contextmanager
def one_large_at_a_time(size_bytes: int) -> Iterator[None]:
    """Wait while another large file is parsed: thirty at once would not fit into the memory that one may take."""
    if size_bytes < LARGE_BYTES:
        yield
        return
    with _large:
        yield
