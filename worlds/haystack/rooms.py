"""The rooms of a haystack video: furnished, drawn whole, and seen by the camera in part. Positions are in view widths."""

from dataclasses import dataclass

import cv2
import numpy as np

from worlds.kit import COLOURS, FLOORS, draw_object, draw_room, object_box

ROOM_SIDE = 1.375  # side of a room in view widths: 176 px of room for 128 px of view
_HORIZON = 0.56  # of the room's height
_FURNITURE_RADII = (12.0 / 128, 19.0 / 128)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Placed:
    """An object in a picture; positions in view widths."""

    name: str
    x: float
    y: float
    radius: float
    rotation: float = 0.0


@dataclass(frozen=True)
class Room:
    """One of the rooms; furniture is placed in room coordinates, in view widths."""

    wall: str
    floor: str
    window_x: float | None
    rug: str | None
    furniture: tuple[Placed, ...]


def furnish(rng: np.random.Generator, wall: str, names: list[str]) -> Room:
    """Return a room with the named furniture side by side: clocks on the wall, everything else on the floor."""
    standing = [name for name in names if not name.endswith("clock")]
    slots = (np.arange(len(standing)) + 0.5) / max(1, len(standing)) * (ROOM_SIDE - 0.2) + 0.1
    placed = []
    for name, slot in zip(standing, slots):
        radius = float(rng.uniform(*_FURNITURE_RADII))
        _, _, _, foot = object_box(name, centre_xy=(0, 0), radius_px=radius)
        ground = _HORIZON * ROOM_SIDE + rng.uniform(0.05, 0.3)
        placed.append(Placed(name, float(slot + rng.uniform(-0.06, 0.06)), float(ground - foot), radius))
    placed.sort(key=lambda thing: thing.y)
    for name in sorted(set(names) - set(standing)):
        radius = float(rng.uniform(_FURNITURE_RADII[0], 0.115))
        placed.append(Placed(name, float(rng.uniform(0.3, ROOM_SIDE - 0.3)), float(rng.uniform(0.2, 0.32)), radius))
    window = float(rng.choice([0.3, 0.5, 0.7])) if rng.random() < 0.6 and not any("clock" in name for name in names) else None
    rug = str(rng.choice(list(COLOURS))) if rng.random() < 0.5 else None
    return Room(wall, str(rng.choice(list(FLOORS))), window, rug, tuple(placed))


def draw_room_picture(room: Room, view_px: int) -> np.ndarray:
    """Return the whole furnished room, (side, side, 3) uint8 with side = ROOM_SIDE views."""
    side = round(ROOM_SIDE * view_px)
    picture = draw_room(side, wall=room.wall, floor=room.floor, horizon=_HORIZON, window_x=room.window_x, rug=room.rug)
    for thing in room.furniture:
        draw_object(picture, thing.name, centre_xy=(thing.x * view_px, thing.y * view_px), radius_px=thing.radius * view_px)
    return picture


def crop(picture: np.ndarray, corner: tuple[float, float], size_px: int) -> np.ndarray:
    """Return the view (size, size, 3) of a room picture whose upper left corner lies at `corner` view widths."""
    shift = np.array([[1, 0, corner[0] * size_px], [0, 1, corner[1] * size_px]], dtype=np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, shift, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def visible_box(box: Box) -> Box | None:
    """Return the box cut to 0..1, or None if less than a quarter of its area is left."""
    x1, y1, x2, y2 = (min(1.0, max(0.0, value)) for value in box)
    if (x2 - x1) * (y2 - y1) < 0.25 * (box[2] - box[0]) * (box[3] - box[1]):
        return None
    return x1, y1, x2, y2
