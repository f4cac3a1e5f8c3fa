"""What a session brought along: a folder of its own for its uploads, which goes when the session goes.

Files on the disk are numbered, so that no name from outside ever becomes a path; settings name them by a cleaned name
that only this session can resolve. All folders of a process lie in one root that the next process removes when this one
died without doing so; a lock on the root says whether its process lives, also across containers that share a disk.
"""

import atexit
import hashlib
import os
import re
import shutil
import tempfile
import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO

from backends.engine import Engine, the_engine
from backends.run import Inputs
from worlds.errors import InputError

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be deleted there, which says the same
    fcntl = None  # type: ignore[assignment]

MAX_FILE_MB = 1024  # the upload box of the pages has the same limit
MAX_FILES = 20
MAX_SESSION_MB = 2048
MAX_NAME = 80  # characters
CHUNK = 1024 * 1024
_ROOT = "orrery-sessions-"
_LOCK = "alive"


class Session:
    """One person's files.

    Args:
        session_id: what the engine calls this session.
        engine: where its runs are; by default the engine of this process.
        max_file_mb: limit of one upload.
    """

    def __init__(self, session_id: str, *, engine: Engine | None = None, max_file_mb: float = MAX_FILE_MB) -> None:
        self.session_id = session_id
        self._engine = engine
        self._max_file_mb = max_file_mb
        self._folder = Path(tempfile.mkdtemp(prefix="session-", dir=_root()))
        self._files: dict[str, Path] = {}
        self._digests: dict[str, str] = {}  # name -> content, so that the same file twice is one file
        self._sizes: dict[str, int] = {}
        self._num_stored = 0
        self._is_released = False
        self._lock = threading.Lock()

    def add_upload(self, name: str, file: BinaryIO | IO[bytes]) -> str:
        """Copy `file` in chunks and return the name under which settings can ask for it.

        Raises: InputError when the file, their number or all together are too large.
        """
        with self._lock:
            if self._is_released:
                raise InputError("This session has ended. Reload the page and upload the file again.")
            wanted = clean_name(name)
            path = self._folder / f"{self._num_stored}{_ending(wanted)}"
            self._num_stored += 1
            try:
                digest, size = self._copy(file, path)
                return self._keep(wanted, path, digest, size)
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def inputs(self) -> Inputs:
        """The files so far; a run keeps this list even when more come later."""
        with self._lock:
            return Inputs(dict(self._files))

    def release(self) -> None:
        """Stop and forget the session's runs and delete its files. A second call does nothing."""
        with self._lock:
            if self._is_released:
                return
            self._is_released = True
            self._files.clear()
        (self._engine or the_engine()).release(self.session_id)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _copy(self, file: BinaryIO | IO[bytes], path: Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        already = sum(self._sizes.values())
        with path.open("wb") as copy:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                if size > self._max_file_mb * 1e6:
                    raise InputError(f"The file is larger than {self._max_file_mb:g} MB. "
                                     f"At most {self._max_file_mb:g} MB can be uploaded here.")
                if already + size > MAX_SESSION_MB * 1e6:
                    raise InputError(f"This session already holds {already / 1e6:.0f} MB. At most {MAX_SESSION_MB} MB are "
                                     "kept for one tab; reload the page to start anew.")
                digest.update(chunk)
                copy.write(chunk)
        return digest.hexdigest(), size

    def _keep(self, wanted: str, path: Path, digest: str, size: int) -> str:
        for name, known in self._digests.items():
            if known == digest and path.suffix == self._files[name].suffix:
                path.unlink()
                return name
        if len(self._files) >= MAX_FILES:
            raise InputError(f"This session already holds {len(self._files)} files. At most {MAX_FILES} are kept for one tab; "
                             "reload the page to start anew.")
        name, number = wanted, 1
        while name in self._files:
            number += 1
            name = f"{Path(wanted).stem}-{number}{Path(wanted).suffix}"
        self._files[name], self._digests[name], self._sizes[name] = path, digest, size
        return name


def clean_name(name: str) -> str:
    """A name that can be shown and put into settings: the last part, normalised, without control characters, short."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))[-1]
    # after normalising: NFKC turns the full-width slash into a real one
    plain = re.sub(r"[^\w .()+-]", "_", last).strip(" ._")
    stem, ending = Path(plain).stem, Path(plain).suffix[:12]
    return (stem[: MAX_NAME - len(ending)] + ending) or "file"


def _ending(name: str) -> str:
    """The ending as decoders expect it, or nothing."""
    ending = Path(name).suffix.lower()
    return ending if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else ""


@cache
def _root() -> Path:
    """The folder of this process, made when the first session comes; those of dead processes are removed then."""
    base = Path(os.environ.get("ORRERY_SESSIONS") or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    clean_up(base)
    root = Path(tempfile.mkdtemp(prefix="orrery-new-", dir=base))
    _held.append(_hold(root))
    named = root.rename(base / f"{_ROOT}{os.getpid()}-{root.name[-8:]}")  # under its name only once it is locked
    atexit.register(_remove, named, os.getpid())
    return named


def _remove(root: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child ends before its parent
        shutil.rmtree(root, ignore_errors=True)


_held: list[IO[bytes]] = []  # an open lock file says: this process lives


def _hold(root: Path) -> IO[bytes]:
    lock = (root / _LOCK).open("wb")
    if fcntl:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def clean_up(base: Path) -> int:
    """Delete the roots of processes that are gone; return how many."""
    gone = 0
    for root in sorted(base.glob(f"{_ROOT}*")):
        try:
            if fcntl:
                with (root / _LOCK).open("rb+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                (root / _LOCK).unlink()
        except OSError:  # it lives, or belongs to someone else
            continue
        shutil.rmtree(root, ignore_errors=True)
        gone += 1
    return gone
