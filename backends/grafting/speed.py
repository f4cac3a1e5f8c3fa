"""Operators against full attention, and blocks side by side against one after the other, timed here and now."""

from collections.abc import Iterator
from typing import get_args

import torch

from backends.grafting.results import PairTiming, Speed, Timing
from backends.grafting.settings import GraftingSettings
from backends.run import Progress
from models.diffusion.choices import Operator, place_of
from models.diffusion.latency import pair_took, took
from models.diffusion.network import Transformer
from models.diffusion.surgery import shape_of

MIXERS: tuple[Operator, ...] = tuple(operator for operator in get_args(Operator) if place_of(operator) == "attention")
PAIR_TOKENS = 4096  # above, two whole blocks take seconds


def time_them(model: Transformer, settings: GraftingSettings) -> Iterator[Progress | Speed]:
    """Time what mixes tokens at each number of tokens, the fewest first, then pairs of blocks; yield Progress and the growing
    table."""
    shape, rows, pairs = shape_of(model), list[Timing](), list[PairTiming]()
    device, dtype = where_it_is(model)
    counts = sorted(set(settings.tokens))
    asked = [(tokens, operator) for tokens in counts for operator in MIXERS]
    of_pairs = [tokens for tokens in counts if tokens <= PAIR_TOKENS]
    number = len(asked) + len(of_pairs)

    def so_far() -> Speed:
        return Speed(width=shape.width, heads=shape.heads, threads=torch.get_num_threads(), device=device,
                     dtype=str(dtype).removeprefix("torch."), rows=tuple(rows), pairs=tuple(pairs))

    for done, (tokens, operator) in enumerate(asked):
        yield Progress(done / number, f"{operator}, {tokens:,} tokens")
        timed = took(operator, shape, tokens, device=device, dtype=dtype)
        rows.append(Timing(operator=operator, tokens=tokens, least_ms=timed.least_ms, median_ms=timed.median_ms, times=timed.times))
        yield so_far()
    for done, tokens in enumerate(of_pairs, len(asked)):
        yield Progress(done / number, f"two blocks, {tokens:,} tokens")
        pair = pair_took(shape, tokens, device=device, dtype=dtype)
        pairs.append(PairTiming(tokens=tokens, sequence_ms=pair.sequence[0], beside_ms=pair.beside[0],
                                at_once_ms=pair.at_once[0] if pair.at_once else None))
        yield so_far()


def where_it_is(model: Transformer) -> tuple[str, torch.dtype]:
    """The kind of device that holds a network, and the precision in which it computes; packed weights say nothing of it."""
    precision = next(weights.dtype for weights in model.parameters() if weights.is_floating_point())
    return next(model.parameters()).device.type, precision
