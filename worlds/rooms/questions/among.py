"""Questions of a centre among four neighbours."""

from collections.abc import Iterator

import numpy as np

from worlds.rooms.layouts import stepped
from worlds.rooms.questions.asks import SIDES, Ask, Made, Make, at_view, fixed, in_place_of, intro, lies_in, yes_or_no
from worlds.rooms.questions.moves import move_between, moved
from worlds.rooms.questions.question import MOVES, NO, YES
from worlds.rooms.scenes import Camera, Pose, Scene

_STEP_M = 1.0  # of who moves forward


def among_asks(scene: Scene) -> Iterator[Ask]:
    """All that can be asked of such a scene."""
    for view in range(len(scene.cameras)):
        yield from _of_a_view(scene, view)
    yield from _of_the_centre(scene)
    yield from _of_neighbours(scene)


def _of_a_view(scene: Scene, view: int) -> Iterator[Ask]:
    camera, (centre, *around) = scene.cameras[view], scene.things
    names, pose = [thing.name for thing in around], scene.cameras[view].pose
    begin = at_view(scene, view)
    sideways = [stepped(scene, camera, right=right) for right in (False, True)]
    diagonal = {move: other for other in scene.cameras if (move := _move_or_none(camera, other))}
    for number, other in enumerate((*(diagonal[move] for move in MOVES[:2]), *sideways), start=1):
        yield Ask("among_1", f"q{view}_1_{number}", moved(camera, other))

    behind = lies_in(scene, pose, "behind")[0].name
    yield Ask("among_2_1", f"q{view}_2_1", fixed(Made(
        f"{begin}, what is behind me?", names, behind, scene.cameras, pose, pose, "behind")))

    for number, (side, by) in enumerate(zip(SIDES, (-90, 90)), start=2):
        yield Ask("among_2_2", f"q{view}_2_{number}", _closer(scene, view, f"{begin}, then I turn {side} and move forward", by))

    from_centre = Pose(centre.x, centre.y, pose.heading)
    for number, side in enumerate(SIDES, start=1):
        there = lies_in(scene, from_centre, side)[0].name
        yield Ask("among_5", f"q{view}_5_{number}", fixed(Made(
            f"{intro(scene)} From the viewpoint shown in image {view + 1}, what is to the {side} of the {centre.name}?", names, there,
            scene.cameras, pose, pose, side, (centre.name,))))


def _closer(scene: Scene, view: int, text: str, by: int) -> Make:
    pose = scene.cameras[view].pose
    after = pose.turned(by).moved(_STEP_M)
    is_closer = {thing.name: bool(np.hypot(*after.away(thing.x, thing.y)) < np.hypot(*pose.away(thing.x, thing.y)))
                 for thing in scene.things[1:]}

    def make(rng: np.random.Generator) -> Made:
        answer, name = yes_or_no(rng, is_closer)
        return Made(f"{text}, do I get closer to the {name}?", (YES, NO), answer, scene.cameras, pose, after, names=(name,))

    return make


def _of_the_centre(scene: Scene) -> Iterator[Ask]:
    centre, *around = scene.things
    if centre.facing is None:
        return
    pose = Pose(centre.x, centre.y, centre.facing)
    begin = in_place_of(scene, centre)
    names, is_seen = [thing.name for thing in around], {thing.name: thing in lies_in(scene, pose, "front") for thing in around}

    def see(rng: np.random.Generator) -> Made:
        answer, name = yes_or_no(rng, is_seen)
        return Made(f"{begin}, can I see the {name}?", (YES, NO), answer, scene.cameras, pose, pose, names=(centre.name, name))

    for number, side in enumerate(SIDES, start=1):
        yield Ask("among_gen_3", f"gen_3_{number}", see)
        there = lies_in(scene, pose, side)[0].name
        yield Ask("among_gen_4", f"gen_4_{number}", fixed(Made(
            f"{begin}, what is to my {side}?", names, there, scene.cameras, pose, pose, side, (centre.name,))))


def _of_neighbours(scene: Scene) -> Iterator[Ask]:
    centre, *around = scene.things
    for place, thing in enumerate(around):
        if thing.facing is None:
            continue
        pose, seen_from = Pose(thing.x, thing.y, thing.facing), Pose(centre.x, centre.y, thing.facing)
        others = [other.name for other in around if other is not thing]
        for number, side in enumerate(SIDES, start=1):
            text = f"{in_place_of(scene, thing)}, what is to the {side} of the {centre.name}?"
            there = lies_in(scene, seen_from, side)[0].name
            yield Ask("among_gen_6", f"gen_6_{2 * place + number}", fixed(Made(
                text, others, there, scene.cameras, pose, pose, side, (thing.name, centre.name))))


def _move_or_none(first: Camera, second: Camera) -> str | None:
    try:
        return move_between(first, second)
    except ValueError:
        return None
