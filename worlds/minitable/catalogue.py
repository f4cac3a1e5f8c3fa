"""What lies on a table: six kinds of bodies in eight colours, open boxes, an area to wipe; their measures, and how people call
them.

All lengths are metres. Every body but the sphere is an outline that is drawn up straight; a star or a prism moves as its convex
hull.
"""

from dataclasses import dataclass

import numpy as np

from worlds.kit import COLOURS as _KIT

COLOURS: dict[str, tuple[int, int, int]] = dict(_KIT)
TABLE_Z = 0.755  # of its surface
TABLE_X, TABLE_Y = (-0.42, 0.86), (-0.62, 0.62)  # its edges: the workspace lies within
BOX_HALF, BOX_HEIGHT, BOX_WALL = 0.075, 0.055, 0.006  # half the inner side of an open box, its height, and its walls
AREA_LENGTH, AREA_WIDTH, CELLS = 0.24, 0.07, 6  # of what is to be wiped, and in how many pieces it is counted


@dataclass(frozen=True)
class Kind:
    """A kind of body.

    Attributes:
        outline: corners seen from above, against the clock; a sphere's is its largest circle.
        turn: degrees after which it looks the same to the fingers; None where that is always so.
        looks: an adjective for whoever may not name it.
        function: what it is like, without its name.
    """

    outline: tuple[tuple[float, float], ...]
    half_height: float
    turn: float | None
    looks: str
    function: str

    @property
    def reach(self) -> float:
        """How far its outline is from its middle at most."""
        return float(np.hypot(*np.array(self.outline).T).max())


def _around(*radii: float, corners: int, first: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Corners at equal angles, at the given radii by turns."""
    angles = np.deg2rad(first) + np.arange(corners) * 2 * np.pi / corners
    return tuple((float(radii[at % len(radii)] * np.cos(angle)), float(radii[at % len(radii)] * np.sin(angle)))
                 for at, angle in enumerate(angles))


KINDS: dict[str, Kind] = {
    "cube": Kind(_around(0.03 * 2**0.5, corners=4, first=45), 0.03, 90, "square", "thing that is shaped like dice"),
    "cylinder": Kind(_around(0.03, corners=28), 0.03, None, "drum-like", "thing that is shaped like a can"),
    "sphere": Kind(_around(0.031, corners=28), 0.031, None, "ball-like", "thing that rolls wherever it likes"),
    "prism": Kind(_around(0.042, corners=3), 0.03, 60, "three-sided", "thing that is shaped like a tent"),
    "star": Kind(_around(0.046, 0.021, corners=10), 0.024, 36, "pointed", "thing that is shaped like what shines at night"),
    "sponge": Kind(((-0.05, -0.03), (0.05, -0.03), (0.05, 0.03), (-0.05, 0.03)), 0.018, 180, "soft", "thing that soaks up water"),
}
SHAPES = tuple(kind for kind in KINDS if kind != "sponge")
FLAT_ON_TOP = ("cube", "cylinder", "star")  # what something can be stacked on
STACKABLE = ("cube", "cylinder", "prism", "star")

LIKE: dict[str, str] = {  # a colour by something that has it
    "red": "a ripe tomato",
    "orange": "a carrot",
    "yellow": "a banana",
    "green": "grass",
    "cyan": "a swimming pool",
    "blue": "the deep sea",
    "purple": "an aubergine",
    "pink": "a flamingo",
}
