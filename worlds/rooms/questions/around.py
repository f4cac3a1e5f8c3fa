"""Questions of a row that is seen from its front, its ends and its back."""

from collections.abc import Iterator, Sequence

import numpy as np

from worlds.rooms.catalogue import NAMES
from worlds.rooms.layouts import stepped
from worlds.rooms.questions.asks import SIDES, Ask, Made, Make, in_place_of, lies_in
from worlds.rooms.questions.moves import moved
from worlds.rooms.questions.question import NO, YES
from worlds.rooms.scenes import Camera, Direction, Pose, Scene, Thing

_OPTIONS_IN_A_ROW = 3


def around_asks(scene: Scene) -> Iterator[Ask]:
    """All that can be asked of such a scene."""
    yield from _of_moves(scene)
    yield from _of_what_is_behind(scene)
    yield from _of_things(scene)


def _of_moves(scene: Scene) -> Iterator[Ask]:
    by_side = {camera.side: camera for camera in scene.cameras}
    for first, numbers in (("front", (1, 2, 5, 6)), ("back", (3, 4, 7, 8))):
        if first not in by_side:
            continue
        camera = by_side[first]
        sideways = [stepped(scene, camera, right=right) for right in (False, True)]
        for number, other in zip(numbers, (by_side["left"], by_side["right"], *sideways)):
            yield Ask("around_q1", f"q1_{number}", moved(camera, other))


def _of_what_is_behind(scene: Scene) -> Iterator[Ask]:
    by_side = {camera.side: camera for camera in scene.cameras}
    for number, side in enumerate(SIDES, start=1):
        for first, add in (("front", 0), ("back", 6)):
            if first in by_side:
                yield Ask("around_q2_nearest", f"q2_{number + add}", _nearest_behind(scene, by_side[first], side))
        yield Ask("around_q2_behind", f"q2_{number + 4}", _is_behind(scene, by_side["front"], side))


def _nearest_behind(scene: Scene, first: Camera, side: Direction) -> Make:
    cameras, camera, text = _row_views(scene, first, side)
    order = sorted(scene.things, key=lambda thing: camera.pose.away(thing.x, thing.y)[0])  # by how far ahead they are

    def make(rng: np.random.Generator) -> Made:
        place = int(rng.integers(len(order) - 1))
        name, answer = order[place].name, order[place + 1].name
        options = _row_options(rng, scene, without=name)
        asked = f"{text} which is the nearest object behind the {name}?"
        return Made(asked, options, answer, cameras, camera.pose, camera.pose, "front", (name,))

    return make


def _is_behind(scene: Scene, first: Camera, side: Direction) -> Make:
    cameras, camera, text = _row_views(scene, first, side)

    def make(rng: np.random.Generator) -> Made:
        pair = [scene.things[int(place)] for place in rng.choice(len(scene.things), 2, replace=False)]
        near, far = sorted(pair, key=lambda thing: camera.pose.away(thing.x, thing.y)[0])
        behind = rng.random() < 0.5
        name, other = (far.name, near.name) if behind else (near.name, far.name)
        asked = f"{text} is there {'an' if name[0] in 'aeiou' else 'a'} {name} behind the {other}?"
        return Made(asked, (YES, NO), YES if behind else NO, cameras, camera.pose, camera.pose, names=(name, other))

    return make


def _row_views(scene: Scene, first: Camera, side: str) -> tuple[tuple[Camera, ...], Camera, str]:
    """The images of a question about a row, the camera that it is about, and how it begins: image 1, then left, then right."""
    by_side = {camera.side: camera for camera in scene.cameras}
    cameras = [first, by_side["left"], by_side["right"]]
    if scene.cue == "shuffled":
        cameras = [camera for camera in scene.cameras if camera in cameras]  # in the scene's own order
        text = ("Images 1, 2 and 3 show the same row of objects from three sides, in any order. "
                f"From the viewpoint shown in image {cameras.index(by_side[side]) + 1},")
    else:
        text = (f"Image 1 shows a row of objects from the {first.side}, image 2 from its left end and image 3 from its right end, "
                f"as seen from the front. From the viewpoint shown in image {2 if side == 'left' else 3},")
    return tuple(cameras), by_side[side], text


def _of_things(scene: Scene) -> Iterator[Ask]:
    for number, side in enumerate(SIDES, start=1):
        able = [thing for thing in scene.things if thing.facing is not None and lies_in(scene, _pose_of(thing), side)]
        if able:
            yield Ask("around_q4", f"q4_{number}", _nearest_beside(scene, able, side))


def _nearest_beside(scene: Scene, able: Sequence[Thing], side: Direction) -> Make:
    def make(rng: np.random.Generator) -> Made:
        thing = able[int(rng.integers(len(able)))]
        pose = _pose_of(thing)
        text = f"{in_place_of(scene, thing)}, which is the nearest object to my {side}?"
        options = _row_options(rng, scene, without=thing.name)
        return Made(text, options, lies_in(scene, pose, side)[0].name, scene.cameras, pose, pose, side, (thing.name,))

    return make


def _pose_of(thing: Thing) -> Pose:
    assert thing.facing is not None  # only such are asked about
    return Pose(thing.x, thing.y, thing.facing)


def _row_options(rng: np.random.Generator, scene: Scene, *, without: str) -> list[str]:
    """The other things of a row; where they are few, with names of things that do not stand there."""
    others = [name for name in scene.names if name != without]
    absent = [name for name in NAMES if name not in scene.names]
    more = rng.choice(len(absent), max(0, _OPTIONS_IN_A_ROW - len(others)), replace=False)
    return others + [absent[int(place)] for place in more]
