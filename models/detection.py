"""Detectors of named things behind one call, `detect`: the miniature, OWL-ViT, OWLv2, Grounding DINO, search by example.

All canvases of a call go through the network together, a few at a time. The names' text is embedded once per tuple of
names and kept (OWL families), or tokenised once (Grounding DINO, whose text meets the picture early). Boxes come back in
canvas pixels. OWL-ViT: arXiv 2205.06230, OWLv2: 2306.09683, Grounding DINO: 2303.05499.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from transformers import PreTrainedModel, ProcessorMixin
from transformers.image_transforms import center_to_corners_format

from models.boxes import REAL_CANVAS_PX, Box, Detector, best_boxes, check_canvases
from models.catalogue import Rung
from models.example_detection import ExampleDetector
from worlds.errors import InputError

__all__ = [
    "Box",
    "Detector",
    "ExampleDetector",
    "ImageGuidedDetector",
    "MiniatureDetector",
    "OwlDetector",
    "ZeroShotDetector",
    "best_boxes",
    "zero_shot_detector",
]

T = TypeVar("T")  # what names are once they are embedded or tokenised
BATCH = 8  # canvases per forward; OWLv2 at 960 pixels takes about 1 GB for eight in float32
CACHED_NAMES = 16  # tuples of names whose text stays embedded
TEXT_THRESHOLD = 0.25  # Grounding DINO: a token above it belongs to the box's phrase (the authors' value)
LEAST_OVERLAP = 0.3  # a patch whose predicted box shares less with the marked one sees another thing
NEAR_BEST = 0.8  # patches within this share of the best overlap are all of the thing (the authors' value)
NMS_IOU = 0.3  # image-guided detection: boxes that overlap a better one by more are dropped (the processor's value)


class _MiniatureConfig(Protocol):
    canvas_px: int


class _Miniature(Protocol):
    """The network that was trained here."""

    @property
    def config(self) -> _MiniatureConfig: ...

    def detect(self, canvases: np.ndarray, names: list[str], *, floor: float, max_boxes: int | None) -> list[list[Box]]: ...


class MiniatureDetector(Detector):
    """The canvas detector that was trained here, behind the common call."""

    def __init__(self, model: _Miniature, rung: Rung) -> None:
        self.model = model
        self.name, self.is_miniature, self.canvas_px = rung.name, True, model.config.canvas_px
        self.theta, self.floor = thresholds_of(rung)

    def detect(
        self, canvases: np.ndarray, names: Sequence[str], *, floor: float, max_boxes: int | None = None, grid: int | None = None
    ) -> list[list[Box]]:
        """Return what the miniature finds; see `Detector.detect`. The network counts for each name, so the picture is cut here."""
        check_canvases(canvases)
        if not len(canvases) or not names:
            return [[] for _ in canvases]
        found = self.model.detect(canvases, list(names), floor=floor, max_boxes=max_boxes)
        return [boxes[:max_boxes] for boxes in found]  # the best first


class _TransformersDetector(Detector, Generic[T]):
    """What the transformers families share: thresholds, batches, and a small cache per tuple of names."""

    canvas_px = REAL_CANVAS_PX

    def __init__(self, model: PreTrainedModel, processor: ProcessorMixin, rung: Rung, *, batch: int = BATCH) -> None:
        self.model: Any = model  # Any: the families share method names but no base class that declares them
        self.processor, self.batch = processor, batch
        self.name, self.is_miniature = rung.name, rung.is_miniature
        self.theta, self.floor = thresholds_of(rung)
        self._texts: OrderedDict[tuple[str, ...], T] = OrderedDict()

    def detect(
        self, canvases: np.ndarray, names: Sequence[str], *, floor: float, max_boxes: int | None = None, grid: int | None = None
    ) -> list[list[Box]]:
        """Return per canvas its boxes; see `Detector.detect`. One box per region: its best name."""
        check_canvases(canvases)
        if not len(canvases) or not names:
            return [[] for _ in canvases]
        found: list[list[Box]] = []
        for start in range(0, len(canvases), self.batch):
            part = canvases[start : start + self.batch]
            with torch.inference_mode():
                boxes, labels, scores = self._forward(part, tuple(names))
            for one in zip(boxes.float().cpu().numpy(), labels.cpu().numpy(), scores.float().cpu().numpy()):
                found.append(best_boxes(*one, floor=floor, most=max_boxes))
        return found

    def _forward(self, canvases: np.ndarray, names: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return boxes (canvases, queries, 4) in pixels, labels (canvases, queries), scores (canvases, queries)."""
        raise NotImplementedError

    def _remembered(self, names: tuple[str, ...], embed: Callable[[tuple[str, ...]], T]) -> T:
        if names not in self._texts:
            self._texts[names] = embed(names)
            if len(self._texts) > CACHED_NAMES:
                self._texts.popitem(last=False)
        self._texts.move_to_end(names)
        return self._texts[names]

    def _pixels(self, canvases: np.ndarray) -> dict[str, torch.Tensor]:
        inputs = self.processor.image_processor(images=list(canvases), return_tensors="pt")
        dtype = next(p.dtype for p in self.model.parameters() if p.dtype.is_floating_point)
        return {key: value.to(self.model.device, dtype if value.is_floating_point() else None) for key, value in inputs.items()}


