"""Frames by presentation time through decord: exact, but slower and thirstier than PyAV, and no longer maintained.

decord chooses its own track, turns by quarters only and tells neither, and where a file's clock does not begin at zero it
mistakes one frame for another. So PyAV's facts decide whether a file is one that decord reads right; any other it refuses.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import decord
import numpy as np
from decord import DECORDError
from PIL import Image

from worlds.video.limits import Limits
from worlds.video.read_pyav import PyAvReader
from worlds.video.readers import READ_IT_BY_PYAV, Reader, Undecodable, check_same, frame_index
from worlds.video.tracks import UNREADABLE

_BATCH = 8  # frames decoded at once: all of a batch are in memory together
_NEAR_S = 0.002  # decord gives its times in single precision, which is 1 ms at the third hour


class DecordReader(Reader):
    """See Reader."""

    times_s: np.ndarray

    def __init__(self, path: Path, *, kind: str, limits: Limits) -> None:
        with contextlib.closing(PyAvReader(path, kind=kind, limits=limits)) as known:
            _check_readable(known, kind=kind)
            self.facts, self.tolerance_s, self.times_s = known.facts, known.tolerance_s, known.times_s
            try:
                self._video = decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=2)
                spans = np.asarray(self._video.get_frame_timestamp(np.arange(len(self._video))), dtype=np.float64)
            except (DECORDError, RuntimeError, IndexError) as error:
                raise Undecodable(UNREADABLE) from error
            begins = spans.reshape(-1, 2)[:, 0]  # (frames, begin and end) -> (frames,)
            if len(begins) != len(self.times_s) or np.abs(begins - begins[0] - self.times_s).max() > _NEAR_S:
                raise Undecodable(f"has times that decord does not follow. {READ_IT_BY_PYAV}")
            check_same(self, known, library="decord")

    def frames_at(self, seconds: Sequence[float], *, width: int, height: int) -> Iterator[tuple[float, np.ndarray]]:
        """See Reader."""
        indices = [frame_index(self.times_s, second, tolerance_s=self.tolerance_s) for second in seconds]
        for first in range(0, len(indices), _BATCH):
            batch = indices[first : first + _BATCH]
            for index, frame in zip(batch, self._decode(batch), strict=True):
                if frame.shape[:2] != (height, width):
                    frame = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BOX))
                yield float(self.times_s[index]), frame
        self._video.seek(0)  # without it decord keeps what it read ahead, and grows

    def close(self) -> None:
        """See Reader."""
        del self._video

    def _decode(self, indices: list[int]) -> np.ndarray:
        """Return (frames, height, width, 3) uint8 RGB."""
        try:
            return self._video.get_batch(indices).asnumpy()
        except (DECORDError, RuntimeError, IndexError) as error:
            raise Undecodable(UNREADABLE) from error


def _check_readable(known: PyAvReader, *, kind: str) -> None:
    """Raise Undecodable where decord is known to read something else than what is meant."""
    if known.num_tracks > 1:
        raise Undecodable(f"has several tracks of pictures, of which decord chooses its own. {READ_IT_BY_PYAV}")
    if known.is_delayed:
        raise Undecodable(f"has a clock that decord does not follow. {READ_IT_BY_PYAV}")
    display = known.display
    if display.is_mirrored or display.is_odd or (display.rotation_deg and kind not in ("mp4", "mov")):
        raise Undecodable(f"is to be shown turned or mirrored as decord does not. {READ_IT_BY_PYAV}")
