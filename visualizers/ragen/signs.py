"""Colours of RAGEN's charts, and how an alarm and the fall of the reward are marked in any of them.

One meaning per colour: orange and vermilion are alarms and nothing else. Their marks differ in shape too.
"""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go

from backends.ragen.measures import Metrics
from backends.ragen.monitor import Alarm, Report, known
from backends.ragen.rules import RULES, Colour
from visualizers.text import said
from visualizers.theme import DISTRIBUTION_COLOUR, TRUTH_COLOUR, VISITED_COLOUR

ALARM_COLOURS: dict[Colour, str] = {"amber": "#E69F00", "red": "#D55E00"}
ALARM_MARKS: dict[Colour, str] = {"amber": "triangle-up", "red": "x"}
ALL_COLOUR, KEPT_COLOUR = VISITED_COLOUR, DISTRIBUTION_COLOUR  # all groups; those that are learned from
REWARD_COLOUR, SUCCESS_COLOUR = "#8C6BB1", TRUTH_COLOUR
MODEL_COLOUR, SECOND_COLOUR = "#CC79A7", "#56B4E9"  # what the model does; a second number beside it
LINE_COLOUR = VISITED_COLOUR  # of what a curve is compared with
LINE_LETTERS, MOST_LETTERS = 44, 300
_NEEDS = {rule.name: rule.needs for rule in RULES}


def values_of(history: Sequence[Metrics], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the iterations that know a number, and the number, (known,) both."""
    iterations, values = known(history, (name,))
    return iterations, values[name]


def mark(figure: go.Figure, history: Sequence[Metrics], report: Report, names: Sequence[str], *, lowest: float | None = None) -> None:
    """Mark on the curves of some metrics where their rules first fired, and where the reward fell.

    Args:
        lowest: what stands for 0 on a logarithmic axis; None where the axis is none.
    """
    for alarm in report.fired:
        needed = _NEEDS[alarm.name][0]
        if needed in names:
            _mark(figure, history, alarm, needed, lowest)
    if report.fell is not None:
        figure.add_vline(x=report.fell, line={"dash": "dot", "width": 1.5, "color": LINE_COLOUR})
        figure.add_scatter(x=[None], y=[None], mode="lines", name=f"reward falls ({report.fell})",
                           line={"dash": "dot", "width": 1.5, "color": LINE_COLOUR})


def _mark(figure: go.Figure, history: Sequence[Metrics], alarm: Alarm, needed: str, lowest: float | None) -> None:
    iterations, values = values_of(history, needed)
    value = float(values[iterations == alarm.fired][0])
    figure.add_scatter(
        x=[alarm.fired], y=[value if lowest is None else max(value, lowest)], mode="markers",
        name=f"{said(alarm.name)} ({alarm.fired})",
        marker={"symbol": ALARM_MARKS[alarm.colour], "size": 13, "color": ALARM_COLOURS[alarm.colour],
                "line": {"width": 1.5, "color": "#FFFFFF"}},
        text=[lines_of(alarm)], hovertemplate="%{text}<extra></extra>")


def lines_of(alarm: Alarm) -> str:
    """What an alarm says, in lines that fit beside a pointer."""
    return "<br>".join(wrap(said(alarm.sentence, MOST_LETTERS), LINE_LETTERS))


def told(report: Report, names: Sequence[str]) -> str:
    """Say which alarms came of these metrics, for who does not see their marks."""
    fired = [f"{one.name} at iteration {one.fired}" for one in report.fired if _NEEDS[one.name][0] in names]
    return f"Alarms: {', '.join(fired)}." if fired else "No alarm."
