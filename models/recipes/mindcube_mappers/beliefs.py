"""Which a mapper believes where its map and the views differ: a map is changed by hand, and the views are left as they are.

The map stands in the prompt where one is given, else it is put into the mapper's mouth. There are two changes, each with an answer of
its own: places (the map's mirror image, asked for what lies where) and faces (the centre turned, asked from its place).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from models.mappers.albums import Album, Page
from models.mappers.asking import answers
from models.mappers.examples import Spot, mirrored
from models.mappers.words import CENTRE, COMPASS
from models.recipes.mindcube_mappers.making import Mapper
from worlds.rooms.questions import Template
from worlds.rooms.scenes import DIRECTIONS

Change = Literal["places", "faces"]
PLACED: tuple[Template, ...] = ("rotation", "among_2_1", "among_5")  # ask from an image what lies where: the map's faces say nothing
FACED: tuple[Template, ...] = ("among_gen_4",)  # asks from the centre's place, as it looks
Changed = tuple[Page, tuple[Spot, ...], str]  # a question, a map and what it answers, which is not what the views do


@dataclass(frozen=True)
class Belief:
    """Shares of answers that are what the changed map says, and what the views say; the rest is neither."""

    change: Change
    questions: int
    map: float
    views: float


def beliefs(mapper: Mapper, tests: Album) -> list[Belief]:
    """What a mapper answers where its map is changed; nothing of one that has no map."""
    if not mapper.way.has_map and not mapper.way.writes_map:
        return []
    return [_belief(mapper, tests, change, changed) for change in ("places", "faces") if (changed := list(_changed(tests, change)))]


def _belief(mapper: Mapper, tests: Album, change: Change, changed: Sequence[Changed]) -> Belief:
    asked = [(page.example, [tests.looks[place].picture for place in page.looks]) for page, _, _ in changed]
    maps = [spots for _, spots, _ in changed]
    replies = answers(mapper.model, mapper.way, asked, given=maps if mapper.way.has_map else None,
                      written=maps if mapper.way.writes_map else None)
    by_map = [reply.answer == due for reply, (_, _, due) in zip(replies, changed, strict=True)]
    by_views = [reply.answer == page.example.answer for reply, (page, _, _) in zip(replies, changed, strict=True)]
    return Belief(change, len(changed), sum(by_map) / len(changed), sum(by_views) / len(changed))


def _changed(tests: Album, change: Change) -> Iterator[Changed]:
    for page in tests.pages:
        spots, question = page.example.spots, page.question
        others: list[tuple[tuple[Spot, ...], str]] = []
        if change == "places" and question.template in PLACED:
            others = [(mirrored(spots, axis), page.example.thought[-1]) for axis in ("north-south", "east-west")]
        elif change == "faces" and question.template in FACED:
            assert question.direction is not None  # of what is asked as somebody looks
            face, turned = next(spot.faces for spot in spots if spot.place == CENTRE), DIRECTIONS.index(question.direction)
            quarters = [COMPASS.index(face) + turn for turn in (1, 2, 3)]
            others = [(tuple(replace(spot, faces=COMPASS[to % 4]) if spot.place == CENTRE else spot for spot in spots),
                       COMPASS[(to + turned) % 4]) for to in quarters]
        for other, place in others:
            due = next((spot.thing for spot in other if spot.place == place), page.example.answer)  # a side may be empty
            if due != page.example.answer:
                yield page, other, due
