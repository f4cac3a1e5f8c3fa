"""Every graft against the control: a Measured -> plotly Figure."""

from statistics import fmean
from textwrap import wrap

import plotly.graph_objects as go

from backends.grafting.measured import Measured, Row
from backends.numbers import signed
from visualizers.alt import described
from visualizers.grafting.methods import OPERATOR_STYLES
from visualizers.grafting.tables import graft_name
from visualizers.theme import titled

ROW_PX, ROOM_PX = 40, 130  # of a graft, and for title and axis
LINE_LETTERS = 26  # of a name: two lines at most, and a phone has no room for more
ROOM = 0.35  # of the range


def after_healing(found: Measured) -> list[Row]:
    """The grafts after both stages as the paper makes them, the lowest mean over the seeds first; the first seed's row of each."""
    first = {row.graft: row for row in reversed(found.rows) if row.state == "stage 2" and row.operator and not row.otherwise}
    return sorted(first.values(), key=lambda row: fmean(found.every_seed(row) or (row.held_out,)))


def bars(found: Measured) -> go.Figure:
    """How far each graft ends above the control, after stage 2: the mean of the seeds, and from the lowest to the highest."""
    rows = after_healing(found)
    each = [[100 * share for share in found.every_seed(row)] or [0.0] for row in rows]
    above = [fmean(shares) for shares in each]
    names = [graft_name(row) for row in rows]
    low, high = min(0.0, *map(min, each)), max(map(max, each), default=1.0)
    room = ROOM * max(high - low, 1.0)  # for the numbers, beyond the bars
    figure = go.Figure(go.Bar(
        x=above, y=["<br>".join(wrap(name, LINE_LETTERS, break_on_hyphens=False)) for name in names], customdata=names,
        orientation="h", showlegend=False, cliponaxis=False, textposition="outside",
        marker={"color": [OPERATOR_STYLES[row.operator][0] for row in rows], "line": {"width": 0}},
        text=[f"{signed(share, 0)} %" for share in above], hovertemplate="%{customdata}: %{x:+.1f} %<extra></extra>",
        error_x=None if max(map(len, each), default=1) == 1 else {
                 "type": "data", "symmetric": False, "thickness": 1.5, "width": 4,
                 "array": [max(shares) - share for share, shares in zip(above, each)],
                 "arrayminus": [share - min(shares) for share, shares in zip(above, each)]}))
    figure.update_layout(
        height=ROOM_PX + ROW_PX * len(rows), title=titled("After both stages, above the control", "error on held-out pictures"),
        xaxis={"title": "above the control (%)", "range": [low - (room if low < 0 else 0), high + room]},
        yaxis={"autorange": "reversed", "automargin": True})
    told = ", ".join(f"{name} {signed(share, 0)} %" for name, share in zip(names, above))
    return described(figure, f"Held-out error after stage 2 above the control's: {told}.")

