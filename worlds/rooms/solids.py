"""The scene in 3-D as plain arrays: meshes of the things and the room, pyramids of the cameras, arrows of poses.

Whoever draws needs vertices, faces and a colour for each face, nothing else. Faces are triangles, counter-clockwise from outside.
Not here: light and marks. What is drawn in a browser is shaded there.
"""

from dataclasses import dataclass

import numpy as np

from worlds.rooms.catalogue import FLOORS, WALLS
from worlds.rooms.scenes import Camera, Pose, Room, Scene, Thing, ahead_of

_NIGHT = (38, 32, 44)  # a face
_AROUND, _UP = 24, 12  # parts of a round thing
_TALL_M = 3.4


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles of one named solid.

    Attributes:
        name: for a legend.
        vertices: (vertices, 3) metres.
        faces: (faces, 3) places of vertices.
        colours: (faces, 3) uint8 RGB.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    colours: np.ndarray


@dataclass(frozen=True, eq=False)
class Lines:
    """Line segments, (segments, 2, 3) metres."""

    name: str
    segments: np.ndarray


def things(scene: Scene) -> tuple[Mesh, ...]:
    """The meshes of a scene's things, in their order."""
    return tuple(thing_mesh(thing) for thing in scene.things)


def thing_mesh(thing: Thing) -> Mesh:
    """The mesh of one thing; the quarter that it faces is dark."""
    vertices, faces = {"ball": _ball, "cone": _cone}.get(thing.shape, _box)(thing.half, thing.height)
    colours = np.tile(np.array(thing.colour, np.uint8), (len(faces), 1))
    if thing.facing is not None:
        corners = vertices[faces]  # (faces, 3 corners, 3)
        out = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        upright = np.abs(out[:, 2]) < 0.8 * np.linalg.norm(out, axis=1)
        faced = out[:, :2] @ np.array(ahead_of(thing.facing)) > np.sqrt(0.5) * np.linalg.norm(out[:, :2], axis=1) + 1e-9
        colours[upright & faced] = _NIGHT
    return Mesh(thing.name, vertices + np.array([thing.x, thing.y, 0.0]), faces, colours)


def room_meshes(room: Room) -> tuple[Mesh, ...]:
    """The floor, and the walls north, east, south and west of it, as seen from inside."""
    low, high, top = -room.half, room.half, _TALL_M
    floor = [(low, low, 0.0), (high, low, 0.0), (high, high, 0.0), (low, high, 0.0)]
    edges = ((floor[3], floor[2]), (floor[2], floor[1]), (floor[1], floor[0]), (floor[0], floor[3]))
    found = [_sheet("floor", floor, FLOORS[room.floor])]
    for side, wall, (start, end) in zip(("north", "east", "south", "west"), room.walls, edges):
        corners = [start, end, (end[0], end[1], top), (start[0], start[1], top)]
        found.append(_sheet(f"{side} wall", corners, WALLS[wall]))
    return tuple(found)


def frustum(camera: Camera, *, name: str = "camera", length_m: float = 0.8, colour: tuple[int, int, int] = (90, 90, 96)) -> Mesh:
    """What a camera sees up to some distance: a pyramid. Its first vertex is the camera, then upper left, clockwise as it sees it."""
    corners = _corners(camera, length_m)
    faces = np.array([(0, 2, 1), (0, 3, 2), (0, 4, 3), (0, 1, 4), (1, 2, 3), (1, 3, 4)], np.int32)
    return Mesh(name, corners, faces, np.tile(np.array(colour, np.uint8), (len(faces), 1)))


def frustum_lines(camera: Camera, *, name: str = "camera", length_m: float = 0.8) -> Lines:
    """The edges of a camera's pyramid: four from the camera, four around what it sees."""
    corners = _corners(camera, length_m)
    pairs = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (3, 4), (4, 1)]
    return Lines(name, np.array([(corners[start], corners[end]) for start, end in pairs]))


def arrow(pose: Pose, *, name: str = "asked", length_m: float = 1.0, height_m: float = 0.05) -> Lines:
    """An arrow on the floor, from where somebody stands to where they look: its shaft and the two sides of its head."""
    tip = pose.moved(length_m)
    start, end = np.array([pose.x, pose.y, height_m]), np.array([tip.x, tip.y, height_m])
    sides = []
    for right in (-1, 1):
        back = pose.moved(0.75 * length_m, 0.15 * length_m * right)
        sides.append((end, np.array([back.x, back.y, height_m])))
    return Lines(name, np.array([(start, end), *sides]))


def _corners(camera: Camera, length_m: float) -> np.ndarray:
    """The camera and the four corners of its picture at a distance, (5, 3)."""
    reach = np.tan(np.radians(camera.field_of_view) / 2)
    ways = np.array([(0, 0, 0), (-reach, -reach, 1), (reach, -reach, 1), (reach, reach, 1), (-reach, reach, 1)])
    return np.asarray(camera.place + length_m * ways @ camera.axes)


def _sheet(name: str, corners: list[tuple[float, float, float]], colour: tuple[int, int, int]) -> Mesh:
    faces, colours = np.array([(0, 1, 2), (0, 2, 3)], np.int32), np.tile(np.array(colour, np.uint8), (2, 1))
    return Mesh(name, np.array(corners, float), faces, colours)


def _box(half: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    ring = [(-half, -half), (half, -half), (half, half), (-half, half)]
    vertices = np.array([(x, y, z) for z in (0.0, height) for x, y in ring])
    sides = [face for at in range(4) for face in ((at, (at + 1) % 4, (at + 1) % 4 + 4), (at, (at + 1) % 4 + 4, at + 4))]
    return vertices, np.array([(0, 2, 1), (0, 3, 2), (4, 5, 6), (4, 6, 7), *sides], np.int32)


def _cone(half: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    turn = _turn()
    ring = np.column_stack([half * np.cos(turn), half * np.sin(turn), np.zeros(_AROUND)])
    vertices = np.concatenate([ring, [(0, 0, 0), (0, 0, height)]])
    faces = [face for at in range(_AROUND) for face in ((at, (at + 1) % _AROUND, _AROUND + 1), ((at + 1) % _AROUND, at, _AROUND))]
    return vertices, np.array(faces, np.int32)


def _ball(half: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    turn, tilt = _turn(), np.linspace(-np.pi / 2, np.pi / 2, _UP + 1)[1:-1]
    rings = [np.column_stack([np.cos(turn) * np.cos(up), np.sin(turn) * np.cos(up), np.full(_AROUND, np.sin(up))]) for up in tilt]
    vertices = np.concatenate([*rings, [(0, 0, -1), (0, 0, 1)]]) * (half, half, height / 2) + (0, 0, height / 2)
    foot, top = len(vertices) - 2, len(vertices) - 1
    faces = []
    for at in range(_AROUND):
        beside = (at + 1) % _AROUND
        faces += [(beside, at, foot), ((_UP - 2) * _AROUND + at, (_UP - 2) * _AROUND + beside, top)]
        for ring in range(_UP - 2):
            low, high = ring * _AROUND, (ring + 1) * _AROUND
            faces += [(low + at, low + beside, high + beside), (low + at, high + beside, high + at)]
    return vertices, np.array(faces, np.int32)


def _turn() -> np.ndarray:
    return (np.arange(_AROUND) + 0.5) * 2 * np.pi / _AROUND
