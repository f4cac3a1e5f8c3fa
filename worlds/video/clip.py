"""The moments of a stranger's video that matter, joined into one file that every browser plays.

Decoding and encoding happen in the decoder's process, which alone may write; the file appears under its name only when it is
complete.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from worlds.errors import InputError
from worlds.video.limits import Limits
from worlds.video.process import Decoder
from worlds.video.video import open_video

_MAX_SPANS = 500
_MAX_FRAME_RATE = 60.0  # of a clip that keeps its video's


def write_clip(
    path: str | os.PathLike[str],
    spans: Sequence[tuple[float, float]],
    out: str | os.PathLike[str],
    *,
    max_side_px: int = 640,
    frame_rate: float | None = None,
    limits: Limits | None = None,
    name: str | None = None,
    crf: int = 23,
) -> Path:
    """Write the moments `spans` of a stranger's video, joined, as an mp4 that browsers play, and return where it lies.

    Decodes and encodes in a process of its own. There is no sound. What lies beyond the end is left out.

    Args:
        path: the video; see open_video.
        spans: (start_s, end_s) pairs in the order in which they are shown; at most 500.
        out: the file; it is replaced once the clip is complete.
        max_side_px: the longest side of the clip, 16 or more.
        frame_rate: frames per second of the clip; by default the video's, at most 60.
        limits: what the video may cost; by default Limits(). Its duration also holds for the clip.
        name: what people call the video; by default its name on the disk.
        crf: quality, 0 (lossless) to 51.
    Raises:
        InputError: the video cannot be used, or a span is not within it.
        ValueError: `max_side_px` or `frame_rate` is out of its range.
    """
    limits, out = limits or Limits(), Path(out).absolute()
    if max_side_px < 16:
        raise ValueError(f"max_side_px is {max_side_px}; it must be 16 or more")
    if frame_rate is not None and not 0 < frame_rate <= 1000:
        raise ValueError(f"frame_rate is {frame_rate}; it must be above 0 and at most 1000")
    with Decoder(limits, may_write=True) as decoder, open_video(path, limits=limits, name=name, decoder=decoder) as video:
        rate = frame_rate or min(_MAX_FRAME_RATE, max(1.0, video.info.frame_rate))
        counted = _counted(spans, duration_s=video.info.duration_s, frame_rate=rate, limits=limits)
        handle, part = tempfile.mkstemp(prefix=".clip-", suffix=".mp4", dir=out.parent)
        os.close(handle)
        try:
            video.write_moments(counted, Path(part), max_side_px=max_side_px, frame_rate=rate, crf=crf)
            os.replace(part, out)
        finally:
            Path(part).unlink(missing_ok=True)
    return out


def _counted(
    spans: Sequence[tuple[float, float]], *, duration_s: float, frame_rate: float, limits: Limits
) -> list[tuple[float, int]]:
    """Return where each moment starts, in seconds, and how many frames of the clip it gives."""
    if not 1 <= len(spans) <= _MAX_SPANS:
        raise InputError(f"A clip of {len(spans)} moments cannot be made. From 1 to {_MAX_SPANS} moments would be right.")
    counted = []
    for start_s, end_s in spans:
        if not (0 <= start_s < duration_s and start_s < end_s):
            what = f"The moment from {start_s:g} s to {end_s:g} s is not in a video of {duration_s:.2f} s."
            raise InputError(f"{what} A start before the end, both within the video, would be right.")
        counted.append((float(start_s), max(1, round((min(end_s, duration_s) - start_s) * frame_rate))))
    clip_s = sum(num_frames for _, num_frames in counted) / frame_rate
    if clip_s > limits.duration_s + 1:
        what = f"The moments are {clip_s / 60:.1f} minutes long together."
        raise InputError(f"{what} At most {limits.duration_s / 60:g} minutes make a clip here.")
    return counted
