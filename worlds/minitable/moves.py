"""Moves of the gripper in words, for whoever counts no voxels: over object 1, down, close, up, over object 2, open.

Each is computed from the state as it stands, and is one action of seven numbers. A move keeps what it does not speak of: `close`
stays where it is, `over object 1` opens and closes nothing.
"""

import re
from collections.abc import Sequence

import numpy as np

from worlds.errors import InputError
from worlds.minitable.catalogue import BOX_HALF, BOX_WALL, KINDS, TABLE_Z
from worlds.minitable.codec import NUM_VOXELS, VOXEL_M, decode, encode
from worlds.minitable.expert import ABOVE, SAFE, pose, voxel_above, yaw_for, yaw_now
from worlds.minitable.goals import cells, highest, lowest
from worlds.minitable.state import AREA, State, left_to_right, position_of, type_of

STEP = 5  # voxels of one move aside
ASIDE: dict[str, tuple[int, int]] = {"left": (0, -STEP), "right": (0, STEP), "nearer": (STEP, 0), "farther": (-STEP, 0)}
PLAIN = ("down", "close", "up", "open", *ASIDE)
SWEEP = "sweep"  # with the sponge along the area
_OVER = re.compile(r"(?:over|to) (?:the )?(.+)")
_BENEATH_M = 0.04  # from the gripper to the middle of a body that it goes down to, seen from above
_CLEAR_M = 0.002  # below a body that is let go
_NUM_PARTS = 7
_MOVES_M = 0.6 * VOXEL_M  # a voxel's centre may be half of one away from where the gripper stands at first
_AT_M, _BESIDE_M, _OVER_M = 0.04, 0.17, 0.08  # from something, seen from above, to be at it and beside it; above it, to be over it


def moves(state: State) -> tuple[str, ...]:
    """What can be said on this table; objects are numbered from left to right, as in `understanding.objects`."""
    over = tuple(f"over object {number}" for number in range(1, len(left_to_right(state)) + 1))
    return (*over, *PLAIN, *((SWEEP,) if state["area"] else ()))


def meant(words: str, state: State) -> list[int]:
    """Return the action that some words or seven numbers ask for. Whether it can be reached, `actions.act` says.

    Raises:
        InputError: they are neither; with moves that would work.
    """
    said = " ".join(words.lower().split())
    numbers = [part.strip() for part in said.strip("[]() ").split(",")]
    if len(numbers) == _NUM_PARTS and all(re.fullmatch(r"-?\d{1,4}", number) for number in numbers):
        return [int(number) for number in numbers]
    if said.startswith("[") or all(re.fullmatch(r"-?[\d.]+", number) for number in numbers):
        raise InputError(f"{words[:60]!r} is not an action of the table top. It takes seven whole numbers: x, y, z, roll, pitch, "
                         "yaw, gripper, such as [40, 43, 26, 0, 60, 90, 1].")
    if over := _OVER.fullmatch(said):
        return _over(state, _named(over[1], state))
    if said in PLAIN or (said == SWEEP and state["area"]):
        return _plain(said, state)
    raise InputError(f"There is no move {words[:60]!r} on this table. There are {', '.join(moves(state))}, and seven numbers such as "
                     "[40, 43, 26, 0, 60, 90, 1].")


def _plain(said: str, state: State) -> list[int]:
    gripper = state["gripper"]
    x, y, z = (int(number) for number in encode(gripper["position"]))
    if said == "down":
        z = _height(state)
    elif said == "up":
        z = max(z, SAFE)
    elif said == SWEEP:
        x, y = _swept(state)
    elif said in ASIDE:
        x, y = (min(max(at + by, 0), NUM_VOXELS - 1) for at, by in zip((x, y), ASIDE[said]))
    is_open = said == "open" or (gripper["open"] and said != "close")
    return pose([x, y, z], yaw_now(state), is_open=is_open)


def _named(said: str, state: State) -> str:
    """The thing that is meant: by its number from left to right, by its name, or by a kind of which there is one."""
    names = left_to_right(state)
    by_number = {f"object {number}": name for number, name in enumerate(names, start=1)}
    of_kind = [name for name in names if type_of(state, name) == said]
    if said in by_number or said in names or len(of_kind) == 1:
        return by_number.get(said) or (said if said in names else of_kind[0])
    raise InputError(f"There is no {said[:40]!r} on this table, or more than one. Things are object 1 to object {len(names)}, from "
                     f"left to right: {', '.join(names)}.")


