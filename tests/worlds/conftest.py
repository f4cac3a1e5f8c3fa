"""What the tests of odd videos share."""

from collections.abc import Iterator

import pytest

from tests.worlds.footage import FFmpeg
from worlds.video import Decoder


@pytest.fixture(scope="module")
def ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> FFmpeg:
    return FFmpeg(tmp_path_factory.mktemp("footage"))


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder
