"""A checkpoint whose tensors are read one at a time: a folder of `save_pretrained`, or an official file of the language model alone.

A tensor is read with plain reads and not through a mapping of the file, so that what was read does not stay in this process's memory.
The official code writes `merged_model_0.9.pth`, a pickle, which is opened as every official pickle is: as weights only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from models.checking import check_config, check_files, read_config
from models.diffusion.pickled import weights_in
from models.shards import INDEX, MAX_INDEX_BYTES, WHOLE, Placed, held_in, placed_in, read_json, shards_of
from worlds.errors import InputError

PICKLES = (".pth", ".pt")
KINDS: Mapping[str, torch.dtype] = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""Kinds of numbers that can be merged, as safetensors call them."""
_CALLED = {dtype: kind for kind, dtype in KINDS.items()}


class Source(Protocol):
    """Where tensors of one model are read from."""

    @property
    def name(self) -> str:
        """What its owner calls it."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Of every tensor."""

    def kind(self, tensor: str) -> str:
        """Of its numbers, as safetensors say it: "BF16"."""

    def read(self, tensor: str) -> Tensor:
        """Return one tensor, which is the caller's."""


@dataclass(frozen=True)
class Folder:
    """A checkpoint as `save_pretrained` writes it, checked as far as its headers and its config tell.

    Attributes:
        config: its config.json.
        shards: where every tensor lies, by file, in the order of the bytes.
    """

    path: Path
    name: str
    config: Mapping[str, object]
    shards: Mapping[Path, Mapping[str, Placed]]
    shapes: Mapping[str, tuple[int, ...]]
    files: Mapping[str, Path]  # that each tensor is in

    def kind(self, tensor: str) -> str:
        """As of `Source`."""
        return self.shards[self.files[tensor]][tensor].kind

    def read(self, tensor: str) -> Tensor:
        """As of `Source`."""
        placed = self.shards[self.files[tensor]][tensor]
        with self.files[tensor].open("rb", buffering=0) as file:
            return read_at(file, placed)


@dataclass(frozen=True)
class Official:
    """A language model's weights in one file of the official code."""

    path: Path
    name: str
    weights: Mapping[str, Tensor]

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """As of `Source`."""
        return {name: tuple(tensor.shape) for name, tensor in self.weights.items()}

    def kind(self, tensor: str) -> str:
        """As of `Source`."""
        return _CALLED.get(self.weights[tensor].dtype, str(self.weights[tensor].dtype).removeprefix("torch."))

    def read(self, tensor: str) -> Tensor:
        """As of `Source`; a copy, for the file is mapped."""
        return self.weights[tensor].clone()


def read_at(file: FileIO, placed: Placed) -> Tensor:
    """Return the tensor that lies there in an open file.

    Raises:
        InputError: the file has become shorter since its header was read.
    """
    dtype = KINDS[placed.kind]
    if placed.start == placed.end:
        return torch.empty(placed.shape, dtype=dtype)
    buffer = bytearray(placed.end - placed.start)
    view, done = memoryview(buffer), 0
    file.seek(placed.start)
    while done < len(buffer):  # one read brings 2 GB at most
        count = file.readinto(view[done:])
        if not count:
            raise InputError("A file of the checkpoint has become shorter while it was read. Copy it again.")
        done += count
    return torch.frombuffer(buffer, dtype=dtype).reshape(placed.shape)


def open_source(path: Path, *, name: str = "") -> Folder | Official:
    """Return a checkpoint that can be read tensor by tensor.

    Args:
        name: what its owner calls it, where that is not the name of the folder or file.
    Raises:
        InputError: it is missing, damaged or incomplete, wants to run code, or claims more than it holds.
    """
    name = name or path.name
    if path.suffix in PICKLES and not path.is_dir():
        return Official(path, name, weights_in(path, called=name))
    return open_folder(path, name=name)


def open_folder(path: Path, *, name: str = "") -> Folder:
    """Return a checkpoint's folder. Raises InputError as `open_source` does."""
    name = name or path.name
    if not path.is_dir():
        raise InputError(f"There is no folder {name[:80]!r}. Name one that save_pretrained has written, or a .pth of the "
                         "official code.")
    config, held = read_config(path, name=name), held_in(path, name=name)
    shards = {shard: placed_in(shard, name=name) for shard in shards_of(path, name=name)}
    files = {tensor: shard for shard, tensors in shards.items() for tensor in tensors}
    _check_index(path, name, files)
    check_config(config, held, name=name)
    check_files(path, name=name)
    return Folder(path, name, config, shards, held.shapes, files)


def _check_index(path: Path, name: str, files: Mapping[str, Path]) -> None:
    """An index that names tensors which no file holds is one of a download that was not finished."""
    if (path / WHOLE).exists() or not (path / INDEX).exists():
        return
    index = read_json(path / INDEX, name, most_bytes=MAX_INDEX_BYTES)
    due = index["weight_map"] if isinstance(index, dict) else {}
    lost = [tensor for tensor, file in due.items() if tensor not in files or files[tensor].name != file]
    if lost:
        raise InputError(f"{INDEX} of {name!r} places {len(lost):,} tensors where they are not, {lost[0][:80]!r} first. "
                         "Fetch the folder again.")
