"""What the canvas detector learns from: rendered frames tiled into canvases, and what each cell is to say."""

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.canvas_detector import STRIDE, Maps
from worlds.haystack.rooms import ROOM_SIDE, crop, draw_room_picture, furnish, visible_box
from worlds.kit import COLOURS, FURNITURE, KINDS, SHAPES, WALLS, draw_object, object_box, object_name

HELD_OUT = tuple(object_name(colour, SHAPES[(3 * index + 1) % 8]) for index, colour in enumerate(COLOURS))
GRIDS = (1, 2, 4, 8)
GRID_DRAWS = (1, 1, 2, 4, 4, 8)  # g = 1 twice: confirmations must be clean
CANVAS = 256
FILM = 384  # side of the videos that people see
TEST_SEED = 1_000_000  # videos from here on are for measuring
Boxes = list[tuple[int, int, float, float, float, float]]  # colour, kind, x1 y1 x2 y2 as parts of the width


def render_scenes(rng: np.random.Generator, views: int = 3) -> Iterator[tuple[np.ndarray, Boxes]]:
    """Yield training frames (256, 256, 3) of one room, and their boxes: another view and other toys each time."""
    colours = list(COLOURS)
    kinds = rng.permutation(FURNITURE)[: rng.integers(0, 5)]
    pieces = [object_name(colours[rng.integers(8)], str(kind)) for kind in kinds]
    room = furnish(rng, str(rng.choice(list(WALLS))), pieces)
    picture = draw_room_picture(room, FILM)
    for _ in range(views):
        corner = rng.uniform(0, ROOM_SIDE - 1, 2)
        canvas = crop(picture, (float(corner[0]), float(corner[1])), FILM)
        placed = [(thing.name, thing.x - corner[0], thing.y - corner[1], thing.radius, 0.0) for thing in room.furniture]
        placed += draw_toys(canvas, rng)
        boxes: Boxes = []
        for name, x, y, radius, rotation in placed:
            inside = visible_box(object_box(name, centre_xy=(x, y), radius_px=radius, rotation=rotation))
            if inside is not None:
                colour, kind = name.split()
                boxes.append((colours.index(colour), KINDS.index(kind), *inside))
        coded = compress(canvas, int(rng.integers(40, 96)))
        yield cv2.resize(coded, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA), boxes


def draw_toys(canvas: np.ndarray, rng: np.random.Generator) -> list[tuple[str, float, float, float, float]]:
    """Draw up to five toys into the canvas; return name, x, y, radius in view widths and rotation of each."""
    toys: list[tuple[str, float, float, float, float]] = []
    for _ in range(rng.integers(0, 6)):
        name = object_name(list(COLOURS)[rng.integers(8)], SHAPES[rng.integers(8)])
        x, y, radius, rotation = (float(rng.uniform(*span)) for span in ((0.05, 0.95), (0.05, 0.95), (0.036, 0.07), (-0.35, 0.35)))
        if name in HELD_OUT or any(np.hypot(x - toy[1], y - toy[2]) < 0.8 * (radius + toy[3]) for toy in toys):
            continue
        toys.append((name, x, y, radius, rotation))
        draw_object(canvas, name, centre_xy=(x * FILM, y * FILM), radius_px=radius * FILM, rotation=rotation)
    return toys


def compress(frame: np.ndarray, quality: int) -> np.ndarray:
    """Return the frame after JPEG coding, which stands for the artefacts of the video file."""
    _, code = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))


def tile(frames: list[np.ndarray], grid: int) -> np.ndarray:
    """Return a (256, 256, 3) canvas of grid x grid frames in reading order; missing cells are black."""
    canvas = np.zeros((CANVAS, CANVAS, 3), dtype=np.uint8)
    cell = CANVAS // grid
    for index, frame in enumerate(frames):
        row, column = divmod(index, grid)
        small = cv2.resize(frame, (cell, cell), interpolation=cv2.INTER_AREA)
        canvas[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] = small
    return canvas


