"""The state of a table: plain JSON values, never changed in place, from which a picture is drawn and physics goes on.

Lengths are metres, a rotation is w x y z. A body that moves still has its velocity here, so nothing but the state decides what
happens.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from worlds.errors import InputError
from worlds.kit import WALLS
from worlds.minitable.catalogue import CELLS, COLOURS, KINDS

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
MAX_BODIES, MAX_BOXES = 8, 3
_FAR = 10.0  # metres: a body that left the table falls past it, and is stopped
_Name = Annotated[str, Field(min_length=1, max_length=20)]
_Metres = Annotated[float, Field(ge=-_FAR, le=_FAR)]
_Vector = Annotated[list[_Metres], Field(min_length=3, max_length=3)]
Do = Literal["place", "stack", "left", "beside", "wipe"]


@with_config(_STRICT)
class Body(TypedDict):
    """Something that can be picked up, by the middle of it; its name is colour and kind."""

    kind: _Name
    colour: _Name
    position: _Vector
    rotation: Annotated[list[Annotated[float, Field(ge=-1.001, le=1.001)]], Field(min_length=4, max_length=4)]
    velocity: Annotated[list[Annotated[float, Field(ge=-1000, le=1000)]], Field(min_length=6, max_length=6)]  # m/s, then rad/s


@with_config(_STRICT)
class Box(TypedDict):
    """An open box that stands fast, by the middle of what it encloses."""

    colour: _Name
    position: _Vector


@with_config(_STRICT)
class Area(TypedDict):
    """What is to be wiped: its middle, the axis it lies along, and which of its pieces are clean, from low to high."""

    position: _Vector
    along: Literal["x", "y"]
    clean: Annotated[list[bool], Field(min_length=CELLS, max_length=CELLS)]


@with_config(_STRICT)
class Gripper(TypedDict):
    """The point between the fingertips, how it is turned in degrees, and what it holds."""

    position: _Vector
    yaw: Annotated[float, Field(ge=-360, le=360)]
    open: bool
    holds: _Name | None


@with_config(_STRICT)
class Part(TypedDict):
    """One thing to do: one of `things` shall be in, on, left of or beside one of `targets`; a wipe is of the area."""

    do: Do
    things: Annotated[list[_Name], Field(min_length=1, max_length=MAX_BODIES)]
    targets: Annotated[list[_Name], Field(min_length=1, max_length=MAX_BODIES)]


@with_config(_STRICT)
class State(TypedDict):
    """Everything that an action, a goal or a picture reads."""

    wall: _Name
    bodies: Annotated[dict[_Name, Body], Field(min_length=1, max_length=MAX_BODIES)]
    boxes: Annotated[dict[_Name, Box], Field(max_length=MAX_BOXES)]
    area: Area | None
    gripper: Gripper
    goal: Annotated[list[Part], Field(max_length=4)]


AREA = "marked area"
_READER: TypeAdapter[State] = TypeAdapter(State)


def read_state(value: object) -> State:
    """Return a state that came from a file, once it is known to be one.

    Raises:
        InputError: it is not a state of a table.
    """
    try:
        state = _READER.validate_python(value)
    except ValidationError as error:
        raise InputError("This is not a state of the miniature table. A state is what a run of it records.") from error
    bodies, held = state["bodies"], state["gripper"]["holds"]
    fits = (
        state["wall"] in WALLS and not set(bodies) & set(state["boxes"])
        and all(body["kind"] in KINDS and body["colour"] in COLOURS and 0.9 < float(np.linalg.norm(body["rotation"])) < 1.1
                for body in bodies.values())
        and all(box["colour"] in COLOURS for box in state["boxes"].values())
        and (held is None or (held in bodies and not state["gripper"]["open"])) and goal_fits(state)
    )
    if not fits:
        raise InputError("This state of the miniature table names a body, box or colour that it does not have.")
    return state


def goal_fits(state: State) -> bool:
    """Whether there is a goal that speaks only of what is there."""
    places = {"place": set(state["boxes"]), "wipe": {AREA} if state["area"] else set()}
    return bool(state["goal"]) and all(
        set(part["things"]) <= set(state["bodies"]) and set(part["targets"]) <= places.get(part["do"], set(state["bodies"]))
        for part in state["goal"])


def copied(state: State) -> State:
    """A copy that shares nothing with the state."""
    area, gripper = state["area"], state["gripper"]
    return {
        **state,
        "bodies": {name: {**body, "position": [*body["position"]], "rotation": [*body["rotation"]], "velocity": [*body["velocity"]]}
                   for name, body in state["bodies"].items()},
        "boxes": {name: {**box, "position": [*box["position"]]} for name, box in state["boxes"].items()},
        "area": {**area, "position": [*area["position"]], "clean": [*area["clean"]]} if area else None,
        "gripper": {**gripper, "position": [*gripper["position"]]},
        "goal": [{**part, "things": [*part["things"]], "targets": [*part["targets"]]} for part in state["goal"]],
    }


def position_of(state: State, name: str) -> np.ndarray:
    """The middle of a body, a box or the area, (3,) metres."""
    if name == AREA and state["area"]:
        return np.array(state["area"]["position"])
    return np.array((state["bodies"].get(name) or state["boxes"][name])["position"])


def left_to_right(state: State) -> list[str]:
    """The names of bodies, boxes and the area by ascending y, as the camera sees them from the left."""
    names = [*state["bodies"], *state["boxes"], *([AREA] if state["area"] else [])]
    return sorted(names, key=lambda name: (position_of(state, name)[1], name))


def type_of(state: State, name: str) -> str:
    """What kind of thing something is: a kind of body, "box" or "area"."""
    if name in state["bodies"]:
        return state["bodies"][name]["kind"]
    return "area" if name == AREA else "box"


def yaw_of(body: Body) -> float:
    """How a body is turned about the upright, in degrees."""
    w, x, y, z = body["rotation"]
    return float(np.rad2deg(np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))))


def matrix_of(rotation: list[float]) -> np.ndarray:
    """The rotation matrix (3, 3) of w x y z."""
    w, x, y, z = np.array(rotation) / np.linalg.norm(rotation)
    return np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                     [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                     [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]])
