"""What became of the recorded trainings, beside each other: four endings in one picture."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from backends.ragen.fates import Fate
from backends.ragen.monitor import smoothed
from visualizers.alt import described
from visualizers.ragen.signs import MODEL_COLOUR, REWARD_COLOUR
from visualizers.theme import titled

COLUMNS = 2
PANELS_PX = 280
PALE, GROUND = 0.65, 0.3  # opacity of what is not looked at, of what lies behind
REWARDS = (-0.15, 0.5)  # from what an unreadable reply costs to the best five iterations; luck is more than the arm's mean of 0.25
MARK = "▸"


def fates(named: Mapping[str, Fate], shown: str = "") -> go.Figure:
    """A panel for each training: its reward as a line, and behind it the share of its replies that can be read.

    Args:
        named: by the title of the panel.
        shown: the title of the training that is looked at: it is marked, and the others are pale.
    """
    rows = -(-len(named) // COLUMNS)
    titles = [f"<b>{MARK} {name}</b>" if name == shown else name for name in named]
    figure = make_subplots(rows=rows, cols=COLUMNS, subplot_titles=titles,
                           specs=[[{"secondary_y": True}] * COLUMNS] * rows, vertical_spacing=0.17, horizontal_spacing=0.12)
    for place, (name, fate) in enumerate(named.items()):
        _panel(figure, fate, place, opacity=1.0 if shown in (name, "") else PALE)
    longest = max(len(fate.reward) for fate in named.values())
    figure.update_xaxes(range=[0, longest - 1], nticks=5, showticklabels=False)
    figure.update_xaxes(showticklabels=True, row=rows)
    figure.update_yaxes(range=[0, 1], visible=False, secondary_y=False)
    figure.update_yaxes(range=REWARDS, side="left", tickvals=[0, 0.2], tickformat=".1f", showgrid=False, secondary_y=True)
    figure.update_layout(title=titled("One beginner, four trainings", "line: reward; ground: what can be read"),
                         height=PANELS_PX, showlegend=False)
    told = (f"{name}: reward {fate.end(fate.reward):.2f} at the end, {fate.end(fate.valid):.0%} of the replies can be read."
            for name, fate in named.items())
    return described(figure, " ".join(told))


def _panel(figure: go.Figure, fate: Fate, place: int, *, opacity: float) -> None:
    at = {"row": place // COLUMNS + 1, "col": place % COLUMNS + 1}
    iterations = np.arange(len(fate.reward))
    figure.add_scatter(x=iterations, y=np.asarray(fate.valid), mode="lines", fill="tozeroy", name="can be read",
                       line={"width": 0, "color": MODEL_COLOUR}, fillcolor=_seen_through(MODEL_COLOUR, GROUND * opacity), **at,
                       hovertemplate="iteration %{x}: %{y:.0%} can be read<extra></extra>", secondary_y=False)
    figure.add_scatter(x=iterations, y=smoothed(np.asarray(fate.reward)), mode="lines", opacity=opacity, name="reward",
                       line={"color": REWARD_COLOUR, "width": 2.5}, secondary_y=True, **at,
                       hovertemplate="iteration %{x}, reward (mean of five): %{y:.2f}<extra></extra>")


def _seen_through(colour: str, opacity: float) -> str:
    """A colour, #RRGGBB, for a ground: a trace's own opacity is not that of its ground."""
    red, green, blue = (int(colour[start:start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:.2f})"
