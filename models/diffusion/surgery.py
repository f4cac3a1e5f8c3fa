"""Cutting operators out of a diffusion transformer and putting others in their place; the original stays as it was.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, table 3. "attention" stands for a block's
self-attention (`attn1`), "mlp" for its feed-forward part (`ff`), "block" for two neighbouring blocks (section 6; `pairs.py`), which
are known by the first one's number. Layers are counted from 0.
"""

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from diffusers.models.attention_processor import Attention
from torch import nn

from models.diffusion.choices import CAPTIONS, Operator, Place, learners, place_of, replaced
from models.diffusion.network import Transformer, parts
from models.diffusion.operators import Hyena, HyenaXMlp, LinearAttention, Mamba2, Mlp, SlidingWindow
from models.diffusion.pairs import Pair, averaging, put_beside
from worlds.errors import InputError

MAMBA_HEAD = 16  # channels
WHERE: dict[Place, str] = {"attention": "attn1", "mlp": "ff"}  # in a block


@dataclass(frozen=True)
class Shape:
    """What an operator has to fit into: D channels in so many heads, N tokens.

    Attributes:
        reads_sentences: whether blocks have attention to a sentence, and time moves them by a table of their own (PixArt).
    """

    width: int
    heads: int
    tokens: int
    reads_sentences: bool = False


def shape_of(model: nn.Module) -> Shape:
    """The shape of a transformer of diffusers."""
    config = parts(model).config
    side = config.sample_size // config.patch_size
    return Shape(config.num_attention_heads * config.attention_head_dim, config.num_attention_heads, side * side,
                 CAPTIONS in config)


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
    "pairs": lambda shape: averaging(shape.width),  # the blocks are those that are there: new is what merges them
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
    """The operator that a block has in a place; as "block" that one and the next as one `Pair`."""
    blocks = blocks_of(model)
    if place == "block":
        return Pair(blocks[layer], blocks[layer + 1])
    found: nn.Module = getattr(blocks[layer], WHERE[place])
    return found


def speaker_of(model: nn.Module, layer: int, place: Place) -> nn.Module:
    """The module of the model whose output is what the operator says."""
    return blocks_of(model)[layer + 1] if place == "block" else operator_of(model, layer, place)


def put(model: nn.Module, layer: int, place: Place, operator: nn.Module) -> None:
    """Put an operator into a block, in place; as "block" what merges that one and the next.

    Raises:
        InputError: a block belongs to a pair already.
    """
    blocks = blocks_of(model)
    if place == "block":
        put_beside(blocks[layer], blocks[layer + 1], operator)
    else:
        setattr(blocks[layer], WHERE[place], operator)


def check_layers(layers: Collection[int], num_layers: int) -> None:
    """Raises: InputError where none is named, one is named twice or there is none of that number."""
    if not layers:
        raise InputError("No layer is chosen. Choose at least one.")
    if len(set(layers)) < len(layers):
        raise InputError("A layer is named twice. Name each once.")
    if wrong := [layer for layer in layers if not 0 <= layer < num_layers]:
        raise InputError(f"There is no layer {wrong[0]}. The layers of this model are numbered 0 to {num_layers - 1}.")


def standing(operator: Operator, layers: Collection[int], num_layers: int) -> tuple[int, ...]:
    """Where the new operators of some layers stand: their layers, or the first block of each pair that holds one.

    Raises:
        InputError: there are no such layers, or none of them has another one beside it.
    """
    check_layers(layers, num_layers)
    if not (found := learners(operator, replaced(operator, layers, num_layers))):
        raise InputError(f"Layer {num_layers - 1} is the last of {num_layers} and has none to stand beside. Choose others.")
    return found


def graft(model: Transformer, operator: Operator, layers: Collection[int], *, seed: int) -> Transformer:
    """A copy of a model in which some layers have another operator, with fresh weights; the same seed gives the same.

    Of "pairs", both blocks of every pair (0, 1), (2, 3), ... that holds one of the layers stand side by side.

    Raises:
        InputError: there are no such layers, or the operator does not fit the model.
    """
    stands = standing(operator, layers, len(blocks_of(model)))
    grafted = copy.deepcopy(model)
    for layer in stands:
        put(grafted, layer, place_of(operator), fresh(operator, shape_of(model), seed=seed * 1_000 + layer).to(_device(model)))
    return grafted


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device
