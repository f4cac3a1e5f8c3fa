"""Diffusion transformers in folders: one that diffusers reads itself, one of a grafted model, and one of what a graft changed.

diffusers cannot save blocks that share an embedder, and builds ordinary attention of whatever a folder holds: a grafted model would
come back with random weights, and silently. So the writer is our own. A grafted folder has `graft.json` beside its weights, under a
file name that diffusers does not look for; without it, it is refused. Everything is safetensors and JSON.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import __version__
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.diffusion.assembling import (
    BUFFER,
    FIXED,
    MERGE,
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
from models.diffusion.choices import Operator, Place, learners, place_of
from models.diffusion.network import Transformer, parts
from models.diffusion.pixart import pixart_config
from models.diffusion.surgery import WHERE, graft, standing
from models.shards import held_in_file, plain_file, read_json
from worlds.errors import InputError

CONFIG, MARKER = "config.json", "graft.json"
PLAIN, GRAFTED, CHANGED = "diffusion_pytorch_model.safetensors", "model.safetensors", "changed.safetensors"
DIT, PIXART = "DiTTransformer2DModel", "PixArtTransformer2DModel"  # classes of diffusers
MAX_JSON_BYTES = 100_000
_COUNTS = ("num_attention_heads", "attention_head_dim", "in_channels", "num_layers", "sample_size", "patch_size",
           "num_embeds_ada_norm")


class Graft(BaseModel):
    """What was done to a model, as `graft.json` says it.

    Attributes:
        layers: counted from 0.
        pattern: what the choice of layers is called, if it has a name.
        stage: how far it has healed.
        loss: of stage 1; None where there was none.
        tune_loss: of stage 2; None where there was none.
        base: the hash of the model that was grafted (`hash_of`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: Operator
    layers: tuple[StrictInt, ...] = Field(max_length=512)
    pattern: str | None = Field(default=None, max_length=80)
    stage: Literal["swapped", "stage 1", "stage 2"]
    loss: Literal["l1", "l2", "huber"] | None = None
    tune_loss: Literal["diffusion", "activation", "both"] | None = None
    seed: StrictInt = Field(ge=0, lt=2**63)
    base: str = Field(pattern=r"^[0-9a-f]{64}$")


def hash_of(model: Transformer) -> str:
    """The SHA-256 of a model's weights in single precision, by name and shape; what blocks share counts once."""
    total = hashlib.sha256()
    for key, value in sorted(_own(model).items()):
        total.update(f"{key} {tuple(value.shape)}\n".encode())
        total.update(value.float().contiguous().numpy().tobytes())
    return total.hexdigest()


def rounded(model: Transformer) -> Transformer:
    """Round a model's weights to half precision, as a folder in half precision gives them back; in place, still in single."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())
    return model


def save_folder(model: Transformer, folder: Path, *, graft: Graft | None = None, half: bool = False) -> None:
    """Write a model; what lay in `folder` before is replaced when all is written.

    Args:
        graft: what was done to the model; None: nothing, and diffusers itself reads the folder.
        half: 16 bit floats, half as large and rounded.
    Raises:
        ValueError: the graft is not that of the model, or a number is too large for half precision.
    """
    weights = _own(model) if graft else {key: value.detach().cpu() for key, value in model.state_dict().items()}
    told, found = _traces(graft), grafts_in(_shapes(weights), name="The model")
    if told != found:
        raise ValueError(f"the graft says {told}, and the model has {found}")
    positions = parts(model).pos_embed.pos_embed.detach().cpu()
    if not torch.equal(positions, positions_of(parts(model).config)):  # of an official file that another machine computed
        weights[BUFFER] = positions
    _write(folder, weights, PLAIN if graft is None else GRAFTED, model, graft, half)


def _traces(graft: Graft | None) -> dict[tuple[int, Place], Operator]:
    """What `grafts_in` has to find: a self-graft of attention leaves no trace in names, and linear attention that of a window."""
    if graft is None or graft.operator == "mha":
        return {}
    seen: Operator = "swa" if graft.operator == "linear" else graft.operator
    return {(layer, place_of(seen)): seen for layer in learners(seen, graft.layers)}


def save_changed(model: Transformer, base: Transformer, folder: Path, *, graft: Graft,
                 half: bool = False) -> None:
    """Write only those tensors of a grafted model that its base has not or has otherwise; `folder` is replaced.

    Raises:
        ValueError: the graft names another base, or the models are of different shapes.
    """
    if graft.base != hash_of(base):
        raise ValueError("the graft names another base")
    if _config(model) != _config(base):
        raise ValueError("the grafted model and its base are of different shapes")
    old = _own(base)
    changed = {key: value for key, value in _own(model).items() if key not in old or not torch.equal(value, old[key])}
    own = tuple(f"{start}." for start in _starts(graft))
    changed |= {key: value for key, value in _own(model).items() if key.startswith(own)}  # also where a self-graft changed none
    _write(folder, changed, CHANGED, model, graft, half)


def _starts(graft: Graft) -> list[str]:
    """What is the graft's own; of pairs what merges, for the blocks are the base's, and are written where they changed."""
    place = place_of(graft.operator)
    if place == "block":
        return [f"transformer_blocks.{first + 1}.{MERGE}" for first in learners(graft.operator, graft.layers)]
    return [f"transformer_blocks.{layer}.{WHERE[place]}" for layer in graft.layers]


def _write(folder: Path, weights: Mapping[str, Tensor], file: str, model: Transformer, graft: Graft | None,
           half: bool) -> None:
    """Write into a folder beside it and give it the name when it is complete."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        kept = {key: _halved(key, value) if half and key != BUFFER else value.clone().contiguous() for key, value in weights.items()}
        save_file(kept, fresh / file, {"format": "pt"})
        config = {"_class_name": type(model).__name__, "_diffusers_version": __version__, **_config(model)}
        (fresh / CONFIG).write_text(_text(config), encoding="utf-8")
        if graft is not None:
            (fresh / MARKER).write_text(_text(graft.model_dump(mode="json", exclude_none=True)), encoding="utf-8")
    except BaseException:  # such as a full disk, which must not stay full of halves
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _halved(key: str, value: Tensor) -> Tensor:
    half = value.half()
    if half.isfinite().logical_not().any():
        raise ValueError(f"{key} holds a number that half precision cannot hold")
    return half.contiguous()


def _text(said: Mapping[str, Any]) -> str:
    return json.dumps(said, indent=2, sort_keys=True) + "\n"


def _config(model: Transformer) -> dict[str, Any]:
    return {key: value for key, value in parts(model).config.items() if not key.startswith("_")}


def _own(model: Transformer) -> dict[str, Tensor]:
    """A model's weights on the CPU; what blocks share is block 0's.

    Raises:
        ValueError: the blocks do not share their embedder.
    """
    embedders = [block.norm1.emb for block in parts(model).transformer_blocks if hasattr(block.norm1, "emb")]  # PixArt has none
    if any(embedder is not embedders[0] for embedder in embedders):
        raise ValueError("the blocks have an embedder each: mend the model first")
    return {key: value.detach().cpu() for key, value in model.state_dict().items() if not is_copy(key)}


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in weights.items()}


