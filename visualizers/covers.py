"""Covers of the home page: one shape for every system, on a dark ground that stands on a light page and on a dark one."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH_PX, HEIGHT_PX = 960, 540
GROUND, INK, SOFT = "#1C2530", "#F2F5F8", "#AAB4C0"


def blank() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty cover and what draws on it."""
    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), GROUND)
    return picture, ImageDraw.Draw(picture)


def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, so that nothing has to be installed."""
    return ImageFont.load_default(size_px)


def paste(cover: Image.Image, picture: np.ndarray, *, at: tuple[int, int], within: tuple[int, int]) -> tuple[int, int]:
    """Place a picture, (h, w, 3) uint8 RGB, as large as it can be within a width and a height; returns the size that it got."""
    shown = Image.fromarray(picture)
    scale = min(within[0] / shown.width, within[1] / shown.height)
    shown = shown.resize((max(1, round(shown.width * scale)), max(1, round(shown.height * scale))), Image.Resampling.LANCZOS)
    cover.paste(shown, at)
    return shown.size


def write(picture: Image.Image, text: str, *, at: tuple[int, int], size_px: int, colour: str = INK) -> None:
    """One line that begins at a place, centred on its height, made smaller where it would not fit."""
    draw = ImageDraw.Draw(picture)
    room = picture.width - at[0] - 10
    while size_px > 9 and draw.textlength(text, font(size_px)) > room:
        size_px -= 1
    draw.text(at, text, fill=colour, font=font(size_px), anchor="lm")
