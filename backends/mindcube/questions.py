"""What a question of MindCube asks, read from its text: where one stands, how one turns, and what is wanted.

The id tells the template, but a rotation's number tells nothing, and the objects stand in the text alone. Only what the templates
say is understood; anything else is refused with what was looked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backends.files.cells import cut
from backends.files.rows import OddRow
from backends.mindcube.items import Facts, Item, kind_of
from backends.mindcube.rules import Direction, Turn

Wanted = Literal[
    "movement", "side", "closer", "beside centre", "nearest behind", "is behind", "sees", "perspective", "from neighbour"]
_FROM_OBJECTS = ("among gen", "around q4")  # templates that ask from an object's place, whatever images they speak of
MAX_TEXT = 3_000  # characters of a question
_IMAGE = re.compile(r"(?:shown|presented|depicted) in (?:the )?(?:image|view) (\d)", re.IGNORECASE)
_TURN = re.compile(r"turn(?:ed)?\s+(?:(180)|(?:90 degrees )?(?:to (?:the|my) )?(left|right))", re.IGNORECASE)
_MINE = re.compile(r"(?:to|on) (?:my|the|your) (left|right|behind)\b(?! of)|(in front of|behind) (?:me|you)\b", re.IGNORECASE)
_SIDE_OF = re.compile(r"(?:to|on) the (left|right) (?:side )?of ", re.IGNORECASE)
_MOVED = re.compile(r"in which direction did I move|how did I move", re.IGNORECASE)
_CLOSER = re.compile(r"get closer to ", re.IGNORECASE)
_SEES = re.compile(r"(?:can|could|will|would) I see |able to see ", re.IGNORECASE)
_IS_BEHIND = re.compile(r"is there an? (.{1,200}?) behind ", re.IGNORECASE)
_BEHIND = re.compile(r"(?:object|what is) behind ", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What is asked.

    Attributes:
        image: at which one stands, from 1; None where one stands at an object.
        places: of the objects that the question names, in its order, among the scene's.
    """

    wanted: Wanted
    image: int | None = None
    turn: Turn = "none"
    direction: Direction | None = None
    places: tuple[int, ...] = ()


def asked(item: Item) -> Asked:
    """Return what an item asks.

    Raises:
        OddRow: its text is none of the templates', or it has no facts.
    """
    if item.facts is None:
        raise OddRow("It has no meta_info, without which nothing can be asked of its scene.", "no meta_info")
    text = item.stem[-MAX_TEXT:]
    _, _, question = text.rpartition(": ")  # what stands before it describes the images, in words that also ask
    question = question if question and question != text else text
    kinds = {kind_of(option.text) for option in item.options}
    if _MOVED.search(question) or "forward left" in kinds:
        return Asked("movement", 1)
    image = None if item.template.startswith(_FROM_OBJECTS) else _image(question, item)
    if item.setting == "rotation":
        return Asked("side", image, _turn(question), _direction(question))
    if item.setting == "around":
        return _around(question, item.facts, image)
    if item.setting == "among":
        return _among(question, item.facts, image)
    raise OddRow(f"The setting {item.setting} has no rules. It must be among, around or rotation.", "no rules")


def _among(question: str, facts: Facts, image: int | None) -> Asked:
    places = named(question, facts.objects)
    if match := _CLOSER.search(question):
        return Asked("closer", image, _turn(question), "front", named(question[match.end():], facts.objects)[:1])
    if image is not None:
        if match := _SIDE_OF.search(question):
            return Asked("beside centre", image, "none", _left_or_right(match[1]), (0,))
        return Asked("side", image, _turn(question), _direction(question))
    if match := _SEES.search(question):
        return Asked("sees", places=_others(named(question[match.end():], facts.objects), 0))
    neighbours = _others(places, 0)
    if not neighbours:
        return Asked("perspective", direction=_direction(question), places=(0,))
    match = _SIDE_OF.search(question)
    return Asked("from neighbour", direction=_left_or_right(match[1]) if match else _direction(question), places=neighbours[:1])


def _around(question: str, facts: Facts, image: int | None) -> Asked:
    if image is None:
        return Asked("perspective", direction=_direction(question), places=named(question, facts.objects)[:1])
    if match := _IS_BEHIND.search(question):
        target, reference = named(match[1], facts.objects), named(question[match.end():], facts.objects)
        return Asked("is behind", image, "none", "behind", (*reference[:1], *target[:1]))
    if match := _BEHIND.search(question):
        return Asked("nearest behind", image, "none", "behind", named(question[match.end():], facts.objects)[:1])
    raise OddRow(f"It asks {cut(question)}. A question of around must ask what is behind something, or from an object's place.",
                 "question of around")


def _image(question: str, item: Item) -> int | None:
    """Return at which image one stands: as the text says, else as the id does."""
    match = _IMAGE.search(question)
    image = int(match[1]) if match else item.place.image
    if image is not None and not 1 <= image <= max(1, len(item.images)):
        raise OddRow(f"It asks of image {image}, and there are {len(item.images)}. It must ask of one of them.", "no such image")
    return image


def _turn(question: str) -> Turn:
    match = _TURN.search(question)
    if not match:
        return "none"
    return "around" if match[1] else "left" if match[2].lower() == "left" else "right"


def _direction(question: str) -> Direction:
    match = next(reversed(list(_MINE.finditer(question))), None)  # the last: a turn stands before it
    if match is None:
        raise OddRow(f"It asks {cut(question)}. It must say left, right, behind or in front.", "no direction")
    word = (match[1] or match[2]).lower()
    return "front" if word == "in front of" else "behind" if word == "behind" else _left_or_right(word)


def _left_or_right(word: str) -> Direction:
    return "left" if word.lower() == "left" else "right"


def _others(places: Sequence[int], but: int) -> tuple[int, ...]:
    return tuple(place for place in places if place != but)


def named(text: str, objects: Sequence[str]) -> tuple[int, ...]:
    """Return which of the objects a text names, in its order; a name in a longer one is none, and of equal names the first counts."""
    rest = text.casefold()
    found: list[tuple[int, int]] = []
    for place in sorted(range(len(objects)), key=lambda place: (-len(objects[place]), place)):
        name = objects[place].casefold()
        at = rest.find(name) if name else -1
        if at >= 0 and not any(objects[other].casefold() == name for _, other in found):
            found.append((at, place))
            rest = rest.replace(name, "\0" * len(name))
    return tuple(place for _, place in sorted(found))
