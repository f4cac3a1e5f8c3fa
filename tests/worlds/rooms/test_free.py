"""Scenes that a person builds: what may stand where, at the limit and one step above, and the sentence that says why not."""

import pytest

from worlds.errors import InputError
from worlds.rooms.catalogue import NAMES
from worlds.rooms.free import MOST_CAMERAS, MOST_THINGS, free_scene
from worlds.rooms.scenes import Camera, Room, Thing

CAMERA = Camera(0.0, -4.0, 1.5, 0, 20, 62)
BOX = Thing("red box", 0.0, 0.0)


def test_a_scene_is_rounded_to_centimetres_and_degrees() -> None:
    scene = free_scene([Thing("red box", 1.23456, -0.004, 0.777, 90)], [Camera(0.123, -4.0, 1.5049, 359.7, 19.6, 62.2)])

    assert scene.things == (Thing("red box", 1.23, 0.0, 0.78, 90),)
    assert scene.cameras == (Camera(0.12, -4.0, 1.5, 0, 20, 62),)


def test_as_many_as_may_stand_there_do() -> None:
    things = [Thing(name, 1.3 * (at % 4) - 2, 1.3 * (at // 4), 0.5) for at, name in enumerate(NAMES[: MOST_THINGS + 1])]

    free_scene(things[:MOST_THINGS], [CAMERA] * MOST_CAMERAS)

    with pytest.raises(InputError, match=f"has {MOST_THINGS + 1} things. It has 1 to {MOST_THINGS}"):
        free_scene(things, [CAMERA])
    with pytest.raises(InputError, match=f"has {MOST_CAMERAS + 1} cameras"):
        free_scene([BOX], [CAMERA] * (MOST_CAMERAS + 1))
    with pytest.raises(InputError, match="has 0 things"):
        free_scene([], [CAMERA])


def test_a_thing_may_touch_the_wall_and_not_stand_in_it() -> None:
    free_scene([Thing("red box", 4.45, 0.0)], [CAMERA])

    with pytest.raises(InputError, match=r"red box at \(4\.46, 0\) stands outside the room. Its middle lies within 4\.45 m"):
        free_scene([Thing("red box", 4.46, 0.0)], [CAMERA])


@pytest.mark.parametrize(("name", "near", "far"), [("blue box", 1.09, 1.1), ("blue ball", 1.14, 1.15), ("blue tower", 0.9, 0.91)])
def test_two_things_may_touch_and_not_stand_in_one_place(name: str, near: float, far: float) -> None:
    free_scene([BOX, Thing(name, far, 0.3)], [CAMERA])

    with pytest.raises(InputError, match=f"The red box and the {name} stand in one place. Move one"):
        free_scene([BOX, Thing(name, near, 0.3)], [CAMERA])


def test_round_things_are_as_far_apart_as_their_circles() -> None:
    free_scene([Thing("red ball", 0, 0), Thing("blue cone", 0.85, 0.85)], [CAMERA])

    with pytest.raises(InputError, match="in one place"):
        free_scene([Thing("red ball", 0, 0), Thing("blue cone", 0.84, 0.84)], [CAMERA])
    with pytest.raises(InputError, match="in one place"):
        free_scene([Thing("red box", 0, 0), Thing("blue cone", 0.85, 0.85)], [CAMERA])


def test_a_camera_may_look_over_a_thing_and_not_stand_in_it() -> None:
    free_scene([BOX], [Camera(0, 0, 1.21, 0, 20, 62), Camera(0.66, 0, 0.5, 0, 20, 62)])

    for x, height in ((0, 1.19), (0.64, 0.5)):
        with pytest.raises(InputError, match=r"is inside the red box\. Move it 0\.65 m away from its middle, or 1\.20 m high"):
            free_scene([BOX], [Camera(x, 0, height, 0, 20, 62)])


@pytest.mark.parametrize(("camera", "what"), [
    (Camera(4.91, 0, 1.5, 0, 20, 62), "outside the room. It is within 4.9 m"),
    (Camera(0, float("nan"), 1.5, 0, 20, 62), "outside"),
    (Camera(0, 3, 0.29, 0, 20, 62), "height of a camera is 0.29. It is 0.3 to 3 m"),
    (Camera(0, 3, 1, 0, 61, 62), "pitch of a camera"),
    (Camera(0, 3, 1, 0, 20, 101), "field of view of a camera is 101. It is 30 to 100 degrees"),
    (Camera(0, 3, 1, float("inf"), 20, 62), "heading of a camera is inf"),
], ids=["wall", "nan", "low", "pitch", "wide", "heading"])
def test_a_camera_that_sees_nothing_sensible_is_refused(camera: Camera, what: str) -> None:
    with pytest.raises(InputError, match=what):
        free_scene([BOX], [camera])


@pytest.mark.parametrize(("thing", "what"), [
    (Thing("red star", 0, 0), "no 'red star' here"), (Thing("red box", 0, 0, 1.51), "size of the red box is 1.51. It is 0.3 to 1.5"),
    (Thing("red box", 0, 0, 1.0, 45), "faces 45. A facing is 0, 90, 180 or 270"), (Thing("red box", float("nan"), 0), "outside"),
], ids=["name", "size", "facing", "nan"])
def test_a_thing_that_cannot_be_is_refused(thing: Thing, what: str) -> None:
    with pytest.raises(InputError, match=what):
        free_scene([thing], [CAMERA])


def test_two_of_one_name_cannot_be_told_apart() -> None:
    with pytest.raises(InputError, match="There are two of the red box"):
        free_scene([BOX, Thing("red box", 2, 2)], [CAMERA])


@pytest.mark.parametrize(("room", "what"), [
    (Room(half=2.9), "Half a side of the room is 2.9. It is 3 to 8 m"),
    (Room(walls=("sky", "rose", "sand", "moss")), "no wall 'moss'"),
    (Room(walls=("sky", "rose", "sand", "sky")), "four of a room differ"), (Room(floor="grass"), "no floor 'grass'"),
], ids=["small", "wall", "twice", "floor"])
def test_a_room_that_cannot_be_is_refused(room: Room, what: str) -> None:
    with pytest.raises(InputError, match=what):
        free_scene([BOX], [Camera(0, -2, 1.5, 0, 20, 62)], room)
