"""A scripted expert: the next action for any state, whatever happened before.

It reads the state alone, true positions included: above the body, down and close, lift, over the place, down and open; to wipe it
stays down and sweeps. It looks again before every action, so it also recovers from what others did and from what rolled away.
"""

from collections.abc import Iterator

import numpy as np

from worlds.minitable.actions import DOWN, YAW, act, refusal
from worlds.minitable.catalogue import BOX_HALF, BOX_WALL, KINDS, TABLE_Z
from worlds.minitable.codec import DEGREES, LOW, VOXEL_M, encode
from worlds.minitable.goals import cells, highest, is_met, lowest
from worlds.minitable.state import Body, Part, State, position_of, yaw_of

ABOVE = 12  # voxels: over a body, out of its way
SAFE = 42  # the voxel in which a carried body passes over everything that stands
_ARRIVED_M = 0.0076  # half a voxel, and what a carried body gives way
_FREE_M = 0.008  # between bodies
_ROOM_M = (0.3, 0.42)  # how far from the middle of the table something is put: x from there, y


def next_action(state: State) -> list[int] | None:
    """The action to do next; None where the goal is reached, or cannot be any more."""
    part = next((part for part in state["goal"] if not is_met(state, part)), None)
    if part is None:
        return None
    action = _towards(state, part)
    return None if action is None or refusal(action) else action


def plan(state: State, *, limit: int = 15, strict: bool = False) -> list[list[int]]:
    """The actions that lead from a state to its goal, at most `limit`; MuJoCo says what each of them does."""
    found: list[list[int]] = []
    while len(found) < limit and (action := next_action(state)):
        found.append(action)
        state = act(state, action, strict=strict).state
    return found


def landing(state: State, part: Part, thing: str) -> np.ndarray | None:
    """Where the middle of a body has to be let go for a part of the goal, (3,) metres; None where there is no room."""
    high = KINDS[state["bodies"][thing]["kind"]].half_height
    for target in part["targets"]:
        there = position_of(state, target)
        if part["do"] == "stack":
            return np.array([there[0], there[1], highest(state["bodies"][target]) + high + 0.002])
        floor = TABLE_Z + high + 0.002 + (BOX_WALL if part["do"] == "place" else 0)
        for x, y in _offsets(part["do"]):
            spot = np.array([there[0] + x, there[1] + y, floor])
            if is_free(state, spot, thing, in_box=part["do"] == "place"):
                return spot
    return None


def _offsets(do: str) -> Iterator[tuple[float, float]]:
    """Steps aside from a target, the best first."""
    if do == "place":
        yield from ((x, y) for y in (0.0, -0.03, 0.03) for x in (0.0, -0.03, 0.03))
    elif do == "left":
        yield from ((x, -y) for x in (0.0, -0.03, 0.03) for y in (0.12, 0.11, 0.14, 0.1, 0.16, 0.18))
    else:
        for away in (0.115, 0.125, 0.135):
            yield from ((away * float(np.cos(angle)), away * float(np.sin(angle))) for angle in np.arange(12) * np.pi / 6 + np.pi / 2)


def is_free(state: State, spot: np.ndarray, thing: str, *, in_box: bool = False) -> bool:
    """Whether a body can be put on a spot without touching another, or the wall of a box."""
    reach = KINDS[state["bodies"][thing]["kind"]].reach
    if abs(spot[0] - 0.2) > _ROOM_M[0] or abs(spot[1]) > _ROOM_M[1]:
        return False
    for name, body in state["bodies"].items():
        apart = float(np.hypot(*(np.array(body["position"])[:2] - spot[:2])))
        if name not in (thing, state["gripper"]["holds"]) and apart < reach + KINDS[body["kind"]].reach + _FREE_M:
            return False
    out = BOX_HALF + BOX_WALL + reach + _FREE_M
    return in_box or all(np.abs(np.array(box["position"])[:2] - spot[:2]).max() > out for box in state["boxes"].values())


