"""Odd videos for tests, made by the ffmpeg of the development requirements, which is also the second opinion on every frame.

Each frame holds three coloured corners, so that a turn and a mirror are seen, and a white block that moves, so that a wrong frame is.
"""

import importlib.util
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from worlds.errors import InputError
from worlds.video import Decoder, open_video
from worlds.video.readers import LIBRARIES

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
        library = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is missing: pip install -r requirements-dev.txt")
        try:
            self._program = library.get_ffmpeg_exe()
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


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest mean difference of one frame, of 255."""
    assert ours.shape == theirs.shape
    return float(np.abs(ours.astype(int) - theirs).mean(axis=(1, 2, 3)).max())


def assert_agrees_or_refuses(path: Path, times: np.ndarray, theirs: np.ndarray, *, decoder: Decoder) -> None:
    """The readers behind PyAV show the same, or say that they cannot."""
    for reader in READERS[1:]:
        try:
            with open_video(path, reader=reader, decoder=decoder) as video:
                assert difference(video.frames_at(times.tolist()), theirs) < 4, reader
        except InputError as error:
            assert "would be right" in str(error)
