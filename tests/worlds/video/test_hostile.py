"""Files that nobody should have to open: each is one clear sentence or works, and the server goes on."""

import errno
import io
import os
import subprocess
import sys
import threading
import wave
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from worlds.errors import InputError
from worlds.video import Decoder, Limits, open_video, write_clip, write_video
from worlds.video import readers as reader_names

ROOT = Path(__file__).parents[2]
NUM_CORRUPTIONS = 210

BROKEN_READERS = '''
import os, time
import numpy as np
from worlds.video.limits import Facts
from worlds.video.readers import Reader, Refused, Undecodable

class Works(Reader):
    def __init__(self, path, *, kind, limits):
        self.facts = Facts(1.0, 8, 8, 10.0, "none", 0, False)
    def frames_at(self, seconds, *, width, height):
        for second in seconds:
            self.fail()
            yield second, np.full((height, width, 3), 7, np.uint8)
    def fail(self): pass
    def close(self): pass

class Aborts(Works):
    def fail(self): os.abort()
class Killed(Works):
    def fail(self): os.kill(os.getpid(), 9)
class AbortsAtOnce(Works):
    def __init__(self, path, *, kind, limits): os.abort()
class Hangs(Works):
    def fail(self): time.sleep(3600)
class HoldsTheInterpreter(Works):
    def fail(self): import re; re.match("(a|a)*$", "a" * 60 + "b")
class FillsMemory(Works):
    def fail(self): self.hoard = [np.ones(2**27) for _ in range(1000)]
class Prints(Works):
    def fail(self): os.write(1, b"from a library" * 100)
class AnswersTooLittle(Works):
    def frames_at(self, seconds, *, width, height): yield 0.0, np.zeros((1, 1, 3), np.uint8)
class CannotOpen(Works):
    def __init__(self, path, *, kind, limits): raise Undecodable("is beyond this reader.")
class CannotDecode(Works):
    def fail(self): raise Undecodable("is beyond this reader.")
class Refuses(Works):
    def __init__(self, path, *, kind, limits): raise Refused("is refused.")
class TalksToo(Works):
    def fail(self): raise RuntimeError("line one\\n" * 1000)
'''


def picture(number: int, *, size: int = 64) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (size, size, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def good(folder: Path) -> Path:
    return write_video((picture(number) for number in range(20)), folder / "good.mp4", frame_rate=10, crf=35)


@pytest.fixture(scope="module", autouse=True)
def broken_readers(folder: Path) -> Iterator[None]:
    """Readers that break, known to these tests only."""
    (folder / "broken_readers.py").write_text(BROKEN_READERS)
    names = [line.split("(")[0][6:] for line in BROKEN_READERS.splitlines() if line.startswith("class ")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        for name in names:
            patch.setitem(reader_names.READERS, name, f"broken_readers:{name}")
        yield


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    """No test may leave a process of a decoder, alive or undead."""
    before = set(psutil.Process().children())
    yield
    assert [child for child in psutil.Process().children() if child not in before] == []


def sentence(error: pytest.ExceptionInfo[InputError] | InputError) -> str:
    """Return the message, which must be fit for people."""
    text = str(error.value if isinstance(error, pytest.ExceptionInfo) else error)
    assert len(text) < 300 and "\n" not in text and text.endswith(".") and "Traceback" not in text, text
    return text


def encoded(container: str, *, size: int = 64, codec: str = "libx264", frames: int = 20, sound: bool = False) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=10)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        heard = file.add_stream("aac", rate=8000) if sound else None
        for number in range(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number, size=size), format="rgb24")))
        file.mux(stream.encode(None))
        if heard is not None:
            file.mux(heard.encode(silence()))
            file.mux(heard.encode(None))
    return out.getvalue()


def silence() -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), dtype=np.float32), format="fltp", layout="mono")
    frame.sample_rate = 8000
    return frame


def only_sound() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=8000)
        file.mux(stream.encode(silence()))
        file.mux(stream.encode(None))
    return out.getvalue()


