"""What the agent of the table says: what lies where, what it holds and is left, and which moves come next.

As in EB-Manipulation it is given where things are, without their names, from left to right; so it has to see what each of them is.
Numbers are those of the voxels, one token each.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from models.agents.speech import Past, Thought, told
from worlds.minitable.actions import YAW, act
from worlds.minitable.codec import decode
from worlds.minitable.expert import next_action
from worlds.minitable.state import State, left_to_right, position_of
from worlds.minitable.understanding import objects, remaining

PLANNED = 3  # moves that a plan names
_THERE_M, _HIGH_M = 0.006, 0.06  # from where the gripper is, to have to go aside; above a thing, to be over it


def listed(places: Mapping[str, Sequence[int]]) -> str:
    """Where things are, as the world tells it: "40 43 17, 59 35 18"."""
    return ", ".join(map(numbers, places.values()))


def told_at(instruction: str, past: Sequence[Past], places: Mapping[str, Sequence[int]]) -> str:
    """The words of a prompt, with where things are."""
    return f"{told(instruction, past)} objects: {listed(places)}"


def numbers(values: Sequence[int]) -> str:
    """Whole numbers, one token each."""
    return " ".join(str(value) for value in values)


def seen(state: State) -> str:
    """What lies where, from left to right: "40 43 17 red cube 40 43 17, 59 35 18 blue box 59 35 18".

    Where a thing is stands before its name, so that the place is looked at while the name is said, and after it, so that whoever
    looks the name up again finds the place next to it. With the place before it alone, a network of three layers takes one number of
    one thing and the next of another.
    """
    return ", ".join(f"{place} {name} {place}" for name, place in zip(left_to_right(state), map(numbers, objects(state).values())))


def action_of(state: State) -> list[int] | None:
    """The expert's next action with fingers that are never turned: how a thing lies is too small to be seen in the agent's
    picture."""
    action = next_action(state)
    return None if action is None else [*action[:5], YAW, action[6]]


def thought_of(state: State, *, failed: bool = False) -> Thought:
    """What an agent that sees and remembers everything would think.

    Args:
        failed: whether the last action did.
    """
    held = state["gripper"]["holds"]
    left = "; ".join(remaining(state)) or "nothing"
    reflection = f"{'it failed. ' if failed else ''}hold {held or 'nothing'}. left: {left}."
    return Thought(seen(state), reflection, ", ".join(moves(state)) or "stop")


def moves(state: State) -> list[str]:
    """The next moves in words, the first with the place of what it goes to: ["over red cube 40 43 17", "take it", "lift it"]."""
    found: list[str] = []
    while len(found) < PLANNED and (action := action_of(state)):
        found.append(_move(state, action, with_place=not found))
        state = act(state, action).state
    return found


def _move(state: State, action: Sequence[int], *, with_place: bool) -> str:
    gripper, spot, opens = state["gripper"], decode(action[:3]), action[-1] == 1
    away, held = np.abs(spot - np.array(gripper["position"])), gripper["holds"]
    if away[:2].max() < _THERE_M and spot[2] > gripper["position"][2]:
        return "lift it" if held else "go up"
    name, place = _nearest(state, spot, held)
    to = f"{name} {numbers(place)}" if with_place else name
    if held is None:
        return f"over {to}" if opens else f"take {to}"
    if opens:
        return f"let go at {to}"
    return f"over {to}" if spot[2] - position_of(state, name)[2] > _HIGH_M else f"down to {to}"


def _nearest(state: State, spot: np.ndarray, held: str | None) -> tuple[str, Sequence[int]]:
    """What a spot is at: a target of the goal where there is one, else the nearest thing seen from above."""
    places = dict(zip(left_to_right(state), objects(state).values()))
    goal = {name for part in state["goal"] for name in (part["targets"] if held in part["things"] else part["things"])}
    away = {name: float(np.hypot(*(position_of(state, name)[:2] - spot[:2]))) for name in places if name != held}
    name = min(away, key=lambda each: (each not in goal, away[each]))
    return name, places[name]
