"""Cognitive maps: names on a grid of 10 x 10 as seen from above, with the grounded templates of MindCube's three settings.

    [x, y] from the top left corner, x to the right, y downwards; up is a smaller y. The front image defines up.
    inner and outer are into and out of the sheet.

A plain map has objects alone, an augmented one the cameras too, as views. Maps are never changed: every edit returns another one.
Source: MindCube's scaffold_curation/cogmap/generators.py. Not here: what a model wrote (map_reading), how two maps compare
(similarity), which image was taken from which side (grounding).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Facing = Literal["up", "right", "down", "left", "inner", "outer"]
Side = Literal["front", "left", "back", "right"]  # from which a camera looks
Kind = Literal["two_view_clockwise", "two_view_counterclockwise", "two_view_opposite", "three_view", "four_view"]
Axis = Literal["left-right", "up-down"]

COMPASS: tuple[Facing, ...] = ("up", "right", "down", "left")  # clockwise
SIDES: tuple[Side, ...] = ("front", "left", "back", "right")  # the order of images in among: each a quarter turn after the other
LOOKS: dict[Side, Facing] = {"front": "up", "left": "right", "back": "down", "right": "left"}
ANNOTATED: dict[str, Facing] = {"face": "down", "back": "up", "left": "left", "right": "right"}  # as meta_info says it
CENTRE = 5.0
# the evaluator reads front and back as into and out of the sheet, although in meta_info they are down and up
_WORDS: dict[str, Facing] = {
    "up": "up", "down": "down", "left": "left", "right": "right", "inner": "inner", "outer": "outer", "top": "up", "north": "up",
    "bottom": "down", "south": "down", "east": "right", "west": "left", "front": "inner", "into": "inner", "inside": "inner",
    "forward": "inner", "back": "outer", "out": "outer", "outside": "outer", "backward": "outer"}

_AMONG = ((5, 5), (5, 8), (2, 5), (5, 2), (8, 5))  # centre, south, west, north, east
_AMONG_VIEWS: dict[Side, tuple[int, int]] = {"front": (5, 6), "left": (4, 5), "back": (5, 4), "right": (6, 5)}
_AROUND: dict[int, tuple[tuple[int, int], ...]] = {
    2: ((4, 5), (5, 5)), 3: ((4, 5), (5, 5), (6, 5)), 4: ((3, 5), (4, 5), (5, 5), (6, 5))}
_AROUND_LEFT: dict[int, tuple[int, int]] = {2: (3, 5), 3: (3, 5), 4: (2, 5)}
_AROUND_RIGHT: dict[int, tuple[int, int]] = {2: (6, 5), 3: (7, 5), 4: (7, 5)}
_ROTATION: dict[Kind, tuple[tuple[tuple[int, int], Facing], ...]] = {
    "two_view_clockwise": (((5, 3), "up"), ((7, 5), "right")),
    "two_view_counterclockwise": (((5, 3), "up"), ((3, 5), "left")),
    "two_view_opposite": (((5, 3), "up"), ((5, 7), "down")),
    "three_view": (((3, 5), "left"), ((5, 3), "up"), ((7, 5), "right")),
    "four_view": (((3, 5), "left"), ((5, 3), "up"), ((7, 5), "right"), ((5, 7), "down"))}
KINDS: tuple[Kind, ...] = tuple(_ROTATION)


@dataclass(frozen=True)
class Spot:
    """Something that stands on a map: an object, or a camera."""

    name: str
    position: tuple[float, float]  # x, y
    facing: Facing | None = None


@dataclass(frozen=True)
class Map:
    """A cognitive map; `views` is None in the plain form."""

    objects: tuple[Spot, ...]
    views: tuple[Spot, ...] | None = None

    @property
    def spots(self) -> tuple[Spot, ...]:
        """Objects, then cameras."""
        return (*self.objects, *(self.views or ()))

    @property
    def plain(self) -> "Map":
        """The objects alone, in the same order and with their facings."""
        return Map(self.objects)

    def named(self) -> dict[str, Spot]:
        """Return the spots by name; of equal names the last counts, as in the evaluator."""
        return {spot.name: spot for spot in self.spots}


def facing_of(word: str | None) -> Facing | None:
    """Return the direction that a word means in a map, such as "north" or "into"; None for any other."""
    return _WORDS.get(word.strip().lower()) if word else None


def view_name(question: str, number: int) -> str:
    """Return what a camera is called: by whether the question speaks of images. `number` counts from 1."""
    return f"{'Image' if 'image' in question.lower() else 'View'} {number}"


def among(objects: Sequence[str], facings: Sequence[Facing | None], sides: Sequence[Side], *, question: str = "image") -> Map:
    """Return the map of a centre and its four neighbours.

    Args:
        objects: centre, south, west, north, east.     facings: as many.
        sides: from which each image was taken.
        question: tells what cameras are called.
    Raises:
        ValueError: there are not five objects, or not five facings.
    """
    if len(objects) != len(_AMONG):
        raise ValueError(f"among has {len(objects)} objects; it must have {len(_AMONG)}: the centre and four around it")
    views = tuple(Spot(view_name(question, number), _float(_AMONG_VIEWS[side]), LOOKS[side]) for number, side in enumerate(sides, 1))
    return Map(_placed(objects, _AMONG, facings), views)


def around(objects: Sequence[str], facings: Sequence[Facing | None], sides: Sequence[Side], *, question: str = "image") -> Map:
    """Return the map of a row of 2 to 4 objects, named from left to right as the front view shows them; arguments as of `among`."""
    count = len(objects)
    if count not in _AROUND:
        raise ValueError(f"around has {count} objects; it must have 2, 3 or 4")
    places: dict[Side, tuple[int, int]] = {
        "front": (5, 6), "back": (5, 4), "left": _AROUND_LEFT[count], "right": _AROUND_RIGHT[count]}
    views = tuple(Spot(view_name(question, number), _float(places[side]), LOOKS[side]) for number, side in enumerate(sides, 1))
    return Map(_placed(objects, _AROUND[count], facings), views)


def rotation(kind: Kind, objects: Sequence[str], *, question: str = "image") -> Map:
    """Return the map of a camera that turns on the spot; it sees one object per view, and none has a facing."""
    template = _ROTATION[kind]
    if len(objects) != len(template):
        raise ValueError(f"{kind} has {len(objects)} objects; it must have {len(template)}, one per view")
    views = tuple(Spot(view_name(question, number), (CENTRE, CENTRE), facing) for number, (_, facing) in enumerate(template, 1))
    return Map(_placed(objects, [place for place, _ in template], [None] * len(objects)), views)


def num_views(kind: Kind) -> int:
    """Return how many views, and objects, a type of rotation has."""
    return len(_ROTATION[kind])


def _placed(objects: Sequence[str], places: Sequence[tuple[int, int]], facings: Sequence[Facing | None]) -> tuple[Spot, ...]:
    if len(facings) != len(objects):
        raise ValueError(f"there are {len(facings)} facings for {len(objects)} objects; each needs one, which may be None")
    return tuple(Spot(name, _float(place), facing) for name, place, facing in zip(objects, places, facings) if name)


def _float(place: tuple[int, int]) -> tuple[float, float]:
    return float(place[0]), float(place[1])


def to_json(cognitive: Map) -> str:
    """Return a map as MindCube writes it, one object per line: augmented where it has views, else plain.

    The plain form keeps one of several objects with the same name: it is a dictionary.
    """
    if cognitive.views is None:
        lines = [f"    {json.dumps(spot.name, ensure_ascii=False)}: {json.dumps(_entry(spot), ensure_ascii=False)}"
                 for spot in {spot.name: spot for spot in cognitive.objects}.values()]
        return "\n".join(["{", ",\n".join(lines), "}"]) if lines else "{\n}"
    lists = [_listed(name, spots) for name, spots in (("objects", cognitive.objects), ("views", cognitive.views))]
    return "{\n" + ",\n".join(lists) + "\n}"


def _listed(name: str, spots: Sequence[Spot]) -> str:
    rows = ["    " + json.dumps({"name": spot.name, **_entry(spot)}, ensure_ascii=False) for spot in spots]
    return f'  "{name}": [\n' + "".join(f"{row},\n" for row in rows[:-1]) + "".join(f"{row}\n" for row in rows[-1:]) + "  ]"


def _entry(spot: Spot) -> dict[str, object]:
    place = [int(value) if float(value).is_integer() else value for value in spot.position]
    return {"position": place, **({} if spot.facing is None else {"facing": spot.facing})}


def rotated(cognitive: Map, quarters: int) -> Map:
    """Return the map turned clockwise by quarter turns about the middle of the grid, facings too; four are the identity."""
    for _ in range(quarters % 4):
        cognitive = _each(cognitive, lambda spot: replace(
            spot, position=(2 * CENTRE - spot.position[1], spot.position[0]), facing=turned_facing(spot.facing, 1)))
    return cognitive


def turned_facing(facing: Facing | None, quarters: int) -> Facing | None:
    """Return a facing after clockwise quarter turns; into and out of the sheet stay as they are."""
    return COMPASS[(COMPASS.index(facing) + quarters) % 4] if facing in COMPASS else facing


def mirrored(cognitive: Map, axis: Axis = "left-right") -> Map:
    """Return the map as a mirror shows it: what was left is right, or what was up is down."""
    is_x = axis == "left-right"
    swap: dict[Facing, Facing] = {"left": "right", "right": "left"} if is_x else {"up": "down", "down": "up"}

    def mirror(spot: Spot) -> Spot:
        x, y = spot.position
        facing = None if spot.facing is None else swap.get(spot.facing, spot.facing)
        return replace(spot, position=(2 * CENTRE - x, y) if is_x else (x, 2 * CENTRE - y), facing=facing)

    return _each(cognitive, mirror)


def swapped(cognitive: Map, first: str, second: str) -> Map:
    """Return the map with two objects in each other's place; each keeps its own facing. Raises ValueError where one is not on it."""
    places = {spot.name: spot.position for spot in cognitive.objects}
    for name in (first, second):
        if name not in places:
            raise ValueError(f"{name!r} is not on the map; it has {sorted(places)}")
    other = {first: places[second], second: places[first]}
    objects = tuple(replace(spot, position=other.get(spot.name, spot.position)) for spot in cognitive.objects)
    return replace(cognitive, objects=objects)


