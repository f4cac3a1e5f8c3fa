"""Attention logits as the released code dumps them, rescaled at every alpha without a model.

`diff_<layer>_start<s>_end<e>.npy` holds (1, heads, keys) raw logits of the last prompt token with the mask added, columns s to e
the picture. Each layer is rescaled by itself: what a change in one layer does to the next is not in the file. And a second pass
overwrites the first: deeper layers may be those of a pass that was scaled already.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from backends.adaptvis.look import branch_of, jpeg
from backends.adaptvis.results import MAX_HEADS, MAX_LAYERS, MAX_TOKENS, AtAlpha, LayerReads, Looked
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.wiring import alphas_of
from backends.files.archive import Files
from backends.files.arrays import read_array
from backends.files.rows import counted
from worlds.errors import InputError

NAME = re.compile(r"diff_(\d{1,3})_start(\d{1,6})_end(\d{1,6})\.npy")  # decoding steps have -1: they are not read
MAX_VALUES = 50_000_000
_HIDDEN = -1e30  # masks are the least number of their type
_GREY = np.full((384, 384, 3), 200, np.uint8)


def is_dump(files: Files) -> bool:
    return any(NAME.fullmatch(PurePosixPath(name).name) for name in files.names)


def read_dump(files: Files, settings: AdaptVisSettings) -> tuple[Looked, tuple[str, ...]]:
    """Return maps and masses at every alpha; there is no picture, no question and no answer in a dump.

    Raises:
        InputError: the layers do not fit together, or one cannot be read.
    """
    names, notes = _of_one_question(files)
    layers, columns = _layers(files, names, notes)
    at = tuple(_at(layers, columns, alpha) for alpha in alphas_of(settings))
    plain = _probabilities(layers, columns, 1.0)[..., columns]
    count = int(columns.sum())
    looked = Looked(
        picture_jpeg=jpeg(_GREY), size=(_GREY.shape[1], _GREY.shape[0]), token_boxes=_squares(count), question="", options=(),
        right=None, true_boxes=(), at=at, head_maps=plain.astype(np.float32), branch=branch_of(at, settings), num_layers=len(layers),
        num_heads=layers.shape[1])
    return looked, ("Read from logit dumps: no model was run, so there is no picture, no answer and no confidence.",
                    "Every layer is rescaled by itself; what one layer's change does to the next is not in a dump.", *notes)


def _of_one_question(files: Files) -> tuple[list[str], list[str]]:
    """Return the dumps of one question, which the released code writes into a folder of its own, and what is passed over."""
    folders: dict[str, list[str]] = {}
    for name in files.names:
        if NAME.fullmatch(PurePosixPath(name).name):
            folders.setdefault(str(PurePosixPath(name).parent), []).append(name)
    first = min(folders, key=lambda folder: (len(PurePosixPath(folder).name), folder))  # folders are numbered: 9 before 10
    notes = [] if len(folders) == 1 else [f"Dumps of {len(folders)} questions are there; those in {first[-80:]!r} were read."]
    rest = len(files.names) - sum(map(len, folders.values()))
    if rest:
        notes.append(f"Passed over, because they are no dumps of a prompt's last row: {counted(rest, 'file')}.")
    return folders[first], notes


def _layers(files: Files, names: Sequence[str], notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return (layers, heads, keys) logits in order, and (keys,) bool image columns."""
    found: dict[int, np.ndarray] = {}
    places = set()
    for name in names[:MAX_LAYERS]:
        layer, *place = map(int, NAME.fullmatch(PurePosixPath(name).name).groups())  # type: ignore[union-attr]
        found[layer] = _array(files.read(name), name)
        places.add(tuple(place))
    shapes = {layer.shape for layer in found.values()}
    if len(shapes) != 1 or len(places) != 1:
        raise InputError(f"The dumps have {len(shapes)} shapes and {len(places)} places of the picture. All layers of one question "
                         "must be alike: bring one question's files.")
    (start, end), keys = places.pop(), shapes.pop()[1]
    if not start <= end < keys:
        raise InputError(f"The picture is said to stand at {start} to {end} of {keys} tokens. It must lie inside the prompt.")
    heads, tokens = len(next(iter(found.values()))), end - start + 1
    if heads > MAX_HEADS or tokens > MAX_TOKENS:
        raise InputError(f"The dumps hold {heads:,} heads and {tokens:,} image tokens. At most {MAX_HEADS} heads and {MAX_TOKENS:,} "
                         "tokens are drawn.")
    if sorted(found) != list(range(len(found))):
        notes.append(f"Layers are missing: of 0 to {max(found)} only {len(found)} are there, and they are numbered in their order.")
    places_of = np.arange(keys)
    return np.stack([found[layer] for layer in sorted(found)]), (places_of >= start) & (places_of <= end)


def _array(content: bytes, name: str) -> np.ndarray:
    """Return (heads, keys)."""
    values = read_array(content, what=repr(PurePosixPath(name).name[:80]))
    is_row = values.ndim == 3 and len(values) == 1 and values.dtype.kind == "f"
    if not is_row or not 0 < values.size <= MAX_VALUES or np.isnan(values).any():
        raise InputError(f"{name[:80]!r} is no row of logits. It must be (1, heads, keys) numbers.")
    return np.asarray(values[0], np.float64)


def _probabilities(layers: np.ndarray, columns: np.ndarray, alpha: float) -> np.ndarray:
    """Return (layers, heads, keys) after scaling; a hidden key stays hidden at every alpha."""
    seen = layers > _HIDDEN
    scaled = np.where(seen, np.where(columns, alpha * np.where(seen, layers, 0), layers), -np.inf)
    weights = np.exp(scaled - scaled.max(-1, keepdims=True))
    found: np.ndarray = weights / weights.sum(-1, keepdims=True)
    return found


def _at(layers: np.ndarray, columns: np.ndarray, alpha: float) -> AtAlpha:
    nothing = float("nan")
    probabilities = _probabilities(layers, columns, alpha)
    image = probabilities[..., columns]
    mass = image.sum(-1)  # (layers, heads)
    share = image / np.maximum(mass, 1e-30)[..., None]
    entropy = -(share * np.log(np.maximum(share, 1e-30))).sum(-1)
    seen = (layers > _HIDDEN).all((0, 1))
    first = int(np.flatnonzero(seen & ~columns)[0]) if (seen & ~columns).any() else 0
    at_first = probabilities[..., first]
    reads = LayerReads(image_mass=mass.mean(-1), text_mass=(1 - mass - at_first).clip(min=0).mean(-1), first_mass=at_first.mean(-1),
                       entropy=entropy.mean(-1), image_logit=layers[..., columns].mean((1, 2)), box_auroc=None)
    return AtAlpha(alpha=alpha, text="", confidence=nothing, probabilities=(), is_right=None, maps=image.mean(1).astype(np.float32),
                   reads=reads)


def _squares(count: int) -> np.ndarray | None:
    """Return (image tokens, 4) where the tokens fill a square, as LLaVA-1.5's 24 x 24 do."""
    side = round(count**0.5)
    if side * side != count:
        return None
    y, x = np.divmod(np.arange(count), side)
    return np.stack([x, y, x + 1, y + 1], axis=1) / side
