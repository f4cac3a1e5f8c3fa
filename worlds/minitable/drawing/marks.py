"""What EmbodiedBench draws over a picture: the cross of the axes, and numbered frames around things."""

import cv2
import numpy as np

from worlds.minitable.catalogue import AREA_LENGTH, AREA_WIDTH, BOX_HALF, BOX_HEIGHT, BOX_WALL, KINDS, TABLE_Z
from worlds.minitable.drawing.camera import CROSS, projected
from worlds.minitable.goals import corners
from worlds.minitable.state import AREA, State, left_to_right, position_of

_PEOPLE_PX = 500  # the size for which lengths are given
_ARM_PX = 30
_RED, _GREEN, _BLUE = (230, 40, 40), (30, 150, 50), (40, 70, 225)
_LARGER = 1.4  # numbers than letters: people act by them
_GROWN = 1.2  # frames, as EmbodiedBench draws them


def with_axes(picture: np.ndarray) -> np.ndarray:
    """Return a picture with the axis cross: y to the right in green, z up in blue, x to the lower left in red, and "(0, 0)".

    Args:
        picture: (side, side, 3) uint8 RGB; it stays as it is.
    """
    picture, scale = picture.copy(), len(picture) / _PEOPLE_PX
    start = np.array(CROSS) * len(picture)
    ends = (((1, 0), _GREEN, "y"), ((0, -1), _BLUE, "z"), ((-(0.5**0.5), 0.5**0.5), _RED, "x"))
    for way, colour, name in ends:
        end = start + np.array(way) * _ARM_PX * scale
        cv2.arrowedLine(picture, _pixel(start), _pixel(end), colour, max(1, round(2 * scale)), cv2.LINE_AA, tipLength=0.25)
        if scale >= 0.6:  # letters of a smaller picture could not be read
            _write(picture, name, start + np.array(way) * (_ARM_PX + 9) * scale, colour, scale)
    if scale >= 0.6:
        _write(picture, "(0, 0)", start + np.array([26, 14]) * scale, (30, 30, 36), scale)
    return picture


def with_boxes(picture: np.ndarray, state: State) -> np.ndarray:
    """Return a picture with a thin red frame around every thing, numbered as in `understanding.objects`."""
    picture, scale = picture.copy(), len(picture) / _PEOPLE_PX
    for number, name in enumerate(left_to_right(state), start=1):
        (x1, y1), (x2, y2) = frame(state, name) * len(picture)
        cv2.rectangle(picture, _pixel((x1, y1)), _pixel((x2, y2)), _RED, max(1, round(scale)))
        if scale >= 0.4:
            _write(picture, str(number), np.array([x1 + 7 * scale, y1 - 9 * scale]), _RED, _LARGER * scale)
    return picture


def frame(state: State, name: str) -> np.ndarray:
    """The frame around a thing, ((left, top), (right, bottom)) in parts of the picture's side, a fifth larger than the thing."""
    points = projected(_outline(state, name))
    low, high = points.min(axis=0), points.max(axis=0)
    middle = projected(position_of(state, name))
    half = np.maximum(high - middle, middle - low) * _GROWN
    return np.stack([middle - half, middle + half])


def _outline(state: State, name: str) -> np.ndarray:
    middle = position_of(state, name)
    if name in state["bodies"]:
        body = state["bodies"][name]
        if body["kind"] == "sphere":
            radius = KINDS["sphere"].half_height
            return middle + radius * np.array([(a, b, c) for a in (-0.7, 0.7) for b in (-1, 1) for c in (-0.7, 0.7)])
        return corners(body).reshape(-1, 3)
    if name == AREA and state["area"]:
        half = np.array([AREA_LENGTH, AREA_WIDTH]) / 2
        half = half if state["area"]["along"] == "x" else half[::-1]
        return middle + np.array([(a * half[0], b * half[1], 0) for a in (-1, 1) for b in (-1, 1)])
    out = BOX_HALF + BOX_WALL
    return np.array([(middle[0] + a * out, middle[1] + b * out, z) for a in (-1, 1) for b in (-1, 1)
                     for z in (TABLE_Z, TABLE_Z + BOX_HEIGHT)])


def _write(picture: np.ndarray, text: str, middle: np.ndarray, colour: tuple[int, int, int], scale: float) -> None:
    size = 0.4 * scale
    (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    corner = _pixel(middle + np.array([-wide / 2, high / 2]))
    cv2.putText(picture, text, corner, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 3, cv2.LINE_AA)  # a light edge
    cv2.putText(picture, text, corner, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def _pixel(point: tuple[float, float] | np.ndarray) -> tuple[int, int]:
    return int(np.floor(point[0])), int(np.floor(point[1]))
