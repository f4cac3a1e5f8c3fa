"""Every figure of every system: of all recorded runs, of the parts that a running one draws, and those that pages draw beside."""

import importlib
import importlib.util
from collections.abc import Iterator
from functools import cache

import plotly.graph_objects as go

from backends.files.saved import load_result
from backends.registry import System, systems
from backends.run import Result
from visualizers.contract import drawing


def recorded(system: System) -> Iterator[tuple[str, Result]]:
    """All runs that are kept beside the system's own, by file."""
    assert system.recorded
    for path in sorted(system.recorded.parent.glob("*.orrery")):
        yield path.stem, load_result(path.read_bytes(), system.result)


def parts(result: Result) -> Iterator[object]:
    """What the run may have yielded on its way: fields of the result, and what they hold several of."""
    for value in vars(result).values():
        yield value
        yield from value[:1] if isinstance(value, tuple) else ()


def _is_new(figure: go.Figure, found: dict[str, go.Figure]) -> bool:
    """Most charts of a running run are those of the finished one."""
    return all(figure != other for other in found.values())


@cache
def every_figure() -> dict[str, go.Figure]:
    """By system, run and title."""
    found: dict[str, go.Figure] = {}
    for system in systems():
        drawn = drawing(system.name)
        for run, result in recorded(system):
            found |= {f"{system.name}, {run}, {title}": figure for title, figure in drawn.figures(result).items()}
            for part in parts(result):
                live = drawn.live(part) or {}
                found |= {f"{system.name}, {run}, live {title}": figure for title, figure in live.items() if _is_new(figure, found)}
        more = f"tests.visualizers.{system.name}.more"  # what no recorded run has: long videos, many relations
        if importlib.util.find_spec(more):
            found |= {f"{system.name}, {title}": figure for title, figure in importlib.import_module(more).figures().items()}
    return found
