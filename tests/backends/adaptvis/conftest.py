"""A random model of the miniature's own class, words and size, with attention that has peaks: nothing here needs trained weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from models.memory import budget
from models.scene_vlm import Size, fresh_model, save


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory) -> Iterator[Path]:
    """The folder of a LlavaForConditionalGeneration."""
    folder = tmp_path_factory.mktemp("models") / "random"
    size = Size()
    model, generator = fresh_model(size), torch.Generator().manual_seed(1)
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data = torch.randn(weight.shape, generator=generator) * 1.5 / weight[0].numel() ** 0.5
    save(model, size, folder)
    yield folder
    budget().clear()


@pytest.fixture
def random_model(random_folder, monkeypatch) -> str:
    """The same as it may be typed into `model`."""
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(random_folder.parent))
    torch.set_num_threads(1)
    return str(random_folder)
