"""What a file is, by its first bytes and never by its name: recognised so that one sentence can say so.

Only what is recognised as right goes on to a decoder, so that no playlist, script or drawing that names other files ever does.
"""

from collections.abc import Callable

from worlds.errors import InputError

HEAD = 4096  # bytes; every signature lies within them
UploadCheck = Callable[[bytes, str], None]  # of a file's first HEAD bytes and its name; raises InputError with one sentence

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # with 64-bit places
    (b"MM\0+", "TIFF"),
    (b"PK", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "RAR"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"PAR1", "parquet"),
    (b"8BPS", "Photoshop"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\1\0", "icon"),
    (b"fLaC", "FLAC"),
    (b"ID3", "MP3"),
    (b"\xff\xfb", "MP3"),
    (b"\xff\xf1", "AAC"),
    (b"OggS", "Ogg"),
    (b"FLV", "Flash"),
    (b"\x00\x00\x01\xba", "program stream"),
    (b"\x00\x00\x01\xb3", "MPEG"),
    (b"\x30\x26\xb2\x75", "Windows Media"),
)
_TEXT_STARTS = ((b"%PDF", "PDF"), (b"#EXTM3U", "playlist"), (b"ffconcat", "list"), (b"SIMPLE  =", "FITS"))
_WORDS = {  # what is not listed is "a NAME picture" or "a video in NAME"
    "empty": "an empty file", "unknown": "a file of no known kind", "text": "a text", "web page": "a web page",
    "SVG": "an SVG drawing", "zip": "a zip archive", "gzip": "a gzip archive", "7z": "a 7z archive", "RAR": "a RAR archive",
    "PDF": "a PDF document", "program": "a program", "parquet": "a parquet table", "icon": "an icon",
    "WAV": "a WAV sound", "FLAC": "a FLAC sound", "MP3": "an MP3 sound", "AAC": "an AAC sound", "Ogg": "an Ogg stream",
    "RIFF": "a RIFF file without pictures", "Flash": "a Flash video", "program stream": "an MPEG program stream",
    "transport stream": "an MPEG transport stream", "MPEG": "an MPEG-1 or MPEG-2 stream", "Windows Media": "a Windows Media file",
    "playlist": "a playlist", "list": "a list of files to join", "AVIF": "an AVIF picture",
}  # fmt: skip
_VIDEOS = ("mp4", "mov", "mkv", "webm", "avi")
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # QuickTime before 2001 had no file type


def recognise(head: bytes) -> str:
    """Return the name of what begins with `head`, up to HEAD bytes: "PNG", "mp4", "zip", "text", ... or "unknown"."""
    if not head:
        return "empty"
    for signature, name in _TEXT_STARTS:
        if head.startswith(signature):
            return name
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):  # before the rest: a text may begin with BM, PK or G
        return _text(head)
    box = head[4:8]
    if box == b"ftyp":
        return _brand(head)
    if box in _QUICKTIME_BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):  # EBML: its header names the document type
        return "webm" if b"webm" in head[:128] else "mkv"
    if head.startswith(b"RIFF"):
        return {b"AVI ": "avi", b"WAVE": "WAV", b"WEBP": "WEBP"}.get(head[8:12], "RIFF")
    for signature, name in _STARTS:
        if head.startswith(signature):
            return name
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return "text"
    return "transport stream" if head[0] == 0x47 and head[188:189] == b"\x47" else "unknown"


def words(name: str) -> str:
    """Return how a person calls it: "a zip archive"."""
    if name in _VIDEOS:
        return f"a video in {name}"
    return _WORDS.get(name, f"a {name} picture")


def _brand(head: bytes) -> str:
    """Return what an ISO base media file is; the same boxes hold films, pictures of phones and camera raws."""
    brand, also = head[8:12], head[16 : max(16, int.from_bytes(head[:4], "big"))]
    if brand in (b"avif", b"avis") or (brand in _HEIC and b"avif" in also):
        return "AVIF"
    if brand in _HEIC:
        return "HEIC"
    if brand == b"crx ":
        return "camera raw"
    return "mov" if brand == b"qt  " else "mp4"


def _text(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "web page"
    return "SVG" if text.startswith(b"<") and b"<svg" in text else "text"


def check_data(head: bytes, name: str, *, wanted: tuple[str, ...], said: str) -> None:
    """Raise InputError where what begins with `head` is recognised as something else than one of `wanted`.

    What is not recognised at all passes: whoever reads it later knows more.

    Args:
        wanted: names as `recognise` gives them.
        said: what would be right, as the sentence names it.
    """
    kind = recognise(head)
    if kind not in (*wanted, "unknown"):
        raise InputError(f"The file {name!r} is {words(kind)}. {said} would be right.")