def augment(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the canvas as float (256, 256, 3) in 0..1 with small changes of light, colour, sharpness and noise."""
    if rng.random() < 0.3:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.3, 0.7))
    pixels = canvas.astype(np.float32) / 255
    pixels = pixels * rng.uniform(0.92, 1.08) * rng.uniform(0.96, 1.04, 3).astype(np.float32) + rng.uniform(-0.03, 0.03)
    if rng.random() < 0.5:
        pixels += rng.standard_normal(pixels.shape, dtype=np.float32) * rng.uniform(0.0, 0.025)
    return np.clip(pixels, 0, 1)


class Targets:
    """What the maps of one batch should say; rows and columns are 64."""

    def __init__(self, batch: int) -> None:
        side = CANVAS // STRIDE
        self.heat = np.zeros((batch, side, side), dtype=np.float32)
        self.colour = np.zeros((batch, side, side), dtype=np.int64)
        self.kind = np.zeros((batch, side, side), dtype=np.int64)
        self.shape = np.zeros((batch, 4, side, side), dtype=np.float32)

    def add(self, index: int, box: tuple[int, int, float, float, float, float]) -> None:
        """Write one object (box in canvas pixels) with a Gaussian of its size around its middle."""
        colour, kind, x1, y1, x2, y2 = box
        x, y = (x1 + x2) / 2 / STRIDE, (y1 + y2) / 2 / STRIDE  # in strides
        width, height = max(x2 - x1, 1.0) / STRIDE, max(y2 - y1, 1.0) / STRIDE
        sigma = max(0.5, np.sqrt(width * height) / 2 / 2.5)
        reach = int(np.ceil(3 * sigma))
        column, row = min(63, int(x)), min(63, int(y))
        rows = np.arange(max(0, row - reach), min(64, row + reach + 1))
        columns = np.arange(max(0, column - reach), min(64, column + reach + 1))
        heat = np.exp(-((rows[:, None] - row) ** 2 + (columns[None, :] - column) ** 2) / (2 * sigma**2))
        window = (index, slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        better = heat > self.heat[window]
        self.heat[window][better] = heat[better]
        self.colour[window][better] = colour
        self.kind[window][better] = kind
        shapes = (np.log(width), np.log(height), x - columns[None, :] - 0.5 + 0 * heat, y - rows[:, None] - 0.5 + 0 * heat)
        for channel, value in enumerate(shapes):
            view = self.shape[index, channel][window[1:]]
            view[better] = value if np.isscalar(value) else value[better]


def loss_of(maps: Maps, targets: Targets) -> Tensor:
    """Return the penalty-reduced focal loss of the objectness plus cross entropies and the L1 of the boxes.

    Every canvas counts the same: summed over a batch, the hundreds of specks of an 8 x 8 grid would drown the few large
    objects of g = 1, and squares would stay circles in the view that confirms.
    """
    heat = torch.from_numpy(targets.heat)
    present = maps.objectness.sigmoid().clamp(1e-5, 1 - 1e-5)
    exact = (heat >= 0.999).float()
    objects = exact.sum((1, 2)).clamp(min=1)  # (canvases,)
    positive = (1 - present) ** 2 * present.log() * exact
    negative = (1 - heat) ** 4 * present**2 * (1 - present).log() * (1 - exact)
    objectness = -((positive + negative).sum((1, 2)) / objects).mean()
    canvas, row, column = torch.nonzero(heat >= 0.45, as_tuple=True)
    weights = heat[canvas, row, column]
    weights = weights / torch.zeros(len(heat)).index_add(0, canvas, weights)[canvas] / len(heat)
    colour_is, kind_is, shape_is = (torch.from_numpy(part) for part in (targets.colour, targets.kind, targets.shape))
    place = (canvas, slice(None), row, column)
    colour = functional.cross_entropy(maps.colours[place], colour_is[canvas, row, column], reduction="none")
    kind = functional.cross_entropy(maps.kinds[place], kind_is[canvas, row, column], reduction="none")
    shape = (maps.shapes[place] - shape_is[place]).abs().sum(1)
    return objectness + ((colour + kind + 0.3 * shape) * weights).sum()


class Pool:
    """Rendered frames to tile; some are replaced at every step so that no picture is seen for long."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.scenes = [scene for _ in range(size // 3) for scene in render_scenes(rng)]

    def refresh(self) -> None:
        """Replace three scenes by new ones."""
        for scene in render_scenes(self.rng):
            self.scenes[int(self.rng.integers(len(self.scenes)))] = scene

    def batch(self, size: int) -> tuple[Tensor, Targets]:
        """Return (canvases, 3, 256, 256) in 0..1 and their targets; each canvas has its own g."""
        targets, pictures = Targets(size), []
        for index in range(size):
            grid = int(self.rng.choice(GRID_DRAWS))
            cells = grid * grid if self.rng.random() < 0.9 else int(self.rng.integers(1, grid * grid + 1))
            scenes = [self.scenes[int(pick)] for pick in self.rng.integers(0, len(self.scenes), cells)]
            pictures.append(augment(tile([frame for frame, _ in scenes], grid), self.rng))
            side = CANVAS / grid
            for cell, (_, boxes) in enumerate(scenes):
                row, column = divmod(cell, grid)
                for colour, kind, x1, y1, x2, y2 in boxes:
                    corners = ((x1 + column) * side, (y1 + row) * side, (x2 + column) * side, (y2 + row) * side)
                    targets.add(index, (colour, kind, *corners))
        return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(), targets
