"""Figures of AdaptVis that no recorded run has: seventy relations, another way of looking, unknown places, the beta of a run."""

import numpy as np
import plotly.graph_objects as go

from backends.adaptvis.results import OtherMap
from tests.visualizers.adaptvis import test_figures as made
from visualizers.adaptvis import figures as drawn
from visualizers.adaptvis import gaze, item_set


def figures() -> dict[str, go.Figure]:
    looked = made.looked(question="Where is the cup?")
    placeless = made.looked(token_boxes=None)
    map_ = OtherMap(name="gradient", what="", map=np.array([0.2, 0.1, 0.0, 0.0]))
    many = item_set.charts(made.many_relations(70))
    long = made.looked(options=("in front of", "behind something", "to the left of", "under"), right="behind something")
    return {
        "other": gaze.other(looked, map_), "in order": drawn.looked_charts(placeless)["gaze turned"],
        "one layer's heads": _given(gaze.heads(looked, 1)), "long options": drawn.option_bars(long, long.at[1], height=215),
        "long curves": drawn.option_curves(long, 0.5, long.branch), "box overlap": _given(drawn.box_overlap(looked, looked.at[1])),
        "ways of scaling": drawn.variants([(name, looked) for name in ("multiply", "shape", "mass")]),
        "beta": item_set.beta_curve(made.evaluated(), alpha1=0.5, alpha2=1.0, beta=0.9),
        **{f"seventy relations, {title}": figure for title, figure in many.items()}}


def _given(figure: go.Figure | None) -> go.Figure:
    assert figure is not None
    return figure
