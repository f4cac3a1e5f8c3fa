"""A saved run: one zip of `result.json` with the numbers and `arrays/N.npy` with the arrays. Written and read here.

It is read as if a stranger had made it: every limit is held against the zip's table of contents or the text before anything is
unpacked or parsed, the headers of arrays against the sizes of their entries; then the result's own model judges what is in it,
and its pictures are decoded once, in the decoder's process. What is written is held to the same limits, so that whatever can be
saved can be opened again. What zip files, JSON and arrays can raise is caught where each is read (archive, json_text, arrays).
"""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from backends.files.archive import Files, ZipLimits, open_zip
from backends.files.arrays import read_array
from backends.files.cells import cut, is_text
from backends.files.json_text import LARGE_BYTES, check, parse
from backends.run import Inputs, R, Result, Run, S, last
from backends.shapes import jpegs_of
from worlds.errors import InputError
from worlds.pictures import check_jpeg

V = TypeVar("V")
VERSION = 1  # of this layout; what is in it has the version of its system's result
ENDING = "orrery"

# Measured: T* on an hour, 1,000 frames, 32 key frames and 3 seeds has 548 arrays of 10 MB in a file of 5 MB with grids of 16, and
# 8,032 of 115 MB in 36 MB with grids of one, which of three hours would be 295 MB: nobody should want that, and it is not saved.
# CoDA with 7 decoders has 0.7 MB of JSON in 7,000 lists per 1,000 rows of a file (10,000 may be), and 1.1 MB for 16 prompts with
# short answers; AdaptVis on 1,000 sets of scenes 1.1 MB in 8,200 lists.
LIMITS = ZipLimits(files=10_000, total_mb=200, file_mb=64)  # the JSON is one of the files
FILE_MB = 210  # of the file, which is hardly larger than what is in it
MAX_CONTAINERS = 500_000  # objects and lists: 16 prompts with 7 decoders and 120 tokens each
MAX_VALUES = 3_000_000
MAX_DEPTH = 24  # real ones have 10
MAX_KEYS = 200  # of one object; the settings have 50. A file's wrong keys would each be told
MAX_TEXT = 100_000  # characters of one text; prompts have 20,000
MAX_WHOLE = 2**53  # above it a whole number is no exact fraction

_NOT_ONE = f"This is not a saved run. A saved run is a .{ENDING} file that a page of this app made."
_WHOLE_FILE = f"a whole .{ENDING} file"
_WHAT = "The saved run"
_ARRAY = "$array"
_HEADER_BYTES = 128  # of a .npy with few axes
_opening = threading.Lock()


def save_result(result: Result) -> bytes:
    """Return the file. Nothing is rounded, nothing is pickled; equal results are equal bytes.

    Raises:
        InputError: it is larger than what is opened again.
    """
    text, arrays = _checked(result)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "result.json", text)
        for index, array in enumerate(arrays):
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            _write(archive, _entry(index), content.getvalue())
    return buffer.getvalue()


def refusal(result: Result) -> str:
    """Return why a result cannot be saved, or nothing; it is not packed, which may take seconds."""
    try:
        _checked(result)
    except InputError as error:
        return str(error)
    return ""


def _checked(result: Result) -> tuple[bytes, list[np.ndarray]]:
    """Return the text of `result.json` and the arrays. Raises InputError where they are larger than what is opened again."""
    arrays: list[np.ndarray] = []
    text = json.dumps({"orrery": VERSION, "system": result.system, "result": _packed(result, arrays)}).encode()
    check(text, what="This run", max_containers=MAX_CONTAINERS, max_values=MAX_VALUES, max_depth=MAX_DEPTH)
    sizes = [len(text), *(array.nbytes + _HEADER_BYTES for array in arrays)]
    for found, most, what in ((max(sizes) / 1e6, LIMITS.file_mb, "MB in one part"), (sum(sizes) / 1e6, LIMITS.total_mb, "MB in all"),
                              (len(sizes), LIMITS.files, "parts")):
        if found > most:
            raise InputError(f"This run is too large to be saved: it has {found:,.0f} {what}. At most {most:,.0f} are opened again. "
                             "Its tables and pictures can be taken one by one.")
    return text, arrays


def load_result(content: bytes, kind: type[R]) -> R:
    """Return the result in a file.

    Raises:
        InputError: it is no saved run of this kind, too large, damaged, or does not hold together; one sentence says which.
    """
    try:
        files = _opened(content)
        with _one_large_at_a_time(files):
            document = _document(files)
            if document["system"] != kind.system:
                raise InputError(f"This run was saved by {str(document['system'])[:80]!r}. This page opens runs of {kind.system!r}.")
            result = kind.model_validate(_unpacked(document["result"], files))
        for picture in jpegs_of(result):
            check_jpeg(picture)
    except ValidationError as error:  # whatever a validator says: those of results and settings raise ValueError alone
        raise InputError(f"This run is damaged, or another version saved it ({_first(error)}). Run its settings again.") from error
    except MemoryError as error:  # the limits are for one run; many may be open
        raise InputError("This machine has too little memory left to open this run. Try again in a while.") from error
    return result


def record(names: Sequence[str], runs: Mapping[str, S], run: Run[S], folder: Path) -> None:
    """Run these, or all, and save each under its name; the page that opens them says that they are recordings."""
    folder.mkdir(exist_ok=True)
    for name in names or runs:
        path = folder / f"{name}.{ENDING}"
        path.write_bytes(save_result(last(run(runs[name], Inputs()))))
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


