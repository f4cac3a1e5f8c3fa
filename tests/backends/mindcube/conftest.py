"""Small models that learned nothing: a mapper for each configuration, and a checkpoint of a real class."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.memory import budget
from tests.backends.mindcube import tiny_mappers
from tests.models.tiny_vlms import load_tiny


@pytest.fixture
def mappers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The miniature's models are others, which learned nothing."""
    tiny_mappers.put_in(monkeypatch)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("mindcube_models")
    load_tiny(folder, "qwen2_5_vl")
    yield folder
    budget().clear()


@pytest.fixture
def real(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a tiny model of a real class, as it may be typed into `model`."""
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tiny_folder))
    return "qwen2_5_vl"
