"""The arithmetic of single rows of attention: logits, the change of the image part, probabilities, and what is read off them.

ScalingVis and AdaptVis (arXiv 2503.01773) multiply the pre-softmax logits from the last prompt token to the image tokens by
alpha. One row costs heads x keys, the whole matrix heads x tokens x keys; all other rows are left to the fused kernel. The
released code has no variants: "shape" and "mass" are our addition, which part the change into its two effects.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch

from worlds.errors import InputError

Variant = Literal["multiply", "shape", "mass"]
Columns = Literal["span", "image"]
HIDDEN = float("-inf")
LARGEST_ALPHA = 1e6  # far beyond where a head looks at one token; its products with logits are still numbers


@dataclass(frozen=True)
class Scaling:
    """How the image logits of a row are changed.

    `multiply` is the released code: s <- alpha s. `shape` keeps the image's share of the attention, per head, and changes
    only how it is spread; `mass` takes the share that `multiply` would give and keeps how it is spread. `span` is the released
    code again: from the first image token to the last, what stands between the tiles of some families included.
    """

    alpha: float | tuple[float, ...] = 1.0  # one for all rows of the batch, or one per row
    variant: Variant = "multiply"
    layers: frozenset[int] | None = None  # None: all
    heads: frozenset[int] | None = None  # query heads, the same in every chosen layer; None: all
    columns: Columns = "span"  # "image": its own tokens only
    every_step: bool = False  # False, as released: the prompt's last row only; True: every generated token's row too

    def __post_init__(self) -> None:
        for alpha in self.alphas:
            if not 0 <= alpha <= LARGEST_ALPHA:  # nan is refused with the rest
                raise InputError(f"alpha is {alpha!r}. It must be 0 or more and at most {LARGEST_ALPHA:g}; 1 changes nothing.")
        if self.variant not in get_args(Variant):
            raise ValueError(f"variant is {self.variant!r}; it must be one of {', '.join(get_args(Variant))}")
        if self.columns not in get_args(Columns):
            raise ValueError(f"columns is {self.columns!r}; it must be one of {', '.join(get_args(Columns))}")

    @property
    def alphas(self) -> tuple[float, ...]:
        return self.alpha if isinstance(self.alpha, tuple) else (float(self.alpha),)

    def changes(self, layer: int) -> bool:
        """Return whether anything may differ in that layer."""
        return any(alpha != 1 for alpha in self.alphas) and (self.layers is None or layer in self.layers)


@dataclass(frozen=True)
class Reads:
    """Which rows of attention are kept: of which queries (positions in the prompt, -1 is the last) and layers."""

    queries: tuple[int, ...] = (-1,)
    layers: frozenset[int] | None = None  # None: all
    by_head: bool = False  # True keeps a map per head, False the mean over heads; masses and the like are kept per head


@dataclass(frozen=True)
class Maps:
    """Rows of attention after scaling, all float32; queries and image tokens in the order of the prompt.

    A row of fewer image tokens than the widest of its batch ends in zeros. Masses of image, text and first add up to 1.
    """

    layers: tuple[int, ...]
    image: np.ndarray  # (rows, queries, layers, heads or 1, image tokens), probabilities
    image_mass: np.ndarray  # (rows, queries, layers, heads), 0..1
    text_mass: np.ndarray  # the same shape: all text tokens but the first
    first_mass: np.ndarray  # the same shape: the first text token, where an attention sink forms
    image_entropy: np.ndarray  # the same shape: nats of the image part's own distribution; 0 where it has no mass
    image_logit: np.ndarray  # the same shape: plain mean before scaling; nan: all out of sight
    positive_share: np.ndarray  # the same shape: share of the image logits above 0


def spanned(columns: torch.Tensor) -> torch.Tensor:
    """Return (rows, tokens) bool, True from each row's first image token to its last (the released modeling_llava_scal.py).

    Its own code takes the start of the first row of a batch and the end of the last; it only ever runs one.
    """
    return (columns.cumsum(-1) > 0) & (columns.flip(-1).cumsum(-1).flip(-1) > 0)


def row_logits(query: torch.Tensor, key: torch.Tensor, scaling: float | None, softcap: float | None) -> torch.Tensor:
    """Return (rows, heads, queries, keys) float32 logits before any mask.

    Args:
        query: (rows, heads, queries, width).     key: (rows, key heads, keys, width), shared by groups of query heads.
    """
    rows, heads, queries, width = query.shape
    groups = query.float().reshape(rows, key.shape[1], -1, width)  # (rows, key heads, group x queries, width)
    logits = groups @ key.float().transpose(2, 3) * (width**-0.5 if scaling is None else scaling)
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)  # the capped value is what enters the softmax, so alpha comes after it
    return logits.reshape(rows, heads, queries, -1)


def rescaled(logits: torch.Tensor, seen: torch.Tensor, alpha: torch.Tensor, variant: Variant) -> torch.Tensor:
    """Return the logits with their image part changed.

    Args:
        logits: (rows, heads, queries, keys), finite.     seen: broadcasts to it, True on image keys that the query may see.
        alpha: (1 or rows, 1 or heads, 1 or queries, 1).
    """
    scaled = logits * alpha
    if variant == "multiply":
        return torch.where(seen, scaled, logits)
    before, after = (part.masked_fill(~seen, HIDDEN).logsumexp(-1, keepdim=True) for part in (logits, scaled))
    change = torch.nan_to_num(after - before, nan=0.0)  # nan: -inf less -inf, where no image key is in sight
    return torch.where(seen, scaled - change if variant == "shape" else logits + change, logits)


def weighted(probabilities: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return (rows, queries, heads, width) float32 sums of values; arguments as in `row_logits`."""
    rows, heads, queries, keys = probabilities.shape
    groups = probabilities.reshape(rows, value.shape[1], -1, keys) @ value.float()
    return groups.reshape(rows, heads, queries, -1).transpose(1, 2)


