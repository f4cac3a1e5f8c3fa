"""The drawing contract of grafting: all charts of a finished run, those of a running one, its pictures and its cover."""

import numpy as np
import plotly.graph_objects as go

from backends.grafting.results import Grafted, GraftingResult, Locality, Speed
from visualizers.grafting import checkpoint, costs, files, healing, layers, locality, speed, strips
from visualizers.grafting.cover import cover

__all__ = ["clip", "cover", "figures", "live", "pictures"]


def figures(result: GraftingResult) -> dict[str, go.Figure]:
    """All charts of a finished run, by title."""
    charts: dict[str, go.Figure] = {}
    if result.grafted:
        charts |= _of_graft(result.grafted) | {"costs": costs.bars(result.grafted)}
    if result.locality:
        charts |= _of_locality(result.locality)
    if result.speed:
        charts["speed"] = speed.lines(result.speed)
    return charts


def _of_graft(grafted: Grafted) -> dict[str, go.Figure]:
    """What was replaced, how it healed, how good it is; what is not there yet is left out."""
    charts = {"layers": layers.blocks(grafted.operator, grafted.layers, grafted.num_layers)}
    if any(healed.errors for healed in grafted.healed):
        charts |= {"errors": healing.bars(grafted), "stage 1": healing.curves(grafted)}
    if grafted.tuned_errors:
        charts["stage 2"] = healing.tuned(grafted)
    if any(state.held_out is not None for state in grafted.states):
        charts["held-out error"] = healing.held_out(grafted)
    if (distances := healing.proxy_fd(grafted)) is not None:
        charts["proxy-FD"] = distances
    return charts


def _of_locality(found: Locality) -> dict[str, go.Figure]:
    """Shares by layer, which layers patterns take, and the first map that was kept."""
    charts = {"near attention": locality.shares(found), "on the grid": locality.on_the_grid(found)}
    if found.picked:
        charts["patterns"] = locality.picked(found)
    return charts | {"attention": locality.attention(found, layer=0, head=None, time=0)}


def live(event: object) -> dict[str, go.Figure] | None:
    """The charts worth drawing while a run goes on; None for other events."""
    if isinstance(event, Grafted):
        return _of_graft(event)
    if isinstance(event, Locality):
        return _of_locality(event)
    return {"speed": speed.lines(event)} if isinstance(event, Speed) else None


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """What the model paints in each state that a run has come to, one picture per state, and its caption."""
    grafted = event.grafted if isinstance(event, GraftingResult) else event if isinstance(event, Grafted) else None
    if grafted is None:
        return []
    shown = [(strips.strip(state.pictures), strips.caption(state)) for state in grafted.states]
    return shown + ([(strips.strip(grafted.samples.pictures), checkpoint.judged(grafted.samples))] if grafted.samples else [])


def clip(result: GraftingResult) -> bytes | None:
    """The denoising of every state at once; None of a run that painted nothing step by step."""
    return files.mp4(result.grafted) if result.grafted and strips.num_steps(result.grafted) else None
