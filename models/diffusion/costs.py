"""What an operator costs: parameters, and floating-point operations per sample and forward.

The counts are those that give the paper's table 4 again (arXiv 2506.05340): a multiplication and an addition are two; attention
itself and gates are `mixing`, projections and filters `features`. Of "pairs" both blocks count, with what merges them.
"""

from dataclasses import dataclass

import torch

from models.diffusion.choices import MAX_SENTENCE, Operator, place_of, same_again
from models.diffusion.network import count_parameters
from models.diffusion.operators import FILTER, WINDOW
from models.diffusion.surgery import MAMBA_HEAD, Shape, fresh, mamba_state

MAMBA_EXPAND = 2


@dataclass(frozen=True)
class Flops:
    """Of one operator on one sample."""

    mixing: float
    features: float

    @property
    def total(self) -> float:
        return self.mixing + self.features


def flops(operator: Operator, shape: Shape) -> Flops:
    """Operations of one forward."""
    tokens, width = shape.tokens, shape.width
    full, projections = 4 * tokens**2 * width, 8 * tokens * width**2
    if place_of(operator) == "mlp":
        return _mlp(operator, tokens, width)
    if place_of(operator) == "block":
        before = replaced_flops(operator, shape)
        return Flops(before.mixing, before.features + 4 * tokens * width**2)
    gates, filtered = 2 * tokens * width, 2 * FILTER * tokens * width
    by_name: dict[str, Flops] = {
        "mha": Flops(full, projections),
        "hyena-x": Flops(gates, projections + 3 * filtered),
        "hyena-y": Flops(gates + filtered, projections),
        "hyena-se": Flops(gates + filtered, projections + 3 * filtered),
        "swa": Flops(full * min(1.0, (2 * WINDOW + 1) / tokens), projections),
        "linear": Flops(4 * tokens * width**2 / shape.heads, projections),
        "mamba-2": _mamba(tokens, width),
    }
    return by_name[operator]


def _mlp(operator: Operator, tokens: int, width: int) -> Flops:
    if operator == "mlp-hyena-x":  # 3 x 2 widths in, 2 widths out: as much as four times as wide
        return Flops(2 * tokens * 2 * width, 16 * tokens * width**2)
    return Flops(0, 4 * tokens * width**2 * int(operator.removeprefix("mlp-")))


def _mamba(tokens: int, width: int) -> Flops:
    """The scan, counted as the table counts it, and the projections and filters of what it scans."""
    state, inner = mamba_state(width), MAMBA_EXPAND * width
    heads = inner // MAMBA_HEAD
    projected = 2 * inner + 2 * state + heads
    return Flops(2 * tokens * inner * state, 2 * tokens * width * (projected + inner) + 2 * FILTER * tokens * (inner + 2 * state))


def parameters(operator: Operator, shape: Shape) -> int:
    """Trained numbers of one operator."""
    with torch.device("meta"):  # only counted, so without memory behind it
        new = count_parameters(fresh(operator, shape, seed=0))
    return new + replaced_parameters(operator, shape) if place_of(operator) == "block" else new


def replaced_flops(operator: Operator, shape: Shape) -> Flops:
    """Operations of one forward of what an operator replaces: what a block has in its place, or two blocks.

    A block's own are its attention, its MLP and the projection of time and class to six vectors, once per sample; of one that reads
    sentences attention to as many words as a sentence can have instead of that projection, which all blocks share.
    """
    if place_of(operator) != "block":
        return flops(same_again(operator), shape)
    attention, mlp = flops("mha", shape), flops("mlp-4", shape)
    if shape.reads_sentences:  # queries and what is said of the tokens, keys and values of the words
        crossed = Flops(4 * shape.tokens * MAX_SENTENCE * shape.width, 4 * (shape.tokens + MAX_SENTENCE) * shape.width**2)
    else:
        crossed = Flops(0, 12 * shape.width**2)
    return Flops(2 * (attention.mixing + crossed.mixing), 2 * (attention.features + mlp.features + crossed.features))


def replaced_parameters(operator: Operator, shape: Shape) -> int:
    """Trained numbers of what an operator replaces; the embedder that all blocks share is no part of it."""
    if place_of(operator) != "block":
        return parameters(same_again(operator), shape)
    attention, six = parameters("mha", shape), 6 * shape.width
    own = attention + six if shape.reads_sentences else six * (shape.width + 1)  # to the sentence, and a table; or a projection
    return 2 * (attention + parameters("mlp-4", shape) + own)
