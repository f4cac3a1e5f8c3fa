import ast
import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from worlds import pictures
from worlds.errors import InputError
from worlds.pictures import check_jpeg, decode_jpeg, encode_jpeg, jpeg_size, read_picture
from worlds.video.limits import Limits

ROOT = Path(__file__).parents[2]

HALVES = np.zeros((40, 60, 3), dtype=np.uint8)
HALVES[:, :30], HALVES[:, 30:] = (200, 30, 40), (30, 60, 200)


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_a_lossless_picture_comes_out_as_it_was(kind):
    assert np.abs(read_picture(saved(Image.fromarray(HALVES), kind)).astype(int) - HALVES).max() <= 8  # GIF has a palette


def test_a_cmyk_jpeg_keeps_its_colours():
    picture = read_picture(saved(Image.fromarray(HALVES).convert("CMYK"), "JPEG", quality=95))

    assert picture.shape == HALVES.shape
    assert np.abs(picture.astype(int) - HALVES).mean() < 12


def test_sixteen_bits_are_scaled_not_clipped():
    ramp = np.linspace(1000, 60_000, 64 * 64).reshape(64, 64).astype(np.uint16)

    picture = read_picture(saved(Image.fromarray(ramp), "PNG"))

    assert picture.shape == (64, 64, 3)
    assert picture.min() == 0 and picture.max() == 255 and 120 < picture.mean() < 135


def test_exif_says_which_side_is_up():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    picture = read_picture(saved(Image.fromarray(HALVES), "PNG", exif=exif))

    assert picture.shape == (60, 40, 3)
    assert picture[5, 20, 0] > 150 and picture[-5, 20, 2] > 150  # left went up


def test_transparent_parts_become_white():
    clear = np.zeros((16, 16, 4), dtype=np.uint8)

    assert (read_picture(saved(Image.fromarray(clear), "PNG")) == 255).all()


def test_of_a_moving_picture_the_first_frame_is_read():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]

    picture = read_picture(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))

    assert picture[0, 0].tolist() == [255, 0, 0]


def test_a_large_picture_is_made_smaller_and_a_small_one_is_not_enlarged():
    assert read_picture(saved(Image.new("RGB", (4000, 1000)), "JPEG"), max_side_px=500).shape == (125, 500, 3)
    assert read_picture(saved(Image.new("RGB", (40, 20)), "PNG"), max_side_px=500).shape == (20, 40, 3)


def test_limits_are_named(monkeypatch):
    with pytest.raises(InputError, match=r"7 x 20 pixels\. Each side must have at least 8"):
        read_picture(saved(Image.new("RGB", (7, 20)), "PNG"))
    assert read_picture(saved(Image.new("RGB", (8, 20)), "PNG")).shape == (20, 8, 3)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 400)
    assert read_picture(saved(Image.new("RGB", (20, 20)), "PNG")).shape == (20, 20, 3)
    with pytest.raises(InputError, match=r"21 x 20 pixels\. At most 0 megapixels"):
        read_picture(saved(Image.new("RGB", (21, 20)), "PNG"))
    monkeypatch.setattr(pictures, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="At most 0 MB"):
        read_picture(b"x" * 11)


def test_a_picture_that_only_claims_its_size_is_refused_with_it():
    content = bytearray(saved(Image.new("RGB", (20, 20)), "PNG"))
    content[16:24] = struct.pack(">2I", 60_000, 60_000)  # of the header, whose checksum follows its 13 bytes
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))

    with pytest.raises(InputError, match=r"60000 x 60000 pixels\. At most 50 megapixels"):
        read_picture(bytes(content))


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(100), b"<svg></svg>"], ids=["empty", "text", "zip", "svg"])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(InputError, match=r"^This is .*, not a picture that can be read"):
        read_picture(content)
    with pytest.raises(InputError, match=r"^The file 'mine\.png' is .*, not a picture that can be read"):
        read_picture(content, name="mine.png")


@pytest.mark.parametrize("kind", pictures.KINDS)
def test_cut_off_and_garbled_pictures_are_refused_or_read_but_never_crash(kind):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    whole = saved(Image.fromarray(noise), kind)
    generator = np.random.default_rng(1)
    for _ in range(20):
        broken = bytearray(whole[:generator.integers(1, len(whole))])
        for place in generator.integers(0, len(broken), 5):
            broken[place] = generator.integers(256)
        try:
            assert read_picture(bytes(broken)).shape[2] == 3
        except InputError as error:
            assert str(error)


@pytest.mark.parametrize("kind", pictures.KINDS)
def test_every_kind_that_is_named_is_read_and_offered(kind):
    assert read_picture(saved(Image.fromarray(HALVES), kind)).shape == HALVES.shape
    assert kind in {Image.registered_extensions()[f".{ending}"] for ending in pictures.ENDINGS}


def test_no_picture_is_decoded_in_the_server():
    calls = [f"{path.relative_to(ROOT)}:{node.lineno}" for floor in ("worlds", "models", "backends", "visualizers", "pages")
             for path in (ROOT / floor).rglob("*.py") if path.name != "picture_decoding.py" and "recipes" not in path.parts
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Attribute) and (node.attr in ("imdecode", "imread") or ast.unparse(node) == "Image.open")]

    assert calls == []


