"""JSON from strangers: measured before it is parsed.

A parsed value takes up to a hundred times the bytes that it was written with, and the parser neither counts nor yields. So the
text is scanned first, in pieces: how many objects and lists, how many values, how deep. Only then is it handed to `json`; the
numbers of a large one pass through Python on their way, where other threads get their turn.
Not here: what the values mean.
"""

import json
import re
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
_QUOTE, _COMMA, _OPENING, _CLOSING = ord('"'), ord(","), tuple(b"[{"), tuple(b"]}")
_REST = bytes(sorted(set(range(256)) - set(b'[]{}",')))  # what says nothing of a text's structure
_BACKSLASHES = re.compile(rb"\\*")
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
    is_inside = False
    for part in _pieces(content):
        signs = np.frombuffer(part.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _REST), np.uint8)
        if not len(signs):
            continue
        quotes = np.cumsum(signs == _QUOTE, dtype=np.int64) + is_inside
        outside = quotes % 2 == 0
        is_inside = bool(quotes[-1] % 2)
        opening, closing = (((signs == first) | (signs == second)) & outside for first, second in (_OPENING, _CLOSING))
        levels = depth + np.cumsum(opening.astype(np.int8) - closing.astype(np.int8), dtype=np.int64)
        depth, deepest = int(levels[-1]), max(deepest, int(levels.max()))
        containers += int(opening.sum())
        values += int(((signs == _COMMA) & outside).sum())
    return Measure(containers, values + containers, deepest)


def _pieces(content: bytes) -> Iterator[bytes]:
    """Yield the text in pieces, none of which ends between a backslash and what it escapes."""
    start = 0
    while start < len(content):
        end = start + _CHUNK
        if content[end - 1 : end] == b"\\":
            end = _BACKSLASHES.match(content, end).end() + 1  # type: ignore[union-attr]  # it always matches, if only nothing
        yield content[start:end]
        start = end


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
            return json.loads(content, parse_constant=refuse, **_taking_turns(len(content)))
    except RecursionError as error:
        raise InputError(_too_deep(what, max_depth)) from error
    except (json.JSONDecodeError, InputError):
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"{what} is not text: byte {error.start} is none of UTF-8. It must be JSON in UTF-8.") from error
    except ValueError as error:  # a whole number with more than 4,300 digits
        raise InputError(f"{what} has a number that is too long. Numbers have at most 15 digits.") from error


def _taking_turns(size_bytes: int) -> dict[str, Any]:
    """Return what makes `json` let other threads run: 20 million numbers hold them up for 4 s, read so for less than 0.1 s."""
    return {} if size_bytes < LARGE_BYTES else {"parse_float": lambda text: float(text), "parse_int": lambda text: int(text)}


def check(
    content: bytes | str, *, what: str, max_containers: int = MAX_CONTAINERS, max_values: int = MAX_VALUES,
    max_depth: int = MAX_DEPTH,
) -> None:
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
