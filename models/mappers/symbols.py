"""MindCube without pictures: views are words, so that a training takes a minute and shows what maps and thoughts are for.

Four of sixteen things stand in the north, east, south and west. Four views in any order say which way each looks and what stands
there. Asked is what is in front, to the right, behind or to the left of somebody who looks as a view does and turns, or does not. The
answer is one of four things, so that chance is a quarter.

Who thinks says two words more than what is to be found out: the number of the view, and once more where the answer lies, see
`example_of`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.mappers.examples import Example, Spot
from models.mappers.words import COMPASS, NUMBERS, TURNS, word_of
from worlds.rooms.catalogue import NAMES
from worlds.rooms.scenes import DIRECTIONS

THINGS = tuple(word_of(name) for name in NAMES[:16])  # four colours in four shapes
TRAINING_ITEMS, TEST_ITEMS = 10_000, 400
CHANCE = 1 / len(COMPASS)


@dataclass(frozen=True)
class Symbols:
    """A scene in symbols, and a question.

    Attributes:
        things: in the north, east, south and west.
        headings: of the views, quarters clockwise from the north, in the order of the images.
        view: that one looks as, 0 to 3.    turn: quarters clockwise after that.    direction: quarters clockwise from ahead.
    """

    things: tuple[str, ...]
    headings: tuple[int, ...]
    view: int
    turn: int
    direction: int

    @property
    def thought(self) -> tuple[int, int, int]:
        """Where one looks, where after the turn, and where the answer lies; quarters clockwise from the north."""
        start = self.headings[self.view]
        return start, (start + self.turn) % 4, (start + self.turn + self.direction) % 4


def drawn(rng: np.random.Generator) -> Symbols:
    """A scene and a question."""
    things = tuple(THINGS[place] for place in rng.choice(len(THINGS), len(COMPASS), replace=False))
    view, turn, direction = (int(value) for value in rng.integers(4, size=3))
    return Symbols(things, tuple(int(place) for place in rng.permutation(4)), view, turn, direction)


def training_items(seed: int, count: int = TRAINING_ITEMS) -> list[Symbols]:
    """What is learned from."""
    rng = np.random.default_rng([seed, 0])
    return [drawn(rng) for _ in range(count)]


def fresh_items(seed: int, count: int = TEST_ITEMS, *, without: Sequence[Symbols] = ()) -> list[Symbols]:
    """What is asked afterwards, none of which is among those that were learned from."""
    known = set(without)
    fresh = (item for item in _endless(np.random.default_rng([seed, 1])) if item not in known)
    return [next(fresh) for _ in range(count)]


def example_of(item: Symbols) -> Example:
    """The item in words: three of each view, its number, heading and thing.

    A look-up is said as key and value: the number of the view before its heading, where the answer lies before the answer. A decoder
    of this size learns to look up what stands right behind a key. With the mark of the answer in between, it had not learned to look
    anything up in a map that is given by step 450, on either of two seeds; so it has by step 150.
    """
    views = [word for number, heading in zip(NUMBERS, item.headings) for word in (number, COMPASS[heading], item.things[heading])]
    spots = tuple(Spot(place, thing) for place, thing in zip(COMPASS, item.things))
    asked = (NUMBERS[item.view], TURNS[item.turn], DIRECTIONS[item.direction])
    thought = tuple(COMPASS[heading] for heading in item.thought)
    return Example(tuple(views), spots, asked, (asked[0], *thought), item.things[item.thought[-1]], where=thought[-1])


def _endless(rng: np.random.Generator) -> Iterator[Symbols]:
    while True:
        yield drawn(rng)
