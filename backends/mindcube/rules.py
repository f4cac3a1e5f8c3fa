"""Where things are for somebody who stands in a scene: the answer rules of MindCube's three settings, and what a turn changes.

A ring is what stands in front, to the right, behind and to the left of somebody; "" where nothing is known to stand.

    left by 90:  (left, front, right, behind)      right by 90: (right, behind, left, front)      180: (behind, left, front, right)

All rules follow from the templates of `maps`. Source: scaffold_curation/reasoning of MindCube.
"""

from collections.abc import Sequence
from typing import Literal

from backends.mindcube.maps import COMPASS, SIDES, Facing, Kind, Side

Ring = tuple[str, str, str, str]  # front, right, behind, left
Direction = Literal["front", "right", "behind", "left"]
Turn = Literal["none", "left", "right", "around"]
DIRECTIONS: tuple[Direction, ...] = ("front", "right", "behind", "left")  # clockwise
_QUARTERS: dict[Turn, int] = {"none": 0, "right": 1, "around": 2, "left": 3}
_SECOND: dict[Kind, int] = {"two_view_clockwise": 1, "two_view_opposite": 2, "two_view_counterclockwise": 3}  # quarters to the second


def turned(ring: Ring, turn: Turn) -> Ring:
    """Return what stands around somebody after a turn on the spot."""
    by = _QUARTERS[turn]
    return (ring[by], ring[(by + 1) % 4], ring[(by + 2) % 4], ring[(by + 3) % 4])


def at(ring: Ring, direction: Direction) -> str:
    """Return what stands in a direction."""
    return ring[DIRECTIONS.index(direction)]


def headings(kind: Kind) -> tuple[int, ...]:
    """Return in which quarter, clockwise from the first image, each image of a rotation looks."""
    return (0, _SECOND[kind]) if kind in _SECOND else tuple(range(3 if kind == "three_view" else 4))


def rotation_ring(kind: Kind, objects: Sequence[str], image: int) -> Ring:
    """Return what stands around a camera that turns on the spot, at an image, counted from 1. Raises ValueError for no such image."""
    quarters = headings(kind)
    if not 1 <= image <= len(objects) == len(quarters):
        raise ValueError(f"{kind} has {len(quarters)} images; there is no image {image} with {len(objects)} objects")
    ring = ["", "", "", ""]
    for name, quarter in zip(objects, quarters):
        ring[(quarter - quarters[image - 1]) % 4] = name
    return (ring[0], ring[1], ring[2], ring[3])


def among_ring(around: Sequence[str], side: Side) -> Ring:
    """Return what stands around the camera of one side of among; the centre stands before what is in front.

    Args:
        around: south, west, north, east of the centre.
    """
    start = SIDES.index(side)
    return (around[(start + 2) % 4], around[(start + 3) % 4], around[start], around[(start + 1) % 4])


def centre_ring(around: Sequence[str], facing: Facing) -> Ring:
    """Return what stands around the centre of among for itself. Raises ValueError where it faces into or out of the sheet."""
    if facing not in COMPASS:
        raise ValueError(f"the centre faces {facing!r}; it must be one of {COMPASS}")
    north = (around[2], around[3], around[0], around[1])  # up, right, down, left
    start = COMPASS.index(facing)
    return (north[start], north[(start + 1) % 4], north[(start + 2) % 4], north[(start + 3) % 4])


def neighbour_sides(around: Sequence[str], place: int) -> tuple[str, str]:
    """Return what is left and right of the centre for one of its neighbours, which is taken to face the centre; 0 is the south."""
    return around[(place + 1) % 4], around[(place + 3) % 4]


def behind_in_row(objects: Sequence[str], side: Side, place: int) -> tuple[str, ...]:
    """Return what stands behind an object of a row for one side's camera, the nearest first; nothing for front and back."""
    if side == "left":
        return tuple(objects[place + 1:])
    return tuple(reversed(objects[:place])) if side == "right" else ()


def row_ring(objects: Sequence[str], place: int, facing: Facing) -> dict[Direction, tuple[str, ...]]:
    """Return what stands in each direction of an object of a row, the nearest first. Raises ValueError as `centre_ring` does."""
    if facing not in COMPASS:
        raise ValueError(f"the object faces {facing!r}; it must be one of {COMPASS}")
    found: dict[Facing, tuple[str, ...]] = {"right": tuple(objects[place + 1:]), "left": tuple(reversed(objects[:place]))}
    start = COMPASS.index(facing)
    return {direction: found.get(COMPASS[(start + number) % 4], ()) for number, direction in enumerate(DIRECTIONS)}


def movement(first: Side, second: Side) -> Literal["forward left", "forward right"] | None:
    """Return how a camera moves from one side of a scene to the next; None between opposite sides, or none at all.

    The way is diagonal: towards the scene, and along it.
    """
    step = (SIDES.index(second) - SIDES.index(first)) % 4
    return "forward left" if step == 1 else "forward right" if step == 3 else None
