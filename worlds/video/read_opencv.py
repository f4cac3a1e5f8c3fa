"""Frames by presentation time through OpenCV, the last resort.

OpenCV always reads a file's first track, and seeks by guessing. So PyAV's facts say which track is meant, how its pictures
are turned and when each is shown; the time of each frame that comes out is compared with them, and where they do not agree,
frames are counted from the beginning.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file|format_whitelist;mov,matroska,avi"  # read at opening

import cv2
import numpy as np

from worlds.video.limits import Limits
from worlds.video.read_pyav import PyAvReader
from worlds.video.readers import READ_IT_BY_PYAV, Reader, Undecodable, check_same, check_size, frame_index
from worlds.video.tracks import UNREADABLE

_BACK_S = (0.1, 5.0)  # how far before the wanted moment OpenCV is asked to begin, before it is read from the beginning
_NUM_COMPARED = 3  # frames at the beginning whose times show whether OpenCV reads them right


class OpenCvReader(Reader):
    """See Reader."""

    times_s: np.ndarray

    def __init__(self, path: Path, *, kind: str, limits: Limits) -> None:
        self._path, self._limits = path, limits
        with contextlib.closing(PyAvReader(path, kind=kind, limits=limits)) as known:
            _check_readable(known)
            self.facts, self.tolerance_s, self.times_s = known.facts, known.tolerance_s, known.times_s
            self._display = known.display
            self._capture = self._open()
            early = [at for _ in range(_NUM_COMPARED) if (at := self._next()) is not None]
            if not early:
                raise Undecodable(UNREADABLE)
            self._start = early[0]
            differences = [abs(at - early[0] - time) for at, time in zip(early, self.times_s, strict=False)]
            self._is_counted = max(differences) > self._near_s
            check_same(self, known, library="OpenCV")

    @property
    def _near_s(self) -> float:
        return self.tolerance_s + 0.001  # milliseconds is what OpenCV counts in

    def frames_at(self, seconds: Sequence[float], *, width: int, height: int) -> Iterator[tuple[float, np.ndarray]]:
        """See Reader."""
        stored = self._display.stored(width, height)
        for second in seconds:
            shown_s, frame = self._shown(frame_index(self.times_s, second, tolerance_s=self.tolerance_s))
            if frame.shape[1::-1] != stored:
                frame = cv2.resize(frame, stored, interpolation=cv2.INTER_AREA)
            yield shown_s, self._display.upright(frame)

    def close(self) -> None:
        """See Reader."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        self._num_read = 0
        if not capture.isOpened():
            raise Undecodable(UNREADABLE)
        check_size(*(int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)),
                   limits=self._limits)  # fmt: skip
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # it knows turns, but no mirror
        return capture

    def _rewind(self) -> None:
        self._capture.release()
        self._capture = self._open()

    def _next(self) -> float | None:
        """Go to the next frame and return its time in the container's seconds, or None at the end."""
        if not self._capture.grab():
            return None
        self._num_read += 1
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000

    def _picture(self) -> np.ndarray:
        """Return the frame last gone to: (height, width, 3) uint8 RGB, as it is stored."""
        is_good, frame = self._capture.retrieve()
        if not is_good or frame is None:
            raise Undecodable(UNREADABLE)
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def _shown(self, index: int) -> tuple[float, np.ndarray]:
        """Return the time of the frame `index`, and the frame; where the file ends before it, the last one."""
        second = float(self.times_s[index])
        for back_s in () if self._is_counted else _BACK_S:
            self._capture.set(cv2.CAP_PROP_POS_MSEC, max(0.0, self._start + second - back_s) * 1000)
            self._num_read = len(self.times_s) + 1  # from here on nobody knows how many came before
            while (at := self._next()) is not None and at - self._start < second - self._near_s:
                pass
            if at is not None and abs(at - self._start - second) <= self._near_s:
                return second, self._picture()
        last = self._count_to(index)
        if last < index:
            self._count_to(last)  # the end was found by passing it
        return float(self.times_s[max(0, last)]), self._picture()

    def _count_to(self, index: int) -> int:
        """Go to the frame `index` by counting from the beginning; return its index, or that of the last one there is."""
        if self._num_read > index:
            self._rewind()
        while self._num_read <= index and self._next() is not None:
            pass
        return self._num_read - 1


def _check_readable(known: PyAvReader) -> None:
    """Raise Undecodable where OpenCV is known to read something else than what is meant."""
    if known.num_tracks > 1:
        raise Undecodable(f"has several tracks of pictures, of which OpenCV reads the first. {READ_IT_BY_PYAV}")
    if known.track.timeline.has_untimed:
        raise Undecodable(f"has frames without a time, which OpenCV counts as well. {READ_IT_BY_PYAV}")
    if known.is_interlaced:  # OpenCV 5 returns whatever was in its memory, and says that all went well
        raise Undecodable(f"has interlaced pictures, which OpenCV cannot convert. {READ_IT_BY_PYAV}")
