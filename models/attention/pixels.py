"""Where on the picture each image token stands: a box in pixels of the picture as it was given, for every family.

Each family's processor resizes, crops, pads or tiles a picture in its own way, and its model pools or drops patches; the
functions here walk that way back. A token that stands for no place, such as the end of a row of tiles, has a box of nan. In a
real vision tower patches attend to each other: a box says where a token sits, not all that it knows.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import PretrainedConfig
from transformers.image_processing_utils import select_best_resolution

from models.vlm import VisionLanguageModel

Size = tuple[int, int]  # width, height
PIXTRAL = "pixtral"


@dataclass(frozen=True)
class Places:
    """The image tokens of one picture, in the order of the prompt."""

    boxes: np.ndarray  # (image tokens, 4) x1 y1 x2 y2 in pixels; nan for a token that is no place
    views: np.ndarray  # (image tokens,) int; every view looks at the picture once, its boxes do not overlap
    names: tuple[str, ...]  # of the views: "whole", "tiles"


@dataclass(frozen=True)
class _Geometry:
    """What the way back needs of a checkpoint."""

    config: PretrainedConfig
    images: Any  # the image processor; Any: each family's has settings of its own
    size: Size
    grid: tuple[int, int] | None  # rows and columns of patches, where the processor says so

    @property
    def side(self) -> int:
        """Return how many patches the vision tower has along an edge."""
        return self.tower // _first(self.config.vision_config.patch_size)

    @property
    def tower(self) -> int:
        """Return the pixels of the vision tower's edge."""
        return _first(self.config.vision_config.image_size)


def patches_of(config: PretrainedConfig, inputs: Mapping[str, torch.Tensor], picture: int) -> tuple[int, int] | None:
    """Return rows and columns of patches of one picture, where a family's processor chooses them anew for each; else None.

    Args:
        config: the model's.     inputs: what the processor made.     picture: which one, over all rows of the batch.
    """
    if (grid := inputs.get("image_grid_thw")) is not None:
        return int(grid[picture][1]), int(grid[picture][2])
    if config.vision_config.model_type == PIXTRAL and (sizes := inputs.get("image_sizes")) is not None:
        patch = _first(config.vision_config.patch_size)
        return int(sizes[picture][0]) // patch, int(sizes[picture][1]) // patch
    return None


def token_places(vlm: VisionLanguageModel, size: Size, num_tokens: int, grid: tuple[int, int] | None = None) -> Places | None:
    """Return where the `num_tokens` image tokens of one picture stand, or None where the family is not known here.

    Args:
        size: width and height of the picture as it was given to the processor.
        grid: of `patches_of`; only families with free grids have one.
    """
    processor = vlm.processor
    vision = getattr(vlm.model.config.vision_config, "model_type", "")  # Pixtral's tower stands in other families' classes
    find = _free_grid if vision == PIXTRAL else _FAMILIES.get(vlm.model.config.model_type)
    if find is None:
        return None
    places = find(_Geometry(vlm.model.config, processor.image_processor, size, grid))
    return places if len(places.boxes) == num_tokens else None


def _first(value: Any) -> int:  # Any: JSON, of a config
    return int(value[0] if isinstance(value, list | tuple) else value)


def _even(size: tuple[float, float], rows: int, columns: int) -> np.ndarray:
    """Return (rows x columns, 4): a rectangle of that width and height in equal parts, row by row."""
    width, height = size
    y, x = np.divmod(np.arange(rows * columns), columns)
    steps = np.array([width / columns, height / rows] * 2)
    return np.stack([x, y, x + 1, y + 1], axis=1) * steps


def _squashed(size: tuple[float, float], side: int, name: str = "whole") -> Places:
    """Return the places of a picture that is resized to a square whatever its shape."""
    return _views((name, _even(size, side, side)))


def _views(*views: tuple[str, np.ndarray]) -> Places:
    """Return views that follow each other in the prompt as one."""
    return Places(
        np.concatenate([boxes for _, boxes in views]),
        np.concatenate([np.full(len(boxes), view) for view, (_, boxes) in enumerate(views)]),
        tuple(name for name, _ in views),
    )


