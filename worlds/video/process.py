"""The decoder's process as the server sees it: it starts when first asked, is killed when it breaks, and never stays behind.

What a strange file can do to a decoder - crash it, hang it, fill its memory - ends here as an InputError; the next question
starts a fresh process.
"""

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType

from worlds.errors import InputError
from worlds.video.limits import Limits
from worlds.video.readers import Refused, Undecodable

_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds `worlds`, wherever the server was started
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
_MAX_MESSAGE = 1 << 20  # bytes of JSON; a true one has a few hundred
_PIPE_BYTES = 1 << 20
_WRITE_MB = 4096  # what a process that may write may write
_log = logging.getLogger(__name__)

_ENDED = "the process ended"
_CRASHED = "crashes the decoder. A video that a player can show would be right."
_KILLED = "was being read when the decoder was stopped from outside, as happens where memory runs out. Run it again."
_TOO_LARGE = "needs more than {memory_mb} MB to be decoded. A smaller picture size would be right."
_TOO_SLOW = "takes more than {timeout_s:g} s to be decoded. A shorter video or a smaller picture size would be right."


class Broken(Refused):
    """The process had to be given up. The text continues "The file 'name' ..."."""


class Decoder:
    """One process that decodes; several videos may share it, one question at a time.

    Args:
        limits: of memory and time.
        may_write: whether it may write files (clips); otherwise the system refuses it.
    """

    def __init__(self, limits: Limits | None = None, *, may_write: bool = False) -> None:
        self.limits = limits or Limits()
        self.num_starts = 0  # a video that was opened in an earlier process must be opened again
        self._write_mb = _WRITE_MB if may_write else 0
        self._processes: list[subprocess.Popen[bytes]] = []  # none or one; shared with the finalizer
        self._is_retired = False
        self._lock = threading.RLock()
        self._stop_at_end = weakref.finalize(self, _kill, self._processes)

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.retire()

    @property
    def pid(self) -> int | None:
        """The number of the process that runs now."""
        return self._processes[0].pid if self._processes else None

    def start(self) -> None:
        """Start the process unless it runs; return before it is ready."""
        with self._lock:
            if self._is_retired:
                raise Broken("was closed while it was read. Opening it again would be right.")
            if self._processes and self._processes[0].poll() is None:
                return
            _kill(self._processes)
            self._processes.append(self._new_process())
            self.num_starts += 1

    def stop(self) -> None:
        """Kill the process. A later question starts another."""
        for process in list(self._processes):
            process.kill()  # before waiting for the lock: a question that another thread waits for ends with it
        with self._lock:
            _kill(self._processes)

    def retire(self) -> None:
        """Kill the process, for good: no question starts another."""
        self._is_retired = True
        self.stop()

    def ask(self, request: dict[str, object], content: bytes | None = None) -> Generator[tuple[dict, bytearray | None], None, None]:
        """Yield the answers to one request, each with its raw bytes.

        Args:
            content: raw bytes that the request is about.
        Raises:
            Undecodable: this reader cannot.
            Refused: the file is not what can be read here.
            Broken: the process crashed, hung, ran out of memory or was killed, and is gone.
            InputError: the disk is full, or may not be written to.
        """
        with self._lock:
            self.start()
            process = self._processes[0]
            is_finished = False
            try:
                yield from self._converse(process, request | {"timeout_s": self.limits.timeout_s}, content)
                is_finished = True
            except _Answered as answered:
                is_finished = not isinstance(answered.error, Broken)
                raise answered.error from None
            finally:
                if not is_finished:  # also where the caller stopped listening: what is still to come would be misread
                    self.stop()

    def _converse(
        self, process: subprocess.Popen[bytes], request: dict, content: bytes | None = None
    ) -> Iterator[tuple[dict, bytearray | None]]:
        deadline = time.monotonic() + self.limits.timeout_s
        text = json.dumps(request | ({} if content is None else {"bytes": len(content)})).encode()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(len(text).to_bytes(4, "little") + text)
            process.stdin.write(content or b"")
            process.stdin.flush()
        except OSError as error:
            raise self._broken(_CRASHED, error) from error
        pipe = process.stdout.fileno()
        while True:
            length = int.from_bytes(self._read(pipe, 4, deadline), "little")
            if not 0 < length <= _MAX_MESSAGE:
                raise self._broken(_CRASHED, f"a message of {length} bytes")
            try:
                answer = json.loads(self._read(pipe, length, deadline))
                num_bytes = int(answer.get("bytes", 0))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                raise self._broken(_CRASHED, error) from error
            if "error" in answer:
                raise _Answered(self._told(answer))
            if "done" in answer:
                return
            if not 0 <= num_bytes <= max(256, self.limits.answer_mb) << 20:
                raise self._broken(_CRASHED, f"an answer of {num_bytes} bytes")
            yield answer, self._read(pipe, num_bytes, deadline) if "bytes" in answer else None
            if "frames" in answer:
                deadline = time.monotonic() + self.limits.timeout_s

    def _read(self, pipe: int, num_bytes: int, deadline: float) -> bytearray:
        data = bytearray(num_bytes)
        view, num_read = memoryview(data), 0
        poll = select.poll()  # unlike select, it takes any number of open files
        poll.register(pipe, select.POLLIN)
        while num_read < num_bytes:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not poll.poll(left_s * 1000):
                raise self._broken(_TOO_SLOW.format(timeout_s=self.limits.timeout_s), "no answer in time")
            got = os.readv(pipe, [view[num_read:]])
            if got == 0:
                raise self._broken(_CRASHED, _ENDED)
            num_read += got
        return data

    def _told(self, answer: dict) -> Undecodable | Refused | InputError:
        """Return what the process says is wrong, as an exception; its words are as little trusted as its file."""
        what = " ".join(str(answer.get("what", "")).split())[:200]
        _log.debug("decoder: %s %s", what, answer.get("detail", ""))
        if answer["error"] == "memory":
            return Broken(_TOO_LARGE.format(memory_mb=self.limits.memory_mb))
        if answer["error"] == "disk":
            return InputError(what)
        return Refused(what) if answer["error"] == "refused" else Undecodable(what)

    def _broken(self, what: str, why: object) -> "_Answered":
        status = _exit_status(self._processes[0], is_ending=why is _ENDED) if self._processes else None
        _log.warning("the decoder's process is given up (exit status %s): %s", status, why)
        return _Answered(Broken(_KILLED if what is _CRASHED and status == -signal.SIGKILL else what))

    def _new_process(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # no tokens or keys
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        # Each thread of a linear algebra library reserves memory that this process will never use.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        command = [sys.executable, "-P", "-m", "worlds.video.worker", str(self.limits.memory_mb), str(self._write_mb)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # hostile files make FFmpeg talk without end
            env=environment,
            cwd=_ROOT,
        )
        with contextlib.suppress(ImportError, AttributeError, OSError):  # a larger pipe saves turns; Linux only
            import fcntl

            assert process.stdout is not None
            fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return process


class _Answered(Exception):
    """Carries an error out of a conversation."""

    def __init__(self, error: Undecodable | Refused | InputError) -> None:
        super().__init__(str(error))
        self.error = error


def _exit_status(process: subprocess.Popen[bytes], *, is_ending: bool) -> int | None:
    """Return how a process ended: -9 if the system killed it. Its pipe closes a moment before that is known."""
    if is_ending:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    return process.poll()


def _kill(processes: list[subprocess.Popen[bytes]]) -> None:
    """Kill and bury what is in the list, and empty it."""
    while processes:
        process = processes.pop()
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # bytes for a process that died
                if pipe is not None:
                    pipe.close()
        process.wait()
