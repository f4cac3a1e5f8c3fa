"""Weights out of the official `.pt` files, which are pickled; nowhere else in the house is a stranger's pickle opened.

The exception is narrow. A pickle is a program: it names functions and has them called. Before torch sees it, its operations are
read as data, and a file that names anything but tensors, their storages, an ordered dict and the `argparse.Namespace` of the
training's arguments is refused. Then torch loads it as weights only, mapped into memory, so that optimiser states are never read.
"""

import pickle
import pickletools
import struct
import threading
import zipfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from models.shards import plain_file
from worlds.errors import InputError

KEYS = ("ema", "model")  # what is looked for, in this order; else the file itself is the weights
MAX_PICKLE_BYTES = 4_000_000  # one of DiT-XL/2 with optimiser has 0.2 MB; tensors lie beside it
MAX_TUPLES = 100_000  # four per tensor; a deep nest of them would break the interpreter
MAX_WRITTEN_OUT = 1_000  # entries of one tuple, with all that is in it; a tensor's has 20
MAX_PARTS = 100_000
ALLOWED = frozenset({
    "collections OrderedDict", "argparse Namespace", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
    *(f"torch {kind}Storage" for kind in ("Float", "Half", "BFloat16", "Double", "Long", "Int", "Short", "Char", "Byte", "Bool")),
})
_lock = threading.Lock()  # torch's list of allowed names is one for the process


def weights_in(file: Path, *, called: str = "") -> dict[str, Tensor]:
    """The tensors of a pickled checkpoint, by name; they stay on disk until they are copied.

    Args:
        called: what its owner calls the file, where it lies under another name.
    Raises:
        InputError: it wants to run code, is damaged or of torch before 1.6, or holds no weights.
    """
    called = called or file.name
    name = repr(called[:80])
    plain_file(file, called)
    _check(file, name)
    try:
        with _lock, torch.serialization.safe_globals([Namespace]):
            content = torch.load(str(file), map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OSError,
            AssertionError, OverflowError) as error:
        raise InputError(f"{name} cannot be read as weights: it is damaged. Copy it again, or save it as safetensors.") from error
    return dict(_tensors(content, name))


def _check(file: Path, name: str) -> None:
    """Read the pickle's operations without running them."""
    try:
        with zipfile.ZipFile(file) as packed:
            entries = packed.infolist()
            pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
            names = {entry.filename for entry in entries}
            if len(pickles) != 1 or not len(entries) == len(names) <= MAX_PARTS or any(entry.compress_type for entry in entries):
                raise InputError(f"{name} is not as torch.save writes it. Save it again, or as safetensors.")
            if pickles[0].file_size > MAX_PICKLE_BYTES:
                raise InputError(f"{name} holds a pickle of {pickles[0].file_size / 1e6:,.1f} MB. At most "
                                 f"{MAX_PICKLE_BYTES / 1e6:g} MB are read.")
            _check_operations(packed.read(pickles[0]), name)
    except InputError:
        raise
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, OverflowError,
            struct.error) as error:
        raise InputError(f"{name} is no whole file of torch.save. Copy it again; save those of torch before 1.6 anew.") from error


def _check_operations(content: bytes, name: str) -> None:
    tuples, sizes = 0, _Sizes()
    try:
        for operation, argument, _place in pickletools.genops(content):
            tuples += "TUPLE" in operation.name
            sizes.follow(operation, argument)
            if sizes.largest > MAX_WRITTEN_OUT:
                raise InputError(f"{name} holds a tuple of more than {MAX_WRITTEN_OUT:,} entries. A checkpoint of tensors has none.")
            if operation.name == "GLOBAL" and argument not in ALLOWED:
                raise _refusal(name, str(argument))
            if operation.name in ("INST", "OBJ", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4", "NEWOBJ_EX"):
                raise _refusal(name, str(argument or operation.name))
    except InputError:
        raise
    except (ValueError, IndexError, KeyError, UnicodeDecodeError) as error:
        raise InputError(f"{name} holds a damaged pickle. Copy it again, or save it as safetensors.") from error
    if tuples > MAX_TUPLES:
        raise InputError(f"{name} holds {tuples:,} tuples. A checkpoint has at most {MAX_TUPLES:,}.")


class _Sizes:
    """How large each value of a pickle would be, written out: forty tuples of the one before, twice, are 400 bytes and would be
    hashed, as the key of a dict, until the sun is cold, with the interpreter held."""

    def __init__(self) -> None:
        self.largest = 0
        self._stack: list[int | None] = []  # None where a mark is
        self._memo: dict[object, int] = {}

    def follow(self, operation: pickletools.OpcodeInfo, argument: object) -> None:
        """Do to the sizes what an operation does to the values. Raises IndexError or KeyError where there are none."""
        if operation.name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._memo[len(self._memo) if argument is None else argument] = self._stack[-1] or 0
        elif operation.name in ("GET", "BINGET", "LONG_BINGET"):
            self._stack.append(self._memo[argument])
        else:
            taken = sum(self._take(operation.stack_before))
            size = 1 + taken if "TUPLE" in operation.name else 1
            self.largest = max(self.largest, size)
            self._stack += [None if each is pickletools.markobject else size for each in operation.stack_after]

    def _take(self, kinds: list[pickletools.StackObject]) -> Iterator[int]:
        """Take off what an operation takes, from the top: down to the mark where it takes all above one."""
        for kind in reversed(kinds):
            if kind is pickletools.stackslice:
                while self._stack[-1] is not None:
                    yield self._stack.pop() or 0
            else:
                yield self._stack.pop() or 0


def _refusal(name: str, called: str) -> InputError:
    return InputError(f"{name} wants to run {called.replace(' ', '.')[:80]!r} when it is opened, so it is not. Of pickles only "
                      "tensors and an argparse.Namespace are read; save it as safetensors.")


def _tensors(content: object, name: str) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of the weights; each has all its numbers in the file."""
    weights = next((content[key] for key in KEYS if isinstance(content, dict) and isinstance(content.get(key), dict)), content)
    if not isinstance(weights, dict) or not weights:
        raise InputError(f"{name} holds no weights. They are looked for under 'ema', then 'model', then in the file itself.")
    for key, value in weights.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise InputError(f"{name} holds a {type(value).__name__} under {str(key)[:80]!r}. Weights are tensors, by name.")
        if not value.is_contiguous() or value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise InputError(f"{key[:80]!r} of {name} claims {tuple(value.shape)} and has less. Save it anew.")
        yield key, value.detach()
