"""Data sets that agents are trained on: EmbodiedBench's trajectories, ERA's prior-learning samples, and ALFRED's splits.

Such a file is one JSON list (or JSON lines) of many episodes, read as `backends.files.objects` reads such files.
"""

import re
from collections.abc import Iterable, Sequence

from backends.era.formats.listing import SplitTask, of_same_upload
from backends.files.archive import Files
from backends.files.logs import kept, said, whole
from backends.files.rows import Row

MAX_SHARED = 16  # parts of a path that are compared; the deepest known has 6
_TASK = re.compile(r"([a-z_]+)-([A-Za-z]+)-([A-Za-z]+)-([A-Za-z]+)-(\d{1,4})(?:/|$)")


class Pictures:
    """Finds pictures in an archive by the paths that a data set gives, which begin elsewhere.

    Names are a tree from their last part on; in each of its places stands the name that is nearest to the data set.
    """

    def __init__(self, names: Iterable[str], beside: str) -> None:
        """Take the names of one upload.

        Args:
            beside: name of the data set.
        """
        folders = beside.replace("\\", "/").split("/")[:-1]
        self._nearest = [""]
        self._places: dict[tuple[int, str], int] = {}
        parted = [(name, name.replace("\\", "/").split("/")) for name in names]
        parted.sort(key=lambda one: (-_shared(one[1], folders), len(one[0])))
        for name, parts in parted:
            place = 0
            for part in reversed(parts[-MAX_SHARED:]):
                place = self._places.setdefault((place, part), len(self._nearest))
                if place == len(self._nearest):
                    self._nearest.append(name)

    def named(self, path: object) -> str:
        """Return the name that shares the longest end with a path; empty where none has its last part."""
        if isinstance(path, list):
            path = path[0] if path else ""
        place = 0
        for part in reversed(said(path, 1_000).replace("\\", "/").split("/")):
            following = self._places.get((place, part))
            if following is None:
                break
            place = following
        return self._nearest[place]


def pictures_beside(files: Files, name: str) -> Pictures:
    """Return the pictures that were brought together with a data set."""
    return kept(files, "pictures", name, lambda: Pictures(of_same_upload(files.names, name), name))


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many parts two paths have in common from their beginning on."""
    return next((place for place, (first, second) in enumerate(zip(one, other)) if first != second), min(len(one), len(other)))


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