def _llava(of: _Geometry) -> Places:
    """LLaVA-1.5: the short edge to S, then a centre crop, so the borders of a long picture are out of sight."""
    width, height = of.size
    resized = (float(width), float(height))
    edge = of.images.size.get("shortest_edge") if of.images.do_resize else None
    if of.images.do_resize:
        short = min(width, height)
        resized = (edge * width // short, edge * height // short) if edge else (of.tower, of.tower)
    crop = resized
    if of.images.do_center_crop:
        crop = (of.images.crop_size["width"], of.images.crop_size["height"])
    left, top = ((whole - part) // 2 for whole, part in zip(resized, crop))
    scale = np.array([width / resized[0], height / resized[1]] * 2)
    boxes = (_even(crop, of.side, of.side) + np.array([left, top] * 2)) * scale
    return _views(("whole", boxes))


def _tiled_with_padding(of: _Geometry) -> Places:
    """LLaVA-NeXT and OneVision: the whole picture squashed, then a canvas of tiles with the picture centred in it."""
    width, height = of.size
    pinpoints = of.config.image_grid_pinpoints
    canvas_height, canvas_width = select_best_resolution((height, width), pinpoints)
    scale = min(canvas_width / width, canvas_height / height)
    # the picture touches two sides of the canvas; the other two are padding
    fits_width = canvas_width / width < canvas_height / height
    inner_width = canvas_width if fits_width else min(math.ceil(width * scale), canvas_width)
    inner_height = min(math.ceil(height * scale), canvas_height) if fits_width else canvas_height
    left, top = (canvas_width - inner_width) // 2, (canvas_height - inner_height) // 2
    rows, columns = canvas_height // of.tower * of.side, canvas_width // of.tower * of.side
    dropped_rows, dropped_columns = _unpadded(of.size, rows, columns)
    x = _edges(columns, dropped_columns, of)
    y = _edges(rows, dropped_rows, of)
    if of.config.model_type == "llava_onevision":
        x, y = _pooled(x, y, of)
    x, y = (x - left) * width / inner_width, (y - top) * height / inner_height
    return _views(("whole", _even(of.size, of.side, of.side)), ("tiles", _with_newlines(x, y)))


def _unpadded(size: Size, rows: int, columns: int) -> tuple[int, int]:
    """Return how many rows at top and at bottom, and columns left and right, the model drops as padding."""
    width, height = size
    if width / height > columns / rows:
        return (rows - int(round(height * columns / width, 7))) // 2, 0
    return 0, (columns - int(round(width * rows / height, 7))) // 2


def _edges(count: int, dropped: int, of: _Geometry) -> np.ndarray:
    """Return (patches, 2): where each patch that is kept begins and ends on the canvas."""
    patch = int(_first(of.config.vision_config.patch_size))
    kept = np.arange(dropped, count - dropped)
    starts = kept // of.side * of.tower + kept % of.side * patch  # a tile's last pixels may belong to no patch
    return np.stack([starts, starts + patch], axis=1).astype(float)


def _pooled(x: np.ndarray, y: np.ndarray, of: _Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges after OneVision's shrinking of large canvases, 9 tiles' worth of tokens at most."""
    most = int(str(getattr(of.config, "vision_aspect_ratio", "anyres_max_9")).removeprefix("anyres_max_"))
    ratio = math.sqrt(len(x) * len(y) / (most * of.side**2))
    if ratio <= 1.1:
        return x, y
    return _divided(x, int(len(x) // ratio)), _divided(y, int(len(y) // ratio))


def _divided(edges: np.ndarray, count: int) -> np.ndarray:
    corners = np.linspace(edges[0, 0], edges[-1, 1], count + 1)
    return np.stack([corners[:-1], corners[1:]], axis=1)


def _with_newlines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return (rows x (columns + 1), 4): every row of boxes ends in a token that is no place."""
    boxes = np.full((len(y), len(x) + 1, 4), np.nan)
    boxes[:, :-1, 0::2] = x[None]
    boxes[:, :-1, 1::2] = y[:, None]
    return boxes.reshape(-1, 4)


def _free_grid(of: _Geometry) -> Places:
    """Qwen-VL and Pixtral: resized to a multiple of the merged patch, aspect nearly kept; Pixtral's ends of rows are text."""
    rows, columns = of.grid or (0, 0)
    merge = int(getattr(of.config.vision_config, "spatial_merge_size", 0) or getattr(of.config, "spatial_merge_size", 0) or 1)
    return _views(("whole", _even(of.size, rows // merge, columns // merge)))


def _split(of: _Geometry) -> Places:
    """Idefics3 and SmolVLM: tiles row by row, then the whole picture; tokens are shuffled patches."""
    side = of.side // int(of.config.scale_factor)
    whole = _even(of.size, side, side)
    rows, columns = _splits(of)
    if not of.images.do_image_splitting or rows * columns <= 1:
        return _views(("whole", whole))
    return _views(("tiles", _tiles(of.size, rows, columns, side)), ("whole", whole))


def _splits(of: _Geometry) -> tuple[int, int]:
    """Return rows and columns of tiles: the longest edge to its limit, then both up to multiples of a tile."""
    tile = of.images.max_image_size["longest_edge"]
    width, height = of.size
    longest = of.images.size["longest_edge"] if of.images.do_resize else max(of.size)
    long, short = max(width, height), min(width, height)
    narrow = int(longest * short / long) if of.images.do_resize else short
    narrow += narrow % 2 if of.images.do_resize else 0  # the resized short side is made even
    across = math.ceil(longest / tile)
    along = math.ceil(int(across * tile / (longest / max(narrow, 1))) / tile)
    return (along, across) if width >= height else (across, along)


def _tiles(size: Size, rows: int, columns: int, side: int) -> np.ndarray:
    """Return (rows x columns x side x side, 4): the tokens of each tile follow each other, tiles row by row."""
    width, height = size
    corners = _even((width, height), rows, columns)
    inner = _even((width / columns, height / rows), side, side)
    return np.concatenate([inner + np.tile(corner[:2], 2) for corner in corners])


def _squash_of_tower(of: _Geometry) -> Places:
    """PaliGemma and Gemma-3: the whole picture in a square; Gemma-3 then pools its patches."""
    pooled = getattr(of.config, "mm_tokens_per_image", None)
    return _squashed(of.size, math.isqrt(pooled) if pooled else of.side)


def _tiled(of: _Geometry) -> Places:
    """InternVL and Aya: the picture squashed onto the grid of tiles nearest to its shape, then the whole picture as a thumbnail."""
    ratio = getattr(of.config, "downsample_ratio", None) or 1 / of.config.downsample_factor
    side = int(of.side * ratio)
    whole = _even(of.size, side, side)
    columns, rows = _canvas(of) if of.images.crop_to_patches else (1, 1)
    if columns * rows == 1:
        return _views(("whole", whole))
    return _views(("tiles", _tiles(of.size, rows, columns, side)), ("whole", whole))


def _canvas(of: _Geometry) -> tuple[int, int]:
    """Return columns and rows of tiles: the nearest aspect; on a tie the larger, if the picture has half of its pixels."""
    least, most, tile = of.images.min_patches, of.images.max_patches, of.images.size["height"]
    width, height = of.size
    grids = [(c, r) for c in range(1, most + 1) for r in range(1, most + 1) if least <= c * r <= most]
    best, smallest = (1, 1), math.inf
    for columns, rows in sorted(grids, key=lambda grid: grid[0] * grid[1]):
        distance = abs(width / height - columns / rows)
        if distance < smallest or (distance == smallest and width * height > 0.5 * tile**2 * columns * rows):
            best, smallest = (columns, rows), distance
    return best


_FAMILIES: dict[str, Callable[[_Geometry], Places]] = {
    "llava": _llava,
    "vipllava": _llava,
    "llava_next": _tiled_with_padding,
    "llava_onevision": _tiled_with_padding,
    "qwen2_vl": _free_grid,
    "qwen2_5_vl": _free_grid,
    "qwen3_vl": _free_grid,
    "idefics3": _split,
    "smolvlm": _split,
    "paligemma": _squash_of_tower,
    "gemma3": _squash_of_tower,
    "internvl": _tiled,
    "aya_vision": _tiled,
}
