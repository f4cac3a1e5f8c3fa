"""Checkpoints in the layout of the official DiT and of the released grafted models, to and from diffusers' names.

Sources: facebookresearch/DiT; Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, whose released files carry
their grafts in their names alone. The official layout has q, k, v in one tensor, one embedder for all blocks, the fixed positions
as a tensor, and no word of the number of heads. Both ways, every number stays as it is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from models.diffusion.assembling import (
    EMBEDDER,
    Grafts,
    Shapes,
    check_names,
    config_of,
    fill,
    grafts_in,
    is_copy,
    positions_of,
    skeleton,
)
from models.diffusion.network import Transformer, parts
from models.diffusion.operators import WINDOW, LinearAttention, SlidingWindow
from models.diffusion.pairs import FirstOfPair
from models.diffusion.pickled import weights_in
from models.diffusion.surgery import blocks_of
from models.shards import held_in_file, plain_file
from worlds.errors import InputError

POSITIONS = "pos_embed"
CLOSE = 2e-3  # how far half precision puts a sine from where it is
_OUTER = {"x_embedder.proj": "pos_embed.proj", "final_layer.adaLN_modulation.1": "proj_out_1", "final_layer.linear": "proj_out_2",
          "t_embedder.mlp.0": f"{EMBEDDER}timestep_embedder.linear_1", "t_embedder.mlp.2": f"{EMBEDDER}timestep_embedder.linear_2",
          "y_embedder.embedding_table": f"{EMBEDDER}class_embedder.embedding_table"}
_INNER = {"adaLN_modulation.1": "norm1.linear", "attn.proj": "attn1.to_out.0", "mlp.fc1": "ff.net.0.proj", "mlp.fc2": "ff.net.2"}
_GRAFTED = {"attn": ("in_proj", "out_proj", "short_filter", "inner_filter", "Wqkv", "dt_bias", "A_log", "D", "conv1d", "norm"),
            "mlp": ("fc1", "fc2", "in_proj", "out_proj", "short_filter")}
_QKV = ("to_q", "to_k", "to_v")
_THEIRS = {ours: theirs for theirs, ours in {**_OUTER, **_INNER}.items()}


@dataclass(frozen=True)
class Official:
    """A checkpoint of the official layout.

    Attributes:
        model: mended, in single precision.
        operators: its grafts, by layer and place.
    """

    model: Transformer
    operators: Grafts


def load_official(file: Path, *, heads: int | None = None, called: str = "", ending: str = "") -> Official:
    """Read a `.safetensors`, or one of the official `.pt` files.

    The latter are pickled; this is the one place where pickled weights of a stranger are read, and only as `pickled` says: nothing
    in them is run.

    Args:
        heads: of attention; None where the file or its width tells.
        called: what its owner calls the file, where it lies under another name.
        ending: which of the two it is, where its name does not say it.
    Raises:
        InputError: it is damaged, wants to run code, or is no DiT; the sentence names the tensor.
    """
    called = (called or file.name)[:80]
    name = repr(called)
    ending = ending or file.suffix
    if ending in (".pt", ".pth"):
        return from_official(weights_in(file, called=called), heads=heads, name=name)
    if ending != ".safetensors":
        raise InputError(f"{name} is no checkpoint. Official ones are .safetensors or .pt.")
    shapes = held_in_file(plain_file(file, called), name=called).shapes
    try:
        with safe_open(file, "pt") as opened:
            said = (opened.metadata() or {}).get("heads", "")
        _checked(shapes, heads=heads or _number(said), name=name)
        tensors = load_file(file)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{name} is no whole safetensors file. Copy it again.") from error
    return from_official(tensors, heads=heads or _number(said), name=name)


def _number(said: str) -> int | None:
    return int(said) if said.isdecimal() and len(said) < 6 else None


def from_official(weights: Mapping[str, Tensor], *, heads: int | None = None, name: str = "The checkpoint") -> Official:
    """The model that weights with official names make; the weights are not kept.

    Raises:
        InputError: they make none.
    """
    model, grafts = _checked({key: tuple(value.shape) for key, value in weights.items()}, heads=heads, name=name)
    positions = weights[POSITIONS].float()
    if not torch.allclose(positions, positions_of(parts(model).config), atol=CLOSE):
        raise InputError(f"{POSITIONS} of {name} is not DiT's fixed embedding of places. Other embeddings are not read.")
    tensors: dict[str, Tensor] = {}
    ratios = _mlp_ratios({key: tuple(value.shape) for key, value in weights.items()})
    for key, value in weights.items():
        if key != POSITIONS:
            ours = ours_of(key, ratios)
            tensors |= zip(ours, (part.clone() for part in value.chunk(len(ours))))
    return Official(fill(model, tensors, name=name, positions=positions, named=official_of), grafts)


def _checked(official: Shapes, *, heads: int | None, name: str) -> tuple[Transformer, Grafts]:
    """A skeleton that tensors of these shapes fill to the last one."""
    places = official.get(POSITIONS, ())
    side = math.isqrt(places[1]) if len(places) == 3 else 0
    if side < 1 or side * side != places[1]:
        raise InputError(f"{name} has {f'a {POSITIONS} of the shape {places}' if places else f'no {POSITIONS}'}. It must have one of "
                         "1 x places x width, whose places make a square.")
    shapes = ours_in(official, name)
    patch = shapes.get("pos_embed.proj.weight", (0, 0, 1))[2:3]
    config = config_of(shapes, heads=heads, sample_size=side * (patch[0] if patch else 1), name=name, named=official_of)
    width = shapes["pos_embed.proj.weight"][0]
    if places != (1, side * side, width):
        raise InputError(f"{POSITIONS} of {name} has the shape {places}. It must have {(1, side * side, width)}.")
    grafts = grafts_in(shapes, name=name, named=official_of)
    model = skeleton(config, grafts)
    check_names(model, shapes, name=name, named=official_of)
    return model, grafts


def ours_in(official: Shapes, name: str) -> dict[str, tuple[int, ...]]:
    """Shapes by diffusers' names.

    Raises:
        InputError: q, k and v cannot be told apart.
    """
    ratios, found = _mlp_ratios(official), dict[str, tuple[int, ...]]()
    for key, shape in official.items():
        if key == POSITIONS:
            continue
        ours = ours_of(key, ratios)
        if len(ours) == 3 and (not shape or shape[0] % 3):
            raise InputError(f"{key} of {name} has the shape {shape}. It must have three equal parts, q, k and v.")
        found |= dict.fromkeys(ours, (shape[0] // 3, *shape[1:]) if len(ours) == 3 else shape)
    return found


def _mlp_ratios(official: Shapes) -> dict[str, bool]:
    """Whether a block's feed-forward part is as wide inside as DiT's, by the block's number."""
    return {key.split(".")[1]: len(shape) == 2 and shape[0] == 4 * shape[1] for key, shape in official.items()
            if key.startswith("blocks.") and key.endswith(".mlp.fc1.weight")}


