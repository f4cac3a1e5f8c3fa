"""How long one operator takes for one sample, measured here and now; and two blocks one after the other against side by side."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import median

import torch
from diffusers.models.attention import BasicTransformerBlock
from torch import nn

from models.diffusion.assembling import FIXED
from models.diffusion.choices import Operator
from models.diffusion.pairs import Pair, averaging, put_beside
from models.diffusion.surgery import Shape, fresh

WARM_UPS = 3
KINDS = 10  # classes of the blocks that are timed


@dataclass(frozen=True)
class Took:
    """One operator at one number of tokens, in milliseconds."""

    operator: Operator
    tokens: int
    least_ms: float
    median_ms: float
    times: int


@dataclass(frozen=True)
class PairTook:
    """Two blocks at one number of tokens, the least and the median of some forwards in milliseconds.

    Attributes:
        sequence: one after the other, with all threads.
        beside: side by side, but computed in turns, with all threads.
        at_once: side by side, each by a thread of its own with half of the threads; None where there is one thread only, and off
            the CPU.
    """

    tokens: int
    threads: int
    sequence: tuple[float, float]
    beside: tuple[float, float]
    at_once: tuple[float, float] | None


@torch.no_grad()
def took(operator: Operator, shape: Shape, tokens: int, *, times: int = 20, least: int = 3, most_s: float = 2.0,
         device: str = "cpu", dtype: torch.dtype = torch.float32, clock: Callable[[], float] = time.perf_counter) -> Took:
    """Time an operator's forwards for one sample, projections included; on a GPU until it has done them.

    Args:
        times: so many, or as many as begin within `most_s`, but no fewer than `least`.
    """
    module = fresh(operator, replace(shape, tokens=tokens), seed=0).eval().to(device, dtype)
    sample = torch.randn(1, tokens, shape.width, generator=torch.Generator().manual_seed(0)).to(device, dtype)
    seconds = timed(lambda: module(sample), device=device, times=times, least=least, most_s=most_s, clock=clock)
    return Took(operator, tokens, 1e3 * min(seconds), 1e3 * median(seconds), len(seconds))


@torch.no_grad()
def pair_took(shape: Shape, tokens: int, *, times: int = 20, least: int = 3, most_s: float = 1.0, device: str = "cpu",
              dtype: torch.dtype = torch.float32, clock: Callable[[], float] = time.perf_counter) -> PairTook:
    """Time the forwards of two blocks of a DiT for one sample, each way `times` times or within `most_s`."""
    threads = torch.get_num_threads()
    sequence, beside = (Pair(_block(shape), _block(shape)).eval() for _ in range(2))
    put_beside(beside.first, beside.second, averaging(shape.width))
    sequence, beside = sequence.to(device, dtype), beside.to(device, dtype)
    sample = torch.randn(1, tokens, shape.width, generator=torch.Generator().manual_seed(0)).to(device, dtype)
    given = {"timestep": torch.tensor([500], device=device), "class_labels": torch.tensor([0], device=device)}

    def both(forward: Callable[[], object]) -> tuple[float, float]:
        seconds = timed(forward, device=device, times=times, least=least, most_s=most_s, clock=clock)
        return 1e3 * min(seconds), 1e3 * median(seconds)

    after, in_turns = both(lambda: sequence(sample, **given)), both(lambda: beside(sample, **given))
    if threads == 1 or device != "cpu":
        return PairTook(tokens, threads, after, in_turns, None)
    try:
        with ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(threads // 2,)) as pool:
            at_once = both(lambda: beside.at_once(sample, pool, **given))
    finally:
        torch.set_num_threads(threads)
    return PairTook(tokens, threads, after, in_turns, at_once)


def _block(shape: Shape) -> nn.Module:
    """A block of a DiT with fresh weights."""
    return BasicTransformerBlock(shape.width, shape.heads, shape.width // shape.heads, num_embeds_ada_norm=KINDS, **FIXED)


def timed(forward: Callable[[], object], *, device: str = "cpu", times: int = 20, least: int = 3, most_s: float = 2.0,
          clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each forward: so many, or as many as begin within `most_s`, but no fewer than `least`, after a few that do not
    count."""

    def done() -> None:
        forward()
        if device != "cpu":  # which else has only been told what to do
            torch.accelerator.synchronize()

    for _ in range(WARM_UPS):
        done()
    seconds: list[float] = []
    began = clock()
    while len(seconds) < times and (len(seconds) < least or clock() - began < most_s):
        start = clock()
        done()
        seconds.append(clock() - start)
    return seconds
