"""One core, offline, and every tiny checkpoint made once."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.backends.merging.trio import make

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def trios(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The three folders of a family: vlm, reason, base. They are not to be written into."""
    root = tmp_path_factory.mktemp("trios")
    return lambda family: make(root, family)
