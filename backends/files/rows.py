"""Rows of a table from strangers: a row that is odd is repaired or left out and counted; it never refuses the file.

A layout reads row by row and raises `OddRow` where one is not what it should be. `OddRows` keeps those apart: rows of one
oddness become one note with their first numbers and the reason of the first. Only where nothing is left is the file refused,
with that reason. Not here: how a file becomes rows (tables), what a cell may hold (cells).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar

from worlds.errors import InputError

Row = dict[str, object]  # names and values as they stand in the file: each is checked where it is read
Numbered = tuple[int, object]  # the row's number in the file, from 1, and the row
T = TypeVar("T")
R = TypeVar("R")
SHOWN_NUMBERS = 3
MAX_KINDS = 6  # notes about left out rows of one file; further kinds share one
MAX_NAMES = 80  # characters of the names in a note


@dataclass(frozen=True)
class Kept(Generic[T]):
    """What was read of a file: its usable rows in order, and what has to be said of the others."""

    rows: tuple[T, ...]
    notes: tuple[str, ...]


class OddRow(InputError):
    """One row is not as it should be. Rows of equal `kind` are told in one note."""

    def __init__(self, said: str, kind: str = "") -> None:
        super().__init__(said)
        self.kind = kind


@dataclass
class _Group:
    said: str
    numbers: list[int] = field(default_factory=list)


class OddRows:
    """The odd rows of one file.

    Args:
        name: begins every note, where several files are read.
    """

    def __init__(self, name: str = "") -> None:
        self._start = f"{name}: " if name else ""
        self._left_out: dict[str, _Group] = {}
        self._repaired: dict[str, _Group] = {}
        self._empty: list[int] = []

    def read(self, rows: Iterable[tuple[int, R]], reader: Callable[[R, int], T]) -> list[T]:
        """Return what `reader(row, number)` makes of each row; those for which it raises InputError are left out."""
        kept = []
        for number, row in rows:
            try:
                kept.append(reader(row, number))
            except InputError as error:
                self.leave_out(number, error)
        return kept

    def leave_out(self, number: int, reason: InputError) -> None:
        said = str(reason)
        kind = getattr(reason, "kind", "") or said.partition(". ")[2] or said  # the remedy is the same for all of a kind
        self._left_out.setdefault(kind, _Group(said)).numbers.append(number)

    def repair(self, number: int, done: str, kind: str = "") -> None:
        """Count a row that was read although it was odd; `done` says how. Of one kind the first is told."""
        self._repaired.setdefault(kind or done, _Group(done)).numbers.append(number)

    def pass_over(self, numbers: Sequence[int]) -> None:
        """Count rows that hold nothing, but stand above others, whose numbers count them."""
        self._empty.extend(numbers)

    def place(self, number: int) -> int:
        """Return which of the rows that hold something a row is, from 1; for files that are joined row by row."""
        return number - bisect_left(self._empty, number)

    @property
    def num_left_out(self) -> int:
        return sum(len(group.numbers) for group in self._left_out.values())

    def notes(self) -> tuple[str, ...]:
        """Return one sentence per kind of oddness."""
        groups = list(self._left_out.values())
        notes = [f"{_places(group.numbers)}: {group.said}" for group in list(self._repaired.values())[:MAX_KINDS]]
        notes += [_left_out(group) for group in groups[:MAX_KINDS]]
        if others := sorted(number for group in groups[MAX_KINDS:] for number in group.numbers):
            notes.append(f"For other reasons are left out: {counted(len(others), 'more row')}, row {others[0]} first.")
        if self._empty:
            is_one = len(self._empty) == 1
            notes.append(f"{counted(len(self._empty), 'empty row')} {'is' if is_one else 'are'} passed over: "
                         f"{'row' if is_one else 'rows'} {_first(self._empty)}.")
        return tuple(self._start + note for note in notes)

    def refuse(self, otherwise: str) -> NoReturn:
        """Raise InputError with the reason of the first odd row, or with `otherwise` where there is none."""
        first = min(self._left_out.values(), key=lambda group: group.numbers[0], default=None)
        raise InputError(self._start + (first.said if first else otherwise))


def counted(count: int, noun: str) -> str:
    """Return "1 row" or "3 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _left_out(group: _Group) -> str:
    count = len(group.numbers)
    if count == 1:
        return f"1 row is left out: {group.said}"
    return f"{count:,} rows are left out ({_first(group.numbers)}): {group.said}"


def _places(numbers: Sequence[int]) -> str:
    return f"Row {numbers[0]}" if len(numbers) == 1 else f"{len(numbers):,} rows ({_first(numbers)})"


def _first(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:SHOWN_NUMBERS])
    return f"{shown}{', …' if len(numbers) > SHOWN_NUMBERS else ''}"


def unused(names: Iterable[str]) -> tuple[str, ...]:
    """Return a note that names columns which are not read, or nothing; a name that is not known never just vanishes."""
    every = list(dict.fromkeys(name.encode(errors="replace").decode() for name in names))  # JSON can smuggle in half a character
    if not every:
        return ()
    shown: list[str] = []
    for name in every:
        if shown and len(", ".join([*shown, name])) > MAX_NAMES:
            break
        shown.append(name[:MAX_NAMES])
    more = f" and {len(every) - len(shown)} more" if len(every) > len(shown) else ""
    return (f"Columns that are not used: {', '.join(shown)}{more}.",)
