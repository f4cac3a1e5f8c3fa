"""Frames to an mp4 that every browser plays and that can be searched: H.264, key frames at a fixed distance, index in front.

There are no key frames at scene changes: a seek then costs at most `keyframe_every` decoded frames, always. B frames are only in what
is written small, in closed groups.
"""

import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_QUICK = {"preset": "veryfast", "bf": "0"}
_SMALL = {"preset": "veryslow", "tune": "animation", "bf": "8"}


class Encoder:
    """An mp4 file that is being written, frame by frame.

    Args:
        out: the file; it is replaced.
        frame_rate: frames per second.
        keyframe_every: frames from one key frame to the next; by default one second's.
        crf: quality, 0 (lossless) to 51.
        is_small: what was drawn in little more than half the bytes, for seven times the work. Frames of the samples'
            size are the same bytes on any number of cores; of far smaller ones x264 does not say the same twice.
    Raises:
        ValueError: `frame_rate`, `keyframe_every` or `crf` is out of its range.
    """

    def __init__(
        self, out: Path, *, frame_rate: float, keyframe_every: int | None = None, crf: int = 20, is_small: bool = False
    ) -> None:
        if not 0 < frame_rate <= 1000:
            raise ValueError(f"frame_rate is {frame_rate}; it must be above 0 and at most 1000")
        if not 0 <= crf <= 51:
            raise ValueError(f"crf is {crf}; it must be from 0 to 51")
        self._every = max(1, round(frame_rate)) if keyframe_every is None else keyframe_every
        if self._every < 1:
            raise ValueError(f"keyframe_every is {keyframe_every}; it must be 1 or more")
        self._out, self._rate, self._crf = Path(out), Fraction(frame_rate).limit_denominator(1001), crf
        self._is_small = is_small
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._size = (0, 0)
        self.num_frames = 0

    def __enter__(self) -> "Encoder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._container is None:
            return
        if error is None and self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def add(self, frame: np.ndarray) -> None:
        """Append (height, width, 3) uint8 RGB; an odd last row or column is cut off, as H.264 halves the colours' size.

        Raises:
            ValueError: the frame is not of that kind or not of the first one's size.
        """
        import av  # not at the top: the server imports this package and never needs a codec for it

        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or min(frame.shape[:2]) < 2:
            raise ValueError(f"a frame is {frame.shape} {frame.dtype}; it must be (height, width, 3) uint8, 2 pixels or more")
        height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
        if self._container is None or self._stream is None:
            self._start(width, height)
        elif self._size != (width, height):
            raise ValueError(f"frame {self.num_frames} is {width} x {height}; it must be {self._size[0]} x {self._size[1]}")
        assert self._container is not None and self._stream is not None
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
        picture.pts, picture.time_base = self.num_frames, 1 / self._rate
        self._container.mux(self._stream.encode(picture))
        self.num_frames += 1

    def _start(self, width: int, height: int) -> None:
        import av

        self._size = (width, height)
        self._container = av.open(str(self._out.resolve()), "w", format="mp4", options={"movflags": "+faststart"})
        every = str(self._every)
        effort = _SMALL if self._is_small else _QUICK
        options = {"crf": str(self._crf), "g": every, "keyint_min": every, "sc_threshold": "0", **effort}
        self._stream = self._container.add_stream("libx264", rate=self._rate, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.codec_context.thread_count = 1 if self._is_small else min(4, os.cpu_count() or 1)


def write_video(
    frames: Iterable[np.ndarray],
    out: str | os.PathLike[str],
    *,
    frame_rate: float,
    keyframe_every: int | None = None,
    crf: int = 20,
    is_small: bool = False,
) -> Path:
    """Write `frames` as an mp4 (H.264, yuv420p, index in front, no sound) and return where it lies.

    Encodes in this process, and so only what the app drew itself: for a stranger's video see write_clip.

    Args:
        frames: each (height, width, 3) uint8 RGB, all of one size; an odd last row or column is cut off.
        out: the file; its folder exists, and it is replaced.
        frame_rate: frames per second.
        keyframe_every: frames from one key frame to the next; by default one second's.
        crf: quality, 0 (lossless) to 51.
        is_small: see Encoder.
    Raises:
        ValueError: there is no frame, or an argument is out of its range.
    """
    with Encoder(Path(out), frame_rate=frame_rate, keyframe_every=keyframe_every, crf=crf, is_small=is_small) as encoder:
        for frame in frames:
            encoder.add(frame)
    if encoder.num_frames == 0:
        raise ValueError("there are no frames; at least one must be given")
    return Path(out)
