"""What was done, step by step: an Episode -> plotly Figure. One cell per action, calls of the agent bracketed."""

from typing import TypeVar

import plotly.graph_objects as go

from backends.episode import Action, Episode, Turn
from backends.era.loops import steps
from backends.files.rows import counted
from visualizers.alt import described
from visualizers.era.verbs import COLOURS, FAILED_COLOUR, OTHER, disturbance, verb
from visualizers.text import said
from visualizers.theme import titled

ROW = 10  # cells beside each other; more on a phone could not be told apart
CELL_PX, ROOM_PX = 48, 148
LOOKED_AT_COLOUR = "#1F77FF"
HOVER_LETTERS = 90
T = TypeVar("T")
Shape = dict[str, object]  # as Plotly's layout takes it


def cells(episode: Episode) -> list[tuple[Turn, Action | None]]:
    """Every action with its turn; a turn that did nothing has one cell of its own."""
    return steps(episode.turns)


def timeline(episode: Episode, at: int | None = None) -> go.Figure:
    """Every action as a cell, its colour the verb, a red edge where it failed; a bar above the cells of one call.

    Args:
        at: the cell that is looked at, from 0.
    """
    shown = cells(episode)
    kinds = list(dict.fromkeys(_kind(action) for _, action in shown))
    rows = max(1, -(-len(shown) // ROW))
    free = [None] * (rows * ROW - len(shown))
    unsaid = [""] * len(free)  # None would be written as "null"
    figure = go.Figure(go.Heatmap(
        z=_in_rows([kinds.index(_kind(action)) for _, action in shown] + free), zmin=-0.5, zmax=len(kinds) - 0.5, showscale=False,
        colorscale=_steps([_colour(kind) for kind in kinds]), xgap=3, ygap=12, hoverongaps=False,
        text=_in_rows([_mark(turn, action) for turn, action in shown] + unsaid), texttemplate="%{text}", textfont={"color": "white"},
        customdata=_in_rows([*range(len(shown)), *free]),
        hovertext=_in_rows([_told(number, turn, action) for number, (turn, action) in enumerate(shown)] + unsaid), hoverinfo="text"))
    for kind in kinds:  # a heat map has no legend
        figure.add_scatter(x=[None], y=[None], mode="markers", name=kind,
                           marker={"symbol": "square", "size": 12, "color": _colour(kind)})
    shapes = [_frame(number, FAILED_COLOUR) for number, (turn, action) in enumerate(shown) if failed(turn, action)]
    shapes += _brackets(shown)
    if at is not None and 0 <= at < len(shown):
        shapes.append(_frame(at, LOOKED_AT_COLOUR))
    figure.update_layout(
        shapes=shapes,  # at once: one by one they take most of the time of a step
        title=titled("What it did", "red edge: it failed; bar above: one call"),
        height=ROOM_PX + CELL_PX * rows, xaxis={"visible": False, "range": [-0.55, ROW - 0.45], "fixedrange": True},
        yaxis={"visible": False, "range": [rows - 0.4, -0.65], "fixedrange": True})
    return described(figure, _sentence(shown))


def clickable(figure: go.Figure, count: int) -> go.Figure:
    """The same with a point on every cell that can be clicked: cells themselves cannot."""
    figure.add_scatter(x=[number % ROW for number in range(count)], y=[number // ROW for number in range(count)], mode="markers",
                       marker={"opacity": 0, "size": CELL_PX, "symbol": "square"}, showlegend=False,
                       hovertext=[text for row in figure.data[0].hovertext for text in row if text][:count], hoverinfo="text")
    return figure


def _in_rows(values: list[T]) -> list[list[T]]:
    """ROW to a row."""
    return [values[first:first + ROW] for first in range(0, len(values), ROW)] or [[]]


def _steps(colours: list[str]) -> list[tuple[float, str]]:
    """A scale that goes from one colour to the next at once."""
    count = max(1, len(colours))
    return [(edge, colour) for number, colour in enumerate(colours or [COLOURS[OTHER]])
            for edge in (number / count, (number + 1) / count)]


def _colour(kind: str) -> str:
    return COLOURS.get(kind, COLOURS[OTHER])


def _frame(number: int, colour: str) -> Shape:
    """An edge around a cell."""
    column, row = number % ROW, number // ROW
    return {"type": "rect", "x0": column - 0.45, "x1": column + 0.45, "y0": row - 0.36, "y1": row + 0.36,
            "line": {"color": colour, "width": 3}}


def _kind(action: Action | None) -> str:
    return "no action" if action is None else verb(action)


def failed(turn: Turn, action: Action | None) -> bool:
    """Whether a step went wrong, or a reply that did nothing could not be read."""
    return turn.parse == "failed" if action is None else action.ok is False


def _mark(turn: Turn, action: Action | None) -> str:
    """What stands in a cell: who acted where it was not the agent, and what was done."""
    if turn.by != "model":
        return {"person": "☝", "perturbation": "!", "expert": "★"}[turn.by]
    return "✓" if action is not None and action.success else ""


def _told(number: int, turn: Turn, action: Action | None) -> str:
    if action is None:
        return f"{number + 1}: " + ("the reply could not be read" if turn.parse == "failed" else "no action")
    name = said(disturbance(turn, action) or action.name or f"action {action.id}", HOVER_LETTERS)
    return f"{number + 1}: {name}" + (f"<br>{said(action.feedback, HOVER_LETTERS)}" if action.feedback else "")


def _brackets(shown: list[tuple[Turn, Action | None]]) -> list[Shape]:
    """A bar above the cells of each call, broken at the end of a row."""
    bars: list[Shape] = []
    begun = 0
    for number in range(1, len(shown) + 1):
        ends = number == len(shown) or shown[number][0].index != shown[begun][0].index or number % ROW == 0
        if ends:
            row = begun // ROW
            bars.append({"type": "line", "x0": begun % ROW - 0.38, "x1": (number - 1) % ROW + 0.38, "y0": row - 0.5, "y1": row - 0.5,
                         "line": {"color": COLOURS[OTHER], "width": 2}})
            begun = number
    return bars


def _sentence(shown: list[tuple[Turn, Action | None]]) -> str:
    wrong = sum(failed(turn, action) for turn, action in shown)
    calls = len({turn.index for turn, _ in shown if turn.by != "perturbation"})
    names = ", ".join(said(disturbance(turn, action) or action.name, 40) for turn, action in shown[:12] if action is not None)
    more = ", ..." if len(shown) > 12 else ""
    return f"{counted(len(shown), 'step')} in {counted(calls, 'call')}, {wrong} failed: {names}{more}."
