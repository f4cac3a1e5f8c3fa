"""Folders that load and do not belong together: each is one sentence when it is asked, or answers all the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.catalogue import local_rung
from models.language import LanguageModel
from models.loading import load
from models.reading import Reading, Row
from models.told import blaming_the_tokenizer, token_ids
from models.vlm import VisionLanguageModel
from tests.models.tiny_checkpoints import llava
from tests.models.tiny_languages import save_chat
from worlds.errors import InputError

FRAMES = np.zeros((1, 32, 32, 3), dtype=np.uint8)


def changed(folder: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    found = json.loads((folder / name).read_text())
    change(found)
    (folder / name).write_text(json.dumps(found))


def shift(folder: Path) -> None:
    def by_a_thousand(found: dict[str, Any]) -> None:
        found["model"]["vocab"] = {word: token + 1000 for word, token in found["model"]["vocab"].items()}
        found["added_tokens"] = []

    changed(folder, "tokenizer.json", by_a_thousand)


def damage(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file({name: torch.full_like(part, float("nan")) for name, part in weights.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})


def template(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "chat_template.jinja").write_text(text)


def named_badly(folder: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": "x"}')


def as_tuples(folder: Path) -> None:
    changed(folder, "config.json", lambda config: config.update(return_dict=False))


BROKEN_TEMPLATES = ("{{ 1 / 0 }}", "{% if %}", "{{ ''.__class__ }}", "{{ [][3].x }}", "{{ raise_exception('no') }}")


def asked_language(folder: Path, monkeypatch: pytest.MonkeyPatch, *, as_chat: bool = False) -> torch.Tensor:
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(folder.parent))
    tool = load(local_rung(folder.name, "language")).tool
    assert isinstance(tool, LanguageModel) and tool.end_ids is not None
    return Reading(tool, [Row(tool.prompt_ids("the capital", as_chat))]).logits


def asked_vlm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(folder.parent))
    tool = load(local_rung(folder.name, "vlm")).tool
    assert isinstance(tool, VisionLanguageModel)
    return tool.say(FRAMES, "where is it", max_tokens=2)


@pytest.mark.parametrize(("change", "said"), [
    (shift, r"tokenizer gives token 1,\d+, and its weights have 320"), (damage, "numbers overflow, or its weights are damaged")])
def test_a_language_model_that_cannot_answer_says_so(
        change: Callable[[Path], object], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(save_chat(tmp_path / "m"))

    with pytest.raises(InputError, match=said):
        asked_language(tmp_path / "m", monkeypatch)


@pytest.mark.parametrize("change", [named_badly, as_tuples], ids=["an end that is no number", "tuples"])
def test_what_a_config_says_besides_is_no_matter(
        change: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = asked_language(save_chat(tmp_path / "plain"), monkeypatch)
    change(save_chat(tmp_path / "m"))

    assert torch.equal(asked_language(tmp_path / "m", monkeypatch), before)


@pytest.mark.parametrize("text", BROKEN_TEMPLATES)
def test_a_chat_template_that_breaks_is_one_sentence(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template(text)(save_chat(tmp_path / "m"))
    template(text)(llava(tmp_path / "v"))

    with pytest.raises(InputError, match="chat template"):
        asked_language(tmp_path / "m", monkeypatch, as_chat=True)
    with pytest.raises(InputError, match=r"chat template cannot be used|cannot take the picture"):
        asked_vlm(tmp_path / "v", monkeypatch)


def test_a_picture_model_with_another_models_tokenizer_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shift(llava(tmp_path / "v"))

    with pytest.raises(InputError, match="They are of two models"):
        asked_vlm(tmp_path / "v", monkeypatch)


def test_an_error_of_the_tokenizers_library_is_a_sentence_and_others_stay() -> None:
    with pytest.raises(InputError, match="tokenizer cannot read the text: WordLevel error"), blaming_the_tokenizer():
        raise Exception("WordLevel error")  # as the library does
    with pytest.raises(KeyError), blaming_the_tokenizer():
        raise KeyError("a mistake of ours")


def test_ends_are_whole_numbers() -> None:
    assert token_ids(2, [3, None, "x", 4.0, True], None, {"a": 1}) == {2, 3}
