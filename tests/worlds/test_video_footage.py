"""Videos as cameras, phones, recorders and converters write them: made by ffmpeg, and compared with what ffmpeg shows.

Each frame holds three coloured corners, so that a turn and a mirror are seen, and a white block that moves, so that a wrong frame is.
"""

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from worlds.errors import InputError
from worlds.video import Decoder, Video, open_video, write_clip
from worlds.video.display import Display
from worlds.video.readers import LIBRARIES

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed: pip install -r requirements-dev.txt")

READERS = [name for name, library in LIBRARIES.items() if importlib.util.find_spec(library)]
RATE = 10
B_FRAMES = "-c:v libx264 -preset fast -crf 8 -pix_fmt yuv420p -bf 3 -g 8"
PLAIN = "-c:v libx264 -preset ultrafast -crf 5 -pix_fmt yuv420p"


def picture(number: int, *, width: int = 64, height: int = 48) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    frame = np.zeros((height, width, 3), dtype=np.uint8)
    frame[..., 0], frame[..., 1], frame[..., 2] = x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), 60
    frame[: height // 4, : width // 4] = (255, 0, 0)
    frame[: height // 4, width - width // 4 :] = (0, 255, 0)
    frame[height - height // 4 :, : width // 4] = (0, 0, 255)
    left = number * 5 % max(1, width - 8)
    frame[height // 2 - 4 : height // 2 + 4, left : left + 8] = 255
    return frame


class FFmpeg:
    """The ffmpeg of the development requirements, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._program = imageio_ffmpeg.get_ffmpeg_exe()
        except RuntimeError:
            pytest.skip("imageio-ffmpeg brings no ffmpeg for this machine: these videos cannot be made")

    def run(self, arguments: str, *, log: str = "error") -> subprocess.CompletedProcess[bytes]:
        """Run it in its folder; files of numbered frames that are named there, such as `20x64x48.rgb`, are made first."""
        for name in re.findall(r"\S+\.rgb", arguments):
            self._raw(name)
        command = [self._program, "-hide_banner", "-nostdin", "-loglevel", log, "-y", *arguments.split()]
        done = subprocess.run(command, capture_output=True, cwd=self.folder)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done

    def _raw(self, name: str) -> None:
        count, width, height, *first = (int(part) for part in name.removesuffix(".rgb").split("x"))
        if not (self.folder / name).exists():
            start = first[0] if first else 0
            frames = [picture(number, width=width, height=height) for number in range(start, start + count)]
            (self.folder / name).write_bytes(np.stack(frames).tobytes())

    def make(self, arguments: str, *, frames: int = 20, size: tuple[int, int] = (64, 48)) -> Path:
        """Encode numbered frames; `arguments` end with the file's name. What comes before a | stands before the input."""
        before, _, after = arguments.rpartition("|")
        self.run(f"{before} {source(frames, *size)} {after}")
        return self.folder / arguments.split()[-1]

    def copied(self, path: Path, arguments: str) -> Path:
        """Copy the streams of `path` into another container."""
        before, _, after = arguments.rpartition("|")
        self.run(f"{before} -i {path.name} -c copy {after}")
        return self.folder / arguments.split()[-1]

    def shown(self, path: Path, size: tuple[int, int], *, chosen: str = "") -> tuple[np.ndarray, np.ndarray]:
        """Return (frames,) seconds from the first frame on and (frames, height, width, 3), as ffmpeg shows them."""
        width, height = size
        done = self.run(
            f"-i {path.name} {chosen} -vf scale={width}:{height}:flags=area,showinfo -fps_mode passthrough -an -sn -dn "
            "-f rawvideo -pix_fmt rgb24 pipe:1",
            log="info",
        )
        times = np.array([float(time) for time in re.findall(r"pts_time:\s*(-?[\d.]+)", done.stderr.decode())])
        frames = np.frombuffer(done.stdout, dtype=np.uint8).reshape(-1, height, width, 3)
        assert len(times) == len(frames) > 0
        return times - times[0], frames


def source(frames: int = 20, width: int = 64, height: int = 48, first: int = 0) -> str:
    """Return the input arguments of numbered frames."""
    return f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {RATE} -i {frames}x{width}x{height}x{first}.rgb"


@pytest.fixture(scope="module")
def ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> FFmpeg:
    return FFmpeg(tmp_path_factory.mktemp("footage"))


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@pytest.fixture(scope="module")
def b_frames(ffmpeg: FFmpeg) -> Path:
    """20 frames with B frames and three groups of pictures."""
    return ffmpeg.make(f"{B_FRAMES} b.mp4")


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest mean difference of one frame, of 255."""
    assert ours.shape == theirs.shape
    return float(np.abs(ours.astype(int) - theirs).mean(axis=(1, 2, 3)).max())


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


def assert_agrees_or_refuses(path: Path, times: np.ndarray, theirs: np.ndarray, *, decoder: Decoder) -> None:
    """The readers behind PyAV show the same, or say that they cannot."""
    for reader in READERS[1:]:
        try:
            with open_video(path, reader=reader, decoder=decoder) as video:
                assert difference(video.frames_at(times.tolist()), theirs) < 4, reader
        except InputError as error:
            assert "would be right" in str(error)


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
