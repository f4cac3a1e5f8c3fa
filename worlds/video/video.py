"""A stranger's video: what is known about it, and the frame at any second.

`open_video` looks at the file's first bytes, has it opened in a process of its own and tries the readers in turn. What that
process does not survive is one sentence here. Whatever was decoded once stays in a bounded cache.
"""

import contextlib
import itertools
import math
import os
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from worlds.errors import InputError
from worlds.video.cache import FrameCache
from worlds.video.kind import has_index, kind_of, local_file
from worlds.video.limits import MIB, Facts, Limits, VideoInfo
from worlds.video.notes import notes_of
from worlds.video.process import Decoder
from worlds.video.readers import AUTO, READERS, Refused, Undecodable, frame_index

ReaderName = Literal["auto", "pyav", "decord", "opencv"]

_BATCH = 64  # frames for which the time limit holds
_NO_INDEX = "has no index, as after an upload that was cut off. The complete file would be right."
_CODEC = re.compile(r"[a-z0-9_.-]{1,40}")
_numbers = itertools.count()


class Video:
    """An open video; see open_video. Close it, or use it in a `with`."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        reader: str,
        limits: Limits,
        name: str | None,
        decoder: Decoder | None,
        cache_mb: float,
    ) -> None:
        if reader != "auto" and reader not in READERS:
            raise InputError(f"The reader {reader[:80]!r} is not known. One of auto, {', '.join(READERS)} would be right.")
        self._path = local_file(path)
        self._name = " ".join((name or Path(os.fspath(path)).name).split())[:80]
        size_bytes = self._path.stat().st_size
        if size_bytes > limits.size_bytes:
            what = f"The file {self._name!r} is {size_bytes / MIB:.1f} MB large."
            raise InputError(f"{what} At most {limits.size_bytes / MIB:g} MB can be read here.")
        self._kind = kind_of(self._path, name=self._name)
        self._limits = limits
        self._readers = list(AUTO) if reader == "auto" else [reader]
        self._owns_decoder = decoder is None
        self._decoder = decoder or Decoder(limits)
        self._number = next(_numbers)
        self._opened_in = -1  # which start of the decoder's process knows this video
        self._is_closed = False
        self._lock = threading.RLock()  # the cache and the readers' order belong to one call at a time
        self._cache = FrameCache(int(cache_mb * MIB))
        self._stand_ins: dict[float, float] = {}  # wanted second -> the second that was shown in its place
        self.decode_s = 0.0  # seconds spent waiting for frames so far, without the opening
        self._times_s: np.ndarray | None = None
        self._tolerance_s = 0.0
        self._facts_notes: tuple[str, ...] = ()
        try:
            facts = self._open()
        except BaseException:
            self.close()
            raise
        self.info = VideoInfo(**asdict(facts), name=self._name, size_bytes=size_bytes)

    def __enter__(self) -> "Video":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def reader(self) -> str:
        """Which reader decodes: "pyav", "decord" or "opencv"."""
        return self._readers[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is read otherwise than a person might expect, and what was shown in place of what, for the result's notes."""
        if not self._stand_ins:
            return self._facts_notes
        second, shown_s = next(iter(self._stand_ins.items()))
        return (
            *self._facts_notes,
            f"{len(self._stand_ins)} moments of {self._name!r} are damaged and show the nearest good frame instead, "
            f"for example second {second:.2f} that of {shown_s:.2f}.",
        )

    def size_at(self, max_side_px: int | None) -> tuple[int, int]:
        """Return the (width, height) that frames have when their longest side may have `max_side_px` pixels."""
        longest = max(self.info.width, self.info.height)
        if max_side_px is None or max_side_px >= longest:
            return self.info.width, self.info.height
        if max_side_px < 1:
            raise ValueError(f"max_side_px is {max_side_px}; it must be 1 or more")
        scale = max_side_px / longest
        return max(1, round(self.info.width * scale)), max(1, round(self.info.height * scale))

    def frames_at(self, seconds: Sequence[float], *, max_side_px: int | None = None) -> np.ndarray:
        """Return the frames shown at `seconds`: (seconds, height, width, 3) uint8 RGB, upright, in the order given.

        Args:
            seconds: from the first frame on; any order, also repeated; before the first or after the last is that frame.
            max_side_px: the longest side that is wanted; larger pictures are made smaller, keeping their shape.
        Raises:
            InputError: the video breaks the decoder, or its pictures at those seconds cannot be decoded.
            ValueError: a second is not a number, or the video is closed.
        """
        with self._lock:
            return self._frames_at(seconds, max_side_px=max_side_px)

    def _frames_at(self, seconds: Sequence[float], *, max_side_px: int | None) -> np.ndarray:
        if self._is_closed:
            raise ValueError("the video is closed; open it again")
        width, height = self.size_at(max_side_px)
        wanted = [self._snapped(float(second)) for second in seconds]
        answer_mb = len(wanted) * width * height * 3 / MIB
        if answer_mb > self._limits.answer_mb:
            what = f"{len(wanted)} frames of {width} x {height} pixels would take {answer_mb:.0f} MB."
            raise InputError(f"{what} At most {self._limits.answer_mb} MB are returned at once: ask for fewer or smaller ones.")
        frames = np.empty((len(wanted), height, width, 3), dtype=np.uint8)
        places: dict[float, list[int]] = {}  # second -> where its frame goes
        for place, second in enumerate(wanted):
            cached = self._cache.get((second, width))
            if cached is None:
                places.setdefault(second, []).append(place)
            else:
                frames[place] = cached
        missing = sorted(places)
        for first in range(0, len(missing), _BATCH):
            batch = missing[first : first + _BATCH]
            for second, frame in zip(batch, self._decode(batch, width=width, height=height), strict=True):
                self._cache.put((second, width), frame)
                frames[places[second]] = frame
        return frames

    def close(self) -> None:
        """Let go of the file and, unless it is shared, end the decoder's process. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._owns_decoder:
            self._decoder.retire()  # first: it also ends what another thread waits for
        elif self._opened_in == self._decoder.num_starts:
            with contextlib.suppress(Undecodable, Refused):  # it is gone, which is what was wanted
                list(self._decoder.ask({"do": "close", "video": self._number}))
        with self._lock:
            self._cache.clear()

    def _snapped(self, second: float) -> float:
        """Return the time of the frame shown at `second`, where the times are known: equal frames are asked for once."""
        if not math.isfinite(second):
            raise ValueError(f"a second is {second}; it must be a finite number")
        if self._times_s is None:
            return min(max(second, 0.0), self.info.duration_s)
        return float(self._times_s[frame_index(self._times_s, second, tolerance_s=self._tolerance_s)])

    def _decode(self, seconds: list[float], *, width: int, height: int) -> list[np.ndarray]:
        """Return the frames at the rising `seconds`, each (height, width, 3); where a reader fails, by the next one."""
        while True:
            started = time.perf_counter()
            try:
                self._reopen()
                return self._ask_for_frames(seconds, width=width, height=height)
            except Undecodable as error:
                if len(self._readers) == 1:
                    what = f"The file {self._name!r} cannot be decoded at second {seconds[0]:.2f}."
                    raise InputError(f"{what} A video that a player can show would be right.") from error
                self._readers.pop(0)
                self._opened_in = -1
            except Refused as error:
                raise InputError(f"The file {self._name!r} {error}") from error
            finally:
                self.decode_s += time.perf_counter() - started

    def _ask_for_frames(self, seconds: list[float], *, width: int, height: int) -> list[np.ndarray]:
        request = {"do": "frames", "video": self._number, "seconds": seconds, "width": width, "height": height}
        frames: list[np.ndarray] = []
        with contextlib.closing(self._decoder.ask(request)) as answers:  # an unfinished conversation must end here and now
            for answer, payload in answers:
                if payload is None or len(payload) != width * height * 3 or len(frames) == len(seconds):
                    raise Undecodable("answers with something else than frames.")
                second, shown_s = seconds[len(frames)], float(answer["shown_s"])
                if self._times_s is not None and abs(shown_s - second) > max(self._tolerance_s, 0.002):
                    self._stand_ins[second] = shown_s
                frames.append(np.frombuffer(payload, dtype=np.uint8).reshape(height, width, 3))
        if len(frames) != len(seconds):
            raise Undecodable("answers with too few frames.")
        return frames

    def _open(self) -> Facts:
        """Open the file with the first reader that can; forget the readers that cannot."""
        while True:
            try:
                return self._ask_to_open()
            except Undecodable as error:
                if len(self._readers) == 1:
                    what = _NO_INDEX if self._kind in ("mp4", "mov") and not has_index(self._path) else str(error)
                    raise InputError(f"The file {self._name!r} {what}") from error
                self._readers.pop(0)
            except Refused as error:
                raise InputError(f"The file {self._name!r} {error}") from error

    def _ask_to_open(self) -> Facts:
        request = {
            "do": "open",
            "video": self._number,
            "reader": READERS[self._readers[0]],
            "path": str(self._path),
            "kind": self._kind,
            "limits": asdict(self._limits),
        }
        answers = list(self._decoder.ask(request))
        try:
            ((answer, payload),) = answers
            facts = Facts(**answer["facts"])
            self._tolerance_s = float(answer["tolerance_s"])
            self._times_s = np.frombuffer(payload, dtype=np.float64) if payload else None
            if not (min(facts.width, facts.height) > 0 and max(facts.width, facts.height) <= self._limits.side_px):
                raise ValueError(f"pictures of {facts.width} x {facts.height}")
            if not 0 <= facts.duration_s <= self._limits.duration_s:
                raise ValueError(f"a duration of {facts.duration_s}")
            if not _CODEC.fullmatch(facts.codec):
                raise ValueError(f"a codec called {facts.codec[:40]!r}")
            self._facts_notes = notes_of(facts, name=self._name)
        except (ValueError, TypeError, KeyError) as error:  # a decoder that was taken over may say anything
            raise Undecodable("makes the decoder talk nonsense. A video that a player can show would be right.") from error
        self._opened_in = self._decoder.num_starts
        return facts

    def _reopen(self) -> None:
        """Open the video again where the process was replaced since."""
        self._decoder.start()
        if self._opened_in == self._decoder.num_starts:
            return
        facts = self._ask_to_open()
        if (facts.width, facts.height) != (self.info.width, self.info.height):
            raise Undecodable("has pictures of another size to this reader.")

    def write_moments(
        self, moments: list[tuple[float, int]], out: Path, *, max_side_px: int, frame_rate: float, crf: int
    ) -> None:
        """Have the decoder's process, which must be one that may write, encode a clip; see clip.write_clip.

        Args:
            moments: where each starts, in seconds, and how many frames it gives.
            out: the file; it is replaced.
            max_side_px: the longest side of the clip.
            frame_rate: frames per second of the clip.
            crf: quality, 0 (lossless) to 51.
        Raises:
            InputError: the video breaks the decoder, or its pictures cannot be decoded.
        """
        width, height = self.size_at(max_side_px)
        request = {"do": "clip", "video": self._number, "moments": moments, "width": max(2, width), "height": max(2, height)}
        while True:
            try:
                self._reopen()
                for _ in self._decoder.ask(request | {"out": str(out), "frame_rate": frame_rate, "crf": crf}):
                    pass
                return
            except Undecodable as error:
                if len(self._readers) == 1:
                    what = f"No clip can be made of {self._name!r}: its pictures cannot be decoded."
                    raise InputError(f"{what} A video that a player can show would be right.") from error
                self._readers.pop(0)
                self._opened_in = -1
            except Refused as error:
                raise InputError(f"The file {self._name!r} {error}") from error


def open_video(
    path: str | os.PathLike[str],
    *,
    reader: ReaderName | str = "auto",
    limits: Limits | None = None,
    name: str | None = None,
    decoder: Decoder | None = None,
    cache_mb: float = 256,
) -> Video:
    """Open a video that a stranger brought, in a process of its own.

    Args:
        path: a file on this machine: mp4, mkv, webm, mov or avi, by content.
        reader: which library decodes; "auto" takes PyAV, and where it fails decord, then OpenCV.
        limits: what the video may cost; by default Limits().
        name: what people call the file; by default its name on the disk.
        decoder: a process to share with other videos of the same person; by default one of its own.
        cache_mb: how much of what was decoded is kept.
    Raises:
        InputError: it is not such a file, or more than the limits, or damaged; one sentence says what.
    """
    limits = limits or Limits()
    return Video(path, reader=reader, limits=limits, name=name, decoder=decoder, cache_mb=cache_mb)