def ours_of(key: str, is_usual: Mapping[str, bool]) -> tuple[str, ...]:
    """What diffusers calls a tensor of the official layout: three names for q, k and v together. Unknown names stay unknown.

    Args:
        is_usual: by a block's number, whether its feed-forward part is four times as wide inside; others keep their own names.
    """
    module, _, kind = key.rpartition(".")
    if module in _OUTER:
        return (f"{_OUTER[module]}.{kind}",)
    start, _, rest = key.partition(".")
    number, _, inside = rest.partition(".")
    if start != "blocks" or not number.isdecimal():
        return (f"unknown {key}",)  # so that diffusers' own names are unknown here
    block, part = f"transformer_blocks.{number}.", inside.rpartition(".")[0]
    if part == "attn.qkv":
        return tuple(f"{block}attn1.{each}.{kind}" for each in _QKV)
    if part in _INNER and (not part.startswith("mlp") or is_usual.get(number, True)):
        return (f"{block}{_INNER[part]}.{kind}",)
    theirs, _, own = inside.partition(".")
    if own.partition(".")[0] in _GRAFTED.get(theirs, ()):
        return (f"{block}{'attn1' if theirs == 'attn' else 'ff'}.{own}",)
    return (f"unknown {key}",)


def official_of(key: str) -> str:
    """What the official layout calls a tensor of diffusers."""
    module, _, kind = key.rpartition(".")
    if module in _THEIRS:
        return f"{_THEIRS[module]}.{kind}"
    if not key.startswith("transformer_blocks."):
        return key.removeprefix("unknown ")
    number, _, inside = key.removeprefix("transformer_blocks.").partition(".")
    part = inside.rpartition(".")[0]
    if part.startswith("attn1.to_") and part.removeprefix("attn1.") in _QKV:
        return f"blocks.{number}.attn.qkv.{kind}"
    if part in _THEIRS:
        return f"blocks.{number}.{_THEIRS[part]}.{kind}"
    return f"blocks.{number}." + inside.replace("attn1.", "attn.", 1).replace("ff.", "mlp.", 1)


