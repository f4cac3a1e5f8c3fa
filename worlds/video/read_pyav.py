"""Frames by presentation time through PyAV, the default: it goes straight to the key frame and decodes forward.

At opening all packets are listed without decoding them, which gives every frame's time, the key frames and the duration that
can truly be played. Wanted frames come sorted, so each group of pictures is decoded once.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from worlds.video.display import Display
from worlds.video.limits import Facts, Limits
from worlds.video.readers import Reader, Undecodable, average_rate, check_duration, check_size, frame_index, is_uneven
from worlds.video.tracks import UNREADABLE, Track, discard_all_but, list_tracks, open_container, raise_if_memory, time_base

_THREADS = min(2, os.cpu_count() or 1)
_LEAD_S = 1.0  # frames without their key frame at the very beginning last no longer
_REORDER = 16  # frames: no decoder holds more of them back
_HDR_CURVES = (16, 18)  # PQ and HLG, by the numbers of ITU-T H.273


class PyAvReader(Reader):
    """See Reader.

    Attributes:
        track: which of the file's tracks is read.
        display: what is done to its decoded pictures.
        size: (width, height) of the first decoded picture.
        is_interlaced: whether it holds two moments, line by line.
        num_tracks: of pictures, covers included.
        is_delayed: whether its clock runs before its first frame is shown, as without an edit list.
    """

    times_s: np.ndarray
    _frames: Iterator[tuple[int, VideoFrame]] | None  # what is still to come out of the decoder, each with its tick
    _current: tuple[int, VideoFrame] | None  # what came out of it last

    def __init__(self, path: Path, *, kind: str, limits: Limits) -> None:
        self._path, self._kind, self._limits = path, kind, limits
        tracks = list_tracks(path, kind=kind)
        self._videos = sorted(track.index for track in tracks)
        for number, track in enumerate(tracks, start=1):
            try:
                self._begin(track)
                break
            except Undecodable:
                if number == len(tracks):
                    raise

    def frames_at(self, seconds: Sequence[float], *, width: int, height: int) -> Iterator[tuple[float, np.ndarray]]:
        """See Reader."""
        for second in seconds:
            wanted = frame_index(self.times_s, second, tolerance_s=self.tolerance_s)
            tick, frame = self._frame(int(self._ticks[wanted]))
            shown_s = float((tick - int(self._ticks[0])) * self._time_base)
            yield shown_s, self._picture(frame, width=width, height=height)

    def close(self) -> None:
        """See Reader."""
        self._frames, self._current = None, None
        self._container.close()

    def _begin(self, track: Track) -> None:
        """Take `track` for the file's video, and gather its facts.

        Raises:
            Undecodable: no frame of it can be decoded.
        """
        self.track = track
        self._frames, self._current = None, None
        self._container, self._stream = self._open()
        check_size(self._stream.codec_context.width, self._stream.codec_context.height, limits=self._limits)
        self._time_base = time_base(self._stream)
        self._ticks = track.timeline.ticks
        self._first = self._first_frame()
        self._leave_out_lead()
        self.times_s = (self._ticks - self._ticks[0]) * float(self._time_base)
        # Half a tick of the container's clock: in Matroska frame 2 of 30 per second is at 67 ms and people ask for 66.67.
        self.tolerance_s = min(float(self._time_base) / 2, 0.0005) + 1e-9
        self._look_at_first(self._first[1])
        self.facts = self._facts()

    def _facts(self) -> Facts:
        duration_s = float((self.track.timeline.end - int(self._ticks[0])) * self._time_base)
        check_duration(duration_s, limits=self._limits)
        width, height = self.display.size(*self.size, limit_px=self._limits.side_px)
        start_s = (self._container.start_time or 0) / av.time_base
        return Facts(
            duration_s=duration_s,
            width=width,
            height=height,
            frame_rate=average_rate(self.times_s, duration_s=duration_s),
            codec=self.track.codec,
            rotation_deg=self.display.rotation_deg,
            has_variable_rate=is_uneven(self.times_s),
            is_mirrored=self.display.is_mirrored,
            pixel_aspect=self.display.pixel_aspect,
            video=self._videos.index(self.track.index) + 1,
            num_videos=len(self._videos),
            starts_s=max(0.0, float(int(self._ticks[0]) * self._time_base) - start_s),
            is_hdr=self._stream.codec_context.color_trc in _HDR_CURVES,
        )

    def _look_at_first(self, frame: VideoFrame) -> None:
        matrix = frame.side_data.get("DISPLAYMATRIX")
        aspect = self._stream.sample_aspect_ratio  # the container's word, and where it has none the stream's
        self.display = Display.of(matrix=bytes(matrix) if isinstance(matrix, SideData) else None, pixel_aspect=aspect)
        self.size = (frame.width, frame.height)
        self.is_interlaced = frame.interlaced_frame
        self.num_tracks = len(self._container.streams.video)
        timeline = self.track.timeline
        self.is_delayed = bool(timeline.keys[0] > 0 and timeline.key_starts[0] < timeline.keys[0])

    def _open(self) -> tuple[InputContainer, VideoStream]:
        container = open_container(self._path, kind=self._kind)
        stream = container.streams[self.track.index]
        assert isinstance(stream, VideoStream)
        discard_all_but(container, {self.track.index})
        stream.codec_context.thread_count = _THREADS
        stream.codec_context.thread_type = "SLICE"  # frame threads decode ahead, which every seek throws away
        return container, stream

    def _first_frame(self) -> tuple[int, VideoFrame]:
        """Return the tick of the first frame that can be decoded at all, and the frame."""
        self._frames = self._decoded(from_beginning=True)
        self._current = first = next(self._frames, None)
        if first is None:
            raise Undecodable(UNREADABLE)
        return first

    def _leave_out_lead(self) -> None:
        """Begin with the first frame that decodes, where those before it need a key frame that was cut away."""
        lead = int(np.searchsorted(self._ticks, self._first[0]))
        if lead > 0 and (self._first[0] - int(self._ticks[0])) * self._time_base <= _LEAD_S:
            self._ticks = self._ticks[lead:]

    def _rewind(self) -> None:
        self._current = None
        self._container.close()
        self._container, self._stream = self._open()
        self._frames = self._decoded(from_beginning=True)

    def _seek(self, tick: int) -> None:
        """Go to the key frame at or before `tick`; where the container cannot seek, to the beginning."""
        self._current = None
        try:
            self._container.seek(tick, stream=self._stream, backward=True)
        except (av.error.FFmpegError, OverflowError) as error:
            raise_if_memory(error)
            self._rewind()
        else:
            self._frames = self._decoded(from_beginning=False)

    def _decoded(self, *, from_beginning: bool) -> Iterator[tuple[int, VideoFrame]]:
        """Yield each frame that decodes from here on, and when it is shown; damaged packets are left out."""
        index: int | None = 0 if from_beginning else None
        for frame in self._frames_from_here():
            told = frame.pts if frame.pts is not None else frame.dts
            if self._kind == "avi":
                told, index = self._counted(told, index)
            if told is not None:
                yield told, frame

    def _counted(self, told: int | None, index: int | None) -> tuple[int | None, int | None]:
        """Return the tick of the next frame of an AVI, and the index of the one after it.

        AVI counts frames as they are stored. Where they are shown in another order, FFmpeg guesses which is which, and often
        changes neighbours; but they leave the decoder in the right order, so that they are counted from the first one on.
        """
        found = None if told is None else int(np.searchsorted(self._ticks, told))
        if index is None or (found is not None and abs(found - index) > _REORDER):  # after a seek, or a damaged place
            index = found
        if index is None or index >= len(self._ticks):
            return None, index
        return int(self._ticks[index]), index + 1

    def _frames_from_here(self) -> Iterator[VideoFrame]:
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError as error:
                    raise_if_memory(error)
                    continue
                for frame in frames:
                    check_size(frame.width, frame.height, limits=self._limits)  # it may change within a stream
                    yield frame
        except av.error.FFmpegError as error:  # the container is damaged from here on
            raise_if_memory(error)

    def _frame(self, wanted: int) -> tuple[int, VideoFrame]:
        """Return the frame at the tick `wanted`, or the nearest good one before it, or else the first good one."""
        keys = self.track.timeline.keys
        key = int(np.searchsorted(keys, wanted, side="right")) - 1
        if self._current is not None and self._current[0] <= wanted and (key < 0 or keys[key] <= self._current[0]):
            return self._forward_to(wanted) or self._first
        for place in self._places_before(key):
            if place is None:
                self._rewind()
            else:
                self._seek(place)
            if (found := self._forward_to(wanted)) is not None:
                return found
        return self._first

    def _places_before(self, key: int) -> Iterator[int | None]:
        """Yield the ticks to go to until one lies before what is wanted; None is the beginning.

        A seek may go too far, as mp4 is searched by when frames are decoded, and a damaged group of pictures may give nothing.
        """
        timeline = self.track.timeline
        if key >= 0:
            yield int(timeline.keys[key])
            yield int(timeline.key_starts[key])
            for step in (1, 2, 4, 8):
                if key - step >= 0:
                    yield int(timeline.keys[key - step])
        if key < 8:
            yield None

    def _forward_to(self, wanted: int) -> tuple[int, VideoFrame] | None:
        """Decode up to the tick `wanted` and return the last frame that is not after it."""
        best = self._current if self._current is not None and self._current[0] <= wanted else None
        if self._frames is None or (best is not None and best[0] == wanted):
            return best
        for tick, frame in self._frames:
            self._current = tick, frame
            if tick > wanted:
                break
            best = self._current
            if tick == wanted:
                break
        return best

    def _picture(self, frame: VideoFrame, *, width: int, height: int) -> np.ndarray:
        """Return the frame as it is shown: (height, width, 3) uint8 RGB."""
        stored = self.display.stored(width, height)
        if (frame.width, frame.height) == self.size:
            return self.display.upright(_resized(frame, *stored))
        shape = self.display.stored(*self.display.size(frame.width, frame.height, limit_px=self._limits.side_px))
        scale = min(stored[0] / shape[0], stored[1] / shape[1])  # a stream that changes its shape keeps it, between bars
        inner = [max(1, min(whole, round(side * scale))) for whole, side in zip(stored, shape, strict=True)]
        left, top = (stored[0] - inner[0]) // 2, (stored[1] - inner[1]) // 2
        picture = np.zeros((stored[1], stored[0], 3), dtype=np.uint8)
        picture[top : top + inner[1], left : left + inner[0]] = _resized(frame, *inner)
        return self.display.upright(picture)


def _resized(frame: VideoFrame, width: int, height: int) -> np.ndarray:
    """Return (height, width, 3) uint8 RGB."""
    is_smaller = width < frame.width or height < frame.height
    if frame.interlaced_frame and is_smaller:  # made smaller field by field, the picture would keep its combs
        frame = VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"), format="rgb24")
    is_larger = width > frame.width or height > frame.height
    how = "BICUBIC" if is_larger and not is_smaller else "AREA"
    return frame.reformat(width=width, height=height, format="rgb24", interpolation=how).to_ndarray()
