"""The image network as a detector: by a word of its 1,000 kinds, or by an example and things of its kind.

Both look at cells one by one: a canvas of tiled frames is cut where the grid's hint says, black bars are trimmed, flat cells
are skipped, and each cell is enlarged to the size that the network likes. It names and compares frames; it does not draw
outlines: a word's box is the whole cell, an example's box is the window that fits best.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from models import kinds
from models.boxes import REAL_CANVAS_PX, Box, Detector, best_boxes, check_canvases
from models.catalogue import Rung
from models.detection import thresholds_of
from models.example_detection import SCALES, ExampleDetector
from models.image_network import STRIDE, ImageNetwork, pixels_of
from worlds.errors import InputError

NAMED_SIDE = 224  # pixels that the network was trained with
FINE, COARSE = 512 * 288, 256 * 144  # pixels of a frame alone, and of a cell: a look at 16 cells then costs 16 quarters
BATCH = 16  # pictures per forward
FLAT = 6.0  # grey levels of deviation below which a cell shows nothing: a fade, a title card
DARK = 20  # grey levels: bars of a compressed film are not quite black
LIKELIER = 100.0  # LR / (LR + 100): a word scores one half where the picture makes it a hundred times likelier
KIND_THETA, KIND_FLOOR = 0.46, 0.3
EXACT_WEIGHT = 0.02  # of the classical score's logit beside the cosine of kinds
PART_OF_FRAME = 0.5  # side of a thing that comes as a picture of its own, beside the frame's
STEP = 0.25  # of a window's side, from one window to the next
MAX_STEPS = 16


@dataclass(frozen=True)
class _Cell:
    """A part of a canvas that shows something."""

    canvas: int
    x1: int
    y1: int
    x2: int
    y2: int

    def of(self, canvases: np.ndarray) -> np.ndarray:
        return canvases[self.canvas, self.y1 : self.y2, self.x1 : self.x2]


def _cells(canvases: np.ndarray, grid: int) -> Iterator[_Cell]:
    """Yield the cells that are not flat, without their black bars."""
    height, width = canvases.shape[1] // grid, canvases.shape[2] // grid
    for number, canvas in enumerate(canvases):
        for place in range(grid * grid):
            y, x = place // grid * height, place % grid * width
            cell = canvas[y : y + height, x : x + width]
            top, bottom, left, right = trimmed(cell)
            if min(bottom - top, right - left) > 1 and cell[top:bottom, left:right].std() >= FLAT:
                yield _Cell(number, x + left, y + top, x + right, y + bottom)


def trimmed(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right of (height, width, 3) without black bars, which lie on two opposite sides alike."""
    brightest = picture.max(axis=2)
    edges = []
    for lines in (brightest.max(axis=1), brightest.max(axis=0)):
        lit = np.flatnonzero(lines > DARK)
        bar = min(int(lit[0]), len(lines) - 1 - int(lit[-1])) if len(lit) else 0
        edges += [bar, len(lines) - bar]
    return edges[0], edges[1], edges[2], edges[3]


