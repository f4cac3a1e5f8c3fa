"""How new operators learn: a Grafted, finished or on its way -> plotly Figure.

The error of stage 1 is relative: the mean squared error divided by the variance of what the old operator says, so 1 is an operator
that says its mean and 0 one that says the same. Of two blocks it is divided by the variance of what they add to what they heard: they
hand on far more than they add, and any error would look small beside that. The error of stage 2 and the held-out error are mean
squared errors of v, in which the model is trained: the lower the better.
"""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from backends.grafting.results import Grafted, Healed
from backends.numbers import fixed
from visualizers.alt import described
from visualizers.grafting.methods import KEPT_COLOUR, OPERATOR_STYLES, STATE_COLOURS, STATE_NAMES, label, place, stand, unit
from visualizers.theme import COLOURWAY, PAIRED, layer_ticks, titled

MEAN_LINE = 1.0
ROOM: dict[str, object] = {"height": 340, "margin": PAIRED | {"b": 108}}  # the charts stand side by side; a legend of three lines
NAMED = 8  # curves that a legend has room for on a phone


def last_errors(grafted: Grafted) -> dict[int, float]:
    """The newest relative error of each layer that has one."""
    return {healed.layer: healed.errors[-1] for healed in grafted.healed if healed.errors}


def mean_error(grafted: Grafted) -> float | None:
    """Over the layers that have learned."""
    errors = last_errors(grafted)
    return sum(errors.values()) / len(errors) if errors else None


def bars(grafted: Grafted) -> go.Figure:
    """The newest relative error of every replaced layer, or pair; one that has not begun stands at 1."""
    known, (colour, _) = last_errors(grafted), OPERATOR_STYLES[grafted.operator]
    layers, what = stand(grafted.operator, grafted.layers), unit(grafted.operator)
    names = [label(grafted.operator, layer) for layer in layers]
    errors = [known.get(layer, MEAN_LINE) for layer in layers]
    figure = go.Figure(go.Bar(
        x=names, y=errors, showlegend=False,
        marker={"color": [colour if layer in known else "rgba(138,143,152,0.35)" for layer in layers]},
        text=[fixed(error) if layer in known else "" for layer, error in zip(layers, errors)] if len(layers) <= 8 else None,
        textposition="outside", textangle=0, cliponaxis=False,
        hovertemplate=f"{what} %{{x}}: %{{y:.3f}}<extra></extra>"))
    figure.add_hline(y=MEAN_LINE, line={"dash": "dot", "color": KEPT_COLOUR})
    shown = [names[number] for number in layer_ticks(len(layers))]
    scale = ("a share of what the two blocks add; 0: the same" if place(grafted.operator) == "block"
             else "1: says only the mean; 0: says the same")
    figure.update_layout(
        title=titled("How far the new operators are off", scale), **ROOM,
        xaxis={"title": what, "type": "category", "tickangle": 0, "tickvals": shown},
        yaxis={"title": "relative error", "range": [0, max(1.18, 1.12 * max(errors, default=1))]})
    told = ", ".join(f"{what} {name} {known[layer]:.3f}" for name, layer in zip(names, layers) if layer in known)
    return described(figure, f"Relative error on held-out activations: {told or f'no {what} has learned yet'}.")


def curves(grafted: Grafted) -> go.Figure:
    """The relative error of each layer over the steps of stage 1; many layers are told apart by their shade alone."""
    learned = [healed for healed in grafted.healed if healed.errors]
    is_many = len(learned) > NAMED
    colours = sample_colorscale("Viridis", np.linspace(0.08, 0.88, len(learned)).tolist()) if is_many else COLOURWAY
    what = unit(grafted.operator)
    names = [f"{what} {label(grafted.operator, healed.layer)}" for healed in learned]
    figure = go.Figure([_curve(healed, name, colour) for healed, name, colour in zip(learned, names, colours)])
    figure.add_hline(y=MEAN_LINE, line={"dash": "dot", "color": KEPT_COLOUR})
    told = f"first {what}s dark, last ones bright" if is_many else f"on held-out activations; loss: {grafted.loss}"
    figure.update_layout(title=titled(f"Stage 1: each {what} learns alone", told), showlegend=not is_many, **ROOM,
                         xaxis={"title": "step", "rangemode": "tozero"}, yaxis={"title": "relative error", "rangemode": "tozero"})
    said = ", ".join(f"{name} from {healed.errors[0]:.2f} to {healed.errors[-1]:.2f}" for name, healed in zip(names, learned))
    if is_many:
        ends = [healed.errors[-1] for healed in learned]
        said = f"of {len(learned)} {what}s from {learned[0].errors[0]:.2f} to between {min(ends):.2f} and {max(ends):.2f}"
    return described(figure, f"Relative error over the steps: {said}.")


