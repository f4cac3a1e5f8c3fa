"""One list says which pictures can be brought: what is on it is offered, let in and read, and what is not gets one sentence."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, features

from worlds import picture_kinds
from worlds.errors import InputError
from worlds.picture_kinds import ENDINGS, ENDINGS_OF, KINDS, check_picture, offered, picture_kind
from worlds.pictures import read_picture

HALVES = np.zeros((40, 60, 3), dtype=np.uint8)
HALVES[:, :30], HALVES[:, 30:] = (200, 30, 40), (30, 60, 200)
PICTURE = Image.fromarray(HALVES)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_on_the_list_is_offered_let_in_and_read(kind: str) -> None:
    content = saved(PICTURE, kind)

    assert picture_kind(content) == kind and kind in offered().upper()
    check_picture(content[:4096], "mine")
    assert np.abs(read_picture(content).astype(int) - HALVES).mean() < 6
    Image.init()
    for ending in ENDINGS_OF[kind]:
        assert ending in ENDINGS and Image.EXTENSION[f".{ending}"] == kind


def test_every_ending_that_belongs_to_a_kind_is_offered() -> None:
    Image.init()
    rare = {"apng", "dib"}  # the first is a PNG whose name nobody uses, the second another file

    assert {ending.removeprefix(".") for ending, kind in Image.EXTENSION.items() if kind in KINDS} - rare - set(ENDINGS) <= {"avifs"}


WRONG = {
    "an SVG drawing": SVG,
    "a PDF document": b"%PDF-1.7\n",
    "a zip archive": b"PK\x03\x04\x14\0\0\0",
    "a text": b"hello",
    "a web page": b"<!doctype html><p>not found",
    "a video in mp4": b"\0\0\0\x18ftypisom\0\0\0\0isomiso2",
    "a JPEG XL picture": b"\0\0\0\x0cJXL \r\n\x87\n",
    "an empty file": b"",
    "a file of no known kind": bytes(100),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_no_picture_is_named_whatever_it_is_called(said: str) -> None:
    with pytest.raises(InputError) as error:
        check_picture(WRONG[said], "mine.png")
    assert str(error.value) == f"The file 'mine.png' is {said}, not a picture that can be read. One of {offered()} would be right."

    with pytest.raises(InputError, match=f"^This is {said}, not a picture that can be read"):
        read_picture(WRONG[said])


@pytest.mark.parametrize("brands", [b"heic\0\0\0\0mif1heic", b"mif1\0\0\0\0mif1heic"], ids=["HEIC", "HEIF"])
def test_a_picture_of_a_phone_gets_a_sentence_that_says_what_to_do(brands: bytes) -> None:
    with pytest.raises(InputError, match=r"'IMG_1\.jpg' is a HEIC picture\. .* export it as JPEG\.$"):
        check_picture(b"\0\0\0\x18ftyp" + brands, "IMG_1.jpg")


def test_a_kind_that_this_pillow_does_not_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(PICTURE, "AVIF")
    monkeypatch.setattr(features, "check", lambda feature: feature != "avif")

    assert picture_kinds.readable_kinds() == ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
    with pytest.raises(InputError, match=r"an AVIF picture, which this machine's Pillow does not read\. One of JPEG.* or TIFF would"):
        read_picture(content)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "PNG", "TIFF"])
def test_of_several_pictures_the_first_is_read(kind: str) -> None:
    content = saved(PICTURE, kind, save_all=True, append_images=[Image.new("RGB", PICTURE.size, "white")])

    assert np.abs(read_picture(content).astype(int) - HALVES).mean() < 6


ODD = {
    "a CMYK JPEG": saved(PICTURE.convert("CMYK"), "JPEG", quality=95),
    "a CMYK TIFF": saved(PICTURE.convert("CMYK"), "TIFF"),
    "a JPEG of several pictures, as phones save it": saved(PICTURE, "MPO", save_all=True, append_images=[PICTURE]),
    "a compressed TIFF": saved(PICTURE, "TIFF", compression="tiff_lzw"),
    "a TIFF with JPEG inside": saved(PICTURE, "TIFF", compression="jpeg"),
    "a palette": saved(PICTURE.quantize(8), "PNG"),
    "a progressive JPEG": saved(PICTURE, "JPEG", progressive=True),
}


@pytest.mark.parametrize("what", ODD)
def test_rare_sorts_keep_their_colours(what: str) -> None:
    assert np.abs(read_picture(ODD[what]).astype(int) - HALVES).mean() < 12


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "LA", "RGBA"])
def test_what_is_transparent_becomes_white_in_every_mode(mode: str) -> None:
    picture = PICTURE.convert(mode) if mode != "P" else PICTURE.quantize(8)
    if "A" in mode:
        alpha = np.full((40, 60), 255, dtype=np.uint8)
        alpha[:, :30] = 0
        picture.putalpha(Image.fromarray(alpha))
        content = saved(picture, "PNG")
    else:
        content = saved(picture, "PNG", transparency=picture.getpixel((5, 5)))

    shown = read_picture(content)

    assert (shown[:, :30] == 255).all() and not (shown[:, 30:] == 255).any()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_reach_from_black_to_white(kind: str) -> None:
    ramp = np.linspace(1000, 60_000, 64 * 64).reshape(64, 64).astype(np.uint16)

    shown = read_picture(saved(Image.fromarray(ramp), kind))

    assert (shown.min(), shown.max()) == (0, 255) and 120 < shown.mean() < 135


def test_holes_in_measured_values_do_not_turn_the_rest_black() -> None:
    values = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    values[3, 3], values[4, 4] = np.nan, np.inf

    shown = read_picture(saved(Image.fromarray(values), "TIFF"))

    assert 120 < shown.mean() < 135
    assert (read_picture(saved(Image.fromarray(np.full((9, 9), np.nan, dtype=np.float32)), "TIFF")) == 0).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_and_mirrors_all_eight_ways(kind: str, orientation: int) -> None:
    corners = np.full((40, 64, 3), 90, dtype=np.uint8)
    corners[:16, :16], corners[:16, -16:], corners[-16:, :16] = (250, 20, 20), (20, 250, 20), (20, 20, 250)
    as_stored = {1: corners, 2: corners[:, ::-1], 3: corners[::-1, ::-1], 4: corners[::-1], 5: corners.transpose(1, 0, 2),
                 6: np.rot90(corners), 7: corners[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(corners, -1)}[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation

    shown = read_picture(saved(Image.fromarray(np.ascontiguousarray(as_stored)), kind, exif=exif))

    assert shown.shape == corners.shape
    assert np.abs(shown.astype(int) - corners)[4:12, 4:12].mean() < 12  # red stays above, left
    assert np.abs(shown.astype(int) - corners).mean() < 12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.4, 0.9])
def test_a_picture_that_was_cut_off_is_one_sentence(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    content = saved(Image.fromarray(noise), kind)

    with pytest.raises(InputError) as error:
        read_picture(content[: int(len(content) * share)])
    assert "bring that file." in str(error.value) and "\n" not in str(error.value)


def test_a_tiff_with_64_bit_places_is_read() -> None:
    assert np.abs(read_picture(saved(PICTURE, "TIFF", big_tiff=True)).astype(int) - HALVES).mean() < 1


def test_a_sort_of_tiff_that_pillow_does_not_know_is_told_how_to_be_saved() -> None:
    floating = cv2.imencode(".tiff", HALVES.astype(np.float32) / 255)[1].tobytes()

    with pytest.raises(InputError, match=r"^The TIFF picture is damaged, or of a rare sort\. Save it as PNG or JPEG"):
        read_picture(floating)