def weighted_alone(probabilities: torch.Tensor, held: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """Return the same for queries that see a cache and themselves, and nothing of each other.

    Not a product with zeros at the others' places: 0 times a value that overflowed is no number, and would reach them all.

    Args:
        probabilities: (rows, heads, queries, held + queries); of a query's neighbours all 0.
        held: (rows, key heads, held, width) values of the cache.     own: (rows, key heads, queries, width).
    """
    num_held = held.shape[2]
    itself = probabilities[..., num_held:].diagonal(dim1=-2, dim2=-1).transpose(1, 2)  # (rows, queries, heads)
    values = own.float().repeat_interleave(itself.shape[-1] // own.shape[1], dim=1).transpose(1, 2)  # (rows, queries, heads, width)
    return weighted(probabilities[..., :num_held], held) + itself[..., None] * values


def measured(logits: torch.Tensor, probabilities: torch.Tensor, seen: torch.Tensor, first: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return what `Maps` holds per head, each (rows, heads, queries).

    Args:
        logits, probabilities: (rows, heads, queries, keys), before and after scaling.
        seen: (rows, 1, queries, keys) image keys in sight.     first: (rows, 1, 1, keys) True on the first text token.
    """
    image = probabilities * seen  # a hidden key has probability 0 anyway
    mass = image.sum(-1)
    at_first = (probabilities * first).sum(-1)
    share = image / mass.clamp_min(torch.finfo(mass.dtype).tiny)[..., None]
    count = seen.sum(-1)
    return {
        "image_mass": mass,
        "text_mass": (probabilities.sum(-1) - mass - at_first).clamp_min(0),
        "first_mass": at_first,
        "image_entropy": torch.special.entr(share).sum(-1),
        "image_logit": torch.where(seen, logits, 0).sum(-1) / count,  # a neighbour's key may be no number
        "positive_share": ((logits > 0) & seen).sum(-1) / count,
    }


def stacked(kept: dict[int, dict[str, list[torch.Tensor]]]) -> Maps:
    """Return what was kept per layer as one `Maps`; every tensor in the lists is (rows, heads, queries, ...)."""
    layers = tuple(sorted(kept))
    fields: dict[str, np.ndarray] = {}
    for name in kept[layers[0]]:
        parts = [torch.cat(kept[layer][name], dim=2) for layer in layers]  # queries may come in several calls
        whole = torch.stack(parts, dim=1).transpose(2, 3).transpose(1, 2)  # (rows, queries, layers, heads, ...)
        fields[name] = whole.float().cpu().numpy()
    return Maps(layers, **fields)
