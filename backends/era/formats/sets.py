"""Data sets that agents are trained on: EmbodiedBench's trajectories, ERA's prior-learning samples, and ALFRED's splits.

Such a file is one JSON list (or JSON lines) of many episodes. Its objects are decoded one by one and only their places in the file
are kept, so that one episode can be read later without the others; a file that was cut off gives those before the cut.
"""

import json
import re
from collections.abc import Iterator

from backends.era.formats.listing import SplitTask
from backends.files import json_text
from backends.files.archive import Files
from backends.files.logs import MAX_SET_MB, Notes, said, short, text_of, whole
from backends.files.rows import Row
from worlds.errors import InputError

MAX_ITEMS = 60_000  # objects of one file
_BETWEEN = re.compile(r"[\s,\[\]]*")
_TASK = re.compile(r"([a-z_]+)-([A-Za-z]+)-([A-Za-z]+)-([A-Za-z]+)-(\d{1,4})(?:/|$)")


def set_text(files: Files, name: str, notes: Notes, span: tuple[int, int] | None = None) -> str:
    """Return the text of a data set, or what stands in a part of it; empty where it must not be decoded."""
    text = text_of(files, name, notes, limit_mb=MAX_SET_MB)
    text = text[span[0]:span[1]] if span else text
    try:
        json_text.check(text, what=short(name))
    except InputError as error:
        notes.add(str(error))
        return ""
    return text


def items_in(text: str, what: str, notes: Notes) -> Iterator[tuple[Row, tuple[int, int]]]:
    """Yield each object of a list and where it stands."""
    decoder, place = json.JSONDecoder(), 0
    for count in range(MAX_ITEMS + 1):
        match = _BETWEEN.match(text, place)
        place = match.end() if match else place
        if place >= len(text):
            return
        if count == MAX_ITEMS:
            notes.add(f"{what} holds more than {MAX_ITEMS:,} entries. At most so many are read.")
            return
        try:
            found, after = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            notes.add(f"{what} cannot be read from character {place:,} on, after {count:,} entries: it is cut off or damaged.")
            return
        if isinstance(found, dict):
            yield found, (place, after)
        place = after


class Pictures:
    """Finds pictures in an archive by the paths that a data set gives, which begin elsewhere."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._by_end: dict[str, list[str]] = {}
        for name in names:
            self._by_end.setdefault(name.rpartition("/")[2], []).append(name)

    def named(self, path: object) -> str:
        """Return the name that shares the longest end with a path; empty where none has its last part."""
        if isinstance(path, list):
            path = path[0] if path else ""
        parts = said(path, 1_000).replace("\\", "/").split("/")
        found = self._by_end.get(parts[-1], ()) if parts[-1] else ()
        return max(found, key=lambda name: (_shared(name.split("/"), parts), -len(name)), default="")


def _shared(one: list[str], other: list[str]) -> int:
    count = 0
    for first, second in zip(reversed(one), reversed(other)):
        if first != second:
            break
        count += 1
    return count


def splits_of(row: Row) -> dict[str, tuple[SplitTask, ...]]:
    """Return the tasks of splits.json by subset; nothing where it is another file."""
    found: dict[str, tuple[SplitTask, ...]] = {}
    for subset, tasks in list(row.items())[:50]:
        if isinstance(tasks, list) and tasks and all(isinstance(task, dict) and "task" in task for task in tasks[:20]):
            found[said(subset, 80)] = tuple(_split_task(task) for task in tasks[:5_000] if isinstance(task, dict))
    return found


def _split_task(row: Row) -> SplitTask:
    task = said(row.get("task"), 500)
    match = _TASK.match(task)
    kind, thing, movable, target, scene = match.groups() if match else ("", "", "", "", "")
    return SplitTask(said(row.get("instruction"), 5_000), task, whole(row.get("repeat_idx")), kind, thing,
                     "" if movable == "None" else movable, "" if target == "None" else target, scene)
