"""All pairs of weights: seeing and the joint skill over both, with the paper's line, on which the weights sum to 1."""

import numpy as np
import plotly.graph_objects as go

from backends.merging.results import Grid
from visualizers.alt import described
from visualizers.merging.methods import CHANCE, KEPT_COLOUR, SKILL_COLOURS, SKILL_NAMES, SKILLS
from visualizers.theme import titled

HEIGHT_PX, LINE_PX = 400, 320
TITLES = {"sees": "Seeing, by both weights", "unseen": "New sums, by both weights"}
LINE_COLOUR, BEST_COLOUR = "#F2F5F8", "#F2F5F8"  # over the map, which is dark where little is and yellow where much is
RIM = "#5B6470"  # can be told from a light page and a dark one in the legend


def values_of(grid: Grid, skill: str) -> np.ndarray:
    """(weights of seeing, weights of reasoning), per cent."""
    return 100 * (grid.sees if skill == "sees" else grid.unseen)


def best(grid: Grid, skill: str = "unseen") -> tuple[int, int] | None:
    """Row and column of the best pair so far; None before the first."""
    values = values_of(grid, skill)
    if not np.isfinite(values).any():
        return None
    row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return int(row), int(column)


def maps(grid: Grid, chosen: tuple[int, int] | None = None) -> dict[str, go.Figure]:
    """Both maps, by skill."""
    return {skill: heat(grid, skill, chosen) for skill in TITLES}


def heat(grid: Grid, skill: str, chosen: tuple[int, int] | None = None) -> go.Figure:
    """One skill over both weights.

    Args:
        chosen: row and column of the pair that is looked at.
    """
    weights, values = grid.weights, values_of(grid, skill)
    figure = go.Figure(go.Heatmap(
        z=values, x=weights, y=weights, zmin=0, zmax=100, autocolorscale=True, hoverongaps=False, xgap=2, ygap=2,
        colorbar={"thickness": 8, "ticksuffix": " %", "nticks": 5, "outlinewidth": 0, "len": 0.95},
        hovertemplate="%{y:.2f} of seeing, %{x:.2f} of reasoning: %{z:.0f} %<extra></extra>"))
    low, high = max(0.0, 1 - float(weights[-1])), min(1.0, float(weights[-1]))
    for width, colour in ((5, RIM), (2.5, LINE_COLOUR)):
        figure.add_scatter(x=[low, high], y=[1 - low, 1 - high], mode="lines", name="the paper's line: they sum to 1",
                           line={"color": colour, "width": width}, hoverinfo="skip", showlegend=colour == RIM)
    marks = [(best(grid, skill), "star", 15, "best pair"), (chosen, "circle-open", 22, "looked at")]
    for pair, symbol, size, name in marks:
        if pair is not None:
            rim = {"width": 3 if symbol.endswith("open") else 1.5, "color": RIM}
            figure.add_scatter(x=[float(weights[pair[1]])], y=[float(weights[pair[0]])], mode="markers", name=name, hoverinfo="skip",
                               marker={"symbol": symbol, "size": size, "color": RIM if symbol.endswith("open") else BEST_COLOUR,
                                       "line": rim})
    half = float(weights[1] - weights[0]) / 2
    ends = [float(weights[0]) - half, float(weights[-1]) + half]
    figure.update_layout(title=titled(TITLES[skill], "% correct; ★ the best pair"), height=HEIGHT_PX, showlegend=True,
                         xaxis={"title": "weight of reasoning", "range": ends, "showgrid": False, "zeroline": False, "nticks": 5},
                         yaxis={"title": "weight of seeing", "range": ends, "showgrid": False, "zeroline": False, "nticks": 5})
    return described(figure, _told(grid, skill))


def _told(grid: Grid, skill: str) -> str:
    pair, values = best(grid, skill), values_of(grid, skill)
    if pair is None:
        return f"No pair of {values.size} was tried yet."
    tried = int(np.isfinite(values).sum())
    return (f"{SKILL_NAMES[skill].capitalize()}, {tried} of {values.size} pairs tried: best at {grid.weights[pair[0]]:.2f} of seeing "
            f"and {grid.weights[pair[1]]:.2f} of reasoning, {values[pair]:.0f} %; the worst pair has {np.nanmin(values):.0f} %.")


