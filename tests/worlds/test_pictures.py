import io

import numpy as np
import pytest
from PIL import Image

from worlds import pictures
from worlds.errors import InputError
from worlds.pictures import read_picture

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


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(100), b"<svg></svg>"], ids=["empty", "text", "zip", "svg"])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(InputError, match=r"^This is not a picture"):
        read_picture(content)
    with pytest.raises(InputError, match=r"^The file 'mine\.png' is not a picture"):
        read_picture(content, name="mine.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
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
