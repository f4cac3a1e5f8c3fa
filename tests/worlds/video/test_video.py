"""Frames by presentation time: every drawn frame carries its own number, so a wrong frame says which one it is."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from worlds.errors import InputError
from worlds.video import Decoder, Limits, Video, open_video, write_clip, write_video
from worlds.video.cache import FrameCache
from worlds.video.readers import LIBRARIES

BITS = 12
READERS = [name for name, library in LIBRARIES.items() if importlib.util.find_spec(library)]


def numbered(number: int, *, width: int = 192, height: int = 96) -> np.ndarray:
    """Return a grey frame whose upper half shows `number` in BITS black and white blocks, and whose lower half moves."""
    frame = np.full((height, width, 3), 90, dtype=np.uint8)
    block = width // BITS
    for bit in range(BITS):
        frame[: height // 2, bit * block : (bit + 1) * block] = 255 if number >> bit & 1 else 0
    frame[height // 2 :, number * 3 % width] = (250, 40, 40)
    return frame


def number_of(frame: np.ndarray) -> int:
    """Return the number that `frame` shows, at any size."""
    height, width = frame.shape[:2]
    row = frame[height // 8 : height * 3 // 8].mean(axis=(0, 2))  # (width,)
    return sum(1 << bit for bit in range(BITS) if row[int((bit + 0.5) * width / BITS)] > 128)


def numbers_of(frames: np.ndarray) -> list[int]:
    return [number_of(frame) for frame in frames]


def mux(
    path: Path,
    ticks: list[int],
    *,
    codec: str = "libx264",
    time_base: Fraction = Fraction(1, 30),
    gop: int = 30,
    b_frames: int = 0,
    size: tuple[int, int] = (192, 96),
    rotation_deg: int = 0,
) -> Path:
    """Write one numbered frame at each of `ticks`, in the container that the name ends with."""
    options = {"libx264": {"preset": "veryfast", "bf": str(b_frames), "g": str(gop)}, "libvpx-vp9": {"speed": "8"}}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=round(1 / time_base) if time_base >= Fraction(1, 60) else 30)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = options.get(codec, {})
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = time_base
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for number, tick in enumerate(ticks):
            picture = av.VideoFrame.from_ndarray(numbered(number, width=size[0], height=size[1]), format="rgb24")
            picture.pts, picture.time_base = tick, time_base
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Path:
    """300 frames at 30 per second, a key frame each second."""
    return write_video((numbered(number) for number in range(300)), folder / "plain.mp4", frame_rate=30)


@pytest.fixture(scope="module")
def files(folder: Path, plain: Path) -> dict[str, Path]:
    """300 frames at 30 per second, in many forms."""
    even = list(range(300))
    return {
        "a key frame every 30": plain,
        "a key frame every 250": mux(folder / "long.mp4", even, gop=250),
        "B frames": mux(folder / "b.mp4", even, gop=48, b_frames=3),
        "written small": write_video(map(numbered, even), folder / "small.mp4", frame_rate=30, keyframe_every=48, is_small=True),
        "mkv with B frames": mux(folder / "b.mkv", even, gop=48, b_frames=3),
        "mov": mux(folder / "a.mov", even),
        "avi": mux(folder / "a.avi", even, codec="mpeg4", gop=12),
        "webm": mux(folder / "a.webm", even, codec="libvpx-vp9"),
    }


FORMS = ["a key frame every 30", "a key frame every 250", "B frames", "written small", "mkv with B frames", "mov", "avi", "webm"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reader", READERS)
def test_the_right_frame_comes_for_random_seconds_in_any_order(files: dict[str, Path], form: str, reader: str) -> None:
    numbers = np.random.default_rng(7).integers(0, 300, 64)
    seconds = (numbers + np.random.default_rng(8).uniform(0.05, 0.95, 64)) / 30

    with open_video(files[form], reader=reader) as video:
        frames = video.frames_at(list(seconds))

    assert frames.shape == (64, 96, 192, 3) and frames.dtype == np.uint8
    assert numbers_of(frames) == list(numbers)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reader", READERS)
def test_a_frame_is_shown_from_its_very_first_moment(files: dict[str, Path], form: str, reader: str) -> None:
    numbers = list(range(0, 300, 7))

    with open_video(files[form], reader=reader) as video:
        frames = video.frames_at([number / 30 for number in numbers])

    assert numbers_of(frames) == numbers


@pytest.mark.parametrize("reader", READERS)
def test_uneven_frames_are_found_by_their_times(folder: Path, reader: str) -> None:
    gaps = np.random.default_rng(3).choice([10, 33, 40, 200, 700], 99)
    ticks = [0, *np.cumsum(gaps).tolist()]
    path = mux(folder / f"uneven-{reader}.mp4", ticks, time_base=Fraction(1, 1000), gop=20)
    seconds = np.random.default_rng(4).uniform(0, ticks[-1] / 1000, 64)

    with open_video(path, reader=reader) as video:
        frames = video.frames_at(seconds.tolist())

    assert numbers_of(frames) == [int(np.searchsorted(ticks, second * 1000, side="right")) - 1 for second in seconds]
    assert video.info.has_variable_rate or reader == "opencv"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("rotation_deg", [90, 180, 270])
def test_rotation_is_applied_to_size_and_frames(folder: Path, reader: str, rotation_deg: int) -> None:
    path = mux(folder / f"turned-{reader}-{rotation_deg}.mp4", list(range(10)), rotation_deg=rotation_deg)
    turns = rotation_deg // 90

    with open_video(path, reader=reader) as video:
        frame = video.frames_at([0.1])[0]

    assert (video.info.width, video.info.height) == ((96, 192) if turns % 2 else (192, 96))
    assert frame.shape == (video.info.height, video.info.width, 3)
    assert number_of(np.rot90(frame, -turns)) == 3


def test_facts_are_those_of_the_file(plain: Path) -> None:
    with open_video(plain) as video:
        info = video.info

    assert (info.name, info.width, info.height, info.codec) == ("plain.mp4", 192, 96, "h264")
    assert info.duration_s == pytest.approx(10) and info.frame_rate == pytest.approx(30)
    assert info.rotation_deg == 0 and not info.has_variable_rate and info.size_bytes == plain.stat().st_size


def test_seconds_outside_give_the_first_and_the_last_frame(plain: Path) -> None:
    with open_video(plain) as video:
        assert numbers_of(video.frames_at([-5, 1e9, 10.0])) == [0, 299, 299]


def test_no_seconds_give_no_frames(plain: Path) -> None:
    with open_video(plain) as video:
        assert video.frames_at([]).shape == (0, 96, 192, 3)


def test_a_second_that_is_no_number_is_refused(plain: Path) -> None:
    with open_video(plain) as video, pytest.raises(ValueError, match="finite"):
        video.frames_at([float("nan")])


@pytest.mark.parametrize("reader", READERS)
def test_frames_become_smaller_but_never_larger(plain: Path, reader: str) -> None:
    with open_video(plain, reader=reader) as video:
        small, large = video.frames_at([4.0], max_side_px=96), video.frames_at([4.0], max_side_px=5000)

    assert small.shape == (1, 48, 96, 3) and large.shape == (1, 96, 192, 3)
    assert number_of(small[0]) == number_of(large[0]) == 120


def test_time_counts_from_the_first_frame(folder: Path) -> None:
    path = mux(folder / "late.mkv", [60 + number for number in range(30)])

    with open_video(path) as video:
        assert numbers_of(video.frames_at([0, 0.5])) == [0, 15]
        assert video.info.duration_s == pytest.approx(1, abs=0.002)


def test_one_frame_is_a_video(folder: Path) -> None:
    path = mux(folder / "one.mp4", [0])

    with open_video(path) as video:
        assert 0 < video.info.duration_s < 1
        assert numbers_of(video.frames_at([0, 3])) == [0, 0]


def test_a_duration_that_the_container_only_claims_is_not_believed(folder: Path, plain: Path) -> None:
    data = bytearray(plain.read_bytes())
    for box, at in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):  # durations, counted from the box's name
        place = data.index(box) + at
        data[place : place + 4] = (0x00FFFFFF).to_bytes(4, "big")
    path = folder / "claims.mp4"
    path.write_bytes(data)

    with open_video(path) as video:
        assert video.info.duration_s == pytest.approx(10, abs=0.1)
        assert numbers_of(video.frames_at([9.9, 5000])) == [297, 299]


def test_a_missing_duration_is_found_from_the_frames(folder: Path) -> None:
    out = folder / "live.webm"
    with av.open(str(out), "w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx-vp9", rate=30, options={"speed": "8"})
        stream.width, stream.height, stream.pix_fmt = 192, 96, "yuv420p"
        for number in range(45):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), format="rgb24")))
        container.mux(stream.encode(None))

    with open_video(out) as video:
        assert video.info.duration_s == pytest.approx(1.5, abs=0.01)
        assert numbers_of(video.frames_at([1.41])) == [42]


def test_what_was_decoded_is_not_decoded_again(plain: Path) -> None:
    with open_video(plain) as video:
        first = video.frames_at([1.0, 2.0], max_side_px=64)
        decode_s = video.decode_s
        second = video.frames_at([2.0, 1.0, 1.01], max_side_px=64)

        assert video.decode_s == decode_s > 0
        assert np.array_equal(second, first[[1, 0, 0]])


def test_a_changed_answer_does_not_change_the_cache(plain: Path) -> None:
    with open_video(plain) as video:
        video.frames_at([1.0])[:] = 0

        assert numbers_of(video.frames_at([1.0])) == [30]


def test_the_cache_forgets_the_oldest_when_it_is_full() -> None:
    cache = FrameCache(20)
    for name in "abc":
        cache.put(name, np.zeros((1, 3, 3), dtype=np.uint8))

    assert cache.get("a") is None and cache.get("c") is not None
    assert cache.num_bytes == 18


def test_a_frame_larger_than_the_cache_is_not_kept() -> None:
    cache = FrameCache(8)
    cache.put("a", np.zeros((1, 3, 3), dtype=np.uint8))

    assert cache.num_bytes == 0


def test_several_videos_share_one_process(plain: Path, files: dict[str, Path]) -> None:
    with Decoder() as decoder:
        one = open_video(plain, decoder=decoder)
        two = open_video(files["B frames"], decoder=decoder)

        assert numbers_of(one.frames_at([1.0])) + numbers_of(two.frames_at([2.0])) == [30, 60]
        one.close()
        assert numbers_of(two.frames_at([3.0])) == [90]
        assert decoder.num_starts == 1


def test_a_closed_video_says_so(plain: Path) -> None:
    video = open_video(plain)
    video.close()
    video.close()

    with pytest.raises(ValueError, match="closed"):
        video.frames_at([0])


def test_a_clip_joins_the_moments_in_their_order(folder: Path, plain: Path) -> None:
    out = write_clip(plain, [(5.0, 6.0), (1.0, 1.5)], folder / "clip.mp4", max_side_px=96)

    with open_video(out) as video:
        assert (video.info.width, video.info.height, video.info.codec) == (96, 48, "h264")
        assert video.info.duration_s == pytest.approx(1.5)
        assert numbers_of(video.frames_at([0, 0.9, 1.0, 1.45])) == [150, 177, 30, 43]
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert not list(folder.glob(".clip-*"))


@pytest.mark.parametrize(
    "spans", [[], [(2.0, 1.0)], [(-1.0, 1.0)], [(11.0, 12.0)], [(0.0, float("nan"))]],
    ids=["no moments", "end before start", "before the beginning", "after the end", "not a number"],
)
def test_a_clip_of_impossible_moments_is_refused(folder: Path, plain: Path, spans: list[tuple[float, float]]) -> None:
    with pytest.raises(InputError, match="moment"):
        write_clip(plain, spans, folder / "none.mp4")

    assert not (folder / "none.mp4").exists() and not list(folder.glob(".clip-*"))


def test_written_videos_have_their_key_frames_where_they_were_wanted(folder: Path) -> None:
    noise = np.random.default_rng(0)
    frames: Iterator[np.ndarray] = (noise.integers(0, 255, (33, 65, 3), dtype=np.uint8) for _ in range(25))
    out = write_video(frames, folder / "noise.mp4", frame_rate=10, keyframe_every=10, crf=30)

    with av.open(str(out)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 10, 20]
        assert all(packet.pts == packet.dts for packet in packets)  # no B frames
        assert (container.streams.video[0].width, container.streams.video[0].height) == (64, 32)


def test_what_is_written_small_is_the_same_on_any_number_of_cores_in_closed_groups(folder: Path, monkeypatch) -> None:
    written = []
    for cores in (1, 4):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        out = folder / f"small on {cores}.mp4"
        frames = (numbered(number, width=384, height=384) for number in range(60))  # of smaller ones x264 does not say the same twice
        written.append(write_video(frames, out, frame_rate=2, keyframe_every=20, is_small=True))

    assert written[0].read_bytes() == written[1].read_bytes()
    with av.open(str(written[0])) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert any(packet.pts != packet.dts for packet in packets)  # B frames
    starts = [number for number, packet in enumerate(packets) if packet.is_keyframe]
    assert starts == [0, 20, 40]
    assert all(packet.pts > packets[start].pts for start in starts for packet in packets[start + 1 :])  # closed groups


@pytest.mark.parametrize("frame_rate", [29.97, 23.976, 0.5])
def test_odd_frame_rates_are_kept(folder: Path, frame_rate: float) -> None:
    out = write_video((numbered(number) for number in range(20)), folder / "odd.mp4", frame_rate=frame_rate)

    with open_video(out) as video:
        assert video.info.frame_rate == pytest.approx(frame_rate, rel=1e-3)
        assert not video.info.has_variable_rate


def test_a_video_of_no_frames_is_not_written(folder: Path) -> None:
    with pytest.raises(ValueError, match="no frames"):
        write_video(iter(()), folder / "nothing.mp4", frame_rate=30)


def test_extra_memory_stays_below_400_mb(folder: Path) -> None:
    """640 x 360, 64 random frames: the process here and the one that decodes, together."""
    path = mux(folder / "memory.mp4", list(range(300)), size=(640, 360))
    before = psutil.Process().memory_info().rss

    with Decoder() as decoder, open_video(path, decoder=decoder) as video:
        video.frames_at(np.random.default_rng(0).uniform(0, 10, 64).tolist())
        assert decoder.pid is not None
        extra = psutil.Process(decoder.pid).memory_info().rss + psutil.Process().memory_info().rss - before

    assert extra < 400 * 2**20


def test_the_process_is_ready_at_once_and_loads_nothing_heavy(plain: Path) -> None:
    code = "import worlds.video.worker, worlds.video.read_pyav, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert not {"torch", "streamlit", "cv2", "decord", "PIL"} & set(loaded.stdout.split())

    with Decoder() as decoder, open_video(plain, decoder=decoder):
        spent = psutil.Process(decoder.pid).cpu_times()  # not the wall's clock, which hears the neighbours
    assert spent.user + spent.system < 0.4


def test_it_works_from_any_working_directory(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "worlds").mkdir()  # a trap: a package of the same name where the server was started
    (tmp_path / "worlds" / "__init__.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)

    with open_video(os.path.relpath(plain)) as video:
        assert isinstance(video, Video) and numbers_of(video.frames_at([1])) == [30]


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_MAX_UPLOAD_MB", "5")
    monkeypatch.setenv("ORRERY_MAX_MINUTES", "2")

    assert (Limits().size_bytes, Limits().duration_s) == (5 * 2**20, 120)

    monkeypatch.setenv("ORRERY_MAX_MINUTES", "soon")
    with pytest.raises(ValueError, match="ORRERY_MAX_MINUTES is 'soon'"):
        Limits()
