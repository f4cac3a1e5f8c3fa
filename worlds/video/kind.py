"""What a file is, by its first bytes and never by its name.

Only five containers pass, so that no playlist, script or picture sequence ever reaches FFmpeg, where one could make it
open other files. What else a file may be is recognised only to say so in one sentence.
"""

import os
import stat
from pathlib import Path

from worlds.errors import InputError

ACCEPTED = "A video in mp4, mkv, webm, mov or avi would be right."
DEMUXERS = {"mp4": "mov", "mov": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi"}  # kind -> FFmpeg's name
_HEAD = 4096  # bytes; every signature lies within them

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"PK", "a zip archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"fLaC", "a FLAC sound"),
    (b"ID3", "an MP3 sound"),
    (b"\xff\xfb", "an MP3 sound"),
    (b"\xff\xf1", "an AAC sound"),
    (b"OggS", "an Ogg stream"),
    (b"FLV", "a Flash video"),
    (b"\x00\x00\x01\xba", "an MPEG program stream"),
    (b"\x00\x00\x01\xb3", "an MPEG-1 or MPEG-2 stream"),
    (b"\x30\x26\xb2\x75", "a Windows Media file"),
    (b"#EXTM3U", "a playlist"),
    (b"ffconcat", "a list of files to join"),
    (b"SIMPLE", "a FITS picture"),
)
_PICTURE_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF", b"avis": "AVIF"}
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def local_file(path: str | os.PathLike[str], *, name: str | None = None) -> Path:
    """Return the absolute path of a regular file on this machine.

    Args:
        name: what people call it; by default its name on the disk.
    Raises:
        InputError: there is none; addresses such as `http:` or `concat:` are names of files here, and so there is none.
    """
    name = name or Path(os.fspath(path)).name[:80]
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
        head = file.read(_HEAD)
    if not head:
        raise InputError(f"The file {name!r} is empty. {ACCEPTED}")
    container = _container(head)
    if container in DEMUXERS:
        return container
    raise InputError(f"The file {name!r} is {container or _other(head)}. {ACCEPTED}")


def _container(head: bytes) -> str | None:
    """Return a key of DEMUXERS, or words for a near relative of the five, or None."""
    box, brand = head[4:8], head[8:12]
    if box == b"ftyp":
        if brand in _PICTURE_BRANDS:
            return f"a {_PICTURE_BRANDS[brand]} picture"
        return "mov" if brand == b"qt  " else "mp4"
    if box in _QUICKTIME_BOXES:  # QuickTime before 2001 had no file type
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):  # EBML: its header names the document type
        return "webm" if b"webm" in head[:128] else "mkv"
    if head.startswith(b"RIFF"):
        relatives = {b"AVI ": "avi", b"WAVE": "a WAV sound", b"WEBP": "a WebP picture"}
        return relatives.get(brand, "a RIFF file without pictures")
    return None


def _other(head: bytes) -> str:
    for signature, words in _OTHERS:
        if head.startswith(signature):
            return words
    if head[0] == 0x47 and head[188:189] == b"\x47":
        return "an MPEG transport stream"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return "a text"
    return "of no kind that is known here"


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
