"""What a checkpoint's files hold, read from the headers of its safetensors; no tensor is touched and nothing is unpickled.

A header is 8 bytes of length and that much JSON: name -> dtype, shape and place. A stranger's may claim anything, so lengths are
held against the file's size, places against shapes, and the places must fill the file without gap or overlap, as the format wants
it. Which files count is decided as transformers does it: `model.safetensors`, else those that its index names.
"""

import json
import math
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from worlds.errors import InputError
from worlds.json_text import parse

MAX_HEADER_BYTES = 4_000_000  # a true one has about 130 bytes per tensor, a large model a thousand tensors
MAX_TENSORS = 100_000  # of all shards together
MAX_INDEX_BYTES = 16_000_000
MAX_RANK = 8
MAX_SHARDS = 500
WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
}
_SHARD = re.compile(r"[\w.-]+\.safetensors")  # no folder in front
_FOR_MANY_MACHINES = re.compile(r"shard-\d{5}-model-\d{5}-of-\d{5}\.safetensors")  # transformers would read these instead


@dataclass(frozen=True)
class Held:
    """What all shards of a checkpoint hold together."""

    shapes: Mapping[str, tuple[int, ...]]
    num_bytes: int

    @cached_property
    def parameters(self) -> int:
        """Numbers in all tensors, buffers among them."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @cached_property
    def longest(self) -> int:
        """The longest side of any tensor that holds something."""
        return max((max(shape, default=1) for shape in self.shapes.values() if math.prod(shape)), default=1)

    @cached_property
    def blocks(self) -> Mapping[str, int]:
        """How many different numbers stand at each place of a name: "model.layers" -> 32. Numbers further in front read "*"."""
        found: dict[str, set[str]] = {}
        for name in self.shapes:
            parts = name.split(".")
            stars = ["*" if part.isdecimal() else part for part in parts]
            for place, part in enumerate(parts):
                if part.isdecimal():
                    found.setdefault(".".join(stars[:place]), set()).add(part)
        return {group: len(numbers) for group, numbers in found.items()}


@dataclass(frozen=True)
class Placed:
    """Where one tensor lies in its file.

    Attributes:
        kind: of its numbers, as the format says it: "F32", "BF16".
        start: byte of the file that is its first; `end`: the one after its last.
    """

    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


class Incomplete(InputError):
    """Files of a checkpoint are not where they should be."""


def held_in(folder: Path, *, name: str) -> Held:
    """Return what the shards of a checkpoint's folder hold.

    Args:
        name: what people call the checkpoint; the folder of a hub id is called by a number.
    Raises:
        InputError: there are none, one is missing, or a header is not one of a whole safetensors file.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    num_bytes = 0
    for shard in shards_of(folder, name=name):
        own, size = _header(shard, name)
        shapes |= {tensor: placed.shape for tensor, placed in own.items()}
        num_bytes += size
        if len(shapes) > MAX_TENSORS:
            raise InputError(f"The shards of {name!r} hold more than {MAX_TENSORS:,} tensors. At most so many are read.")
    return Held(shapes, num_bytes)


def held_in_file(file: Path, *, name: str) -> Held:
    """Return what one safetensors file holds. Raises InputError where it is missing, or its header is not one of a whole file."""
    own, size = _header(plain_file(file, name), name)
    return Held({tensor: placed.shape for tensor, placed in own.items()}, size)


def placed_in(file: Path, *, name: str) -> dict[str, Placed]:
    """Return where every tensor of one safetensors file lies, in their order there. Raises InputError as `held_in_file` does."""
    return dict(sorted(_header(plain_file(file, name), name)[0].items(), key=lambda entry: (entry[1].start, entry[1].end)))


def shards_of(folder: Path, *, name: str) -> tuple[Path, ...]:
    """Return the files that hold the weights, in order. Raises InputError where they are missing or lie elsewhere."""
    names = sorted(file.name for file in folder.iterdir())
    if any(_FOR_MANY_MACHINES.fullmatch(file) for file in names):
        raise InputError(f"{name!r} is split for training on several machines. Save it whole, with save_pretrained.")
    if WHOLE in names:
        return (plain_file(folder / WHOLE, name),)
    if INDEX in names:
        return tuple(plain_file(folder / file, name) for file in indexed(folder, name=name))
    raise Incomplete(_no_weights(names, name))


