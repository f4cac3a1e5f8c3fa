"""The drawing contract of MindCube: all charts of a finished run, those of a running one, its pictures and its cover."""

import numpy as np
import plotly.graph_objects as go

from backends.mindcube.results import Asked, MindCubeResult, Report, Training
from visualizers.mindcube import evaluation, gaze, learning, maps, relations, turns, views
from visualizers.mindcube.cover import cover
from visualizers.mindcube.methods import way_name
from visualizers.mindcube.room import room
from visualizers.mindcube.things import shown_map
from visualizers.mindcube.verdicts import verdicts

__all__ = ["cover", "figures", "live", "pictures"]


def figures(result: MindCubeResult) -> dict[str, go.Figure]:
    """All charts of a finished run, by title."""
    made = of_asked(result.asked) if result.asked else {}
    made |= evaluation.charts(result.reports)
    return made | (learning.charts(result.training) if result.training else {})


def of_asked(asked: Asked, *, is_live: bool = False) -> dict[str, go.Figure]:
    """The room, the verdicts and the maps of one question; at its end also relations, the turning test and gazes."""
    made: dict[str, go.Figure | None] = {"room": room(asked), "verdicts": verdicts(asked), **maps.panels(asked)}
    if not is_live:
        for reply in asked.replies:
            name = way_name(reply.configuration)
            if reply.map is not None:
                made[f"relations: {name}"] = relations.relations(asked, reply)
            made |= {f"gaze: {name}": gaze.words(reply), f"gaze along the reply: {name}": gaze.strip(reply)}
        written = next((drawn for reply in asked.replies if (drawn := shown_map(reply)) and drawn.objects), asked.true)
        if asked.true and asked.true.objects and written:
            made |= {"turning": turns.turning(written, asked.true), "blind spots": turns.spots(asked.true)}
    return {name: figure for name, figure in made.items() if figure is not None}


def live(event: object) -> dict[str, go.Figure] | None:
    """The charts worth drawing while a run goes on; None for other events."""
    if isinstance(event, Asked):
        return of_asked(event, is_live=True) or None
    if isinstance(event, Training):
        return learning.charts(event) or None
    if isinstance(event, Report):
        return evaluation.charts([event]) or None
    if isinstance(event, tuple) and event and all(isinstance(one, Report) for one in event):
        return evaluation.charts(event) or None
    return None


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """The images of the question; of an Asked or a result of one."""
    asked = event.asked if isinstance(event, MindCubeResult) else event if isinstance(event, Asked) else None
    return views.pictures(asked) if asked else []