class KindsDetector(Detector):
    """Says how much likelier a frame shows one of the kinds that a word stands for than any frame does.

    Score LR / (LR + 100), LR = odds(p) / odds(kinds of the word / 1,000), p the sum of their probabilities. A frame alone is
    looked at a second time at 512 pixels, place by place, and the log-odds are averaged.
    """

    is_miniature = False
    canvas_px = REAL_CANVAS_PX

    def __init__(self, model: ImageNetwork, rung: Rung) -> None:
        self.model, self.name = model, rung.name
        self.theta, self.floor = thresholds_of(rung)

    def detect(
        self, canvases: np.ndarray, names: Sequence[str], *, floor: float, max_boxes: int | None = None, grid: int | None = None
    ) -> list[list[Box]]:
        """Return a box for every cell and name that scores; see `Detector.detect`.

        Raises:
            InputError: a name is not among the words of the 1,000 kinds; it says which are near.
        """
        check_canvases(canvases)
        wanted = [_kinds_of(name) for name in names]
        cells = list(_cells(canvases, grid or 1))
        if not cells or not wanted:
            return [[] for _ in canvases]
        pictures = [cell.of(canvases) for cell in cells]
        odds = self._log_odds(self._named(pictures), wanted)  # (cells, names)
        if (grid or 1) == 1:
            odds = (odds + self._log_odds(self._by_places(pictures), wanted)) / 2
        base = np.array([np.log(len(found) / (kinds.NUM_KINDS - len(found))) for found in wanted])
        ratio = np.exp(np.clip(odds - base, -50, 50))
        return _whole_cells(cells, ratio / (ratio + LIKELIER), len(canvases), floor, max_boxes)

    @staticmethod
    def _log_odds(probabilities: np.ndarray, wanted: Sequence[tuple[int, ...]]) -> np.ndarray:
        """(cells, kinds) -> (cells, names)"""
        summed = np.stack([probabilities[:, list(found)].sum(axis=1) for found in wanted], axis=1)
        summed = np.clip(summed, 1e-9, 1 - 1e-7)
        return np.asarray(np.log(summed / (1 - summed)))

    @torch.inference_mode()
    def _named(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return (pictures, kinds) probabilities of the pictures squashed to the size of the training."""
        small = np.stack([cv2.resize(one, (NAMED_SIDE, NAMED_SIDE), interpolation=_how(one, NAMED_SIDE)) for one in pictures])
        parts = [self.model(_to(self.model, small[i : i + BATCH])).softmax(dim=1) for i in range(0, len(small), BATCH)]
        return torch.cat(parts).double().cpu().numpy()

    @torch.inference_mode()
    def _by_places(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return (pictures, kinds): the mean over places of what each of them shows, at 512 pixels."""
        found = [self.model.places(_to(self.model, _sized(one, FINE)[None])).softmax(dim=1).mean(dim=(2, 3)) for one in pictures]
        return torch.cat(found).double().cpu().numpy()


def _kinds_of(name: str) -> tuple[int, ...]:
    found = kinds.kinds_of(name)
    if found is None:
        raise InputError(kinds.refusal(name))
    return found


def _whole_cells(cells: Sequence[_Cell], scores: np.ndarray, num_canvases: int, floor: float, most: int | None) -> list[list[Box]]:
    """(cells, names) scores -> boxes per canvas."""
    found = []
    for canvas in range(num_canvases):
        rows = [i for i, cell in enumerate(cells) if cell.canvas == canvas]
        corners = np.array([[cells[i].x1, cells[i].y1, cells[i].x2, cells[i].y2] for i in rows for _ in range(scores.shape[1])])
        labels = np.tile(np.arange(scores.shape[1]), len(rows))
        found.append(best_boxes(corners.reshape(-1, 4), labels, scores[rows].ravel(), floor=floor, most=most))
    return found


class AlikeDetector(Detector):
    """Finds things of the example's kind, and the example itself before them; every box has label 0.

    The features of block 14 are averaged over the example's box, less the film's mean, and compared with windows of five
    sizes (cosine). The classical detector's score is added as 0.02 of its logit: of two mugs, this one comes first.

    Args:
        exact: the classical detector of the same example.
        example: (height, width, 3) uint8 RGB: the frame on which the thing is marked, or a picture of it alone.
        box: x1 y1 x2 y2 in the frame's pixels; None where the picture is the thing.
        film: (frames, height, width, 3) uint8 RGB, evenly over the film: what is common to all its frames tells nothing.
    Raises:
        InputError: the example shows nothing but one colour.
    """

    name = "search by example, this kind"
    is_miniature = False
    canvas_px = REAL_CANVAS_PX
    theta, floor = KIND_THETA, KIND_FLOOR

    def __init__(self, model: ImageNetwork, exact: ExampleDetector, example: np.ndarray, *,
                 box: tuple[int, int, int, int] | None = None, film: np.ndarray) -> None:
        self.model, self._exact = model, exact
        height, width = example.shape[:2]
        x1, y1, x2, y2 = box or (0, 0, width, height)
        if example[y1:y2, x1:x2].std() < FLAT:
            raise InputError("The example is of one colour, without anything in it. Mark a thing with some pattern, or choose "
                             "'exactly this'.")
        share = 1.0 if box else PART_OF_FRAME
        self._side = ((x2 - x1) / width * share, (y2 - y1) / height * share)  # of the thing, in shares of a frame
        self._means, self._queries = {}, {}
        for area in (FINE, COARSE):
            mean = np.mean([self._map(frame, area).mean(axis=(1, 2)) for frame in film if frame.std() >= FLAT] or [0.0], axis=0)
            there = self._map(example, area if box else int(area * PART_OF_FRAME**2)) - np.reshape(mean, (-1, 1, 1))
            rows, columns = there.shape[1:]
            window = np.array([[x1 / width * columns, y1 / height * rows, x2 / width * columns, y2 / height * rows]])
            query = _window_means(there, window)[:, 0]
            self._means[area], self._queries[area] = mean, query / max(float(np.linalg.norm(query)), 1e-9)

    def detect(
        self, canvases: np.ndarray, names: Sequence[str] = ("example",), *, floor: float = floor, max_boxes: int | None = None,
        grid: int | None = None,
    ) -> list[list[Box]]:
        """Return a box per cell; see `Detector.detect`. `names` is not read."""
        check_canvases(canvases)
        count = grid or 1
        seen = [(cell, *self._best(cell.of(canvases), FINE if count <= 2 else COARSE)) for cell in _cells(canvases, count)]
        boxes: list[list[tuple[tuple[float, ...], float]]] = [[] for _ in canvases]
        for number, canvas in enumerate(canvases):
            here = [(cell, cosine, window) for cell, cosine, window in seen if cell.canvas == number]
            # the classical score takes as long as the cosine: not where it cannot lift anything above the floor
            can_pass = any(cosine + EXACT_WEIGHT * _logit(1.0) >= floor for _, cosine, _ in here)
            exact = self._exact.detect(canvas[None], floor=0.0, grid=count)[0] if can_pass else []
            for cell, cosine, window in here:
                classical = max((found.score for found in exact if _is_in(found, cell)), default=0.0)
                wide, high = cell.x2 - cell.x1, cell.y2 - cell.y1
                corners = (cell.x1 + window[0] * wide, cell.y1 + window[1] * high,
                           cell.x1 + window[2] * wide, cell.y1 + window[3] * high)
                boxes[number].append((corners, float(np.clip(cosine + EXACT_WEIGHT * _logit(classical), 0, 1))))
        return [best_boxes(np.array([corners for corners, _ in found]).reshape(-1, 4), np.zeros(len(found), dtype=int),
                           np.array([score for _, score in found]), floor=floor, most=max_boxes) for found in boxes]

    def _best(self, picture: np.ndarray, area: int) -> tuple[float, np.ndarray]:
        """Return the best window's cosine, and its corners in shares of the picture."""
        there = self._map(picture, area) - np.reshape(self._means[area], (-1, 1, 1))
        rows, columns = there.shape[1:]
        windows = _windows(self._side, rows, columns)
        means = _window_means(there, windows)  # (channels, windows)
        cosines = self._queries[area] @ (means / np.maximum(np.linalg.norm(means, axis=0), 1e-9))
        best = int(cosines.argmax())
        return float(cosines[best]), windows[best] / np.array([columns, rows, columns, rows])

    @torch.inference_mode()
    def _map(self, picture: np.ndarray, area: int) -> np.ndarray:
        """Return (channels, rows, columns) float64 features."""
        return self.model.features(_to(self.model, _sized(picture, area)[None]))[0].double().cpu().numpy()


def _windows(side: tuple[float, float], rows: int, columns: int) -> np.ndarray:
    """Return (windows, 4) corners in places, of five sizes around the example's, each at steps of a quarter."""
    found = []
    for scale in SCALES:
        wide, high = (min(max(share * scale * count, 1.0), float(count)) for share, count in zip(side, (columns, rows)))
        for y in np.linspace(0, rows - high, _steps(rows - high, high)):
            found += [(x, y, x + wide, y + high) for x in np.linspace(0, columns - wide, _steps(columns - wide, wide))]
    return np.unique(np.array(found), axis=0)


def _steps(room: float, side: float) -> int:
    return min(MAX_STEPS, int(np.ceil(room / (STEP * side))) + 1)


def _window_means(features: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """(channels, rows, columns), (windows, 4) -> (channels, windows): the mean over each window, places cut by its edge in part."""
    rows, columns = features.shape[1:]
    sums = np.zeros((len(features), rows + 1, columns + 1))
    sums[:, 1:, 1:] = features.cumsum(axis=1).cumsum(axis=2)

    def up_to(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        top, left = np.clip(np.floor(y).astype(int), 0, rows), np.clip(np.floor(x).astype(int), 0, columns)
        below, right = np.minimum(top + 1, rows), np.minimum(left + 1, columns)
        down, along = y - top, x - left
        return np.asarray((1 - down) * ((1 - along) * sums[:, top, left] + along * sums[:, top, right])
                          + down * ((1 - along) * sums[:, below, left] + along * sums[:, below, right]))

    x1, y1, x2, y2 = windows.T
    area = np.maximum((x2 - x1) * (y2 - y1), 1e-6)
    return np.asarray((up_to(y2, x2) - up_to(y1, x2) - up_to(y2, x1) + up_to(y1, x1)) / area)


def _is_in(box: Box, cell: _Cell) -> bool:
    return cell.x1 <= (box.x1 + box.x2) / 2 <= cell.x2 and cell.y1 <= (box.y1 + box.y2) / 2 <= cell.y2


def _logit(score: float) -> float:
    bounded = min(max(score, 0.01), 0.99)  # nothing found is a little worse than a poor find
    return float(np.log(bounded / (1 - bounded)))


def _sized(picture: np.ndarray, area: int) -> np.ndarray:
    """The picture in about so many pixels, its shape kept as nearly as whole places allow."""
    height, width = picture.shape[:2]
    scale = (area / (height * width)) ** 0.5
    size = (max(1, round(width * scale / STRIDE)) * STRIDE, max(1, round(height * scale / STRIDE)) * STRIDE)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _how(picture: np.ndarray, side: int) -> int:
    return cv2.INTER_AREA if min(picture.shape[:2]) >= side else cv2.INTER_LINEAR


def _to(model: ImageNetwork, pictures: np.ndarray) -> Tensor:
    return pixels_of(np.ascontiguousarray(pictures)).to(model.device, model.dtype)
