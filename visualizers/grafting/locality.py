"""Where attention looks: a Locality -> plotly Figure. Shares are in per cent of a row of attention.

A token is near another when it is at most `near` places away in raster order, as in the paper (band-k, section 3.4); so the end of
the row above is near the beginning of a row. On the grid, at most one row and one column away, is Orrery's own.
"""

import numpy as np
import plotly.graph_objects as go

from backends.grafting.results import Locality
from visualizers.alt import described
from visualizers.grafting import layers as diagrams
from visualizers.grafting.methods import BANDS_COLOUR, GRID_COLOUR, HEADS_COLOUR, KEPT_COLOUR
from visualizers.theme import layer_ticks, titled

ROOM = 1.1  # above the highest value


def shares(found: Locality) -> go.Figure:
    """Near attention by layer, its heads as points, and what attention spread evenly would have."""
    num_layers = len(found.shares)
    places = list(range(num_layers))
    figure = go.Figure([
        go.Bar(x=places, y=100 * found.shares, name="mean of its heads", marker={"color": BANDS_COLOUR},
               hovertemplate="layer %{x}: %{y:.0f} % of attention is near<extra></extra>"),
        go.Scatter(x=np.repeat(places, found.head_shares.shape[1]), y=100 * found.head_shares.ravel(), mode="markers", name="a head",
                   marker={"color": HEADS_COLOUR, "size": 7, "line": {"color": "white", "width": 1}},
                   customdata=np.tile(np.arange(found.head_shares.shape[1]), num_layers),
                   hovertemplate="layer %{x}, head %{customdata}: %{y:.0f} %<extra></extra>"),
        go.Scatter(x=[-0.5, num_layers - 0.5], y=[100 * found.even] * 2, mode="lines", hoverinfo="skip",
                   name=f"spread evenly: {100 * found.even:.0f} %", line={"color": KEPT_COLOUR, "dash": "dot", "width": 2})])
    high = 100 * max(float(found.head_shares.max()), float(found.shares.max()), found.even)
    figure.update_layout(
        height=370, showlegend=True, margin={"b": 104},
        title=titled("How much attention stays near", f"at most {found.near} of {found.num_tokens:,} tokens away"),
        xaxis={"title": "layer, counted from 0", "tickvals": layer_ticks(num_layers), "range": [-0.6, num_layers - 0.4]},
        yaxis={"title": "share of attention (%)", "range": [0, min(104, ROOM * high)]})
    told = ", ".join(f"layer {layer} {100 * share:.0f} %" for layer, share in enumerate(found.shares))
    return described(figure, f"Share of attention at most {found.near} tokens away: {told}. Spread evenly it would be "
                     f"{100 * found.even:.0f} %.")


def on_the_grid(found: Locality) -> go.Figure:
    """The same by distance on the grid of tokens, which raster order does not know."""
    places = list(range(len(found.grid_shares)))
    figure = go.Figure([
        go.Bar(x=places, y=100 * found.grid_shares, name="mean of its heads", marker={"color": GRID_COLOUR},
               hovertemplate="layer %{x}: %{y:.0f} %<extra></extra>"),
        go.Scatter(x=[-0.5, len(places) - 0.5], y=[100 * found.even_grid] * 2, mode="lines", hoverinfo="skip",
                   name=f"spread evenly: {100 * found.even_grid:.0f} %", line={"color": KEPT_COLOUR, "dash": "dot", "width": 2})])
    figure.update_layout(
        height=370, showlegend=True, margin={"b": 104},
        title=titled("The same on the picture's grid", "at most one row and one column away; ours"),
        xaxis={"title": "layer, counted from 0", "tickvals": layer_ticks(len(places)), "range": [-0.6, len(places) - 0.4]},
        yaxis={"title": "share of attention (%)",
               "range": [0, min(104, ROOM * 100 * max(float(found.grid_shares.max()), found.even_grid))]})
    told = ", ".join(f"layer {layer} {100 * share:.0f} %" for layer, share in enumerate(found.grid_shares))
    return described(figure, f"Share of attention at most one row and one column away: {told}.")


