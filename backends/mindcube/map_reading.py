"""Maps out of what a model wrote: found, mended as MindCube's evaluator mends them, and checked, with the reasons in words.

The text from the first { to the last } is the map. Where it is no JSON, comments go, bare keys get quotes and trailing commas go;
where that does not help, every entry that can be read alone is kept. Nothing here raises. Source: evaluation/core/extractors.py and
evaluation/cogmap/cogmap_metrics.py of MindCube.

Differs from upstream: a number that is not finite, a name that is no text, and an empty list of instances make a map invalid
instead of raising or counting as a place; and a map is bounded.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from backends.files import json_text
from backends.files.cells import cut, is_text
from backends.files.rows import Row
from backends.mindcube.maps import Facing, Map, Spot, facing_of
from worlds.errors import InputError

MAX_JSON = 100_000  # characters between the braces; an augmented map of 9 spots has 600
MAX_SPOTS = 100
MAX_REASONS = 5
_WHAT = "The map"
_COMMENT = re.compile(r"//.*")
_BLANKS = str.maketrans("\n\r\t", "   ")
_TRAILING = re.compile(r",\s*([}\]])")
_ENTRY = re.compile(r'"([^"]{1,200})":\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}')
Mended = Literal["", "cleaned", "entry by entry"]


@dataclass(frozen=True)
class MapRead:
    """A map that was looked for.

    Attributes:
        map: None where it is not valid.
        is_parsable: whether it is an object in JSON, mended or not, that holds anything.
        mended: what had to be done to read it.
        reasons: why it is not valid.
    """

    map: Map | None
    is_parsable: bool = False
    mended: Mended = ""
    reasons: tuple[str, ...] = ()


def read_map(text: str) -> MapRead:
    """Return the map in a text."""
    value, mended, reason = _parsed(text)
    return map_of(value, mended) if value is not None else MapRead(None, reasons=(reason,))


def value_in(text: str) -> tuple[object, str]:
    """Return the object in a text, mended where it must be, whether or not it is a map; None and why where there is none."""
    value, _, reason = _parsed(text)
    return value, reason


def _parsed(text: str) -> tuple[object, Mended, str]:
    """Return the value that a text writes between its braces, how it was mended, and why it cannot be read, where it cannot."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None, "", "There is no object in braces."
    if end - start > MAX_JSON:
        return None, "", f"What stands in braces has {end - start:,} characters. At most {MAX_JSON:,} are read."
    written = text[start:end + 1]
    try:
        return _value(written), "", ""
    except json.JSONDecodeError as error:
        reason = f"It is no JSON: {error.msg} at character {error.pos + 1:,}."
    except InputError as error:
        return None, "", str(error)
    try:
        return _value(cleaned(written)), "cleaned", ""
    except (json.JSONDecodeError, InputError):
        entries = dict(_entries(written))
    return (entries, "entry by entry", "") if entries else (None, "", reason)


def _value(written: str) -> object:
    return json_text.parse(written, what=_WHAT, max_containers=20 * MAX_SPOTS, max_values=100 * MAX_SPOTS, allows_nan=True)


def cleaned(written: str) -> str:
    """Return a text without comments, line breaks and trailing commas, its bare keys quoted."""
    return _TRAILING.sub(r"\1", quoted_keys(_COMMENT.sub("", written).translate(_BLANKS)))


def quoted_keys(written: str) -> str:
    """Return a text with quotes around every bare word before a colon; by hand, as upstream's expression is slow on long words."""
    parts = written.split(":")
    for place, part in enumerate(parts[:-1]):
        bare = part.rstrip()
        start = len(bare)
        while start and (bare[start - 1].isalnum() or bare[start - 1] == "_"):
            start -= 1
        if start < len(bare):
            parts[place] = f'{bare[:start]}"{bare[start:]}"{part[len(bare):]}'
    return ":".join(parts)


def _entries(written: str) -> Iterator[tuple[str, object]]:
    for match in _ENTRY.finditer(written):
        try:
            yield match[1], _value(_TRAILING.sub(r"\1", quoted_keys("{" + match[2] + "}")))
        except (json.JSONDecodeError, InputError):
            continue


