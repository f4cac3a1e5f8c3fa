"""A scene: named things in a room, and the cameras that see it. Records only, which nothing changes.

Directions have three languages here, all of them degrees clockwise from north inside: a heading as a number, what a map calls it
(up, right, down, left), and a direction as somebody who stands somewhere means it (front, right, behind, left).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from worlds.rooms.catalogue import COLOURS, SHAPES, WALLS_OF_A_ROOM, Shape, parse_name

Rotation = Literal["two_view_clockwise", "two_view_counterclockwise", "two_view_opposite", "three_view", "four_view"]
Setting = Literal["two_view_clockwise", "two_view_counterclockwise", "two_view_opposite", "three_view", "four_view", "among",
                  "around", "free"]
Family = Literal["rotation", "among", "around", "free"]
Cue = Literal["described", "shuffled"]  # whether the views come in an order that is told, or in any
Direction = Literal["front", "right", "behind", "left"]

ROTATIONS: tuple[Rotation, ...] = get_args(Rotation)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
ON_MAP = {0: "up", 90: "right", 180: "down", 270: "left"}  # heading -> its word on a map
HEADINGS = {word: heading for heading, word in ON_MAP.items()}


@dataclass(frozen=True)
class Pose:
    """Where somebody stands and which way they look."""

    x: float
    y: float
    heading: float

    def turned(self, by: float) -> "Pose":
        """The same place after a turn, in degrees clockwise."""
        return Pose(self.x, self.y, (self.heading + by) % 360)

    def moved(self, forward: float, right: float = 0.0) -> "Pose":
        """The same heading after some metres."""
        (east, north), (east_right, north_right) = ahead_of(self.heading), ahead_of(self.heading + 90)
        return Pose(self.x + forward * east + right * east_right, self.y + forward * north + right * north_right, self.heading)

    def away(self, x: float, y: float) -> tuple[float, float]:
        """How many metres a point lies ahead and to the right."""
        (east, north), (east_right, north_right) = ahead_of(self.heading), ahead_of(self.heading + 90)
        dx, dy = x - self.x, y - self.y
        return dx * east + dy * north, dx * east_right + dy * north_right

    def direction_of(self, x: float, y: float) -> Direction:
        """In which quarter around this pose a point lies."""
        ahead, right = self.away(x, y)
        return DIRECTIONS[round(np.degrees(np.arctan2(right, ahead)) / 90) % 4]


@dataclass(frozen=True)
class Thing:
    """A thing on the floor, by the middle of its foot.

    Attributes:
        size: of its measures in the catalogue.
        facing: heading of its dark face, 0, 90, 180 or 270; None where it has none.
        is_marked: whether its four sides bear a mark each, by which they can be told apart.
    """

    name: str
    x: float
    y: float
    size: float = 1.0
    facing: int | None = None
    is_marked: bool = False

    @property
    def colour(self) -> tuple[int, int, int]:
        return COLOURS[parse_name(self.name)[0]]

    @property
    def shape(self) -> str:
        return parse_name(self.name)[1]

    @property
    def half(self) -> float:
        """Half its width."""
        return self._measures.half * self.size

    @property
    def height(self) -> float:
        return self._measures.height * self.size

    @property
    def is_round(self) -> bool:
        return self._measures.is_round

    @property
    def _measures(self) -> Shape:
        return SHAPES[self.shape]


@dataclass(frozen=True)
class Camera:
    """A camera with a square picture.

    Attributes:
        height: metres above the floor.
        heading: degrees clockwise from north.
        pitch: degrees below the horizon.
        field_of_view: degrees, across and down.
        side: the side of the scene that it shows: front, left, back, right; "" where that has no meaning.
    """

    x: float
    y: float
    height: float
    heading: float
    pitch: float
    field_of_view: float
    side: str = ""

    @property
    def pose(self) -> Pose:
        return Pose(self.x, self.y, self.heading)

    @property
    def place(self) -> np.ndarray:
        """(3,) metres."""
        return np.array([self.x, self.y, self.height])

    @property
    def axes(self) -> np.ndarray:
        """(3, 3) unit vectors to the right of the picture, down, and ahead."""
        (east, north), down = ahead_of(self.heading), np.radians(self.pitch)
        ahead = np.array([east * np.cos(down), north * np.cos(down), -np.sin(down)])
        right = np.array([north, -east, 0.0])
        return np.stack([right, np.cross(ahead, right), ahead])


@dataclass(frozen=True)
class Room:
    """A square room.

    Attributes:
        half: half its side.
        walls: names of wall colours, north, east, south, west.
        floor: a name of the kit's floors.
    """

    half: float = 5.0
    walls: tuple[str, str, str, str] = WALLS_OF_A_ROOM
    floor: str = "oak"


PLAIN = Room()


@dataclass(frozen=True)
class Scene:
    """Things and cameras in a room.

    Attributes:
        things: among: the centre, then those south, west, north and east of it; around: from west to east; rotation: in the order
            of the setting's headings; free: as a person put them.
        cameras: in the order of the images.
        order: the place of every image in the setting's own order of views.
    """

    setting: Setting
    things: tuple[Thing, ...]
    cameras: tuple[Camera, ...]
    room: Room = PLAIN
    cue: Cue = "described"
    order: tuple[int, ...] = ()

    @property
    def family(self) -> Family:
        if self.setting in ROTATIONS:
            return "rotation"
        return self.setting  # type: ignore[return-value]  # the others are families themselves

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(thing.name for thing in self.things)

    def thing(self, name: str) -> Thing:
        """The thing of that name. Raises ValueError where there is none."""
        for thing in self.things:
            if thing.name == name:
                return thing
        raise ValueError(f"the scene has no {name!r}; it has {list(self.names)}")


def ahead_of(heading: float) -> tuple[float, float]:
    """The unit vector of a heading: (east, north); exact at the four quarters."""
    if heading % 90 == 0:
        return ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))[int(heading // 90) % 4]
    angle = np.radians(heading)
    return float(np.sin(angle)), float(np.cos(angle))
