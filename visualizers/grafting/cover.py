"""The picture that stands for grafting in the gallery: the same noise, painted by the model in its states."""

import numpy as np
from PIL import Image

from backends.grafting.results import GraftingResult, State
from visualizers import covers
from visualizers.grafting.methods import STATE_NAMES

MOST, SIDE_PX, LEFT_PX, TOP_PX, GAP_PX = 4, 152, 290, 26, 12  # pictures of a state; places in pixels


def cover(result: GraftingResult) -> np.ndarray:
    """A row per state, three at the most: as it was, broken, healed. (h, w, 3) uint8 RGB."""
    canvas, _ = covers.blank()
    states = result.grafted.states if result.grafted else ()
    for number, state in enumerate(shown_of(states)):
        top = TOP_PX + number * (SIDE_PX + GAP_PX)
        for line, text in enumerate(STATE_NAMES[state.name].split(", ")):
            covers.write(canvas, text, at=(30, top + 58 + 40 * line), size_px=34 if not line else 28,
                         colour=covers.INK if not line else covers.SOFT)
        for place, picture in enumerate(state.pictures[:MOST]):
            shown = Image.fromarray(picture).resize((SIDE_PX, SIDE_PX), Image.Resampling.NEAREST)
            canvas.paste(shown, (LEFT_PX + place * (SIDE_PX + GAP_PX), top))
    return np.asarray(canvas)


def shown_of(states: tuple[State, ...]) -> list[State]:
    """The first two and the last."""
    return [*states[:2], *states[2:][-1:]]
