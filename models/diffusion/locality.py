"""How much of a diffusion transformer's attention stays near: band-k, and the maps that it is taken from.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, section 3.4. Distance is counted in raster order;
that on the grid of tokens is Orrery's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.diffusion.surgery import blocks_of


def band(attention: Tensor, k: int) -> Tensor:
    """The share of attention between tokens at most `k` apart: (..., n, n), rows that add up to 1 -> (...)."""
    place = torch.arange(attention.shape[-1], device=attention.device)
    near = ((place[:, None] - place[None]).abs() <= k).to(attention)
    return (attention * near).sum((-2, -1)) / attention.shape[-1]


def even_band(tokens: int, k: int) -> float:
    """The same of attention that is spread evenly: ((2 k + 1) n - k (k + 1)) / n^2."""
    k = min(k, tokens - 1)
    return ((2 * k + 1) * tokens - k * (k + 1)) / tokens**2


def near_on_grid(attention: Tensor, side: int, distance: int = 1) -> Tensor:
    """The share of attention between tokens whose columns and rows are at most `distance` apart. Orrery's own."""
    place = torch.arange(side * side, device=attention.device)
    rows, columns = place // side, place % side
    near = ((rows[:, None] - rows[None]).abs() <= distance) & ((columns[:, None] - columns[None]).abs() <= distance)
    return (attention * near.to(attention)).sum((-2, -1)) / attention.shape[-1]


def even_on_grid(side: int, distance: int = 1) -> float:
    """The same of attention that is spread evenly over side x side tokens."""
    in_a_row = sum(min(side, place + distance + 1) - max(0, place - distance) for place in range(side))
    return in_a_row**2 / side**4


def squares(attention: Tensor, most: int) -> Tensor:
    """Attention between squares of tokens, (..., n, n) -> (..., m, m): a square looks as its tokens do on average, and is looked at
    as much as its tokens are together.

    Args:
        most: squares in a row of the picture; fewer tokens than that stay as they are.
    """
    side = round(attention.shape[-1]**0.5)
    step = -(-side // most)
    if step == 1:
        return attention
    cells = -(-side // step)  # those on the right and below may be smaller
    place = torch.arange(side * side, device=attention.device)
    square = place // side // step * cells + place % side // step
    holds = functional.one_hot(square, cells**2).to(attention)  # (n, m)
    return holds.T @ attention @ holds / holds.sum(0)[:, None]


class _Catching:
    """Processor of diffusers' attention that keeps what each head looks at, mean over the batch."""

    def __init__(self, kept: list[Tensor]) -> None:
        self._kept = kept

    def __call__(self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None,
                 attention_mask: Tensor | None = None, **_ignored: object) -> Tensor:
        number, tokens, width = hidden_states.shape
        query, key, value = (part(hidden_states).view(number, tokens, attn.heads, -1).transpose(1, 2)
                             for part in (attn.to_q, attn.to_k, attn.to_v))
        attention = (query @ key.transpose(-1, -2) * attn.scale).softmax(-1)
        self._kept.append(attention.mean(0))
        mixed: Tensor = attn.to_out[0]((attention @ value).transpose(1, 2).reshape(number, tokens, width))
        return mixed


@contextmanager
def watched(model: nn.Module) -> Iterator[list[list[Tensor]]]:
    """While it lasts, every forward adds one map (heads, n, n) to each layer's list; layers without attention get none."""
    kept: list[list[Tensor]] = [[] for _ in blocks_of(model)]
    attentions: list[Any] = [block.attn1 for block in blocks_of(model)]
    before = [getattr(attention, "processor", None) for attention in attentions]
    for attention, maps, processor in zip(attentions, kept, before):
        if processor is not None:
            attention.set_processor(_Catching(maps))
    try:
        yield kept
    finally:
        for attention, processor in zip(attentions, before):
            if processor is not None:
                attention.set_processor(processor)
