"""Charts of T*: an Iteration or a TStarResult -> plotly Figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from backends.tstar.results import Appearance, Iteration, TStarResult
from visualizers.alt import described
from visualizers.text import per_cent, said
from visualizers.theme import DISTRIBUTION_COLOUR, PAIRED, SCORE_COLOUR, TRUTH_COLOUR, VISITED_COLOUR, titled
from visualizers.tstar.methods import METHOD_COLOURS, METHOD_NAMES, METHOD_SYMBOLS
from visualizers.tstar.times import clock, span

FOUND_COLOUR = "#AA4499"  # appearances on the timeline
HEATMAP_COLUMNS = 600  # a video of three hours has more seconds than a chart has pixels
MOST_TICKS = 5  # of time: more would stand over one another on a phone


def _time_axis(length: int) -> dict[str, object]:
    whole_hours = 3600 * max(1, -(-length // (MOST_TICKS * 3600)))
    step = next(step for step in (1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, whole_hours)
                if length / step <= MOST_TICKS)
    ticks = list(range(0, length + 1, step))
    return {"title": "time in the video", "tickvals": ticks, "ticktext": [clock(t) for t in ticks], "range": [0, length]}


def _mark_truth(figure: go.Figure, spans: Sequence[tuple[float, float, str]], truth_s: Sequence[float] | None) -> None:
    marks = [(start, end) for start, end, _ in spans] or [(t - 1, t + 1) for t in truth_s or ()]
    if marks:  # at once: each `add_vrect` looks at all that are there
        plain = {"type": "rect", "xref": "x", "yref": "y domain", "y0": 0, "y1": 1, "fillcolor": TRUTH_COLOUR, "opacity": 0.35,
                 "line": {"width": 0}}
        figure.update_layout(shapes=[plain | {"x0": start, "x1": end} for start, end in marks])
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name="where it truly is",
                                    marker={"color": TRUTH_COLOUR, "symbol": "square", "size": 12}))


def _mark_appearances(figure: go.Figure, appearances: Sequence[Appearance]) -> None:
    """Found stretches as thick lines at the top, the marked one apart."""
    for name, colour, shown in (("appearances", FOUND_COLOUR, [one for one in appearances if not one.is_marked]),
                                ("where it was marked", VISITED_COLOUR, [one for one in appearances if one.is_marked])):
        if not shown:
            continue
        x, text = [], []
        for one in shown:
            x += [one.start_s, one.end_s, None]  # a gap between two lines
            text += [f"{said(one.name, 60)}, {span(one)}, score {one.score:.2f}"] * 3
        figure.add_trace(go.Scatter(x=x, y=[1.0 if value is not None else None for value in x], name=name, mode="lines", text=text,
                                    line={"color": colour, "width": 9}, hovertemplate="%{text}<extra></extra>"))


def timeline(iteration: Iteration, spans: Sequence[tuple[float, float, str]] = (),
             truth_s: Sequence[float] | None = None, appearances: Sequence[Appearance] = ()) -> go.Figure:
    """Score S (bars), distribution P (line, scaled to its maximum), visited seconds and appearances over the video."""
    seconds = np.arange(len(iteration.scores))
    visited = np.flatnonzero(~iteration.is_new)
    shown = iteration.scores > 0.01
    scaled = iteration.probabilities / iteration.probabilities.max()
    figure = go.Figure([
        go.Scatter(x=seconds, y=scaled, name="distribution P / max", fill="tozeroy", mode="lines",
                   line={"color": DISTRIBUTION_COLOUR, "width": 2}, fillcolor="rgba(46,139,201,0.25)",
                   hovertemplate="%{x} s: P at %{y:.0%} of its maximum<extra></extra>"),
        go.Bar(x=seconds[shown], y=iteration.scores[shown], name="score S", marker_color=SCORE_COLOUR, marker_line_width=0,
               width=max(min(1.0, len(seconds) / 60), len(seconds) / 400),
               hovertemplate="%{x} s: score %{y:.2f}<extra></extra>"),
        go.Scatter(x=visited, y=np.full(len(visited), -0.04), mode="markers", name="looked at",
                   marker={"symbol": "line-ns-open", "size": 7, "color": VISITED_COLOUR}, hovertemplate="%{x} s<extra></extra>"),
        go.Scatter(x=iteration.keyframes, y=np.full(len(iteration.keyframes), 1.06), mode="markers", name="key frames now",
                   cliponaxis=False,
                   marker={"symbol": "triangle-down", "size": 11, "color": SCORE_COLOUR},
                   hovertemplate="key frame at %{x} s<extra></extra>"),
    ])
    _mark_truth(figure, spans, truth_s)
    _mark_appearances(figure, appearances)
    faint = {"marker": {"opacity": 1}}  # a click on a mark chooses a moment; the others do not fade for it
    figure.update_traces(unselected=faint, selector={"type": "bar"}).update_traces(unselected=faint, selector={"mode": "markers"})
    figure.update_layout(height=360, xaxis=_time_axis(len(seconds)), bargap=0,
                         yaxis={"title": "score, share", "range": [-0.08, 1.14]},
                         title=titled(f"After grid {iteration.number}: {iteration.frames_seen} frames seen"))
    return described(figure, _timeline_words(iteration, bool(spans or truth_s)))


def _timeline_words(iteration: Iteration, is_known: bool) -> str:
    """Where the search believes that it is, and what it looked at."""
    peak = int(np.argmax(iteration.scores))
    best = (f"the highest score, {iteration.scores[peak]:.2f}, is at {clock(peak)}" if iteration.scores[peak] > 0.01
            else "nothing has scored yet")
    moments = ", ".join(clock(int(second)) for second in np.unique(iteration.keyframes)[:8])
    truth = "; green stripes mark where it truly is" if is_known else ""
    return f"Of {len(iteration.scores)} seconds {iteration.frames_seen} were looked at; {best}; key frames now at {moments}{truth}."


def heatmap(iterations: Sequence[Iteration]) -> go.Figure:
    """What each grid was drawn from: q over time, one row per iteration (the paper's Fig. 3)."""
    length = len(iterations[0].support)
    edges = np.linspace(0, length, min(length, HEATMAP_COLUMNS) + 1).astype(int)[:-1]
    rows = np.stack([np.maximum.reduceat(step.support / step.support.max(), edges) for step in iterations])
    drawn_x = np.concatenate([step.positions for step in iterations])
    drawn_y = np.concatenate([np.full(len(step.positions), step.number) for step in iterations])
    figure = go.Figure([
        go.Heatmap(x=edges, y=[step.number for step in iterations], z=rows, zmin=0, zmax=1, autocolorscale=True,
                   colorbar={"thickness": 10, "tickformat": ".0%", "nticks": 3, "xpad": 4, "outlinewidth": 0},
                   hovertemplate="grid %{y}, %{x} s: %{z:.0%}<extra></extra>"),
        go.Scatter(x=drawn_x, y=drawn_y, mode="markers", name="drawn", hoverinfo="skip",
                   marker={"size": 4, "color": "#FFFFFF", "line": {"width": 0.6, "color": "#000000"}}),
    ])
    figure.update_layout(height=320, showlegend=False, title=titled("Where each grid was drawn from", "share of its row's maximum"),
                         xaxis=_time_axis(length), yaxis={"title": "grid", "autorange": "reversed",
                                                          "dtick": max(1, len(iterations) // 8)})
    last = iterations[-1].support
    share = float((last > 0.5 * last.max()).mean())
    return described(figure, f"The first grid is drawn evenly over the video; grid {iterations[-1].number} mostly from "
                             f"{per_cent(share)} of it, around {clock(int(np.argmax(last)))}.")


def recall_curve(result: TStarResult) -> go.Figure:
    """Recall of the best K so far against the frames looked at, over the baselines' points."""
    figure = go.Figure()
    for row in result.methods[1:]:
        if row.recall is not None:
            figure.add_trace(go.Scatter(
                x=[row.frames_seen], y=[row.recall], name=METHOD_NAMES[row.method], mode="markers", cliponaxis=False,
                hovertemplate=f"{METHOD_NAMES[row.method]}: %{{y:.0%}} with %{{x}} frames<extra></extra>",
                marker={"size": 15, "symbol": METHOD_SYMBOLS[row.method], "color": METHOD_COLOURS[row.method], "line": {"width": 3}}))
    steps = [step for step in result.iterations if step.recall is not None]
    most = max(1, *(row.frames_seen for row in result.methods), *(step.frames_seen for step in steps))
    if steps:  # last, so on top: a rival may end on the same point
        figure.add_trace(go.Scatter(
            x=[step.frames_seen for step in steps], y=[step.recall for step in steps], name="T*", mode="lines+markers", legendrank=1,
            line={"color": METHOD_COLOURS["tstar"], "shape": "hv", "width": 2.5}, cliponaxis=False,
            marker={"size": 8, "symbol": METHOD_SYMBOLS["tstar"]}, hovertemplate="T*: %{y:.0%} with %{x} frames<extra></extra>"))
    figure.update_layout(height=320, title=titled("Recall within 5 s", "against frames looked at"), showlegend=True, margin=PAIRED,
                         yaxis={"title": "recall", "range": [-0.05, 1.05], "tickformat": ".0%"},
                         xaxis={"title": "frames looked at", "range": [-0.04 * most, 1.04 * most]})  # room for a mark at either end
    told = [f"{METHOD_NAMES[row.method]} {per_cent(row.recall)} with {row.frames_seen} frames" for row in result.methods
            if row.recall is not None]
    return described(figure, f"Share of the true seconds with a key frame near: {', '.join(told)}.")


def seeds_figure(result: TStarResult) -> go.Figure:
    """Mean recall over seeds against frames looked at, with the middle half as a band; the rule of the run and random."""
    figure = go.Figure()
    for rule in dict.fromkeys(curve.rule for curve in result.seed_curves):
        curves = [curve for curve in result.seed_curves if curve.rule == rule]
        colour = METHOD_COLOURS["random_grid" if rule == "random" else "tstar"]
        ends = np.arange(0, max(curve.frames_seen[-1] for curve in curves) + 1, 8)
        # a finished search keeps what it found: its last recall holds from there on
        values = np.stack([np.concatenate([[0.0], curve.recall])[np.searchsorted(curve.frames_seen, ends, side="right")]
                           for curve in curves])  # (seeds, ends)
        low, high = np.quantile(values, [0.25, 0.75], axis=0)
        name = "Random grid" if rule == "random" else f"T* ({rule})"
        figure.add_trace(go.Scatter(x=np.concatenate([ends, ends[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself",
                                    line={"width": 0}, fillcolor=colour, opacity=0.18, hoverinfo="skip", showlegend=False))
        figure.add_trace(go.Scatter(x=ends, y=values.mean(axis=0), name=f"{name}, mean of {len(curves)} seeds", mode="lines",
                                    line={"color": colour}))
    told = ", ".join(f"{trace.name}: {per_cent(float(trace.y[-1]))} at the end" for trace in figure.data if trace.name)
    described(figure, f"Mean recall against frames looked at. {told}.")
    return figure.update_layout(height=320, title=titled("How much is luck: recall over seeds", "band: the middle half of the seeds"),
                                yaxis={"title": "recall", "range": [-0.05, 1.05], "tickformat": ".0%"},
                                xaxis={"title": "frames looked at", "rangemode": "tozero"})


def found_figure(result: TStarResult) -> go.Figure:
    """Which share of the searches had found everything after so many frames; the rule of the run and random."""
    figure = go.Figure()
    most = max((int(curve.frames_seen[-1]) for curve in result.seed_curves), default=1)
    for rule in dict.fromkeys(curve.rule for curve in result.seed_curves):
        curves = [curve for curve in result.seed_curves if curve.rule == rule]
        # a search ends when it has found everything
        ends = sorted(int(curve.frames_seen[-1]) for curve in curves if curve.has_confirmed_all)
        shares = np.arange(len(ends) + 1) / len(curves)
        name = "Random grid" if rule == "random" else f"T* ({rule})"
        figure.add_trace(go.Scatter(x=[0, *ends, most], y=[*shares, shares[-1]], mode="lines", name=name, line={
            "color": METHOD_COLOURS["random_grid" if rule == "random" else "tstar"], "shape": "hv", "width": 2.5,
            "dash": "dash" if rule == "random" else "solid"}, hovertemplate="%{y:.0%} after %{x} frames<extra></extra>"))
    told = ", ".join(f"{trace.name}: {per_cent(float(trace.y[-1]))} at the end" for trace in figure.data)
    described(figure, f"Share of the searches that had found everything, against frames looked at. {told}.")
    title = titled("How much is luck: who has found it", "share of the searches, each with its seed")
    return figure.update_layout(height=320, title=title,
                                yaxis={"title": "searches", "range": [-0.05, 1.05], "tickformat": ".0%"},
                                xaxis={"title": "frames looked at", "rangemode": "tozero"})


def cost_bars(result: TStarResult) -> go.Figure:
    """Frames looked at and seconds, per method."""
    rows = result.methods[::-1]
    names, colours = [METHOD_NAMES[row.method] for row in rows], [METHOD_COLOURS[row.method] for row in rows]
    figure = go.Figure(go.Bar(
        y=names, x=[row.frames_seen for row in rows], orientation="h", marker_color=colours,
        text=[f"{row.frames_seen}, {row.seconds:.1f} s" for row in rows], textposition="outside", cliponaxis=False,
        hovertemplate="%{y}: %{x} frames<extra></extra>"))
    most = max(row.frames_seen for row in rows)
    figure.update_layout(height=max(320, 140 + 30 * len(rows)), title=titled("What it cost", "frames looked at, seconds"),
                         margin=PAIRED, showlegend=False,
                         xaxis={"title": "frames looked at", "range": [0, 1.5 * most], "nticks": 5})  # room for the words behind
    told = ", ".join(f"{METHOD_NAMES[row.method]} {row.frames_seen} frames in {row.seconds:.1f} s" for row in result.methods)
    return described(figure, f"{told}.")


def grid_recall(card: Mapping[str, Any]) -> go.Figure | None:  # Any: JSON
    """What the miniature's card measured: held-out recall against frames per side of the grid; None if it holds no such table."""
    grids = card.get("measured", {}).get("grids", {})
    sides = sorted((side for side in grids if side.isdecimal()), key=int)
    figure = go.Figure()
    for key, name, colour in (("recall_at_5_percent", "targets, 5 % of empty cells lit", SCORE_COLOUR),
                              ("cue_recall", "cues", DISTRIBUTION_COLOUR)):
        if sides and all(key in grids[side] for side in sides):
            figure.add_trace(go.Scatter(x=[f"{side} x {side}" for side in sides], y=[grids[side][key] for side in sides], name=name,
                                        mode="lines+markers", line={"color": colour}, marker={"size": 9},
                                        hovertemplate="%{x}: %{y:.0%}<extra></extra>"))
    if not figure.data:
        return None
    described(figure, "; ".join(f"{trace.name}: {per_cent(trace.y[0])} at {trace.x[0]}, {per_cent(trace.y[-1])} at {trace.x[-1]}"
                                for trace in figure.data) + ".")
    return figure.update_layout(height=320, title=titled("What is seen as cells shrink", "recall on held-out canvases"),
                                showlegend=True, yaxis={"title": "recall", "range": [0, 1.05], "tickformat": ".0%"},
                                xaxis={"title": "grid", "type": "category"})
