"""What a motion of the gripper does to the bodies: MuJoCo, from a state to a state.

The gripper is a point that goes where it is told in a straight line; its fingers pass through everything. What it holds is tied
to it by a weld that gives way a little, so that it can be pressed onto a table or into a box, and pushes what lies in its way. A
model is compiled once for all states with the same bodies and boxes in the same places; motions share nothing else.

MuJoCo is loaded with the first motion, without its own drawing, which would look for a graphics library.
"""

import copy
import os
from functools import cache, lru_cache
from types import ModuleType

import numpy as np

from worlds.minitable.catalogue import BOX_HALF, BOX_HEIGHT, BOX_WALL, KINDS, TABLE_X, TABLE_Y, TABLE_Z
from worlds.minitable.goals import wiped
from worlds.minitable.state import Body, Gripper, State, copied, yaw_of

GRASP_M = 0.025  # from the fingers to the middle of a body at most
STRICT_DEGREES = 15  # between the fingers and a side of the body at most, where angles count
MOVING, SETTLING = 40, 60  # steps of simulation in one action
_STEP_S = 0.005
_DIGITS = 6  # of what a state remembers: micrometres


def moved(state: State, position_m: np.ndarray, yaw_degrees: float, *, is_open: bool, strict: bool = False) -> State:
    """Return the state after the gripper went somewhere and then opened or closed there.

    Args:
        position_m: (3,) where the point between the fingertips goes.
        yaw_degrees: how it is turned then.
        strict: whether it takes hold of a body only along its sides, see `STRICT_DEGREES`.
    """
    mujoco = _mujoco()
    bodies = state["bodies"]
    boxes = tuple(tuple(box["position"]) for box in state["boxes"].values())
    model = copy.copy(_model(tuple(body["kind"] for body in bodies.values()), boxes))  # its own: a weld is written into it
    data = mujoco.MjData(model)
    for index, body in enumerate(bodies.values()):
        data.qpos[7 * index : 7 * index + 7] = [*body["position"], *body["rotation"]]
        data.qvel[6 * index : 6 * index + 6] = body["velocity"]
    start, start_yaw = np.array(state["gripper"]["position"]), state["gripper"]["yaw"]
    turn = (yaw_degrees - start_yaw + 180) % 360 - 180  # the short way round
    _put_gripper(data, start, start_yaw)
    holds = state["gripper"]["holds"]
    names = list(bodies)
    if holds is not None:
        _tie(mujoco, model, data, names.index(holds))
    after = copied(state)
    for step in range(1, MOVING + SETTLING + 1):
        if step <= MOVING:
            share = step / MOVING
            share = share * share * (3 - 2 * share)  # starts and stops gently
            _put_gripper(data, start + share * (position_m - start), start_yaw + share * turn)
        mujoco.mj_step(model, data)
        if step == MOVING:
            held_before, after = holds, _read(after, data)
            holds = _held(state, after, position_m, yaw_degrees, is_open=is_open, strict=strict)
            if holds != held_before:  # what stays held keeps its weld, or it would be tied anew where it trails behind
                data.eq_active[:] = 0
            if holds is not None and held_before is None:
                _tie(mujoco, model, data, names.index(holds))
        if state["area"] is not None and step % 2 == 0:
            after = wiped(_read(after, data))
    after = _read(after, data)
    after["gripper"] = Gripper(position=_rounded(position_m), yaw=round(float(start_yaw + turn + 180) % 360 - 180, _DIGITS),
                               open=is_open, holds=holds)
    return after


def _held(before: State, now: State, position_m: np.ndarray, yaw_degrees: float, *, is_open: bool, strict: bool) -> str | None:
    """What the gripper holds once it has opened or closed."""
    if is_open:
        return None
    if not before["gripper"]["open"]:
        return before["gripper"]["holds"]  # closed fingers take hold of nothing new
    away = {name: float(np.linalg.norm(np.array(body["position"]) - position_m)) for name, body in now["bodies"].items()}
    name = min(away, key=lambda each: away[each])
    if away[name] > GRASP_M or (strict and not fits_fingers(now["bodies"][name], yaw_degrees)):
        return None
    return name


def fits_fingers(body: Body, yaw_degrees: float) -> bool:
    """Whether the fingers meet sides of a body, not its corners, within `STRICT_DEGREES`."""
    turn = KINDS[body["kind"]].turn
    if turn is None:
        return True
    return abs((yaw_degrees - yaw_of(body) + turn / 2) % turn - turn / 2) <= STRICT_DEGREES + 1e-6


@cache
def _mujoco() -> ModuleType:
    os.environ.setdefault("MUJOCO_GL", "disable")  # read once, when it is imported; only its own drawing would want more
    import mujoco

    return mujoco


