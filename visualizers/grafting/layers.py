"""Which operators of a transformer are replaced, as a small diagram: one column per layer, attention above, MLP below.

Two blocks that stand side by side are drawn as one, twice as wide.
"""

from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from models.diffusion.choices import Place
from visualizers.alt import described
from visualizers.grafting.methods import KEPT_COLOUR, OPERATOR_STYLES, OPERATORS, place, stand
from visualizers.theme import layer_ticks, titled

PLACES = ("MLP", "attention")  # from below
ROWS: dict[Place, tuple[str, ...]] = {"attention": ("attention",), "mlp": ("MLP",), "block": PLACES}  # that an operator stands in


def blocks(operator: str, layers: Collection[int], num_layers: int, *, is_planned: bool = False) -> go.Figure:
    """The layers of a model, those coloured whose operator is another one, or will be where that `is_planned`."""
    colour, taken = OPERATOR_STYLES[operator][0], place(operator)
    rows = ROWS[taken]
    is_new = [[1 if where in rows and layer in layers else 0 for layer in range(num_layers)] for where in PLACES]
    said = [[f"layer {layer}, {where}: {_said(operator, layer) if new else 'as it was'}"
             for layer, new in enumerate(row)] for where, row in zip(PLACES, is_new)]
    figure = go.Figure(go.Heatmap(z=is_new, x=list(range(num_layers)), y=PLACES, xgap=3, ygap=3, zmin=0, zmax=1,
                                  colorscale=[[0, KEPT_COLOUR], [1, colour]], showscale=False, customdata=said,
                                  hovertemplate="%{customdata}<extra></extra>"))
    new = "side by side, two and two" if taken == "block" else f"replaced: {OPERATORS[operator]}"
    for label, mark in ((new, colour), ("as it was", KEPT_COLOUR)):
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=label,
                                    marker={"symbol": "square", "size": 12, "color": mark}))
    figure.update_layout(height=215, showlegend=True, margin={"b": 86},
                         title=titled("What will be replaced" if is_planned else "What was replaced"),
                         xaxis={"title": "layer, counted from 0", "tickvals": layer_ticks(num_layers), "showgrid": False},
                         yaxis={"showgrid": False})
    if taken == "block":
        pairs = stand(operator, layers)
        for first in pairs:
            for row in range(len(PLACES)):  # over the gap between the two
                figure.add_shape(type="rect", x0=first, x1=first + 1, y0=row - 0.47, y1=row + 0.47, fillcolor=colour,
                                 line={"width": 0})
        listed = ", ".join(f"{first} and {first + 1}" for first in pairs)
        return described(figure, f"{len(layers)} of {num_layers} blocks stand side by side, two and two: {listed}.")
    listed = ", ".join(map(str, sorted(layers)))
    return described(figure, f"{OPERATORS[operator]} stands in the place of the {rows[0]} in "
                     f"{len(layers)} of {num_layers} layers: {listed}.")


def _said(operator: str, layer: int) -> str:
    """What stands there."""
    if place(operator) == "block":
        return f"side by side with layer {layer + 1 if layer % 2 == 0 else layer - 1}"
    return OPERATORS[operator]


def clickable(figure: go.Figure, operator: str, num_layers: int) -> go.Figure:
    """The same diagram with an unseen mark in every field that the operator can stand in: marks can be clicked, and fields of a map
    cannot."""
    rows = ROWS[place(operator)]
    places = [(layer, where) for where in rows for layer in range(num_layers)]
    unseen = {"opacity": 0}
    figure.add_trace(go.Scatter(
        x=[layer for layer, _ in places], y=[where for _, where in places], mode="markers", showlegend=False,
        marker={"size": 34, "symbol": "square", **unseen}, selected={"marker": unseen}, unselected={"marker": unseen},
        customdata=[field for where, row in zip(PLACES, figure.data[0].customdata) if where in rows for field in row],
        hovertemplate="%{customdata}<br>click: take the layer in or out<extra></extra>"))
    figure.data[0].update(hoverinfo="skip", hovertemplate=None)  # else it would be what a click meets
    figure.update_xaxes(range=[-0.5, num_layers - 0.5]).update_yaxes(range=[-0.5, len(PLACES) - 0.5])
    return figure.update_layout(hovermode="closest", hoverdistance=-1)  # the nearest mark, however wide a field is


def picked(patterns: Sequence[tuple[str, Collection[int]]], num_layers: int, *, colour: str) -> go.Figure:
    """Which layers each pattern takes, a row per pattern."""
    rows = list(reversed(patterns))
    taken = [[1 if layer in layers else 0 for layer in range(num_layers)] for _, layers in rows]
    said = [[f"{name}, layer {layer}: {'replaced' if new else 'kept'}" for layer, new in enumerate(row)]
            for (name, _), row in zip(rows, taken)]
    figure = go.Figure(go.Heatmap(z=taken, x=list(range(num_layers)), y=[name for name, _ in rows], xgap=3, ygap=3, zmin=0, zmax=1,
                                  colorscale=[[0, "rgba(138,143,152,0.25)"], [1, colour]], showscale=False, customdata=said,
                                  hovertemplate="%{customdata}<extra></extra>"))
    figure.update_layout(height=130 + 26 * len(rows), title=titled("Which layers each pattern takes"),
                         xaxis={"title": "layer, counted from 0", "tickvals": layer_ticks(num_layers), "showgrid": False},
                         yaxis={"showgrid": False})
    return described(figure, "; ".join(f"{name}: {', '.join(map(str, layers))}" for name, layers in patterns) + ".")
