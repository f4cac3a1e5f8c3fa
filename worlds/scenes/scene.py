"""Pictures of two things of which one is left of, right of, on, under, in front of or behind the other, with questions.

A set shows one pair of things, in one room and at the same sizes, in all four relations of its layout, as the WhatsUp photographs do
(arXiv 2310.19785, on which AdaptVis measures, arXiv 2503.01773). How often each relation is drawn is a parameter, so that
some can be rare in training; conditions shift the picture (noise, clutter, more things, edges, small things, unseen pairs).
Lengths are parts of the picture's side, so that a scene can be drawn at any size; `worlds.scenes.drawing` draws it. The scenery
is a room with shapes and furniture, or a plain board with shapes alone. It is not a physical scene: things hang where the relation
puts them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

import numpy as np

from worlds.errors import InputError
from worlds.kit import COLOURS, FLOORS, FURNITURE, KINDS, SHAPES, WALLS, object_box, object_name

Layout = Literal["heights", "depths"]
Scenery = Literal["rooms", "board"]
Box = tuple[float, float, float, float]

RELATIONS: Mapping[Layout, tuple[str, ...]] = MappingProxyType(
    {"heights": ("left", "right", "on", "under"), "depths": ("left", "right", "front", "behind")}
)
PLACES = ("left", "right", "top", "bottom")
IMBALANCED = (0.45, 0.45, 0.08, 0.02)  # how often the four relations of a layout occur where two are to stay unfamiliar
BALANCED = (0.25, 0.25, 0.25, 0.25)
# never the thing that is asked for nor its reference, except in the condition "held"
HELD_OUT = frozenset(object_name(colour, kind) for kinds in (SHAPES, FURNITURE) for colour, kind in zip(COLOURS, kinds))
CONDITIONS = "plain, held, noise, clutter and dis with a number behind (noise60, clutter15, dis2), edge, small"

_BOARD_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple")  # fewer than in rooms: quicker to learn
_Drawn = tuple[tuple[str, ...], tuple[str, ...]]  # colours and kinds
_DRAWN: Mapping[Scenery, _Drawn] = MappingProxyType({"rooms": (tuple(COLOURS), KINDS), "board": (_BOARD_COLOURS, SHAPES)})
_UNIT = 1 / 48  # lengths below are pixels of a picture of 48 x 48
_WINDOWS = (None, 0.2, 0.5, 0.8)
_TRIES = 40  # to put one more thing where it touches no other


@dataclass(frozen=True)
class Condition:
    """How the pictures differ from those that a model is trained on."""

    noise: float = 6.0  # standard deviation in grey levels
    clutter: int = 0  # grey bars behind the things
    distractors: int = 0  # further things
    radii: tuple[float, float] = (4.5 * _UNIT, 6.5 * _UNIT)
    at_edge: bool = False
    held_out: bool = False


@dataclass(frozen=True)
class Thing:
    """A named thing with its middle and half its larger side."""

    name: str
    x: float
    y: float
    radius: float

    @property
    def box(self) -> Box:
        """Return the exact box x1 y1 x2 y2."""
        x1, y1, x2, y2 = _unit_box(self.name)
        return self.x + x1 * self.radius, self.y + y1 * self.radius, self.x + x2 * self.radius, self.y + y2 * self.radius


@dataclass(frozen=True)
class Room:
    """The background; names of `kit.WALLS` and `kit.FLOORS`."""

    wall: str
    floor: str
    window_x: float | None


@dataclass(frozen=True)
class Board:
    """A plain background in one colour, nearly grey."""

    rgb: tuple[float, float, float]


@dataclass(frozen=True)
class Bar:
    """A grey bar of clutter: its box and its grey level."""

    box: Box
    grey: float


@dataclass(frozen=True)
class Scene:
    """Where everything is. `asked` stands in `relation` to `reference`; `things` are in the order of drawing, far ones first."""

    asked: Thing
    reference: Thing
    relation: str
    layout: Layout
    things: tuple[Thing, ...]
    room: Room | Board
    bars: tuple[Bar, ...]
    noise: float
    seed: int  # of the noise


@dataclass(frozen=True)
class Question:
    """A question in the WhatsUp manner: its options stand in it, in the order of `options`; the answer is one of them."""

    text: str
    options: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class _Pair:
    asked: str
    reference: str
    radii: tuple[float, float]
    room: Room | Board


def condition(name: str) -> Condition:
    """Return the condition of that name. Raises InputError where there is none."""
    plain = {"plain": Condition(), "held": Condition(held_out=True), "edge": Condition(at_edge=True)}
    if name == "small":
        return Condition(radii=(3 * _UNIT, 4 * _UNIT))
    if name in plain:
        return plain[name]
    match = re.fullmatch(r"(noise|clutter|dis)(\d{1,3})", name)
    if not match:
        raise InputError(f"There is no condition {name[:80]!r}. There are {CONDITIONS}.")
    kind, number = match[1], int(match[2])
    limit = {"noise": 200, "clutter": 60, "dis": 6}[kind]
    if number > limit:
        raise InputError(f"{name!r} asks for {number}. At most {kind}{limit} is drawn here.")
    if kind == "noise":
        return Condition(noise=float(number))
    return Condition(clutter=number) if kind == "clutter" else Condition(distractors=number)


def draw_scene(
    rng: np.random.Generator,
    shift: Condition | None = None,
    *,
    layout: Layout = "heights",
    scenery: Scenery = "rooms",
    frequencies: tuple[float, float, float, float] = IMBALANCED,
) -> Scene:
    """Return one scene; its relation is drawn with `frequencies`, in the order of `RELATIONS[layout]`."""
    shift = shift or Condition()
    relation = RELATIONS[layout][int(np.searchsorted(np.cumsum(frequencies), rng.random() * sum(frequencies), side="right"))]
    return _compose(rng, _draw_pair(rng, shift, scenery), relation, layout, shift)


def draw_set(
    rng: np.random.Generator, shift: Condition | None = None, *, layout: Layout = "heights", scenery: Scenery = "rooms"
) -> tuple[Scene, ...]:
    """Return one pair in all four relations: scenes 0 and 1 are the pair left, right, scenes 2 and 3 the other pair."""
    shift = shift or Condition()
    pair = _draw_pair(rng, shift, scenery)
    return tuple(_compose(rng, pair, relation, layout, shift) for relation in RELATIONS[layout])


def draw_sets(name: str, sets: int, *, seed: int, layout: Layout = "heights", scenery: Scenery = "rooms") -> list[Scene]:
    """Return `4 * sets` balanced scenes of a named condition, the scenes of a set side by side."""
    rng, shift = np.random.default_rng(seed), condition(name)
    return [scene for _ in range(sets) for scene in draw_set(rng, shift, layout=layout, scenery=scenery)]


def place_scene(
    rng: np.random.Generator,
    things: Sequence[Thing],
    shift: Condition | None = None,
    *,
    layout: Layout = "heights",
    scenery: Scenery = "rooms",
) -> Scene:
    """Return a scene of things that somebody put where they are; the first is asked for in relation to the second.

    Raises:
        InputError: fewer than two things, or two of one name.
    """
    names = [thing.name for thing in things]
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError(f"A scene needs at least two things of different names. These are {', '.join(names)[:200]!r}.")
    shift = shift or Condition()
    asked, reference, *others = things
    ground = _draw_ground(rng, scenery)
    for _ in range(shift.distractors):
        others += _draw_other(rng, [reference, asked, *others], shift.radii, _DRAWN[scenery])
    bars = tuple(_draw_bar(rng) for _ in range(shift.clutter))
    seed = int(rng.integers(2**31))
    relation = _relation(asked, reference, layout)
    return Scene(asked, reference, relation, layout, (*others, reference, asked), ground, bars, shift.noise, seed)


def _relation(asked: Thing, reference: Thing, layout: Layout) -> str:
    """Return the relation along the axis on which the middles are farther apart; nearer on a floor is lower in the picture."""
    (x, y), (other_x, other_y) = _middle(asked.box), _middle(reference.box)
    right, down = x - other_x, y - other_y
    left_right, up_down = RELATIONS[layout][:2], RELATIONS[layout][2:]
    if abs(right) >= abs(down):
        return left_right[int(right > 0)]
    above, below = up_down if layout == "heights" else up_down[::-1]
    return below if down > 0 else above


def held_out(scenery: Scenery) -> tuple[str, ...]:
    """Return the names of that scenery that training never asks for."""
    return _held_out(_DRAWN[scenery])


def relation_question(scene: Scene) -> Question:
    """Return "Where is the A in relation to the B?" with the four relations of the scene's layout."""
    options = RELATIONS[scene.layout]
    text = f"Where is the {scene.asked.name} in relation to the {scene.reference.name}?"
    return Question(f"{text} {_listed(options)}", options, scene.relation)


