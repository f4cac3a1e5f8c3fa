"""Frames by presentation time through PyAV, the default: it goes straight to the key frame and decodes forward.

At opening all packets are listed without decoding them, which gives every frame's time, the key frames and the duration that
can truly be played. Wanted frames come sorted, so each group of pictures is decoded once.
"""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from worlds.video.kind import DEMUXERS
from worlds.video.limits import Facts, Limits
from worlds.video.readers import (
    Reader,
    Refused,
    Undecodable,
    average_rate,
    check_duration,
    check_size,
    frame_index,
    is_uneven,
)

_SAFE = {"protocol_whitelist": "file", "format_whitelist": "mov,matroska,avi"}
_MAX_FRAMES = 4_000_000  # three hours at 370 frames per second; beyond it a file only wants to fill the memory
_THREADS = min(2, os.cpu_count() or 1)
_UNREADABLE = "cannot be decoded: its data are damaged or cut off. A video that a player can show would be right."


class PyAvReader(Reader):
    """See Reader."""

    def __init__(self, path: Path, *, kind: str, limits: Limits) -> None:
        self._path, self._demuxer, self._limits = path, DEMUXERS[kind], limits
        self._container, self._stream = self._open()
        check_size(self._stream.codec_context.width, self._stream.codec_context.height, limits=limits)
        self._time_base = self._stream.time_base or Fraction(1, 1000)
        self._ticks, self._keys, last_tick = self._scan()
        self.times_s = self._times_s = (self._ticks - self._ticks[0]) * float(self._time_base)
        duration_s = float((last_tick - int(self._ticks[0])) * self._time_base)
        check_duration(duration_s, limits=limits)
        # Half a tick of the container's clock: in Matroska frame 2 of 30 per second is at 67 ms and people ask for 66.67.
        self.tolerance_s = min(float(self._time_base) / 2, 0.0005) + 1e-9
        self._frames: Iterator[VideoFrame] | None = None
        self._current: VideoFrame | None = None  # the last that came out of the decoder
        self._first = self._first_frame()
        self._turns = round(self._first.rotation / 90) % 4
        sides = (self._first.width, self._first.height)
        self.facts = Facts(
            duration_s=duration_s,
            width=sides[self._turns % 2],
            height=sides[1 - self._turns % 2],
            frame_rate=average_rate(self._times_s, duration_s=duration_s),
            codec=self._stream.codec_context.name,
            rotation_deg=self._turns * 90,
            has_variable_rate=is_uneven(self._times_s),
        )

    def frames_at(self, seconds: Sequence[float], *, width: int, height: int) -> Iterator[tuple[float, np.ndarray]]:
        """See Reader."""
        start = int(self._ticks[0])
        for second in seconds:
            index = frame_index(self._times_s, second, tolerance_s=self.tolerance_s)
            frame = self._frame(int(self._ticks[index]))
            yield float((_tick(frame) - start) * self._time_base), self._picture(frame, width=width, height=height)

    def close(self) -> None:
        """See Reader."""
        self._frames = self._current = None
        self._container.close()

    def _open(self) -> tuple[InputContainer, VideoStream]:
        try:
            container = av.open(
                f"file:{self._path}", format=self._demuxer, container_options=_SAFE, metadata_errors="replace"
            )
        except (av.error.FFmpegError, ValueError) as error:
            _raise_if_memory(error)
            raise Undecodable(_UNREADABLE) from error
        covers = av.stream.Disposition.attached_pic
        streams = [stream for stream in container.streams.video if not stream.disposition & covers]
        if not streams:
            what = "sound but no pictures" if container.streams.audio else "no pictures"
            raise Refused(f"has {what}. A video with a stream of pictures would be right.")
        stream = streams[0]
        if stream.codec_context is None:
            raise Undecodable("has pictures in a format that cannot be decoded here. H.264, VP9 or AV1 would be right.")
        for other in container.streams:
            if other.index != stream.index:
                other.discard = av.stream.Discard.all
        stream.codec_context.thread_count = _THREADS
        stream.codec_context.thread_type = "SLICE"  # frame threads decode ahead, which every seek throws away
        return container, stream

    def _scan(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Return (frames,) ticks of all frames, (key frames,) ticks of the key frames, and the tick at which the last ends."""
        ticks: list[int] = []
        keys: list[int] = []
        last_tick, last_duration = None, 0
        with contextlib.suppress(av.error.FFmpegError):  # damaged from here on: what came before can be played
            for packet in self._container.demux(self._stream):
                tick = packet.pts if packet.pts is not None else packet.dts
                if tick is None or packet.size == 0 or packet.is_discard or packet.is_corrupt:
                    continue
                ticks.append(tick)
                if packet.is_keyframe:
                    keys.append(tick)
                if last_tick is None or tick >= last_tick:
                    last_tick, last_duration = tick, packet.duration or 0
                if len(ticks) > _MAX_FRAMES:
                    raise Refused(f"has more than {_MAX_FRAMES} frames. Fewer would be right.")
        if not ticks:
            raise Undecodable("has a stream of pictures with no picture in it. A video that a player can show would be right.")
        rising = np.unique(np.array(ticks, dtype=np.int64))
        if not last_duration:
            rate = self._stream.average_rate or self._stream.guessed_rate or Fraction(25)
            gap = int(np.median(np.diff(rising))) if len(rising) > 1 else round(1 / (rate * self._time_base))
            last_duration = max(1, gap)
        return rising, np.unique(np.array(keys or ticks[:1], dtype=np.int64)), int(rising[-1]) + last_duration

    def _first_frame(self) -> VideoFrame:
        """Return the first frame that can be decoded at all."""
        self._seek(int(self._ticks[0]))
        frame = next(self._decoded(), None)
        if frame is None:
            raise Undecodable(_UNREADABLE)
        self._current = None
        return frame

    def _seek(self, tick: int) -> None:
        """Go to the key frame at or before `tick`; where the container cannot seek, to the beginning."""
        self._current = None
        try:
            self._container.seek(tick, stream=self._stream, backward=True)
        except (av.error.FFmpegError, OverflowError) as error:
            _raise_if_memory(error)
            self._container.close()
            self._container, self._stream = self._open()
        self._frames = self._decoded()

    def _decoded(self) -> Iterator[VideoFrame]:
        """Yield what decodes from here on; damaged packets are left out."""
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError as error:
                    _raise_if_memory(error)
                    continue
                for frame in frames:
                    if frame.pts is not None or frame.dts is not None:
                        check_size(frame.width, frame.height, limits=self._limits)  # it may change within a stream
                        yield frame
        except av.error.FFmpegError as error:  # the container is damaged from here on
            _raise_if_memory(error)

    def _frame(self, wanted: int) -> VideoFrame:
        """Return the frame at the tick `wanted`, or the nearest good one before it, or else the first good one."""
        key = int(np.searchsorted(self._keys, wanted, side="right")) - 1
        if self._current is not None and _tick(self._current) <= wanted and (
            key < 0 or self._keys[key] <= _tick(self._current)
        ):
            return self._forward_to(wanted) or self._first
        for step in (0, 1, 2, 4, 8):  # a container may seek too far, and a damaged group of pictures may give nothing
            at = max(0, key - step)
            self._seek(int(self._keys[at]))
            frame = self._forward_to(wanted)
            if frame is not None or at == 0:
                break
        return frame or self._first

    def _forward_to(self, wanted: int) -> VideoFrame | None:
        """Decode up to the tick `wanted` and return the last frame that is not after it."""
        best = self._current if self._current is not None and _tick(self._current) <= wanted else None
        if self._frames is None or (best is not None and _tick(best) == wanted):
            return best
        for frame in self._frames:
            self._current = frame
            if _tick(frame) > wanted:
                break
            best = frame
            if _tick(frame) == wanted:
                break
        return best

    def _picture(self, frame: VideoFrame, *, width: int, height: int) -> np.ndarray:
        """Return the frame turned upright: (height, width, 3) uint8 RGB."""
        if self._turns % 2:
            width, height = height, width
        small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
        return np.rot90(small.to_ndarray(), self._turns)  # counter-clockwise, as the display matrix counts


def _tick(frame: VideoFrame) -> int:
    tick = frame.pts if frame.pts is not None else frame.dts
    assert tick is not None  # _decoded lets no other through
    return tick


def _raise_if_memory(error: Exception) -> None:
    """FFmpeg reports its failed allocations as an ordinary error; here they are one of the limits."""
    if getattr(error, "errno", None) == errno.ENOMEM:
        raise MemoryError from error
