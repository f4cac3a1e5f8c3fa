"""How long one operator takes for one sample, measured here and now."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import torch

from models.diffusion.choices import Operator
from models.diffusion.surgery import Shape, fresh

WARM_UPS = 3


@dataclass(frozen=True)
class Took:
    """One operator at one number of tokens, in milliseconds."""

    operator: Operator
    tokens: int
    least_ms: float
    median_ms: float
    times: int


@torch.no_grad()
def took(operator: Operator, shape: Shape, tokens: int, *, times: int = 20, least: int = 3, most_s: float = 2.0,
         clock: Callable[[], float] = time.perf_counter) -> Took:
    """Time an operator's forwards for one sample in single precision, projections included.

    Args:
        times: so many, or as many as begin within `most_s`, but no fewer than `least`.
    """
    module = fresh(operator, replace(shape, tokens=tokens), seed=0).eval()
    sample = torch.randn(1, tokens, shape.width, generator=torch.Generator().manual_seed(0))
    for _ in range(WARM_UPS):
        module(sample)
    seconds: list[float] = []
    began = clock()
    while len(seconds) < times and (len(seconds) < least or clock() - began < most_s):
        start = clock()
        module(sample)
        seconds.append(clock() - start)
    return Took(operator, tokens, 1e3 * min(seconds), 1e3 * median(seconds), len(seconds))
