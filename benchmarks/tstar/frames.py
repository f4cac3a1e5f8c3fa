"""Random access to frames, per reader and spacing of key frames."""

import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks.tables import markdown
from worlds.video import open_video, write_video

SECONDS, RATE, ASKED = 300, 30, 64


def _frames() -> "object":
    generator = np.random.default_rng(0)
    base = generator.integers(0, 255, (45, 80, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)  # 360 x 640
    for index in range(SECONDS * RATE):
        yield np.roll(base, index * 3, axis=1)


def section() -> str:
    """64 random seconds of a five-minute 640 x 360 file."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, every in (("30", 30), ("250", 250), ("all intra", 1)):
            path = Path(folder) / f"{every}.mp4"
            write_video(_frames(), path, frame_rate=RATE, keyframe_every=every)
            seconds = np.random.default_rng(1).uniform(0, SECONDS - 1, ASKED)
            taken = {}
            for reader in ("pyav", "decord", "opencv"):
                with open_video(path, reader=reader) as video:
                    start = time.perf_counter()
                    video.frames_at(seconds)
                    children = psutil.Process().children(recursive=True)
                    taken[reader] = (time.perf_counter() - start, max((c.memory_info().rss for c in children), default=0) / 1e6)
            fastest = min(second for second, _ in taken.values())
            rows += [(name, reader, f"{second:.2f}", f"{second / fastest:.1f}", f"{memory:.0f}")
                     for reader, (second, memory) in taken.items()]
    return (f"## Frame access\n\n{ASKED} random seconds of a {SECONDS} s file, 640 x 360, {RATE} fps, H.264, in the decoder's own "
            "process; memory is that process after the request.\n\n"
            + markdown(("key frame every", "reader", "seconds", "times the fastest", "decoder MB"), rows))
