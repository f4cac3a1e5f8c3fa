"""The miniature asked: a small model for each configuration, whose words are written out as MindCube's models write.

It knows drawn rooms of the paper's settings, says a thing, a move, yes or no, and never a letter: its answer gets the letter of the
option that it names.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from transformers import PreTrainedModel

from backends.mindcube.edits import spots_of
from backends.mindcube.maps import Map
from backends.mindcube.replies import Said
from backends.mindcube.results import MAX_WORDS, Gaze
from backends.mindcube.rooms import Posed
from backends.mindcube.settings import SCENES, Config, MindCubeSettings
from backends.rungs import rung_of
from models.attention.gaze import gaze, image_groups
from models.catalogue import Quantisation, Rung, at_stage, availability
from models.mappers.asking import answers
from models.mappers.examples import Example, shown
from models.mappers.replies import Reply
from models.mappers.scenes import example_of
from models.mappers.texts import reply_text
from models.mappers.towers import pixels_of
from models.mappers.ways import MISSING, WAYS, Way
from models.mappers.words import EOS, MAP, MARKS, SPECIAL, ids_of
from models.memory import budget
from worlds.errors import InputError

MINIATURE = "mindcube-mappers"
Shown = tuple[Example, list[np.ndarray]]  # a question in words, and its pictures
WAY_OF: Mapping[str, Way] = {way.paper: way for way in WAYS.values()}


def why_not(rung: Rung, configuration: Config) -> str:
    """Return in a sentence why the miniature is not asked in a configuration; "" where it is."""
    if configuration in MISSING:
        return f"The miniature is not asked as {configuration}: {MISSING[configuration]}."
    found = availability(at_stage(rung, WAY_OF[configuration].key))
    return "" if found.ok else f"The miniature is not asked as {configuration}: {found.reason}"


@contextmanager
def lent(rung: Rung, configurations: Sequence[Config], quantisation: Quantisation = "none"
         ) -> Iterator[dict[Config, PreTrainedModel]]:
    """The models of some configurations, as long as they are needed. Raises InputError where they are not packed so."""
    with ExitStack() as stack:
        found: dict[Config, PreTrainedModel] = {}
        for configuration in configurations:
            own = at_stage(rung, WAY_OF[configuration].key)
            found[configuration] = stack.enter_context(budget().borrow(own, quantisation)).vlm.model
        yield found


def shown_to(model: PreTrainedModel, posed: Sequence[Posed]) -> list[Shown]:
    """Return what a model is shown of some questions: words and pictures of its own size.

    Raises:
        InputError: a room is none of the paper's settings.
    """
    if any(one.scene.family == "free" for one in posed):
        raise InputError("The miniature knows rooms of the paper's settings only, and this one is built freely. Choose a layout, "
                         "or a real model.")
    side = model.config.vision_config.image_size
    return [(example_of(one.scene, one.question), one.pictures(side)) for one in posed]


def ask(model: PreTrainedModel, configuration: Config, posed: Sequence[Posed], asked: Sequence[Shown], *, changed: Map | None = None,
        looks: bool = False) -> list[Said]:
    """Return what a model says to some questions.

    Args:
        asked: the questions as it is shown them.
        changed: a map that is given instead of the true one, or put into its mouth; of all the questions.
        looks: whether to read where it looked.
    Raises:
        InputError: there are no words for the map.
    """
    way, started = WAY_OF[configuration], time.monotonic()
    spots = None if changed is None else spots_of(changed, posed[0].scene.family)
    handed = None if spots is None else [spots] * len(posed)
    replies = answers(model, way, asked, given=handed if way.has_map else None, written=handed if way.writes_map else None)
    seconds = (time.monotonic() - started) / len(posed)
    found = []
    for one, reply, (example, pictures) in zip(posed, replies, asked, strict=True):
        given = None if not way.has_map and (changed is None or not way.writes_map) else (changed or one.true).plain
        seen = _gaze(model, shown(example, way, spots if way.has_map else None), reply, pixels_of(pictures)) if looks else None
        found.append(Said(reply_text(reply, one.question.options), given, way.has_map and changed is None,
                          SPECIAL[EOS] not in reply.words, len(reply.words), seconds, seen))
    return found


def _gaze(model: PreTrainedModel, prompt: list[str], reply: Reply, pixels: torch.Tensor) -> Gaze | None:
    """Where the model looked while it said each word; None where it said none."""
    said = list(reply.words[:MAX_WORDS])
    ids = torch.tensor([ids_of([*prompt, *said])])
    images = image_groups(model, ids, len(pixels))
    if not said or images is None:
        return None
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels.to(model.dtype)}
    own = torch.zeros(ids.shape[1], dtype=torch.bool)
    for place in _map_places([*prompt, *said]):
        own[place] = True
    words = [len(prompt) + place for place in range(len(said))]
    seen = gaze(model, inputs, words, [*images, own])
    return Gaze(words=tuple(said), images=seen[:, :-1], own_map=seen[:, -1])


def _map_places(words: Sequence[str]) -> Iterator[int]:
    """Which words are a map's, between its mark and the next."""
    inside = False
    for place, word in enumerate(words):
        if word in MARKS or word in SPECIAL:
            inside = word == MAP
        elif inside:
            yield place


def objection(settings: MindCubeSettings) -> str:
    """Why the model that settings name is of no use here; "" where it is, or where there is none of that name."""
    try:
        rung = rung_of(settings.model, "vlm")
    except InputError:
        return ""
    if rung.name != MINIATURE:
        made_for = f"{rung.title} was made for another page. Choose {MINIATURE}, or a real model."
        return made_for if rung.is_miniature else ""
    if settings.task != "evaluate" or settings.data == SCENES:
        return ""
    return ("The miniature knows drawn rooms only, and no photographs. Choose a real model for MindCube's own questions, or 'scenes' "
            "as the data.")