def _curve(healed: Healed, name: str, colour: str) -> go.Scatter:
    return go.Scatter(x=healed.steps, y=healed.errors, mode="lines+markers", name=name, line={"color": colour},
                      marker={"size": 5}, hovertemplate=f"{name}, step %{{x}}: %{{y:.3f}}<extra></extra>")


def said_by(grafted: Grafted) -> str:
    """What the model says of noised pictures: the miniature v, published models the noise."""
    return "v" if grafted.learned_from == "drawn" else "the noise"


def tuned(grafted: Grafted) -> go.Figure:
    """The error of the whole model over the steps of stage 2."""
    figure = go.Figure(go.Scatter(x=grafted.tuned_steps, y=grafted.tuned_errors, mode="lines+markers", marker={"size": 5},
                                  line={"color": STATE_COLOURS["stage 2"]}, showlegend=False,
                                  hovertemplate="step %{x}: %{y:.4f}<extra></extra>"))
    figure.update_layout(title=titled("Stage 2: everything learns", "on the pictures just learned from, so it jumps"), **ROOM,
                         xaxis={"title": "step", "rangemode": "tozero"},
                         yaxis={"title": f"mean squared error of {said_by(grafted)}", "rangemode": "tozero"})
    first, last = grafted.tuned_errors[0], grafted.tuned_errors[-1]
    return described(figure, f"From {first:.4f} at step {grafted.tuned_steps[0]} to {last:.4f} at step {grafted.tuned_steps[-1]}.")


def held_out(grafted: Grafted) -> go.Figure:
    """The error of the model on held-out pictures, in every state: what ranks them."""
    values = {state.name: state.held_out for state in grafted.states if state.held_out is not None}
    figure = _by_state(values, "{:.4f}").update_layout(
        title=titled("Error on held-out pictures", f"of {said_by(grafted)}: the lower, the better; it ranks"),
        xaxis={"title": f"mean squared error of {said_by(grafted)}", "range": [0, 1.35 * max(values.values(), default=1)]})
    told = ", ".join(f"{STATE_NAMES[name]} {value:.4f}" for name, value in values.items())
    return described(figure, f"Held-out error: {told}.")


def proxy_fd(grafted: Grafted) -> go.Figure | None:
    """The proxy-FD of every state beside the floor of as many real pictures; None where none was taken."""
    judged = {state.name: state.judgement for state in grafted.states if state.judgement and state.judgement.proxy_fd is not None}
    values = {name: one.proxy_fd for name, one in judged.items() if one.proxy_fd is not None}
    if not values:
        return None
    one = next(iter(judged.values()))
    figure = _by_state(values, "{:.1f}")
    if one.floor is not None:
        figure.add_vline(x=one.floor, line={"dash": "dot", "color": KEPT_COLOUR})
    how = f"{one.sampler}, {one.steps} steps, guidance {one.guidance:g}, n = {one.number}"
    figure.update_layout(title=titled("Proxy-FD: broken or healed?", how),
                         xaxis={"title": "proxy-FD; dotted: real pictures", "range": [0, 1.35 * max(values.values())]})
    floor = "" if one.floor is None else f"; of real pictures {one.floor:.2f}"
    told = ", ".join(f"{STATE_NAMES[name]} {value:.1f}" for name, value in values.items())
    return described(figure, f"Proxy-FD: {told}{floor}.")


def _by_state(values: Mapping[str, float], form: str) -> go.Figure:
    """A bar per state, the first on top."""
    figure = go.Figure(go.Bar(
        y=[STATE_NAMES[name].replace(", ", ",<br>") for name in values], x=list(values.values()), orientation="h", showlegend=False,
        marker={"color": [STATE_COLOURS[name] for name in values]}, text=[form.format(value) for value in values.values()],
        textposition="outside", cliponaxis=False, hovertemplate="%{y}: %{x}<extra></extra>"))
    return figure.update_layout(height=110 + 48 * len(values), yaxis={"autorange": "reversed"})
