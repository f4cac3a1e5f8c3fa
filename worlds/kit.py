"""The visual language of all generated worlds: eight colours, eight shapes, eight pieces of furniture, eight rooms.

Every (colour, kind) is drawn once as a large premultiplied sprite with soft relief and a drop shadow (light from the
upper left) and then placed at any subpixel position, size and small rotation, so that a picture costs milliseconds.
Coordinates are pixels of the canvas with pixel centres at half numbers: the corner of the canvas is (0, 0).
It is not a renderer: shadows are part of the sprite and turn with it.
"""

from collections.abc import Callable
from functools import cache, cached_property

import cv2
import numpy as np

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (222, 58, 52),
    "orange": (244, 140, 38),
    "yellow": (250, 214, 52),
    "green": (62, 158, 74),
    "cyan": (52, 204, 218),
    "blue": (44, 92, 206),
    "purple": (132, 70, 188),
    "pink": (244, 112, 178),
}
SHAPES: tuple[str, ...] = ("circle", "square", "triangle", "star", "cross", "ring", "diamond", "bar")
FURNITURE: tuple[str, ...] = ("sofa", "lamp", "plant", "table", "chair", "shelf", "bed", "clock")
KINDS: tuple[str, ...] = SHAPES + FURNITURE

# Walls are pale and low in saturation so that every object colour stands out; slate is the one dark room.
WALLS: dict[str, tuple[int, int, int]] = {
    "white": (240, 238, 232),
    "grey": (176, 178, 182),
    "sky": (176, 210, 236),
    "mint": (184, 224, 196),
    "lilac": (210, 194, 234),
    "rose": (240, 200, 202),
    "sand": (234, 216, 172),
    "slate": (98, 112, 138),
}
WALL_NAMES = {"sky": "sky blue"}  # of those whose own name says another thing to whoever reads it


def wall_name(wall: str) -> str:
    """A wall's colour as people read it."""
    return WALL_NAMES.get(wall, wall)


FLOORS: dict[str, tuple[int, int, int]] = {
    "oak": (206, 172, 130),
    "walnut": (148, 114, 88),
    "stone": (190, 188, 184),
    "carpet": (160, 164, 156),
}

_SPRITE_PX = 320
_REACH = 1.5  # the sprite covers -1.5..1.5 radii: the object fills -1..1, the rest is for the shadow
_RADIUS_PX = _SPRITE_PX / (2 * _REACH)
_WOOD, _CREAM, _INK = np.array([(122, 84, 58), (250, 244, 230), (52, 48, 60)])
_Colour = tuple[float, float, float]


def object_name(colour: str, kind: str) -> str:
    """Return the name that people and the detector use, for example "red star"."""
    if colour not in COLOURS or kind not in KINDS:
        raise ValueError(f"{colour!r} {kind!r} is not drawn here; colours are {list(COLOURS)}, kinds are {list(KINDS)}")
    return f"{colour} {kind}"


def parse_name(name: str) -> tuple[str, str]:
    """Return (colour, kind) of a name such as "red star".

    Raises:
        ValueError: the name is not one colour and one kind of this kit.
    """
    colour, _, kind = name.partition(" ")
    object_name(colour, kind)
    return colour, kind


