"""The picture that stands for merging in the gallery: one sum, and what both parents and the child say to it."""

import numpy as np

from backends.merging.results import MergingResult
from visualizers import covers
from visualizers.merging import gallery
from visualizers.merging.methods import MODEL_COLOURS, WRONG_COLOUR, verdict
from visualizers.theme import RIGHT_COLOUR
from worlds.pictures import decode_jpeg

SIDE_PX, LEFT_PX, TOP_PX = 400, 44, 60
NAMES = {"vlm": "sees, cannot reckon", "reasoner": "reckons, cannot see", "child": "their child"}


def cover(result: MergingResult) -> np.ndarray:
    """A picture at the left, three answers at the right. (h, w, 3) uint8 RGB."""
    canvas, draw = covers.blank()
    question = gallery.telling(result.merged) if result.merged else None
    if question is None:
        covers.write(canvas, "Merging", at=(60, 270), size_px=60)
        return np.asarray(canvas)
    covers.paste(canvas, decode_jpeg(question.jpeg), at=(LEFT_PX, TOP_PX), within=(SIDE_PX, SIDE_PX))
    covers.write(canvas, question.question, at=(LEFT_PX, 500), size_px=30)
    left = LEFT_PX + SIDE_PX + 40
    for place, (by, name) in enumerate(NAMES.items()):
        answer, top = gallery.answer_of(question, by), TOP_PX + 135 * place
        draw.rectangle((left, top, left + 8, top + 112), fill=MODEL_COLOURS[by])
        covers.write(canvas, name, at=(left + 28, top + 22), size_px=28, colour=covers.SOFT)
        if answer is not None:
            covers.write(canvas, answer.says or "nothing", at=(left + 28, top + 78), size_px=54)
            covers.write(canvas, verdict(answer.is_right), at=(left + 240, top + 80), size_px=34,
                         colour=RIGHT_COLOUR if answer.is_right else WRONG_COLOUR)
    return np.asarray(canvas)