def clickable(figure: go.Figure, grid: Grid, skill: str) -> go.Figure:
    """The same map with an unseen mark in every field: marks can be clicked, and fields of a map cannot."""
    values = values_of(grid, skill)
    pairs = [(row, column) for row in range(len(grid.weights)) for column in range(len(grid.weights))
             if np.isfinite(values[row, column])]
    unseen = {"opacity": 0}
    figure.add_trace(go.Scatter(
        x=[float(grid.weights[column]) for _, column in pairs], y=[float(grid.weights[row]) for row, _ in pairs], mode="markers",
        showlegend=False, marker={"size": 26, "symbol": "square", **unseen}, selected={"marker": unseen},
        unselected={"marker": unseen},
        customdata=[f"{grid.weights[row]:.2f} of seeing, {grid.weights[column]:.2f} of reasoning: {values[row, column]:.0f} %"
                    for row, column in pairs], hovertemplate="%{customdata}<br>click: look at this pair<extra></extra>"))
    figure.data[0].update(hoverinfo="skip", hovertemplate=None)  # else it would be what a click meets
    return figure.update_layout(hovermode="closest", hoverdistance=-1)


def along(grid: Grid) -> go.Figure | None:
    """Four skills along the paper's line, beside the best of all pairs; None where there are not two points."""
    pair = best(grid)
    if len(grid.convex) < 2 or pair is None:
        return None
    tried = sorted(grid.convex, key=lambda one: one.at)
    xs, top = [one.at for one in tried], float(values_of(grid, "unseen")[pair])
    figure = go.Figure()
    for skill, get in SKILLS.items():
        figure.add_scatter(x=xs, y=[100 * get(one.skills) for one in tried], mode="lines+markers", name=SKILL_NAMES[skill],
                           line={"color": SKILL_COLOURS[skill], "width": 2}, marker={"size": 7},
                           hovertemplate=f"{SKILL_NAMES[skill]}: %{{y:.0f}} % at %{{x:.2f}}<extra></extra>")
    figure.add_scatter(x=[xs[0], xs[-1]], y=[top, top], mode="lines", name=f"best of all pairs {top:.0f}", hoverinfo="skip",
                       line={"color": SKILL_COLOURS["unseen"], "dash": "dash", "width": 2})
    figure.add_scatter(x=[xs[0], xs[-1]], y=[100 * CHANCE] * 2, mode="lines", name="chance", hoverinfo="skip",
                       line={"color": KEPT_COLOUR, "dash": "dot", "width": 2})
    figure.update_layout(title=titled("Along the paper's line", "weights that sum to 1"), height=LINE_PX + 40, showlegend=True,
                         xaxis={"title": "weight of seeing, λ", "nticks": 6},
                         yaxis={"title": "correct (%)", "range": [-3, 103], "dtick": 25})
    own = max(tried, key=lambda one: one.skills.unseen)
    return described(figure, f"On the line new sums are best at {own.at:g}, {100 * own.skills.unseen:.0f} % correct; "
                             f"of all pairs the best has {top:.0f} %.")


def notice(grid: Grid) -> str:
    """Whether the best pair lies on the paper's line."""
    pair = best(grid)
    if pair is None:
        return ""
    row, column = pair
    total = float(grid.weights[row] + grid.weights[column])
    top = float(values_of(grid, "unseen")[pair])
    said = (f"the best pair is {grid.weights[row]:.2f} of seeing and {grid.weights[column]:.2f} of reasoning, which sum to "
            f"{total:.2f}: {top:.0f} % of the new sums")
    if not grid.convex:
        return f"{said}."
    own = max(grid.convex, key=lambda one: one.skills.unseen)
    return f"{said}. Where they must sum to 1 the best is {100 * own.skills.unseen:.0f} %, at {own.at:g} of seeing."
