"""What the questions of all settings are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from worlds.rooms.questions.question import NO, YES, Template
from worlds.rooms.scenes import Camera, Direction, Pose, Scene, Setting, Thing

SIDES: tuple[Direction, Direction] = ("left", "right")
_QUARTERS = "each a quarter turn clockwise after the one before"
_ORDERS: dict[Setting, str] = {
    "two_view_clockwise": _QUARTERS, "two_view_counterclockwise": "the second a quarter turn counter-clockwise after the first",
    "two_view_opposite": "the second half a turn after the first", "three_view": _QUARTERS, "four_view": _QUARTERS,
}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six")  # images


@dataclass(frozen=True)
class Ask:
    """A question before anything is drawn for it: `make` takes a generator for what is left open, and the shuffle."""

    template: Template
    number: str  # the end of the id
    make: "Make"


@dataclass(frozen=True)
class Made:
    """A question before its options are shuffled."""

    text: str
    options: Sequence[str]
    answer: str
    cameras: Sequence[Camera]
    start: Pose
    pose: Pose
    direction: Direction | None = None
    names: tuple[str, ...] = ()


Make = Callable[[np.random.Generator], Made]


def lies_in(scene: Scene, pose: Pose, direction: Direction, *, without: Sequence[str] = ()) -> tuple[Thing, ...]:
    """The things in a quarter around a pose, the nearest first; whoever stands in a thing's place does not see it."""
    found = [(sum(way**2 for way in pose.away(thing.x, thing.y)), thing) for thing in scene.things if thing.name not in without]
    here = [(far, thing) for far, thing in found if far > 0 and pose.direction_of(thing.x, thing.y) == direction]
    return tuple(thing for _, thing in sorted(here, key=lambda each: each[0]))


def fixed(made: Made) -> Make:
    """A question that leaves nothing open but the order of its options."""
    return lambda rng: made


def yes_or_no(rng: np.random.Generator, holds: dict[str, bool]) -> tuple[str, str]:
    """Return an answer, drawn evenly, and a name for which it is right."""
    answer = rng.random() < 0.5
    names = [name for name, is_so in holds.items() if is_so == answer]
    return (YES if answer else NO), names[int(rng.integers(len(names)))]


def at_view(scene: Scene, view: int) -> str:
    """How a question begins that is asked from an image."""
    return f"{intro(scene)} If I am standing at the viewpoint shown in image {view + 1} and facing the same way"


def in_place_of(scene: Scene, thing: Thing) -> str:
    """How a question begins that is asked from a thing."""
    return f"{intro(scene)} If I am standing in the place of the {thing.name} and facing where it faces"


def intro(scene: Scene) -> str:
    """What the images are, in a sentence."""
    count = len(scene.cameras)
    listed = ", ".join(str(number) for number in range(1, count))
    which = f"The {_COUNTS[count]} images (image {listed} and {count}) show" if count > 1 else "The image (image 1) shows"
    if scene.family == "free":
        return f"{which} one room."
    if scene.family == "rotation":
        return f"{which} one room from one place, {_ORDERS[scene.setting] if scene.cue == 'described' else 'in any order'}."
    if scene.cue == "shuffled":
        return f"{which} one scene from {count} sides, in any order."
    sides = [camera.side for camera in scene.cameras]
    return f"{which} one scene from the {', '.join(sides[:-1])} and {sides[-1]}."
