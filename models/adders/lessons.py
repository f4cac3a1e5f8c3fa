"""What each parent learns: how many items of which kind are in a batch, which parts of the network change, and how fast.

This is the paper's situation in small. Multimodal reasoning is scarce: base and vision-language model meet a quarter of all facts,
the reasoner all of them, in words alone. Bare items hand over both digits and hide the scene, so that a model works out the result
from what it has said itself; without them facts learned from words are of no use on pictures. Embeddings and head stay the base's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from torch import Tensor

from models.adders.networks import DEEP, SIZE
from models.adders.words import BOS, EOS, IMAGE, IMAGE_TOKENS, PAD, ids_of
from models.scene_vlm import Size
from models.scene_vlm import pixels_of as normalised
from models.training.replies import Batch, Row, batch_of
from worlds.sums.drawing import picture
from worlds.sums.facts import STEPS
from worlds.sums.scenes import LOOKUPS, Item, draw_item

Learns = Literal["all", "blocks", "eye"]  # the whole model, its language layers, or its eye with the projector


@dataclass(frozen=True)
class Lesson:
    """One stretch of a training.

    Attributes:
        lookups, sums, bare: items of each kind in a batch.
        seen: whether all facts are seen ones; None: they are any.
        steps_of: operations in a row that are asked for, 1 or 2.
        shows: scenes are pictures, else words.
        learns: what changes.
        noise: of pictures, the range that it is drawn from, grey levels.
    """

    steps: int
    rate: float
    lookups: int
    sums: int
    bare: int = 0
    seen: bool | None = True
    steps_of: tuple[int, ...] = (1,)
    shows: bool = False
    learns: Learns = "blocks"
    noise: tuple[float, float] = (6.0, 24.0)
    warm_up: int = 50
    weight_decay: float = 0.01


@dataclass(frozen=True)
class Sight:
    """How the eye learns by itself: updates of so many pictures each, the rate, and the range of their noise, in grey levels."""

    steps: int = 1000
    batch: int = 96
    rate: float = 3e-3
    noise: tuple[float, float] = (6.0, 24.0)
    warm_up: int = 50


@dataclass(frozen=True)
class Plan:
    """The stretches that make the parents: `sight`, `eye` and `vlm` one after the other make the vision-language model."""

    size: Size = SIZE

    base: Lesson = field(default_factory=lambda: Lesson(400, 2e-3, lookups=88, sums=16, bare=16, learns="all"))
    reasoner: Lesson = field(default_factory=lambda: Lesson(400, 1e-3, lookups=20, sums=28, bare=48, seen=None))
    sight: Sight = field(default_factory=Sight)
    # an eye that has learned to speak the base's words to the last needs no language model of its own: the reasoner alone reads them
    eye: Lesson = field(default_factory=lambda: Lesson(320, 2e-3, lookups=80, sums=16, shows=True, learns="eye"))
    vlm: Lesson = field(default_factory=lambda: Lesson(350, 5e-4, lookups=56, sums=40, shows=True))


def in_steps(plan: Plan, steps_of: tuple[int, ...]) -> Plan:
    """The same plan with facts of so many operations in a row."""
    return replace(plan, base=replace(plan.base, steps_of=steps_of), reasoner=replace(plan.reasoner, steps_of=steps_of),
                   eye=replace(plan.eye, steps_of=steps_of), vlm=replace(plan.vlm, steps_of=steps_of))


PLAN = Plan()
DEEP_PLAN = in_steps(replace(PLAN, size=DEEP), (1, 2))


def with_reasoner_b(plan: Plan) -> Plan:
    """The same plan with a reasoner that learns three times as fast, and strays farther from the base."""
    return replace(plan, reasoner=replace(plan.reasoner, rate=3 * plan.reasoner.rate, steps=plan.reasoner.steps * 9 // 8))


def draw_batch(rng: np.random.Generator, lesson: Lesson) -> Batch:
    """One batch of a lesson."""
    asked = tuple(operation for steps in lesson.steps_of for operation in STEPS[steps])
    told = [draw_item(rng, LOOKUPS, noise=lesson.noise) for _ in range(lesson.lookups)]
    told += [draw_item(rng, asked, seen=lesson.seen, noise=lesson.noise) for _ in range(lesson.sums)]
    bare = [draw_item(rng, asked, seen=lesson.seen) for _ in range(lesson.bare)]
    rows = [(prompt_of(item, shows=lesson.shows), reply_of(item)) for item in told] + [bare_row(item) for item in bare]
    return batch_of(rows, pad=PAD, seen=[pixels_of(told)] if lesson.shows else [])


def prompt_of(item: Item, *, shows: bool) -> list[int]:
    """Tokens of a prompt: the scene, as places of a picture or in words, and the question."""
    return [BOS, *([IMAGE] * IMAGE_TOKENS if shows else ids_of(item.scene.words)), *ids_of(item.question)]


def reply_of(item: Item) -> list[int]:
    """Tokens of the right reply."""
    return [*ids_of(item.answer), EOS]


def bare_row(item: Item) -> Row:
    """A prompt in which the scene is hidden and both digits are said already, and the result, which is all that is left to say."""
    *digits, found = item.answer
    return [BOS, *ids_of(item.bare), *ids_of(digits)], [*ids_of([found]), EOS]


def pixels_of(items: Sequence[Item]) -> Tensor:
    """The pictures of items as the eye takes them: (items, 3, side, side), normalised."""
    return normalised([picture(item.scene) for item in items])