def attention(found: Locality, *, layer: int, head: int | None, time: int) -> go.Figure:
    """Where each token looks: rows look, columns are looked at; each row by the largest of it.

    Args:
        head: None is the mean of the layer's heads.
        time: place among the times that were kept.
    """
    maps = found.maps[time, layer]
    shown = (maps.mean(0) if head is None else maps[head]) / 255
    tokens = shown.shape[0]
    who = "mean of its heads" if head is None else f"head {head}"
    figure = go.Figure(go.Heatmap(
        z=100 * shown, zmin=0, zmax=100, autocolorscale=True, showscale=False,
        hovertemplate="token %{y} looks at %{x}: %{z:.0f} % of its largest<extra></extra>"))
    near, is_by_token = min(found.near, tokens - 1), found.num_tokens == tokens
    for sign in (-1, 1) if is_by_token else ():  # near is counted in tokens, not in squares of them
        ends = (0, tokens - 1 - near) if sign > 0 else (near, tokens - 1)
        figure.add_shape(type="line", x0=ends[0] + sign * near, y0=ends[0], x1=ends[1] + sign * near, y1=ends[1],
                         line={"color": "white", "dash": "dot", "width": 1.5})
    figure.update_layout(
        height=430, title=titled(f"Layer {layer}, {who}, time {found.times[time]}", "bright: most of its row" + (
            "; between the dots: near" if is_by_token else "")),
        **_square(tokens, "is looked at (token)", "looks (token)"))
    return described(figure, f"{who.capitalize()} of layer {layer} at time {found.times[time]} of 1000; {tokens} x {tokens} "
                     + (f"tokens. Between the dotted lines a token is at most {near} tokens away." if is_by_token else
                        "squares of tokens."))


def _square(count: int, across: str, down: str) -> dict[str, dict[str, object]]:
    """Axes of so many places in both directions, the first row above."""
    both: dict[str, object] = {"showgrid": False, "constrain": "domain", "dtick": max(1, count // 8)}
    return {"xaxis": both | {"title": across, "range": [-0.5, count - 0.5]},
            "yaxis": both | {"title": down, "range": [count - 0.5, -0.5], "scaleanchor": "x"}}


def from_token(found: Locality, *, layer: int, head: int | None, time: int, token: int) -> go.Figure:
    """Where one token looks, on the grid of the picture."""
    maps = found.maps[time, layer]
    row = (maps.mean(0) if head is None else maps[head])[token] / 255
    side = found.side
    figure = go.Figure(go.Heatmap(
        z=100 * row.reshape(side, side), zmin=0, zmax=100, autocolorscale=True, xgap=1, ygap=1, showscale=False,
        hovertemplate="row %{y}, column %{x}: %{z:.0f} % of its largest<extra></extra>"))
    figure.add_shape(type="rect", x0=token % side - 0.5, x1=token % side + 0.5, y0=token // side - 0.5, y1=token // side + 0.5,
                     line={"color": HEADS_COLOUR, "width": 3})
    figure.update_layout(
        height=430, title=titled(f"Where token {token} looks", "framed: the token itself"), **_square(side, "column", "row"))
    best = int(row.argmax())
    return described(figure, f"It looks most at row {best // side}, column {best % side}.")


def picked(found: Locality) -> go.Figure:
    """Which layers each pattern takes."""
    return diagrams.picked([(one.pattern, one.layers) for one in found.picked], len(found.shares), colour=BANDS_COLOUR)


def notice(found: Locality) -> str:
    """What to look at, from this run's numbers."""
    nearest, farthest = int(found.shares.argmax()), int(found.shares.argmin())
    spread = found.head_shares.max(1) - found.head_shares.min(1)
    most, layers = int(spread.argmax()), len(found.shares)
    above = int((found.shares > found.even).sum())
    half = int((found.shares > 0.5).sum())
    said = (f"{above} of {layers} layers look nearer than attention that is spread evenly would; {half} keep more than half of it "
            f"near. Layer {nearest} looks nearest ({100 * found.shares[nearest]:.0f} %), layer {farthest} farthest "
            f"({100 * found.shares[farthest]:.0f} %).")
    if float(spread[most]) <= float(found.shares.max() - found.shares.min()):
        return said
    return (f"{said} The heads of one layer differ more than the layers: from {100 * found.head_shares[most].min():.0f} to "
            f"{100 * found.head_shares[most].max():.0f} % in layer {most}.")
