"""Operators against full attention, timed here and now."""

from collections.abc import Iterator
from typing import get_args

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

from backends.grafting.results import Speed, Timing
from backends.grafting.settings import GraftingSettings
from backends.run import Progress
from models.diffusion.choices import Operator, place_of
from models.diffusion.latency import took
from models.diffusion.surgery import shape_of

MIXERS: tuple[Operator, ...] = tuple(operator for operator in get_args(Operator) if place_of(operator) == "attention")


def time_them(model: DiTTransformer2DModel, settings: GraftingSettings) -> Iterator[Progress | Speed]:
    """Time what mixes tokens at each number of tokens, the fewest first; yield Progress and the growing table."""
    shape, rows = shape_of(model), list[Timing]()
    asked = [(tokens, operator) for tokens in sorted(set(settings.tokens)) for operator in MIXERS]
    for number, (tokens, operator) in enumerate(asked, 1):
        yield Progress((number - 1) / len(asked), f"{operator}, {tokens:,} tokens")
        timed = took(operator, shape, tokens)
        rows.append(Timing(operator=operator, tokens=tokens, least_ms=timed.least_ms, median_ms=timed.median_ms, times=timed.times))
        yield Speed(width=shape.width, heads=shape.heads, threads=torch.get_num_threads(), rows=tuple(rows))
