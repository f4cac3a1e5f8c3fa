"""The picture that stands for CoDA in the gallery: a prompt with its masked words, and two decoders' answers to it."""

from math import exp, isfinite

import numpy as np
from PIL import ImageDraw

from backends.coda.results import Asked, CodaResult, Written
from visualizers import covers
from visualizers.coda.methods import DECODER_NAMES
from visualizers.coda.words import ROLE_COLOURS, role, shown_piece, words_of

MASKED_ON_DARK = "#2F8FD0"  # the blue of the masked word, light enough for a dark ground
ROLES_ON_DARK = ROLE_COLOURS | {"right": "#2BB68D"}


def cover(result: CodaResult) -> np.ndarray:
    """What stands for the system in the gallery: a prompt and what two decoders answer to it. (h, w, 3) uint8 RGB."""
    return answers(result.asked[0])


def answers(asked: Asked) -> np.ndarray:
    """A prompt and what two decoders answer to it, greedy and CoDA where they are there. (h, w, 3) uint8 RGB."""
    picture, draw = covers.blank()
    bottom = _draw_prompt(draw, asked)
    for number, written in enumerate(shown_of(asked)):
        _draw_answer(draw, asked, written, (40 + 460 * number, max(210, bottom + 40)))
    return np.asarray(picture)


def shown_of(asked: Asked) -> list[Written]:
    """The decoders that are drawn: at most two, those that wrote anything."""
    wrote = [written for written in asked.written if written.tokens]
    return ([written for written in wrote if written.method in ("greedy", "coda")] or wrote)[:2]


def _draw_prompt(draw: ImageDraw.ImageDraw, asked: Asked) -> int:
    """The words of the prompt, the masked one on colour; returns where the last line ends."""
    (x, y), font = (40, 40), covers.font(38)
    for text, is_masked in words_of(asked):
        width = int(draw.textlength(text, font))
        if x + width > covers.WIDTH_PX - 40:
            x, y = 40, y + 62
        if is_masked:
            draw.rounded_rectangle((x - 8, y - 6, x + width + 8, y + 50), 8, fill=MASKED_ON_DARK)
        draw.text((x, y), text, fill=covers.INK, font=font)
        x += width + 20
    return y + 50


def _draw_answer(draw: ImageDraw.ImageDraw, asked: Asked, written: Written, at: tuple[int, int]) -> None:
    """One decoder's answer over the likeliest tokens by its score."""
    x, y = at
    token = written.tokens[0]
    colour = ROLES_ON_DARK["right" if written.is_right else "popular" if written.is_popular else "other"]
    name = DECODER_NAMES[written.method].partition(",")[0]
    draw.text((x, y), f"{name}: {shown_piece(written.text)[:16]}", fill=colour, font=covers.font(36))
    entries = [entry for entry in token.by_score if isfinite(entry.score)][:4]
    weights = [exp(entry.score - max(e.score for e in entries)) for entry in entries]
    for number, (entry, weight) in enumerate(zip(entries, weights)):
        top = y + 64 + 46 * number
        draw.text((x, top), shown_piece(entry.piece)[:11], fill=covers.INK, font=covers.font(26))
        draw.rectangle((x + 160, top + 2, x + 164 + int(240 * weight), top + 28), fill=ROLES_ON_DARK[role(entry.piece, asked)])
