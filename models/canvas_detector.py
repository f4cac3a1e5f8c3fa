"""A small open-vocabulary detector for canvases of tiled frames: it finds "red star" in a picture of the generated worlds.

A convolutional U-shaped network reads a 256 x 256 canvas and tells for each of 64 x 64 places whether an object's middle
is there, which colour and which kind it has and how large it is. Words are embedded on their own, colour and kind apart:
score = σ(objectness) · softmax_c(k · cos) · softmax_s(k · cos), so pairs that never occurred in training can be asked for.
It knows the words of `worlds.kit` only; it is no model of photographs.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.configuration_utils import PretrainedConfig

from models.vocabulary import drawn_refusal
from worlds.errors import InputError
from worlds.kit import COLOURS, KINDS

STRIDE = 4


class DetectedBox(NamedTuple):
    """One detection: a box in pixels of the canvas that was given, which name it answers, and how sure it is."""

    x1: float
    y1: float
    x2: float
    y2: float
    label: int  # index into the names that were asked for
    score: float  # 0..1


class Maps(NamedTuple):
    """What the network says at every place of a canvas; rows and columns are canvas_px / 4."""

    objectness: Tensor  # (canvases, rows, columns) logits
    colours: Tensor  # (canvases, colours, rows, columns) logits
    kinds: Tensor  # (canvases, kinds, rows, columns) logits
    shapes: Tensor  # (canvases, 4, rows, columns) log width, log height in strides; centre x, y in strides from the place


class CanvasDetectorConfig(PretrainedConfig):
    """Sizes and words of the detector, and the thresholds that were calibrated for it."""

    model_type = "orrery-canvas-detector"

    def __init__(
        self,
        colours: Sequence[str] = tuple(COLOURS),
        kinds: Sequence[str] = KINDS,
        canvas_px: int = 256,
        widths: Sequence[int] = (24, 48, 96, 128),
        embedding: int = 16,
        floor: float = 0.15,
        confirmation: float = 0.5,
        **kwargs: Any,  # Any: what transformers itself keeps in config.json
    ) -> None:
        self.colours = list(colours)
        self.kinds = list(kinds)
        self.canvas_px = canvas_px
        self.widths = list(widths)
        self.embedding = embedding
        self.floor = floor
        self.confirmation = confirmation
        super().__init__(**kwargs)


class _Conv(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, size: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
        )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _Conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, hidden_states: Tensor) -> Tensor:
        return functional.relu(hidden_states + self.second(self.first(hidden_states)))


class CanvasDetector(PreTrainedModel):
    """The detector; `detect` is what callers want, `forward` is for training and for looking inside."""

    config_class = CanvasDetectorConfig
    main_input_name = "pixel_values"

    def __init__(self, config: CanvasDetectorConfig) -> None:
        super().__init__(config)
        stem, fine, middle, coarse = config.widths
        self.stem = nn.Sequential(_Conv(3, stem, stride=2), _Conv(stem, fine, stride=2), _Residual(fine))
        self.down_middle = nn.Sequential(_Conv(fine, middle, stride=2), _Residual(middle))
        self.down_coarse = nn.Sequential(_Conv(middle, coarse, stride=2), _Residual(coarse))
        self.up_middle = _Conv(coarse, middle, size=1)
        self.mix_middle = _Conv(middle, middle)
        self.up_fine = _Conv(middle, fine, size=1)
        self.mix_fine = nn.Sequential(_Conv(fine, fine), _Conv(fine, fine))
        self.objectness = nn.Conv2d(fine, 1, 1)
        self.shape_head = nn.Conv2d(fine, 4, 1)
        self.colour_head = nn.Conv2d(fine, config.embedding, 1)
        self.kind_head = nn.Conv2d(fine, config.embedding, 1)
        self.colour_words = nn.Embedding(len(config.colours), config.embedding)
        self.kind_words = nn.Embedding(len(config.kinds), config.embedding)
        self.sharpness = nn.Parameter(torch.tensor([2.5, 2.5]))  # log k for colours and kinds
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
            if module.bias is not None and module.out_channels == 1:
                nn.init.constant_(module.bias, -3.0)  # objects are rare: start from "nothing here"
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight)

    def forward(self, pixel_values: Tensor) -> Maps:
        """Return the maps of (canvases, 3, canvas_px, canvas_px) pictures in 0..1."""
        fine = self.stem(pixel_values * 2 - 1)
        middle = self.down_middle(fine)
        coarse = self.down_coarse(middle)
        middle = self.mix_middle(middle + functional.interpolate(self.up_middle(coarse), scale_factor=2.0, mode="nearest"))
        fine = self.mix_fine(fine + functional.interpolate(self.up_fine(middle), scale_factor=2.0, mode="nearest"))
        colours = self._compare(self.colour_head(fine), self.colour_words.weight, self.sharpness[0])
        kinds = self._compare(self.kind_head(fine), self.kind_words.weight, self.sharpness[1])
        return Maps(self.objectness(fine)[:, 0].float(), colours, kinds, self.shape_head(fine).float())

    @staticmethod
    def _compare(seen: Tensor, words: Tensor, sharpness: Tensor) -> Tensor:
        """Return k · cos(seen, word): (canvases, embedding, rows, columns), (words, embedding) -> (canvases, words, ...)."""
        seen = functional.normalize(seen.float(), dim=1)
        return torch.einsum("nerc,we->nwrc", seen, functional.normalize(words, dim=1)) * sharpness.exp()

    def words_of(self, name: str) -> tuple[int, int]:
        """Return (colour index, kind index) of a name such as "red star".

        Raises:
            InputError: a word is unknown, or the name is not one colour and one kind.
        """
        if said := drawn_refusal(name, self.config.colours, self.config.kinds):
            raise InputError(said)
        words = name.lower().split()
        return self.config.colours.index(words[0]), self.config.kinds.index(words[1])

    @torch.inference_mode()
    def score_maps(self, canvases: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the score of every name at every place, and the shapes there.

        Args:
            canvases: (canvases, height, width, 3) uint8 RGB of any size; resized to canvas_px.
        Returns:
            (canvases, names, rows, columns) scores 0..1 and (canvases, 4, rows, columns) boxes as in `Maps.shapes`.
        """
        wanted = [self.words_of(name) for name in names]
        side = self.config.canvas_px
        resized = np.stack([_resize(canvas, side) for canvas in canvases])
        pixels = torch.from_numpy(resized).to(self.device).permute(0, 3, 1, 2).to(self.dtype) / 255
        maps = self(pixels)
        presence = maps.objectness.sigmoid()
        colours, kinds = maps.colours.softmax(1), maps.kinds.softmax(1)
        scores = [presence * colours[:, colour] * kinds[:, kind] for colour, kind in wanted]
        stacked = torch.stack(scores, 1) if scores else presence[:, None][:, :0]
        return stacked.cpu().numpy(), maps.shapes.cpu().numpy()

    def detect(
        self, canvases: np.ndarray, names: Sequence[str], *, floor: float | None = None, max_boxes: int | None = 50
    ) -> list[list[DetectedBox]]:
        """Return the boxes of every canvas, best first.

        Args:
            canvases: (canvases, height, width, 3) uint8 RGB.
            names: what to look for; the answer to one name does not depend on the others.
            floor: lowest score that is reported; None is the calibrated one of the configuration.
            max_boxes: at most so many boxes for each name; None is all.
        Raises:
            InputError: a name has a word that the detector does not know.
        """
        if canvases.ndim != 4 or canvases.shape[-1] != 3:
            raise ValueError(f"canvases have the shape {canvases.shape}; it must be (canvases, height, width, 3)")
        if len(canvases) == 0:
            return []
        floor = self.config.floor if floor is None else floor
        height, width = canvases.shape[1:3]
        scale = (width / self.config.canvas_px, height / self.config.canvas_px)
        scores, shapes = self.score_maps(canvases, names)
        return [
            sorted(
                (box for label in range(len(names)) for box in _peaks(maps[label], shape, label, floor, max_boxes, scale)),
                key=lambda box: -box.score,
            )
            for maps, shape in zip(scores, shapes)
        ]


