"""Which operators of a transformer are replaced, as a small diagram: one column per layer, attention above, MLP below."""

from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from visualizers.alt import described
from visualizers.grafting.methods import KEPT_COLOUR, OPERATOR_STYLES, OPERATORS, is_mlp
from visualizers.theme import titled

PLACES = ("MLP", "attention")  # from below


def blocks(operator: str, layers: Collection[int], num_layers: int, *, is_planned: bool = False) -> go.Figure:
    """The layers of a model, those coloured whose operator is another one, or will be where that `is_planned`."""
    place, colour = "MLP" if is_mlp(operator) else "attention", OPERATOR_STYLES[operator][0]
    is_new = [[1 if where == place and layer in layers else 0 for layer in range(num_layers)] for where in PLACES]
    said = [[f"layer {layer}, {where}: {OPERATORS[operator] if new else 'as it was'}"
             for layer, new in enumerate(row)] for where, row in zip(PLACES, is_new)]
    figure = go.Figure(go.Heatmap(z=is_new, x=list(range(num_layers)), y=PLACES, xgap=3, ygap=3, zmin=0, zmax=1,
                                  colorscale=[[0, KEPT_COLOUR], [1, colour]], showscale=False, customdata=said,
                                  hovertemplate="%{customdata}<extra></extra>"))
    for label, mark in ((f"replaced: {OPERATORS[operator]}", colour), ("as it was", KEPT_COLOUR)):
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=label,
                                    marker={"symbol": "square", "size": 12, "color": mark}))
    figure.update_layout(height=215, showlegend=True, margin={"b": 86},
                         title=titled("What will be replaced" if is_planned else "What was replaced"),
                         xaxis={"title": "layer, counted from 0", "tickvals": ticks(num_layers), "showgrid": False},
                         yaxis={"showgrid": False})
    listed = ", ".join(map(str, sorted(layers)))
    return described(figure, f"{OPERATORS[operator]} stands in the place of the {place} in "
                     f"{len(layers)} of {num_layers} layers: {listed}.")


def ticks(num_layers: int) -> list[int]:
    """Numbers of layers that a phone has room for."""
    step = 1 if num_layers <= 12 else -(-num_layers // 8)
    return list(range(0, num_layers, step))


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
                         xaxis={"title": "layer, counted from 0", "tickvals": ticks(num_layers), "showgrid": False},
                         yaxis={"showgrid": False})
    return described(figure, "; ".join(f"{name}: {', '.join(map(str, layers))}" for name, layers in patterns) + ".")
