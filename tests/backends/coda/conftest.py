"""Tiny language models of the real classes, loaded through the path that every local folder takes."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from models.catalogue import Quantisation, local_rung
from models.language import LanguageModel, as_language_model
from models.loading import load
from tests.models import tiny_checkpoints, tiny_languages

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("languages")


@pytest.fixture(autouse=True)
def offline(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each test that uses these models: what is set for a session, another file's tests may have undone."""
    if "models_dir" in request.fixturenames:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.setenv("ORRERY_MODELS_DIR", str(request.getfixturevalue("models_dir")))


@pytest.fixture(scope="session")
def language(models_dir: Path) -> Callable[..., LanguageModel]:
    """Return a tiny model by the name of its family, "chat" for one with a chat template, or a vision-language family."""

    @cache
    def tiny(family: str, quantisation: Quantisation = "none") -> LanguageModel:
        folder, role = models_dir / family, "language"
        if family == "chat":
            tiny_languages.save_chat(folder)
        elif family in tiny_languages.CLASSES:
            tiny_languages.save(folder, family)
        else:
            getattr(tiny_checkpoints, family)(folder)
            role = "vlm"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ORRERY_MODELS_DIR", str(models_dir))
            return as_language_model(load(local_rung(family, role), quantisation, "cpu").tool)

    return tiny
