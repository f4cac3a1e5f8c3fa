"""Scenes that a person builds: things and cameras anywhere in a room where they make sense, or one sentence why not."""

import math
from collections.abc import Sequence
from itertools import combinations

from worlds.errors import InputError
from worlds.rooms.catalogue import COLOURS, FLOORS, NAMES, SHAPES, WALLS
from worlds.rooms.scenes import ON_MAP, PLAIN, Camera, Room, Scene, Thing

MOST_THINGS, MOST_CAMERAS = 8, 6
ROOM_M = (3.0, 8.0)  # half a room's side
SIZE = (0.3, 1.5)
HEIGHT_M, PITCH, FIELD_OF_VIEW = (0.3, 3.0), (-30.0, 60.0), (30.0, 100.0)  # of a camera
_ROOM_AROUND_M = 0.1  # around a camera


def free_scene(things: Sequence[Thing], cameras: Sequence[Camera], room: Room = PLAIN) -> Scene:
    """Return a scene of what a person put somewhere, places rounded to centimetres and angles to degrees.

    Raises:
        InputError: it cannot be seen, or not stand so; one sentence what, one what would be right.
    """
    _check_counts(things, cameras)
    _check_room(room)
    for thing in things:
        _check_thing(thing, room)
    for camera in cameras:
        _check_camera(camera, things, room)
    for thing, other in combinations(things, 2):
        if thing.name == other.name:
            raise InputError(f"There are two of the {thing.name}. Give each thing a colour and shape of its own.")
        if _overlap(thing, other):
            raise InputError(f"The {thing.name} and the {other.name} stand in one place. Move one of them "
                             f"{thing.half + other.half:.2g} m away from the other's middle.")
    return Scene("free", tuple(_rounded_thing(thing) for thing in things), tuple(_rounded_camera(camera) for camera in cameras), room,
                 "shuffled", tuple(range(len(cameras))))


def _check_counts(things: Sequence[Thing], cameras: Sequence[Camera]) -> None:
    for what, count, most in (("things", len(things), MOST_THINGS), ("cameras", len(cameras), MOST_CAMERAS)):
        if not 1 <= count <= most:
            raise InputError(f"The scene has {count} {what}. It has 1 to {most}.")


def _check_room(room: Room) -> None:
    _check_number("half a side of the room", room.half, ROOM_M, "m")
    for wall in room.walls:
        if wall not in WALLS:
            raise InputError(f"There is no wall {wall[:40]!r}. The walls are {', '.join(WALLS)}.")
    if len(set(room.walls)) != 4:
        raise InputError(f"The walls are {', '.join(room.walls)}. The four of a room differ, so that they can be told apart.")
    if room.floor not in FLOORS:
        raise InputError(f"There is no floor {room.floor[:40]!r}. The floors are {', '.join(FLOORS)}.")


def _check_thing(thing: Thing, room: Room) -> None:
    if thing.name not in NAMES:
        raise InputError(f"There is no {thing.name[:40]!r} here. A thing has a colour ({', '.join(COLOURS)}) and a shape "
                         f"({', '.join(SHAPES)}).")
    if thing.facing is not None and thing.facing not in ON_MAP:
        raise InputError(f"The {thing.name} faces {thing.facing!r}. A facing is 0, 90, 180 or 270 degrees, or none.")
    _check_number(f"the size of the {thing.name}", thing.size, SIZE, "")
    most = room.half - thing.half
    if not (abs(thing.x) <= most and abs(thing.y) <= most):  # what is no number is refused, too
        raise InputError(f"The {thing.name} at ({thing.x:.4g}, {thing.y:.4g}) stands outside the room. Its middle lies within "
                         f"{most:.3g} m of the room's.")


def _check_camera(camera: Camera, things: Sequence[Thing], room: Room) -> None:
    most = room.half - _ROOM_AROUND_M
    if not (abs(camera.x) <= most and abs(camera.y) <= most):
        raise InputError(f"The camera at ({camera.x:.4g}, {camera.y:.4g}) is outside the room. It is within {most:.3g} m of the "
                         "room's middle.")
    for what, value, bounds, unit in (
        ("the height of a camera", camera.height, HEIGHT_M, "m"), ("the pitch of a camera", camera.pitch, PITCH, "degrees"),
        ("the field of view of a camera", camera.field_of_view, FIELD_OF_VIEW, "degrees"),
        ("the heading of a camera", camera.heading, (0.0, 360.0), "degrees"),
    ):
        _check_number(what, value, bounds, unit)
    for thing in things:
        beside = max(abs(camera.x - thing.x), abs(camera.y - thing.y)) - thing.half
        if beside < _ROOM_AROUND_M and camera.height < thing.height + _ROOM_AROUND_M:
            away, above = thing.half + _ROOM_AROUND_M, thing.height + _ROOM_AROUND_M
            raise InputError(f"The camera at ({camera.x:.4g}, {camera.y:.4g}) is inside the {thing.name}. Move it {away:.2f} m away "
                             f"from its middle, or {above:.2f} m high.")


def _check_number(what: str, value: float, bounds: tuple[float, float], unit: str) -> None:
    low, high = bounds
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{what[0].upper()}{what[1:]} is {value:.4g}. It is {low:g} to {high:g} {unit}".rstrip() + ".")


def _overlap(thing: Thing, other: Thing) -> bool:
    apart = (max if not (thing.is_round and other.is_round) else math.hypot)(abs(thing.x - other.x), abs(thing.y - other.y))
    return apart < thing.half + other.half - 1e-9


def _rounded_thing(thing: Thing) -> Thing:
    return Thing(thing.name, round(thing.x, 2), round(thing.y, 2), round(thing.size, 2), thing.facing, thing.is_marked)


def _rounded_camera(camera: Camera) -> Camera:
    return Camera(round(camera.x, 2), round(camera.y, 2), round(camera.height, 2), round(camera.heading) % 360, round(camera.pitch),
                  round(camera.field_of_view))
