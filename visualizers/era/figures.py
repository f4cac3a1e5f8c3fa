"""The drawing contract of ERA: all charts of a finished run, those of a running one, its pictures, its film and its cover."""

import numpy as np
import plotly.graph_objects as go

from backends.episode import Episode
from backends.era.results import Counting, EraResult, Training
from visualizers.era import curves, learning, many, scenes, timeline
from visualizers.era.cover import cover

__all__ = ["clip", "cover", "figures", "live", "pictures"]


def figures(result: EraResult) -> dict[str, go.Figure]:
    """All charts of a finished run, by title."""
    trained = learning.charts(result.training) if result.training else {}
    episode = of_episode(result.episode) if result.episode else {}
    return trained | episode | (many.charts(result.counted) if result.counted else {})


def of_episode(episode: Episode) -> dict[str, go.Figure]:
    """What was done, what it was worth, what remembering costs; what is not known is left out."""
    if not episode.turns:
        return {}
    charts = {"actions": timeline.timeline(episode)}
    if episode.total_reward is not None:
        charts["rewards"] = curves.rewards(episode)
    if (learned := curves.values(episode)) is not None:
        charts["values"] = learned
    if any(turn.actions for turn in episode.turns):
        charts["memory"] = curves.memory(episode)
    return charts


def live(event: object) -> dict[str, go.Figure] | None:
    """The actions so far, or what the episodes of logs come to; None for other events."""
    if isinstance(event, Counting):
        return many.charts(event.statistics)
    if isinstance(event, Training):
        return learning.charts(event) if event.iterations else None
    return {"actions": timeline.timeline(event)} if isinstance(event, Episode) and event.turns else None


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """The world as it stands at the end of an episode, or so far."""
    episode = event.episode if isinstance(event, EraResult) else event if isinstance(event, Episode) else None
    picture = scenes.drawn(scenes.last(episode), episode.world) if episode else None
    if episode is None or picture is None:
        return []
    return [(picture, f"{episode.instruction or 'The world'}: after {episode.num_steps} steps")]


def clip(result: EraResult) -> bytes | None:
    """The episode with captions; None of one whose world cannot be drawn again."""
    return scenes.mp4(result.episode) if result.episode and scenes.has_pictures(result.episode) else None