def _resize(canvas: np.ndarray, side: int) -> np.ndarray:
    height, width = canvas.shape[:2]
    if (height, width) == (side, side):
        return canvas
    shrinks = height > side or width > side
    return cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _peaks(
    scores: np.ndarray, shapes: np.ndarray, label: int, floor: float, max_boxes: int | None, scale: tuple[float, float]
) -> list[DetectedBox]:
    """Return the local maxima of one score map (rows, columns) as boxes; of boxes that overlap by half the best stays."""
    highest = cv2.dilate(scores, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((scores >= highest) & (scores >= floor))
    order = np.argsort(-scores[rows, columns], kind="stable")[: None if max_boxes is None else 4 * max_boxes]
    kept: list[DetectedBox] = []
    for row, column in zip(rows[order], columns[order]):
        width, height = np.exp(np.clip(shapes[:2, row, column], -2, 4.2)) * STRIDE
        x = (column + 0.5 + shapes[2, row, column]) * STRIDE
        y = (row + 0.5 + shapes[3, row, column]) * STRIDE
        x1, x2 = (float(x + side * width / 2) * scale[0] for side in (-1, 1))
        y1, y2 = (float(y + side * height / 2) * scale[1] for side in (-1, 1))
        box = DetectedBox(x1, y1, x2, y2, label, float(scores[row, column]))
        if all(_overlap(box, other) < 0.5 for other in kept):
            kept.append(box)
        if len(kept) == max_boxes:
            break
    return kept


def _overlap(one: DetectedBox, other: DetectedBox) -> float:
    """Return the intersection over the smaller area."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((box.x2 - box.x1) * (box.y2 - box.y1) for box in (one, other))
    return width * height / max(smaller, 1e-9)
