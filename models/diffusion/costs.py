"""What an operator costs: parameters, and floating-point operations per sample and forward.

The counts are those that give the paper's table 4 again (arXiv 2506.05340): a multiplication and an addition are two; attention
itself and gates are `mixing`, projections and filters `features`.
"""

from dataclasses import dataclass

from models.diffusion.choices import Operator, place_of
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
    return count_parameters(fresh(operator, shape, seed=0))
