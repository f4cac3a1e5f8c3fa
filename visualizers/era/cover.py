"""The picture that stands for ERA in the gallery: a home before and after, and what the agent says it did in between."""

import numpy as np

from backends.episode import Episode
from backends.era.results import EraResult
from models.marks import REFLECTION
from visualizers import covers
from visualizers.era import scenes
from visualizers.era.timeline import cells

SIDE_PX, GAP_PX, TOP_PX = 400, 30, 32
LETTERS = 58


def cover(result: EraResult) -> np.ndarray:
    """Two pictures of the home, the task and the last reflection below. (h, w, 3) uint8 RGB."""
    canvas, _ = covers.blank()
    episode = result.episode
    if episode is None:
        return np.asarray(canvas)
    for place, picture in enumerate(_pictures(episode)):
        covers.paste(canvas, picture, at=(65 + place * (SIDE_PX + GAP_PX), TOP_PX), within=(SIDE_PX, SIDE_PX))
    told = next((text for turn in reversed(episode.turns) if (text := turn.sections.get(REFLECTION))), "")
    covers.write(canvas, episode.instruction[:LETTERS], at=(65, 466), size_px=30)
    covers.write(canvas, f"It remembers: {told}"[:LETTERS] if told else "", at=(65, 506), size_px=24, colour=covers.SOFT)
    return np.asarray(canvas)


def _pictures(episode: Episode) -> list[np.ndarray]:
    """The first and the last that can be drawn."""
    shown = cells(episode)
    states = [shown[0][0].state, scenes.last(episode)] if shown else []
    return [picture for state in states if (picture := scenes.drawn(state, episode.world)) is not None]
