"""What a person brought: which layers of a checkpoint have what, in a diagram and in a line; and pictures of their own."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backends.grafting.foreseen import Described
from backends.grafting.results import Samples
from visualizers.alt import described
from visualizers.grafting.layers import PLACES
from visualizers.grafting.methods import KEPT_COLOUR, OPERATOR_STYLES, OPERATORS
from visualizers.text import per_cent
from visualizers.theme import layer_ticks, titled

Stood = Sequence[tuple[int, str, str]]  # layer, place ("attention" or "mlp"), operator


def standing(grafts: Stood, num_layers: int) -> go.Figure:
    """Every layer's attention and MLP, coloured where another operator stands there."""
    there = {(layer, "MLP" if place == "mlp" else place): operator for layer, place, operator in grafts}
    names = list(dict.fromkeys(operator for _, _, operator in grafts))
    colours = [KEPT_COLOUR, *(OPERATOR_STYLES[name][0] for name in names)]
    number = [[names.index(there[layer, where]) + 1 if (layer, where) in there else 0 for layer in range(num_layers)]
              for where in PLACES]
    said = [[f"layer {layer}, {where}: {OPERATORS[there[layer, where]] if (layer, where) in there else 'as in DiT'}"
             for layer in range(num_layers)] for where in PLACES]
    steps = [[edge / len(colours), colour] for index, colour in enumerate(colours) for edge in (index, index + 1)]
    figure = go.Figure(go.Heatmap(z=number, x=list(range(num_layers)), y=PLACES, xgap=3, ygap=3, zmin=-0.5, zmax=len(colours) - 0.5,
                                  colorscale=steps, showscale=False, customdata=said, hovertemplate="%{customdata}<extra></extra>"))
    for label, colour in zip(("as in DiT", *(OPERATORS[name] for name in names)), colours):
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=label,
                                    marker={"symbol": "square", "size": 12, "color": colour}))
    figure.update_layout(height=215, showlegend=True, margin={"b": 86}, title=titled("What was brought"),
                         xaxis={"title": "layer, counted from 0", "tickvals": layer_ticks(num_layers), "showgrid": False},
                         yaxis={"showgrid": False})
    return described(figure, f"{num_layers} layers. {grafted(grafts)}")


def grafted(grafts: Stood) -> str:
    """Which layers have what in whose place, in a sentence."""
    if not grafts:
        return "No layer of it is grafted."
    by_operator: dict[tuple[str, str], list[int]] = {}
    for layer, place, operator in grafts:
        by_operator.setdefault((operator, place), []).append(layer)
    return "It is grafted: " + "; ".join(
        f"{OPERATORS[operator]} in the place of {'the MLP' if place == 'mlp' else 'attention'} in layer"
        f"{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}" for (operator, place), layers in by_operator.items()) + "."


def sentence(name: str, shape: Described, parameters: int, layout: str) -> str:
    """What a checkpoint is, in a line."""
    return (f"{name}, in {layout}: {shape.num_layers} layers, {shape.width} wide, {shape.heads} heads, {shape.tokens} tokens, "
            f"{parameters / 1e6:,.1f} million parameters.")


def judged(samples: Samples) -> str:
    """What the classifier says of somebody's pictures."""
    accuracy = "not known, for the file names no kinds" if samples.accuracy is None else per_cent(samples.accuracy)
    distance = "none, for they are too few" if samples.proxy_fd is None else f"{samples.proxy_fd:.1f}"
    floor = "" if samples.floor is None else f" (floor {samples.floor:.2f})"
    return f"{samples.name}: n = {samples.number:,}, accuracy {accuracy}, proxy-FD {distance}{floor}"
