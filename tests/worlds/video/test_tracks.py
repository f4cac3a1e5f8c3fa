"""Of a file's tracks the film is read, never its cover; and its format is called by its name."""

from pathlib import Path

import numpy as np
import pytest

from tests.worlds.footage import PLAIN, READERS, FFmpeg, difference, picture, source
from worlds.errors import InputError
from worlds.video import Decoder, open_video

TRACKS = {  # name -> inputs and options; the film of 10 frames of 64 x 48 is always the one that is meant
    "a cover before the film": "-i cover.png {film} -map 0 -map 1 {plain} -c:v:0 copy -disposition:v:0 attached_pic {out}.mp4",
    "a cover attached": "{film} -attach cover.png -metadata:s:t mimetype=image/png -map 0 {plain} {out}.mkv",
    "a PNG track first": "-i cover.png {film} -map 0 -map 1 {plain} -c:v:0 copy {out}.mkv",
    "a JPEG track first in mkv": "-i cover.jpg {film} -map 0 -map 1 {plain} -c:v:0 copy {out}.mkv",
    "a JPEG track first in mp4": "-i cover.jpg {film} -map 0 -map 1 {plain} -c:v:0 copy {out}.mp4",
    "a JPEG track first in mov": "-i cover.jpg {film} -map 0 -map 1 {plain} -c:v:0 copy {out}.mov",
    "a JPEG track as default": (
        "-i cover.jpg {film} -map 0 -map 1 {plain} -c:v:0 copy -disposition:v:0 default -disposition:v:1 0 {out}.mkv"),
    "one frame of H.264 first": "{still} {film} -map 0 -map 1 {plain} {out}.mp4",
    "the second as default in mkv": "{other} {film} -map 0 -map 1 {plain} -disposition:v:0 0 -disposition:v:1 default {out}.mkv",
    "the second as default in mp4": "{other} {film} -map 0 -map 1 {plain} -disposition:v:0 0 -disposition:v:1 default {out}.mp4",
    "the second as default in mov": "{other} {film} -map 0 -map 1 {plain} -disposition:v:0 0 -disposition:v:1 default {out}.mov",
    "the second as default in webm": (
        "{other} {film} -map 0 -map 1 -c:v libvpx-vp9 -disposition:v:0 0 -disposition:v:1 default {out}.webm"),
    "both as default, the second longer": (
        "{other} {film} -map 0 -map 1 {plain} -disposition:v:0 default -disposition:v:1 default {out}.mkv"),
    "none as default, the second longer": "{other} {film} -map 0 -map 1 -c:v mpeg4 -q:v 1 {out}.avi",
    "both as default, the second larger": (
        "{small} {film} -map 0 -map 1 {plain} -disposition:v:0 default -disposition:v:1 default {out}.mkv"),
}  # fmt: skip


def tracks_of(ffmpeg: FFmpeg, name: str) -> Path:
    if not (ffmpeg.folder / "cover.jpg").exists():
        ffmpeg.run(f"{source(1, 32, 32)} -frames:v 1 cover.png")
        ffmpeg.run(f"{source(1, 32, 32)} -frames:v 1 -pix_fmt yuvj420p cover.jpg")
    arguments = TRACKS[name].format(
        film=source(10), other=source(6, 80, 60), still=source(1, 80, 60), small=source(10, 32, 24), plain=PLAIN, out="tracks"
    )
    ffmpeg.run(arguments)
    return ffmpeg.folder / arguments.split()[-1]


@pytest.mark.parametrize("name", TRACKS)
def test_the_film_is_read_and_not_its_cover_or_another_track(ffmpeg: FFmpeg, decoder: Decoder, name: str) -> None:
    path = tracks_of(ffmpeg, name)
    wanted = np.stack([picture(number) for number in range(10)])

    for reader in READERS:
        try:
            with open_video(path, reader=reader, decoder=decoder) as video:
                assert (video.info.width, video.info.height) == (64, 48)
                assert video.info.duration_s == pytest.approx(1.0, abs=0.01)
                assert difference(video.frames_at([number / 10 for number in range(10)]), wanted) < 12  # it was compressed
                is_chosen = "as default" in name and "JPEG" not in name  # of two films; a cover is no second one
                told = [note[note.index("holds") :][:33] for note in video.notes]
                assert told == ["holds 2 videos; number 2 is read:"] * is_chosen
        except InputError as error:
            assert reader != "pyav" and "several tracks of pictures" in str(error)


def test_a_track_that_does_not_decode_gives_way_to_one_that_does(ffmpeg: FFmpeg, decoder: Decoder) -> None:
    ffmpeg.run(f"{source(10, 80, 60)} {source(10)} -map 0 -map 1 {PLAIN} -disposition:v:0 default -disposition:v:1 0 both.mkv")
    ffmpeg.run("-i both.mkv -map 0 -c copy -bsf:v:0 noise=amount=-1 -disposition:v:0 default -disposition:v:1 0 noisy.mkv")

    with open_video(ffmpeg.folder / "noisy.mkv", decoder=decoder) as video:
        assert (video.info.width, video.info.height) == (64, 48)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ("-f lavfi -i sine=d=1 -i cover.jpg -map 0 -map 1 -c:a aac -c:v copy -disposition:v:0 attached_pic song.mp4",
         "sound and a cover picture but no video"),
        ("-f lavfi -i sine=d=1 -attach cover.png -metadata:s:t mimetype=image/png -c:a aac song.mkv",
         "sound and a cover picture but no video"),
        ("-i cover.jpg -c:v copy still.mkv", "a single still picture and no video"),
        ("-i cover.png -c:v copy still.mp4", "a single still picture and no video"),
    ],
    ids=["a song with a cover in mp4", "a song with a cover in mkv", "a JPEG in mkv", "a PNG in mp4"],
)  # fmt: skip
@pytest.mark.parametrize("reader", ["auto", *READERS])
def test_a_file_with_only_a_still_is_one_sentence(
    ffmpeg: FFmpeg, decoder: Decoder, arguments: str, words: str, reader: str
) -> None:
    tracks_of(ffmpeg, "a PNG track first")
    ffmpeg.run(arguments)

    with pytest.raises(InputError, match=f"^The file 'mine' .*{words}.*would be right.$"):
        open_video(ffmpeg.folder / arguments.split()[-1], reader=reader, name="mine", decoder=decoder)


CODECS = {
    "h264": f"{PLAIN} codec.mp4",
    "hevc": "-c:v libx265 -preset ultrafast -x265-params log-level=error codec.mp4",
    "vp8": "-c:v libvpx codec.webm",
    "vp9": "-c:v libvpx-vp9 codec.webm",
    "av1": "-c:v libaom-av1 -cpu-used 8 codec.mp4",
    "mpeg4": "-c:v mpeg4 codec.avi",
    "msmpeg4v3": "-c:v msmpeg4 codec.avi",
    "mjpeg": "-c:v mjpeg -pix_fmt yuvj420p codec.avi",
    "prores": "-c:v prores_ks codec.mov",
}


@pytest.mark.parametrize("codec", CODECS)
def test_a_format_is_called_by_its_own_name_by_every_reader(ffmpeg: FFmpeg, decoder: Decoder, codec: str) -> None:
    path = ffmpeg.make(CODECS[codec], frames=3)

    for reader in READERS:
        try:
            with open_video(path, reader=reader, decoder=decoder) as video:
                assert video.info.codec == codec
        except InputError as error:
            assert reader != "pyav" and "would be right" in str(error)
