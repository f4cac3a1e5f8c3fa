"""Draws a table and a task for a seed: the same seed and subset give the same table, everywhere.

Whatever is asked for is one certain thing and can be done: there is room, and nothing is done at the start. A scene that does not
come out so is drawn again from the same generator.
"""

from dataclasses import dataclass

import numpy as np

from worlds.kit import WALLS
from worlds.minitable import wordings
from worlds.minitable.catalogue import AREA_LENGTH, BOX_HEIGHT, CELLS, COLOURS, FLAT_ON_TOP, KINDS, SHAPES, STACKABLE, TABLE_Z
from worlds.minitable.expert import landing
from worlds.minitable.goals import progress
from worlds.minitable.state import AREA, Area, Body, Box, Do, Gripper, Part, State
from worlds.minitable.subsets import subset_index

KINDS_OF_TASK: tuple[Do, ...] = ("place", "stack", "left", "beside", "wipe")
HOME = (0.1, 0.0, 1.205)  # of the gripper
_X, _Y = (-0.08, 0.42), (-0.38, 0.38)  # where bodies lie: all in the picture
_BOX_X, _BOX_Y = (-0.02, 0.34), (-0.31, 0.31)
_BOX_REACH, _GAP = 0.115, 0.012  # half a box's diagonal; between things
_BODY_REACH = 0.052  # bodies are drawn apart as if they were all this large
_ATTEMPTS, _TRIES = 2000, 60
_WALLS = tuple(wall for wall in WALLS if wall not in ("slate", "grey"))  # the light and friendly ones


@dataclass(frozen=True)
class Task:
    """What is asked of whom acts at a table.

    Attributes:
        kind: of `KINDS_OF_TASK`, or "own".
    """

    seed: int
    subset: str
    kind: str
    instruction: str


class _Unfit(Exception):
    """A scene that has to be drawn again."""


def draw_table(seed: int, subset: str, *, kind: str | None = None) -> tuple[State, Task]:
    """Return the table of a seed with its goal, and the task in words.

    Args:
        kind: one of `kinds_of(subset)`; None draws it.
    Raises:
        InputError: there is no such subset.
        ValueError: there is no such kind of task in the subset.
    """
    generator = np.random.default_rng([seed, subset_index(subset)])
    if kind is not None and kind not in kinds_of(subset):
        raise ValueError(f"{kind!r} is no task of {subset}; there are {', '.join(kinds_of(subset))}")
    do = kinds_of(subset)[int(generator.integers(len(kinds_of(subset))))]  # drawn once, so that no kind is rarer for being hard
    if kind is not None:
        do = next(each for each in KINDS_OF_TASK if each == kind)
    for _ in range(_ATTEMPTS):
        try:
            return _draw(generator, seed, subset, do)
        except _Unfit:
            continue
    raise RuntimeError(f"no table was found for seed {seed} of {subset} in {_ATTEMPTS} attempts")


def kinds_of(subset: str) -> tuple[Do, ...]:
    """The kinds of task of a subset; as in EmbodiedBench nothing is wiped by its looks."""
    return tuple(kind for kind in KINDS_OF_TASK if not (subset == "visual" and kind == "wipe"))


def _draw(generator: np.random.Generator, seed: int, subset: str, do: Do) -> tuple[State, Task]:
    state = _laid(generator, do)
    thing, target = _chosen(generator, state, do)
    part = Part(do=do, things=[thing], targets=[target])
    state = {**state, "goal": [part]}
    if progress(state) > 0 or (do != "wipe" and landing(state, part, thing) is None):
        raise _Unfit
    return state, Task(seed, subset, do, _instruction(generator, state, subset, part))