class OwlDetector(_TransformersDetector[torch.Tensor]):
    """OWL-ViT and OWLv2: every patch is a box, scored by the cosine of its class embedding with each name's."""

    template = "a photo of a {}"  # the checkpoints were trained on such captions

    def _forward(self, canvases: np.ndarray, names: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        text_embeds = self._remembered(names, self._embed)  # (names, channels)
        feature_map = self.model.image_embedder(pixel_values=self._pixels(canvases)["pixel_values"])[0]
        image_feats = feature_map.flatten(1, 2)  # (canvases, rows, columns, channels) -> (canvases, patches, channels)
        queries = text_embeds.expand(len(canvases), -1, -1)  # (names, channels) -> (canvases, names, channels)
        logits = self.model.class_predictor(image_feats, queries)[0]  # (canvases, patches, names)
        scores, labels = logits.float().sigmoid().max(dim=-1)
        boxes = self.model.box_predictor(image_feats, feature_map)
        return self._to_pixels(boxes, canvases), labels, scores

    def shown(self, example: np.ndarray, box: tuple[int, int, int, int] | None = None) -> "ImageGuidedDetector":
        return ImageGuidedDetector(self, example, box)

    def _embed(self, names: tuple[str, ...]) -> torch.Tensor:
        texts = [self.template.format(name.strip().lower()) for name in names]
        longest = self.model.config.text_config.max_position_embeddings
        inputs = self.processor.tokenizer(texts, padding="max_length", max_length=longest, truncation=True, return_tensors="pt").to(
            self.model.device
        )
        owl = getattr(self.model, self.model.base_model_prefix)
        embeds = owl.get_text_features(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).pooler_output
        return embeds / embeds.norm(dim=-1, keepdim=True)  # as the full forward does before the class head

    def _to_pixels(self, boxes: torch.Tensor, canvases: np.ndarray) -> torch.Tensor:
        """Turn (..., 4) centre and size, 0..1, into corners in canvas pixels, cut at the canvas."""
        height, width = canvases.shape[1:3]
        if self.model.config.model_type == "owlv2":
            scale = boxes.new_tensor([max(height, width)] * 4)  # the canvas lies at the top left of a padded square
        else:
            scale = boxes.new_tensor([width, height, width, height])  # squashed
        corners: torch.Tensor = center_to_corners_format(boxes) * scale  # type: ignore[arg-type, operator, assignment]
        return corners.clamp(min=0).minimum(boxes.new_tensor([width, height, width, height]))


class ImageGuidedDetector(OwlDetector):
    """OWL-ViT and OWLv2 searching by example: the query is one class embedding of a picture, label 0.

    With a box on a whole frame the query is that of the patch whose own predicted box overlaps it best: a thing cropped out
    has lost the surroundings that these networks were trained with. Without, it is the crop's. `names` is not read.
    Scores come from the class head and are lower than those for text; see the class' theta.
    """

    def __init__(self, owl: OwlDetector, example: np.ndarray, box: tuple[int, int, int, int] | None = None) -> None:
        """Share the loaded network of `owl`.

        Args:
            example: (height, width, 3) uint8 RGB: the thing cropped closely, or the frame that shows it.
            box: x1 y1 x2 y2 of the thing in the frame's pixels; None for a crop.
        Raises:
            InputError: the network sees nothing there.
        """
        check_canvases(example[None])
        self.model, self.processor, self.batch = owl.model, owl.processor, owl.batch
        self.name, self.is_miniature = f"{owl.name} by example", owl.is_miniature
        self.theta, self.floor = 0.6, owl.floor  # 0.6: the threshold of the model card's image-guided example
        self._texts = OrderedDict()
        query = None if box is None else self._query_in(example, box)
        self.uses_frame = query is not None  # False: nothing that it sees in the frame is where the box is
        self._query = self._query_of(_cut(example, box)) if query is None else query

    @torch.inference_mode()
    def _query_of(self, crop: np.ndarray) -> torch.Tensor:
        """Return (1, 1, channels) the embedding that the network itself takes for a picture of one thing."""
        feature_map = self.model.image_embedder(pixel_values=self._pixels(crop[None])["pixel_values"])[0]
        query = self.model.embed_image_query(feature_map.flatten(1, 2), feature_map)[0]
        if query is None:
            raise InputError("No object was recognised in the example. Crop one thing closely, with little around it.")
        embedding: torch.Tensor = query.reshape(1, 1, -1)
        return embedding

    @torch.inference_mode()
    def _query_in(self, frame: np.ndarray, box: tuple[int, int, int, int]) -> torch.Tensor | None:
        """Return (1, 1, channels) the embedding of the patch that sees the thing in the box, None where none does."""
        feature_map = self.model.image_embedder(pixel_values=self._pixels(frame[None])["pixel_values"])[0]
        features = feature_map.flatten(1, 2)  # (1, rows, columns, channels) -> (1, patches, channels)
        overlap = _overlap(self._to_pixels(self.model.box_predictor(features, feature_map), frame[None])[0].float(), box)
        if float(overlap.max()) < LEAST_OVERLAP:
            return None
        embeds = self.model.class_predictor(features)[1][0].float()  # (patches, channels)
        if self.model.config.model_type == "owlv2":
            worth = self.model.objectness_predictor(features)[0].float()
        else:  # one patch of an object has learned its class, its neighbours look like background (the authors' choice, too)
            unit = embeds / embeds.norm(dim=-1, keepdim=True).clamp(min=1e-6)
            worth = -(unit @ unit.mean(dim=0))
        nearest = overlap >= NEAR_BEST * overlap.max()
        best = int(torch.where(nearest, worth, -torch.inf).argmax())
        return embeds[best].reshape(1, 1, -1).to(features.dtype)

    def _forward(self, canvases: np.ndarray, names: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        feature_map = self.model.image_embedder(pixel_values=self._pixels(canvases)["pixel_values"])[0]
        image_feats = feature_map.flatten(1, 2)
        logits = self.model.class_predictor(image_feats, self._query.expand(len(canvases), -1, -1))[0]
        scores = logits.float().sigmoid().max(dim=-1).values
        boxes = self._to_pixels(self.model.box_predictor(image_feats, feature_map), canvases)
        labels = torch.stack([_labels_after_nms(*one) for one in zip(boxes, scores)])
        return boxes, labels, scores


def _cut(picture: np.ndarray, box: tuple[int, int, int, int] | None) -> np.ndarray:
    return picture if box is None else picture[box[1] : box[3], box[0] : box[2]]


def _overlap(boxes: torch.Tensor, box: tuple[int, int, int, int]) -> torch.Tensor:
    """Return (boxes,) intersection over union of (boxes, 4) with one box, all in corners."""
    other = boxes.new_tensor(box)
    shared = (torch.minimum(boxes[:, 2:], other[2:]) - torch.maximum(boxes[:, :2], other[:2])).clamp(min=0).prod(dim=1)
    area = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)
    return shared / (area + (other[2:] - other[:2]).prod() - shared).clamp(min=1e-6)


def _labels_after_nms(boxes: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return (boxes,) 0 where the box stays and -1 where a better one covers it (non-maximum suppression)."""
    order = scores.argsort(descending=True, stable=True)
    boxes = boxes[order].float()
    area = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)
    low = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    overlap = (high - low).clamp(min=0).prod(dim=2)  # (boxes, boxes)
    iou = (overlap / (area[:, None] + area[None] - overlap).clamp(min=1e-6)).cpu().numpy()
    stays = np.ones(len(iou), dtype=bool)
    for i in range(len(iou)):
        if stays[i]:
            stays[i + 1 :] &= iou[i, i + 1 :] <= NMS_IOU
    labels = torch.full_like(order, -1)
    labels[order[torch.from_numpy(np.flatnonzero(stays)).to(order.device)]] = 0
    return labels


class ZeroShotDetector(_TransformersDetector[tuple[dict[str, torch.Tensor], torch.Tensor]]):
    """Grounding DINO and MM Grounding DINO: all names are one sentence, and a box's score is its best token's.

    A box belongs to the name of which it covers the largest share of tokens; a box that covers none is dropped. This
    reads token positions; differs from the processor's strings, which may be fragments or merges of two names.
    """

    text_threshold = TEXT_THRESHOLD

    def _forward(self, canvases: np.ndarray, names: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        text, spans = self._remembered(names, self._tokenise)
        text = {key: value.expand(len(canvases), -1) for key, value in text.items()}
        outputs = self.model(**self._pixels(canvases), **text)
        probabilities = outputs.logits.float().sigmoid()[..., : spans.shape[1]]  # (canvases, queries, tokens)
        covered = (probabilities > self.text_threshold).float() @ spans.T  # (canvases, queries, names), counts
        share = covered / spans.sum(dim=1).clamp(min=1)
        best = torch.stack([probabilities.masked_fill(span == 0, 0).amax(dim=-1) for span in spans], dim=-1)
        labels = (share + 1e-3 * best).argmax(dim=-1)  # equal shares: the name with the surer token
        labels = torch.where(share.amax(dim=-1) > 0, labels, -1)
        height, width = canvases.shape[1:3]
        scale = outputs.pred_boxes.new_tensor([width, height, width, height])
        boxes = center_to_corners_format(outputs.pred_boxes) * scale
        boxes = boxes.clamp(min=0).minimum(scale)
        return boxes, labels, best.gather(-1, labels.clamp(min=0)[..., None])[..., 0]

    def _tokenise(self, names: tuple[str, ...]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Return the tokenised sentence, each (1, tokens), and spans (names, tokens): 1 where a token is the name's."""
        phrases = [name.strip().lower().replace(".", " ") for name in names]
        text = " . ".join(phrases) + " ."
        inputs = self.processor.tokenizer(text, return_tensors="pt", return_offsets_mapping=True, return_token_type_ids=True)
        offsets = inputs.pop("offset_mapping")[0].tolist()
        longest = self.model.config.max_text_len
        if len(offsets) > longest:
            raise InputError(f"The names make {len(offsets)} tokens. {self.name} reads at most {longest}: give fewer names.")
        spans = torch.zeros(len(names), len(offsets))
        start = 0
        for row, phrase in enumerate(phrases):
            end = start + len(phrase)
            spans[row] = torch.tensor([float(start <= low < high <= end) for low, high in offsets])
            start = end + len(" . ")
        return {key: value.to(self.model.device) for key, value in inputs.items()}, spans.to(self.model.device)


def zero_shot_detector(
    model: PreTrainedModel, processor: ProcessorMixin, rung: Rung, *, batch: int = BATCH
) -> OwlDetector | ZeroShotDetector:
    """Return the detector for the model's family; raise InputError for a family that is not known here."""
    family = model.config.model_type
    if family in ("owlvit", "owlv2"):
        return OwlDetector(model, processor, rung, batch=batch)
    if family in ("grounding-dino", "mm-grounding-dino"):
        return ZeroShotDetector(model, processor, rung, batch=batch)
    raise InputError(f"{rung.title} is of the family {family!r}. Known are owlvit, owlv2, grounding-dino, mm-grounding-dino.")


def thresholds_of(rung: Rung) -> tuple[float, float]:
    if rung.theta is None or rung.floor is None:
        raise ValueError(f"rung {rung.name!r} has no theta and floor; every detector's rung must have both")
    return rung.theta, rung.floor
