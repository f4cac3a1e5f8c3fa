"""What has to be true in the end, how much of it is, and the shaped reward of ERA.

A goal is a list of parts (`state.Part`). A part is met by any one of its things at any one of its targets, once the gripper has
let go of it; which of several is meant is left open. Wiping is counted in pieces of the area.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worlds.minitable.catalogue import AREA_LENGTH, BOX_HALF, BOX_HEIGHT, CELLS, KINDS, TABLE_Z
from worlds.minitable.state import Body, Part, State, left_to_right, matrix_of, position_of, type_of

SUCCESS, SUBGOAL, SAID_WELL, SAID_BADLY, UNREACHABLE = 3.0, 1.0, 0.5, -0.5, -1.0  # ERA 2.4; the last is EmbodiedBench's
NEAR_M = 0.2  # of a target: the gripper has found it
WELL, BADLY = 0.75, 0.25  # visual accuracy above and below which words pay and cost
OVERLAP_M, HEIGHT_M = 0.03, 0.01  # how far a stacked body may be off
LEFT_M, ASIDE_M, BESIDE_M = (0.05, 0.2), 0.06, 0.15  # to the left; off that line; between the middles of neighbours
_ON_M, _WIPES_M = 0.015, 0.014  # above the table at most for lying on it, and for wiping


@dataclass(frozen=True)
class Condition:
    """Something that has to be true: a part of the goal, in words, and the share of it that is."""

    text: str
    share: float

    @property
    def is_met(self) -> bool:
        return self.share >= 1


def conditions(state: State) -> list[Condition]:
    """The parts of the goal."""
    return [Condition(said(part), _share(state, part)) for part in state["goal"]]


def progress(state: State) -> float:
    """How much of the goal is reached, 0 to 1: EmbodiedBench's task_progress."""
    found = conditions(state)
    return sum(condition.share for condition in found) / len(found)


def is_done(state: State) -> bool:
    """Whether all of the goal is reached: EmbodiedBench's task_success."""
    return all(condition.is_met for condition in conditions(state))


def is_met(state: State, part: Part) -> bool:
    """Whether one part of the goal is reached."""
    return _share(state, part) >= 1


def said(part: Part) -> str:
    """A part in words: "red cube in blue box"."""
    things, targets = " or ".join(part["things"]), " or ".join(part["targets"])
    words = {"place": "in", "stack": "on", "left": "left of", "beside": "next to", "wipe": "has wiped"}
    return f"{things} {words[part['do']]} {targets}"


def _share(state: State, part: Part) -> float:
    if part["do"] == "wipe":
        return sum(state["area"]["clean"]) / CELLS if state["area"] else 0.0
    pairs = ((thing, target) for thing in part["things"] for target in part["targets"] if thing != target)
    return float(any(thing != state["gripper"]["holds"] and lies(state, part["do"], thing, target) for thing, target in pairs))


def lies(state: State, do: str, thing: str, target: str) -> bool:
    """Whether a body lies in a box, on, left of or beside another body."""
    body = state["bodies"][thing]
    here, there = np.array(body["position"]), position_of(state, target)
    x, y, _ = here - there
    if do == "place":
        return max(abs(x), abs(y)) < BOX_HALF and here[2] < TABLE_Z + BOX_HEIGHT
    other = state["bodies"][target]
    if do == "stack":
        gap = lowest(body) - highest(other)
        return float(np.hypot(x, y)) < OVERLAP_M and abs(gap) < HEIGHT_M
    on_table = all(lowest(each) < TABLE_Z + _ON_M for each in (body, other))
    if do == "left":
        return on_table and -LEFT_M[1] < y < -LEFT_M[0] and abs(x) < ASIDE_M
    return on_table and float(np.hypot(x, y)) < BESIDE_M


def corners(body: Body) -> np.ndarray:
    """The corners of a body where it is, (2, corners, 3) metres: the lower outline, then the upper."""
    what = KINDS[body["kind"]]
    outline = np.array(what.outline)
    flat = np.stack([np.column_stack([outline, np.full(len(outline), high)]) for high in (-what.half_height, what.half_height)])
    return flat @ matrix_of(body["rotation"]).T + np.array(body["position"])


def lowest(body: Body) -> float:
    """The height of a body's lowest point."""
    return _end(body, -1)


def highest(body: Body) -> float:
    """The height of a body's highest point."""
    return _end(body, 1)


def _end(body: Body, way: int) -> float:
    if body["kind"] == "sphere":
        return body["position"][2] + way * KINDS["sphere"].half_height
    heights = corners(body)[..., 2]
    return float(heights.max() if way > 0 else heights.min())


def cells(state: State) -> np.ndarray:
    """The middles of the pieces of the area, (pieces, 3) metres; without an area there are none."""
    area = state["area"]
    if area is None:
        return np.zeros((0, 3))
    steps = (np.arange(CELLS) + 0.5) / CELLS * AREA_LENGTH - AREA_LENGTH / 2
    return np.array(area["position"]) + steps[:, None] * np.array([area["along"] == "x", area["along"] == "y", False])


def wiped(state: State) -> State:
    """The state with those pieces of the area clean that a sponge lies on now."""
    area = state["area"]
    if area is None or all(area["clean"]):
        return state
    clean = list(area["clean"])
    for body in state["bodies"].values():
        if body["kind"] == "sponge" and lowest(body) < TABLE_Z + _WIPES_M:
            away = (cells(state) - np.array(body["position"])) @ matrix_of(body["rotation"])  # as the sponge sees them
            half = np.abs(KINDS["sponge"].outline).max(axis=0)
            clean = [was or bool(now) for was, now in zip(clean, (np.abs(away[:, :2]) < half).all(axis=1))]
    return {**state, "area": {**area, "clean": clean}}


def targets(state: State) -> list[str]:
    """The names that the goal speaks of, which the gripper is rewarded for finding."""
    return list(dict.fromkeys(name for part in state["goal"] for name in (*part["things"], *part["targets"])))


def found_now(state: State, found_before: Sequence[str]) -> str | None:
    """A target that the gripper comes near for the first time; one at most, the first of `targets`."""
    here = np.array(state["gripper"]["position"])
    return next((name for name in targets(state) if name not in found_before
                 and float(np.linalg.norm(position_of(state, name) - here)) < NEAR_M), None)


def rewards(*, ok: bool, done: bool, found: bool, accuracy: float | None = None, dense: bool = True) -> dict[str, float]:
    """The reward of one action, by the name of its term (ERA, section 2.4); their sum is what the agent gets.

    Args:
        ok: whether the gripper got there.
        found: whether it came near a target for the first time.
        accuracy: of what was said before the action, see `visual_accuracy`; None where nothing could be read.
        dense: without it only success pays.
    """
    return {
        "success": SUCCESS if done else 0.0,
        "subgoal": SUBGOAL if dense and found else 0.0,
        "behaviour": behaviour(accuracy) if dense else 0.0,
        "unreachable": UNREACHABLE if dense and not ok else 0.0,
    }


def behaviour(accuracy: float | None) -> float:
    """What words about the picture pay: for an accuracy above 0.75, against one below 0.25."""
    if accuracy is None:
        return 0.0
    return SAID_WELL if accuracy > WELL else SAID_BADLY if accuracy < BADLY else 0.0


def visual_accuracy(kinds: Sequence[str], state: State) -> float:
    """The share of things whose kind is named in its place, from left to right; colours are not compared.

    Args:
        kinds: as they were named, see `understanding.named_kinds`.
        state: before the action.
    """
    true = [type_of(state, name) for name in left_to_right(state)]
    return sum(kind == due for kind, due in zip(kinds, true)) / len(true)


