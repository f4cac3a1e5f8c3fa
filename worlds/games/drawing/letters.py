"""Writes into pictures with Pillow's own font, so that nothing has to be installed."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worlds.pen import Colour

_LEAST_PX = 5  # of a letter; smaller ones are drawn at this size and are not read any more


def write(canvas: np.ndarray, text: str, *, middle: tuple[float, float], room: tuple[float, float], colour: Colour) -> None:
    """Write one line around a middle, as large as it fits into a width and a height, all in parts of the picture's side.

    Args:
        canvas: (side, side, 3) uint8 RGB, written into in place.
    """
    side, (wide, high) = len(canvas), room
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    size = max(_LEAST_PX, round(high * side))
    while size > _LEAST_PX and pen.textbbox((0, 0), text, font=_font(size), stroke_width=size / 60)[2] > wide * side:
        size -= 1
    pen.text((middle[0] * side, middle[1] * side), text, fill=colour, font=_font(size), anchor="mm", stroke_width=size / 60,
             stroke_fill=colour)
    canvas[:] = np.asarray(picture)


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
