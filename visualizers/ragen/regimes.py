"""Where a run stands between varied and few words, and between words that fit their prompt and any: RAGEN-2's map."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backends.ragen.information import REGIMES, Information, Lines, Regime, regime
from visualizers.alt import described
from visualizers.ragen.signs import LINE_COLOUR, MODEL_COLOUR
from visualizers.theme import titled

CORNERS: dict[Regime, tuple[float, float]] = {"diverse": (1, 1), "template": (1, 0), "compressed": (0, 1), "collapsed": (0, 0)}


def regimes(found: Sequence[tuple[int, Information]], lines: Lines) -> go.Figure | None:
    """The path of a run, from its first diagnosis to its newest; None without one.

    Args:
        found: iterations and what was diagnosed there.    lines: where high ends.
    """
    if not found:
        return None
    entropies, informations = [one.entropy for _, one in found], [one.information for _, one in found]
    figure = go.Figure(go.Scatter(
        x=entropies, y=informations, mode="lines+markers", showlegend=False, line={"color": MODEL_COLOUR, "width": 1.5},
        marker={"size": 7, "color": MODEL_COLOUR},
        customdata=[(iteration, one.retrieval, one.chance, REGIMES[regime(one, lines)]) for iteration, one in found],
        hovertemplate="iteration %{customdata[0]}: H %{x:.2f}, I %{y:.2f}<br>%{customdata[1]:.0%} of thoughts find their prompt "
                      "(chance %{customdata[2]:.0%})<br>%{customdata[3]}<extra></extra>"))
    for place, words, symbol in ((0, "first", "circle-open"), (-1, "newest", "diamond")):
        figure.add_scatter(x=[entropies[place]], y=[informations[place]], mode="markers", name=f"{words} ({found[place][0]})",
                           hoverinfo="skip", marker={"symbol": symbol, "size": 14, "color": MODEL_COLOUR, "line": {"width": 2}})
    dash = {"dash": "dash", "width": 1.5, "color": LINE_COLOUR}
    figure.add_vline(x=lines.entropy, line=dash)
    figure.add_hline(y=lines.information, line=dash)
    for name, (right, top) in CORNERS.items():
        figure.add_annotation(x=right, y=top, xref="x domain", yref="y domain", text=name, showarrow=False,
                              xanchor="right" if right else "left", yanchor="top" if top else "bottom", font={"color": LINE_COLOUR})
    highest = max(*entropies, 2 * lines.entropy, 1e-6)
    most = max(*informations, 2 * lines.information, 1e-6)
    figure.update_layout(title=titled("Do thoughts still fit their prompt?", "dashed: half of where the run began"), height=380,
                         showlegend=True, xaxis={"title": "H(Z|X), nats per token", "range": [-0.08 * highest, 1.12 * highest],
                                                 "zeroline": False, "nticks": 6},
                         yaxis={"title": "I(X;Z), nats per token", "range": [min(-0.15 * most, 1.1 * min(informations)), 1.25 * most],
                                "zeroline": False, "nticks": 6})
    iteration, newest = found[-1]
    return described(figure, f"At iteration {iteration} thoughts have {newest.entropy:.2f} nats per token and tell "
                     f"{newest.information:.2f} of their prompt: {REGIMES[regime(newest, lines)]}.")