def to_official(model: Transformer) -> dict[str, Tensor]:
    """A model's weights in the official layout, grafts and all.

    Raises:
        InputError: it is a PixArt, or has what the layout cannot say: an embedder per block, linear attention, another window, pairs.
    """
    _check_sayable(model)
    weights: dict[str, Tensor] = {POSITIONS: parts(model).pos_embed.pos_embed.clone()}
    thirds: dict[str, list[Tensor]] = {}
    for key, value in model.state_dict().items():
        if not is_copy(key):
            thirds.setdefault(official_of(key), []).append(value.detach())
    return weights | {key: torch.cat(values) if len(values) == 3 else values[0].clone() for key, values in thirds.items()}


def _check_sayable(model: Transformer) -> None:
    blocks = parts(model).transformer_blocks
    if not hasattr(blocks[0].norm1, "emb"):
        raise InputError("This network takes sentences (PixArt). The official layout is that of DiT, which takes classes. "
                         "Write a folder of diffusers.")
    if any(block.norm1.emb is not blocks[0].norm1.emb for block in blocks):
        raise InputError("Each block has its own embedder of time and class. The layout has one for all: mend the model.")
    for layer, block in enumerate(blocks_of(model)):
        if isinstance(block, FirstOfPair):
            raise InputError(f"Blocks {layer} and {layer + 1} stand side by side, which the official layout cannot say. "
                             "Write a folder of diffusers.")
        operator: nn.Module = parts(block).attn1
        if isinstance(operator, LinearAttention):
            raise InputError(f"Block {layer} has linear attention, which the official layout would call a sliding window. "
                             "Write a folder of diffusers.")
        if isinstance(operator, SlidingWindow) and operator.window != WINDOW:
            raise InputError(f"Block {layer} has a window of {operator.window}. The layout does not say it: it means {WINDOW}.")


def save_official(model: Transformer, file: Path) -> None:
    """Write a model in the official layout: safetensors with the number of heads, or `.pt` as the released code reads it.

    Raises:
        InputError: the layout cannot say what it is, or the name ends in something else.
    """
    if file.suffix not in (".safetensors", ".pt"):
        raise InputError(f"{file.name[:80]!r} cannot be written. Official checkpoints are .safetensors or .pt.")
    weights = {key: value.cpu().contiguous() for key, value in to_official(model).items()}
    if file.suffix == ".pt":
        torch.save({"ema": weights}, file)
    else:
        save_file(weights, file, {"format": "pt", "heads": str(parts(model).config.num_attention_heads)})

