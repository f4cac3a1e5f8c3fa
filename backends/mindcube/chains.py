"""Chains of thought that answer MindCube's questions: what each image shows, how the images belong together, and what follows.

Upstream's supervision for free-form reasoning, in our own words and without its faults: a chain reads the scene as the record holds
it (upstream's after its own list was shuffled), the images of a movement show the neighbours (upstream's count the centre among
them), and the perspective of an object in a row concludes in the direction that was asked for (upstream's always says left). Every
step names what it speaks of, so that a page can light it up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backends.files.cells import cut
from backends.files.rows import OddRow
from backends.mindcube.grounding import sides_of
from backends.mindcube.items import Facts, Item, Option, kind_of, plain_text
from backends.mindcube.maps import SIDES, Facing, Side
from backends.mindcube.questions import Asked, asked
from backends.mindcube.rules import (
    Direction,
    Ring,
    among_ring,
    at,
    behind_in_row,
    centre_ring,
    headings,
    movement,
    neighbour_sides,
    rotation_ring,
    row_ring,
    turned,
)

StepKind = Literal["observe", "relate", "stand", "turn", "infer", "answer"]
_IN_WORDS: dict[Direction, str] = {"front": "in front of me", "right": "to my right", "behind": "behind me", "left": "to my left"}
_MOVED = {"forward left": "diagonally forward and to the left", "forward right": "diagonally forward and to the right"}
_QUARTERS = ("", "a quarter turn to the right", "a half turn", "a quarter turn to the left")


@dataclass(frozen=True)
class Step:
    """One step of a chain.

    Attributes:
        images: that it speaks of, from 1.    objects: that it names.
        ring: what then stands around whoever thinks; None where the step does not say.
    """

    kind: StepKind
    text: str
    images: tuple[int, ...] = ()
    objects: tuple[str, ...] = ()
    ring: Ring | None = None


@dataclass(frozen=True)
class Chain:
    """A chain of thought.

    Attributes:
        answer: what it comes to: an object, "yes", "no", or a movement.
        option: the choice that says so.    agrees: whether that is the item's right answer; None where the item does not say.
    """

    steps: tuple[Step, ...]
    answer: str
    option: Option
    agrees: bool | None

    @property
    def text(self) -> str:
        """All steps as one text, which holds no line break: the format reward knows none."""
        return " ".join(step.text for step in self.steps)


@dataclass(frozen=True)
class _Found:
    steps: tuple[Step, ...]
    answer: str
    objects: tuple[str, ...] = ()  # that the answer is about


def chain(item: Item) -> Chain:
    """Return the chain that answers an item.

    Raises:
        OddRow: the item is none of the templates, or no option says what follows.
    """
    wanted, facts = asked(item), item.facts
    assert facts is not None  # `asked` has refused it
    if item.setting == "rotation":
        found = _rotation(item, facts, wanted)
    else:
        make = _among if item.setting == "among" else _around
        found = make(item, facts, wanted, sides_of(item))
    option = option_of(found.answer, item.options)
    last = Step("answer", f"So the answer is {option.letter}. {option.text.rstrip('.')}.", (), found.objects)
    return Chain((*found.steps, last), found.answer, option, option.letter == item.answer if item.answer else None)


def option_of(answer: str, options: Sequence[Option]) -> Option:
    """Return the option that says an answer. Raises OddRow where none does."""
    plain = plain_text(answer)
    for option in options:
        if option.plain == plain or (kind_of(option.text) == answer and answer != "object"):
            return option
    raise OddRow(f"What follows is {cut(answer)}. None of the options {cut([option.text for option in options])} says so.",
                 "no option")


def _rotation(item: Item, facts: Facts, wanted: Asked) -> _Found:
    kind = item.kind
    if kind is None or wanted.image is None or wanted.direction is None:
        raise OddRow("A rotation must have a type, an image and a direction.", "question of rotation")
    try:
        ring = rotation_ring(kind, facts.objects, wanted.image)
    except ValueError as error:
        raise OddRow(f"The rotation does not fit: {error}.", "images of rotation") from error
    quarters = headings(kind)
    steps = [Step("observe", f"In image {number} I see the {name}.", (number,), (name,))
             for number, name in enumerate(facts.objects, 1)]
    steps += [Step("relate", f"From image 1 the camera makes {_QUARTERS[quarter % 4]} to image {number}.", (1, number))
              for number, quarter in enumerate(quarters[1:], 2)]
    steps += _stood(ring, wanted)
    after = turned(ring, wanted.turn)
    return _concluded(steps, at(after, wanted.direction), wanted.direction, after)


def _stood(ring: Ring, wanted: Asked) -> list[Step]:
    """Return the steps that take a stand at an image, and turn there."""
    image = wanted.image or 1
    steps = [Step("stand", f"At image {image}, {_told(ring)}.", (image,), _present(ring), ring)]
    if wanted.turn != "none":
        after = turned(ring, wanted.turn)
        how = "by 180 degrees" if wanted.turn == "around" else f"{wanted.turn} by 90 degrees"
        steps.append(Step("turn", f"I turn {how}: now {_told(after)}.", (image,), _present(after), after))
    return steps


def _told(ring: Ring) -> str:
    return ", ".join(f"the {name} is {_IN_WORDS[direction]}" for name, direction in zip(ring, _IN_WORDS) if name)


def _present(ring: Ring) -> tuple[str, ...]:
    return tuple(name for name in ring if name)


def _concluded(steps: Sequence[Step], answer: str, direction: Direction, ring: Ring) -> _Found:
    if not answer:
        raise OddRow(f"It asks what is {_IN_WORDS[direction]}, where no image shows anything. It must ask of a side that is seen.",
                     "unseen side")
    return _Found((*steps, Step("infer", f"What is {_IN_WORDS[direction]} is the {answer}.", (), (answer,), ring)), answer, (answer,))


def _among(item: Item, facts: Facts, wanted: Asked, sides: Sequence[Side]) -> _Found:
    centre, around = facts.objects[0], facts.objects[1:]
    rings = [among_ring(around, side) for side in sides]
    steps = [Step("observe", f"In image {number} I see the {centre} in front of the {ring[0]}.", (number,), (centre, ring[0]), ring)
             for number, ring in enumerate(rings, 1)]
    if wanted.wanted == "movement":
        return _movement(steps, sides, f"the {centre}", (centre,))
    steps.append(_around_centre(centre, sides))
    if wanted.image is None:
        return _from_object(steps, facts, wanted)
    ring = rings[wanted.image - 1]
    if wanted.wanted == "closer":
        return _closer(steps, facts, wanted, ring)
    direction = wanted.direction or "front"
    steps += _stood(ring, wanted)
    if wanted.wanted == "beside centre":
        answer = at(ring, direction)
        told = f"The same {answer} is to the {direction} of the {centre} for me."
        return _Found((*steps, Step("infer", told, (wanted.image,), (answer, centre), ring)), answer, (answer,))
    after = turned(ring, wanted.turn)
    return _concluded(steps, at(after, direction), direction, after)


def _around_centre(centre: str, sides: Sequence[Side]) -> Step:
    """Return how the images of a centre belong together, whatever order they come in."""
    order = sorted(range(len(sides)), key=lambda place: (SIDES.index(sides[place]) - SIDES.index(sides[0])) % 4)
    which = ("Each image is" if order == list(range(len(sides))) else
             f"In the order {', '.join(str(place + 1) for place in order[:-1])} and {order[-1] + 1} each image is")
    told = "the one before it" if which.startswith("Each") else "the one before it there"
    return Step("relate", f"{which} taken a quarter of the way further round the {centre}, clockwise as seen from above. What one "
                f"image shows behind the {centre} is on the right in {told}, on the left in the one after it, and behind me in the "
                "one opposite.", tuple(range(1, len(sides) + 1)), (centre,))


def _movement(steps: Sequence[Step], sides: Sequence[Side], what: str, objects: tuple[str, ...]) -> _Found:
    """Return how one moved from the first of two images to the second."""
    moved = movement(sides[0], sides[1]) if len(sides) >= 2 else None
    if moved is None:
        raise OddRow(f"Its images look from {cut(list(sides))}. A movement must lead from one side to the next.",
                     "sides of a movement")
    side = "left" if moved == "forward left" else "right"
    told = Step("relate", f"Image 2 shows {what} from the {side} of where image 1 was taken.", (1, 2), objects)
    last = Step("infer", f"To get there I moved {_MOVED[moved]}.", (1, 2), objects)
    return _Found((*steps, told, last), moved, objects)


def _closer(steps: Sequence[Step], facts: Facts, wanted: Asked, ring: Ring) -> _Found:
    if not wanted.places:
        raise OddRow("It does not name what one gets closer to. It must name one of the scene's objects.", "no object named")
    target = facts.objects[wanted.places[0]]
    after = turned(ring, wanted.turn)
    is_closer = plain_text(after[0]) == plain_text(target)
    told = Step("infer", f"Moving forward brings me closer to the {after[0]}{'' if is_closer else f', and not to the {target}'}.",
                (wanted.image or 1,), (after[0], target), after)
    return _Found((*steps, *_stood(ring, wanted), told), "yes" if is_closer else "no", (target,))


def _from_object(steps: Sequence[Step], facts: Facts, wanted: Asked) -> _Found:
    """Return what follows for somebody who stands where the centre, or one of its neighbours, stands."""
    centre, around = facts.objects[0], facts.objects[1:]
    if wanted.wanted == "from neighbour":
        name = facts.objects[wanted.places[0]]
        left, right = neighbour_sides(around, wanted.places[0] - 1)
        stand = Step("stand", f"Where the {name} stands I face the {centre}: the {left} is to its left and the {right} to its right.",
                     (), (name, centre, left, right), (centre, right, "", left))
        answer = left if wanted.direction == "left" else right
        told = Step("infer", f"So to the {wanted.direction} of the {centre} is the {answer}.", (), (answer, centre))
        return _Found((*steps, stand, told), answer, (answer,))
    ring = centre_ring(around, _facing(facts, 0))
    stand = Step("stand", f"Where the {centre} stands, facing as it does, {_told(ring)}.", (), (centre, *ring), ring)
    if wanted.wanted != "sees":
        direction = wanted.direction or "front"
        return _concluded([*steps, stand], at(ring, direction), direction, ring)
    if not wanted.places:
        raise OddRow("It does not name what one can see. It must name one of the scene's objects.", "no object named")
    target = facts.objects[wanted.places[0]]
    is_seen = plain_text(ring[0]) == plain_text(target)
    seen = f"I look at the {ring[0]}, so I {'see' if is_seen else 'do not see'} the {target}."
    return _Found((*steps, stand, Step("infer", seen, (), (ring[0], target), ring)), "yes" if is_seen else "no", (target,))


def _facing(facts: Facts, place: int) -> Facing:
    facing = facts.facings[place]
    if facing is None:
        raise OddRow(f"The {facts.objects[place][:80]} has no facing. Its perspective must have one.", "no facing")
    return facing


def _around(item: Item, facts: Facts, wanted: Asked, sides: Sequence[Side]) -> _Found:
    row = facts.objects
    steps = [_seen(row, side, number) for number, side in enumerate(sides, 1)]
    if wanted.wanted == "movement":
        return _movement(steps, sides, "the same things", row)
    steps.append(Step("relate", "The side images look along the row: what is further left in the front image is nearer in the image "
                      "from the left, and further away in the image from the right.", tuple(range(1, len(sides) + 1)), row))
    if not wanted.places:
        raise OddRow("It names none of the scene's objects. It must name one.", "no object named")
    if wanted.image is None:
        return _in_row(steps, item, facts, wanted)
    side, name = sides[wanted.image - 1], row[wanted.places[0]]
    behind = {place: behind_in_row(row, side, place) for place, other in enumerate(row) if other == name}
    place = max(behind, key=lambda place: len(behind[place]))  # of two of one name the one that has something behind it
    steps.append(Step("stand", f"At image {wanted.image} I look from the {side}. Behind the {name}, from near to far: "
                      f"{', '.join(f'the {one}' for one in behind[place]) or 'nothing'}.", (wanted.image,), (name, *behind[place])))
    if wanted.wanted == "is behind":
        return _is_behind(steps, row, wanted, name, behind[place])
    answer = _nearest(behind[place], item.options)
    told = Step("infer", f"The nearest of them is the {answer}.", (wanted.image,), (answer,))
    return _Found((*steps, told), answer, (answer,))


def _seen(row: Sequence[str], side: Side, number: int) -> Step:
    """Return what the image of one side shows of a row."""
    if side in ("front", "back"):
        shown = tuple(row) if side == "front" else tuple(reversed(row))
        told = ", ".join(f"the {name}" for name in shown)
        return Step("observe", f"Image {number} shows, from left to right: {told}.", (number,), shown)
    nearest = row[0] if side == "left" else row[-1]
    return Step("observe", f"Image {number}, from the {side}, shows the {nearest} first.", (number,), (nearest,))


def _is_behind(steps: Sequence[Step], row: Sequence[str], wanted: Asked, name: str, behind: Sequence[str]) -> _Found:
    target = row[wanted.places[1]] if len(wanted.places) > 1 else ""
    is_there = target in behind
    what = f"the {target}" if target else "what it asks for"
    told = f"So {what} is {'' if is_there else 'not '}behind the {name}."
    objects = (target, name) if target else (name,)
    concluded = Step("infer", told, (wanted.image or 1,), objects)
    return _Found((*steps, concluded), "yes" if is_there else "no", (target,) if target else ())


def _in_row(steps: Sequence[Step], item: Item, facts: Facts, wanted: Asked) -> _Found:
    place, direction = wanted.places[0], wanted.direction or "front"
    name, facing = facts.objects[place], _facing(facts, place)
    ring = row_ring(facts.objects, place, facing)
    answer = _nearest(ring[direction], item.options)
    nearest: Ring = tuple(next(iter(ring[one]), "") for one in ring)  # type: ignore[assignment]  # four directions, as a ring has
    stand = Step("stand", f"Where the {name} stands, facing {facing} on the map, {_told(nearest)}.", (), (name, *_present(nearest)),
                 nearest)
    told = Step("infer", f"The nearest thing {_IN_WORDS[direction]} is the {answer}.", (), (answer,), nearest)
    return _Found((*steps, stand, told), answer, (answer,))


def _nearest(names: Sequence[str], options: Sequence[Option]) -> str:
    """Return the nearest that is among the options. Raises OddRow where none is."""
    plain = {option.plain for option in options}
    found = next((name for name in names if plain_text(name) in plain), None)
    if found is None:
        raise OddRow(f"What stands there is {cut(list(names))}. None of the options names any of it.", "no option")
    return found