def _entry(index: int) -> str:
    return f"arrays/{index}.npy"


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))  # no clock: equal results are equal bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _packed(value: object, arrays: list[np.ndarray]) -> object:
    """Return plain values; arrays go into the list and leave their number."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}
    if isinstance(value, BaseModel):
        return {name: _packed(getattr(value, name), arrays) for name in type(value).model_fields}
    if is_dataclass(value):
        return {entry.name: _packed(getattr(value, entry.name), arrays) for entry in fields(value)}
    if isinstance(value, Mapping):
        if _ARRAY in value or len(value) > MAX_KEYS:
            raise InputError(f"This run has a table of {len(value):,} names. One of at most {MAX_KEYS}, and none called {_ARRAY!r}, "
                             "can be saved.")
        return {str(key): _packed(entry, arrays) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(entry, arrays) for entry in value]
    return _plain(value.item() if isinstance(value, np.generic) else value)


def _plain(value: V) -> V:
    """Return a value that is neither object nor list. Raises InputError where it is larger than it may be."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise InputError(f"This run holds a text of {len(value):,} characters. Texts of a saved run have at most {MAX_TEXT:,}.")
    if isinstance(value, str) and not is_text(value):
        raise InputError(f"This run holds half a character, in {cut(value)}. No text with one can be shown or saved.")
    if isinstance(value, int) and abs(value) > MAX_WHOLE:
        raise InputError(f"This run holds a whole number of {value.bit_length()} bits. Whole numbers have at most 15 digits.")
    return value


def _opened(content: bytes) -> Files:
    """Return the files of a saved run, none of them read."""
    if len(content) > FILE_MB * 1e6:
        raise InputError(f"{_WHAT} has {len(content) / 1e6:,.0f} MB. At most {FILE_MB} MB are opened.")
    if not content.startswith(b"PK"):
        raise InputError(_NOT_ONE)
    files = open_zip(content, what=_WHAT, whole=_WHOLE_FILE, limits=LIMITS)
    if "result.json" not in files.names:
        raise InputError(_NOT_ONE)
    return files


def _document(files: Files) -> dict[str, object]:
    """Return what `result.json` says."""
    text = _read(files, "result.json")
    try:
        document = parse(text, what=_WHAT, max_containers=MAX_CONTAINERS, max_values=MAX_VALUES, max_depth=MAX_DEPTH,
                         allows_nan=True)
    except json.JSONDecodeError as error:
        raise InputError(_NOT_ONE) from error
    if not isinstance(document, dict) or not {"orrery", "system", "result"} <= document.keys():
        raise InputError(_NOT_ONE)
    if document["orrery"] != VERSION:
        raise InputError(f"This run is saved in layout {str(document['orrery'])[:20]!r}. This app reads layout {VERSION}. Run its "
                         "settings again.")
    return document


def _read(files: Files, name: str) -> bytes:
    try:
        return files.read(name)
    except InputError as error:
        if error.__cause__ is None:  # too large
            raise
        raise InputError(f"{_WHAT} is damaged in {name!r}. Download it once more.") from error


def _unpacked(value: object, files: Files) -> object:
    """Return the value with its arrays in their places; every file must be named once."""
    numbers: list[int] = []
    _check_values(value, numbers)
    expected = {"result.json", *map(_entry, range(len(numbers)))}
    if sorted(numbers) != list(range(len(numbers))) or set(files.names) != expected or files.has_repeats:
        raise InputError(f"{_WHAT} is damaged: it names {len(numbers):,} arrays and holds {len(files.names) - 1:,} other files, or "
                         "they do not match. Download it once more.")
    return _filled(value, lambda number: read_array(_read(files, _entry(number)), what=f"Array {number} of the saved run"))


def _check_values(value: object, numbers: list[int]) -> None:
    """Gather the numbers of the arrays that are named. Raises InputError where a value is larger than it may be."""
    if isinstance(value, dict):
        number = value.get(_ARRAY)
        if isinstance(number, int) and not isinstance(number, bool) and len(value) == 1:
            numbers.append(number)
            return
        if len(value) > MAX_KEYS:
            raise InputError(f"{_WHAT} holds an object of {len(value):,} entries. At most {MAX_KEYS} are read.")
        for key, entry in value.items():
            _plain(key)
            _check_values(entry, numbers)
    elif isinstance(value, list):
        for entry in value:
            _check_values(entry, numbers)
    else:
        _plain(value)


def _filled(value: object, array: Callable[[int], np.ndarray]) -> object:
    """Return the value with arrays in place of their numbers; lists and objects are changed, not copied."""
    if isinstance(value, dict):
        if _ARRAY in value and len(value) == 1 and isinstance(value[_ARRAY], int):
            return array(value[_ARRAY])
        for key, entry in value.items():
            if isinstance(entry, dict | list):
                value[key] = _filled(entry, array)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, dict | list):
                value[index] = _filled(entry, array)
    return value


def _first(error: ValidationError) -> str:
    """Where the first fault is and what, cut."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, fault["loc"])) or "the whole"
    return f"{where[:80]}: {' '.join(fault['msg'].split())[:160]}"


@contextmanager
def _one_large_at_a_time(files: Files) -> Iterator[None]:
    """Wait while another large run is opened: thirty at once would not fit into the memory that one may take."""
    if files.total_mb < LARGE_BYTES / 1e6:
        yield
        return
    with _opening:
        yield
