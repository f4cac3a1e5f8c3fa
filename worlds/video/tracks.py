"""Which of a file's tracks is its video, and when its frames are shown: all from packets, no picture is decoded.

A file may hold a cover, thumbnails and several videos, in any order; libraries that take the first one show a stranger's
cover for a film.
"""

import contextlib
import errno
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from worlds.video.kind import DEMUXERS
from worlds.video.readers import Refused, Undecodable

UNREADABLE = "cannot be decoded: its data are damaged or cut off. A video that a player can show would be right."
_SAFE = {"protocol_whitelist": "file", "format_whitelist": "mov,matroska,avi"}
_MAX_FRAMES = 4_000_000  # three hours at 370 frames per second; beyond it a file only wants to fill the memory
_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_STILL_CODECS = frozenset({"mjpeg", "png", "bmp", "gif", "webp", "tiff", "jpeg2000", "jpegxl"})
_NEARLY = 0.9  # of the longest track: as long as it, but for an end that was cut differently


@dataclass(frozen=True)
class Timeline:
    """When the frames of one track are shown, in ticks of its clock."""

    ticks: np.ndarray  # (frames,) rising
    keys: np.ndarray  # (key frames,) rising; with those that an edit list hides, as decoding begins there all the same
    key_starts: np.ndarray  # (key frames,) at most `keys`: when each must be decoded, by which some containers are searched
    end: int  # when the last frame ends
    has_untimed: bool  # whether some frames carry no time, and are never shown


@dataclass(frozen=True)
class Track:
    """One video of a file."""

    index: int  # among all streams of the container
    timeline: Timeline
    pixels: int
    codec: str  # "h264", "av1", ...: of the format, not of the library that decodes it
    is_default: bool
    lasts_s: float

    @property
    def is_still(self) -> bool:
        """Whether it is one picture."""
        return len(self.timeline.ticks) < 2