def _towards(state: State, part: Part) -> list[int] | None:
    holds = state["gripper"]["holds"]
    if holds is not None and holds not in part["things"]:
        return _put_away(state, holds)
    if holds is None:
        return _fetch(state, part["things"][0])
    if part["do"] == "wipe":
        return _wipe(state, holds)
    spot = landing(state, part, holds)
    return None if spot is None else _carry(state, holds, spot)


def yaw_for(body: Body) -> int:
    """The step of the yaw with which the fingers meet sides of a body."""
    turn = KINDS[body["kind"]].turn
    return YAW if turn is None else YAW + round(((yaw_of(body) - 90 + turn / 2) % turn - turn / 2) / DEGREES)  # 90 degrees: step YAW


def _fetch(state: State, thing: str) -> list[int]:
    """Above a body with open fingers, then down to it where they close."""
    body, gripper = state["bodies"][thing], state["gripper"]
    x, y, z = encode(body["position"])
    yaw, here = yaw_for(body), encode(gripper["position"])
    if gripper["open"] and (here[0], here[1]) == (x, y) and here[2] <= z + ABOVE:
        return pose([x, y, z], yaw, is_open=False)
    return pose([x, y, z + ABOVE], yaw, is_open=True)


def _carry(state: State, thing: str, spot: np.ndarray, *, lets_go: bool = True) -> list[int]:
    """Up, over a spot, and down to it."""
    here = np.array(state["gripper"]["position"])
    goal = spot - (np.array(state["bodies"][thing]["position"]) - here)  # where the fingers are when the body is on the spot
    voxel, at, yaw = encode(goal), encode(here), yaw_now(state)
    if np.abs(goal[:2] - here[:2]).max() < _ARRIVED_M:
        return pose([at[0], at[1], voxel_above(goal[2])], yaw, is_open=lets_go)
    if at[2] < SAFE:
        return pose([at[0], at[1], SAFE], yaw, is_open=False)
    return pose([voxel[0], voxel[1], SAFE], yaw, is_open=False)


def _wipe(state: State, sponge: str) -> list[int] | None:
    """Down on one end of what is not clean yet, then along it to the other."""
    area = state["area"]
    if area is None:
        return None
    body = state["bodies"][sponge]
    ends = cells(state)[~np.array(area["clean"])][[0, -1]]
    away = np.linalg.norm(ends[:, :2] - np.array(body["position"])[:2], axis=1)
    nearest, farthest = ends[away.argmin()], ends[away.argmax()]
    if lowest(body) < TABLE_Z + 0.02 and away.min() < 0.1:
        here = np.array(state["gripper"]["position"])
        voxel = encode(farthest - (np.array(body["position"]) - here))
        return pose([voxel[0], voxel[1], encode(here)[2]], yaw_now(state), is_open=False)
    return _carry(state, sponge, np.array([nearest[0], nearest[1], TABLE_Z + KINDS["sponge"].half_height + 0.001]), lets_go=False)


def _put_away(state: State, thing: str) -> list[int] | None:
    """What is not needed goes to the nearest free spot that is part of no goal."""
    here = np.array(state["gripper"]["position"])[:2]
    high = TABLE_Z + KINDS[state["bodies"][thing]["kind"]].half_height + 0.002
    spots = [np.array([x, y, high]) for x in np.arange(-0.05, 0.46, 0.03) for y in np.arange(-0.39, 0.4, 0.03)]
    spots.sort(key=lambda spot: float(np.linalg.norm(spot[:2] - here)))
    spot = next((spot for spot in spots if is_free(state, spot, thing)), None)
    return None if spot is None else _carry(state, thing, spot)


def voxel_above(z: float) -> int:
    """The lowest voxel whose centre is not below a height in metres: rather let fall a little than pressed down."""
    return int(np.ceil((z - LOW[2]) / VOXEL_M - 0.5 - 1e-6))


def yaw_now(state: State) -> int:
    """The step of the gripper's yaw."""
    return round((state["gripper"]["yaw"] + 180) / DEGREES)


def pose(voxel: list[int] | np.ndarray, yaw: int, *, is_open: bool) -> list[int]:
    """The action that goes to a voxel with fingers that point down."""
    return [*(int(number) for number in voxel), *DOWN, yaw, int(is_open)]