def read_graft(folder: Path) -> Graft | None:
    """What `graft.json` of a folder says; None where there is none.

    Raises:
        InputError: it says something that is none; the sentence names the field.
    """
    name = folder.name[:80]
    if not (folder / MARKER).exists():
        return None
    said = read_json(folder / MARKER, name, most_bytes=MAX_JSON_BYTES)
    try:
        return Graft.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        field, given = ".".join(map(str, first["loc"])) or "all of it", repr(first["input"])[:80]
        raise InputError(f"{field!r} in {MARKER} of {name!r} is {given}: {first['msg'][:200]}.") from error


def load_folder(folder: Path) -> Transformer:
    """A model from a folder, mended, in single precision, its graft in place; of a whole pipeline, its transformer.

    What was done to it, `read_graft` says.

    Raises:
        InputError: something is missing, damaged, of another shape, or grafted without saying so.
    """
    name = folder.name[:80]
    folder = folder / "transformer" if (folder / "model_index.json").exists() else folder
    file = _weights_file(folder, name)
    shapes = held_in_file(file, name=name).shapes
    marker, config = read_graft(folder), _read_config(folder, shapes, name)
    found = grafts_in({key: shape for key, shape in shapes.items() if key != BUFFER}, name=repr(name))
    if marker is None and found:
        layer, place = min(found)
        differs = (f"Blocks {layer} and {layer + 1} of {name!r} stand side by side and there is no {MARKER} that says so."
                   if place == "block" else
                   f"Block {layer} of {name!r} has other {place} than a DiT and there is no {MARKER} that says which.")
        raise InputError(f"{differs} Write the folder again with its graft.")
    model = skeleton(config, _grafts(marker, config, name))
    check_names(model, {key: shape for key, shape in shapes.items() if key != BUFFER}, name=repr(name))
    if BUFFER in shapes and shapes[BUFFER] != (1, *positions_of(config).shape[1:]):
        raise InputError(f"{BUFFER} of {name!r} has the shape {shapes[BUFFER]}. It must have {tuple(positions_of(config).shape)}.")
    tensors = _read(file, name)
    return fill(model, tensors, positions=tensors.pop(BUFFER, None), name=repr(name))


