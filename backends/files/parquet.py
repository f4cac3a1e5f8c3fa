"""Parquet from strangers, unpacked in a process of its own (parquet_worker), with limits of memory and time.

Arrow gives up its whole process over some damaged files. Here that costs one sentence.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backends.files import json_text
from backends.files.rows import Row
from worlds.errors import InputError

TIMEOUT_S = 60.0
BASE_MB = 1_000  # of addresses for Python and Arrow before a file is open
PER_MB = 8  # bytes of memory for a byte of unpacked text: as Arrow's, as Python's, as JSON
Pictures = Literal["text", "unread", "base64"]
_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds `backends`, wherever the server was started
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
_SETTINGS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}


@dataclass(frozen=True)
class Unpacked:
    """The first rows, how many there are, and all columns of the file."""

    count: int
    columns: tuple[str, ...]
    twice: tuple[str, ...]  # names of several columns
    rows: tuple[Row, ...]
    pictures: tuple[str, ...] = ()  # columns that hold bytes, alone or in an object


def read_parquet(content: bytes, *, known: Collection[str], max_rows: int, limit_mb: float, what: str = "The file",
                 pictures: Pictures = "text", first: int = 1) -> Unpacked:
    """Return the known columns of a parquet table.

    Args:
        pictures: whether columns of bytes are taken for text, left unread, or come as base64.
        first: the first row that is kept, from 1; with another, row groups that it does not need stay packed.
    Raises:
        InputError: it is damaged or locked, or would unpack to more than `limit_mb`.
    """
    asked = {"known": sorted(known), "max_rows": max_rows, "limit_mb": limit_mb, "what": what, "pictures": pictures,
             "first": first, "memory_mb": BASE_MB + int(PER_MB * limit_mb) + 4 * len(content) // 1_000_000}
    answer = _answer(json.dumps(asked).encode() + b"\n" + content, int(PER_MB * limit_mb * 1e6))
    try:
        found = json_text.parse(answer, what=what, allows_nan=True)
        if "error" in found:
            raise InputError(str(found["error"])[:400])
        return Unpacked(int(found["count"]), tuple(found["columns"]), tuple(found["twice"]), tuple(found["rows"]),
                        tuple(found["pictures"]))
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{what} is damaged, or needs more memory or time than there is: it stops the reader. It must be a whole "
                         f"parquet table that unpacks to at most {limit_mb:g} MB.") from error


def _answer(request: bytes, most: int) -> bytes:
    """Return what the process writes, or what there is of it where it dies or takes too long."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _SETTINGS  # no tokens or keys
    environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "backends.files.parquet_worker"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
                               cwd=_ROOT)
    assert process.stdin is not None and process.stdout is not None
    clock = threading.Timer(TIMEOUT_S, process.kill)
    clock.start()
    try:
        with contextlib.suppress(OSError):  # bytes for a process that died
            process.stdin.write(request)  # it reads all before it answers
            process.stdin.close()
        return process.stdout.read(most)
    finally:
        clock.cancel()
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        process.wait()
