"""Saved runs as somebody may send them: one changed a little, in a way that a seed draws, and what opening and drawing it takes.

A mutation damages the bytes, the zip, the JSON or an array. Most are small, so that many still open: then everything that a page
draws of a result is drawn. Nothing else than an `InputError` of one sentence may come out.
"""

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Files = dict[str, bytes]
Random = np.random.Generator

DEEP = json.loads("[" * 20 + "]" * 20)
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 1e30, -1e30, 1e-300, 0.5, float("nan"), float("inf"), -float("inf"), 10**15, 10**400, "", "x",
    "0", "nan", "<a href=x>", "a" * 200_001, "alpha1 1.2.3", [], [[]], [0], [-1], [1e30], [None], [""], {}, {"": 0}, {"$array": 0},
    {"$array": 10**6}, {"$array": [0]}, DEEP)
NEARBY: tuple[Callable[[Any], Any], ...] = (
    lambda value: value * 10, lambda value: -value, lambda value: value + 1, lambda value: value - 1, lambda value: value / 2,
    lambda value: float(value), lambda value: int(value))


def mutations(content: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` changed files, each with the name of its change."""
    for number in range(count):
        random = np.random.default_rng([seed, number])
        change = CHANGES[number % len(CHANGES)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's and zipfile's, about what is done here on purpose
            yield f"{change.__name__} {number}", change(content, random)


def opened(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Files, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _place(random: Random, length: int) -> int:
    return int(random.integers(0, max(1, length)))


def flip_bytes(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(int(random.integers(1, 20))):
        changed[_place(random, len(changed))] = int(random.integers(256))
    return bytes(changed)


def cut_off(content: bytes, random: Random) -> bytes:
    return content[:_place(random, len(content))]


def change_entries(content: bytes, random: Random) -> bytes:
    """Swap, rename, drop, add, cut, double or pack the entries in another way."""
    files = opened(content)
    names = list(files)
    first, second = (names[_place(random, len(names))] for _ in range(2))
    way = int(random.integers(7))
    if way == 0:
        files[first], files[second] = files[second], files[first]
    elif way == 1:
        return packed({(f"{name}x" if name == first else name): text for name, text in files.items()})
    elif way == 2:
        del files[first]
    elif way == 3:
        files[("arrays/99999.npy", "../x", "result.json.bak")[_place(random, 3)]] = files[first]
    elif way == 4:
        files[first] = files[first][:_place(random, len(files[first]))]
    elif way == 5:
        return packed(files, (zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)[_place(random, 3)])
    else:
        buffer = io.BytesIO(packed(files))
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr(first, files[second])
        return buffer.getvalue()
    return packed(files)


def change_value(content: bytes, random: Random) -> bytes:
    """Put something else in the place of one value, whatever it was."""
    return _with_document(content, lambda document: _at_random(document, random, lambda _: HOSTILE[_place(random, len(HOSTILE))]))


def change_number(content: bytes, random: Random) -> bytes:
    """Move one number a little, or double a list's entry, or change a text's letters: what may still be opened."""
    return _with_document(content, lambda document: _at_random(document, random, lambda value: _nearby(value, random)))


def change_several(content: bytes, random: Random) -> bytes:
    def change(document: Any) -> None:
        for _ in range(int(random.integers(2, 6))):
            _at_random(document, random, lambda value: _nearby(value, random))

    return _with_document(content, change)


def _nearby(value: Any, random: Random) -> Any:
    if isinstance(value, bool) or value is None:
        return (True, False, None)[_place(random, 3)]
    if isinstance(value, int | float):
        way = NEARBY[_place(random, len(NEARBY))]
        try:
            return way(value)
        except (OverflowError, ValueError):  # of NaN and infinite ones there is no whole number
            return 0
    if isinstance(value, str):
        return (value[:-1], value + value, value.upper(), value[::-1], f"<b>{value}</b>", f"[{value}](x)")[_place(random, 6)]
    if isinstance(value, list) and value:
        place = _place(random, len(value))
        return ([*value, value[place]], value[:place], value[place:], value[::-1], value[:1] * 300, [])[_place(random, 6)]
    return value


def change_keys(content: bytes, random: Random) -> bytes:
    """Drop a key, add one, or exchange the values of two."""
    def change(document: Any) -> None:
        own = [value for value in _containers(document) if isinstance(value, dict) and value]
        chosen = own[_place(random, len(own))]
        keys = list(chosen)
        first, second = (keys[_place(random, len(keys))] for _ in range(2))
        way = int(random.integers(3))
        if way == 0:
            del chosen[first]
        elif way == 1:
            chosen[f"{first}_"] = chosen[first]
        else:
            chosen[first], chosen[second] = chosen[second], chosen[first]

    return _with_document(content, change)


def bloat(content: bytes, random: Random) -> bytes:
    """Put lists without end, or without bottom, into the text."""
    text = opened(content)["result.json"]
    filling = (b"[]," * 1_000_000, b"[" * 1000 + b"]" * 1000 + b",", b'{"":' * 5000, b"0," * 3_100_000)[_place(random, 4)]
    place = text.find(b"[", _place(random, len(text) // 2)) + 1
    return packed(opened(content) | {"result.json": text[:place] + filling + text[place:]})


def change_array(content: bytes, random: Random) -> bytes:
    """Empty, reshape, retype or overwrite an array; of a picture, its bytes. Without arrays, a value."""
    files = opened(content)
    name = _an_array(files, random)
    if name is None:
        return change_value(content, random)
    files[name] = _npy(_changed(np.load(io.BytesIO(files[name])), random))
    return packed(files)


def lie_in_a_header(content: bytes, random: Random) -> bytes:
    """An array whose header claims another size than there is. Without arrays, a value."""
    files = opened(content)
    name = _an_array(files, random)
    if name is None:
        return change_value(content, random)
    shape = ("(1000000, 1000000)", "(0,)", "(-1,)", "(9999999999999999999999,)", "()", "(1,)", "[3]", "((3,),)")[_place(random, 8)]
    kind = ("<f8", "|O", "|b1", "<U9999999", "<i8", "|V8", "<c16", "<M8[s]")[_place(random, 8)]
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    files[name] = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + files[name][128:]
    return packed(files)


def _an_array(files: dict[str, bytes], random: Random) -> str | None:
    names = [name for name in files if name.endswith(".npy")]
    return names[_place(random, len(names))] if names else None


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _changed(array: np.ndarray, random: Random) -> np.ndarray:
    ways: tuple[Callable[[], np.ndarray], ...] = (
        lambda: array[:0], lambda: array[..., :0], lambda: array[None], lambda: array.reshape(-1), lambda: array[:1],
        lambda: np.concatenate([array, array]), lambda: array[::-1], lambda: np.zeros_like(array), lambda: np.ones_like(array),
        lambda: -array.astype(np.int64), lambda: array.astype(np.float64), lambda: array.astype(np.float16), lambda: array > 0,
        lambda: array.astype(np.int16), lambda: array.astype(np.complex128), lambda: array.astype(str),
        lambda: np.full(array.shape, 1e300), lambda: np.full(array.shape, np.nan), lambda: np.full(array.shape, 2**62),
        lambda: _overwritten(array, random), lambda: _overwritten(array, random), lambda: np.asfortranarray(array))
    return ways[_place(random, len(ways))]()


def _overwritten(array: np.ndarray, random: Random) -> np.ndarray:
    """Some entries become others; where there are 256 of them, as in a picture, any."""
    changed = array.copy().reshape(-1)
    for _ in range(int(random.integers(1, 8)) if len(changed) else 0):
        new = random.integers(256) if array.dtype == np.uint8 else (0, 1, 2, 1000)[_place(random, 4)]
        changed[_place(random, len(changed))] = new
    return changed.reshape(array.shape)


def _with_document(content: bytes, change: Callable[[Any], Any]) -> bytes:
    files = opened(content)
    document = json.loads(files["result.json"])
    change(document)
    return packed(files | {"result.json": json.dumps(document).encode()})


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _containers(entry)


def _at_random(document: Any, random: Random, change: Callable[[Any], Any]) -> None:
    """Walk down from the result, at each step into any entry, and change what is reached: so small parts are met as often."""
    place: Any = document
    key: Any = "result" if random.random() < 0.97 else list(document)[_place(random, len(document))]
    while isinstance(place[key], dict | list) and place[key] and random.random() < 0.85:
        place = place[key]
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = keys[_place(random, len(keys))]
    place[key] = change(place[key])


CHANGES = (change_number, change_value, change_array, change_several, change_keys, change_number, change_value, change_array,
           change_entries, change_several, lie_in_a_header, change_number, flip_bytes, change_value, cut_off, change_number, bloat)