def scaled(cognitive: Map, factor: float, shift: tuple[float, float] = (0.0, 0.0)) -> Map:
    """Return the map with all coordinates multiplied, then moved."""
    return _each(cognitive, lambda spot: replace(
        spot, position=(factor * spot.position[0] + shift[0], factor * spot.position[1] + shift[1])))


def without(cognitive: Map, *names: str) -> Map:
    """Return the map without these objects and views."""
    views = None if cognitive.views is None else tuple(spot for spot in cognitive.views if spot.name not in names)
    return Map(tuple(spot for spot in cognitive.objects if spot.name not in names), views)


def without_facings(cognitive: Map) -> Map:
    """Return the map with no facing at all."""
    return _each(cognitive, lambda spot: replace(spot, facing=None))


def moved(cognitive: Map, name: str, position: tuple[float, float]) -> Map:
    """Return the map with one spot elsewhere."""
    return _each(cognitive, lambda spot: replace(spot, position=position) if spot.name == name else spot)


def listed_anew(cognitive: Map, rng: np.random.Generator) -> Map:
    """Return the same map with its objects listed in another order, so that the order tells nothing about where they stand."""
    return replace(cognitive, objects=tuple(cognitive.objects[place] for place in rng.permutation(len(cognitive.objects))))


def _each(cognitive: Map, edit: Callable[[Spot], Spot]) -> Map:
    views = None if cognitive.views is None else tuple(map(edit, cognitive.views))
    return Map(tuple(map(edit, cognitive.objects)), views)
