"""A mapper's reply as MindCube's own models write it: a plain map as JSON, a thought, an option, each in its tags."""

import json
from collections.abc import Sequence

from models.mappers.examples import Spot
from models.mappers.replies import Reply
from models.mappers.scenes import grid_of
from models.mappers.words import COMPASS, NUMBERS, text_of, word_of
from worlds.rooms.catalogue import NAMES
from worlds.rooms.questions import LETTERS
from worlds.rooms.scenes import ON_MAP

_THINGS = frozenset(word_of(name) for name in NAMES)


def map_text(spots: Sequence[Spot]) -> str:
    """A map as the plain form of the paper: a name, its position, and its facing where it has one."""
    rows: dict[str, dict[str, object]] = {}
    for spot, (x, y) in zip(spots, grid_of(spots)):
        faces = {"facing": ON_MAP[90 * COMPASS.index(spot.faces)]} if spot.faces else {}
        rows[text_of(spot.thing)] = {"position": [x, y], **faces}
    return json.dumps(rows)


def thought_text(thought: Sequence[str]) -> str:
    """A thought in sentences, a look-up each."""
    sentences, words = [], list(thought)
    while words:
        key = words.pop(0)
        if key in NUMBERS or key in _THINGS:
            who, value = f"Image {key}" if key in NUMBERS else f"The {text_of(key)}", words.pop(0) if words else ""
            sentences.append(f"{who}: {value}.")
        else:
            sentences.append(f"Then {key}.")
    return " ".join(sentences)


def reply_text(reply: Reply, options: Sequence[str]) -> str:
    """The reply with its answer as one of the options; an answer that is none of them has no letter."""
    parts = []
    if reply.spots is not None:
        parts.append(f"<cogmap>```json\n{map_text(reply.spots)}\n```</cogmap>")
    if reply.thought is not None:
        parts.append(f"<think>{thought_text(reply.thought)}</think>")
    answer = text_of(reply.answer)
    letter = f"{LETTERS[options.index(answer)]}. " if answer in options else ""
    parts.append(f"<answer>{letter}{answer}</answer>")
    return "".join(parts)