def place_question(scene: Scene, thing: Thing) -> Question:
    """Return "Where is the A in the photo?"; the answer is the side to which its middle is farthest off."""
    if thing not in scene.things:
        raise ValueError(f"the scene has no {thing.name!r}; it has {[each.name for each in scene.things]}")
    x, y = _middle(thing.box)
    right, down = x - 0.5, y - 0.5
    answer = ("left" if right < 0 else "right") if abs(right) > abs(down) else ("top" if down < 0 else "bottom")
    return Question(f"Where is the {thing.name} in the photo? {_listed(PLACES)}", PLACES, answer)


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _listed(options: tuple[str, ...]) -> str:
    return f"Answer with {', '.join(options[:-1])} or {options[-1]}."


@cache
def _unit_box(name: str) -> Box:
    return object_box(name, centre_xy=(0.0, 0.0), radius_px=1.0)


def _draw_pair(rng: np.random.Generator, shift: Condition, scenery: Scenery) -> _Pair:
    """Return two things that differ in colour and in kind, their sizes and what is behind them."""
    drawn = _DRAWN[scenery]
    asked = reference = _draw_name(rng, drawn, shift.held_out)
    while set(asked.split()) & set(reference.split()):
        reference = _draw_name(rng, drawn, shift.held_out)
    ground, (low, high) = _draw_ground(rng, scenery), shift.radii
    return _Pair(asked, reference, (float(rng.uniform(low, high)), float(rng.uniform(low, high))), ground)


