"""What a model said, as results keep it: its letter, its thought, its map and how alike that is to the true one."""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.mindcube.items import Item
from backends.mindcube.map_reading import MapRead, read_map
from backends.mindcube.maps import Map
from backends.mindcube.prompts import BY_NAME, Configuration
from backends.mindcube.reading import read_reply
from backends.mindcube.results import (
    MAX_REPLY,
    MAX_SPOTS,
    MAX_TEXT,
    Drawn,
    Gaze,
    Likeness,
    Replied,
    Spotted,
)
from backends.mindcube.settings import Config
from backends.mindcube.similarity import Score, compared

MAX_PLACE = 1e6  # of a spot, as a result keeps it
MAX_NAME = 200


@dataclass(frozen=True)
class Said:
    """One reply.

    Attributes:
        text: whole, in the tags of the released code.
        given: the map that stood in the prompt, or was put into the model's mouth.
        is_cut: whether its length ran out.
    """

    text: str
    given: Map | None = None
    is_true_given: bool = False
    is_cut: bool = False
    tokens: int = 0
    seconds: float = 0.0
    gaze: Gaze | None = None


def replied(item: Item, true: Map | None, configuration: Config, said: Said) -> Replied:
    """Return a reply read, and compared with what is true."""
    return read_as(item, true, BY_NAME[configuration], said)


def read_as(item: Item, true: Map | None, how: Configuration, said: Said) -> Replied:
    """The same for a configuration of MindCube's table."""
    read = read_reply(said.text, item.options)
    letter = read.official or ""
    found = read_map(said.text) if how.form else None
    both = compared(found.map, true) if found and found.map and true else None
    shown = drawn(found.map) if found and found.map else None
    return Replied(
        configuration=how.name, text=said.text[:MAX_REPLY], letter=letter, answer=_answer(item, letter, read.answer)[:MAX_TEXT],
        is_right=bool(letter) and letter == item.answer, has_tag=read.has_tag, is_cut=read.is_cut or said.is_cut,
        thought=read.thought[:MAX_REPLY], given=drawn(said.given) if said.given else None, is_true_given=said.is_true_given,
        map=shown, map_note=_map_note(found, shown, true), official=likeness(both.official) if both else None,
        exact=likeness(both.exact) if both else None, tokens=said.tokens, seconds=said.seconds, gaze=said.gaze)


def _answer(item: Item, letter: str, tagged: str) -> str:
    """The option in words; where there is none, what stands in the tag."""
    return next((option.text for option in item.options if option.letter == letter), tagged)


def _map_note(found: MapRead | None, shown: Drawn | None, true: Map | None) -> str:
    if found is None:
        return ""
    if found.map is None:
        return " ".join(("There is no map.", *found.reasons))[:500]
    if shown is None:
        return "Its map places things farther away than is kept."
    return "" if true else "What is true is not known, so it cannot be compared."


def drawn(cognitive: Map) -> Drawn | None:
    """Return a map as results keep it; None where it places something farther away than they do."""
    if any(abs(value) > MAX_PLACE for spot in cognitive.spots for value in spot.position):
        return None
    objects, views = (None if spots is None else tuple(
        Spotted(name=spot.name[:MAX_NAME], x=spot.position[0], y=spot.position[1], facing=spot.facing or "")
        for spot in spots[:MAX_SPOTS]) for spots in (cognitive.objects, cognitive.views))
    return Drawn(objects=objects or (), views=views)


def likeness(score: Score) -> Likeness:
    """Return how alike two maps are, as results keep it."""
    return Likeness(direction=score.direction, facing=score.facing, overall=score.overall, coverage=score.coverage,
                    is_isomorphic=score.is_isomorphic, turn=score.turn or "")


def unique(sentences: Sequence[str]) -> tuple[str, ...]:
    """Each sentence once, in order."""
    return tuple(dict.fromkeys(sentence for sentence in sentences if sentence))
