"""What can be chosen when a diffusion transformer is grafted or sampled from: names only, so that settings need no torch."""

from collections.abc import Collection, Sequence
from typing import Literal

Operator = Literal["mha", "hyena-x", "hyena-y", "hyena-se", "swa", "mamba-2", "linear", "mlp-1", "mlp-2", "mlp-3", "mlp-4", "mlp-5",
                   "mlp-6", "mlp-hyena-x", "pairs"]
Place = Literal["attention", "mlp", "block"]  # what an operator replaces; "block": two neighbouring ones
Loss = Literal["l1", "l2", "huber"]
Heard = Literal["noised", "clean", "official"]  # the inputs that stage 1 learns from
Sampler = Literal["ddim", "ddpm", "dpm-solver++"]

OPERATOR_NAMES: dict[Operator, str] = {
    "mha": "attention again (self-graft)", "hyena-x": "Hyena-X", "hyena-y": "Hyena-Y", "hyena-se": "Hyena-SE",
    "swa": "sliding window", "mamba-2": "Mamba-2", "linear": "linear attention", "mlp-1": "MLP, 1 x as wide",
    "mlp-2": "MLP, 2 x as wide", "mlp-3": "MLP, 3 x as wide", "mlp-4": "MLP again (self-graft)", "mlp-5": "MLP, 5 x as wide",
    "mlp-6": "MLP, 6 x as wide", "mlp-hyena-x": "Hyena-X as MLP", "pairs": "blocks side by side (depth to width)",
}
SAMPLERS: dict[Sampler, str] = {"ddim": "DDIM", "ddpm": "DDPM", "dpm-solver++": "DPM-Solver++"}
MINIATURE_SIZES = {"in_channels": 3, "out_channels": 3, "sample_size": 32, "num_embeds_ada_norm": 10}
"""What a network without a decoder must be like: it paints 32 x 32 pixels of ten kinds."""
CAPTIONS = "caption_channels"  # in the configuration of a PixArt, which reads sentences
MAX_SENTENCE = 300  # tokens, as PixArt-Sigma was trained
OURS: tuple[Operator, ...] = ("linear", "mlp-1", "mlp-2", "mlp-5")  # not in the paper


def place_of(operator: Operator) -> Place:
    """What it replaces."""
    if operator == "pairs":
        return "block"
    return "mlp" if operator.startswith("mlp") else "attention"


def replaced(operator: Operator, layers: Collection[int], num_layers: int) -> tuple[int, ...]:
    """The layers that another operator changes, in their order: those that are named, or both blocks of every pair (2 j, 2 j + 1)
    that holds one; the last of an odd number of blocks belongs to no pair."""
    if place_of(operator) != "block":
        return tuple(sorted(layers))
    firsts = sorted({layer - layer % 2 for layer in layers})
    return tuple(layer for first in firsts if first + 1 < num_layers for layer in (first, first + 1))


def learners(operator: Operator, layers: Collection[int]) -> tuple[int, ...]:
    """Where the new operators in `replaced` layers stand, one number for each: its layer, or the first block of its pair."""
    return tuple(sorted(layer for layer in layers if place_of(operator) != "block" or layer % 2 == 0))


def same_again(operator: Operator) -> Operator:
    """What stands in its place in an unedited model, inside a block."""
    return "mlp-4" if place_of(operator) == "mlp" else "mha"


def usual_loss(operator: Operator) -> Loss:
    """L1 where attention or a pair of blocks is replaced, L2 where the feed-forward part is, as the paper found best."""
    return "l2" if place_of(operator) == "mlp" else "l1"


def ranked(shares: Sequence[float], number: int, *, is_local: bool) -> tuple[int, ...]:
    """The layers with the largest shares of near attention, or the smallest, in order of the layers; equals by their number."""
    order = sorted(range(len(shares)), key=lambda layer: (-shares[layer] if is_local else shares[layer], layer))
    return tuple(sorted(order[:number]))
