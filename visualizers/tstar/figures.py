"""Figures of T*: an Iteration or a TStarResult -> plotly Figure, or a picture."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from backends.tstar.paper import UTILITY
from backends.tstar.results import Appearance, Iteration, Keyframe, SeenBox, TStarResult
from backends.tstar.scoring import Scoring
from visualizers.text import said
from visualizers.theme import DISTRIBUTION_COLOUR, SCORE_COLOUR, TRUTH_COLOUR, VISITED_COLOUR
from visualizers.tstar.methods import METHOD_COLOURS, METHOD_NAMES
from worlds.pictures import SHEET_QUALITY, decode_jpeg, encode_jpeg

TARGET_RGB, CUE_RGB = (213, 94, 0), (0, 114, 178)  # the boxes' colours: targets, cues
FOUND_RGB, REFUSED_RGB = (0, 158, 115), (200, 40, 60)  # frames that were looked at again: confirmed or not
FOUND_COLOUR = "#AA4499"  # appearances on the timeline
HEATMAP_COLUMNS = 600  # a video of three hours has more seconds than a chart has pixels


def clock(second: float) -> str:
    """75 -> '1:15'; 3700 -> '1:01:40'."""
    whole = round(second)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def span(one: Appearance) -> str:
    """0:18 to 0:24"""
    return f"{clock(one.start_s)} to {clock(one.end_s)}"


def canvas_picture(iteration: Iteration) -> np.ndarray:
    """The grid picture with its boxes; cells that were looked at again are framed. (h, w, 3) uint8 RGB."""
    picture = decode_jpeg(iteration.canvas_jpeg)
    side, grid = picture.shape[0], iteration.grid
    cell = side // grid
    second_looks = {check.second: check.is_confirmed for check in sorted(iteration.verifications,
                                                                        key=lambda check: check.is_confirmed)}
    for index, second in enumerate(iteration.positions.tolist()):
        row, column = divmod(index, grid)
        top_left = (column * cell, row * cell)
        if second in second_looks:
            cv2.rectangle(picture, (top_left[0] + 3, top_left[1] + 3), (top_left[0] + cell - 4, top_left[1] + cell - 4),
                          FOUND_RGB if second_looks[second] else REFUSED_RGB, 4)
        if cell >= 70:
            _label(picture, clock(second), (top_left[0] + 6, top_left[1] + cell - 8))
    return draw_boxes(picture, iteration.boxes, with_names=grid <= 4)


def draw_boxes(picture: np.ndarray, boxes: Sequence[SeenBox], *, with_names: bool = True) -> np.ndarray:
    """Boxes on a copy of the picture: targets orange with their score, cues blue."""
    drawn = picture.copy()
    height, width = drawn.shape[:2]
    for box in boxes:
        first, second = (int(box.x1 * width), int(box.y1 * height)), (int(box.x2 * width), int(box.y2 * height))
        cv2.rectangle(drawn, first, second, TARGET_RGB if box.is_target else CUE_RGB, 3 if box.is_target else 2)
    for box in boxes:
        if with_names and box.is_target:
            _label(drawn, f"{box.name} {box.score:.2f}", (int(box.x1 * width), max(12, int(box.y1 * height) - 5)))
    return drawn


def _label(picture: np.ndarray, text: str, at: tuple[int, int]) -> None:
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):  # white on a dark rim reads on any picture
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thickness, cv2.LINE_AA)


def _time_axis(length: int) -> dict[str, object]:
    whole_hours = 3600 * max(1, -(-length // (12 * 3600)))
    step = next(step for step in (5, 15, 60, 120, 300, 600, 1200, 1800, whole_hours) if length / step <= 12)
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
                   line={"color": DISTRIBUTION_COLOUR, "width": 1}, fillcolor="rgba(0,114,178,0.15)",
                   hovertemplate="%{x} s: P at %{y:.0%} of its maximum<extra></extra>"),
        go.Bar(x=seconds[shown], y=iteration.scores[shown], name="score S", marker_color=SCORE_COLOUR, marker_line_width=0,
               width=max(1.0, len(seconds) / 400), hovertemplate="%{x} s: score %{y:.2f}<extra></extra>"),
        go.Scatter(x=visited, y=np.full(len(visited), -0.04), mode="markers", name="looked at",
                   marker={"symbol": "line-ns-open", "size": 7, "color": VISITED_COLOUR}, hovertemplate="%{x} s<extra></extra>"),
        go.Scatter(x=iteration.keyframes, y=np.full(len(iteration.keyframes), 1.06), mode="markers", name="key frames now",
                   marker={"symbol": "triangle-down", "size": 11, "color": SCORE_COLOUR},
                   hovertemplate="key frame at %{x} s<extra></extra>"),
    ])
    _mark_truth(figure, spans, truth_s)
    _mark_appearances(figure, appearances)
    faint = {"marker": {"opacity": 1}}  # a click on a mark chooses a moment; the others do not fade for it
    figure.update_traces(unselected=faint, selector={"type": "bar"}).update_traces(unselected=faint, selector={"mode": "markers"})
    return figure.update_layout(height=330, xaxis=_time_axis(len(seconds)), bargap=0,
                                yaxis={"title": "score, share", "range": [-0.08, 1.12]},
                                title=f"After grid {iteration.number}: {iteration.frames_seen} frames seen")


def heatmap(iterations: Sequence[Iteration]) -> go.Figure:
    """What each grid was drawn from: q over time, one row per iteration (the paper's Fig. 3)."""
    length = len(iterations[0].support)
    edges = np.linspace(0, length, min(length, HEATMAP_COLUMNS) + 1).astype(int)[:-1]
    rows = np.stack([np.maximum.reduceat(step.support / step.support.max(), edges) for step in iterations])
    drawn_x = np.concatenate([step.positions for step in iterations])
    drawn_y = np.concatenate([np.full(len(step.positions), step.number) for step in iterations])
    figure = go.Figure([
        go.Heatmap(x=edges, y=[step.number for step in iterations], z=rows, colorscale="Cividis", zmin=0, zmax=1,
                   colorbar={"thickness": 10, "tickformat": ".0%", "nticks": 3},
                   hovertemplate="grid %{y}, %{x} s: %{z:.0%}<extra></extra>"),
        go.Scatter(x=drawn_x, y=drawn_y, mode="markers", name="drawn", hoverinfo="skip",
                   marker={"size": 4, "color": "#FFFFFF", "line": {"width": 0.6, "color": "#000000"}}),
    ])
    return figure.update_layout(height=300, showlegend=False,
                                title="Where each grid was drawn from (share of its row's maximum)",
                                xaxis=_time_axis(length), yaxis={"title": "grid", "autorange": "reversed", "dtick":
                                                                 max(1, len(iterations) // 8)})


def recall_curve(result: TStarResult) -> go.Figure:
    """Recall of the best K so far against the frames looked at; baselines as points."""
    figure = go.Figure()
    steps = [step for step in result.iterations if step.recall is not None]
    if steps:
        figure.add_trace(go.Scatter(x=[step.frames_seen for step in steps], y=[step.recall for step in steps], name="T*",
                                    mode="lines+markers", line={"color": METHOD_COLOURS["tstar"], "shape": "hv"}))
    for row in result.methods[1:]:
        if row.recall is not None:
            figure.add_trace(go.Scatter(x=[row.frames_seen], y=[row.recall], name=METHOD_NAMES[row.method], mode="markers",
                                        marker={"size": 13, "color": METHOD_COLOURS[row.method], "symbol": "diamond"}))
    return figure.update_layout(height=300, title="Recall within 5 s against frames looked at", yaxis={
        "title": "recall", "range": [-0.05, 1.05], "tickformat": ".0%"}, xaxis={"title": "frames looked at",
                                                                                "rangemode": "tozero"}, showlegend=True)


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
    return figure.update_layout(height=320, title="How much is luck: recall over seeds (band: the middle half)",
                                yaxis={"title": "recall", "range": [-0.05, 1.05], "tickformat": ".0%"},
                                xaxis={"title": "frames looked at", "rangemode": "tozero"})


def cost_bars(result: TStarResult) -> go.Figure:
    """Frames looked at and seconds, per method."""
    rows = result.methods[::-1]
    names, colours = [METHOD_NAMES[row.method] for row in rows], [METHOD_COLOURS[row.method] for row in rows]
    figure = go.Figure(go.Bar(
        y=names, x=[row.frames_seen for row in rows], orientation="h", marker_color=colours,
        text=[f"{row.frames_seen} frames, {row.seconds:.1f} s" for row in rows], textposition="auto",
        hovertemplate="%{y}: %{x} frames<extra></extra>"))
    return figure.update_layout(height=110 + 34 * len(rows), title="What it cost", xaxis_title="frames looked at",
                                showlegend=False)


def grid_recall(card: Mapping[str, Any]) -> go.Figure | None:  # Any: JSON
    """What the miniature's card measured: held-out recall against frames per side of the grid; None if it holds no such table."""
    grids = card.get("measured", {}).get("grids", {})
    sides = sorted((side for side in grids if side.isdecimal()), key=int)
    figure = go.Figure()
    for key, name, colour in (("recall_at_5_percent", "targets, with 5 % of the empty cells lit", SCORE_COLOUR),
                              ("cue_recall", "cues", DISTRIBUTION_COLOUR)):
        if sides and all(key in grids[side] for side in sides):
            figure.add_trace(go.Scatter(x=[f"{side} x {side}" for side in sides], y=[grids[side][key] for side in sides], name=name,
                                        mode="lines+markers", line={"color": colour}, marker={"size": 9},
                                        hovertemplate="%{x}: %{y:.0%}<extra></extra>"))
    if not figure.data:
        return None
    return figure.update_layout(height=300, title="What the detector still sees as cells shrink (held-out canvases)", showlegend=True,
                                yaxis={"title": "recall", "range": [0, 1.05], "tickformat": ".0%"},
                                xaxis={"title": "grid", "type": "category"})


def keyframe_picture(frame: Keyframe) -> np.ndarray:
    """A key frame with its boxes, (h, w, 3) uint8 RGB."""
    return draw_boxes(decode_jpeg(frame.jpeg), frame.boxes)


def cover(result: TStarResult) -> np.ndarray:
    """What stands for the system in the gallery: the first grid in which a target was confirmed, (h, w, 3) uint8 RGB."""
    found = [step for step in result.iterations if any(check.is_confirmed for check in step.verifications)]
    return canvas_picture((found or result.iterations)[0])


def contact_sheet(result: TStarResult, columns: int = 4, width_px: int = 360) -> bytes:
    """All key frames with their times in one JPEG file."""
    pictures = [keyframe_picture(frame) for frame in result.keyframes]
    scales = [min(width_px / picture.shape[1], 2 * width_px / picture.shape[0]) for picture in pictures]  # a tower is made narrower
    height = max(1, *(round(picture.shape[0] * scale) for picture, scale in zip(pictures, scales)))
    cells = []
    for frame, picture, scale in zip(result.keyframes, pictures, scales):
        inner = max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale))
        cell = np.full((height + 30, width_px, 3), 255, np.uint8)
        cell[:inner[0], :inner[1]] = cv2.resize(picture, inner[::-1], interpolation=cv2.INTER_AREA)
        text = f"{clock(frame.second)}  score {frame.score:.2f}{'  confirmed' if frame.is_confirmed else ''}"
        cv2.putText(cell, text, (8, height + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 36, 48), 1, cv2.LINE_AA)
        cells.append(cell)
    while len(cells) % columns:
        cells.append(np.full_like(cells[0], 255))
    sheet = np.vstack([np.hstack(cells[i:i + columns]) for i in range(0, len(cells), columns)])
    return encode_jpeg(sheet, SHEET_QUALITY).tobytes()


def keyframe_zip(result: TStarResult) -> bytes:
    """The key frames as JPEG files in one zip, named by rank of time and second."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index, frame in enumerate(result.keyframes, start=1):
            archive.writestr(f"keyframe-{index:02d}-{frame.second:05d}s.jpg", frame.jpeg.tobytes())
    return buffer.getvalue()


def method_table(result: TStarResult) -> pd.DataFrame:
    """One row per method, rates in percent where the truth is known."""
    def percent(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 1)

    table = pd.DataFrame([{
        "method": METHOD_NAMES[row.method], "frames looked at": row.frames_seen, "detector calls": row.detector_calls,
        "seconds": round(row.seconds, 2), "precision %": percent(row.precision), "recall %": percent(row.recall),
        "F1 %": percent(row.f1), "SSIM P/R/F1 %": " / ".join(f"{100 * value:.0f}" for value in row.visual or ()),
        "key frames": ", ".join(clock(second) for second in row.keyframes)} for row in result.methods])
    return table if knows_the_truth(result) else table.drop(columns=["precision %", "recall %", "F1 %", "SSIM P/R/F1 %"])


def knows_the_truth(result: TStarResult) -> bool:
    """Whether any method could be held against true seconds: of a drawn video, never of one's own."""
    return any(row.recall is not None for row in result.methods)


def appearance_table(result: TStarResult) -> pd.DataFrame:
    """One row per appearance that was found, in order of time."""
    return pd.DataFrame([{"name": one.name, "start s": round(one.start_s, 2), "end s": round(one.end_s, 2), "best s": one.best_s,
                          "score": round(one.score, 3)} for one in result.appearances if not one.is_marked])


def paper_table(result: TStarResult) -> pd.DataFrame:
    """The paper's Table 2, in percent, and this run's row. Its SSIM is a correct one, the paper's is not."""
    def triple(values: Sequence[float]) -> str:
        return " / ".join(f"{value:.1f}" for value in values)

    rows = [{"method": row.method, "frames returned": row.frames, "Ego4D temporal P/R/F1": triple(row.ego4d_temporal),
             "Ego4D visual P/R/F1": triple(row.ego4d_visual), "LVBench temporal P/R/F1": triple(row.lvbench_temporal),
             "LVBench visual P/R/F1": triple(row.lvbench_visual)} for row in UTILITY]
    own = result.methods[0]
    if own.precision is not None and own.recall is not None and own.f1 is not None:
        rows.append({"method": f"this run ({result.model_id}, {result.video.name})", "frames returned": len(own.keyframes),
                     "Ego4D temporal P/R/F1": f"not Ego4D: {triple([100 * own.precision, 100 * own.recall, 100 * own.f1])}",
                     "Ego4D visual P/R/F1": f"not Ego4D: {triple([100 * value for value in own.visual])}" if own.visual else ""})
    return pd.DataFrame(rows).fillna("")


def score_table(scoring: Scoring) -> pd.DataFrame:
    """Scores of uploaded result files, in percent."""
    def percent(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 2)

    return pd.DataFrame([{
        "file and method": row.name, "precision %": percent(row.precision), "recall %": percent(row.recall),
        "F1 %": percent(row.f1), "one-sided precision % (before 2025-03)": percent(row.one_sided_precision),
        "nearest frame s": row.nearest_s, "frames returned": row.mean_frames, "questions scored": row.num_scored,
        "without truth": row.num_without_truth, "without frames": row.num_without_frames, "unknown": row.num_unknown,
        "missing": row.num_missing} for row in scoring.rows])


def figures(result: TStarResult) -> dict[str, go.Figure]:
    """All charts of a finished search, by title."""
    if not result.iterations:
        return {}
    charts = {"timeline": timeline(result.iterations[-1], result.truth_spans, result.truth_s, result.appearances)}
    if len(result.iterations) > 1:  # a single grid is drawn evenly: there is nothing to see in it
        charts["heatmap"] = heatmap(result.iterations)
    charts |= {"recall": recall_curve(result)} if knows_the_truth(result) else {}
    charts["costs"] = cost_bars(result)
    return charts | ({"seeds": seeds_figure(result)} if result.seed_curves else {})


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """What the detector was shown last, then the key frames, with their captions; of an Iteration or a TStarResult."""
    steps = [event] if isinstance(event, Iteration) else event.iterations if isinstance(event, TStarResult) else ()
    shown = [(canvas_picture(step), f"Grid {step.number}. Orange: targets, blue: cues")
             for step in steps[-1:]]
    keyframes = event.keyframes if isinstance(event, TStarResult) else ()
    stretches = {one.best_s: f" (appearance {span(one)})" for one in event.found} if isinstance(event, TStarResult) else {}
    return shown + [(keyframe_picture(frame), f"{clock(frame.second)}{stretches.get(frame.second, '')}, score {frame.score:.2f}"
                     f"{', confirmed' if frame.is_confirmed else ''}") for frame in keyframes]


def live(event: object) -> dict[str, go.Figure] | None:
    """The charts worth drawing while a search runs; None for other events."""
    return {"timeline": timeline(event)} if isinstance(event, Iteration) else None
