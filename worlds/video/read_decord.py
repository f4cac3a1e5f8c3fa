"""Frames by presentation time through decord: exact, but slower and thirstier than PyAV, and no longer maintained."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import decord
import numpy as np
from decord import DECORDError
from PIL import Image

from worlds.video.limits import Facts, Limits
from worlds.video.readers import (
    Reader,
    Undecodable,
    average_rate,
    check_duration,
    check_size,
    frame_index,
    is_uneven,
    rounding_s,
)

_BATCH = 8  # frames decoded at once: all of a batch are in memory together
_UNREADABLE = "cannot be decoded: its data are damaged or cut off. A video that a player can show would be right."


class DecordReader(Reader):
    """See Reader."""

    def __init__(self, path: Path, *, kind: str, limits: Limits) -> None:
        try:
            self._video = decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=2)
            num_frames = len(self._video)
            spans = np.asarray(self._video.get_frame_timestamp(np.arange(num_frames)), dtype=np.float64)  # (frames, 2)
        except (DECORDError, RuntimeError, IndexError) as error:
            raise Undecodable(_UNREADABLE) from error
        if num_frames == 0:
            raise Undecodable(_UNREADABLE)
        self.times_s = self._times_s = np.maximum.accumulate(spans[:, 0] - spans[0, 0])
        duration_s = max(float(spans[-1, 1] - spans[0, 0]), float(self._times_s[-1]))
        check_duration(duration_s, limits=limits)
        height, width = self._decode([0])[0].shape[:2]
        check_size(width, height, limits=limits)
        self.facts = Facts(
            duration_s=duration_s,
            width=width,
            height=height,
            frame_rate=average_rate(self._times_s, duration_s=duration_s),
            codec="unknown",
            rotation_deg=0,  # decord turns the frames itself and does not say so
            has_variable_rate=is_uneven(self._times_s),
        )
        # decord gives its times in single precision, which is 1 ms at the third hour.
        self.tolerance_s = max(rounding_s(kind), 1.2e-7 * duration_s)

    def frames_at(self, seconds: Sequence[float], *, width: int, height: int) -> Iterator[tuple[float, np.ndarray]]:
        """See Reader."""
        indices = [frame_index(self._times_s, second, tolerance_s=self.tolerance_s) for second in seconds]
        for first in range(0, len(indices), _BATCH):
            batch = indices[first : first + _BATCH]
            for index, frame in zip(batch, self._decode(batch), strict=True):
                if frame.shape[:2] != (height, width):
                    frame = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BOX))
                yield float(self._times_s[index]), frame
        self._video.seek(0)  # without it decord keeps what it read ahead, and grows

    def close(self) -> None:
        """See Reader."""
        del self._video

    def _decode(self, indices: list[int]) -> np.ndarray:
        """Return (frames, height, width, 3) uint8 RGB."""
        try:
            return self._video.get_batch(indices).asnumpy()
        except (DECORDError, RuntimeError, IndexError) as error:
            raise Undecodable(_UNREADABLE) from error
