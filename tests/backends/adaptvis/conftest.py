"""A random model of the miniature's own class, words and size, with attention that has peaks: nothing here needs trained weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from models.memory import budget
from tests.backends.adaptvis.knob_cases import save_random


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory) -> Iterator[Path]:
    """The folder of a LlavaForConditionalGeneration."""
    folder = tmp_path_factory.mktemp("models") / "random"
    save_random(folder)
    yield folder
    budget().clear()


@pytest.fixture
def random_model(random_folder, monkeypatch) -> str:
    """The same as it may be typed into `model`."""
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(random_folder.parent))
    torch.set_num_threads(1)
    return str(random_folder)
