"""Every test of this floor runs on one core, offline, with its models in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models.catalogue import Quantisation, local_rung
from models.loading import Loaded, load
from tests.models import tiny_checkpoints

torch.set_num_threads(1)
ROLES = {
    "clip": "similarity",
    "siglip": "similarity",
    "llava": "vlm",
    "llava_onevision": "vlm",
    "qwen2_5_vl": "vlm",
    "qwen3_vl": "vlm",
}


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, checkpoints: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(checkpoints))
    monkeypatch.delenv("ORRERY_ALLOW_DOWNLOAD", raising=False)
    monkeypatch.delenv("ORRERY_MODEL_MEMORY_MB", raising=False)
    monkeypatch.delenv("ORRERY_DEVICE", raising=False)


@pytest.fixture
def tiny(checkpoints: Path) -> Callable[..., Loaded]:
    """Load a tiny checkpoint of a family through the path that every local folder takes."""

    def tiny_model(family: str, quantisation: Quantisation = "none") -> Loaded:
        if not (checkpoints / family).exists():
            getattr(tiny_checkpoints, family)(checkpoints / family)
        return load(local_rung(family, ROLES.get(family, "detector")), quantisation, "cpu")

    return tiny_model
