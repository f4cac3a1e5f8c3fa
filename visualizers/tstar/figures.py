"""The drawing contract of T*: charts and pictures of an Iteration or a TStarResult; what its pages draw, under one name."""

import numpy as np
import plotly.graph_objects as go

from backends.tstar.results import Iteration, TStarResult
from visualizers.tstar.charts import cost_bars, found_figure, grid_recall, heatmap, recall_curve, seeds_figure, timeline
from visualizers.tstar.pictures import (
    canvas_picture,
    contact_sheet,
    cover,
    draw_boxes,
    enlarged_cell,
    keyframe_picture,
    keyframe_zip,
)
from visualizers.tstar.tables import appearance_table, knows_the_truth, method_table, paper_table, score_table
from visualizers.tstar.times import clock, span

__all__ = ["appearance_table", "canvas_picture", "clock", "contact_sheet", "cost_bars", "cover", "draw_boxes", "enlarged_cell",
           "figures", "grid_recall", "heatmap", "keyframe_picture", "keyframe_zip", "knows_the_truth", "live", "method_table",
           "paper_table", "pictures", "recall_curve", "score_table", "seeds_figure", "span", "timeline"]


def figures(result: TStarResult) -> dict[str, go.Figure]:
    """All charts of a finished search, by title."""
    if not result.iterations:
        return {}
    charts = {"timeline": timeline(result.iterations[-1], result.truth_spans, result.truth_s, result.appearances)}
    if len(result.iterations) > 1:  # a single grid is drawn evenly: there is nothing to see in it
        charts["heatmap"] = heatmap(result.iterations)
    charts |= {"recall": recall_curve(result)} if knows_the_truth(result) else {}
    charts["costs"] = cost_bars(result)
    return charts | ({"seeds": seeds_figure(result), "found": found_figure(result)} if result.seed_curves else {})


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
