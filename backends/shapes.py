"""What the arrays in a result are: said in the type of their field, checked whenever a result is made or opened.

    class Gazes(Shaped):
        maps: Annotated[np.ndarray, floats("layers", "tokens", low=0)]  # attention, mean over heads
        answers: Annotated[tuple[str, ...], length("alphas")]
        num_layers: Annotated[int, length("layers")]

An axis has one length in a model and in everything that the model holds; one of its `own_axes` has it in that model only, as
the frames of one grid of many. So what draws a result may index one field by another's length. A plain frozen dataclass inside a
result is held to its types too, so that a backend's own mathematics can be saved as it is; `CHECKED` has that done where a result
is made, and not only where one is opened. Not here: what is in a file.
"""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import pairwise
from math import inf
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from worlds.pictures import SHOWN_SIDE_PX, jpeg_size

MAX_ITEMSIZE = 8  # bytes; wider numbers are no JSON, and no browser's

Finite = Annotated[float, Field(allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=-1e-6, le=1 + 1e-6)]  # 0..1; an F1 may be off by rounding
Seconds = Annotated[float, Field(ge=0, le=1e8)]  # three years
Count = Annotated[int, Field(ge=0, le=10**12)]

CHECKED = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, revalidate_instances="always")
"""The `__pydantic_config__` of a dataclass that is checked whenever a result takes it in."""


class Frozen(BaseModel):
    """A part of a result."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Shaped(Frozen):
    """A part of a result whose fields have to fit together."""

    own_axes: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        axes_of(self)
        return self


@dataclass(frozen=True)
class _Shape:
    """The dtype, the axes and the range of an array; an axis is a name, or a number of entries."""

    kinds: str  # of NumPy's dtypes
    axes: tuple[str | int, ...]
    low: float = -inf
    high: float = inf
    may_be_nan: bool = False
    total: float | None = None  # what all add up to

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, array: np.ndarray | None) -> np.ndarray | None:
        if array is None:
            return None
        is_kind = array.dtype.kind in self.kinds and array.dtype.itemsize <= MAX_ITEMSIZE
        fits = len(array.shape) == len(self.axes) and all(size > 0 and axis in (size, str(axis))
                                                          for axis, size in zip(self.axes, array.shape))
        if not is_kind or not fits:
            raise ValueError(f"it holds {array.dtype} of shape {array.shape}; due is {self._words()}")
        if array.dtype.kind == "f" and not self.may_be_nan and not np.isfinite(array).all():
            raise ValueError("it holds numbers that are not finite")
        if array.dtype.kind != "b" and ((array < self.low).any() or (array > self.high).any()):
            raise ValueError(f"it holds numbers from {array.min()} to {array.max()}; due are {self.low:g} to {self.high:g}")
        if self.total is not None and abs(float(array.sum()) - self.total) > 1e-3:
            raise ValueError(f"it adds up to {array.sum()}; due is {self.total:g}")
        return array

    def _words(self) -> str:
        kind = {"f": "fractions", "iu": "whole numbers", "b": "truth values"}[self.kinds]
        return f"{kind} by {' x '.join(map(str, self.axes))}"


@dataclass(frozen=True)
class _Length:
    axis: str


@dataclass(frozen=True)
class _Jpeg:
    """Marks a picture as this app writes them; whether it can be decoded is asked where a file is opened."""

    side_px: int

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, jpeg: np.ndarray | None) -> np.ndarray | None:
        if jpeg is None:
            return None
        if jpeg.dtype != np.uint8 or jpeg.ndim != 1:
            raise ValueError(f"it holds {jpeg.dtype} of shape {jpeg.shape}; due are the bytes of a JPEG")
        if max(size := jpeg_size(jpeg.tobytes())) > self.side_px:
            raise ValueError(f"it has {size[0]} x {size[1]} pixels; at most {self.side_px} on a side are due")
        return jpeg


def floats(*axes: str | int, low: float = -inf, high: float = inf, may_be_nan: bool = False, total: float | None = None) -> _Shape:
    """Fractions; finite unless they `may_be_nan`."""
    return _Shape("f", axes, low, high, may_be_nan, total)


def wholes(*axes: str | int, low: float = 0, high: float = inf) -> _Shape:
    """Whole numbers, none below 0 unless said otherwise."""
    return _Shape("iu", axes, low, high)


def truths(*axes: str | int) -> _Shape:
    """Truth values."""
    return _Shape("b", axes)


def length(axis: str) -> _Length:
    """A number that is an axis' length, or a tuple that has it."""
    return _Length(axis)


