"""What a person should know about how their video is read, in sentences, from its facts alone."""

import math

from worlds.video.display import MAX_ASPECT
from worlds.video.limits import Facts

_LATE_S = 0.5  # below it nobody notices that pictures and sound begin apart


def notes_of(facts: Facts, *, name: str) -> tuple[str, ...]:
    """Return one sentence for everything about the file `name` that is not read as a person might expect.

    Raises:
        ValueError, TypeError: the facts are no numbers, as a decoder that was taken over may say.
    """
    if not math.isfinite(facts.pixel_aspect + facts.starts_s):
        raise ValueError(f"pixels {facts.pixel_aspect} wide, a start at {facts.starts_s}")
    notes = []
    if facts.num_videos > 1:
        notes.append(f"{name!r} holds {facts.num_videos:d} videos; number {facts.video:d} is read: the one that it marks as its "
                     "default, or else the longest and largest.")  # fmt: skip
    if not 1 / MAX_ASPECT <= facts.pixel_aspect <= MAX_ASPECT:
        notes.append(f"{name!r} says that its pixels are {facts.pixel_aspect:.4g} times as wide as high. They are shown square.")
    if facts.starts_s > _LATE_S:
        notes.append(f"The pictures of {name!r} begin {facts.starts_s:.2f} s after its sound; seconds count from the first one.")
    if facts.is_hdr:
        notes.append(f"{name!r} is HDR. Its colours are read as they are stored, and look paler than in a player.")
    return tuple(notes)
