"""What equal runs have in common, and the results that are kept for whoever asks the same again.

A run that reads nothing of its session's own is equal to another with the same settings of the same system by the same code.
Its result is held once, by reference, for all who asked: its arrays are made read-only, so that nobody changes what others see.
As many results are kept as fit into a number of bytes; those that nobody asked for longest go first.
"""

import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256

import numpy as np
from pydantic import BaseModel

from backends.knobs import UPLOAD
from backends.made import PREFIX
from backends.run import Inputs, Result, Settings, code_version

KEPT_MB = 256  # of results, over all sessions

Key = tuple[str, str, str]  # system, digest of the settings, code version


def key_of(system: str, settings: Settings, inputs: Inputs) -> Key | None:
    """Return what equal runs have in common; None where the settings name, or may name, something of their session."""
    if settings.named_results():
        return None
    for text in _texts(settings.model_dump(mode="json")):
        if text.startswith((UPLOAD, PREFIX)) or any(name in text for name in inputs.files):
            return None
    return system, sha256(settings.model_dump_json().encode()).hexdigest(), code_version()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _texts(entry)


def settle(result: Result) -> int:
    """Make every array of a result read-only and return how many bytes it takes, about."""
    return _settle(result, set())


def _settle(value: object, counted: set[int]) -> int:
    if id(value) in counted:
        return 0
    counted.add(id(value))
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
        if not isinstance(value.base, np.ndarray):
            return value.nbytes
        known = id(value.base) in counted
        counted.add(id(value.base))
        return 0 if known else value.base.nbytes  # a view holds all that it was cut from
    return sys.getsizeof(value) + sum(_settle(part, counted) for part in _parts(value))


def _parts(value: object) -> list[object]:
    if isinstance(value, BaseModel):
        return list(vars(value).values())
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, tuple | list | set | frozenset) else []


class Kept:
    """Finished results by what was asked. Whoever uses it holds a lock.

    Args:
        limit_mb: what all results together may take; one that is larger is not kept, with 0 none is.
    """

    def __init__(self, limit_mb: float = KEPT_MB) -> None:
        self._limit = limit_mb * 1e6
        self._results: OrderedDict[Key, tuple[Result, int]] = OrderedDict()  # the one that was asked for last is last
        self.num_bytes = 0

    def get(self, key: Key | None) -> Result | None:
        if key is None or key not in self._results:
            return None
        self._results.move_to_end(key)
        return self._results[key][0]

    def add(self, key: Key, result: Result, num_bytes: int) -> None:
        if num_bytes > self._limit:
            return
        _, before = self._results.pop(key, (None, 0))
        self._results[key] = (result, num_bytes)
        self.num_bytes += num_bytes - before
        while self.num_bytes > self._limit:
            _, (_, freed) = self._results.popitem(last=False)
            self.num_bytes -= freed
