"""Questions about a haystack video, whose answers are exact: the order of its needles, and what surrounds each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worlds.haystack.rooms import Room
from worlds.kit import SHAPES, WALLS, wall_name

LETTERS = "ABCDE"


@dataclass(frozen=True)
class Needle:
    """One thing to find: visible for start_s <= t < end_s and at no other time."""

    name: str
    start_s: float
    end_s: float
    room: int
    neighbour: str  # the toy beside it


@dataclass(frozen=True)
class Question:
    """A question with exact answer; key_seconds are all whole seconds at which a target is visible."""

    question: str
    options: tuple[str, ...]
    answer: str  # letter
    targets: tuple[str, ...]
    cues: tuple[str, ...]
    key_seconds: tuple[int, ...]


def questions_of(needles: Sequence[Needle], rooms: Sequence[Room], *, seed: int) -> list[Question]:
    """Return the questions with exact answers; the first one is the question of the item."""
    rng = np.random.default_rng([seed, 5])
    questions = []
    if len(needles) == 2:
        questions.append(_order(needles, rooms))
    for needle in needles:
        room = rooms[needle.room]
        walls = _options(rng, wall_name(room.wall), [wall_name(wall) for wall in WALLS])
        text = f"Which room colour was around when the {needle.name} appeared?"
        questions.append(_question(text, walls, wall_name(room.wall), [needle], rooms))
        shape, own = needle.neighbour.split()[1], needle.name.split()[1]
        shapes = _options(rng, shape, [kind for kind in SHAPES if kind != own])
        questions.append(_question(f"What shape stood next to the {needle.name}?", shapes, shape, [needle], rooms))
        counts = ("0", "2", "3", "4")
        text = f"How many pieces of furniture are in the room where the {needle.name} appeared?"
        questions.append(_question(text, counts, str(len(room.furniture)), [needle], rooms))
    return questions


def _order(needles: Sequence[Needle], rooms: Sequence[Room]) -> Question:
    first, second = needles
    options = ("Yes, before", "No, after", "Both at the same time", f"There was no {first.name}")
    correct = options[0] if first.start_s < second.start_s else options[1]
    if first.start_s == second.start_s:
        correct = options[2]
    return _question(f"Did the {first.name} appear before the {second.name}?", options, correct, needles, rooms)


def _question(text: str, options: tuple[str, ...], correct: str, needles: Sequence[Needle], rooms: Sequence[Room]) -> Question:
    seconds = {s for n in needles for s in range(int(np.ceil(n.start_s)), int(np.ceil(n.end_s)))}
    targets = tuple(needle.name for needle in needles)
    cues = dict.fromkeys(thing.name for needle in needles for thing in rooms[needle.room].furniture)
    return Question(text, options, LETTERS[options.index(correct)], targets, tuple(cues), tuple(sorted(seconds)))


def _options(rng: np.random.Generator, correct: str, words: list[str]) -> tuple[str, ...]:
    others = [word for word in words if word != correct]
    chosen = [correct] + [others[index] for index in rng.permutation(len(others))[:4]]
    return tuple(chosen[index] for index in rng.permutation(5))
