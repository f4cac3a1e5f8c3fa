"""The drawing contract of merging: all charts of a finished run, those of a running one, its pictures and its cover."""

import numpy as np
import plotly.graph_objects as go

from backends.merging.results import Folders, Grid, Looking, Merged, MergingResult, Report
from visualizers.merging import apart, curve, folders, gallery, inside, probes, reports, weights
from visualizers.merging.cover import cover

__all__ = ["cover", "figures", "live", "pictures"]


def figures(result: MergingResult) -> dict[str, go.Figure]:
    """All charts of a finished run, by title."""
    made: dict[str, go.Figure | None] = {}
    if merged := result.merged:
        made |= {"skills": curve.skills(merged, result.settings), "parents": curve.parents(merged),
                 "lengths": curve.lengths(merged, result.settings), **apart.charts(merged.apart)}
    if result.grid:
        made |= _of_grid(result.grid)
    if looking := result.looking:
        made |= probes.charts(looking) | inside.charts(looking.looked, looking.question)
    if result.folders:
        made |= folders.charts(result.folders)
    made |= reports.charts(result.reports)
    return {title: figure for title, figure in made.items() if figure is not None}


def _of_grid(grid: Grid) -> dict[str, go.Figure | None]:
    return {**weights.maps(grid), "along the line": weights.along(grid)}


def live(event: object) -> dict[str, go.Figure] | None:
    """The charts worth drawing while a run goes on; None for other events."""
    made: dict[str, go.Figure | None] = {}
    if isinstance(event, Merged):
        made = {"parents": curve.parents(event), **apart.charts(event.apart)}
    elif isinstance(event, Grid):
        made = _of_grid(event)
    elif isinstance(event, Looking):
        made = {**probes.charts(event), **inside.charts(event.looked, event.question)}
    elif isinstance(event, Folders):
        made = {**folders.charts(event)}
    elif isinstance(event, tuple) and event and all(isinstance(one, Report) for one in event):
        made = {**reports.charts(event)}
    elif isinstance(event, Report):
        made = {**reports.charts([event])}
    return {title: figure for title, figure in made.items() if figure is not None} or None


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """The pictures of the gallery; of a Merged or a result of one."""
    merged = event.merged if isinstance(event, MergingResult) else event if isinstance(event, Merged) else None
    return gallery.pictures(merged) if merged else []