def _weights_file(folder: Path, name: str) -> Path:
    there = [file for file in (PLAIN, GRAFTED) if (folder / file).exists()]
    if len(there) == 1:
        return plain_file(folder / there[0], name)
    if (folder / CHANGED).exists():
        raise InputError(f"{name!r} holds only what a graft changed. It is loaded together with the model that was grafted.")
    raise InputError(f"{name!r} holds {'two files of weights' if there else 'no weights'}. It must hold either {PLAIN} or {GRAFTED}.")


def _read(file: Path, name: str) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file.name} of {name!r} is no whole safetensors file. Copy it again.") from error


def _read_config(folder: Path, shapes: Shapes, name: str) -> dict[str, Any]:
    """The configuration, which says nothing that the weights do not hold."""
    said = _said_config(folder, name)
    if said["_class_name"] == PIXART:
        return pixart_config(said, shapes, name=repr(name))
    config = config_of(shapes, heads=said["num_attention_heads"], sample_size=said["sample_size"], name=repr(name))
    for key, value in config.items():
        if said[key] != value:
            raise InputError(f"{key!r} in {CONFIG} of {name!r} is {repr(said[key])[:80]}. Its weights have {value!r}.")
    return config


def _said_config(folder: Path, name: str) -> dict[str, Any]:
    """What config.json says, with diffusers' defaults; numbers are numbers."""
    said = read_json(folder / CONFIG, name, most_bytes=MAX_JSON_BYTES)
    if not isinstance(said, dict) or said.get("_class_name") not in (DIT, PIXART):
        given = said.get("_class_name") if isinstance(said, dict) else said
        raise InputError(f"'_class_name' in {CONFIG} of {name!r} is {str(given)[:80]!r}. Only {DIT} and {PIXART} are read.")
    for key in _COUNTS:
        if type(said.get(key)) is not int or not 0 < said[key] < 10**6:
            raise InputError(f"{key!r} in {CONFIG} of {name!r} is {str(said.get(key))[:80]!r}. It must be a whole number above 0.")
    if said.get("dropout"):
        raise InputError(f"'dropout' in {CONFIG} of {name!r} is {str(said['dropout'])[:80]!r}. It must be 0.")
    out = said.get("out_channels")
    usual = FIXED if said["_class_name"] == DIT else {}
    return {**usual, **said, "out_channels": said["in_channels"] if out is None else out}


def _grafts(marker: Graft | None, config: Mapping[str, Any], name: str) -> Grafts:
    if marker is None:
        return {}
    try:
        stands = standing(marker.operator, marker.layers, config["num_layers"])
    except InputError as error:
        raise InputError(f"'layers' in {MARKER} of {name!r} do not fit. {error}") from error
    return {(layer, place_of(marker.operator)): marker.operator for layer in stands}


def load_changed(folder: Path, base: Transformer) -> tuple[Transformer, Graft]:
    """The grafted model of a folder that holds only what the graft changed; the base stays as it is.

    Raises:
        InputError: the base is another one, or the folder is damaged or does not fit; the sentence names the field.
    """
    name = folder.name[:80]
    marker, said = read_graft(folder), _said_config(folder, name)
    if marker is None:
        raise InputError(f"{name!r} has no {MARKER}. A folder of what a graft changed has one.")
    for key in _COUNTS:
        if said[key] != parts(base).config[key]:
            raise InputError(f"{key!r} in {CONFIG} of {name!r} is {said[key]}. The given model has {parts(base).config[key]}.")
    _grafts(marker, said, name)
    if marker.base != hash_of(base):
        raise InputError(f"'base' in {MARKER} of {name!r} is {marker.base[:12]}…, and the model that is given is "
                         f"{hash_of(base)[:12]}…. A graft fits no model but the one that it was made on.")
    return _put(folder, base, marker, name), marker


def _put(folder: Path, base: Transformer, marker: Graft, name: str) -> Transformer:
    """A copy of the base with the graft in place and the changed tensors in it."""
    model = graft(base, marker.operator, marker.layers, seed=marker.seed)
    file = plain_file(folder / CHANGED, name)
    shapes = held_in_file(file, name=name).shapes
    starts = tuple(f"{start}." for start in _starts(marker))
    others = {key: shape for key, shape in _shapes(_own(model)).items() if not key.startswith(starts)}
    check_names(model, others | dict(shapes), name=repr(name))
    tensors = _read(file, name)
    fill_in = {key: value for key, value in model.state_dict().items() if not key.startswith(starts) and not is_copy(key)}
    return fill(model, fill_in | tensors, positions=parts(base).pos_embed.pos_embed, name=repr(name))
