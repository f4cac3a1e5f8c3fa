"""The interface behind which PyAV, decord and OpenCV are the same: open a file, then frames by presentation time.

Readers live in the decoder's process only. Their modules are named here and imported there, so that the server never loads
a decoder.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from worlds.video.limits import Facts, Limits

READERS = {  # name -> module:class; tests add readers that break
    "pyav": "worlds.video.read_pyav:PyAvReader",
    "decord": "worlds.video.read_decord:DecordReader",
    "opencv": "worlds.video.read_opencv:OpenCvReader",
}
AUTO = ("pyav", "decord", "opencv")  # by speed, and by how exact their times are
READ_IT_BY_PYAV = "Reading it by PyAV would be right."
_SAME = 12  # of 255, mean over a frame
_SAMPLE_PX = 64  # longest side of the frames that are compared
LIBRARIES = {"pyav": "av", "decord": "decord", "opencv": "cv2"}


class Undecodable(Exception):
    """This reader cannot; another may. The text continues "The file 'name' ..."."""


class Refused(Exception):
    """No reader can or may: a fact about the file. The text continues "The file 'name' ..."."""


class Reader(ABC):
    """One open file.

    Attributes:
        facts: of the stream of pictures.
        times_s: (frames,) rising presentation times from the first frame on; None where the library cannot tell.
        tolerance_s: by how much the container rounds its own clock.
    """

    facts: Facts
    times_s: np.ndarray | None = None
    tolerance_s: float = 1e-6

    @abstractmethod
    def __init__(self, path: Path, *, kind: str, limits: Limits) -> None:
        """Open `path`, a key of `kind.DEMUXERS`, check `limits` before any frame is decoded, and decode the first."""

    @abstractmethod
    def frames_at(self, seconds: Sequence[float], *, width: int, height: int) -> Iterator[tuple[float, np.ndarray]]:
        """Yield, for each of `seconds`, the time of the frame that is shown then and the frame.

        Frames are (height, width, 3) uint8 RGB; rising seconds are the fastest. Where a frame is damaged, the last good one
        before it stands in.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""


def reader_class(target: str) -> type[Reader]:
    """Return the class that `target`, "module:class", names.

    Raises:
        Undecodable: its library is not installed.
    """
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise Undecodable("cannot be read: the reader's library is not installed. Install it, or choose 'auto'.") from error


def frame_index(times_s: np.ndarray, second: float, *, tolerance_s: float) -> int:
    """Return which frame is shown at `second`: the last that has begun, clamped to the first and the last."""
    return max(0, int(np.searchsorted(times_s, second + tolerance_s, side="right")) - 1)


def check_same(own: Reader, known: Reader, *, library: str) -> None:
    """Raise Undecodable where `own` does not show what `known` shows, at the first frame and in the middle.

    It sees another track, another time, a turn, a mirror, and memory that was never written. Readers differ by 3 of 255 on
    average, where they spread colours that are stored at half size.
    """
    assert known.times_s is not None
    seconds = (0.0, float(known.times_s[len(known.times_s) // 2]))
    scale = min(1.0, _SAMPLE_PX / max(known.facts.width, known.facts.height))
    size = {"width": max(1, round(known.facts.width * scale)), "height": max(1, round(known.facts.height * scale))}
    for (_, ours), (_, theirs) in zip(own.frames_at(seconds, **size), known.frames_at(seconds, **size), strict=True):
        if np.abs(ours.astype(np.int16) - theirs).mean() > _SAME:
            raise Undecodable(f"is shown otherwise by {library} than by PyAV. {READ_IT_BY_PYAV}")


def check_size(width: int, height: int, *, limits: Limits) -> None:
    """Raise Refused where a side is longer than the limit, or missing."""
    if width < 1 or height < 1:
        raise Undecodable("has pictures without a size. A video that a player can show would be right.")
    if max(width, height) > limits.side_px:
        what = f"has pictures of {width} x {height} pixels."
        raise Refused(f"{what} At most {limits.side_px} pixels on the longest side can be read here.")


def check_duration(duration_s: float, *, limits: Limits) -> None:
    """Raise Refused where the video is longer than the limit."""
    if duration_s > limits.duration_s:
        what = f"is {duration_s / 60:.1f} minutes long."
        raise Refused(f"{what} At most {limits.duration_s / 60:g} minutes can be read here.")


def is_uneven(times_s: np.ndarray) -> bool:
    """Whether the frames' distances differ by more than containers round: (frames,) rising seconds."""
    gaps = np.diff(times_s)
    return len(gaps) > 1 and bool(np.ptp(gaps) > max(0.0021, 0.1 * float(np.median(gaps))))


def average_rate(times_s: np.ndarray, *, duration_s: float) -> float:
    """Return frames per second between the first and the last frame; for a single frame, one per its duration."""
    if len(times_s) > 1 and times_s[-1] > times_s[0]:
        return (len(times_s) - 1) / float(times_s[-1] - times_s[0])
    return 1 / duration_s if duration_s > 0 else 1.0