def test_a_file_above_the_limit_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    path.touch()
    os.truncate(path, pictures.MAX_BYTES + 1)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))

    with pytest.raises(InputError, match="At most 50 MB"):
        read_picture(path)


def test_a_file_that_is_gone_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\)\. Upload it again\."):
        read_picture(tmp_path / "gone.png")


BREAKING = """
import os, time
import numpy as np
def aborts(content, **limits): os.abort()
def hangs(content, **limits): time.sleep(3600)
def holds_the_interpreter(content, **limits): import re; re.match("(a|a)*$", "a" * 60 + "b")
def fills_memory(content, **limits): return np.ones(2**36, np.uint8)
def lies(content, **limits): return np.zeros((3, 3), np.uint8)
def raises(content, **limits): raise KeyError("line one\\n" * 1000)
"""


@pytest.fixture
def breaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Decoders that break, in a process that knows them and waits a second."""
    (tmp_path / "breaking.py").write_text(BREAKING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(pictures, "LIMITS", Limits(memory_mb=1024, timeout_s=1))
    for name in ("_uploads", "_results"):
        monkeypatch.setattr(pictures, name, pictures._Shared())
    yield
    for shared in (pictures._uploads, pictures._results):
        shared.get().retire()


@pytest.mark.parametrize("way", ["aborts", "hangs", "holds_the_interpreter", "fills_memory", "lies", "raises"])
def test_a_picture_that_breaks_the_decoder_costs_one_sentence_and_the_next_is_read(breaking, monkeypatch, way):
    whole = saved(Image.fromarray(HALVES), "PNG")
    read_picture(whole)
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "DECODE", f"breaking:{way}")
        with pytest.raises(InputError, match=r"^The picture (crashes|is damaged)[^\n]{20,180}\.$"):
            read_picture(whole)

    assert (read_picture(whole) == HALVES).all()


def test_a_result_picture_outlives_a_decoder_that_was_killed(breaking):
    jpeg = np.frombuffer(saved(Image.fromarray(HALVES), "JPEG"), np.uint8)
    check_jpeg(jpeg)
    os.kill(pictures._results.get().pid, 9)

    assert decode_jpeg(jpeg).shape == HALVES.shape


def test_a_picture_that_is_encoded_here_passes_as_a_results_own_and_keeps_its_colours():
    jpeg = encode_jpeg(np.full((24, 32, 3), (200, 40, 40), np.uint8))
    check_jpeg(jpeg)

    assert np.abs(decode_jpeg(jpeg).astype(int) - (200, 40, 40)).max() < 6


def test_drawing_on_a_result_picture_does_not_change_the_next():
    jpeg = np.frombuffer(saved(Image.fromarray(HALVES), "JPEG"), np.uint8)
    decode_jpeg(jpeg)[:] = 0

    assert decode_jpeg(jpeg).mean() > 50


def with_segment(whole: bytes, marker: bytes) -> bytes:
    return whole[:2] + marker + (10).to_bytes(2, "big") + bytes(8) + whole[2:]


WHOLE = saved(Image.fromarray(HALVES), "JPEG", quality=90)


@pytest.mark.parametrize("content", [
    pytest.param(b"", id="nothing"),
    pytest.param(WHOLE[:-2], id="no end"),
    pytest.param(WHOLE[:30] + WHOLE[-2:], id="no scan"),
    pytest.param(WHOLE + WHOLE, id="two pictures"),
    pytest.param(WHOLE + b"<script>" + b"\xff\xd9", id="something behind the end"),
    pytest.param(with_segment(WHOLE, b"\xff\xfe"), id="a comment"),
    pytest.param(with_segment(WHOLE, b"\xff\xe1"), id="EXIF"),
    pytest.param(saved(Image.fromarray(HALVES), "JPEG", progressive=True), id="progressive"),
    pytest.param(saved(Image.fromarray(HALVES), "PNG"), id="PNG"),
    pytest.param(WHOLE.replace((40).to_bytes(2, "big") + (60).to_bytes(2, "big"), bytes(4)), id="no pixels"),
    pytest.param(saved(Image.new("RGB", (2049, 8)), "JPEG"), id="too wide"),
])
def test_another_file_than_this_app_writes_is_no_result_picture(content):
    with pytest.raises(InputError, match=r"^A picture of this run cannot be shown: [^\n]+\.$"):
        check_jpeg(np.frombuffer(content, np.uint8))


def test_the_largest_result_picture_is_let_in():
    noise = np.random.default_rng(0).integers(0, 255, (2048, 2048, 3), dtype=np.uint8)
    content = saved(Image.fromarray(noise), "JPEG", quality=90)

    assert jpeg_size(content) == (2048, 2048)
    check_jpeg(np.frombuffer(content, np.uint8))


@pytest.mark.parametrize("seed", range(20))
def test_what_passes_the_check_is_drawn_and_anything_else_is_one_sentence(seed):
    generator, broken = np.random.default_rng(seed), bytearray(WHOLE)
    for place in generator.integers(2, len(broken), 3):
        broken[place] = generator.integers(256)
    jpeg = np.frombuffer(bytes(broken), np.uint8)
    try:
        check_jpeg(jpeg)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert decode_jpeg(jpeg).shape[2] == 3