def _no_weights(files: Iterable[str], name: str) -> str:
    endings = {Path(file).suffix for file in files}
    if ".safetensors" in endings:
        return f"{name!r} has no {WHOLE} and no index of its parts. Save it again with save_pretrained."
    found = "only pickled weights" if endings & {".bin", ".pt", ".pth", ".ckpt"} else "no weights"
    return f"{name!r} holds {found}. Save it as safetensors: nothing else is read here."


def indexed(folder: Path, *, name: str) -> list[str]:
    """Return the files that the index names. Raises InputError where one is not a plain .safetensors of this folder."""
    index = read_json(folder / INDEX, name, most_bytes=MAX_INDEX_BYTES)
    files = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(files, dict) or not files or not all(isinstance(file, str) for file in files.values()):
        raise InputError(f"{INDEX} of {name!r} names no files. It must hold a weight_map from tensors to files.")
    shards = sorted(set(files.values()))
    if len(shards) > MAX_SHARDS:
        raise InputError(f"{INDEX} of {name!r} names {len(shards):,} files. At most {MAX_SHARDS} are read.")
    outside = next((file for file in shards if not _SHARD.fullmatch(file)), None)
    if outside is not None:
        raise InputError(f"{INDEX} of {name!r} names {outside[:80]!r}. It may name .safetensors files of its own folder only.")
    return shards


def read_json(file: Path, name: str, *, most_bytes: int) -> object:
    """Return the value of a JSON file of the checkpoint `name`. Raises InputError where it is none, too large or too deep."""
    what = f"{file.name} of {name!r}"
    size = plain_file(file, name).stat().st_size
    if size > most_bytes:
        raise InputError(f"{what} has {size / 1e6:,.1f} MB. At most {most_bytes / 1e6:g} MB are read.")
    try:
        return parse(file.read_bytes(), what=what, allows_nan=True)
    except json.JSONDecodeError as error:
        raise InputError(f"{what} is not JSON (line {error.lineno}). Save the model again with save_pretrained.") from error


def plain_file(file: Path, name: str) -> Path:
    """Return the file itself. Raises InputError where it is none: a pipe, for one, would be waited for without end."""
    try:
        mode = file.stat().st_mode
    except OSError as error:
        raise Incomplete(f"{file.name[:80]!r} of {name!r} is missing. The folder must be complete.") from error
    if not stat.S_ISREG(mode):
        raise InputError(f"{file.name[:80]!r} of {name!r} is no plain file. Copy the file itself.")
    return file


def _header(file: Path, name: str) -> tuple[dict[str, Placed], int]:
    """Return where every tensor of a file lies, and the file's size in bytes."""
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
                raise ValueError(f"it claims a header of {length:,} bytes and has {size:,} in all")
            header = parse(opened.read(length), what="its header", max_depth=4)
        return _placed(header, 8 + length, size), size
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # InputError and JSONDecodeError are ValueErrors
        what = repr(name) if name.endswith(".safetensors") else f"{file.name!r} of {name!r}"  # its owner's name, of one file alone
        raise InputError(f"{what} is not a readable safetensors file: {str(error)[:160].rstrip('.')}. "
                         "Save or copy it again.") from error


def _placed(header: dict[str, Any], first: int, size: int) -> dict[str, Placed]:  # Any: JSON
    """Return where the tensors of a header lie, from byte `first` of `size`.

    Raises: ValueError, TypeError or KeyError for a wrong one.
    """
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        shape, (start, end) = tuple(entry["shape"]), entry["data_offsets"]
        if len(shape) > MAX_RANK or not all(type(number) is int and number >= 0 for number in (*shape, start, end)):
            raise ValueError(f"{name[:80]!r} has the shape {str(shape)[:80]}")
        if (end - start) * 8 != math.prod(shape) * _BITS[entry["dtype"]]:
            raise ValueError(f"{name[:80]!r} claims {str(shape)[:80]} in {end - start} bytes")
        found[name] = Placed(entry["dtype"], shape, first + start, first + end)
    reached = first
    for start, end in sorted((placed.start, placed.end) for placed in found.values()):
        if start != reached:
            raise ValueError(f"a gap or an overlap at byte {start - first}")
        reached = end
    if reached != size:
        raise ValueError(f"its tensors take {reached - first:,} bytes, and {size - first:,} are there")
    return found
