"""Every graft against the control: a Measured -> plotly Figure."""

import plotly.graph_objects as go

from backends.grafting.measured import Measured, Row
from backends.numbers import signed
from visualizers.alt import described
from visualizers.grafting.methods import OPERATOR_STYLES
from visualizers.grafting.tables import graft_name
from visualizers.theme import titled

ROW_PX, ROOM_PX = 30, 130


def after_healing(found: Measured) -> list[Row]:
    """The grafts after both stages, the lowest error first."""
    return sorted((row for row in found.rows if row.state == "stage 2" and row.operator), key=lambda row: row.held_out)


def bars(found: Measured) -> go.Figure:
    """How far each graft ends above the control, after stage 2."""
    rows = after_healing(found)
    above = [100 * (found.above_control(row) or 0.0) for row in rows]
    names = [graft_name(row) for row in rows]
    figure = go.Figure(go.Bar(
        x=above, y=names, orientation="h", showlegend=False, cliponaxis=False, textposition="outside",
        marker={"color": [OPERATOR_STYLES[row.operator][0] for row in rows], "line": {"width": 0}},
        text=[f"{signed(share, 0)} %" for share in above], hovertemplate="%{y}: %{x:+.1f} %<extra></extra>"))
    figure.update_layout(
        height=ROOM_PX + ROW_PX * len(rows), title=titled("After both stages, above the control", "error on held-out pictures"),
        xaxis={"title": "above the control (%)", "range": [0, 1.2 * max(above, default=1)]},
        yaxis={"autorange": "reversed", "automargin": True})
    told = ", ".join(f"{name} {signed(share, 0)} %" for name, share in zip(names, above))
    return described(figure, f"Held-out error after stage 2 above the control's: {told}.")

