"""Turned, mirrored and stretched pictures are shown as a player shows them."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.worlds.footage import PLAIN, READERS, FFmpeg, difference, picture
from worlds.errors import InputError
from worlds.video import Decoder, open_video, write_clip
from worlds.video.display import Display


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("flip", ["", "-display_hflip", "-display_vflip"], ids=["", "mirrored", "upside down"])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_every_orientation_is_shown_as_ffmpeg_shows_it(
    ffmpeg: FFmpeg, decoder: Decoder, rotation_deg: int, flip: str, ending: str
) -> None:
    plain = ffmpeg.folder / "upright.mp4"
    if not plain.exists():
        ffmpeg.make(f"{PLAIN} upright.mp4", frames=5)
    path = ffmpeg.copied(plain, f"-display_rotation {rotation_deg} {flip} | turned.{ending}")
    size = (48, 64) if rotation_deg % 180 else (64, 48)
    times, theirs = ffmpeg.shown(path, size)

    for reader in READERS:
        try:
            with open_video(path, reader=reader, decoder=decoder) as video:
                assert (video.info.width, video.info.height) == size
                ours = video.frames_at(times.tolist())
                assert difference(ours, theirs) < 1
                info = video.info
                assert info.is_mirrored == bool(flip)
                if not flip:
                    assert info.rotation_deg == rotation_deg
                stored = picture(0)[:, ::-1] if info.is_mirrored else picture(0)
                assert np.abs(np.rot90(stored, info.rotation_deg // 90).astype(int) - ours[0]).mean() < 12
        except InputError as error:
            assert reader == "decord" and "would be right" in str(error)


@pytest.mark.parametrize("rotation_deg", [30, -45])
def test_an_odd_angle_is_turned_as_ffmpeg_turns_it(ffmpeg: FFmpeg, decoder: Decoder, rotation_deg: int) -> None:
    plain = ffmpeg.make(f"{PLAIN} level.mp4", frames=2, size=(256, 192))
    path = ffmpeg.copied(plain, f"-display_rotation {rotation_deg} | odd.mp4")
    _, theirs = ffmpeg.shown(path, (256, 192))

    with open_video(path, decoder=decoder) as video:
        assert video.info.rotation_deg == rotation_deg % 360
        assert difference(video.frames_at([0.0])[:1], theirs[:1]) < 3


def test_a_clip_of_a_mirrored_video_is_upright(ffmpeg: FFmpeg, decoder: Decoder) -> None:
    plain = ffmpeg.make(f"{PLAIN} before.mp4", frames=5)
    path = ffmpeg.copied(plain, "-display_rotation 90 -display_hflip | mirrored.mp4")
    _, theirs = ffmpeg.shown(path, (48, 64))

    out = write_clip(path, [(0.2, 0.3)], ffmpeg.folder / "clip.mp4", crf=5)

    with open_video(out, decoder=decoder) as video:
        assert (video.info.rotation_deg, video.info.is_mirrored) == (0, False)
        assert difference(video.frames_at([0.0]), theirs[2:3]) < 6


ASPECTS = {  # name -> how the file of 72 x 48 stored pixels is made, and the size that is shown
    "16:15 everywhere": (f"{PLAIN} -vf setsar=16/15 wide.mp4", (77, 48)),
    "64:45 everywhere": (f"{PLAIN} -vf setsar=64/45 wide.mkv", (102, 48)),
    "high pixels lose no row": (f"{PLAIN} -vf setsar=8/9 wide.mov", (72, 54)),
    "MPEG-4 in avi": ("-c:v mpeg4 -q:v 1 -vf setsar=16/15 wide.avi", (77, 48)),
    "square": (f"{PLAIN} -vf setsar=1 wide.mp4", (72, 48)),
    "almost square": (f"{PLAIN} -vf setsar=301/300 wide.mp4", (72, 48)),
}


@pytest.mark.parametrize("name", ASPECTS)
def test_pixels_that_are_not_square_are_made_square(ffmpeg: FFmpeg, decoder: Decoder, name: str) -> None:
    arguments, size = ASPECTS[name]
    assert_squared(ffmpeg, ffmpeg.make(arguments, frames=5, size=(72, 48)), size, decoder=decoder)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("where", ["the container", "the stream"])
def test_the_shape_of_pixels_counts_wherever_it_stands(ffmpeg: FFmpeg, decoder: Decoder, where: str, ending: str) -> None:
    plain = ffmpeg.make(f"{PLAIN} narrow.{ending}", frames=5, size=(72, 48))
    how = "-aspect 96:48" if where == "the container" else "-bsf:v h264_metadata=sample_aspect_ratio=4/3"
    assert_squared(ffmpeg, ffmpeg.copied(plain, f"{how} wide.{ending}"), (96, 48), decoder=decoder)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_wide_pixels_stay_wide_when_the_picture_is_turned(ffmpeg: FFmpeg, decoder: Decoder, ending: str) -> None:
    plain = ffmpeg.make(f"{PLAIN} -vf setsar=4/3 lying.{ending}", frames=5, size=(72, 48))
    assert_squared(ffmpeg, ffmpeg.copied(plain, f"-display_rotation 90 | wide.{ending}"), (48, 96), decoder=decoder)


def assert_squared(ffmpeg: FFmpeg, path: Path, size: tuple[int, int], *, decoder: Decoder) -> None:
    times, theirs = ffmpeg.shown(path, size)
    for reader in READERS:
        try:
            with open_video(path, reader=reader, decoder=decoder) as video:
                assert (video.info.width, video.info.height) == size
                assert difference(video.frames_at(times.tolist()), theirs) < 5
                small = video.frames_at([0.0], max_side_px=24)
                assert small.shape[1:3] == ((24, round(24 * size[0] / size[1])) if size[1] > size[0]
                                            else (round(24 * size[1] / size[0]), 24))  # fmt: skip
        except InputError as error:
            assert reader == "decord" and "would be right" in str(error)


@pytest.mark.parametrize(
    "numbers, width", [((1000, 1), 72), ((1, 1000), 72), ((2**32 - 1, 1), 72), ((0, 1), 96), ((1, 0), 96), ((0, 0), 96)], ids=str
)
def test_pixels_of_an_absurd_shape_are_shown_square(
    ffmpeg: FFmpeg, decoder: Decoder, numbers: tuple[int, int], width: int
) -> None:
    """Where the shape is zero, the size that the track itself names decides: 96 x 48."""
    narrow = ffmpeg.make(f"{PLAIN} narrow.mp4", frames=2, size=(72, 48))
    data = bytearray(ffmpeg.copied(narrow, "-aspect 96:48 wide.mp4").read_bytes())
    place = data.index(b"pasp") + 4
    data[place : place + 8] = b"".join(number.to_bytes(4, "big") for number in numbers)
    path = ffmpeg.folder / "absurd.mp4"
    path.write_bytes(data)

    with open_video(path, decoder=decoder) as video:
        assert (video.info.width, video.info.height) == (width, 48)
        told = [note for note in video.notes if "They are shown square." in note]
        assert len(told) == (numbers in ((1000, 1), (1, 1000)))


@pytest.mark.parametrize("aspect, size", [(Fraction(4), (4096, 100)), (Fraction(401, 100), (2000, 100))], ids=["at", "beyond"])
def test_stretched_pixels_stay_within_the_limit_of_the_size(aspect: Fraction, size: tuple[int, int]) -> None:
    stored = (2000, 100) if aspect > 4 else (4096, 400)

    assert Display.of(matrix=None, pixel_aspect=aspect).size(*stored, limit_px=4096) == size
