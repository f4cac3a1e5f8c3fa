"""A diffusion transformer built of named tensors: what their shapes say, which blocks are grafted, and a strict load.

Names are those of diffusers; grafted operators keep the released code's own (arXiv 2506.05340). Everything is told from names and
shapes before a number is read, on a skeleton that has no memory behind it, so that a file can ask for no more than it holds.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_args

import torch
from diffusers.models.embeddings import get_2d_sincos_pos_embed
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from diffusers.models.transformers.pixart_transformer_2d import PixArtTransformer2DModel
from torch import Tensor

from models.diffusion.choices import CAPTIONS, Operator, Place
from models.diffusion.network import MINIATURE, Transformer, mend, parts
from models.diffusion.surgery import WHERE, fresh, put, shape_of
from worlds.errors import InputError

Shapes = Mapping[str, tuple[int, ...]]
Grafts = Mapping[tuple[int, Place], Operator]  # by layer and place; what is not named is as in DiT
Named = Callable[[str], str]  # how the file itself calls a tensor

MAX_NUMBERS = 3_000_000_000  # DiT-XL/2 has 0.7e9
MAX_LAYERS = 512
MAX_TOKENS = 65_536  # a picture of 4,096 pixels a side in DiT-XL/2
HEADS = {384: 6, 768: 12, 1024: 16, 1152: 16}  # of DiT-S, B, L and XL, by width
FIXED = {key: MINIATURE[key] for key in ("attention_bias", "activation_fn", "norm_type", "norm_elementwise_affine")}
EMBEDDER = "transformer_blocks.0.norm1.emb."
TABLE = EMBEDDER + "class_embedder.embedding_table.weight"
BUFFER = "pos_embed.pos_embed"
MERGE = "merge"  # in the second block of a pair that stands side by side
_COPY = re.compile(r"transformer_blocks\.(\d+)\.norm1\.emb\.")
_BLOCK = re.compile(r"transformer_blocks\.(0|[1-9]\d{0,5})\.")  # a number has one spelling
_DTYPES = (torch.float32, torch.float16, torch.bfloat16)


class UnknownHeads(InputError):
    """Nothing in a checkpoint says how many heads its attention has."""


def grafts_in(shapes: Shapes, *, name: str, named: Named = str) -> dict[tuple[int, Place], Operator]:
    """Which operators the names of some tensors tell of.

    "mha" has the names of the attention that it replaces, and "linear" those of "swa": both read as the released code means them. Two
    blocks side by side are known by the first one's number.

    Raises:
        InputError: a block is missing, or has names that belong to no operator.
    """
    found: dict[tuple[int, Place], Operator] = {}
    for layer in range(_num_layers(shapes, name)):
        for place, module in WHERE.items():
            start = f"transformer_blocks.{layer}.{module}."
            own = {key.removeprefix(start).partition(".")[0] for key in shapes if key.startswith(start)}
            if not own:
                raise InputError(f"{name} has no {place} in block {layer}. Every block has one.")
            operator = (_attention(own, named(f"{start}in_proj.weight"), name) if place == "attention"
                        else _mlp(own, shapes.get(f"{start}fc1.weight", ()), named(f"{start}fc1.weight"), name))
            if operator is not None:
                found[layer, place] = operator
        if any(key.startswith(f"transformer_blocks.{layer}.{MERGE}.") for key in shapes):
            if layer % 2 == 0:
                raise InputError(f"{name} has a {MERGE} in block {layer}. It stands in the second block of a pair: 1, 3, 5, ...")
            found[layer - 1, "block"] = "pairs"
    return found


def _num_layers(shapes: Shapes, name: str) -> int:
    numbers = {int(match[1]) for key in shapes if (match := _BLOCK.match(key)) and not key.startswith(EMBEDDER)}
    if not numbers or len(numbers) > MAX_LAYERS:
        raise InputError(f"{name} has {len(numbers):,} blocks. A diffusion transformer has 1 to {MAX_LAYERS}.")
    missing = next((layer for layer in range(len(numbers)) if layer not in numbers), None)
    if missing is not None:
        raise InputError(f"{name} has no block {missing}, and one of number {max(numbers)}. Blocks count from 0 without a gap.")
    return len(numbers)


def _attention(own: Collection[str], key: str, name: str) -> Operator | None:
    if "A_log" in own:
        return "mamba-2"
    if "in_proj" in own:
        filters = ("short_filter" in own, "inner_filter" in own)
        by_filters: dict[tuple[bool, bool], Operator] = {(True, True): "hyena-se", (True, False): "hyena-x", (False, True): "hyena-y"}
        if filters not in by_filters:
            raise InputError(f"{name} has {key} and neither short_filter nor inner_filter. A Hyena has at least one.")
        return by_filters[filters]
    return "swa" if "Wqkv" in own else None


def _mlp(own: Collection[str], shape: tuple[int, ...], key: str, name: str) -> Operator | None:
    if "in_proj" in own:
        return "mlp-hyena-x"
    if "fc1" not in own:
        return None
    ratio = shape[0] / shape[1] if len(shape) == 2 and shape[1] else 0.0
    named = next((operator for operator in get_args(Operator) if operator == f"mlp-{ratio:g}"), None)
    if named is None:
        raise InputError(f"{key} of {name} has the shape {shape}. A feed-forward part is 1 to 6 times as wide inside.")
    return named  # type: ignore[no-any-return]


def config_of(shapes: Shapes, *, heads: int | None, sample_size: int, name: str, named: Named = str) -> dict[str, Any]:
    """The configuration that tensors tell of, as diffusers' `DiTTransformer2DModel` takes it.

    Args:
        heads: of attention; None for a width of a published DiT, where it is known.
        sample_size: a side of the picture that it works on, in latent pixels.
        named: how the file calls a tensor.
    Raises:
        InputError: there is too much or too little, or it fits no such network.
    """
    numbers = sum(math.prod(shape) for shape in shapes.values())
    if numbers > MAX_NUMBERS:
        raise InputError(f"{name} holds {numbers / 1e6:,.0f} million numbers. At most {MAX_NUMBERS / 1e6:,.0f} million are read.")
    width, channels, patch, other_side = _shape(shapes, "pos_embed.proj.weight", 4, name, named)
    rows = _shape(shapes, "proj_out_2.weight", 2, name, named)[0]
    classes = _shape(shapes, TABLE, 2, name, named)[0] - 1
    layers = _num_layers(shapes, name)
    if patch != other_side or rows % patch**2:
        raise InputError(f"{name} has patches of {patch} x {other_side} and {rows} outputs. Patches are squares of whole channels.")
    if classes < 1:
        raise InputError(f"{named(TABLE)} of {name} has {classes + 1} rows. It has one per class and one for none.")
    if sample_size < patch or sample_size % patch or (sample_size // patch) ** 2 > MAX_TOKENS:
        raise InputError(f"{name} has a sample_size of {sample_size}. It is a multiple of the patch, {patch}, of at most "
                         f"{MAX_TOKENS:,} tokens.")
    heads = _heads(heads, width, name)
    return {"num_attention_heads": heads, "attention_head_dim": width // heads, "in_channels": channels,
            "out_channels": rows // patch**2, "num_layers": layers, "sample_size": sample_size, "patch_size": patch,
            "num_embeds_ada_norm": classes, **FIXED}


def _shape(shapes: Shapes, key: str, rank: int, name: str, named: Named) -> tuple[int, ...]:
    if key not in shapes:
        raise InputError(f"{name} has no {named(key)}. A diffusion transformer (DiT) has one.")
    if len(shapes[key]) != rank or 0 in shapes[key]:
        raise InputError(f"{named(key)} of {name} has the shape {shapes[key]}. It must have {rank} sides.")
    return shapes[key]


def _heads(heads: int | None, width: int, name: str) -> int:
    heads = HEADS.get(width) if heads is None else heads
    if heads is None:
        known = ", ".join(map(str, HEADS))
        raise UnknownHeads(f"{name} has a width of {width}, which says nothing of heads. State 'heads'; they are known for {known}.")
    if heads < 1 or width % heads or width % 4:
        raise InputError(f"'heads' is {heads}, and {name} has a width of {width}. Heads divide the width, and 4 does too.")
    return heads


def skeleton(config: Mapping[str, Any], grafts: Grafts) -> Transformer:
    """A mended network with its grafts and without memory behind its weights; a PixArt where the configuration speaks of captions.

    Raises:
        InputError: an operator does not fit.
    """
    with torch.device("meta"):
        model = PixArtTransformer2DModel(**config) if CAPTIONS in config else mend(DiTTransformer2DModel(**config))
        for (layer, place), operator in sorted(grafts.items()):
            put(model, layer, place, fresh(operator, shape_of(model), seed=0))
    return model.eval()


def check_names(model: Transformer, shapes: Shapes, *, name: str, named: Named = str) -> None:
    """Hold names and shapes of a file against those of a network; what blocks share may stand in block 0 alone.

    Raises:
        InputError: a tensor is missing, unknown or of another shape.
    """
    wanted = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    for key, shape in wanted.items():
        if key not in shapes and not is_copy(key):
            raise InputError(f"{name} has no {named(key)}. It must have the shape {shape}.")
        if shapes.get(key, shape) != shape:
            raise InputError(f"{named(key)} of {name} has the shape {shapes[key]}. It must have {shape}.")
    unknown = next((key for key in sorted(shapes) if key not in wanted), None)
    if unknown is not None:
        raise InputError(f"{name} holds {named(unknown)[:80]!r}, which is no part of this network. Take it out.")


def fill(model: Transformer, tensors: Mapping[str, Tensor], *, name: str, positions: Tensor | None = None,
         named: Named = str) -> Transformer:
    """Put checked tensors into a skeleton, in single precision; returns the same object.

    Args:
        positions: (1, tokens, width), the fixed embedding of places; None: as diffusers computes it.
    Raises:
        InputError: a tensor holds no floating-point numbers, or blocks that share an embedder have two.
    """
    for key, value in tensors.items():
        if value.dtype not in _DTYPES:
            raise InputError(f"{named(key)} of {name} holds {str(value.dtype).removeprefix('torch.')}. Weights are 16 or 32 bit "
                             "floats.")
        if is_copy(key) and not torch.equal(value, tensors[_COPY.sub(EMBEDDER, key)]):
            raise InputError(f"{named(key)} of {name} differs from that of block 0. All blocks of a DiT share one embedder of time "
                             "and class.")
    # copied, because products of numbers that begin anywhere in a file are rounded otherwise
    full = {key: tensors[key if key in tensors else _COPY.sub(EMBEDDER, key)].to(torch.float32, copy=True)
            for key in model.state_dict()}
    places = positions_of(parts(model).config) if positions is None else positions.float().clone()
    parts(model).pos_embed.pos_embed = places  # no weight, so that no load brings it
    model.load_state_dict(full, assign=True)
    return model


def is_copy(key: str) -> bool:
    """Whether it is another block's name of what block 0 has already."""
    match = _COPY.match(key)
    return match is not None and match[1] != "0"


def positions_of(config: Mapping[str, Any]) -> Tensor:
    """The fixed embedding of places, (1, tokens, width), as diffusers computes it."""
    side = config["sample_size"] // config["patch_size"]
    width = config["num_attention_heads"] * config["attention_head_dim"]
    scale = (config["interpolation_scale"] or max(config["sample_size"] // 64, 1)) if CAPTIONS in config else 1  # as PixArt's class
    places: Tensor = get_2d_sincos_pos_embed(width, side, base_size=side, interpolation_scale=scale, output_type="pt").float()[None]
    return places
