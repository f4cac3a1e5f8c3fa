"""A question in the mappers' words, and what each configuration is shown of it and is to say.

    shown   <s> VIEWS [<map> MAP] <ask> ASKED          said   [<map> MAP] [<think> THOUGHT] <answer> [WHERE] ANSWER </s>

Where the answer is looked up is said by those who think, where an example has it: a look-up needs its key right before it.
A map is a list of places and what stands there, "north redbox east blueball faces west"; its order says nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.mappers.ways import Way
from models.mappers.words import ANSWER, ASK, BOS, CENTRE, COMPASS, EOS, FACES, MAP, ROW, SPECIAL, THINK

PLACES = (CENTRE, *COMPASS, *ROW)  # of maps, in the order in which they are listed


@dataclass(frozen=True)
class Spot:
    """A place on a map and what stands there.

    Attributes:
        place: a direction of the compass, "centre", or where in a row.
        thing: a thing's word.
        faces: a direction of the compass; "" where it has no face.
    """

    place: str
    thing: str
    faces: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return (self.place, self.thing, *((FACES, self.faces) if self.faces else ()))


@dataclass(frozen=True)
class Example:
    """A question in words.

    Attributes:
        views: what is shown; places of pictures among them where the views are pictures.
        spots: the true map.
        asked: the question.
        thought: what leads to the answer: headings, then places of the map.
        answer: one word.
        where: the place of the answer on the map, the thought's last word; "" where it is not said again.
    """

    views: tuple[str, ...]
    spots: tuple[Spot, ...]
    asked: tuple[str, ...]
    thought: tuple[str, ...]
    answer: str
    where: str = ""


def shown(example: Example, way: Way, spots: Sequence[Spot] | None = None) -> list[str]:
    """The words of a prompt.

    Args:
        spots: the map to be given instead of the true one, where one is given.
    """
    given = [MAP, *map_words(example.spots if spots is None else in_order(spots))] if way.has_map else []
    return [SPECIAL[BOS], *example.views, *given, ASK, *example.asked]


def said(example: Example, way: Way, rng: np.random.Generator | None = None) -> list[str]:
    """The words of the right reply.

    Args:
        rng: what the order of the map is drawn from; without it the map is in its own order.
    """
    spots = example.spots
    if rng is not None:
        spots = tuple(spots[place] for place in rng.permutation(len(spots)))
    written = [MAP, *map_words(spots)] if way.writes_map else []
    thought = [THINK, *example.thought] if way.thinks else []
    where = [example.where] if way.thinks and example.where else []
    return [*written, *thought, ANSWER, *where, example.answer, SPECIAL[EOS]]


def map_words(spots: Iterable[Spot]) -> list[str]:
    """A map in words."""
    return [word for spot in spots for word in spot.words]


def in_order(spots: Iterable[Spot]) -> tuple[Spot, ...]:
    """A map in the order in which maps are listed. Raises ValueError for a place that is on none."""
    return tuple(sorted(spots, key=lambda spot: PLACES.index(spot.place)))


def mirrored(spots: Sequence[Spot], axis: str) -> tuple[Spot, ...]:
    """The mirror image of a map: what stands at both ends of an axis changes places.

    Args:
        axis: "east-west" or "north-south".
    Raises:
        ValueError: it is neither.
    """
    if axis not in ("east-west", "north-south"):
        raise ValueError(f"there is no axis {axis!r}; it is east-west or north-south")
    first, second = axis.split("-")
    other = {first: second, second: first}
    row = [place for place in ROW if any(spot.place == place for spot in spots)]
    if axis == "east-west":
        other |= dict(zip(row, reversed(row)))
    found = [replace(spot, place=other.get(spot.place, spot.place), faces=other.get(spot.faces, spot.faces)) for spot in spots]
    return in_order(found)
