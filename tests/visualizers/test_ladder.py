"""The ladder as text: order, reasons, what is missing. No network, no weights."""

import pytest

from backends.knobs import knob, knob_of
from backends.run import Settings
from models import catalogue
from visualizers import ladder


class Asks(Settings):
    detector: str = knob("canvas-detector", "models", "", role="detector")
    vlm: str = knob("", "models", "", role="vlm", none="None", quantised_by="vlm_quantisation")
    either: str = knob("", "models", "", role="vlm", also=("language",), listed=("vlm", "language"), only_real=True, none="None")
    quantisation: str = "none"
    vlm_quantisation: str = "none"


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("ORRERY_MODELS_DIR", raising=False)


def test_every_rung_of_the_role_is_offered_and_what_is_here_comes_first():
    offered = ladder.choices("detector")

    assert {choice.value for choice in offered} == {rung.name for rung in catalogue.rungs("detector")}
    assert [choice.is_here for choice in offered] == sorted((choice.is_here for choice in offered), reverse=True)
    assert all(("not here" in choice.label) != choice.is_here for choice in offered)


def test_setting_that_may_be_empty_offers_none_first():
    assert ladder.choices("vlm", none_label="None")[0].value == ""


def test_setting_of_two_roles_lists_both_where_it_says_so_and_no_miniature_where_none_is_of_use():
    offered = {choice.value for choice in ladder.offered(knob_of(Asks, "either"), "era")}

    real = {rung.name for role in ("vlm", "language") for rung in catalogue.rungs(role) if not rung.is_miniature}
    assert offered == real | {""}
    assert {choice.value for choice in ladder.offered(knob_of(Asks, "vlm"), "era")} >= {"home-agent", "qwen2-vl-2b"}
    assert "shapes-vlm" not in {choice.value for choice in ladder.offered(knob_of(Asks, "vlm"), "era")}


def test_no_way_on_is_offered_that_is_missing_itself(monkeypatch, tmp_path):
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))

    class Real(Settings):
        model: str = knob("smollm2-135m", "models", "", role="language")

    for name in ("smollm2-135m", "qwen2.5-0.5b"):
        (entry,) = ladder.missing(Real(model=name))
        assert entry.reason and (entry.fallback, entry.fallback_title) == (None, "")


def test_default_settings_miss_nothing_and_cost_the_miniature():
    assert ladder.missing(Asks()) == ()
    assert ladder.memory_mb(Asks()) == catalogue.find("canvas-detector").memory_mb["none"]


def test_missing_model_comes_with_reason_command_and_a_way_on():
    (entry,) = ladder.missing(Asks(detector="owlvit-base-patch32"))

    assert entry.setting == "detector" and entry.command == "hf download google/owlvit-base-patch32"
    assert entry.fallback == "canvas-detector" and "MB" in entry.what


def test_optional_model_that_is_missing_falls_back_to_none():
    (entry,) = ladder.missing(Asks(vlm="qwen2.5-vl-3b"))

    assert (entry.fallback, entry.fallback_title) == ("", "")


def test_quantisation_that_a_rung_lacks_is_missing_too():
    (entry,) = ladder.missing(Asks(quantisation="nf4"))

    assert "nf4" in entry.reason


def test_a_quantised_vlm_leaves_the_detector_as_it_is(monkeypatch):
    monkeypatch.setattr(catalogue.ladder, "_is_cached", lambda hub_id, loader: True)
    asked = Asks(vlm="qwen2.5-vl-7b", vlm_quantisation="nf4")

    assert [(named.setting, named.quantisation) for named in asked.named_models()] == [("detector", "none"), ("vlm", "nf4")]
    assert "detector" not in [entry.setting for entry in ladder.missing(asked)]
    assert ladder.memory_mb(asked) == sum(catalogue.find(name).memory_mb[kind] for name, kind in (
        ("canvas-detector", "none"), ("qwen2.5-vl-7b", "nf4")))


@pytest.mark.parametrize("typed", ["OWL-ViT B/32", "owl-vit b/32", "owlvit-base-patch32"], ids=["title", "lower case", "name"])
def test_title_that_is_typed_becomes_its_rung(typed):
    assert ladder.value_of(typed, "detector") == "owlvit-base-patch32"


def test_folder_name_stays_a_name_and_one_that_is_not_there_is_refused_with_what_is(monkeypatch, tmp_path):
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))

    assert ladder.value_of("my-owl", "detector") == "my-owl"  # no path of this machine in links and results
    (entry,) = ladder.missing(Asks(detector=ladder.value_of("my-owl", "detector")))
    assert entry.reason.startswith("There is no model 'my-owl'.") and "a folder below ORRERY_MODELS_DIR" in entry.reason


def test_folder_without_a_models_folder_is_refused_with_what_to_set():
    (entry,) = ladder.missing(Asks(detector="my-owl"))

    assert "ORRERY_MODELS_DIR" in entry.reason and entry.fallback == "canvas-detector"


def test_folder_of_a_checkpoint_is_offered_by_its_name(monkeypatch, tmp_path):
    import json

    import numpy as np
    from safetensors.numpy import save_file

    folder = tmp_path / "nested" / "my-owl"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"architectures": ["OwlViTForObjectDetection"]}))
    save_file({"weight": np.zeros((2, 2), np.float32)}, folder / "model.safetensors")
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))

    assert ("nested/my-owl", "nested/my-owl (my folder)") in [
        (choice.value, choice.label) for choice in ladder.choices("detector")]
    assert "nested/my-owl (my folder)" not in [choice.label for choice in ladder.choices("vlm")]
    assert ladder.missing(Asks(detector=str(folder))) == ladder.missing(Asks(detector="nested/my-owl")) == ()