def open_container(path: Path, *, kind: str) -> InputContainer:
    """Return the open file; nothing but this file is opened, whatever it asks for.

    Raises:
        Undecodable: it is damaged.
    """
    try:
        return av.open(f"file:{path}", format=DEMUXERS[kind], container_options=_SAFE, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise_if_memory(error)
        raise Undecodable(UNREADABLE) from error


def list_tracks(path: Path, *, kind: str) -> list[Track]:
    """Return the videos of a file, the one that is meant first; at least one.

    What stands still is none beside what moves: a single frame beside a film is its cover, even where it is the default track.

    Raises:
        Undecodable: its pictures cannot be decoded here.
        Refused: there is no video in it.
    """
    with open_container(path, kind=kind) as container:
        streams = _video_streams(container)
        packets = _read_packets(container, streams)
        tracks = [_track(stream, packets[stream.index]) for stream in streams if packets[stream.index].ticks]
    if not tracks:
        what = "has a stream of pictures with no picture in it."
        raise Undecodable(f"{what} A video that a player can show would be right.")
    if all(track.is_still and track.codec in _STILL_CODECS for track in tracks):
        raise Refused("holds a single still picture and no video. A video of several frames would be right.")
    return _best_first([track for track in tracks if not track.is_still] or tracks)


def _video_streams(container: InputContainer) -> list[VideoStream]:
    """Return the streams of pictures that are no covers or thumbnails and that can be decoded here."""
    streams = [stream for stream in container.streams.video if not stream.disposition & _PICTURES]
    if not streams:
        found = ["sound"] if container.streams.audio else []
        found += ["a cover picture"] if container.streams.video else []
        missing = "video" if container.streams.video else "pictures"
        what = f"has {' and '.join(found)} but no {missing}" if found else f"has no {missing}"
        raise Refused(f"{what}. A video with a stream of pictures would be right.")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise Undecodable("has pictures in a format that cannot be decoded here. H.264, VP9 or AV1 would be right.")
    return known


def _track(stream: VideoStream, packets: "_Packets") -> Track:
    timeline = packets.timeline(stream)
    return Track(
        index=stream.index,
        timeline=timeline,
        pixels=stream.codec_context.width * stream.codec_context.height,
        codec=stream.codec_context.codec.canonical_name,  # not `name`, which for AV1 is that of a library: libdav1d
        is_default=bool(stream.disposition & Disposition.default),
        lasts_s=float((timeline.end - int(timeline.ticks[0])) * time_base(stream)),
    )


def _best_first(tracks: list[Track]) -> list[Track]:
    """Return the tracks, the one that is meant first.

    1. What the file marks as its default. (Matroska marks every track that does not deny it: so this alone cannot decide.)
    2. What lasts about as long as the longest of those, before a trailer or a loop.
    3. The larger pictures, then more frames, then the one that comes first.
    """

    def merit(track: Track) -> tuple[bool, bool, int, int, int]:
        peers = [peer for peer in tracks if peer.is_default == track.is_default]
        is_long = track.lasts_s >= _NEARLY * max(peer.lasts_s for peer in peers)
        return track.is_default, is_long, track.pixels, len(track.timeline.ticks), -track.index

    return sorted(tracks, key=merit, reverse=True)


@dataclass
class _Packets:
    """What the packets of one track say, as they come."""

    ticks: list[int] = field(default_factory=list)
    keys: dict[int, int] = field(default_factory=dict)  # shown at -> decoded at
    num_untimed: int = 0
    last_tick: int = 0
    last_duration: int = 0

    def add(self, packet: av.Packet) -> None:
        tick = packet.pts if packet.pts is not None else packet.dts
        self.num_untimed += tick is None
        if tick is None or packet.is_corrupt:
            return
        if packet.is_keyframe:
            self.keys.setdefault(tick, tick if packet.dts is None else min(tick, packet.dts))
        if packet.is_discard:  # before the beginning that an edit list chose: decoded, but not shown
            return
        if not self.ticks or tick >= self.last_tick:
            self.last_tick, self.last_duration = tick, packet.duration or 0
        self.ticks.append(tick)

    def timeline(self, stream: VideoStream) -> Timeline:
        rising = np.unique(np.array(self.ticks, dtype=np.int64))
        keys = np.array(sorted(self.keys) or self.ticks[:1], dtype=np.int64)
        starts = np.array([self.keys.get(int(key), int(key)) for key in keys], dtype=np.int64)
        end = int(rising[-1]) + self._duration(rising, stream)
        return Timeline(ticks=rising, keys=keys, key_starts=starts, end=end, has_untimed=self.num_untimed > 0)

    def _duration(self, rising: np.ndarray, stream: VideoStream) -> int:
        """Return how long the last frame is shown; where the container does not say, as long as one usually is."""
        if self.last_duration:
            return self.last_duration
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        return max(1, int(np.median(np.diff(rising))) if len(rising) > 1 else round(1 / (rate * time_base(stream))))


def _read_packets(container: InputContainer, streams: list[VideoStream]) -> dict[int, _Packets]:
    """Read all packets of `streams`, in one pass however many they are."""
    lists = {stream.index: _Packets() for stream in streams}
    discard_all_but(container, set(lists))
    with contextlib.suppress(av.error.FFmpegError):  # damaged from here on: what came before can be played
        for num_read, packet in enumerate(container.demux(*streams)):
            if packet.size:  # the empty ones at the end belong to no stream
                lists[packet.stream_index].add(packet)
            if num_read > _MAX_FRAMES:
                raise Refused(f"has more than {_MAX_FRAMES} frames. Fewer would be right.")
    return lists


def discard_all_but(container: InputContainer, wanted: set[int]) -> None:
    """Have the container skip every stream whose index is not in `wanted`."""
    for stream in container.streams:
        if stream.index not in wanted:
            stream.discard = av.stream.Discard.all


def time_base(stream: VideoStream) -> Fraction:
    """Return the seconds of one tick."""
    return stream.time_base or Fraction(1, 1000)


def raise_if_memory(error: Exception) -> None:
    """FFmpeg reports its failed allocations as an ordinary error; here they are one of the limits."""
    if getattr(error, "errno", None) == errno.ENOMEM:
        raise MemoryError from error
