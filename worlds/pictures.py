"""Pictures that people bring: any kind Pillow knows safely, as RGB, upright, at a bounded size; and those in saved runs.

The content decides, never the name. No byte of them is decoded in the server: a process of its own does it, as with video, under
limits of memory and time; what crashes or hangs it costs one sentence. The process is kept and shared, and replaced when it
breaks. Pictures in results go to another process than uploads do, so that nobody's upload can make the pages wait.
"""

import hashlib
import os
import threading
from pathlib import Path

import cv2
import numpy as np

from worlds.errors import InputError
from worlds.picture_kinds import ENDINGS, KINDS, check_picture, picture_kind
from worlds.video.cache import FrameCache
from worlds.video.limits import Limits
from worlds.video.process import Broken, Decoder
from worlds.video.readers import Refused, Undecodable

__all__ = ["ENDINGS", "KINDS", "check_jpeg", "check_picture", "decode_jpeg", "encode_jpeg", "jpeg_size", "read_picture"]

MAX_BYTES = 50_000_000
MAX_PIXELS = 50_000_000  # a 50-megapixel camera; decoded it takes 150 MB
MIN_SIDE = 8
SHOWN_SIDE_PX = 2048  # a picture in a result is never larger: uploads are made smaller when they are read
SHOWN_BYTES = 16_000_000  # of one picture in a result; noise of 2048 x 2048 at quality 90 has 5 MB
SHOWN_QUALITY = 88  # of a JPEG in a result
SHEET_QUALITY = 90  # of one that people take away
DECODE = "worlds.picture_decoding:decode"  # what the process imports; tests name functions that break

LIMITS = Limits(memory_mb=3072, timeout_s=20, answer_mb=256)  # 50 megapixels of 16 bits take 1.3 GB on the way
_DAMAGED = "is damaged or cut off. Save it again and bring that file."
_BROKE = (f"crashes the decoder, or takes more than {LIMITS.memory_mb} MB or {LIMITS.timeout_s:g} s. Save it again as "
          "JPEG or PNG and bring that file.")
_CACHE_BYTES = 96_000_000  # of decoded pictures of results: the pages draw them again at every click


class _Shared:
    """One decoder for all threads of this process, started when first asked."""

    def __init__(self) -> None:
        self._decoder: Decoder | None = None
        self._pid = 0
        self._lock = threading.Lock()

    def get(self) -> Decoder:
        with self._lock:
            if self._decoder is None or self._pid != os.getpid():  # a forked server must not read its parent's answers
                self._decoder, self._pid = Decoder(LIMITS), os.getpid()
            return self._decoder


_uploads, _results = _Shared(), _Shared()
_drawn, _drawn_lock = FrameCache(_CACHE_BYTES), threading.Lock()


def read_picture(source: Path | bytes, *, max_side_px: int = SHOWN_SIDE_PX, name: str = "") -> np.ndarray:
    """Return the picture, (height, width, 3) uint8 RGB, turned as its EXIF says; of a moving one the first frame.

    Transparent parts are put on white. Pictures of 16 bits a channel are scaled to their own range.

    Args:
        name: what people call the file, for the sentence of an error.
    Raises:
        InputError: it is no picture, broken, too large or too small; one sentence says which.
    """
    what = f"The picture {name[:80]!r}" if name else "The picture"
    content = _content(source, what)
    kind = picture_kind(content, name=name)
    return _decoded(_uploads, content, what=what, kind=kind, max_side_px=max_side_px, max_pixels=MAX_PIXELS, min_side=MIN_SIDE)


def encode_jpeg(picture: np.ndarray, quality: int = SHOWN_QUALITY) -> np.ndarray:
    """Return the bytes of a JPEG file, (height, width, 3) uint8 RGB -> (bytes,)."""
    return cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].reshape(-1)


def decode_jpeg(jpeg: np.ndarray) -> np.ndarray:
    """Return a picture that a result holds, (bytes,) -> (height, width, 3) uint8 RGB.

    Raises:
        InputError: it is none that was checked, see `check_jpeg`.
    """
    content = jpeg.tobytes()
    key = hashlib.blake2b(content, digest_size=16).digest()
    with _drawn_lock:
        known = _drawn.get(key)
    if known is None:
        known = _shown(content)
        with _drawn_lock:
            _drawn.put(key, known)
    return known.copy()  # boxes are drawn on it


