"""What a session brought along: a folder of its own for its uploads, which goes when the session goes.

Files on the disk are numbered, so that no name from outside ever becomes a path; settings name them by a cleaned name
that only this session can resolve. All folders of a process lie in one root that goes with it, and that the next process
removes when this one died without doing so; a lock on the root says whether its process lives, also across containers that
share a disk. What all sessions together may hold is bounded, and a session that nobody uses ends by itself.
"""

import atexit
import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
import unicodedata
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO

from backends.engine import Engine, the_engine
from backends.engine.kept import settle
from backends.made import Made
from backends.run import Inputs, Result, Settings, name_of
from worlds.errors import InputError, disk_sentence
from worlds.signatures import HEAD, UploadCheck

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be deleted there, which says the same
    fcntl = None  # type: ignore[assignment]

MAX_FILE_MB = 1024  # the upload box of the pages has the same limit
MAX_FILES = 20
MAX_SESSION_MB = 2048
MAX_RESULTS = 6  # that later runs can name
MAX_RESULTS_MB = 512  # of them in all sessions together
MAX_TOTAL_MB = 8192  # of all sessions together; ORRERY_UPLOADS_MB replaces it
MAX_HOLDING = 500  # sessions that hold files
IDLE_S = 3600.0  # longer than any run: a session that was not used for so long has none
MAX_NAME = 80  # characters
CHUNK = 1024 * 1024
_ROOM = "They go two minutes after the last tab with these pages was closed."
_ROOT = "orrery-sessions-"
_LOCK = "alive"


