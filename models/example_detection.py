"""Search by example without any trained model: where on a canvas does something look like this crop?

Places are proposed at several scales by the correlation along one colour axis, and by how much the thing's colours stand
out from the canvas. Each is then measured closely: correlation of the Lab picture over the thing's own pixels (shape),
intersection of Lab histograms (colour, whatever the pose) and, on large windows, ORB features that agree on one
similarity transform (Rublee et al. 2011). The thing's own pixels are those whose colours are rare around the crop.
It does not know categories: another dog than the one in the crop is another thing. A thing of one colour without pattern
is confused with backgrounds of that colour once it is smaller than about 20 pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.boxes import Box, Detector, best_boxes, check_canvases
from worlds.errors import InputError

WORKING_SIDE = 16  # pixels of the template's longer side while places are proposed: small is fast, smaller is blind
MAX_SIDE = 320  # pixels of the canvas' longer side while places are proposed
CLOSE_SIDE = 24  # pixels of the longer side while a place is measured
SCALES = (0.62, 0.8, 1.0, 1.27, 1.6)  # around the size that the crop would have in a cell
GRIDS_UNKNOWN = (1, 2, 4, 8)
MIN_SIDE = 5  # pixels; a smaller template correlates with anything
PEAKS = 5  # places per scale that are measured, and one more per row of cells
REFINED = 6  # best places of a canvas that are moved a little to fit better
FEATURE_SIDE = 48  # pixels of crop and window from which features are worth matching
FLAT = 4.0  # grey levels of deviation below which a crop has no texture and only its colour counts
LIGHTNESS, CHROMA = 4, 16  # bins of a histogram


@dataclass(frozen=True)
class _Place:
    x1: float
    y1: float
    x2: float
    y2: float
    score: float


class ExampleDetector(Detector):
    """Finds what looks like one example crop; every box has label 0, "example".

    Args:
        crop: (height, width, 3) uint8 RGB, the thing cropped closely.
        frame_size: (height, width) in pixels of the frame it was cut from; None takes the context's, or a frame four
            times the crop's longer side. It tells how large the thing is in a cell of the canvas.
        context: the frame it was cut from, (height, width, 3) uint8 RGB, and
        box: x1 y1 x2 y2 in its pixels. Both together tell the thing from what lies behind it.
        grid: cells per side of the canvases, or None where they vary: then grids of 1, 2, 4 and 8 are all tried, slower.
    Raises:
        InputError: the crop is smaller than 5 × 5 pixels or no RGB picture.
    """

    name = "search by example"
    is_miniature = False
    canvas_px = 512
    theta = 0.6
    floor = 0.1

    def __init__(
        self,
        crop: np.ndarray,
        *,
        frame_size: tuple[int, int] | None = None,
        context: np.ndarray | None = None,
        box: tuple[int, int, int, int] | None = None,
        grid: int | None = None,
    ) -> None:
        if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8:
            raise InputError(f"The example is {crop.shape} {crop.dtype}. It must be an RGB picture.")
        if min(crop.shape[:2]) < MIN_SIDE:
            height, width = crop.shape[:2]
            raise InputError(f"The example has {width} × {height} pixels. It must have at least {MIN_SIDE} × {MIN_SIDE}.")
        longer = 4 * max(crop.shape[:2])
        self.crop = np.ascontiguousarray(crop)
        has_frame = context is not None and box is not None
        self.context = context if has_frame else None
        self.box = box if has_frame else None
        self.frame_size = frame_size or ((longer, longer) if context is None else context.shape[:2])
        self.grid = grid
        weights = _foreground(self.crop, _surroundings(self.crop, context, box))
        self._is_flat = float(crop.reshape(-1, 3).std(axis=0).max()) < FLAT
        self._axis = _colour_axis(self.crop, weights)
        self._histogram = _histogram(_bins(self.crop), weights)  # its sum is the thing's share of the crop
        close = CLOSE_SIDE / max(crop.shape[:2])
        self._close = cv2.cvtColor(_resized(self.crop, close), cv2.COLOR_RGB2LAB).astype(np.float32)
        self._close_weights = _resized(weights, close)
        self._has_outline = 0.05 < float(weights.mean()) < 0.95
        self._orb = cv2.ORB.create(nfeatures=300, edgeThreshold=8, patchSize=16, fastThreshold=8)
        self._features = self._orb.detectAndCompute(cv2.cvtColor(self.crop, cv2.COLOR_RGB2GRAY), None)

    @property
    def context_or_crop(self) -> np.ndarray:
        """The frame with the box on it, or the crop where there is none."""
        return self.crop if self.context is None else self.context

    def detect(
        self,
        canvases: np.ndarray,
        names: Sequence[str] = ("example",),
        *,
        floor: float = floor,
        max_boxes: int | None = None,
        grid: int | None = None,
    ) -> list[list[Box]]:
        """Return per canvas where the example appears; see `Detector.detect`. `names` is not read.

        Args:
            grid: cells per side of these canvases; a frame alone is a grid of 1. None takes the detector's own.
        """
        check_canvases(canvases)
        known = grid or self.grid
        return [self._on_canvas(canvas, (known,) if known else GRIDS_UNKNOWN, floor, max_boxes) for canvas in canvases]

    def _on_canvas(self, canvas: np.ndarray, grids: Sequence[int], floor: float, max_boxes: int | None) -> list[Box]:
        places = [place for grid in grids for place in self._places(canvas, grid)]
        if not places:
            return []
        best = [self._refined(canvas, place) for place in _separate(places)[:REFINED]]
        kept = _separate(best)
        boxes = np.array([[place.x1, place.y1, place.x2, place.y2] for place in kept])
        scores = np.array([self._with_features(canvas, place) for place in kept])
        return best_boxes(boxes, np.zeros(len(kept), dtype=int), scores, floor=floor, most=max_boxes)

    def _refined(self, canvas: np.ndarray, place: _Place) -> _Place:
        """Return the place after two rounds of small moves and changes of size, each kept where it scores higher."""
        for step in (0.12, 0.06):
            wide, high = place.x2 - place.x1, place.y2 - place.y1
            for right, down, grow in ((0, 0, 1), (0, 0, -1), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0)):
                x1 = max(0.0, place.x1 + (right - grow / 2) * step * wide)
                y1 = max(0.0, place.y1 + (down - grow / 2) * step * high)
                x2 = min(x1 + wide * (1 + grow * step), float(canvas.shape[1]))
                y2 = min(y1 + high * (1 + grow * step), float(canvas.shape[0]))
                score = self._score(canvas, (x1, y1, x2, y2))
                if score > place.score:
                    place = _Place(x1, y1, x2, y2, score)
                    wide, high = x2 - x1, y2 - y1
        return place

    def _places(self, canvas: np.ndarray, grid: int) -> list[_Place]:
        """Return the proposed places for cells of one size, measured."""
        height, width = canvas.shape[:2]
        cell = min(height / grid / self.frame_size[0], width / grid / self.frame_size[1])  # letterboxed
        usual = cell * max(self.crop.shape[:2])
        shrink = min(1.0, WORKING_SIDE / usual, MAX_SIDE / max(height, width))
        small = _resized(canvas, shrink)
        along_axis = _along(small, self._axis)
        stands_out = self._stands_out(small)
        places = []
        for scale in SCALES:
            high, wide = (side * cell * scale for side in self.crop.shape[:2])
            if min(high, wide) < MIN_SIDE or high > height or wide > width:
                continue
            template = _along(_resized(self.crop, cell * scale * shrink), self._axis)
            if min(template.shape) < 3 or template.shape[0] > small.shape[0] or template.shape[1] > small.shape[1]:
                continue
            for x, y in _peaks(self._fit(along_axis, stands_out, template), template.shape, most=PEAKS + grid):
                x1, y1 = x / shrink, y / shrink
                score = self._score(canvas, (x1, y1, x1 + wide, y1 + high))
                places.append(_Place(x1, y1, min(x1 + wide, width), min(y1 + high, height), score))
        return places

    def _stands_out(self, small: np.ndarray) -> np.ndarray:
        """Return (rows, columns) 0..1: how much likelier a pixel's colour is in the thing than on the canvas."""
        bins = _bins(small)
        on_canvas = _histogram(bins, None)
        thing = self._histogram / self._histogram.sum()
        return (thing / (thing + on_canvas + 1e-6)).astype(np.float32)[bins]

    def _fit(self, along_axis: np.ndarray, stands_out: np.ndarray, template: np.ndarray) -> np.ndarray:
        """Return (rows, columns) how well the thing fits with its top left corner there."""
        rows, columns = template.shape
        colour = cv2.boxFilter(stands_out, -1, (columns, rows), anchor=(0, 0), borderType=cv2.BORDER_ISOLATED)
        colour = colour[: along_axis.shape[0] - rows + 1, : along_axis.shape[1] - columns + 1]
        if self._is_flat:  # without texture a correlation is 0/0
            return colour.copy()
        shape = cv2.matchTemplate(along_axis, template, cv2.TM_CCOEFF_NORMED)
        return np.nan_to_num(np.clip(shape, -1, 1), nan=-1.0) + colour

    def _score(self, canvas: np.ndarray, box: tuple[float, float, float, float]) -> float:
        """Return 0..1 for one place, measured closely."""
        x1, y1, x2, y2 = (round(x) for x in box)
        window = canvas[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
        if not window.size:
            return 0.0
        found = _histogram(_bins(window), None)
        colour = float(np.minimum(found, self._histogram).sum() / self._histogram.sum())
        if self._is_flat:
            return joined_score(colour, colour, colour)
        size = self._close.shape[1::-1]
        close = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(close, cv2.COLOR_RGB2LAB).astype(np.float32)
        shape = outline = _correlation(self._close, lab, self._close_weights)
        if self._has_outline:  # a thing of one colour has hardly any inner shape: its outline tells more
            outline = _correlation(self._close_weights[..., None], self._stands_out(close)[..., None])
        return joined_score(shape, outline, colour)

    def _with_features(self, canvas: np.ndarray, place: _Place) -> float:
        """Return the score, raised where at least ten features agree on one transform."""
        keypoints, descriptors = self._features
        x1, y1, x2, y2 = (round(x) for x in (place.x1, place.y1, place.x2, place.y2))
        too_small = min(*self.crop.shape[:2], x2 - x1, y2 - y1) < FEATURE_SIDE
        if too_small or descriptors is None or not 0.1 < place.score < 0.9:
            return place.score
        margin = (x2 - x1) // 6
        window = canvas[max(0, y1 - margin) : y2 + margin, max(0, x1 - margin) : x2 + margin]
        there, found = self._orb.detectAndCompute(cv2.cvtColor(window, cv2.COLOR_RGB2GRAY), None)
        if found is None:
            return place.score
        matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(descriptors, found)
        if len(matches) < 10:
            return place.score
        here = np.array([keypoints[match.queryIdx].pt for match in matches], dtype=np.float32)
        other = np.array([there[match.trainIdx].pt for match in matches], dtype=np.float32)
        _, inliers = cv2.estimateAffinePartial2D(here, other, ransacReprojThreshold=4.0)
        agreeing = 0 if inliers is None else int(inliers.sum())
        return max(place.score, min(0.95, 0.4 + 0.03 * agreeing)) if agreeing >= 10 else place.score


def joined_score(shape: float, outline: float, colour: float) -> float:
    """Return one score, 0..1, from two correlations (-1..1) and the intersection of histograms (0..1).

    A logistic regression on frames of 16 drawn videos: 80 with the thing, 129 in which something else fitted best. Above
    0.6 came 92 % of the former and 5 % of the latter; on 12 other videos 87 % of 60 frames with the thing and none of 466
    without. The outline counts most: another thing of the same colour has another.
    """
    return float(1 / (1 + np.exp(-(7.2 * shape + 8.9 * outline + 8.6 * colour - 18.0))))


def _surroundings(crop: np.ndarray, context: np.ndarray | None, box: tuple[int, int, int, int] | None) -> np.ndarray:
    """Return (pixels, 3): the ring around the box in its frame, or the crop's own rim where there is no frame."""
    if context is None or box is None:
        rim = np.ones(crop.shape[:2], dtype=bool)
        margin = max(1, min(crop.shape[:2]) // 16)
        rim[margin:-margin, margin:-margin] = False
        return crop[rim]
    x1, y1, x2, y2 = box
    margin = max(2, max(x2 - x1, y2 - y1) // 4)
    ring = np.zeros(context.shape[:2], dtype=bool)
    ring[max(0, y1 - margin) : y2 + margin, max(0, x1 - margin) : x2 + margin] = True
    ring[y1:y2, x1:x2] = False
    return context[ring] if ring.any() else _surroundings(crop, None, None)


def _foreground(crop: np.ndarray, surroundings: np.ndarray) -> np.ndarray:
    """Return (height, width) float32 0..1: 1 where the crop's colour is rare around it; all 1 where that tells nothing."""
    bins = _bins(crop)
    inside, around = _histogram(bins, None), _histogram(_bins(surroundings[None]), None)
    rare = (inside / (inside + around + 1e-9)).astype(np.float32)[bins]
    mask = cv2.medianBlur((rare > 0.6).astype(np.uint8), 3).astype(np.float32)
    return mask if mask.mean() > 0.15 else np.ones_like(mask)


def _colour_axis(crop: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return (3,) the direction in RGB that parts the thing from the rest of the crop, or along which it varies most."""
    pixels, inside = crop.reshape(-1, 3).astype(np.float64), weights.ravel() > 0.5
    if 0.05 < inside.mean() < 0.95:
        within = np.cov(pixels[inside].T) + np.cov(pixels[~inside].T) + 100 * np.eye(3)
        axis = np.linalg.solve(within, pixels[inside].mean(axis=0) - pixels[~inside].mean(axis=0))  # Fisher's
    else:
        axis = np.linalg.eigh(np.cov(pixels.T))[1][:, -1]
    return (axis / max(float(np.linalg.norm(axis)), 1e-9)).astype(np.float32)


def _along(picture: np.ndarray, axis: np.ndarray) -> np.ndarray:
    return cv2.transform(picture.astype(np.float32), axis[None])  # (rows, columns, 3) -> (rows, columns)


def _correlation(some: np.ndarray, other: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return -1..1: the weighted correlation of two pictures, (rows, columns, channels), channels pooled."""
    weights = np.ones(some.shape[:2], dtype=np.float32) if weights is None else weights
    weights = weights[..., None] / weights.sum()
    some = some - (some * weights).sum(axis=(0, 1))
    other = other - (other * weights).sum(axis=(0, 1))
    scale = np.sqrt((weights * some**2).sum() * (weights * other**2).sum())
    return float((weights * some * other).sum() / scale) if scale > 1e-6 else 0.0


def _peaks(fit: np.ndarray, size: tuple[int, int], *, most: int) -> list[tuple[int, int]]:
    """Return the `most` best places (x, y), no two of them closer than half a template."""
    found = []
    rows, columns = (max(1, side // 2) for side in size)
    for _ in range(most):
        _, best, _, (x, y) = cv2.minMaxLoc(fit)
        if best <= -1:
            break
        found.append((x, y))
        fit[max(0, y - rows) : y + rows + 1, max(0, x - columns) : x + columns + 1] = -2
    return found


def _bins(picture: np.ndarray) -> np.ndarray:
    """Return (rows, columns) int: the bin of every pixel's Lab colour."""
    lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB).astype(np.uint8, copy=False)
    chroma = (np.clip(lab[..., 1:], 64, 191) - 64) >> 3  # colours of pictures lie in the middle of the range
    return ((lab[..., 0] >> 6).astype(np.intp) * CHROMA + chroma[..., 0]) * CHROMA + chroma[..., 1]


def _histogram(bins: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return (bins,) smoothed shares of the picture's pixels; with weights of 1 their sum is 1."""
    flat = None if weights is None else weights.ravel()
    counts = np.bincount(bins.ravel(), flat, minlength=LIGHTNESS * CHROMA * CHROMA).astype(np.float32)
    planes = counts.reshape(LIGHTNESS, CHROMA, CHROMA).transpose(1, 2, 0)  # lightness as channels: one call blurs all
    smooth = cv2.GaussianBlur(np.ascontiguousarray(planes), (3, 3), 0.8, borderType=cv2.BORDER_REFLECT)
    smooth = cv2.transform(smooth, _LIGHTNESS_BLUR)
    return smooth.transpose(2, 0, 1).ravel() / bins.size


_LIGHTNESS_BLUR = np.array(  # a pixel near a border of two lightness bins counts a little for both
    [[0.85, 0.15, 0, 0], [0.15, 0.7, 0.15, 0], [0, 0.15, 0.7, 0.15], [0, 0, 0.15, 0.85]], dtype=np.float32
)


def _resized(picture: np.ndarray, scale: float) -> np.ndarray:
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _separate(places: Sequence[_Place], *, iou: float = 0.2) -> list[_Place]:
    """Return the places, best first, that no better one covers by more than `iou`."""
    kept: list[_Place] = []
    for place in sorted(places, key=lambda place: -place.score):
        if all(_iou(place, better) <= iou for better in kept):
            kept.append(place)
    return kept


def _iou(some: _Place, other: _Place) -> float:
    wide = min(some.x2, other.x2) - max(some.x1, other.x1)
    high = min(some.y2, other.y2) - max(some.y1, other.y1)
    if wide <= 0 or high <= 0:
        return 0.0
    areas = sum((place.x2 - place.x1) * (place.y2 - place.y1) for place in (some, other))
    return wide * high / (areas - wide * high)
