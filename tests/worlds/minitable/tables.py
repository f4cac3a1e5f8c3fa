"""A small table, laid by hand, for tests."""

from worlds.minitable.catalogue import BOX_HEIGHT, CELLS, KINDS, TABLE_Z
from worlds.minitable.codec import encode
from worlds.minitable.state import Area, Body, Box, Gripper, Part, State

TOP_DOWN = [0, 60, 90]


def body(name: str, x: float, y: float, *, above: float = 0.0) -> tuple[str, Body]:
    colour, kind = name.split()
    z = TABLE_Z + KINDS[kind].half_height + above
    return name, Body(kind=kind, colour=colour, position=[x, y, z], rotation=[1.0, 0.0, 0.0, 0.0], velocity=[0.0] * 6)


def table(*bodies: tuple[str, Body], box_at: tuple[float, float] | None = (0.2, 0.2), goal: list[Part] | None = None,
          area: bool = False) -> State:
    boxes = {"blue box": Box(colour="blue", position=[*box_at, TABLE_Z + BOX_HEIGHT / 2])} if box_at else {}
    return State(
        wall="white", bodies=dict(bodies), boxes=boxes,
        area=Area(position=[0.25, -0.1, TABLE_Z], along="y", clean=[False] * CELLS) if area else None,
        gripper=Gripper(position=[0.1, 0.0, 1.205], yaw=90.0, open=True, holds=None),
        goal=goal or [part("place", next(iter(dict(bodies))), "blue box")])


def part(do: str, thing: str, target: str) -> Part:
    return Part(do=do, things=[thing], targets=[target])  # type: ignore[typeddict-item]


def to(position: list[float] | tuple[float, ...], gripper: int, *, yaw: int = 90) -> list[int]:
    """The action that goes to a place in metres."""
    return [*(int(number) for number in encode(position)), 0, 60, yaw, gripper]
