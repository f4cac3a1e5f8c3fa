"""Models that runs made: folders that go with this process, by a name that says what made them.

A name is the digest of everything that the weights follow from, so that two runs of equal settings make one folder, and a run that
makes it again changes nothing. Who may use it is decided by results: a session may name what a result that it holds has made. As many
are kept as fit into a number of bytes; those that nobody asked for longest go first.
"""

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

PREFIX = "made:"  # so begins a setting that names one
MAX_MB = 1024  # of all sessions together; ORRERY_MADE_MB replaces it
Parts = dict[str, object]  # JSON


def name_of(system: str, made_of: Parts) -> str:
    """Return the name of what follows from `made_of`, which is JSON: made:SYSTEM-HASH8."""
    return f"{PREFIX}{system}-{sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:8]}"


class Made:
    """What runs made, below one folder.

    Args:
        root: asked for when the first thing is made.
        max_mb: what all of it may take.
    """

    def __init__(self, root: Callable[[], Path], max_mb: float | None = None) -> None:
        self._root, self._max_mb = root, max_mb
        self._used: dict[str, float] = {}  # name -> when it was asked for last
        self._lock = threading.RLock()

    def put(self, name: str, write: Callable[[Path], None]) -> None:
        """Let `write` make a folder, which gets that name once it is whole, unless there is one."""
        folder = self._folder(name)
        own = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")  # nobody waits for a slow disk
        try:
            if not folder.is_dir():
                write(own)
            with self._lock:
                if not folder.is_dir():
                    own.rename(folder)
                self._used[name] = time.monotonic()
                self._forget_old()
        finally:
            shutil.rmtree(own, ignore_errors=True)

    def beside(self) -> Path:
        """Return a path on the disk of what is kept, for what takes long to write: `put` then moves it, or its writer removes it."""
        place = self._folder(f"being-made-{secrets.token_hex(8)}")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def find(self, name: str) -> Path | None:
        """Return the folder of that name; None where it is not here any more."""
        with self._lock:
            if name not in self._used or not (folder := self._folder(name)).is_dir():  # whoever tidies a disk may have removed it
                return None
            self._used[name] = time.monotonic()
            return folder

    def _folder(self, name: str) -> Path:
        return self._root() / "made" / name.removeprefix(PREFIX)

    def _forget_old(self) -> None:
        limit = 1e6 * (self._max_mb if self._max_mb is not None else float(os.environ.get("ORRERY_MADE_MB", MAX_MB)))
        sizes = {name: _size(self._folder(name)) for name in self._used}
        for name in sorted(self._used, key=lambda name: self._used[name])[:-1]:  # the newest stays, however large
            if sum(sizes.values()) <= limit:
                return
            shutil.rmtree(self._folder(name), ignore_errors=True)
            del self._used[name], sizes[name]


def _size(folder: Path) -> int:
    """Return the bytes in a folder; nothing of what somebody else removes meanwhile."""
    size = 0
    with suppress(OSError):
        for file in folder.rglob("*"):
            size += file.stat().st_size if file.is_file() else 0
    return size
