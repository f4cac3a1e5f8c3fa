"""Videos as cameras, phones, recorders and converters write them are shown as ffmpeg shows them."""

from pathlib import Path

import numpy as np
import pytest

from tests.worlds.footage import B_FRAMES, PLAIN, READERS, FFmpeg, assert_agrees_or_refuses, difference, picture, source
from worlds.errors import InputError
from worlds.video import Decoder, Video, open_video, write_clip


@pytest.fixture(scope="module")
def b_frames(ffmpeg: FFmpeg) -> Path:
    """20 frames with B frames and three groups of pictures."""
    return ffmpeg.make(f"{B_FRAMES} b.mp4")


FORMS: dict[str, tuple[str, int]] = {  # what it is -> how it is encoded, its frames
    "B frames in mp4": (f"{B_FRAMES} form.mp4", 20),
    "B frames in mkv": (f"{B_FRAMES} form.mkv", 20),
    "B frames in mov": (f"{B_FRAMES} form.mov", 20),
    "B frames in avi": (f"{B_FRAMES} form.avi", 20),
    "MPEG-4 B frames in avi": ("-c:v mpeg4 -bf 2 -g 8 -q:v 1 form.avi", 20),
    "MPEG-2 B frames in avi": ("-c:v mpeg2video -bf 2 -g 8 -r 25 -q:v 1 form.avi", 8),
    "MPEG-2 in mkv": ("-c:v mpeg2video -bf 2 -g 8 -r 25 -q:v 1 form.mkv", 8),
    "a clock that starts late, without an edit list": (f"{B_FRAMES} -use_editlist 0 form.mp4", 20),
    "fragments": (f"{B_FRAMES} -movflags frag_keyframe+empty_moov form.mp4", 20),
    "fragments with times": (f"{B_FRAMES} -movflags frag_keyframe+empty_moov+default_base_moof+delay_moov form.mp4", 20),
    "fragments of one frame": (f"{B_FRAMES} -movflags dash+frag_every_frame form.mp4", 20),
    "negative offsets": (f"{B_FRAMES} -movflags negative_cts_offsets form.mp4", 20),
    "an open group of pictures": (f"{B_FRAMES} -x264-params open-gop=1 form.mp4", 20),
    "HEVC with an open group of pictures": (
        "-c:v libx265 -preset ultrafast -x265-params open-gop=1:keyint=8:bframes=3:qp=4:log-level=error form.mp4", 20),
    "a picture refreshed column by column": (f"{B_FRAMES} -x264-params intra-refresh=1:keyint=8 form.mp4", 20),
    "one group of pictures": ("-c:v libx264 -preset fast -g 100000 -bf 3 -crf 8 -pix_fmt yuv420p form.mp4", 200),
    "an uneven rate in mp4": (
        "-vf settb=1/90000,setpts='if(lt(N,10),N*0.033,0.33+(N-10)*0.1)/TB' -fps_mode vfr -enc_time_base 1/90000 "
        f"-video_track_timescale 90000 {B_FRAMES} form.mp4", 20),
    "an uneven rate in mkv": (
        f"-vf settb=1/90000,setpts='if(lt(N,10),N*0.033,0.33+(N-10)*0.1)/TB' -fps_mode vfr -enc_time_base 1/90000 {B_FRAMES} "
        "form.mkv", 20),
    "one frame in mp4": (f"{B_FRAMES} form.mp4", 1),
    "one frame in mkv": (f"{B_FRAMES} form.mkv", 1),
    "one frame in webm": ("-c:v libvpx-vp9 form.webm", 1),
    "one frame in avi": ("-c:v mpeg4 form.avi", 1),
    "a live recording in webm": ("-c:v libvpx -live 1 -f webm form.webm", 20),
    "a live recording in mkv": (f"{B_FRAMES} -live 1 form.mkv", 20),
    "VP8 with frames that are never shown": ("-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -b:v 200k form.webm", 40),
    "VP9": ("-c:v libvpx-vp9 -speed 8 form.webm", 10),
    "VP9 with transparency": ("-vf format=rgba,colorchannelmixer=aa=0.5 -c:v libvpx-vp9 -pix_fmt yuva420p form.webm", 3),
    "AV1 in mp4": ("-c:v libaom-av1 -cpu-used 8 -crf 10 form.mp4", 4),
    "AV1 in webm": ("-c:v libaom-av1 -cpu-used 8 -crf 10 form.webm", 4),
    "sound that lasts longer": (f"-f lavfi -i sine=d=3 {B_FRAMES} -c:a aac form.mp4", 3),
    "a time code": (f"{B_FRAMES} -timecode 01:00:00:00 form.mov", 10),
    "ProRes": ("-c:v prores_ks form.mov", 3),
    "ProRes with transparency": (
        "-vf format=rgba,colorchannelmixer=aa=0.5 -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le form.mov", 3),
    "motion JPEG in avi": ("-c:v mjpeg -q:v 1 -pix_fmt yuvj420p form.avi", 3),
    "motion JPEG in mov": ("-c:v mjpeg -q:v 1 -pix_fmt yuvj420p form.mov", 3),
    "motion PNG": ("-c:v png -pix_fmt rgba form.mov", 3),
    "DivX 3": ("-c:v msmpeg4 -q:v 1 form.avi", 3),
    "not compressed": ("-c:v rawvideo -pix_fmt uyvy422 form.mov", 3),
    "RGB": ("-c:v libx264rgb -qp 0 form.mkv", 3),
    "grey": ("-c:v libx264 -qp 4 -pix_fmt gray form.mp4", 3),
    "FFV1": ("-c:v ffv1 form.mkv", 3),
    "Theora": ("-c:v libtheora -q:v 8 form.mkv", 3),
    "interlaced": ("-c:v mpeg2video -r 25 -flags +ilme+ildct -q:v 1 form.mkv", 6),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_shown_as_ffmpeg_shows_it(ffmpeg: FFmpeg, decoder: Decoder, form: str) -> None:
    path = ffmpeg.make(FORMS[form][0], frames=FORMS[form][1])
    times, theirs = ffmpeg.shown(path, (64, 48))

    with open_video(path, decoder=decoder) as video:
        assert video.reader == "pyav" and video.notes == ()
        assert (video.info.width, video.info.height) == (64, 48)
        assert 0 < video.info.duration_s - times[-1] < 0.25  # how long the last frame is shown
        everywhere = video.frames_at(times.tolist())
        backwards = video.frames_at((times[::-3] + 0.004).tolist(), max_side_px=63)  # of another size: none from the cache
        assert difference(everywhere, theirs) < 3  # what is interlaced spreads its colours by halves
        assert video.notes == ()
    for shown, whole in zip(backwards, theirs[::-3], strict=True):
        assert np.abs(shown.mean(axis=(0, 1)) - whole.mean(axis=(0, 1))).max() < 4
    assert_agrees_or_refuses(path, times, theirs, decoder=decoder)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("cut_s", [0.25, 0.55, 1.05])
def test_a_cut_that_begins_between_key_frames_is_shown_from_its_first_frame(
    ffmpeg: FFmpeg, decoder: Decoder, b_frames: Path, ending: str, cut_s: float
) -> None:
    path = ffmpeg.copied(b_frames, f"-ss {cut_s} | cut.{ending}")
    times, theirs = ffmpeg.shown(path, (64, 48))

    with open_video(path, decoder=decoder) as video:
        assert difference(video.frames_at(times.tolist()), theirs) < 1
        assert video.notes == ()
    assert_agrees_or_refuses(path, times, theirs, decoder=decoder)


def test_frames_whose_key_frame_was_cut_away_are_left_out(ffmpeg: FFmpeg, decoder: Decoder) -> None:
    whole = ffmpeg.make(FORMS["HEVC with an open group of pictures"][0].replace("form", "open"))
    path = ffmpeg.copied(whole, "-ss 0.55 | leading.mp4")
    times, theirs = ffmpeg.shown(path, (64, 48))

    with open_video(path, decoder=decoder) as video:
        assert video.info.duration_s == pytest.approx(times[-1] + 0.1, abs=0.01)
        assert difference(video.frames_at(times.tolist()), theirs) < 1
        assert video.notes == ()


def test_frames_before_the_clock_do_not_move_those_after(ffmpeg: FFmpeg, decoder: Decoder, b_frames: Path) -> None:
    """Matroska's times begin at zero: a cut that keeps older frames leaves them without a time."""
    path = ffmpeg.copied(b_frames, "-ss 0.55 | -avoid_negative_ts disabled negative.mkv")
    with open_video(b_frames, decoder=decoder) as video:
        whole = video.frames_at([number / 10 for number in range(20)])

    with open_video(path, decoder=decoder) as video:
        assert difference(video.frames_at([number / 10 + 0.001 for number in range(14)]), whole[6:]) < 1
        assert video.notes == ()
    with pytest.raises(InputError, match="would be right"):
        open_video(path, reader="opencv", decoder=decoder)


def test_packed_frames_of_an_old_avi_are_right_to_one_frame(ffmpeg: FFmpeg, decoder: Decoder) -> None:
    path = ffmpeg.make("-c:v libxvid -bf 2 -g 8 -q:v 1 packed.avi")
    times, theirs = ffmpeg.shown(path, (64, 48))

    with open_video(path, decoder=decoder) as video:
        ours = video.frames_at(times.tolist())
    for number, frame in enumerate(ours):
        near = theirs[max(0, number - 1) : number + 2]
        assert min(difference(frame[None], other[None]) for other in near) < 1


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_pictures_that_begin_after_the_sound_are_counted_from_the_first_with_a_note(
    ffmpeg: FFmpeg, decoder: Decoder, b_frames: Path, ending: str
) -> None:
    ffmpeg.run(f"-itsoffset 3 -i {b_frames.name} -f lavfi -i sine=d=5 -map 0 -map 1 -c:v copy -c:a aac late.{ending}")
    path = ffmpeg.folder / f"late.{ending}"
    times, theirs = ffmpeg.shown(path, (64, 48))

    with open_video(path, decoder=decoder) as video:
        assert difference(video.frames_at(times.tolist()), theirs) < 1
        assert len(video.notes) == 1 and "begin 3.00 s after its sound" in video.notes[0]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_tracks_of_text_and_sound_may_come_first(ffmpeg: FFmpeg, decoder: Decoder, ending: str) -> None:
    (ffmpeg.folder / "said.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    codec = "mov_text" if ending == "mp4" else "srt"
    ffmpeg.run(f"-i said.srt {source(10)} -f lavfi -i sine=d=1 -map 0 -map 2 -map 1 {B_FRAMES} -c:a aac -c:s {codec} text.{ending}")
    path = ffmpeg.folder / f"text.{ending}"
    times, theirs = ffmpeg.shown(path, (64, 48))

    with open_video(path, decoder=decoder) as video:
        assert difference(video.frames_at(times.tolist()), theirs) < 1
    assert_agrees_or_refuses(path, times, theirs, decoder=decoder)


SIZES = [(853, 480), (1, 1), (2, 2), (3, 5), (17, 1), (1, 33), (65, 47)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("how", ["-c:v libx264 -qp 4 -pix_fmt yuv444p size.mp4", "-c:v libvpx-vp9 size.webm"], ids=["h264", "vp9"])
def test_every_size_is_read(ffmpeg: FFmpeg, decoder: Decoder, size: tuple[int, int], how: str) -> None:
    path = ffmpeg.make(how, frames=2, size=size)
    times, theirs = ffmpeg.shown(path, size)

    with open_video(path, decoder=decoder) as video:
        assert (video.info.width, video.info.height) == size
        assert difference(video.frames_at(times.tolist()), theirs) < 1
    assert_agrees_or_refuses(path, times, theirs, decoder=decoder)


COLOURS = [
    (pixels, matrix, levels)
    for pixels in ("yuv420p", "yuv444p", "yuv420p10le")
    for matrix in ("bt601", "bt709", "bt2020")
    for levels in ("tv", "pc")
]


@pytest.mark.parametrize("pixels, matrix, levels", COLOURS, ids="-".join)
def test_colours_are_those_of_the_source(ffmpeg: FFmpeg, decoder: Decoder, pixels: str, matrix: str, levels: str) -> None:
    space = {"bt601": "smpte170m", "bt709": "bt709", "bt2020": "bt2020nc"}[matrix]
    codec = "libx265 -x265-params qp=4:log-level=error" if pixels.endswith("10le") else "libx264 -qp 4"
    path = ffmpeg.make(
        f"-vf scale=out_color_matrix={matrix}:out_range={levels},format={pixels} -c:v {codec} -preset ultrafast "
        f"-colorspace {space} -color_range {levels} colour.mp4",
        frames=2,
    )
    _, theirs = ffmpeg.shown(path, (64, 48))

    for reader in READERS:
        with open_video(path, reader=reader, decoder=decoder) as video:
            ours = video.frames_at([0.0, 0.1])
        assert difference(ours, theirs) < 4
        inside = np.abs(ours[0].astype(int) - picture(0))[14:18, 20:44]  # of the gradient, away from every edge
        assert inside.max() <= 8


@pytest.mark.parametrize("curve", ["smpte2084", "arib-std-b67"], ids=["PQ", "HLG"])
def test_hdr_is_read_as_stored_and_said(ffmpeg: FFmpeg, decoder: Decoder, curve: str) -> None:
    path = ffmpeg.make(
        "-vf scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le -c:v libx265 -preset ultrafast "
        f"-x265-params qp=4:log-level=error:colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc hdr.mp4",
        frames=2,
    )
    _, theirs = ffmpeg.shown(path, (64, 48))

    with open_video(path, decoder=decoder) as video:
        assert difference(video.frames_at([0.0, 0.1]), theirs) < 4
        assert [note for note in video.notes if "is HDR" in note]


@pytest.mark.parametrize("ending, size", [("webm", (48, 64)), ("mp4", (96, 48)), ("mkv", (96, 48))])
def test_a_size_that_changes_keeps_its_shape_between_bars(
    ffmpeg: FFmpeg, decoder: Decoder, ending: str, size: tuple[int, int]
) -> None:
    how, part = ("-c:v libvpx -qmin 1 -qmax 4 -b:v 2M", "ivf") if ending == "webm" else (f"{PLAIN} -bf 0", "ts")
    ffmpeg.run(f"{source(5)} {how} one.{part}")
    ffmpeg.run(f"{source(5, *size)} {how} two.{part}")
    (ffmpeg.folder / "parts.txt").write_text(f"file one.{part}\nfile two.{part}\n")
    ffmpeg.run(f"-f concat -i parts.txt -c copy changes.{ending}")

    with open_video(ffmpeg.folder / f"changes.{ending}", decoder=decoder) as video:
        assert (video.info.width, video.info.height) == (64, 48)
        before, after = video.frames_at([0.2, 0.9])
    assert np.abs(before.astype(int) - picture(2)).mean() < 12
    top, left = (0, 14) if ending == "webm" else (8, 0)  # 48 x 64 fits as 36 x 48, and 96 x 48 as 64 x 32
    assert after[:top].max(initial=0) == 0 and after[:, :left].max(initial=0) == 0
    inner = after[top : 48 - top, left : 64 - left]
    assert inner[2, 2].argmax() == 0 and inner[2, -3].argmax() == 1 and inner[-3, 2].argmax() == 2  # red, green, blue corners
    assert min(inner[2, 2].max(), inner[2, -3].max(), inner[-3, 2].max()) > 180


def test_interlaced_pictures_made_smaller_have_no_combs(ffmpeg: FFmpeg, decoder: Decoder) -> None:
    path = ffmpeg.make("-vf tinterlace=interleave_top,fieldorder=tff -c:v libx264 -flags +ilme+ildct -qp 4 woven.mp4", frames=6)
    _, theirs = ffmpeg.shown(path, (32, 24))

    with open_video(path, decoder=decoder) as video:
        assert difference(video.frames_at([0.0], max_side_px=32), theirs[:1]) < 2
    with pytest.raises(InputError, match="interlaced"):
        open_video(path, reader="opencv", decoder=decoder)


def test_sentences_name_the_file_as_its_owner_does(ffmpeg: FFmpeg, b_frames: Path) -> None:
    stored = ffmpeg.folder / "0.mp4"
    stored.write_bytes(b_frames.read_bytes()[:200])
    with pytest.raises(InputError, match=r"^The file 'my holiday\.mp4' "):
        open_video(stored, name="my holiday.mp4")
    with pytest.raises(InputError, match=r"^The file 'my holiday\.mp4' "):
        write_clip(stored, [(0, 1)], ffmpeg.folder / "never.mp4", name="my holiday.mp4")

    with open_video(b_frames, name="my holiday.mp4") as video:
        assert isinstance(video, Video) and video.info.name == "my holiday.mp4"
