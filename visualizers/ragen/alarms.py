"""When each alarm came, and how long before the reward fell: a Report -> plotly Figure."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backends.ragen.measures import Metrics
from backends.ragen.monitor import Report
from visualizers.alt import described
from visualizers.ragen.signs import ALARM_COLOURS, ALARM_MARKS, LINE_COLOUR, lines_of
from visualizers.theme import titled

ROW_PX, ROOM_PX = 26, 150  # of a rule; for title, axis and legend


def alarms(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """A row for every rule that can be asked, with a mark where it first fired and a line to the fall of the reward."""
    asked = [one for one in report.alarms if one.is_asked]
    if not asked or not history:
        return None
    figure = go.Figure()
    rows = {one.name: row for row, one in enumerate(asked)}
    for one in asked:
        if one.fired is not None and one.lead:
            figure.add_scatter(x=[one.fired, report.fell], y=[rows[one.name]] * 2, mode="lines", showlegend=False, hoverinfo="skip",
                               line={"color": ALARM_COLOURS[one.colour], "width": 3})
    for colour, words in (("amber", "a warning"), ("red", "a collapse")):
        own = [one for one in asked if one.fired is not None and one.colour == colour]
        if own:
            figure.add_scatter(
                x=[one.fired for one in own], y=[rows[one.name] for one in own], mode="markers", name=words,
                marker={"symbol": ALARM_MARKS[own[0].colour], "size": 12, "color": ALARM_COLOURS[own[0].colour]},
                text=[lines_of(one) for one in own], hovertemplate="%{text}<extra></extra>")
    if report.fell is not None:
        figure.add_vline(x=report.fell, line={"dash": "dot", "width": 1.5, "color": LINE_COLOUR})
        figure.add_scatter(x=[None], y=[None], mode="lines", name=f"reward falls ({report.fell})",
                           line={"dash": "dot", "width": 1.5, "color": LINE_COLOUR})
    first, last = history[0].iteration, history[-1].iteration
    room = max(1.0, 0.03 * (last - first))
    figure.update_layout(
        title=titled("Alarms", "first time of each; the line: to the fall" if report.fired else "none of these has come so far"),
        height=ROOM_PX + ROW_PX * len(asked),
        showlegend=bool(report.fired) or report.fell is not None,
        xaxis={"title": "iteration", "range": [first - room, last + room], "nticks": 6},
        yaxis={"range": [len(asked) - 0.5, -0.5], "tickvals": list(rows.values()), "ticktext": list(rows), "zeroline": False})
    fired = [f"{one.name} at iteration {one.fired}" for one in report.fired]
    fall = f" The reward fell at iteration {report.fell}." if report.fell is not None else ""
    return described(figure, f"{'; '.join(fired) or f'No alarm came in iterations {first} to {last}'}.{fall}")
