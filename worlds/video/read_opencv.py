"""Frames by presentation time through OpenCV, the last resort.

OpenCV seeks by frame number, which is a guess where frames are not evenly spaced; so the time of each frame that comes out
is read, and the guess is moved back until it lies before the wanted moment. Where the file carries no times, frames are
counted from the beginning.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file|format_whitelist;mov,matroska,avi"  # read at opening
import itertools

import cv2
import numpy as np

from worlds.video.limits import Facts, Limits
from worlds.video.readers import Reader, Undecodable, check_duration, check_size, rounding_s

_UNREADABLE = "cannot be decoded: its data are damaged or cut off. A video that a player can show would be right."
_KEEP_S = 0.25  # frames so near before the wanted moment are kept, as any of them may be the last


class OpenCvReader(Reader):
    """See Reader."""

    def __init__(self, path: Path, *, kind: str, limits: Limits) -> None:
        self.tolerance_s = rounding_s(kind)
        self._path = path
        self._capture = self._open()
        width, height = (int(self._capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        check_size(width, height, limits=limits)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._rate = rate if 0.001 < rate < 1000 else 25.0
        early = [self._next() for _ in range(3)]
        if early[0] is None:
            raise Undecodable(_UNREADABLE)
        known = [moment for moment in early if moment is not None]
        self._is_counted = any(later <= sooner for sooner, later in itertools.pairwise(known))  # no times: count the frames
        self._start = 0.0 if self._is_counted else known[0]
        last_s = self._last_s()
        check_duration(last_s + 1 / self._rate, limits=limits)
        self._rewind()
        self._next()
        first = self._picture()
        self.facts = Facts(
            duration_s=last_s + 1 / self._rate,
            width=first.shape[1],
            height=first.shape[0],
            frame_rate=self._rate,
            codec=_four_letters(int(self._capture.get(cv2.CAP_PROP_FOURCC))),
            rotation_deg=int(self._capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360,
            has_variable_rate=False,  # OpenCV cannot tell without decoding everything
        )

    def frames_at(self, seconds: Sequence[float], *, width: int, height: int) -> Iterator[tuple[float, np.ndarray]]:
        """See Reader."""
        for second in seconds:
            shown_s, frame = self._shown(second)
            if frame.shape[:2] != (height, width):
                frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
            yield shown_s, frame

    def close(self) -> None:
        """See Reader."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        self._num_read = 0
        if not capture.isOpened():
            raise Undecodable(_UNREADABLE)
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

    def _next_s(self) -> float | None:
        """The same in seconds from the first frame."""
        time = self._next()
        if time is None:
            return None
        return (self._num_read - 1) / self._rate if self._is_counted else time - self._start

    def _picture(self) -> np.ndarray:
        """Return the frame last gone to: (height, width, 3) uint8 RGB."""
        is_good, frame = self._capture.retrieve()
        if not is_good or frame is None:
            raise Undecodable(_UNREADABLE)
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def _last_s(self) -> float:
        """Return the time of the last frame that decodes; the container's count is only where to begin looking."""
        num_frames = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        guess_s = max(0.0, num_frames / self._rate) if 0 < num_frames < 1e9 else 0.0
        for back_s in (1.0, 10.0, guess_s):
            self._seek(max(0.0, guess_s - back_s))
            last_s = None
            while (time := self._next_s()) is not None:
                last_s = time if last_s is None else max(time, last_s)
            if last_s is not None:
                return last_s
        raise Undecodable(_UNREADABLE)

    def _seek(self, second: float) -> None:
        if self._is_counted or second <= 0:
            self._rewind()
        else:
            self._capture.set(cv2.CAP_PROP_POS_MSEC, second * 1000)

    def _shown(self, second: float) -> tuple[float, np.ndarray]:
        """Return the time of the frame that is shown at `second`, and the frame."""
        for back_s, keep_s in ((0.1, _KEEP_S), (5.0, 5.0), (second, float("inf"))):
            self._seek(second - back_s)
            best: tuple[float, np.ndarray] | None = None
            while (time := self._next_s()) is not None:
                if time > second + self.tolerance_s:
                    if best is None and time - self.tolerance_s <= 0:
                        best = (time, self._picture())  # before the first frame: the first
                    break
                if second - time <= keep_s:
                    best = (time, self._picture())
            if best is not None:
                return best
        if best is None:
            self._rewind()
            self._next()
            best = (0.0, self._picture())
        return best


def _four_letters(code: int) -> str:
    letters = "".join(chr(code >> shift & 255) for shift in (0, 8, 16, 24)).lower().strip("\0 ")
    known = {"avc1": "h264", "h264": "h264", "x264": "h264", "vp09": "vp9", "vp90": "vp9", "fmp4": "mpeg4", "mp4v": "mpeg4"}
    return known.get(letters, letters if letters.isalnum() else "unknown")
