"""What a mapper said, read again: its map, its thought, its answer, and how much of them is right. Any words can be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.mappers.examples import PLACES, Example, Spot
from models.mappers.words import ANSWER, COMPASS, EOS, FACES, MAP, MARKS, SPECIAL, THINK


@dataclass(frozen=True)
class Reply:
    """A reply in its parts.

    Attributes:
        spots: the map; None where none was begun, or it cannot be read.
        thought: its words; None where none was begun.
        answer: one word, without the place that may be said before it; "" where there is none.
        words: all that was said.
    """

    spots: tuple[Spot, ...] | None
    thought: tuple[str, ...] | None
    answer: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What of a reply is right; None where nothing of the kind was to be said."""

    answer: bool
    map: bool | None
    thought: bool | None


def read(words: Sequence[str]) -> Reply:
    """Read a reply."""
    parts: dict[str, list[str]] = {}
    into: list[str] = []
    for word in words:
        if word == SPECIAL[EOS]:
            break
        if word in MARKS:
            into = parts.setdefault(word, [])
        else:
            into.append(word)
    answer = parts.get(ANSWER, [])
    if THINK in parts and len(answer) > 1 and answer[0] in COMPASS:
        answer = answer[1:]
    thought = tuple(parts[THINK]) if THINK in parts else None
    return Reply(_spots(parts[MAP]) if MAP in parts else None, thought, answer[0] if answer else "", tuple(words))


def judged(reply: Reply, example: Example, *, writes_map: bool, thinks: bool) -> Verdict:
    """Compare a reply with what is right; a map is right with every thing at its place and facing, in any order."""
    exact = None if not writes_map else reply.spots is not None and sorted(reply.spots, key=str) == sorted(example.spots, key=str)
    return Verdict(reply.answer == example.answer, exact, reply.thought == example.thought if thinks else None)


def _spots(words: Sequence[str]) -> tuple[Spot, ...] | None:
    """The map that words say; None where they say none."""
    spots: list[Spot] = []
    at = 0
    while at < len(words):
        if at + 1 >= len(words) or words[at] not in PLACES:
            return None
        faces = ""
        if words[at + 2:at + 3] == [FACES]:
            if words[at + 3:at + 4] == [] or words[at + 3] not in COMPASS:
                return None
            faces = words[at + 3]
        spots.append(Spot(words[at], words[at + 1], faces))
        at += 4 if faces else 2
    return tuple(spots)