def draw_object(
    canvas: np.ndarray, name: str, *, centre_xy: tuple[float, float], radius_px: float, rotation: float = 0.0
) -> tuple[float, float, float, float]:
    """Draw one object into the canvas in place and return its box x1 y1 x2 y2 in pixels, uncut at the border.

    Args:
        canvas: (height, width, 3) uint8 RGB.
        name: "colour kind".
        centre_xy: position of the middle of the object in pixels.
        radius_px: half the larger side of the object.
        rotation: radians, clockwise on the screen.
    """
    colour, kind = parse_name(name)
    levels = _sprite(colour, kind)
    large_enough = [level for level in levels if len(level) >= 2 * _REACH * radius_px]
    sprite = (large_enough or levels[:1])[-1]  # the smallest picture that is still larger than what is drawn: no aliasing
    x, y = centre_xy
    reach = _REACH * radius_px * (1.0 + 0.42 * min(1.0, abs(rotation)))
    height, width = canvas.shape[:2]
    left, right = max(0, int(np.floor(x - reach))), min(width, int(np.ceil(x + reach)))
    top, bottom = max(0, int(np.floor(y - reach))), min(height, int(np.ceil(y + reach)))
    if left < right and top < bottom:
        scale = 2 * _REACH * radius_px / sprite.shape[0]
        cosine, sine = np.cos(rotation) / scale, np.sin(rotation) / scale
        middle = sprite.shape[0] / 2
        offset_x, offset_y = left + 0.5 - x, top + 0.5 - y  # from the centre of the object to the first pixel
        inverse = np.array(
            [
                [cosine, sine, cosine * offset_x + sine * offset_y + middle - 0.5],
                [-sine, cosine, -sine * offset_x + cosine * offset_y + middle - 0.5],
            ],
            dtype=np.float32,
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = cv2.warpAffine(sprite, inverse, (right - left, bottom - top), flags=flags)
        under = canvas[top:bottom, left:right]
        under[:] = (under * (1.0 - patch[..., 3:]) + patch[..., :3] + 0.5).astype(np.uint8)
    return _box(_painted(kind).outline, centre_xy, radius_px, rotation)


def object_box(
    name: str, *, centre_xy: tuple[float, float], radius_px: float, rotation: float = 0.0
) -> tuple[float, float, float, float]:
    """Return the exact box that `draw_object` would fill, x1 y1 x2 y2 in pixels, without the shadow."""
    return _box(_painted(parse_name(name)[1]).outline, centre_xy, radius_px, rotation)


def draw_room(
    size_px: int, *, wall: str, floor: str = "oak", horizon: float = 0.6, window_x: float | None = None, rug: str | None = None
) -> np.ndarray:
    """Return an empty room as (size, size, 3) uint8 RGB.

    Args:
        wall, floor: names in `WALLS` and `FLOORS`.
        horizon: where the floor begins, as a part of the height.
        window_x: middle of a window as a part of the width; None is no window.
        rug: colour name of an oval rug, drawn pale so that it is not an object; None is no rug.
    """
    size = int(size_px)
    rows = (np.arange(size, dtype=np.float32) + 0.5) / size
    light = 1.06 - 0.16 * (0.6 * rows[:, None] + 0.4 * rows[None, :])  # the light comes from the upper left
    below = np.clip((rows - horizon) * size + 0.5, 0, 1)[:, None, None]
    deeper = np.clip((rows - horizon) / max(1e-6, 1 - horizon), 0, 1)[:, None, None]
    ground = np.array(FLOORS[floor], dtype=np.float32) * (0.86 + 0.2 * deeper)
    room = np.array(WALLS[wall], dtype=np.float32) * (1 - below) + ground * below
    room = np.broadcast_to(room, (size, size, 3)) * light[..., None]
    room = np.ascontiguousarray(room, dtype=np.float32)
    for board in range(1, 6):  # boards get wider towards the viewer
        y = horizon + (1 - horizon) * (board / 6) ** 1.5
        _blend(room, np.abs(rows - y)[:, None] < 0.6 / size * max(1.0, size / 400), 0.10, (60, 45, 35))
    if window_x is not None:
        _draw_window(room, window_x, horizon)
    skirting = (rows > horizon - 0.022) & (rows < horizon)
    _blend(room, skirting[:, None], 0.75, (250, 248, 242))
    shade = np.exp(-(((rows - horizon) / 0.03) ** 2)) * (rows > horizon)
    room *= 1 - 0.14 * shade[:, None, None]
    if rug is not None:
        _draw_rug(room, rug, horizon)
    return np.clip(room + 0.5, 0, 255).astype(np.uint8)


def _blend(room: np.ndarray, mask: np.ndarray, strength: float, colour: _Colour) -> None:
    weight = (mask.astype(np.float32) * strength)[..., None]
    room += (np.array(colour, dtype=np.float32) - room) * weight


def _oversampled(size: int, draw: Callable[[np.ndarray, int], None]) -> np.ndarray:
    """Return a (size, size) mask in 0..1 that was drawn twice as large."""
    mask = np.zeros((size * 2, size * 2), dtype=np.uint8)
    draw(mask, size * 2)
    return cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _draw_window(room: np.ndarray, window_x: float, horizon: float) -> None:
    size = room.shape[0]
    rows = (np.arange(size, dtype=np.float32) + 0.5) / size
    top, bottom, half = 0.09, horizon * 0.62, 0.13

    def rectangle(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
        inside_y = np.clip(np.minimum(rows - y1, y2 - rows) * size + 0.5, 0, 1)
        inside_x = np.clip(np.minimum(rows - x1, x2 - rows) * size + 0.5, 0, 1)
        return inside_y[:, None] * inside_x[None, :]

    _blend(room, rectangle(window_x - half - 0.016, top - 0.016, window_x + half + 0.016, bottom + 0.016), 1, (252, 250, 244))
    _blend(room, rectangle(window_x - half, top, window_x + half, bottom), 1, (206, 228, 242))
    hill = 0.5 + 0.5 * np.sin(rows * 9 + 1.2)
    far = (rows[:, None] > bottom - 0.07 - 0.035 * hill[None, :]).astype(np.float32)
    _blend(room, rectangle(window_x - half, top, window_x + half, bottom) * far, 0.8, (186, 210, 190))
    _blend(room, rectangle(window_x - 0.005, top, window_x + 0.005, bottom), 1, (252, 250, 244))
    middle = (top + bottom) / 2
    _blend(room, rectangle(window_x - half, middle - 0.005, window_x + half, middle + 0.005), 1, (252, 250, 244))
    _blend(room, rectangle(window_x - half - 0.03, bottom + 0.016, window_x + half + 0.03, bottom + 0.03), 1, (236, 232, 224))


def _draw_rug(room: np.ndarray, rug: str, horizon: float) -> None:
    size = room.shape[0]
    middle_y = (1 + horizon) / 2 + 0.03
    red, green, blue = (0.35 * channel + 0.65 * 226 for channel in COLOURS[rug])
    pale = (red, green, blue)
    for grow, strength, colour in ((1.0, 0.7, pale), (0.86, 0.5, (250, 246, 238)), (0.8, 0.75, pale)):

        def ellipse(mask: np.ndarray, side: int, grow: float = grow) -> None:
            axes = (int(side * 0.30 * grow), int(side * 0.105 * grow))
            cv2.ellipse(mask, (side // 2, int(side * middle_y)), axes, 0, 0, 360, 255, -1)

        _blend(room, _oversampled(size, ellipse), strength, colour)


def _box(outline: np.ndarray, centre_xy: tuple[float, float], radius_px: float, rotation: float) -> tuple[float, float, float, float]:
    cosine, sine = np.cos(rotation), np.sin(rotation)
    turned = outline @ np.array([[cosine, sine], [-sine, cosine]])  # (points, 2) in radii
    low, high = turned.min(axis=0) * radius_px, turned.max(axis=0) * radius_px
    x, y = centre_xy
    return float(x + low[0]), float(y + low[1]), float(x + high[0]), float(y + high[1])


class _Painter:
    """Stacks the layers of one kind, each with soft relief; coordinates are radii, -1..1, a colour is (3,) or (colours, 3)."""

    def __init__(self, kind: str) -> None:
        self.layers: list[tuple[tuple[slice, slice], np.ndarray, np.ndarray, np.ndarray]] = []  # where, mask, shade, colours
        self.alpha = np.zeros((_SPRITE_PX, _SPRITE_PX), dtype=np.float32)
        axis = (np.arange(_SPRITE_PX, dtype=np.float32) + 0.5) / _SPRITE_PX * 2 * _REACH - _REACH
        self.slope = -(0.45 * axis[None, :] + 0.55 * axis[:, None])  # 1 in the upper left, -1 in the lower right
        (_draw_shape if kind in SHAPES else _draw_furniture)(self, kind, np.array(list(COLOURS.values())))

    def layer(self, mask: np.ndarray, colour: np.ndarray, relief: float = 1.0) -> None:
        soft = cv2.GaussianBlur(mask, (0, 0), _SPRITE_PX * 0.016)
        bevel = cv2.Sobel(soft, cv2.CV_32F, 1, 0) * 0.7 + cv2.Sobel(soft, cv2.CV_32F, 0, 1) * 0.9
        shade = 1 + relief * (0.10 * self.slope + 1.1 * bevel)
        x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
        where = slice(y, y + height), slice(x, x + width)
        self.layers.append((where, mask[where].copy(), shade[where].copy(), np.broadcast_to(colour, (len(COLOURS), 3))))
        self.alpha = np.maximum(self.alpha, mask)

    def polygon(self, points: list[tuple[float, float]], colour: np.ndarray, rounding: float = 0.06, relief: float = 1.0) -> None:
        def draw(mask: np.ndarray, side: int) -> None:
            inner = np.array(points, dtype=np.float32)
            pixels = ((inner / _REACH + 1) / 2 * side * 8).astype(np.int32)
            cv2.fillPoly(mask, [pixels], 255, lineType=cv2.LINE_8, shift=3)
            if rounding:  # opening with a disc rounds the outer corners without leaving the outline
                disc = rounding / (4 * _REACH) * side
                x, y, width, height = cv2.boundingRect(mask)
                near = mask[y - 2 : y + height + 2, x - 2 : x + width + 2]  # the rest stays empty and would cost most
                eroded = cv2.distanceTransform(near, cv2.DIST_L2, 5) > disc
                if eroded.any():
                    gap = cv2.distanceTransform((~eroded).astype(np.uint8), cv2.DIST_L2, 5)
                    near[:] = (np.clip(disc + 0.5 - gap, 0, 1) * 255).astype(np.uint8)

        self.layer(_oversampled(_SPRITE_PX, draw), colour, relief)

    def block(self, x1: float, y1: float, x2: float, y2: float, colour: np.ndarray, rounding: float = 0.16) -> None:
        self.polygon([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], colour, rounding)

    def disc(self, x: float, y: float, radius: float, colour: np.ndarray, hole: float = 0.0, flat: float = 1.0) -> None:
        def draw(mask: np.ndarray, side: int) -> None:
            unit = side / (2 * _REACH)
            centre = (round((x + _REACH) * unit), round((y + _REACH) * unit))
            cv2.ellipse(mask, centre, (round(radius * unit), round(radius * flat * unit)), 0, 0, 360, 255, -1)
            if hole:
                cv2.circle(mask, centre, round(hole * unit), 0, -1)

        self.layer(_oversampled(_SPRITE_PX, draw), colour)

    @cached_property
    def outline(self) -> np.ndarray:
        """Return the convex outline (points, 2) in radii."""
        contours, _ = cv2.findContours((self.alpha > 0.02).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        pixels = np.concatenate([contour[:, 0, :] for contour in contours]).astype(np.float64)
        corners = np.concatenate([pixels + np.array(step) for step in ((0, 0), (1, 0), (0, 1), (1, 1))])
        return cv2.convexHull((corners / _RADIUS_PX - _REACH).astype(np.float32))[:, 0, :].astype(np.float64)


_painted = cache(_Painter)  # once for each kind: outline and relief are the same in all colours


def _tint(colour: np.ndarray, amount: float) -> np.ndarray:
    """Return the colour moved towards white (amount > 0) or towards black (amount < 0)."""
    return colour + ((255 if amount > 0 else 0) - colour) * abs(amount)


def _draw_shape(paint: _Painter, kind: str, colour: np.ndarray) -> None:
    around = np.linspace(0, 2 * np.pi, 11)[:-1] - np.pi / 2
    if kind == "circle":
        paint.disc(0, 0, 0.94, colour)
    elif kind == "square":
        paint.block(-0.84, -0.84, 0.84, 0.84, colour, 0.3)
    elif kind == "triangle":
        paint.polygon([(0, -0.95), (1.0, 0.82), (-1.0, 0.82)], colour, 0.16)
    elif kind == "star":
        spikes = [(1.0 if spike % 2 == 0 else 0.44) for spike in range(10)]
        paint.polygon([(r * np.cos(a), r * np.sin(a) + 0.05) for r, a in zip(spikes, around)], colour, 0.07)
    elif kind == "cross":
        arm, end = 0.31, 0.95
        corners = [(-arm, -end), (arm, -end), (arm, -arm), (end, -arm), (end, arm), (arm, arm)]
        paint.polygon(corners + [(-x, -y) for x, y in corners], colour, 0.18)
    elif kind == "ring":
        paint.disc(0, 0, 0.97, colour, hole=0.52)
    elif kind == "diamond":
        paint.polygon([(0, -1.0), (0.66, 0), (0, 1.0), (-0.66, 0)], colour, 0.1)
    else:
        paint.block(-1.0, -0.31, 1.0, 0.31, colour, 0.3)


def _draw_furniture(paint: _Painter, kind: str, colour: np.ndarray) -> None:
    light, dark = _tint(colour, 0.22), _tint(colour, -0.22)
    if kind == "sofa":
        for x in (-0.8, 0.66):
            paint.block(x, 0.5, x + 0.14, 0.72, _WOOD, 0.04)
        paint.block(-0.86, -0.6, 0.86, 0.3, dark, 0.4)
        paint.block(-0.76, -0.05, 0.0, 0.36, light, 0.22)
        paint.block(0.0, -0.05, 0.76, 0.36, light, 0.22)
        paint.block(-0.8, 0.26, 0.8, 0.58, colour, 0.14)
        paint.block(-1.0, -0.22, -0.7, 0.6, colour, 0.26)
        paint.block(0.7, -0.22, 1.0, 0.6, colour, 0.26)
    elif kind == "lamp":
        paint.block(-0.05, -0.4, 0.05, 0.9, _WOOD, 0.04)
        paint.disc(0, 0.9, 0.4, _WOOD, flat=0.24)
        paint.polygon([(-0.36, -1.0), (0.36, -1.0), (0.66, -0.12), (-0.66, -0.12)], colour, 0.12)
        paint.polygon([(-0.64, -0.2), (0.64, -0.2), (0.66, -0.12), (-0.66, -0.12)], _tint(colour, 0.5), 0.0)
    elif kind == "plant":
        for angle, length in ((-1.1, 0.78), (1.1, 0.78), (-0.6, 1.0), (0.6, 1.0), (0.0, 1.12)):
            tip = (length * np.sin(angle), 0.3 - 1.25 * length * np.cos(angle) * 0.92)
            side = (0.2 * np.cos(angle), 0.2 * np.sin(angle))
            middle = (tip[0] * 0.55, 0.3 + (tip[1] - 0.3) * 0.55)
            leaf = [(0.0, 0.36), (middle[0] - side[0], middle[1] - side[1]), tip, (middle[0] + side[0], middle[1] + side[1])]
            paint.polygon(leaf, light if angle == 0 else colour, 0.05)
        paint.polygon([(-0.46, 0.3), (0.46, 0.3), (0.34, 1.0), (-0.34, 1.0)], _CREAM, 0.1)
        paint.block(-0.52, 0.24, 0.52, 0.42, _tint(_CREAM, -0.06), 0.08)
    elif kind == "table":
        for x in (-0.82, 0.66):
            paint.block(x, -0.12, x + 0.16, 0.7, dark, 0.06)
        paint.block(-0.74, -0.16, 0.74, 0.1, dark, 0.06)
        paint.block(-1.0, -0.38, 1.0, -0.12, colour, 0.14)
    elif kind == "chair":
        for x in (-0.52, 0.38):
            paint.block(x, 0.2, x + 0.14, 1.0, _WOOD, 0.06)
        paint.block(-0.5, -1.0, 0.5, -0.12, dark, 0.26)
        paint.block(-0.34, -0.84, 0.34, -0.2, colour, 0.18)
        paint.block(-0.64, 0.02, 0.64, 0.34, colour, 0.2)
    elif kind == "shelf":
        paint.block(-0.7, -1.0, 0.7, 1.0, colour, 0.1)
        for y in (-0.86, -0.24, 0.38):
            paint.block(-0.56, y, 0.56, y + 0.48, _tint(colour, -0.5), 0.04)
            for book in range(4):
                tall = (0.36, 0.3, 0.38, 0.26)[book]
                x = -0.5 + book * 0.17
                paint.block(x, y + 0.48 - tall, x + 0.14, y + 0.48, _CREAM if book % 2 else light, 0.03)
    elif kind == "bed":
        for x in (-0.94, 0.82):
            paint.block(x, 0.4, x + 0.12, 0.68, _WOOD, 0.04)
        paint.block(-1.0, -0.62, -0.82, 0.56, _WOOD, 0.1)
        paint.block(-0.88, -0.06, 1.0, 0.24, _CREAM, 0.2)
        paint.block(-0.78, -0.3, -0.3, 0.02, _tint(_CREAM, 0.5), 0.22)
        paint.block(-0.26, -0.14, 1.0, 0.5, colour, 0.22)
        paint.block(-0.9, 0.2, 1.0, 0.5, dark, 0.1)
    else:
        paint.disc(0, 0, 0.97, colour)
        paint.disc(0, 0, 0.66, _CREAM)
        paint.polygon([(-0.05, 0.05), (-0.05, -0.5), (0.05, -0.5), (0.05, 0.05)], _INK, 0.0, relief=0.2)
        paint.polygon([(-0.05, -0.05), (0.38, -0.05), (0.38, 0.05), (-0.05, 0.05)], _INK, 0.0, relief=0.2)


@cache
def _sprite(colour: str, kind: str) -> list[np.ndarray]:
    """Return sprites (side, side, 4), largest first."""
    paint = _painted(kind)
    rgb = np.zeros((3, _SPRITE_PX, _SPRITE_PX), dtype=np.float32)  # channels first is several times faster
    for (rows, columns), mask, shade, tones in paint.layers:
        tone = tones[list(COLOURS).index(colour), :, None, None].astype(np.float32)
        lit = np.clip(tone * shade + np.maximum(shade - 1, 0) * 70, 0, 255)
        rgb[:, rows, columns] += (lit - rgb[:, rows, columns]) * mask
    shift = np.array([[1, 0, 0.07 * _RADIUS_PX], [0, 1, 0.10 * _RADIUS_PX]], dtype=np.float32)
    shadow = cv2.warpAffine(paint.alpha, shift, (_SPRITE_PX, _SPRITE_PX)).astype(np.float32)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 0.085 * _RADIUS_PX) * 0.34 * (1 - paint.alpha)
    rgb = rgb * paint.alpha + np.array((34, 30, 48), dtype=np.float32)[:, None, None] * shadow
    levels = [cv2.merge([*rgb, paint.alpha + shadow])]
    while (side := len(levels[-1]) // 2) > 3:
        levels.append(np.asarray(cv2.resize(levels[-1], (side, side), interpolation=cv2.INTER_AREA)))
    return levels
