"""Scalars of a training: what W&B gives away as CSV or JSON, lines of a log, and the metrics of our own log.

A row is one step: `_step`, `step`, `global_step`, `iter` or `Step` says which, else its place does. W&B's CSV of one chart names its
columns after the run, `my run - actor/grad_norm`, and adds `__MIN` and `__MAX`, which are passed over. What is no finite number is
left out and counted. Names differ between versions of RAGEN, so each curve also says what it is called here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from backends.files.cells import as_number
from backends.files.logs import Notes, said
from backends.files.rows import Row, counted
from backends.ragen.formats.naming import metric_of
from backends.ragen.rollouts import MAX_POINTS, Curve

MAX_CURVES = 300
MAX_COLUMNS = 1_000  # of a row that are looked at
MAX_VALUES = 10_000_000  # that are looked at, of all rows: all curves together have 6,000,000 points
STEPS = ("_step", "step", "global_step", "training/global_step", "train/global_step", "iter", "iteration")
_PASSED = ("__MIN", "__MAX")
_NO_CURVES = frozenset((*STEPS, "_runtime", "_timestamp", "epoch"))
_OF_RUN = " - "


@dataclass(frozen=True)
class _Header:
    """What the names of a row's columns say, worked out once for all rows that have the same.

    Attributes:
        names: as they stand in the row.
        steps: of those that may say the step, the first of which is asked first.
        curves: what a column is called without its run's name -> as it stands in the row.
    """

    names: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    curves: Mapping[str, str] = field(default_factory=dict)


def _header_of(names: tuple[str, ...]) -> _Header:
    bare = {_bare(shown): name for name in names if not (shown := said(name, 200)).endswith(_PASSED)}
    lowered = {shown.lower(): name for shown, name in bare.items()}
    return _Header(names, tuple(lowered[key] for key in STEPS if key in lowered),
                   {shown: name for shown, name in bare.items() if shown.lower() not in _NO_CURVES})


@dataclass
class Collected:
    """Curves, as they are read row by row; a later row of one step takes the place of an earlier one, as after a restart."""

    points: dict[tuple[str, str], dict[float, float]] = field(default_factory=dict)  # by run and name
    num_lost: int = 0  # values that are no finite numbers
    is_cut: bool = False
    num_points: int = 0
    num_values: int = 0  # that were looked at
    _header: _Header = field(default_factory=_Header)

    def add(self, row: Row, place: int, run: str) -> None:
        """Take in one row of a run; `place` is its number where it does not say its step."""
        names = tuple(islice(row, MAX_COLUMNS))
        if names != self._header.names:
            self._header = _header_of(names)
        self.num_values += len(names)
        if self.num_values > MAX_VALUES:
            self.is_cut = True
            return
        step = next((found for name in self._header.steps if (found := as_number(row[name])) is not None), float(place))
        for name, own in self._header.curves.items():
            value = row[own]
            if isinstance(value, bool | dict | list) or value in (None, ""):
                continue
            if self.is_cut and len(self.points) >= MAX_CURVES and (run, name) not in self.points:
                continue
            number = as_number(value)
            if number is None:
                self.num_lost += not isinstance(value, str) or value.lower() in ("nan", "inf", "-inf", "infinity", "-infinity")
                continue
            self._put((run, name), step, number)

    def _put(self, name: tuple[str, str], step: float, value: float) -> None:
        curve = self.points.get(name)
        if curve is None:
            if len(self.points) >= MAX_CURVES:
                self.is_cut = True
                return
            curve = self.points[name] = {}
        if len(curve) >= MAX_POINTS and step not in curve:
            self.is_cut = True
            return
        self.num_points += step not in curve
        curve[step] = value

    def curves(self, notes: Notes) -> dict[str, Curve]:
        """Return what was collected, each curve in the order of its steps; of several runs each has its run's name before its own."""
        if self.num_lost:
            notes.add(f"Left out of the curves, because they are no finite numbers: {counted(self.num_lost, 'value')}.")
        if self.is_cut:
            notes.add(f"There are more scalars than are shown: at most {MAX_CURVES} curves of {MAX_POINTS:,} points are read.")
        has_one = len({run for run, _ in self.points}) == 1
        return {name if has_one else f"{run}: {name}": _curve(run, name, points) for (run, name), points in self.points.items()}


def _curve(run: str, name: str, points: Mapping[float, float]) -> Curve:
    steps = tuple(sorted(points))
    return Curve(run, name, metric_of(name), steps, tuple(points[step] for step in steps))


def _bare(name: str) -> str:
    """Return a column's name without the run's, which W&B puts before it."""
    return name.rpartition(_OF_RUN)[2].strip()


def is_scalars(row: Row) -> bool:
    """Return whether a row is one step of a training: it says which, and has numbers beside."""
    names = {_bare(name).lower() for name in list(row)[:MAX_COLUMNS]}
    numbers = (name for name, value in islice(row.items(), MAX_COLUMNS) if (isinstance(value, float) or as_number(value) is not None)
               and _bare(name).lower() not in _NO_CURVES)  # one that is not finite is a number all the same
    return not names.isdisjoint(STEPS) and next(numbers, None) is not None


def rows_of(table: Row) -> Iterable[Row]:
    """Yield the rows of an object: of columns and data, as W&B keeps a table; of a list per column; of a trainer's state."""
    columns, data, history = table.get("columns"), table.get("data"), table.get("log_history")
    if isinstance(history, list):
        return (row for row in history if isinstance(row, dict))
    if isinstance(columns, list) and isinstance(data, list):
        names = [said(name, 200) for name in columns[:MAX_COLUMNS]]
        return (dict(zip(names, values)) for values in data if isinstance(values, list))
    lists = [(name, values) for name, values in list(table.items())[:MAX_COLUMNS] if isinstance(values, list)]
    return _side_by_side(sorted(lists, key=lambda one: -len(one[1])))


def _side_by_side(lists: list[tuple[str, list[object]]]) -> Iterable[Row]:
    """Yield what stands in one place of each list, the longest first; a list that has ended is not looked at again."""
    for place in range(min(len(lists[0][1]), MAX_POINTS) if lists else 0):
        while len(lists[-1][1]) <= place:
            lists.pop()
        yield {name: values[place] for name, values in lists}


def is_columns(table: Row) -> bool:
    """Return whether an object is a table of scalars, by its first row."""
    return is_scalars(next(iter(rows_of(table)), {}))
