"""What can be chosen when a diffusion transformer is grafted or sampled from: names only, so that settings need no torch."""

from collections.abc import Sequence
from typing import Literal

Operator = Literal["mha", "hyena-x", "hyena-y", "hyena-se", "swa", "mamba-2", "linear", "mlp-1", "mlp-2", "mlp-3", "mlp-4", "mlp-5",
                   "mlp-6", "mlp-hyena-x"]
Place = Literal["attention", "mlp"]  # what an operator replaces
Loss = Literal["l1", "l2", "huber"]
Heard = Literal["noised", "clean", "official"]  # the inputs that stage 1 learns from
Sampler = Literal["ddim", "ddpm", "dpm-solver++"]

OPERATOR_NAMES: dict[Operator, str] = {
    "mha": "attention again (self-graft)", "hyena-x": "Hyena-X", "hyena-y": "Hyena-Y", "hyena-se": "Hyena-SE",
    "swa": "sliding window", "mamba-2": "Mamba-2", "linear": "linear attention", "mlp-1": "MLP, 1 x as wide",
    "mlp-2": "MLP, 2 x as wide", "mlp-3": "MLP, 3 x as wide", "mlp-4": "MLP again (self-graft)", "mlp-5": "MLP, 5 x as wide",
    "mlp-6": "MLP, 6 x as wide", "mlp-hyena-x": "Hyena-X as MLP",
}
OURS: tuple[Operator, ...] = ("linear", "mlp-1", "mlp-2", "mlp-5")  # not in the paper


def place_of(operator: Operator) -> Place:
    """What it replaces."""
    return "mlp" if operator.startswith("mlp") else "attention"


def same_again(operator: Operator) -> Operator:
    """What stands in its place in an unedited model."""
    return "mlp-4" if place_of(operator) == "mlp" else "mha"


def usual_loss(operator: Operator) -> Loss:
    """L1 where attention is replaced, L2 where the feed-forward part is, as the paper found best."""
    return "l1" if place_of(operator) == "attention" else "l2"


def ranked(shares: Sequence[float], number: int, *, is_local: bool) -> tuple[int, ...]:
    """The layers with the largest shares of near attention, or the smallest, in order of the layers; equals by their number."""
    order = sorted(range(len(shares)), key=lambda layer: (-shares[layer] if is_local else shares[layer], layer))
    return tuple(sorted(order[:number]))