@lru_cache(maxsize=64)
def _model(kinds: tuple[str, ...], boxes: tuple[tuple[float, ...], ...]):  # type: ignore[no-untyped-def]
    """The compiled model of some bodies and boxes; not to be changed."""
    outlined = [kind for kind in dict.fromkeys(kinds) if kind in ("prism", "star")]
    meshes = "".join(f'<mesh name="{kind}" vertex="{_corners(kind)}"/>' for kind in outlined)
    bodies = "".join(f'<body name="b{index}"><freejoint/>{_geom(kind)}</body>' for index, kind in enumerate(kinds))
    welds = "".join(f'<weld name="w{index}" body1="gripper" body2="b{index}" active="false" solref="0.012 1" '
                    'solimp="0.95 0.99 0.001"/>' for index in range(len(kinds)))
    middle, half = np.mean([TABLE_X, TABLE_Y], axis=1), np.ptp([TABLE_X, TABLE_Y], axis=1) / 2
    return _mujoco().MjModel.from_xml_string(f"""<mujoco>
        <option timestep="{_STEP_S}" integrator="implicitfast" cone="elliptic"/>
        <default><geom condim="6" friction="0.9 0.01 0.004" density="350" solref="0.012 1"/></default>
        <asset>{meshes}</asset>
        <worldbody>
            <geom type="plane" size="5 5 0.1"/>
            <geom type="box" pos="{middle[0]} {middle[1]} {TABLE_Z - 0.05}" size="{half[0]} {half[1]} 0.05"/>
            {"".join(map(_walls, boxes))}
            <body name="gripper" mocap="true"/>
            {bodies}
        </worldbody>
        <equality>{welds}</equality>
    </mujoco>""")


def _corners(kind: str) -> str:
    high = KINDS[kind].half_height
    return " ".join(f"{x} {y} {z}" for z in (-high, high) for x, y in KINDS[kind].outline)


def _geom(kind: str) -> str:
    what = KINDS[kind]
    if kind in ("prism", "star"):
        return f'<geom type="mesh" mesh="{kind}"/>'
    if kind == "sphere":
        return f'<geom type="sphere" size="{what.half_height}"/>'
    if kind == "cylinder":
        return f'<geom type="cylinder" size="{what.reach} {what.half_height}"/>'
    x, y = np.abs(what.outline).max(axis=0)
    return f'<geom type="box" size="{x} {y} {what.half_height}"/>'


def _walls(box: tuple[float, ...]) -> str:
    x, y, _ = box
    wall, high, out = BOX_WALL / 2, BOX_HEIGHT / 2, BOX_HALF + BOX_WALL
    slabs = [(x, y, wall, out, out, wall),  # its floor, then four walls: middle from the table up, and half sizes
             *((x + side * (BOX_HALF + wall), y, high, wall, out, high) for side in (-1, 1)),
             *((x, y + side * (BOX_HALF + wall), high, out, wall, high) for side in (-1, 1))]
    return "".join(f'<geom type="box" pos="{a} {b} {TABLE_Z + up}" size="{i} {j} {k}"/>' for a, b, up, i, j, k in slabs)


def _put_gripper(data, position_m: np.ndarray, yaw_degrees: float) -> None:  # type: ignore[no-untyped-def]
    half = np.deg2rad(yaw_degrees) / 2
    data.mocap_pos[0] = position_m
    data.mocap_quat[0] = [np.cos(half), 0, 0, np.sin(half)]


def _tie(mujoco: ModuleType, model, data, index: int) -> None:  # type: ignore[no-untyped-def]
    """Weld a body to the gripper as it is now."""
    away, turned, inverse = np.zeros(3), np.zeros(4), np.zeros(4)
    position, rotation = data.qpos[7 * index : 7 * index + 3], data.qpos[7 * index + 3 : 7 * index + 7]
    mujoco.mju_negQuat(inverse, data.mocap_quat[0])
    mujoco.mju_rotVecQuat(away, position - data.mocap_pos[0], inverse)
    mujoco.mju_mulQuat(turned, inverse, rotation)
    model.eq_data[index, :11] = [0, 0, 0, *away, *turned, 1]
    data.eq_active[index] = 1


def _read(state: State, data) -> State:  # type: ignore[no-untyped-def]
    """The state with its bodies where they are in the simulation."""
    bodies = {}
    for index, (name, body) in enumerate(state["bodies"].items()):
        at = np.clip(data.qpos[7 * index : 7 * index + 3], -10, 10)
        bodies[name] = Body(kind=body["kind"], colour=body["colour"], position=_rounded(at),
                            rotation=_rounded(data.qpos[7 * index + 3 : 7 * index + 7]),
                            velocity=_rounded(np.clip(data.qvel[6 * index : 6 * index + 6], -1000, 1000)))
    return {**state, "bodies": bodies}


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), _DIGITS) + 0.0 for value in values]  # + 0.0: no negative zero