def jpeg(*, side_px: int = SHOWN_SIDE_PX) -> _Jpeg:
    """The bytes of a picture, (bytes,) uint8, with at most so many pixels on its longer side."""
    return _Jpeg(side_px)


def axes_of(model: Any) -> dict[str, tuple[int, str]]:  # Any: a model or a dataclass
    """Return every axis in a model or dataclass and in what it holds: its length, and the field that says so.

    Raises:
        ValueError: two fields give one axis different lengths.
    """
    found: dict[str, tuple[int, str]] = {}
    for name, metadata in _marks(model.__class__).items():
        value = getattr(model, name)
        for axis, size in (*_own(value, metadata), *_held(value)):
            known, by = found.setdefault(axis, (size, name))
            if known != size:
                raise ValueError(f"{by} has {known} {axis}, {name} has {size}")
    return found


@cache
def _marks(kind: Any) -> dict[str, tuple[object, ...]]:  # Any: as of `axes_of`
    """What the type of each field says beside the type."""
    if issubclass(kind, BaseModel):
        return {name: tuple(field.metadata) for name, field in kind.model_fields.items()}
    hints = get_type_hints(kind, include_extras=True)
    return {entry.name: getattr(hints[entry.name], "__metadata__", ()) for entry in fields(kind)}


def _own(value: object, metadata: tuple[object, ...]) -> Iterator[tuple[str, int]]:
    for mark in metadata:
        if isinstance(mark, _Shape) and isinstance(value, np.ndarray):
            yield from ((axis, size) for axis, size in zip(mark.axes, value.shape) if isinstance(axis, str))
        elif isinstance(mark, _Length) and isinstance(value, int | Sized):
            yield mark.axis, value if isinstance(value, int) else len(value)


def _held(value: object) -> Iterator[tuple[str, int]]:
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, Shaped) or is_dataclass(part):
            own = getattr(part, "own_axes", ())
            yield from ((axis, size) for axis, (size, _) in axes_of(part).items() if axis not in own)


def jpegs_of(model: Any) -> Iterator[np.ndarray]:  # Any: as of `axes_of`
    """Yield every picture in a model or dataclass and in what it holds."""
    for name, metadata in _marks(model.__class__).items():
        value = getattr(model, name)
        if value is not None and any(isinstance(mark, _Jpeg) for mark in metadata):
            yield value
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel) or is_dataclass(part):
                yield from jpegs_of(part)


def at_most(count: int, *, least: int = 0) -> FieldInfo:
    """How many entries a tuple has. A file may hold a million wrong ones: only the first is told, each would be kept."""
    return Field(min_length=least, max_length=count, fail_fast=True)


def one_of(*choices: object) -> AfterValidator:
    """A text among those of some Literals, where code hands it on as plain text."""
    known = frozenset(text for choice in choices for text in get_args(choice))

    def checked(text: str) -> str:
        if text not in known:
            raise ValueError(f"it is {text[:40]!r}; one of {', '.join(sorted(known))} is due")
        return text

    return AfterValidator(checked)


def check_rising(values: Iterable[float], what: str) -> None:
    """Raise ValueError where two are equal or out of order: pages make one widget of each, and a slider of all."""
    ordered = list(values)
    if any(second <= first for first, second in pairwise(ordered)):
        raise ValueError(f"{what} do not rise")