def _over(state: State, name: str) -> list[int]:
    """Over a thing, with the fingers turned to fit it, or high above it with what they hold."""
    gripper = state["gripper"]
    x, y = _aligned(state, _near_end(state) if name == AREA else position_of(state, name))
    if gripper["holds"] is not None:
        return pose([x, y, max(SAFE, _voxel(state)[2])], yaw_now(state), is_open=False)
    body = state["bodies"].get(name)
    height = encode(position_of(state, name))[2] + ABOVE
    return pose([x, y, height], yaw_for(body) if body else yaw_now(state), is_open=gripper["open"])


def _voxel(state: State) -> list[int]:
    return [int(number) for number in encode(state["gripper"]["position"])]


def _aligned(state: State, target: np.ndarray) -> tuple[int, int]:
    """The column of voxels in which what is held, or else the point between the fingers, is over a target."""
    held, here = state["gripper"]["holds"], np.array(state["gripper"]["position"])
    off = np.array(state["bodies"][held]["position"]) - here if held else np.zeros(3)
    x, y, _ = encode(target - off)
    return int(x), int(y)


def _height(state: State) -> int:
    """Down: to the middle of the highest body beneath, or to where what is held touches what is beneath it."""
    here, held = np.array(state["gripper"]["position"]), state["gripper"]["holds"]
    if held is None:
        away = {name: np.array(body["position"]) - here for name, body in state["bodies"].items()}
        beneath = [state["bodies"][name] for name, (x, y, z) in away.items() if np.hypot(x, y) < _BENEATH_M and z < _BENEATH_M]
        if beneath:
            return int(encode(max(beneath, key=highest)["position"])[2])
        return voxel_above(TABLE_Z)
    body = state["bodies"][held]
    middle, below = np.array(body["position"]), here[2] - lowest(body)
    return min(voxel_above(_support(state, held, middle) + below + _CLEAR_M), _voxel(state)[2])


def _support(state: State, held: str, middle: np.ndarray) -> float:
    """The height of what is beneath a held body: the table, the floor of a box, or another body."""
    reach, found = KINDS[state["bodies"][held]["kind"]].reach, [TABLE_Z]
    for name in left_to_right(state):
        aside = np.abs(position_of(state, name) - middle)[:2]
        if name in state["boxes"] and aside.max() < BOX_HALF:
            found.append(TABLE_Z + BOX_WALL)
        body = state["bodies"].get(name) if name != held else None
        if body and np.hypot(*aside) < (reach + KINDS[body["kind"]].reach) / 2:
            found.append(highest(body))
    return max(found)


def _ends(state: State) -> np.ndarray:
    """The two ends of what is not clean yet, (2, 3) metres; of a clean area its own."""
    area = state["area"]
    if area is None:
        raise InputError("There is nothing to wipe on this table.")
    dirty = ~np.array(area["clean"])
    found: np.ndarray = cells(state)[dirty if dirty.any() else np.full(len(dirty), True)][[0, -1]]
    return found


def _near_end(state: State) -> np.ndarray:
    ends, here = _ends(state), np.array(state["gripper"]["position"])
    nearest: np.ndarray = ends[np.linalg.norm(ends - here, axis=1).argmin()]
    return nearest


def _swept(state: State) -> tuple[int, int]:
    """The column of the other end of what is not clean yet."""
    ends, here = _ends(state), np.array(state["gripper"]["position"])
    return _aligned(state, ends[np.linalg.norm((ends - here)[:, :2], axis=1).argmax()])


def told(state: State, action: Sequence[int]) -> str:
    """What an action does from a state, in words: "Go down to the red cube and close the fingers."."""
    gripper, opens = state["gripper"], action[-1] == 1
    held, spot, here = gripper["holds"], decode(action[:3]), np.array(gripper["position"])
    goes = np.abs(spot - here) > _MOVES_M
    verb = "Carry it" if held is not None else "Go"
    if not goes.any():
        way = "Stay there"
    elif goes[:2].any():
        way = f"{verb} {_where(state, spot, held)}"
    else:
        way = f"{verb} up" if spot[2] > here[2] else f"{verb} down {_where(state, spot, held)}"
    if held is not None:
        return f"{way} and let the {held} go." if opens else f"{way}."
    return f"{way}{'' if opens == gripper['open'] else ' and open the fingers' if opens else ' and close the fingers'}."


def _where(state: State, spot: np.ndarray, held: str | None) -> str:
    """A spot in words: what it is over, at or beside, by the nearest thing seen from above."""
    away = {name: float(np.hypot(*(position_of(state, name)[:2] - spot[:2]))) for name in left_to_right(state) if name != held}
    name = min(away, key=lambda each: away[each], default=None)
    if name is None or away[name] > _BESIDE_M:
        return "to a free place"
    what = "the marked area" if name == AREA else f"the {name}"
    if name not in state["boxes"] and away[name] > _AT_M and name != AREA:
        return f"beside {what}"
    return f"over {what}" if spot[2] - position_of(state, name)[2] > _OVER_M else f"to {what}"
