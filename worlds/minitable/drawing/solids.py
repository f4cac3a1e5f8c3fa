"""What stands on the table, as faces and balls: bodies, open boxes, and the robot's arm with its gripper."""

from collections.abc import Iterator

import numpy as np

from worlds.minitable.catalogue import BOX_HALF, BOX_HEIGHT, BOX_WALL, COLOURS, KINDS, TABLE_Z
from worlds.minitable.drawing.canvas import Canvas, Colour
from worlds.minitable.goals import corners
from worlds.minitable.state import Body, Box, Gripper

STEEL, WHITE, INK, ORANGE = (172, 180, 192), (240, 240, 236), (62, 60, 72), (240, 130, 60)
SCRUB = (92, 158, 104)  # the rough side of a sponge
_BASE = np.array([-0.35, 0.0, TABLE_Z])  # of the arm
_SHOULDER_M, _LINK_M, _WRIST_M = 0.3, 0.64, 0.2  # height of the shoulder; one link; the wrist above the fingertips
_GRASP_HALF, _OPEN_HALF = 0.033, 0.056  # between the fingers and the middle


def draw_body(canvas: Canvas, body: Body) -> None:
    """Draw a body."""
    colour: Colour = COLOURS[body["colour"]]
    if body["kind"] == "sphere":
        canvas.ball(np.array(body["position"]), KINDS["sphere"].half_height, colour)
        return
    lower, upper = corners(body)
    round_ = body["kind"] == "cylinder"
    edge = 0.0 if round_ else 0.006
    if body["kind"] == "sponge":
        middle = lower + (upper - lower) * 0.68
        _prism(canvas, lower, middle, colour)
        _prism(canvas, middle, upper, SCRUB, edge=0.004)
        return
    _prism(canvas, lower, upper, colour, edge=edge)


def draw_box(canvas: Canvas, box: Box) -> None:
    """Draw an open box: its floor, and four walls that can be seen from both sides."""
    x, y, _ = box["position"]
    colour: Colour = COLOURS[box["colour"]]
    inner, outer, top = BOX_HALF, BOX_HALF + BOX_WALL, TABLE_Z + BOX_HEIGHT
    floor = TABLE_Z + BOX_WALL
    canvas.face(_rectangle(x, y, inner, floor), colour, dim=0.72)
    ring = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    for (a, b), (c, d) in zip(ring, ring[1:] + ring[:1]):
        low_in, high_in = [np.array([[x + inner * e, y + inner * f, z] for e, f in ((a, b), (c, d))]) for z in (floor, top)]
        low_out, high_out = [np.array([[x + outer * e, y + outer * f, z] for e, f in ((a, b), (c, d))]) for z in (TABLE_Z, top)]
        canvas.face(np.array([low_out[0], low_out[1], high_out[1], high_out[0]]), colour)
        for share in range(4):  # darker towards the floor
            foot, head = (low_in + (high_in - low_in) * (share + step) / 4 for step in (0, 1))
            canvas.face(np.array([foot[1], foot[0], head[0], head[1]]), colour, dim=0.8 + 0.05 * share)
        rim: Colour = tuple(0.75 * value + 64 for value in colour)  # type: ignore[assignment]
        canvas.face(np.array([high_in[0], high_out[0], high_out[1], high_in[1]]), rim)


def draw_robot(canvas: Canvas, gripper: Gripper) -> None:
    """Draw the arm and the gripper, with the fingers as far apart as they are."""
    for start, end, radius, colour in arm(gripper):
        _tube(canvas, start, end, radius, colour)
    shoulder, elbow, wrist = _joints(gripper)
    for middle, radius in ((shoulder, 0.062), (elbow, 0.05), (wrist, 0.037)):
        canvas.ball(middle, radius, ORANGE, shine=0.25)
    for part, colour in hand(gripper):
        _prism(canvas, *part, colour, edge=0.003)


