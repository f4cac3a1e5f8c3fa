"""A random model of the miniature's own class, words and size, with attention that has peaks: nothing here needs trained weights."""

import pytest
import torch

from models.memory import budget
from models.scene_vlm import Size, fresh_model, save


@pytest.fixture(scope="session")
def random_model(tmp_path_factory) -> str:
    """The folder of a LlavaForConditionalGeneration as it may be typed into `model`."""
    root = tmp_path_factory.mktemp("models")
    size = Size()
    model, generator = fresh_model(size), torch.Generator().manual_seed(1)
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data = torch.randn(weight.shape, generator=generator) * 1.5 / weight[0].numel() ** 0.5
    save(model, size, root / "random")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORRERY_MODELS_DIR", str(root))
        torch.set_num_threads(1)
        yield str(root / "random")
        budget().clear()
