"""How well a map of attention finds the boxes of the things that are asked for: AUROC over image tokens.

A token is on a box if at least a quarter of it is covered by one box. The AUROC is the chance that a token on a box has more
attention than one off it, ties half: 0.5 is blind, 1 perfect. The paper has detector boxes on photographs and no rule in
what could be read; drawn scenes have exact ones.
"""

from collections.abc import Sequence

import numpy as np

COVERED = 0.25


def on_boxes(tokens: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return (tokens,) bool.

    Args:
        tokens: (tokens, 4) x1 y1 x2 y2.     boxes: (boxes, 4) in the same unit.
    """
    low = np.maximum(tokens[:, None, :2], boxes[None, :, :2])
    high = np.minimum(tokens[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clip(min=0).prod(-1)  # (tokens, boxes)
    area = (tokens[:, 2:] - tokens[:, :2]).prod(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = (shared / area[:, None] >= COVERED).any(1)
    return found


def auroc(maps: np.ndarray, tokens: np.ndarray, boxes: Sequence[tuple[float, ...]]) -> np.ndarray | None:
    """Return the AUROC of every map, shape (...), nan for one that overflowed; None where no token is on a box, or all are.

    Args:
        maps: (..., tokens).     tokens: (tokens, 4), nan for one that is no place; those are left out.
    """
    if not boxes:
        return None
    is_place = ~np.isnan(tokens).any(1)
    labels = on_boxes(tokens[is_place], np.array(boxes, float))
    if labels.all() or not labels.any():
        return None
    values = maps[..., is_place]
    on, off = np.sort(values[..., labels], axis=-1), values[..., ~labels]
    flat_on, flat_off = on.reshape(-1, on.shape[-1]), off.reshape(-1, off.shape[-1])
    wins = [_wins(first, second) for first, second in zip(flat_on, flat_off)]
    found = np.array(wins).reshape(values.shape[:-1]) / (on.shape[-1] * off.shape[-1])
    return np.where(np.isnan(values).any(-1), np.nan, found)


def _wins(on: np.ndarray, off: np.ndarray) -> float:
    """Return how many pairs the first win, ties half; `on` is sorted."""
    above = len(on) - np.searchsorted(on, off, side="right")
    level = np.searchsorted(on, off, side="right") - np.searchsorted(on, off, side="left")
    return float(above.sum() + level.sum() / 2)
