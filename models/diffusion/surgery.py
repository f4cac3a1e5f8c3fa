"""Cutting operators out of a diffusion transformer and putting others in their place; the original stays as it was.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, table 3. "attention" stands for a block's
self-attention (`attn1`), "mlp" for its feed-forward part (`ff`). Layers are counted from 0.
"""

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from diffusers.models.attention_processor import Attention
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import nn

from models.diffusion.choices import Operator, Place, place_of
from models.diffusion.network import parts
from models.diffusion.operators import Hyena, HyenaXMlp, LinearAttention, Mamba2, Mlp, SlidingWindow
from worlds.errors import InputError

MAMBA_HEAD = 16  # channels
WHERE: dict[Place, str] = {"attention": "attn1", "mlp": "ff"}


@dataclass(frozen=True)
class Shape:
    """What an operator has to fit into: D channels in so many heads, N tokens."""

    width: int
    heads: int
    tokens: int


def shape_of(model: nn.Module) -> Shape:
    """The shape of a transformer of diffusers."""
    config = parts(model).config
    side = config.sample_size // config.patch_size
    return Shape(config.num_attention_heads * config.attention_head_dim, config.num_attention_heads, side * side)


def _attention(shape: Shape) -> nn.Module:
    """Full attention as the base model has it."""
    return Attention(query_dim=shape.width, heads=shape.heads, dim_head=shape.width // shape.heads, bias=True)


def mamba_state(width: int) -> int:
    """Numbers per channel that a Mamba-2 of that width carries."""
    return 64 if width >= 1024 else 16


def _mamba(shape: Shape) -> nn.Module:
    """State 64 and heads of 16 as in the paper; a small model has a state of 16."""
    return Mamba2(shape.width, state=mamba_state(shape.width), head=MAMBA_HEAD)


_MAKERS: dict[Operator, Callable[[Shape], nn.Module]] = {
    "mha": _attention,
    "hyena-x": lambda shape: Hyena(shape.width, has_short=True, has_inner=False),
    "hyena-y": lambda shape: Hyena(shape.width, has_short=False, has_inner=True),
    "hyena-se": lambda shape: Hyena(shape.width, has_short=True, has_inner=True),
    "swa": lambda shape: SlidingWindow(shape.width, shape.heads),
    "mamba-2": _mamba,
    "linear": lambda shape: LinearAttention(shape.width, shape.heads),
    "mlp-1": lambda shape: Mlp(shape.width, 1),
    "mlp-2": lambda shape: Mlp(shape.width, 2),
    "mlp-3": lambda shape: Mlp(shape.width, 3),
    "mlp-4": lambda shape: Mlp(shape.width, 4),
    "mlp-5": lambda shape: Mlp(shape.width, 5),
    "mlp-6": lambda shape: Mlp(shape.width, 6),
    "mlp-hyena-x": lambda shape: HyenaXMlp(shape.width, shape.tokens),
}


def fresh(operator: Operator, shape: Shape, *, seed: int) -> nn.Module:
    """An operator with fresh weights drawn from the seed; the global generator is left as it was.

    Raises:
        InputError: it does not fit the shape.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _MAKERS[operator](shape)


def blocks_of(model: nn.Module) -> Sequence[nn.Module]:
    """The blocks of a transformer of diffusers, in their order."""
    blocks: Sequence[nn.Module] = parts(model).transformer_blocks
    return blocks


def operator_of(model: nn.Module, layer: int, place: Place) -> nn.Module:
    """The operator that a block has in a place."""
    found: nn.Module = getattr(blocks_of(model)[layer], WHERE[place])
    return found


def put(model: nn.Module, layer: int, place: Place, operator: nn.Module) -> None:
    """Put an operator into a block, in place."""
    setattr(blocks_of(model)[layer], WHERE[place], operator)


def check_layers(layers: Collection[int], num_layers: int) -> None:
    """Raises: InputError where none is named, one is named twice or there is none of that number."""
    if not layers:
        raise InputError("No layer is chosen. Choose at least one.")
    if len(set(layers)) < len(layers):
        raise InputError("A layer is named twice. Name each once.")
    if wrong := [layer for layer in layers if not 0 <= layer < num_layers]:
        raise InputError(f"There is no layer {wrong[0]}. The layers of this model are numbered 0 to {num_layers - 1}.")


def graft(model: DiTTransformer2DModel, operator: Operator, layers: Collection[int], *, seed: int) -> DiTTransformer2DModel:
    """A copy of a model in which some layers have another operator, with fresh weights; the same seed gives the same.

    Raises:
        InputError: there are no such layers, or the operator does not fit the model.
    """
    check_layers(layers, len(blocks_of(model)))
    grafted = copy.deepcopy(model)
    for layer in sorted(layers):
        put(grafted, layer, place_of(operator), fresh(operator, shape_of(model), seed=seed * 1_000 + layer).to(_device(model)))
    return grafted


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device
