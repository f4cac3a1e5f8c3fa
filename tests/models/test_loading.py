"""From a rung to a network: refusals before anything is read, and sentences where something is broken."""

import errno
import threading
from dataclasses import replace

import pytest
import torch
from transformers import CLIPModel

from models import loading
from models.catalogue import find, local_rung
from models.detection import OwlDetector, ZeroShotDetector
from models.language import LanguageModel
from models.loading import load
from models.memory import ModelBudget
from models.similarity import FrameScorer
from models.vlm import VisionLanguageModel
from tests.models import tiny_checkpoints, tiny_languages
from worlds.errors import InputError


@pytest.mark.parametrize(
    ("family", "tool"),
    [("owlvit", OwlDetector), ("grounding_dino", ZeroShotDetector), ("clip", FrameScorer), ("llava", VisionLanguageModel)],
)
def test_every_role_gets_its_tool(tiny, family, tool):
    loaded = tiny(family)

    assert isinstance(loaded.tool, tool)
    assert not loaded.tool.model.training
    assert loaded.footprint_mb == pytest.approx(loaded.rung.parameters * 4 / 1e6, rel=0.02)


def test_a_language_model_of_another_class_than_named_is_refused(checkpoints):
    if not (checkpoints / "mistral").exists():
        tiny_languages.save(checkpoints / "mistral", "mistral")
    wrong = replace(local_rung("mistral", "language"), architecture="LlamaForCausalLM")

    with pytest.raises(InputError, match="must be a 'LlamaForCausalLM'"):
        load(wrong)


def test_a_language_model_lends_itself_through_the_budget(checkpoints):
    if not (checkpoints / "mistral").exists():
        tiny_languages.save(checkpoints / "mistral", "mistral")

    with ModelBudget(limit_mb=100).borrow(local_rung("mistral", "language"), device="cpu") as loaded:
        assert isinstance(loaded.tool, LanguageModel)


def test_a_hub_model_that_is_not_cached_is_refused_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(InputError, match="is not in this machine's model cache"):
        load(find("grounding-dino-tiny"))


def test_a_quantisation_that_is_not_offered_is_refused():
    with pytest.raises(InputError, match="does not run in 'nf4'"):
        load(find("canvas-detector"), "nf4")


def test_a_class_other_than_the_catalogue_names_is_refused(tiny):
    wrong = replace(tiny("clip").rung, architecture="SiglipModel")

    with pytest.raises(InputError, match="must be a 'SiglipModel'"):
        load(wrong)


def test_a_truncated_folder_says_so_without_a_stack_trace(checkpoints):
    folder = tiny_checkpoints.clip(checkpoints / "cut")
    rung = local_rung("cut", "similarity")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])

    with pytest.raises(InputError, match=r"'model\.safetensors' of 'cut' is not a readable safetensors file"):
        load(rung)


def test_a_folder_that_went_away_says_so(checkpoints):
    folder = tiny_checkpoints.clip(checkpoints / "gone")
    rung = local_rung("gone", "similarity")
    (folder / "config.json").unlink()

    with pytest.raises(InputError, match="any more"):
        load(rung)


def test_code_that_lies_beside_the_weights_is_never_run(checkpoints):
    folder = tiny_checkpoints.clip(checkpoints / "code")
    (folder / "modeling.py").write_text("raise SystemExit('this ran')")
    config = (
        (folder / "config.json")
        .read_text()
        .replace("{", '{"auto_map": {"AutoModel": "modeling.Evil", "AutoConfig": "modeling.Evil"},', 1)
    )
    (folder / "config.json").write_text(config)

    loaded = load(local_rung("code", "similarity"))

    assert type(loaded.tool.model).__name__ == "CLIPModel"


def test_nothing_else_is_built_while_a_model_is(tiny, monkeypatch):
    """transformers changes torch's default dtype and its own classes meanwhile, for every thread."""
    rung = tiny("clip").rung
    seen = []

    def another_thread_gets_in() -> bool:
        got: list[bool] = []

        def knock() -> None:
            got.append(loading._building.acquire(blocking=False))
            if got[0]:
                loading._building.release()

        thread = threading.Thread(target=knock)
        thread.start()
        thread.join()
        return got[0]

    def watched(self, *args, **options):
        seen.append((torch.get_default_dtype(), another_thread_gets_in()))
        init(self, *args, **options)

    init = CLIPModel.__init__
    monkeypatch.setattr(CLIPModel, "__init__", watched)
    load(replace(rung, dtype="bfloat16"))

    assert seen == [(torch.float32, False), (torch.bfloat16, False)], "of the skeleton, then of the model"
    assert another_thread_gets_in()
    assert torch.get_default_dtype() == torch.float32


def test_a_disk_that_is_full_is_not_the_checkpoints_fault(tiny, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    rung = tiny("clip").rung
    monkeypatch.setattr("models.loading.AutoProcessor.from_pretrained", full)

    with pytest.raises(OSError, match="No space left"):
        load(rung)