def check_jpeg(jpeg: np.ndarray) -> None:
    """Raise InputError where a picture of a result cannot be drawn whole; nothing is kept."""
    _shown(jpeg.tobytes(), sends=False)


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG as this app writes them: one scan, nothing but what the picture needs.

    A progressive one may hold thousands of scans, each of which costs a pass over the whole picture; comments, further
    pictures and whatever stands behind the end could be something else than a picture. Headers only: nothing is decoded.

    Raises:
        ValueError: it is another file.
    """
    size, place = None, 2
    if not content.startswith(b"\xff\xd8"):
        raise ValueError("it is no JPEG")
    while True:
        marker, length = content[place:place + 2], int.from_bytes(content[place + 2:place + 4], "big")
        if marker not in _SEGMENTS or length < 2:
            raise ValueError(f"its segment {marker.hex()} is none that is written here")
        if marker == b"\xff\xc0":
            height, width = (int.from_bytes(content[place + at:place + at + 2], "big") for at in (5, 7))
            size = width, height
        if marker == b"\xff\xda":
            break
        place += 2 + length
    if content.find(b"\xff\xd9", place) != len(content) - 2 or content.find(b"\xff\xda", place + 2) >= 0:
        raise ValueError("it is no JPEG of one scan")  # in a scan's own bytes 255 is followed by 0, or by a restart
    if size is None or not 0 < min(size) <= max(size) <= SHOWN_SIDE_PX or len(content) > SHOWN_BYTES:
        raise ValueError(f"it has {size} pixels and {len(content):,} bytes; at most {SHOWN_SIDE_PX} on a side and {SHOWN_BYTES:,}")
    return size


_SEGMENTS = (b"\xff\xe0", b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda")  # JFIF, quantisation, baseline frame, Huffman, scan


def _shown(content: bytes, *, sends: bool = True) -> np.ndarray:
    try:
        width, height = jpeg_size(content)
    except ValueError as error:
        raise InputError(f"A picture of this run cannot be shown: {error}.") from error
    return _decoded(_results, content, kind="JPEG", max_side_px=max(width, height), max_pixels=width * height, min_side=1,
                    sends=sends, tries=2)  # the system may kill a process that did nothing wrong


def _content(source: Path | bytes, what: str) -> bytes:
    """Return the bytes; a file that is too large is not read."""
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{what} has {size / 1e6:.0f} MB. At most {MAX_BYTES / 1e6:.0f} MB are read.")
        return source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise InputError(f"{what} cannot be read ({error.strerror}). Upload it again.") from error


def _decoded(shared: _Shared, content: bytes, *, what: str = "The picture", sends: bool = True, tries: int = 1, **limits: object
             ) -> np.ndarray:
    """Return what the process made of it; without `sends` an empty array, where only its being whole is asked."""
    request = {"do": "picture", "decoder": DECODE, "sends": sends, "what": what, **limits}
    try:
        answers = shared.get().ask(request, content)
        answer, data = next(answers, ({}, None))
        if next(answers, None) is not None:
            answers.close()  # one is due; whatever else a process says is not listened to, and it goes
    except Broken as error:
        if tries > 1:
            return _decoded(shared, content, what=what, sends=sends, tries=tries - 1, **limits)
        raise InputError(f"{what} {_BROKE}") from error
    except Refused as error:
        raise InputError(str(error)) from error
    except Undecodable as error:
        raise InputError(f"{what} {_DAMAGED}") from error
    if not sends:
        return np.empty(0, np.uint8)
    return _array(answer.get("shape"), data, what)


def _array(shape: object, data: bytearray | None, what: str) -> np.ndarray:
    """Return (height, width, 3); a process that a hostile file has taken over may say anything."""
    is_size = isinstance(shape, list) and len(shape) == 2 and all(isinstance(side, int) and 0 < side < 2**16 for side in shape)
    if not is_size or data is None or len(data) != 3 * shape[0] * shape[1]:  # type: ignore[index]
        raise InputError(f"{what} {_DAMAGED}")
    return np.frombuffer(data, np.uint8).reshape(*shape, 3)  # type: ignore[misc]
