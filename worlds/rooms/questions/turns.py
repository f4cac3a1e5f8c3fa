"""Questions of a rotation, and of a free scene: what is where after a turn."""

from collections.abc import Iterator

import numpy as np

from worlds.rooms.questions.asks import Ask, Made, Make, at_view, lies_in
from worlds.rooms.questions.question import LETTERS
from worlds.rooms.scenes import Direction, Pose, Scene, Thing

_TURNS: tuple[tuple[int, str], ...] = ((0, ""), (-90, "turn 90 degrees to the left"), (90, "turn 90 degrees to the right"),
                                       (180, "turn 180 degrees around"))
_WHERE: dict[Direction, str] = {"left": "to my left", "right": "to my right", "behind": "behind me"}


def turn_asks(scene: Scene) -> Iterator[Ask]:
    """What is where after a turn, wherever one thing alone lies there; it may be what the image shows, so that each is as likely."""
    for view, camera in enumerate(scene.cameras):
        number = 0
        for by, turn in _TURNS:
            for direction in ("left", "right", "behind"):
                pose = camera.pose.turned(by)
                there = lies_in(scene, pose, direction)
                if len(there) == 1 and len(scene.things) > 1:
                    number += 1
                    make = _turn(scene, view, turn, pose, direction, there[0])
                    yield Ask("rotation" if scene.family == "rotation" else "free", f"q{view + 1}_{number}", make)


def _turn(scene: Scene, view: int, turn: str, pose: Pose, direction: Direction, answer: Thing) -> Make:
    then = f", and then I {turn}" if turn else ""
    text = f"{at_view(scene, view)}{then}, what is {_WHERE[direction]}?"

    def make(rng: np.random.Generator) -> Made:
        others = [name for name in scene.names if name != answer.name]
        chosen = [others[int(place)] for place in rng.permutation(len(others))[: len(LETTERS) - 1]]
        return Made(text, [answer.name, *chosen], answer.name, scene.cameras, scene.cameras[view].pose, pose, direction)

    return make