def arm(gripper: Gripper) -> Iterator[tuple[np.ndarray, np.ndarray, float, Colour]]:
    """The tubes of the arm: ends, radius and colour."""
    shoulder, elbow, wrist = _joints(gripper)
    palm = _up(gripper["position"], 0.1)
    yield _BASE, _up(_BASE, 0.03), 0.085, INK
    yield _up(_BASE, 0.03), shoulder, 0.055, WHITE
    yield shoulder, elbow, 0.043, WHITE
    yield elbow, wrist, 0.033, WHITE
    yield palm, wrist, 0.024, STEEL


def hand(gripper: Gripper) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], Colour]]:
    """The palm and two fingers, each a lower and an upper outline, and its colour."""
    half = _OPEN_HALF if gripper["open"] else _GRASP_HALF if gripper["holds"] else 0.011
    yield _block(gripper, (-0.068, 0.068), (-0.024, 0.024), (0.068, 0.106)), INK
    for side in (-1, 1):
        inner, outer = side * half, side * (half + 0.013)
        yield _block(gripper, (min(inner, outer), max(inner, outer)), (-0.011, 0.011), (-0.02, 0.07)), STEEL


def _block(gripper: Gripper, across: tuple[float, float], deep: tuple[float, float],
           high: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A block of the hand: `across` is the way the fingers open, which is y at a yaw of 90 degrees."""
    turn = np.deg2rad(gripper["yaw"])
    way = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    flat = np.array([(across[0], deep[0]), (across[1], deep[0]), (across[1], deep[1]), (across[0], deep[1])]) @ way
    lower, upper = (np.column_stack([flat, np.full(4, z)]) + gripper["position"] for z in high)
    return lower, upper


def _joints(gripper: Gripper) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shoulder, elbow and wrist; the elbow bends upwards."""
    shoulder, wrist = _up(_BASE, _SHOULDER_M), _up(gripper["position"], _WRIST_M)
    away = wrist - shoulder
    length = max(1e-6, float(np.linalg.norm(away)))
    rise = np.sqrt(max(0.0, _LINK_M**2 - (length / 2) ** 2))  # a pole far away is reached with longer links
    flat = float(np.hypot(away[0], away[1]))
    ahead = np.array([away[0], away[1], 0]) / flat if flat > 1e-3 else np.array([1.0, 0, 0])
    up = np.array([0, 0, flat / length]) - ahead * (away[2] / length)
    return shoulder, shoulder + away / 2 + rise * up, wrist


def _up(position_m: np.ndarray | list[float], by_m: float) -> np.ndarray:
    return np.array([*position_m[:2], position_m[2] + by_m])


def _prism(canvas: Canvas, lower: np.ndarray, upper: np.ndarray, colour: Colour, *, edge: float = 0.0) -> None:
    """Two equal outlines and the faces between them."""
    for a, b, c, d in zip(lower, np.roll(lower, -1, 0), np.roll(upper, -1, 0), upper):
        canvas.face(np.array([a, b, c, d]), colour, edge=edge / 2 if edge else 0.0)
    canvas.face(upper, colour, edge=edge)
    canvas.face(lower[::-1], colour)


def _tube(canvas: Canvas, start: np.ndarray, end: np.ndarray, radius: float, colour: Colour, sides: int = 16) -> None:
    axis = (end - start) / np.linalg.norm(end - start)
    side = np.cross(axis, [0, 1, 0] if abs(axis[1]) < 0.9 else [1, 0, 0])
    side /= np.linalg.norm(side)
    angles = np.arange(sides) * 2 * np.pi / sides
    ring = radius * (np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * np.cross(axis, side))
    _prism(canvas, start + ring, end + ring, colour)


def _rectangle(x: float, y: float, half: float, z: float) -> np.ndarray:
    return np.array([(x - half, y - half, z), (x + half, y - half, z), (x + half, y + half, z), (x - half, y + half, z)])