def map_of(value: object, mended: Mended = "") -> MapRead:
    """Return the map that a value of JSON holds, in either form."""
    if not isinstance(value, dict) or not value:
        return MapRead(None, reasons=(f"It is {cut(value)}. A map must be an object that holds something.",))
    odd: list[str] = []
    is_augmented = isinstance(value.get("objects"), list)
    found = _augmented(value, odd) if is_augmented else Map(tuple(_plain(value, odd)))
    if not odd and not found.spots:
        odd.append("It places nothing.")
    if len(found.spots) > MAX_SPOTS:
        odd.append(f"It places {len(found.spots):,} things. At most {MAX_SPOTS} are compared.")
    if not odd:
        return MapRead(found, True, mended)
    told = odd if len(odd) <= MAX_REASONS else [*odd[:MAX_REASONS - 1], f"There are {len(odd) - MAX_REASONS + 1} more reasons."]
    return MapRead(None, True, mended, tuple(told))


def _augmented(value: Row, odd: list[str]) -> Map:
    objects, views = value["objects"], value.get("views")
    assert isinstance(objects, list)
    if "views" in value and not isinstance(views, list):
        odd.append(f"Its views are {cut(views)}. They must be a list.")
    listed = None if "views" not in value else tuple(_listed(views if isinstance(views, list) else [], "view", odd))
    return Map(tuple(_listed(objects, "object", odd)), listed)


def _listed(rows: list[object], what: str, odd: list[str]) -> Iterator[Spot]:
    for place, row in enumerate(rows[:MAX_SPOTS + 1], 1):
        name = row.get("name") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(name, str) or not is_text(name):
            odd.append(f"Its {what} {place} is {cut(row)}. It must be an object with a name.")
        elif spot := _spot(name, row, odd):
            yield spot


def _plain(value: Row, odd: list[str]) -> Iterator[Spot]:
    for name, row in list(value.items())[:MAX_SPOTS + 1]:
        row = row[0] if isinstance(row, list) and row else row  # of several instances the first counts
        if not isinstance(row, dict) or not is_text(name):
            odd.append(f"{cut(name)} is {cut(row)}. It must be an object with a position.")
        elif spot := _spot(name, row, odd):
            yield spot


def _spot(name: str, row: Row, odd: list[str]) -> Spot | None:
    place, facing = row.get("position"), row.get("facing")
    numbers = [_number(part) for part in place[:2]] if isinstance(place, list) else []
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        odd.append(f"{cut(name)} has the position {cut(place)}. It must be a list of two numbers." if "position" in row
                   else f"{cut(name)} has no position.")
        return None
    facing = facing[0] if isinstance(facing, list) and facing else None if facing == [] else facing
    known: Facing | None = facing_of(facing) if isinstance(facing, str) else None
    if facing is not None and known is None:
        odd.append(f"{cut(name)} faces {cut(facing)}. It must be one of up, right, down, left, inner, outer, or a word for them.")
        return None
    return Spot(name, (numbers[0], numbers[1]), known)


def _number(value: object) -> float | None:
    """Return a finite number, or one that is written as text."""
    if not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < 1e15 else None


def fits_training(value: object) -> str:
    """Return why a value does not fit the schema of MindCube's training code, which is not the evaluator's; "" where it does.

    A position may be missing, and nothing at all is a map; a plain map must not hold anything but position and facing.
    """
    if not isinstance(value, dict):
        return f"It is {cut(value)}. A map must be an object."
    objects, views = value.get("objects"), value.get("views", [])
    if not isinstance(objects, list):
        return next((reason for name, row in value.items() if (reason := _unfit(name, row, is_plain=True))), "")
    if not isinstance(views, list):
        return f"Its views are {cut(views)}. They must be a list."
    nameless = next((row for row in (*objects, *views) if not isinstance(row, dict) or "name" not in row), None)
    if nameless is not None:
        return f"It holds {cut(nameless)}. Every entry must be an object with a name."
    return next((reason for row in (*objects, *views) if isinstance(row, dict) and (reason := _unfit(row["name"], row))), "")


def _unfit(name: object, row: object, *, is_plain: bool = False) -> str:
    if not isinstance(row, dict):
        return f"{cut(name)} is {cut(row)}. It must be an object."
    odd: list[str] = []
    _spot(str(name), row if "position" in row else {**row, "position": [0, 0]}, odd)
    if not odd and is_plain and (more := sorted(str(key) for key in row if key not in ("position", "facing"))):
        odd.append(f"{cut(name)} has {cut(more)}. It must have a position and a facing only.")
    return odd[0] if odd else ""
