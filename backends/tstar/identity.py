"""Which question of the truth a result answers, where a file asks the same twice.

A video may be asked one question about several clips, and twice about one: 941 rows of the test split have 900 pairs of video and
question. Two rows are the same by their id, where both files have ids of one kind; else by video, question, clip and, among
several, by their answer, their key frames and at last their order in the file.
"""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from backends.tstar.formats import Item

Field = Callable[[Item], Hashable]
_CLIP: tuple[Field, ...] = (lambda item: item.clip_id, lambda item: _rounded(item.clip_interval))
_NARROWER: tuple[Field, ...] = (lambda item: item.answer, lambda item: item.key_indices)  # what may differ between two releases


@dataclass(frozen=True)
class Pairs:
    """For each result the place of its question in the truth, or None; `repeated` are results beyond the questions there are."""

    places: tuple[int | None, ...]
    repeated: frozenset[int]
    notes: tuple[str, ...] = ()


def paired(results: Sequence[Item], truth: Sequence[Item]) -> Pairs:
    """Return which question each result answers; no question is given to two results."""
    uses_ids, notes = _ids(results, truth)
    asked: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(truth):
        asked.setdefault(item.key, []).append(place)
    answered: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(results):
        answered.setdefault(item.key, []).append(place)
    places: list[int | None] = [None] * len(results)
    repeated: set[int] = set()
    for key, own in answered.items():
        if key in asked:
            repeated |= _pair(own, asked[key], results, truth, places, uses_ids=uses_ids)
    return Pairs(tuple(places), frozenset(repeated), notes)


def _ids(results: Sequence[Item], truth: Sequence[Item]) -> tuple[bool, tuple[str, ...]]:
    """Return whether rows are told by their ids, and what has to be said of it."""
    own, other = ({item.row_id for item in items} - {None} for items in (results, truth))
    if not own or not other:
        return False, ()
    if own & other:
        return True, ()
    return False, ("no id of the file is one of the ground truth: its rows are told by video, question and clip.",)


def _pair(own: list[int], asked: list[int], results: Sequence[Item], truth: Sequence[Item], places: list[int | None], *,
          uses_ids: bool) -> set[int]:
    """Pair the results and the questions of one video and one text; return the results that are beyond them."""
    both = [results[place] for place in own] + [truth[place] for place in asked]
    clip = next(((field,) for field in _CLIP if _is_known(field, both)), ())
    narrower = tuple(field for field in _NARROWER if _is_known(field, both))
    levels: list[tuple[Field, ...]] = [(*clip, *narrower[:count]) for count in range(len(narrower), -1, -1)]
    if uses_ids and _is_known(_row_id, both):
        levels = [(_row_id,)]
    left_own, left_asked = own, asked
    for level in levels:
        left_own, left_asked = _pair_equal(level, left_own, left_asked, results, truth, places)
    known = {_values(levels[-1], truth[place]) for place in asked}
    return {place for place in left_own if _values(levels[-1], results[place]) in known}


def _pair_equal(level: tuple[Field, ...], own: Sequence[int], asked: Sequence[int], results: Sequence[Item], truth: Sequence[Item],
                places: list[int | None]) -> tuple[list[int], list[int]]:
    """Pair what is equal at a level, in the order of both files; return what is left of each."""
    waiting: dict[tuple[Hashable, ...], deque[int]] = {}
    for place in asked:
        waiting.setdefault(_values(level, truth[place]), deque()).append(place)
    left = []
    for place in own:
        equal = waiting.get(_values(level, results[place]))
        if equal:
            places[place] = equal.popleft()
        else:
            left.append(place)
    return left, sorted(place for places_left in waiting.values() for place in places_left)


def _row_id(item: Item) -> Hashable:
    return item.row_id


def _values(level: tuple[Field, ...], item: Item) -> tuple[Hashable, ...]:
    return tuple(field(item) for field in level)


def _is_known(field: Field, items: Sequence[Item]) -> bool:
    return all(field(item) is not None for item in items)


def _rounded(interval: tuple[float, float] | None) -> Hashable:
    return None if interval is None else tuple(round(end, 2) for end in interval)