def _draw_ground(rng: np.random.Generator, scenery: Scenery) -> Room | Board:
    if scenery == "rooms":
        return Room(_pick(rng, tuple(WALLS)), _pick(rng, tuple(FLOORS)), _WINDOWS[int(rng.integers(len(_WINDOWS)))])
    grey = rng.uniform(70, 190)
    red, green, blue = (float(grey + rng.uniform(-12, 12)) for _ in range(3))
    return Board((red, green, blue))


def _draw_name(rng: np.random.Generator, drawn: _Drawn, held_out: bool) -> str:
    if held_out:
        return _pick(rng, _held_out(drawn))
    while (name := _any_name(rng, drawn)) in HELD_OUT:
        pass
    return name


def _held_out(drawn: _Drawn) -> tuple[str, ...]:
    colours, kinds = drawn
    return tuple(sorted(HELD_OUT & {object_name(colour, kind) for colour in colours for kind in kinds}))


def _any_name(rng: np.random.Generator, drawn: _Drawn) -> str:
    colours, kinds = drawn
    return object_name(_pick(rng, colours), _pick(rng, kinds))


def _pick(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[int(rng.integers(len(names)))]


def _compose(rng: np.random.Generator, pair: _Pair, relation: str, layout: Layout, shift: Condition) -> Scene:
    asked, reference = _place(rng, pair, relation, at_edge=shift.at_edge)
    near = [asked, reference] if relation == "behind" else [reference, asked]
    others: list[Thing] = []
    for _ in range(shift.distractors):
        drawn = _DRAWN["rooms" if isinstance(pair.room, Room) else "board"]
        others += _draw_other(rng, [*near, *others], shift.radii, drawn)
    bars = tuple(_draw_bar(rng) for _ in range(shift.clutter))
    seed = int(rng.integers(2**31))
    return Scene(asked, reference, relation, layout, (*others, *near), pair.room, bars, shift.noise, seed)


def _place(rng: np.random.Generator, pair: _Pair, relation: str, *, at_edge: bool) -> tuple[Thing, Thing]:
    """Return the two things in their relation, both inside by a pixel, anywhere in the middle or anywhere near the edge."""
    first, second = Thing(pair.asked, 0, 0, pair.radii[0]), Thing(pair.reference, 0, 0, pair.radii[1])
    dx, dy = _offset(rng, relation, first.box, second.box)
    position = []
    for axis, offset, share in ((0, dx, 0.8), (1, dy, 0.6)):
        low = min(second.box[axis], offset + first.box[axis])
        high = max(second.box[axis + 2], offset + first.box[axis + 2])
        draw = rng.random()
        part = 0.5 + (draw - 0.5) * share  # of the free range; training leaves its ends out
        if at_edge:
            part = draw * 0.3 if draw < 0.5 else 1 - (1 - draw) * 0.3
        start, end = _UNIT - low, 1 - _UNIT - high
        position.append(start + max(0.0, end - start) * part)
    x, y = position
    return Thing(pair.asked, x + dx, y + dy, pair.radii[0]), Thing(pair.reference, x, y, pair.radii[1])


def _offset(rng: np.random.Generator, relation: str, asked: Box, reference: Box) -> tuple[float, float]:
    """Return where the asked thing is, seen from the reference; boxes are around (0, 0)."""
    if relation in ("left", "right"):
        gap, aside = rng.uniform(2, 12) * _UNIT, rng.uniform(-4, 4) * _UNIT
        return (reference[0] - gap - asked[2] if relation == "left" else reference[2] + gap - asked[0]), aside
    aside = rng.uniform(-3, 3) * _UNIT
    # nearer on a floor is lower in the picture; the farther thing stays in sight by more than a third of the lower height
    hidden = rng.uniform(0.3, 0.6) * min(asked[3] - asked[1], reference[3] - reference[1])
    gap = {"on": rng.uniform(-0.5, 0.5) * _UNIT, "under": rng.uniform(0, 5) * _UNIT}.get(relation, -hidden)
    return aside, (reference[1] - gap - asked[3] if relation in ("on", "behind") else reference[3] + gap - asked[1])


def _draw_other(
    rng: np.random.Generator, taken: list[Thing], radii: tuple[float, float], drawn: _Drawn
) -> list[Thing]:
    """Return one more thing that touches none, or nothing after forty tries; it may be one of the held-out pairs."""
    while (name := _any_name(rng, drawn)) in [thing.name for thing in taken]:
        pass
    radius = float(rng.uniform(radii[0] - 0.5 * _UNIT, radii[1] - 0.8 * _UNIT))
    x1, y1, x2, y2 = (edge * radius for edge in _unit_box(name))
    for _ in range(_TRIES):
        x, y = rng.uniform(_UNIT - x1, 1 - _UNIT - x2), rng.uniform(_UNIT - y1, 1 - _UNIT - y2)
        other = Thing(name, float(x), float(y), radius)
        if not any(_near(other.box, thing.box) for thing in taken):
            return [other]
    return []


def _near(box: Box, other: Box) -> bool:
    gap = 0.5 * _UNIT
    return box[0] < other[2] + gap and other[0] < box[2] + gap and box[1] < other[3] + gap and other[1] < box[3] + gap


def _draw_bar(rng: np.random.Generator) -> Bar:
    (x, y), (width, height) = rng.random(2), rng.uniform(1, 10, 2) * _UNIT
    box = (float(x - width / 2), float(y - height / 2), float(x + width / 2), float(y + height / 2))
    return Bar(box, float(rng.uniform(60, 200)))
