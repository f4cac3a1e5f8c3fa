"""The picture that stands for CoDA in the gallery: a prompt with its masked words, and two decoders' answers to it."""

from math import exp, isfinite
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from backends.coda.results import Asked, CodaResult, Written
from visualizers.coda.methods import DECODER_NAMES
from visualizers.coda.words import ROLE_COLOURS, role, shown_piece, words_of
from visualizers.theme import DISTRIBUTION_COLOUR

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


def cover(result: CodaResult) -> np.ndarray:
    """What stands for the system in the gallery: a prompt and what two decoders answer to it. (h, w, 3) uint8 RGB."""
    asked = result.asked[0]
    picture = Image.new("RGB", (960, 540), "#FCFCFA")
    draw, big, small = ImageDraw.Draw(picture), ImageFont.load_default(34), ImageFont.load_default(24)
    bottom = _draw_prompt(draw, asked, big)
    shown = [written for written in asked.written if written.method in ("greedy", "coda")] or list(asked.written[:2])
    for number, written in enumerate(shown[:2]):
        _draw_answer(draw, asked, written, (40 + 460 * number, max(210, bottom + 40)), (big, small))
    return np.asarray(picture)


def _draw_prompt(draw: ImageDraw.ImageDraw, asked: Asked, font: Font) -> int:
    """The words of the prompt, the masked one in colour; returns where the last line ends."""
    x, y = 40, 40
    for text, is_masked in words_of(asked):
        width = int(draw.textlength(text, font))
        if x + width > 920:
            x, y = 40, y + 58
        if is_masked:
            draw.rounded_rectangle((x - 8, y - 6, x + width + 8, y + 46), 8, fill=DISTRIBUTION_COLOUR)
        draw.text((x, y), text, fill="#FFFFFF" if is_masked else "#1F2430", font=font)
        x += width + 20
    return y + 46


def _draw_answer(draw: ImageDraw.ImageDraw, asked: Asked, written: Written, at: tuple[int, int], fonts: tuple[Font, Font]) -> None:
    """One decoder's answer over the likeliest tokens by its score."""
    (x, y), (big, small) = at, fonts
    token = written.tokens[0]
    colour = ROLE_COLOURS["right" if written.is_right else "popular" if written.is_popular else "other"]
    draw.text((x, y), f"{DECODER_NAMES[written.method]}: {shown_piece(written.text)[:16]}", fill=colour, font=big)
    entries = [entry for entry in token.by_score if isfinite(entry.score)][:4]
    weights = [exp(entry.score - max(e.score for e in entries)) for entry in entries]
    for number, (entry, weight) in enumerate(zip(entries, weights)):
        top = y + 60 + 46 * number
        draw.text((x, top), shown_piece(entry.piece)[:11], fill="#1F2430", font=small)
        draw.rectangle((x + 150, top + 2, x + 154 + int(250 * weight), top + 28), fill=ROLE_COLOURS[role(entry.piece, asked)])
