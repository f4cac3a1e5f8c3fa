"""Scenes of two coloured digits and what is asked of them, for training, validation and tests: no two of these share a combination.

A combination is both digits with their colours, of which there are 1,600. Which subset has it is decided by its checksum: ten of
twelve are for training, one each for validation and for tests. Where the digits stand and the grain of the picture are drawn anew
for each scene.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args
from zlib import crc32

import numpy as np

from worlds.kit import COLOURS as _KIT
from worlds.sums.facts import BASE, STEPS, is_seen, result

Subset = Literal["train", "validation", "test"]
Lookup = Literal["L", "R", "CL", "CR", "T"]
SUBSETS: tuple[Subset, ...] = get_args(Subset)
LOOKUPS: tuple[Lookup, ...] = get_args(Lookup)  # left digit, right digit, left colour, right colour, both digits
COLOURS: tuple[str, ...] = ("red", "yellow", "green", "blue")
BLANK = "_"  # in the place of what is not told
END = "?"
NOISE = 18.0  # standard deviation of the grain in grey levels
GRID = 32  # lengths are in parts of a picture's side; a digit is 5 x 7 cells of 2
CELL = 2
RIGHT, DOWN = (1, 5), (6, 12)  # where a digit's upper left corner may be in its half of the picture
_PARTS = 12
_COMBINATIONS = [(first, one, second, other) for first in range(BASE) for one in COLOURS for second in range(BASE)
                 for other in COLOURS]
assert set(COLOURS) <= set(_KIT)


@dataclass(frozen=True)
class Digit:
    """A digit, its colour, and its upper left corner in its half of the picture, in parts of GRID."""

    value: int
    colour: str
    right: int = 3
    down: int = 9


@dataclass(frozen=True)
class Scene:
    """A digit on the left and one on the right.

    Attributes:
        noise: standard deviation of the grain in grey levels.
        seed: of the grain.
    """

    left: Digit
    right: Digit
    noise: float = NOISE
    seed: int = 0

    @property
    def words(self) -> tuple[str, str, str, str]:
        """The scene in words."""
        return str(self.left.value), self.left.colour, str(self.right.value), self.right.colour

    @property
    def subset(self) -> Subset:
        """The subset that has its combination."""
        part = crc32(",".join(self.words).encode()) % _PARTS
        return {0: SUBSETS[2], 1: SUBSETS[1]}.get(part, SUBSETS[0])


@dataclass(frozen=True)
class Item:
    """A question about a scene.

    Attributes:
        asked: one of LOOKUPS, an operation, or two.
    """

    scene: Scene
    asked: str

    @property
    def is_lookup(self) -> bool:
        """Whether the answer stands in the scene."""
        return self.asked in LOOKUPS

    @property
    def is_seen(self) -> bool:
        """Whether the answer stands in the scene, or the fact is one that everybody learns."""
        return self.is_lookup or is_seen(self.asked, self.scene.left.value, self.scene.right.value)

    @property
    def question(self) -> tuple[str, str]:
        """What is asked, in two words."""
        is_double = not self.is_lookup and len(self.asked) > 1
        return (self.asked[0], self.asked[1]) if is_double else (self.asked, END)

    @property
    def words(self) -> tuple[str, ...]:
        """Scene and question in words."""
        return *self.scene.words, *self.question

    @property
    def bare(self) -> tuple[str, ...]:
        """The same where the scene is not told."""
        return *(BLANK,) * len(self.scene.words), *self.question

    @property
    def answer(self) -> tuple[str, ...]:
        """The right answer in words: what is looked up, or both digits and then what they come to."""
        first, one, second, other = self.scene.words
        looked_up: dict[str, tuple[str, ...]] = {"L": (first,), "R": (second,), "CL": (one,), "CR": (other,), "T": (first, second)}
        if self.is_lookup:
            return looked_up[self.asked]
        return first, second, str(result(self.asked, self.scene.left.value, self.scene.right.value))


def draw_item(rng: np.random.Generator, asked: Sequence[str], *, subset: Subset = "train", seen: bool | None = None,
              noise: float | tuple[float, float] = NOISE) -> Item:
    """Return one item.

    Args:
        asked: what may be asked; each as likely as the others.
        seen: whether a fact that is asked for is one that everybody learns; None: whatever comes.
        noise: of the picture, or the range that it is drawn from.
    """
    question = asked[int(rng.integers(len(asked)))]
    combinations = _combinations(subset, question, None if question in LOOKUPS else seen)
    first, one, second, other = combinations[int(rng.integers(len(combinations)))]
    low, high = noise if isinstance(noise, tuple) else (noise, noise)
    return Item(Scene(_placed(rng, first, one), _placed(rng, second, other), float(rng.uniform(low, high)), int(rng.integers(2**31))),
                question)


def draw_items(asked: Sequence[str], count: int, *, subset: Subset, seed: int, seen: bool | None = None, noise: float = NOISE
               ) -> list[Item]:
    """Return so many items of a subset; equal arguments give equal items, and the first ones are the same for any count."""
    rng = np.random.default_rng([seed, SUBSETS.index(subset)])
    return [draw_item(rng, asked, subset=subset, seen=seen, noise=noise) for _ in range(count)]


def _placed(rng: np.random.Generator, value: int, colour: str) -> Digit:
    (left, most_right), (top, most_down) = RIGHT, DOWN
    return Digit(value, colour, int(rng.integers(left, most_right + 1)), int(rng.integers(top, most_down + 1)))


@cache
def _combinations(subset: Subset, asked: str, seen: bool | None) -> list[tuple[int, str, int, str]]:
    """Combinations of a subset; only those with a seen fact, or with an unseen one, where that is said."""
    assert asked in (*LOOKUPS, *STEPS[1], *STEPS[2]), f"{asked!r} cannot be asked"
    return [(first, one, second, other) for first, one, second, other in _COMBINATIONS
            if Scene(Digit(first, one), Digit(second, other)).subset == subset
            and (seen is None or is_seen(asked, first, second) == seen)]
