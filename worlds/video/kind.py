"""Which container a video lies in, by its first bytes and never by its name.

Only five pass, so that no playlist, script or picture sequence ever reaches FFmpeg, where one could make it open other files.
"""

import os
import stat
from pathlib import Path

from worlds.errors import InputError
from worlds.signatures import HEAD, recognise, words

ACCEPTED = "A video in mp4, mkv, webm, mov or avi would be right."
ENDINGS = ("mp4", "m4v", "3gp", "mov", "mkv", "webm", "avi")  # what upload boxes offer; the content decides
DEMUXERS = {"mp4": "mov", "mov": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi"}  # kind -> FFmpeg's name


def local_file(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a regular file on this machine.

    Raises:
        InputError: there is none; addresses such as `http:` or `concat:` are names of files here, and so there is none.
    """
    name = Path(os.fspath(path)).name[:80]
    try:
        resolved = Path(path).resolve(strict=True)
        mode = resolved.stat().st_mode
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a null byte; RuntimeError: links in a circle
        raise InputError(f"There is no file {name!r} here. A video that was uploaded would be right.") from error
    if not stat.S_ISREG(mode):
        raise InputError(f"{name!r} is a folder or a device, not a file. {ACCEPTED}")
    return resolved


def kind_of(path: Path, *, name: str) -> str:
    """Return "mp4", "mov", "mkv", "webm" or "avi", by content.

    Args:
        path: a regular file.
        name: what people call it.
    Raises:
        InputError: it is empty or something else; the sentence says what.
    """
    with path.open("rb") as file:
        return video_kind(file.read(HEAD), name=name)


def video_kind(head: bytes, *, name: str) -> str:
    """The same of a file's first HEAD bytes."""
    kind = recognise(head)
    if kind in DEMUXERS:
        return kind
    what = {"empty": "empty", "unknown": "of no kind that is known here"}.get(kind, words(kind))
    raise InputError(f"The file {name!r} is {what}. {ACCEPTED}")


def check_video(head: bytes, name: str) -> None:
    """Raise InputError where what is being uploaded under `name` and begins with `head` is no video that can be read."""
    video_kind(head, name=name)


def has_index(path: Path) -> bool:
    """Whether an mp4 or mov file has its `moov` box, without which nothing in it can be found."""
    size = path.stat().st_size
    with path.open("rb") as file:
        position = 0
        for _ in range(1000):  # boxes at the top level; a true file has fewer than ten
            file.seek(position)
            header = file.read(16)
            if len(header) < 8:
                return False
            length = int.from_bytes(header[:4], "big")
            if header[4:8] == b"moov":
                return position + length <= size
            if length == 1:  # the true length follows in eight bytes
                length = int.from_bytes(header[8:16], "big")
            if length < 8:
                return False
            position += length
    return False
