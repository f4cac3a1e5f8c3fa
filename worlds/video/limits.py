"""What a video from outside may cost, and what is known about one that was let in."""

import os
from dataclasses import dataclass, field

MIB = 1024 * 1024


def _from_environment(name: str, default: float) -> float:
    text = os.environ.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise ValueError(f"{name} is {text[:80]!r}; it must be a number above 0")
    return value


@dataclass(frozen=True)
class Limits:
    """What one video may cost. `ORRERY_MAX_UPLOAD_MB` and `ORRERY_MAX_MINUTES` replace the first two defaults."""

    size_bytes: int = field(default_factory=lambda: int(_from_environment("ORRERY_MAX_UPLOAD_MB", 1024) * MIB))
    duration_s: float = field(default_factory=lambda: _from_environment("ORRERY_MAX_MINUTES", 180) * 60)
    side_px: int = 4096  # the longest side; 8K would need 50 MB for every frame that the decoder keeps
    memory_mb: int = 3072  # address space of the decoder's process, of which the readers themselves reserve 300 to 400
    timeout_s: float = 120.0  # for opening, and again for every 64 frames
    answer_mb: int = 2048  # what one call of frames_at may return


@dataclass(frozen=True)
class Facts:
    """What a reader found out about the stream of pictures; times count from its first frame."""

    duration_s: float  # of what can be played, whatever the container says
    width: int  # square pixels, upright
    height: int
    frame_rate: float  # frames per second, on average
    codec: str  # "h264", "av1", ...: of the format, not of the library that decodes it
    rotation_deg: int  # 0 to 359, counter-clockwise; already applied to width, height and every frame
    has_variable_rate: bool
    is_mirrored: bool = field(default=False, kw_only=True)  # left and right change places, before it is turned; applied too
    pixel_aspect: float = field(default=1.0, kw_only=True)  # width over height of one stored pixel, as the file says it
    video: int = field(default=1, kw_only=True)  # which of the videos inside the file this is, from 1
    num_videos: int = field(default=1, kw_only=True)
    starts_s: float = field(default=0.0, kw_only=True)  # by how much the first picture comes after the first sound
    is_hdr: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class VideoInfo(Facts):
    """What is known about one open video."""

    name: str
    size_bytes: int