def _laid(generator: np.random.Generator, do: Do) -> State:
    """A table with boxes, bodies and, to wipe it, an area."""
    taken: list[tuple[np.ndarray, float]] = []
    boxes: dict[str, Box] = {}
    num_boxes = 1 if do == "wipe" else int(generator.integers(1, 3))
    colours = [list(COLOURS)[int(at)] for at in generator.permutation(len(COLOURS))]
    for colour in colours[:num_boxes]:
        x, y = _place(generator, _BOX_X, _BOX_Y, _BOX_REACH, taken)
        boxes[f"{colour} box"] = Box(colour=colour, position=[x, y, round(TABLE_Z + BOX_HEIGHT / 2, 4)])
    area: Area | None = None
    if do == "wipe":
        x, y = _place(generator, (0.06, 0.3), (-0.24, 0.24), AREA_LENGTH / 2, taken)
        along = "y" if generator.random() < 0.5 else "x"
        area = Area(position=[x, y, TABLE_Z], along=along, clean=[False] * CELLS)  # type: ignore[typeddict-item]
    bodies: dict[str, Body] = {}
    wanted = int(generator.integers(4, 7))
    if do == "wipe":
        bodies["yellow sponge"] = _body(generator, "sponge", "yellow", taken)
    while len(bodies) < wanted:
        kind, colour = wordings.one_of(generator, SHAPES), wordings.one_of(generator, tuple(COLOURS))
        if f"{colour} {kind}" not in bodies:
            bodies[f"{colour} {kind}"] = _body(generator, kind, colour, taken)
    gripper = Gripper(position=list(HOME), yaw=90.0, open=True, holds=None)
    return State(wall=wordings.one_of(generator, _WALLS), bodies=bodies, boxes=boxes, area=area, gripper=gripper, goal=[])


def _body(generator: np.random.Generator, kind: str, colour: str, taken: list[tuple[np.ndarray, float]]) -> Body:
    x, y = _place(generator, _X, _Y, _BODY_REACH, taken)
    half = float(generator.uniform(-np.pi, np.pi)) / 2
    rotation = [round(float(np.cos(half)), 6), 0.0, 0.0, round(float(np.sin(half)), 6)]
    return Body(kind=kind, colour=colour, position=[x, y, round(TABLE_Z + KINDS[kind].half_height, 6)], rotation=rotation,
                velocity=[0.0] * 6)


def _place(generator: np.random.Generator, x_range: tuple[float, float], y_range: tuple[float, float], reach: float,
           taken: list[tuple[np.ndarray, float]]) -> tuple[float, float]:
    """A free place for something, which is then taken."""
    for _ in range(_TRIES):
        x, y = (round(float(generator.uniform(*span)), 4) for span in (x_range, y_range))
        if all(np.hypot(*(spot - (x, y))) > reach + other + _GAP for spot, other in taken):
            taken.append((np.array([x, y]), reach))
            return x, y
    raise _Unfit


def _chosen(generator: np.random.Generator, state: State, do: Do) -> tuple[str, str]:
    """A body and a target that a task can be about."""
    bodies = state["bodies"]
    if do == "wipe":
        return "yellow sponge", AREA
    things = [name for name, body in bodies.items() if do != "stack" or body["kind"] in STACKABLE]
    if not things:
        raise _Unfit
    thing = wordings.one_of(generator, things)
    if do == "place":
        return thing, wordings.one_of(generator, tuple(state["boxes"]))
    others = [name for name, body in bodies.items() if name != thing and (do != "stack" or body["kind"] in FLAT_ON_TOP)]
    if not others:
        raise _Unfit
    return thing, wordings.one_of(generator, others)


def _instruction(generator: np.random.Generator, state: State, subset: str, part: Part) -> str:
    thing, target = part["things"][0], part["targets"][0]
    x = _one(generator, wordings.body_names(subset, state, thing))
    if part["do"] == "wipe":
        y = "the marked area"
    elif part["do"] == "place":
        y = _one(generator, wordings.box_names(subset, state, target))
    else:
        ways = wordings.body_names(subset, state, target)
        y = _one(generator, [way for way in ways if wordings.plain(state, thing) not in way])  # not by the one that goes there
    said = wordings.task(generator, part["do"], x, y)
    if subset == "complex":
        others = [name for name in (*state["bodies"], *state["boxes"]) if name not in (thing, target)]
        said = wordings.one_of(generator, wordings.DISTRACTIONS).format(task=said, z=wordings.one_of(generator, others))
    return wordings.sentence(said)


def _one(generator: np.random.Generator, ways: list[str]) -> str:
    if not ways:
        raise _Unfit  # no words fit this alone
    return wordings.one_of(generator, ways)
