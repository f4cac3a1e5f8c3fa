"""The picture that stands for MindCube in the gallery: what is seen, the map that is made of it, and the question."""

from math import cos, radians, sin

import numpy as np
from PIL import ImageDraw

from backends.mindcube.results import Asked, Drawn, MindCubeResult, Spotted
from visualizers import covers
from visualizers.mindcube import views
from visualizers.mindcube.maps import HEADINGS
from visualizers.mindcube.things import all_names, colour_of, sign_of

SEEN_PX, GAP_PX, TOP_PX, LEFT_PX = 196, 12, 32, 46
MAP_PX, MAP_LEFT_PX = 404, 510
GRID, CAMERA = "#3A4653", "#8FA1B3"
LETTERS = 66


def cover(result: MindCubeResult) -> np.ndarray:
    """Four views at the left, the true map at the right, what is asked below. (h, w, 3) uint8 RGB."""
    canvas, draw = covers.blank()
    asked = result.asked
    if asked is None:
        covers.write(canvas, "MindCube", at=(60, 270), size_px=60)
        return np.asarray(canvas)
    for place, image in enumerate(views.plain(asked)[:4]):
        row, column = divmod(place, 2)
        at = (LEFT_PX + column * (SEEN_PX + GAP_PX), TOP_PX + row * (SEEN_PX + GAP_PX))
        covers.paste(canvas, views.numbered(image, place + 1), at=at, within=(SEEN_PX, SEEN_PX))
    if asked.true is not None:
        _draw_map(draw, asked, asked.true)
    for line, text in enumerate(_in_two(_question(asked))):
        covers.write(canvas, text, at=(LEFT_PX, 470 + 36 * line), size_px=28, colour=covers.INK)
    return np.asarray(canvas)


def _question(asked: Asked) -> str:
    """What is asked, without the sentence that says what the images are."""
    sentences = asked.question.split(". ")
    return sentences[-1] if len(sentences) > 1 else asked.question


def _in_two(text: str) -> list[str]:
    words, lines = text.split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if len(longer) <= LETTERS else [*lines, word]
    return lines if len(lines) <= 2 else [lines[0], f"{lines[1][:LETTERS - 1]}…"]


def _at(x: float, y: float) -> tuple[float, float]:
    """A place of the grid in the cover; a step of a tenth is a cell."""
    return MAP_LEFT_PX + MAP_PX * x / 10, TOP_PX + MAP_PX * y / 10


def _draw_map(draw: ImageDraw.ImageDraw, asked: Asked, true: Drawn) -> None:
    for line in range(11):
        draw.line([_at(line, 0), _at(line, 10)], fill=GRID, width=1)
        draw.line([_at(0, line), _at(10, line)], fill=GRID, width=1)
    names = all_names(asked)
    for view in true.views or ():
        if view.facing in HEADINGS:
            draw.polygon([_at(view.x, view.y), _ahead(view, 0.95, -0.5), _ahead(view, 0.95, 0.5)], fill=CAMERA)
    for spot in true.objects:
        _draw_thing(draw, spot, colour_of(spot.name, names))


def _ahead(spot: Spotted, by: float, aside: float = 0.0) -> tuple[float, float]:
    turn = radians(HEADINGS[spot.facing])
    return _at(spot.x + by * sin(turn) + aside * cos(turn), spot.y - by * cos(turn) + aside * sin(turn))


def _draw_thing(draw: ImageDraw.ImageDraw, spot: Spotted, colour: str) -> None:
    (x, y), size = _at(spot.x, spot.y), 24
    sign = sign_of(spot.name)
    if spot.facing in HEADINGS:
        draw.polygon([_ahead(spot, 0.75, -0.28), _ahead(spot, 0.75, 0.28), _ahead(spot, 1.2)], fill=covers.INK)
    if sign == "circle":
        draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    elif sign == "triangle-up":
        draw.polygon([(x, y - size - 2), (x + size + 2, y + size - 3), (x - size - 2, y + size - 3)], fill=colour)
    else:
        wide = size if sign == "square" else size * 0.62
        draw.rectangle((x - wide, y - size, x + wide, y + size), fill=colour)


