"""Every file is recognised by its first bytes, or by none."""

import pytest

from worlds.errors import InputError
from worlds.signatures import HEAD, check_data, recognise, words

HEADS = [
    (b"", "empty"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
    (b"GIF89a\x10\0\x10\0", "GIF"),
    (b"BM\x36\0\0\0\0\0\0\0", "BMP"),
    (b"II*\0\x08\0\0\0", "TIFF"),
    (b"MM\0*\0\0\0\x08", "TIFF"),
    (b"II+\0\x08\0\0\0", "TIFF"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "WEBP"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "WAV"),
    (b"RIFF\x24\0\0\0AVI LIST", "avi"),
    (b"RIFF\x24\0\0\0CDDAfmt ", "RIFF"),
    (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "AVIF"),
    (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
    (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "HEIC"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "camera raw"),
    (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", "mp4"),
    (b"\0\0\0\x18ftyp3gp4\0\0\0\0isom3gp4", "mp4"),
    (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "mov"),
    (b"\0\0\0\x08wide\0\0\0\0mdat", "mov"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "webm"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "mkv"),
    (b"PK\x03\x04\x14\0\0\0", "zip"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
    (b"MZ\x90\0\x03\0", "program"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"PAR1\x15\x04\x15\0", "parquet"),
    (b"\x47\x40\0\x10" + bytes(184) + b"\x47\x40\0\x11", "transport stream"),
    (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "playlist"),
    (b"ffconcat version 1.0\nfile a\n", "list"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<SVG>", "SVG"),
    (b"\n<!DOCTYPE html><p>see <svg>", "web page"),
    (b'{"prompt": "a"}\n', "text"),
    ("prompt,right\nO\u00f9 est la ville,Paris\n".encode(), "text"),
    ("prompt,right\nOù,ici\n".encode("cp1252"), "text"),
    ("prompt,right\n".encode("utf-16"), "text"),
    (b"BMW,PK,MZ\na,b,c\n", "text"),
    (b"The free press\n", "text"),  # the name of a box stands where QuickTime's would
    (b"G" + b"a" * 187 + b"G" + b"a" * 187, "text"),
    (bytes(100), "unknown"),
]


@pytest.mark.parametrize("head, name", HEADS, ids=[f"{name} {number}" for number, (_, name) in enumerate(HEADS)])
def test_a_file_is_recognised_by_its_first_bytes(head: bytes, name: str) -> None:
    assert recognise(head) == name
    assert recognise(head + head * (HEAD // max(1, len(head))))  # whatever follows, it has a name
    assert words(name).startswith(("a ", "an "))


def test_data_that_is_something_else_is_named_and_what_nobody_knows_passes() -> None:
    check_data(b"a,b\n1,2\n", "mine.csv", wanted=("text", "parquet"), said="A table")
    check_data(b"PAR1\x15\x04", "mine.csv", wanted=("text", "parquet"), said="A table")
    check_data(bytes(100), "mine.csv", wanted=("text", "parquet"), said="A table")

    with pytest.raises(InputError, match=r"^The file 'mine\.csv' is a zip archive\. A table would be right\.$"):
        check_data(b"PK\x03\x04\x14\0", "mine.csv", wanted=("text", "parquet"), said="A table")
