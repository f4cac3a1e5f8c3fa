"""All images of a question in one picture, each with its number; of three the fourth place asks what none of them shows."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from PIL import Image, ImageDraw

from backends.mindcube.results import Asked
from visualizers import covers
from visualizers.mindcube import views

GAP_PX = 8
GAP_RGB = (128, 128, 128)  # between tiles: between the grounds of the light page and the dark one
ASKS_PX = 150


def tiles(asked: Asked, lit: Sequence[int] = ()) -> np.ndarray | None:
    """(h, w, 3) uint8 RGB; None where there is no image.

    Args:
        lit: numbers of the images that a step speaks of; the others are pale.
    """
    drawn = [views.numbered(image, number) for number, (image, _) in enumerate(views.pictures(asked, lit), start=1)]
    if not drawn:
        return None
    high, wide = drawn[0].shape[:2]
    fitted = [image if image.shape == drawn[0].shape else _within(image, wide, high) for image in drawn]
    across = 1 if len(fitted) == 1 else 2 if len(fitted) <= 4 else 3
    down = ceil(len(fitted) / across)
    fitted += [_asks(wide, high)] * (across * down - len(fitted))
    canvas = np.full((down * (high + GAP_PX) - GAP_PX, across * (wide + GAP_PX) - GAP_PX, 3), GAP_RGB, np.uint8)
    for place, image in enumerate(fitted):
        top, left = (place // across) * (high + GAP_PX), (place % across) * (wide + GAP_PX)
        canvas[top:top + high, left:left + wide] = image
    return canvas


def _within(image: np.ndarray, wide: int, high: int) -> np.ndarray:
    """A picture of another shape, as large as it fits."""
    canvas = Image.new("RGB", (wide, high), covers.GROUND)
    covers.paste(canvas, image, at=(0, 0), within=(wide, high))
    return np.asarray(canvas)


def _asks(wide: int, high: int) -> np.ndarray:
    """A tile for what is not seen."""
    canvas = Image.new("RGB", (wide, high), covers.GROUND)
    ImageDraw.Draw(canvas).text((wide // 2, high // 2), "?", fill=covers.INK, font=covers.font(min(ASKS_PX, high // 2)), anchor="mm")
    return np.asarray(canvas)