class Session:
    """One person's files.

    Args:
        session_id: what the engine calls this session.
        engine: where its runs are; by default the engine of this process.
        max_file_mb: limit of one upload.
        ends_when_idle: it has only a client's word that it lives, and ends after IDLE_S without use. Any other session ends
            then only if its room is needed.
    """

    def __init__(self, session_id: str, *, engine: Engine | None = None, max_file_mb: float = MAX_FILE_MB,
                 ends_when_idle: bool = False) -> None:
        self.session_id = session_id
        self.ends_when_idle = ends_when_idle
        self.is_released = False
        self.last_used_s = time.monotonic()
        self._engine = engine
        self._max_file_mb = max_file_mb
        self._folder: Path | None = None  # made when the first file comes: most sessions bring none
        self._files: dict[str, Path] = {}
        self._digests: dict[str, str] = {}  # name -> content, so that the same file twice is one file
        self._sizes: dict[str, int] = {}
        self.runs: dict[str, tuple[str, Settings]] = {}  # the last of each system: a tab that was reloaded takes it up again
        self._results: dict[str, Result] = {}
        self._result_sizes: dict[str, int] = {}
        self._brought: weakref.WeakValueDictionary[int, Result] = weakref.WeakValueDictionary()  # came from a file
        self._incoming = 0  # bytes of the file that is being stored now
        self._num_stored = 0
        self._lock = threading.Lock()
        everybody().add(self)

    @property
    def num_bytes(self) -> int:
        """What its files take, the one that is being stored included."""
        return sum(list(self._sizes.values())) + self._incoming

    def add_upload(self, name: str, file: BinaryIO | IO[bytes], *, check: UploadCheck | None = None) -> str:
        """Copy `file` in chunks and return the name under which settings can ask for it.

        Args:
            check: what it must pass before anything is stored.
        Raises: InputError when the file, their number or all together are too large, or the disk does not take it.
        """
        if check is not None:
            check(file.read(HEAD), clean_name(name))
            file.seek(0)
        return self._store(name, lambda path: self._copy(file, path))

    def adopt(self, name: str, path: Path) -> str:
        """The same for a file that lies on this machine's disk already: it is linked, not copied, where the disk can.

        `path` stays where it is; whoever put it there removes it.
        """
        return self._store(name, lambda own: self._link(path, own))

    def inputs(self) -> Inputs:
        """The files and results so far; a run keeps this list even when more come later."""
        with self._lock:
            self.last_used_s = time.monotonic()
            return Inputs(dict(self._files), dict(self._results), made())

    def remember(self, result: Result, *, is_brought: bool = False) -> str:
        """Hold a result for the runs after it and return the name by which settings call it; the oldest of too many is forgotten.

        Args:
            is_brought: it is what a file says, and was not computed here.
        """
        name = name_of(result)
        size = settle(result)
        with self._lock:
            if self.is_released:
                return name
            self._results.pop(name, None)
            self._results[name], self._result_sizes[name] = result, size
            if is_brought:
                self._brought[id(result)] = result
            while len(self._results) > MAX_RESULTS:
                self._forget(next(iter(self._results)))
        everybody().bound_results(but=self)
        return name

    @property
    def result_bytes(self) -> int:
        """What its results take in memory, about."""
        return sum(list(self._result_sizes.values()))

    def forget_results(self) -> None:
        """Hold none of its results any more; what its page shows is not one of these."""
        with self._lock:
            for name in list(self._results):
                self._forget(name)

    def _forget(self, name: str) -> None:
        del self._results[name], self._result_sizes[name]

    def was_brought(self, result: Result) -> bool:
        """Whether a result is what a file says, also one that is still shown after it was forgotten here."""
        return self._brought.get(id(result)) is result

    @property
    def results(self) -> dict[str, Result]:
        """The results that it holds, by name, the oldest first."""
        return dict(self._results)

    def release(self) -> None:
        """Stop and forget the session's runs and delete its files. A second call does nothing."""
        with self._lock:
            if self.is_released:
                return
            self.is_released = True
            self._files.clear()
            self._sizes.clear()
            self._results.clear()
            self._result_sizes.clear()
            self._brought.clear()
        everybody().remove(self)
        (self._engine or the_engine()).release(self.session_id)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _store(self, name: str, put: Callable[[Path], tuple[str, int]]) -> str:
        with self._lock:
            if self.is_released:
                raise InputError("This session has ended. Reload the page and upload the file again.")
            self.last_used_s = time.monotonic()
            wanted = clean_name(name)
            try:
                if self._folder is None:
                    self._folder = Path(tempfile.mkdtemp(prefix="session-", dir=process_folder()))
                path = self._folder / f"{self._num_stored}{_ending(wanted)}"
                self._num_stored += 1
                try:
                    digest, size = put(path)
                    return self._keep(wanted, path, digest, size)
                except BaseException:
                    path.unlink(missing_ok=True)
                    raise
                finally:
                    self._incoming = 0
            except OSError as error:
                raise InputError(disk_sentence(error) or "The file could not be stored on this machine. Try it once more.") from error

    def _copy(self, file: BinaryIO | IO[bytes], path: Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as copy:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                self._check_room(size)
                digest.update(chunk)
                copy.write(chunk)
        return digest.hexdigest(), size

    def _link(self, source: Path, path: Path) -> tuple[str, int]:
        size = source.stat().st_size
        self._check_room(size)
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            os.link(source, path)
        except OSError:  # another disk, or one without links
            shutil.copyfile(source, path)
        return digest, size

    def _check_room(self, size: int) -> None:
        """Raise InputError where a file of `size` bytes does not fit into one of the limits."""
        if size > self._max_file_mb * 1e6:
            raise InputError(f"The file is larger than {self._max_file_mb:g} MB. "
                             f"At most {self._max_file_mb:g} MB can be uploaded here.")
        held = self.num_bytes - self._incoming
        if held + size > MAX_SESSION_MB * 1e6:
            raise InputError(f"This session already holds {held / 1e6:.0f} MB. At most {MAX_SESSION_MB} MB are "
                             f"kept for one visitor. {_ROOM}")
        everybody().make_room(self, size - self._incoming)
        self._incoming = size

    def _keep(self, wanted: str, path: Path, digest: str, size: int) -> str:
        for name, known in self._digests.items():
            if known == digest and path.suffix == self._files[name].suffix:
                path.unlink()
                return name
        if len(self._files) >= MAX_FILES:
            raise InputError(f"This session already holds {len(self._files)} files. At most {MAX_FILES} are kept for one "
                             f"visitor. {_ROOM}")
        name, number = wanted, 1
        while name in self._files:
            number += 1
            name = f"{Path(wanted).stem}-{number}{Path(wanted).suffix}"
        self._files[name], self._digests[name], self._sizes[name] = path, digest, size
        return name


class Everybody:
    """All sessions of this process, and what they hold together."""

    def __init__(self) -> None:
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._watch: threading.Thread | None = None

    def add(self, session: Session) -> None:
        with self._lock:
            self._sessions.add(session)
            if session.ends_when_idle and self._watch is None:
                self._watch = threading.Thread(target=self._watch_idle, name="orrery-idle-sessions", daemon=True)
                self._watch.start()

    def remove(self, session: Session) -> None:
        with self._lock:
            self._sessions.discard(session)

    @property
    def num_bytes(self) -> int:
        with self._lock:
            return sum(session.num_bytes for session in self._sessions)

    def make_room(self, wanting: Session, size: int) -> None:
        """Raise InputError where `size` bytes more are too many for this machine; idle sessions end before that."""
        most_mb = float(os.environ.get("ORRERY_UPLOADS_MB", MAX_TOTAL_MB))
        if self._has_room(wanting, size, most_mb):
            return
        self.end_idle(is_needed=True, but=wanting)
        if not self._has_room(wanting, size, most_mb):
            raise InputError(f"All visitors together have {self.num_bytes / 1e6:.0f} MB of files here. At most {most_mb:g} MB of "
                             f"{MAX_HOLDING} visitors are kept; try again later, files go with their tabs.")

    def _has_room(self, wanting: Session, size: int, most_mb: float) -> bool:
        with self._lock:
            holding = sum(bool(session.num_bytes) for session in self._sessions if session is not wanting)
            return self.num_bytes + size <= most_mb * 1e6 and holding < MAX_HOLDING

    def bound_results(self, *, but: Session) -> None:
        """Have the sessions that nobody used for longest forget their results, until all fit into MAX_RESULTS_MB."""
        with self._lock:
            holding = sorted((session for session in self._sessions if session.result_bytes), key=lambda session: session.last_used_s)
        for session in holding:  # outside the lock: a session that stores a file holds its own while it asks for this one
            if sum(other.result_bytes for other in holding) <= MAX_RESULTS_MB * 1e6:
                return
            if session is not but:
                session.forget_results()

    def end_idle(self, *, now_s: float | None = None, is_needed: bool = False, but: Session | None = None) -> int:
        """Release the sessions that nobody used for IDLE_S and return how many; with `is_needed` also those of open tabs."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            idle = [session for session in self._sessions if session is not but and now_s - session.last_used_s > IDLE_S
                    and (session.ends_when_idle or is_needed)]
        for session in idle:
            session.release()
        return len(idle)

    def _watch_idle(self) -> None:
        while True:
            time.sleep(IDLE_S / 10)
            self.end_idle()


@cache
def everybody() -> Everybody:
    """The one account of this process."""
    return Everybody()


def check_file(name: str, path: Path, *, check: UploadCheck | None, max_mb: float = MAX_FILE_MB) -> None:
    """Raise InputError where a file on this machine's disk, called `name` by whoever brought it, is too large or fails `check`."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise InputError(disk_sentence(error) or "The file did not arrive on this machine. Upload it once more.") from error
    if size > max_mb * 1e6:
        raise InputError(f"The file {clean_name(name)!r} is larger than the {max_mb:g} MB that can be brought for this.")
    if check is not None:
        check(head, clean_name(name))


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
def process_folder() -> Path:
    """The folder of this process, made at its start or when it is first asked for; those of dead processes are removed then."""
    base = Path(os.environ.get("ORRERY_SESSIONS") or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    clean_up(base)
    root = Path(tempfile.mkdtemp(prefix="orrery-new-", dir=base))
    _held.append(_hold(root))
    named = root.rename(base / f"{_ROOT}{os.getpid()}-{root.name[-8:]}")  # under its name only once it is locked
    atexit.register(_remove, named, os.getpid())
    return named


@cache
def made() -> Made:
    """The models that runs of this process made."""
    return Made(process_folder)


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
