"""What stands in a room: eight colours times four shapes, their measures, and the colours of walls and floors.

A name is a colour and a shape, "red box": 32 names. Every shape stands on the floor and is as wide as deep.
"""

from dataclasses import dataclass

from worlds.kit import COLOURS as _KIT
from worlds.kit import FLOORS, WALLS

__all__ = ["COLOURS", "FLOORS", "NAMES", "SHAPES", "WALLS", "WALLS_OF_A_ROOM", "Shape", "parse_name"]


@dataclass(frozen=True)
class Shape:
    """Measures of a thing of size 1: half its width, and its height."""

    half: float
    height: float
    is_round: bool  # seen from above


COLOURS: dict[str, tuple[int, int, int]] = dict(_KIT)
SHAPES: dict[str, Shape] = {
    "box": Shape(0.55, 1.1, False),
    "tower": Shape(0.36, 1.7, False),
    "ball": Shape(0.6, 1.2, True),
    "cone": Shape(0.6, 1.4, True),
}
NAMES: tuple[str, ...] = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)
WALLS_OF_A_ROOM = ("sky", "rose", "sand", "mint")  # north, east, south, west: the same in all scenes, so that they tell the heading


def parse_name(name: str) -> tuple[str, str]:
    """Return (colour, shape) of a name such as "red box".

    Raises:
        ValueError: there is no such thing.
    """
    if name not in NAMES:
        raise ValueError(f"there is no thing {name!r}; colours are {list(COLOURS)}, shapes are {list(SHAPES)}")
    colour, _, shape = name.partition(" ")
    return colour, shape
