"""How the settings of MindCube are laid out in metres (arXiv 2506.21458, Sec. 2.1).

Rotation: the camera stays in the middle of the room and turns; each view shows one thing. Among: the camera stands between the centre
and a neighbour and looks at the centre; each view shows the centre and the neighbour behind it, and nothing else. Around: the camera
goes around a row; from the front all things are seen, from its ends the nearer hide the farther. The paper's scenes are photographs;
the measures here are ours.
"""

from collections.abc import Sequence

import numpy as np

from worlds.rooms.scenes import PLAIN, Camera, Cue, Room, Rotation, Scene, Setting, Thing, ahead_of

HEADINGS_OF: dict[Rotation, tuple[int, ...]] = {  # of the views, in their order
    "two_view_clockwise": (0, 90),
    "two_view_counterclockwise": (0, 270),
    "two_view_opposite": (0, 180),
    "three_view": (270, 0, 90),
    "four_view": (270, 0, 90, 180),
}
AMONG_SIDES = {"front": 0, "left": 90, "back": 180, "right": 270}  # side from which it is seen -> heading of the camera
AROUND_SIDES = {"front": 0, "left": 90, "right": 270, "back": 180}
FIELD_OF_VIEW = 62.0
CENTRE_SIZE = 0.25 / 0.55  # a box of it is half a metre wide: small enough to be looked over
NEIGHBOUR_M = 3.2  # from the middle of the room
AMONG_CAMERA_M = 2.0
AROUND_SIZE, AROUND_GAP_M = 0.7, 1.3  # from middle to middle
FRONT_M, END_M = 4.3, 2.0  # a camera from the row, and from the middle of its last thing
STEP_M = {"among": 0.8, "around": 1.0}  # of who moves sideways
MOST_IN_A_ROW = 4


def rotation(setting: Rotation, names: Sequence[str], *, order: Sequence[int] | None = None, cue: Cue = "described",
             room: Room = PLAIN) -> Scene:
    """A scene of a camera that turns; `names` are in the order of the setting's headings.

    Raises:
        ValueError: the names or the order do not fit the setting.
    """
    headings = HEADINGS_OF[setting]
    _check(names, len(headings))
    places = [ahead_of(heading) for heading in headings]
    things = tuple(Thing(name, NEIGHBOUR_M * east, NEIGHBOUR_M * north) for name, (east, north) in zip(names, places))
    cameras = [Camera(0.0, 0.0, 1.5, heading, 14.0, FIELD_OF_VIEW) for heading in headings]
    return _scene(setting, things, cameras, order, cue, room)


def among(names: Sequence[str], *, facings: Sequence[int | None] = (None,) * 5, order: Sequence[int] | None = None,
          cue: Cue = "described", room: Room = PLAIN) -> Scene:
    """A scene around a centre; `names` and `facings` are of the centre and what is south, west, north and east of it.

    Raises:
        ValueError: there are not five different names, a neighbour faces elsewhere than to the centre, or the order does not fit.
    """
    _check(names, 5)
    things = [Thing(names[0], 0.0, 0.0, CENTRE_SIZE, facings[0], is_marked=True)]
    for name, facing, to_centre in zip(names[1:], facings[1:], (0, 90, 180, 270), strict=True):
        if facing not in (None, to_centre):
            raise ValueError(f"{name!r} faces {facing}; a neighbour has no facing, or looks at the centre, {to_centre}")
        east, north = ahead_of(to_centre + 180)
        things.append(Thing(name, NEIGHBOUR_M * east, NEIGHBOUR_M * north, 1.0, facing))
    cameras = []
    for side, heading in AMONG_SIDES.items():
        east, north = ahead_of(heading)
        cameras.append(Camera(-AMONG_CAMERA_M * east, -AMONG_CAMERA_M * north, 1.5, heading, 20.8, FIELD_OF_VIEW, side))
    return _scene("among", tuple(things), cameras, order, cue, room)


def around(names: Sequence[str], *, facings: Sequence[int | None] | None = None, has_back: bool = False,
           order: Sequence[int] | None = None, cue: Cue = "described", room: Room = PLAIN) -> Scene:
    """A scene of a row; `names` and `facings` are from west to east, which is from left to right as seen from the front.

    Args:
        has_back: whether there is a view from the back, after those from the front, the left and the right.
    Raises:
        ValueError: there are not two to four different names, or the order does not fit.
    """
    if not 2 <= len(names) <= MOST_IN_A_ROW:
        raise ValueError(f"a row has {len(names)} things; it is two to {MOST_IN_A_ROW}")
    _check(names, len(names))
    first = -AROUND_GAP_M * (len(names) - 1) / 2
    things = tuple(Thing(name, round(first + AROUND_GAP_M * at, 3), 0.0, AROUND_SIZE, facing)
                   for at, (name, facing) in enumerate(zip(names, facings or [None] * len(names), strict=True)))
    cameras = []
    for side, heading in list(AROUND_SIDES.items())[: 4 if has_back else 3]:
        is_end = side in ("left", "right")
        away = END_M - first if is_end else FRONT_M
        east, north = ahead_of(heading)
        height, pitch = (0.9, 6.0) if is_end else (1.5, 15.0)  # low, so that the nearest thing hides the others
        cameras.append(Camera(round(-away * east, 3), round(-away * north, 3), height, heading, pitch, FIELD_OF_VIEW, side))
    return _scene("around", things, cameras, order, cue, room)


def stepped(scene: Scene, camera: Camera, *, right: bool) -> Camera:
    """The camera after a step to its side, looking the same way."""
    pose = camera.pose.moved(0.0, STEP_M[scene.family] * (1 if right else -1))
    return Camera(round(pose.x, 3), round(pose.y, 3), camera.height, camera.heading, camera.pitch, camera.field_of_view)


def between(first: Camera, second: Camera, share: float) -> Camera:
    """A camera on the way from one to another: around the middle of the room, along the smaller turn; of two equal ones clockwise.

    Args:
        share: of the way, 0 to 1.
    """
    def mixed(start: float, end: float) -> float:
        return start + share * (end - start)

    away = mixed(float(np.hypot(first.x, first.y)), float(np.hypot(second.x, second.y)))
    from_middle, to_middle = (float(np.degrees(np.arctan2(one.x, one.y))) for one in (first, second))
    east, north = ahead_of(round(from_middle + share * _turn(from_middle, to_middle), 6) % 360)
    heading = round(first.heading + share * _turn(first.heading, second.heading), 3) % 360
    return Camera(round(away * east, 3), round(away * north, 3), round(mixed(first.height, second.height), 3), heading,
                  round(mixed(first.pitch, second.pitch), 3), round(mixed(first.field_of_view, second.field_of_view), 3))


def _scene(setting: Setting, things: tuple[Thing, ...], cameras: list[Camera], order: Sequence[int] | None, cue: Cue, room: Room
           ) -> Scene:
    places = tuple(order) if order is not None else tuple(range(len(cameras)))
    if sorted(places) != list(range(len(cameras))) or (cue == "described" and places != tuple(range(len(cameras)))):
        raise ValueError(f"the order {places} is none of {len(cameras)} views that are {cue}")
    return Scene(setting, things, tuple(cameras[place] for place in places), room, cue, places)


def _check(names: Sequence[str], count: int) -> None:
    if len(names) != count or len(set(names)) != count:
        raise ValueError(f"the names are {list(names)}; this setting has {count} different ones")


def _turn(start: float, end: float) -> float:
    """Degrees clockwise from one heading to another, above -180 and at most 180."""
    turn = round(end - start, 6) % 360
    return turn - 360 if turn > 180 else turn
