"""What can go wrong by itself on the table, so that an agent has to notice: fingers that let go, a body that is pushed aside.

Each is a function of a state; `PERTURBATIONS` names them for whoever writes `!drop` among the actions of an episode. The goal stays
what it was.
"""

from collections.abc import Callable

import numpy as np

from worlds.errors import InputError
from worlds.minitable.catalogue import TABLE_Z
from worlds.minitable.expert import is_free
from worlds.minitable.goals import highest, is_met, lowest
from worlds.minitable.physics import moved
from worlds.minitable.state import State, copied

_SHOVES_M = (0.08, 0.06, 0.1, 0.04)  # how far, the likeliest first
_ON_TABLE_M = 0.01
_NEAR_M = 0.06  # between the middles of two bodies of which one stands on the other


def drop(state: State) -> tuple[State, str]:
    """The fingers open by themselves: what they hold falls, and comes to rest wherever that leads.

    Raises:
        InputError: they hold nothing.
    """
    gripper = state["gripper"]
    if gripper["holds"] is None:
        raise InputError("Nothing can be dropped: the gripper holds nothing. Let it take hold of something first.")
    after = moved(state, np.array(gripper["position"]), gripper["yaw"], is_open=True)
    return after, f"The fingers let go of the {gripper['holds']} by themselves."


def shove(state: State) -> tuple[State, str]:
    """A body on the table slides some centimetres to where there is room: one that has to be moved yet, else another. What carries
    another body stays.

    Raises:
        InputError: no body lies free on the table, or there is no room beside it.
    """
    wanted = [name for part in state["goal"] if not is_met(state, part) for name in part["things"]]
    for name in dict.fromkeys((*wanted, *state["bodies"])):
        body = state["bodies"][name]
        if name == state["gripper"]["holds"] or abs(lowest(body) - TABLE_Z) > _ON_TABLE_M or _carries(state, name):
            continue
        here = np.array(body["position"])
        for away in _SHOVES_M:
            for angle in np.arange(8) * np.pi / 4:
                spot = here + away * np.array([np.cos(angle), np.sin(angle), 0.0])
                if is_free(state, spot, name):
                    after = copied(state)
                    after["bodies"][name]["position"] = [round(float(value), 6) for value in spot]
                    return after, f"Something pushed the {name} {100 * away:.0f} cm aside."
    raise InputError("Nothing can be pushed aside: no body lies on the table with room beside it.")


def _carries(state: State, name: str) -> bool:
    """Whether another body stands on one."""
    body = state["bodies"][name]
    return any(abs(lowest(other) - highest(body)) < _ON_TABLE_M
               and np.hypot(*np.subtract(other["position"], body["position"])[:2]) < _NEAR_M
               for key, other in state["bodies"].items() if key != name)


PERTURBATIONS: dict[str, Callable[[State], tuple[State, str]]] = {"drop": drop, "shove": shove}


def perturb(state: State, name: str) -> tuple[State, str]:
    """Return the state after a perturbation, and what happened in one sentence.

    Raises:
        InputError: there is no such perturbation, or nothing here that it could touch.
    """
    if name not in PERTURBATIONS:
        raise InputError(f"There is no perturbation {name[:40]!r}. There are {', '.join(PERTURBATIONS)}.")
    return PERTURBATIONS[name](state)
