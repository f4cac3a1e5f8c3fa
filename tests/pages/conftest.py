"""Who looks at the pages, a running server for browser tests, and a real video that no one has seen."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from backends.sessions import Session

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module", autouse=True)
def visitor(request: pytest.FixtureRequest) -> Iterator[Session]:
    """Whoever a file's tests are, it holds no files of another's: to the pages, all page tests of a process are one visitor."""
    session = Session(request.module.__name__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pages.house.session.current", lambda: session)
        yield session
    session.release()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "server.py"], cwd=ROOT, env=os.environ | {"PORT": str(port)}, stdout=output,
                                   stderr=subprocess.STDOUT)
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(url, timeout=5).close()
                    break
                except OSError:
                    assert process.poll() is None, log.read_text()[-2000:]
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def phone_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds, 320 x 240: textured grey walls, and from 4 to 9 and from 24 to 29 s a striped toy on the floor."""
    from worlds.video import write_video

    generator = np.random.default_rng(3)
    walls = [cv2.resize(generator.integers(90, 170, (6, 8, 3), dtype=np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
             for _ in range(4)]

    def frames() -> Iterator[np.ndarray]:
        for index in range(40 * 5):
            picture = walls[index // 50].copy()
            if 4 <= index / 5 < 9 or 24 <= index / 5 < 29:
                cv2.rectangle(picture, (180, 120), (250, 190), (230, 40, 30), -1)
                for stripe in range(185, 250, 14):
                    cv2.line(picture, (stripe, 120), (stripe, 190), (250, 240, 60), 5)
            yield picture

    path = tmp_path_factory.mktemp("video") / "toy.mp4"
    write_video(frames(), path, frame_rate=5, keyframe_every=5)
    return path