def no_frames() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        file.start_encoding()
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("movie.mp4", b"no")
    return out.getvalue()


def png() -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture(0)).save(out, "png")
    return out.getvalue()


def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    return out.getvalue()


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {  # what it is -> its name, its bytes, words of the sentence
    "an empty file": ("a.mp4", bytes, "is empty"),
    "a zip called mp4": ("a.mp4", zipped, "a zip archive"),
    "a picture called mp4": ("a.mp4", png, "a PNG picture"),
    "a text called mkv": ("a.mkv", lambda: b"dear all,\nfind the video attached", "is a text"),
    "a web page": ("a.webm", lambda: b"\n<!DOCTYPE html><p>not found", "a web page"),
    "a playlist": ("a.mp4", lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "a playlist"),
    "a list of files to join": ("a.mp4", lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", "a list of files to join"),
    "a sound called avi": ("a.avi", wav, "a WAV sound"),
    "random bytes": ("a.mov", lambda: np.random.default_rng(1).bytes(5000), "of no kind"),
    "sound without pictures": ("a.mp4", only_sound, "sound but no pictures"),
    "a stream without frames": ("a.mp4", no_frames, "right"),
    "only a header": ("a.mp4", lambda: b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", "no index"),
    "cut off before its index": ("a.mp4", lambda: encoded("mp4")[:3000], "no index"),
    "a Matroska header and nothing else": ("a.mkv", lambda: encoded("matroska")[:60], "damaged"),
    "an avi header and nothing else": ("a.avi", lambda: b"RIFF\xff\xff\xff\x7fAVI LIST" + bytes(400), "damaged"),
    "a box that contains itself": ("a.mp4", lambda: b"\0\0\0\x08ftypqt  " + b"\0\0\0\0moov" * 999, "right"),
}


@pytest.mark.parametrize("name, content, words", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_one_clear_sentence(
    tmp_path: Path, name: str, content: Callable[[], bytes], words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content())

    with pytest.raises(InputError) as error:
        open_video(path)

    assert words in sentence(error)
    assert "would be right" in sentence(error)


@pytest.mark.parametrize("reader", ["pyav", "decord", "opencv"])
@pytest.mark.parametrize("what", ["sound without pictures", "a stream without frames", "cut off before its index"])
def test_every_reader_survives_a_bad_file(tmp_path: Path, what: str, reader: str) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(BAD[what][1]())

    with pytest.raises(InputError) as error:
        open_video(path, reader=reader)

    sentence(error)


@pytest.mark.parametrize(
    "name", ["http://localhost/a.mp4", "concat:a.mp4|b.mp4", "file:/etc/passwd", "subfile,,start,0,end,9,,:a.mp4", "a\0b.mp4",
             "pipe:0", "-", "x" * 5000, "missing.mp4"],
    ids=["an address", "concat", "a file address", "subfile", "a null byte", "a pipe", "a dash", "a very long name", "missing"],
)
def test_nothing_is_opened_but_a_file_that_is_here(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match="no file") as error:
        open_video(name)

    sentence(error)


@pytest.mark.parametrize("path", ["/dev/zero", "/", "pipe"], ids=["a device", "a folder", "a pipe"])
def test_what_is_not_a_file_is_refused_without_being_read(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")

    with pytest.raises(InputError, match="not a file"):
        open_video(path)


def test_a_file_with_a_protocol_for_a_name_is_only_a_file(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("concat:a.mp4").write_bytes(good.read_bytes())

    with open_video("concat:a.mp4") as video:
        assert video.frames_at([0]).shape == (1, 64, 64, 3)


@pytest.mark.parametrize("name", ["good.txt", "good", "good.zip"])
def test_a_renamed_video_works(good: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(good.read_bytes())

    with open_video(path) as video:
        assert video.frames_at([1.0]).shape == (1, 64, 64, 3)


def test_a_name_with_lines_and_great_length_does_not_spoil_the_sentence(tmp_path: Path) -> None:
    path = tmp_path / ("two\nlines" + "x" * 200)
    path.write_bytes(zipped())

    with pytest.raises(InputError) as error:
        open_video(path)

    sentence(error)


def test_a_video_with_sound_gives_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    path.write_bytes(encoded("mp4", sound=True))

    with open_video(path) as video:
        assert video.info.duration_s == pytest.approx(2)
        assert len(video.frames_at([0, 1.95])) == 2


def test_what_is_left_of_a_cut_off_video_plays(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(good.read_bytes()[: good.stat().st_size * 2 // 3])  # its index is in front

    with open_video(path) as video:
        assert 0.5 < video.info.duration_s < 1.8
        assert video.frames_at([0, 1.9]).shape == (2, 64, 64, 3)


def test_a_damaged_middle_shows_the_good_frames_around_it(good: Path, tmp_path: Path) -> None:
    data = bytearray(good.read_bytes())
    start = data.index(b"mdat")
    data[start + (len(data) - start) // 3 : start + (len(data) - start) // 2] = bytes((len(data) - start) // 6 + 1)
    path = tmp_path / "hole.mp4"
    path.write_bytes(data)

    with open_video(path) as video, open_video(good) as whole:
        seconds = [number / 10 for number in range(20)]
        frames = video.frames_at(seconds)

        assert np.array_equal(frames[0], whole.frames_at([0])[0])
        assert frames.shape == (20, 64, 64, 3)


@pytest.mark.parametrize(
    "limits, words",
    [
        (Limits(size_bytes=1000), "MB large"),
        (Limits(duration_s=1.99), "At most"),
        (Limits(side_px=63), "64 x 64 pixels. At most 63 pixels"),
    ],
    ids=["larger than allowed", "longer than allowed", "of larger pictures than allowed"],
)
def test_limits_hold_and_are_named(good: Path, limits: Limits, words: str) -> None:
    with pytest.raises(InputError) as error:
        open_video(good, limits=limits)

    assert words in sentence(error)


def test_a_video_exactly_at_the_limits_is_read(good: Path) -> None:
    with open_video(good, limits=Limits(size_bytes=good.stat().st_size, duration_s=2.0, side_px=64)) as video:
        assert len(video.frames_at([0])) == 1


def test_8k_is_refused_with_the_numbers(tmp_path: Path) -> None:
    path = tmp_path / "8k.mp4"
    write_video((np.full((4320, 7680, 3), 9, dtype=np.uint8) for _ in range(1)), path, frame_rate=1, crf=51)

    with pytest.raises(InputError, match=r"7680 x 4320 pixels. At most 4096 pixels") as error:
        open_video(path)

    sentence(error)


def test_the_largest_allowed_picture_fits_into_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "4k.mp4"
    write_video((np.full((4096, 4096, 3), 9, dtype=np.uint8) for _ in range(2)), path, frame_rate=1, crf=51)

    with open_video(path) as video:
        assert video.frames_at([0, 1], max_side_px=64).shape == (2, 64, 64, 3)


def test_more_frames_than_fit_into_memory_are_not_asked_for(good: Path) -> None:
    with open_video(good, limits=Limits(answer_mb=1)) as video, pytest.raises(InputError, match="At most 1 MB") as error:
        video.frames_at([0.0] * 1000)

    sentence(error)


@pytest.mark.parametrize(
    "reader, words",
    [
        ("Aborts", "crashes the decoder"),
        ("AbortsAtOnce", "crashes the decoder"),
        ("Killed", "was being read when the decoder was stopped from outside, as happens where memory runs out. Run it again."),
        ("Hangs", "takes more than 4 s"),
        ("HoldsTheInterpreter", "takes more than 4 s"),
        ("FillsMemory", "needs more than 1000 MB"),
        ("AnswersTooLittle", "cannot be decoded"),
        ("TalksToo", "cannot be decoded"),
    ],
)
def test_a_decoder_that_breaks_is_one_sentence_and_the_server_goes_on(good: Path, reader: str, words: str) -> None:
    limits = Limits(timeout_s=4, memory_mb=1000)
    with Decoder(limits) as decoder:
        with pytest.raises(InputError) as error, open_video(good, reader=reader, limits=limits, decoder=decoder) as video:
            video.frames_at([0.0, 0.5])
        assert words in sentence(error)

        with open_video(good, limits=limits, decoder=decoder) as video:
            assert video.frames_at([0.5]).shape == (1, 64, 64, 3)


def test_a_video_is_opened_again_after_another_broke_its_process(good: Path) -> None:
    with Decoder() as decoder, open_video(good, decoder=decoder) as video:
        before = video.frames_at([0.5])
        with pytest.raises(InputError), open_video(good, reader="Aborts", decoder=decoder) as broken:
            broken.frames_at([0.0])

        assert np.array_equal(video.frames_at([0.5, 1.5])[0], before[0])
        assert decoder.num_starts == 2


def test_what_a_library_prints_does_not_come_between_the_frames(good: Path) -> None:
    with open_video(good, reader="Prints") as video:
        assert (video.frames_at([0.0, 0.5]) == 7).all()


@pytest.mark.parametrize("broken", ["CannotOpen", "CannotDecode"])
def test_where_one_reader_fails_the_next_one_reads(good: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setitem(reader_names.READERS, "pyav", f"broken_readers:{broken}")
    if broken == "CannotDecode":  # readers must agree on the size
        monkeypatch.setitem(reader_names.READERS, "decord", "broken_readers:Works")

    with open_video(good) as video:
        assert len(video.frames_at([0.5])) == 1
        assert video.reader == "decord"


def test_a_refusal_is_final(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reader_names.READERS, "pyav", "broken_readers:Refuses")

    with pytest.raises(InputError, match="is refused"):
        open_video(good)


def test_a_reader_that_is_not_installed_is_skipped(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reader_names.READERS, "pyav", "worlds.video.no_such_module:Reader")

    with open_video(good) as video:
        assert video.reader == "decord"


def test_an_unknown_reader_is_named(good: Path) -> None:
    with pytest.raises(InputError, match="'os:system' is not known"):
        open_video(good, reader="os:system")


def test_a_forgotten_video_takes_its_process_along(good: Path) -> None:
    before = set(psutil.Process().children())
    video = open_video(good)
    children = [child for child in psutil.Process().children() if child not in before]

    del video

    assert children and not any(child.is_running() for child in children)


@pytest.mark.parametrize(
    "reader", ["pyav", "Hangs", "HoldsTheInterpreter"], ids=["idle", "in the middle of a frame", "deaf in the middle of a frame"]
)
def test_a_decoder_dies_with_the_server(good: Path, folder: Path, reader: str) -> None:
    code = f"""
import os, threading, time, sys
from worlds.video import Decoder, Limits, open_video, readers
readers.READERS |= {{name: "broken_readers:" + name for name in ("Hangs", "HoldsTheInterpreter")}}
limits = Limits(timeout_s=2)
decoder = Decoder(limits)
video = open_video({str(good)!r}, reader={reader!r}, decoder=decoder, limits=limits)
threading.Thread(target=video.frames_at, args=([0.0],), daemon=True).start()
time.sleep(0.3)
print(decoder.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    decoder = int(ended.stdout)

    try:
        psutil.Process(decoder).wait(timeout=30)
    except psutil.NoSuchProcess:
        return
    assert not psutil.pid_exists(decoder)


def test_closing_ends_what_another_thread_waits_for(good: Path) -> None:
    video = open_video(good, reader="Hangs")
    errors: list[Exception] = []

    def wait() -> None:
        try:
            video.frames_at([0.0])
        except ValueError as error:  # closed before it asked, or InputError while it waited
            errors.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    video.close()
    waiting.join(timeout=20)

    assert not waiting.is_alive() and len(errors) == 1


def test_the_decoder_sees_no_secrets_of_the_server(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")

    with Decoder() as decoder, open_video(good, decoder=decoder):
        assert "HF_TOKEN" not in psutil.Process(decoder.pid).environ()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes can be asked for on Linux only")
def test_a_decoder_may_not_write_files(good: Path) -> None:
    with Decoder() as decoder, open_video(good, decoder=decoder):
        assert psutil.Process(decoder.pid).rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert psutil.Process(decoder.pid).rlimit(psutil.RLIMIT_AS)[1] == Limits().memory_mb * 2**20


def test_a_full_disk_is_not_the_videos_fault(good: Path) -> None:
    with (
        Decoder(Limits(), may_write=True) as decoder,
        open_video(good, decoder=decoder) as video,
        pytest.raises(InputError) as error,
    ):
        video.write_moments([(0.0, 20)], Path("/dev/full"), max_side_px=64, frame_rate=10, crf=0)

    assert sentence(error).startswith("This machine's disk is full, so nothing could be stored.")


def test_a_clip_that_finds_no_room_says_so(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("worlds.video.clip.tempfile.mkstemp", full)
    with pytest.raises(InputError, match="disk is full"):
        write_clip(good, [(0.0, 1.0)], tmp_path / "clip.mp4")


def test_errors_name_the_file_as_people_call_it(tmp_path: Path, good: Path) -> None:
    (tmp_path / "0.mp4").write_bytes(b"a text")
    for make in (lambda path: open_video(path, name="holiday.mp4"),
                 lambda path: write_clip(path, [(0.0, 1.0)], tmp_path / "clip.mp4", name="holiday.mp4")):
        for path in (tmp_path / "0.mp4", tmp_path / "gone.mp4"):
            with pytest.raises(InputError, match=r"'holiday\.mp4'"):
                make(path)


def test_a_clip_of_a_bad_file_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(zipped())

    with pytest.raises(InputError, match="a zip archive"):
        write_clip(path, [(0, 1)], tmp_path / "clip.mp4")

    assert list(tmp_path.iterdir()) == [path]


def corrupted(data: bytes, random: np.random.Generator) -> bytes:
    """Return `data` with flipped bytes, a missing end, a block of zeros, a swapped or a doubled piece."""
    broken, way = bytearray(data), random.integers(5)
    start, stop = sorted(random.integers(0, len(data), 2).tolist())
    stop = min(stop, start + 400)
    if way == 0:
        for place in random.integers(0, len(data), random.integers(1, 40)):
            broken[place] = random.integers(256)
    elif way == 1:
        del broken[int(random.integers(1, len(data))) :]
    elif way == 2:
        broken[start:stop] = bytes(stop - start)
    elif way == 3:
        del broken[start:stop]
    else:  # in the headers, where every byte has a meaning
        for place in random.integers(0, min(1200, len(data)), random.integers(1, 6)):
            broken[place] = random.choice([0, 255, 127, int(random.integers(256))])
    return bytes(broken)


def test_random_corruptions_give_frames_or_one_sentence(tmp_path: Path, good: Path) -> None:
    random = np.random.default_rng(2024)
    sources = [good.read_bytes(), encoded("matroska"), encoded("mp4"), encoded("webm", codec="libvpx-vp9"),
               encoded("avi", codec="mpeg4"), encoded("mov")]  # fmt: skip
    limits = Limits(timeout_s=20, memory_mb=2000)
    path = tmp_path / "fuzz.mp4"
    num_read = num_refused = 0
    with Decoder(limits) as decoder:
        for number in range(NUM_CORRUPTIONS):
            path.write_bytes(corrupted(sources[number % len(sources)], random))
            try:
                with open_video(path, limits=limits, decoder=decoder) as video:
                    seconds = [0.0, video.info.duration_s / 2, video.info.duration_s]
                    frames = video.frames_at(seconds, max_side_px=64)
                    assert len(frames) == 3 and frames.dtype == np.uint8 and len(frames[0].shape) == 3
                num_read += 1
            except InputError as error:
                sentence(error)
                num_refused += 1

        with open_video(good, limits=limits, decoder=decoder) as video:
            assert len(video.frames_at([0.0])) == 1
    assert num_read > 30 and num_refused > 30  # the corruptions are neither too mild nor too hard
