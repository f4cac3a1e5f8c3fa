"""A mapper with its eye, asked about pictures: what a page or a program wants to know of one that is loaded whole.

Beside the pictures it may be handed a map: one that stands in its prompt, or one that is put into its mouth as if it had written it.
Either may be wrong, and then what follows shows what the mapper makes of a map.
"""

from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedModel

from models.mappers.examples import Example, Spot
from models.mappers.learning import Task, ask
from models.mappers.replies import Reply
from models.mappers.towers import pixels_of
from models.mappers.ways import Way
from models.mappers.words import IMAGE, SPECIAL

Maps = Sequence[Sequence[Spot] | None]


def answers(model: PreTrainedModel, way: Way, asked: Sequence[tuple[Example, Sequence[np.ndarray]]], *, given: Maps | None = None,
            written: Maps | None = None) -> list[Reply]:
    """Return what a mapper says, greedily, to each question.

    Args:
        model: with its eye, as `models.loading` gives it.
        asked: questions with their pictures in the order of the views, each (side, side, 3) uint8 RGB, the side the eye's own.
        given: for each question the map that stands in its prompt; the true one where there is None.
        written: for each question the map that its reply begins with. The mapper goes on from there, and adds nothing to it; where
            there is None it writes its own.
    Raises:
        ValueError: a question has other pictures than it shows, a map is handed to a configuration that has none, there are more or
            fewer maps than questions, or one has a place that is on no map.
        KeyError: a map has a word that mappers do not know.
    """
    side, tokens = model.config.vision_config.image_size, model.config.image_seq_length
    for example, pictures in asked:
        shows = example.views.count(SPECIAL[IMAGE]) // tokens
        if len(pictures) != shows or any(one.shape != (side, side, 3) or one.dtype != np.uint8 for one in pictures):
            raise ValueError(f"a question shows {shows} pictures of {(side, side, 3)} uint8; there are "
                             f"{[(one.shape, str(one.dtype)) for one in pictures]}")
    for maps, is_due, what in ((given, way.has_map, "given"), (written, way.writes_map, "written")):
        if maps is not None and not is_due:
            raise ValueError(f"in {way.key!r} no map is {what}")
        if maps is not None and len(maps) != len(asked):
            raise ValueError(f"{len(maps)} maps are {what} to {len(asked)} questions")
    tasks = [Task(example, pixels_of(pictures)) for example, pictures in asked]
    return ask(model, way, tasks, maps=given, begun=written)
