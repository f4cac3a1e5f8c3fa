"""A model by name: a setting takes its roles and says which, the nearest names first."""

import pytest

from backends.coda.run import run as run_coda
from backends.coda.settings import CodaSettings
from backends.knobs import knobs_of
from backends.registry import systems
from backends.run import Inputs, last
from backends.rungs import WORDS, rung_of
from models.catalogue import RUNGS
from tests.models import tiny_languages
from tests.models.tiny_vlms import load_tiny
from visualizers import ladder
from worlds.errors import InputError

CHOOSE_NONE = ("era", "ragen")  # their agents were trained for them


def refusal(name: str, *roles: str) -> str:
    with pytest.raises(InputError) as caught:
        rung_of(name, *roles)
    return str(caught.value)


def test_a_name_is_found_in_each_role_that_the_setting_takes():
    assert rung_of("qwen2.5-0.5b", "language", "vlm").role == "language"
    assert rung_of("llava-1.5-7b", "language", "vlm").role == "vlm"


def test_a_mistyped_language_model_is_answered_with_language_models_first():
    said = refusal("qwen2.5-05b", "language", "vlm")

    assert said.startswith("There is no model 'qwen2.5-05b'. Did you mean qwen2.5-0.5b")
    assert "a language model or a vision-language model" in said
    assert said.index("Language models:") < said.index("Vision-language models:")
    assert "canvas-detector" not in said


@pytest.mark.parametrize(("typed", "role", "meant"), [
    ("lava-1.5-7b", "vlm", "llava-1.5-7b"), ("Qwen2-VL 2b", "vlm", "qwen2-vl-2b"),
    ("owlvit-base-patch3", "detector", "owlvit-base-patch32"),
    ("clip-vit-base-patch-32", "similarity", "clip-vit-base-patch32"), ("pythia160m", "language", "pythia-160m")])
def test_the_nearest_name_is_offered_in_every_role(typed, role, meant):
    assert f"Did you mean {meant}" in refusal(typed, role)


@pytest.mark.parametrize("role", WORDS)
def test_every_role_has_its_words_and_lists_its_own_models(role):
    said = refusal("zzzzzzzz", role)

    assert f"This setting takes {WORDS[role][0]}, or a folder below ORRERY_MODELS_DIR." in said and "Did you mean" not in said
    assert all((rung.name in said.rpartition(": ")[2]) for rung in RUNGS if rung.role == role)


def test_a_model_that_does_something_else_is_told_what_it_is():
    assert refusal("canvas-detector", "language", "vlm").startswith(
        "Canvas detector (miniature) is a detector. This setting takes a language model or a vision-language model")


def test_a_folder_of_the_second_role_is_taken_and_one_of_neither_says_both(tmp_path, monkeypatch):
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    load_tiny(tmp_path, "llava")

    assert rung_of(str(tmp_path / "llava"), "language", "vlm").role == "vlm"
    said = refusal(str(tmp_path / "llava"), "language", "detector")
    assert "which is no language here" in said and "which is no detector here" in said
    assert refusal(str(tmp_path / "none"), "language", "vlm").count("There is no model folder") == 1


@pytest.mark.parametrize("system", [system for system in systems() if system.name not in CHOOSE_NONE], ids=lambda system: system.name)
def test_every_setting_that_names_a_model_takes_its_default_and_refuses_nonsense(system):
    named = [knob for knob in knobs_of(system.settings) if knob.kind == "model"]
    assert named
    for knob in named:
        default, roles = knob.default, knob.roles

        assert not default or rung_of(default, *roles).role == roles[0]
        assert WORDS[roles[0]][0] in refusal("no-such-model", *roles)


def test_coda_takes_a_vision_language_model_on_the_page_as_in_a_run():
    wanted = CodaSettings(model="llava-1.5-7b")

    (entry,) = ladder.missing(wanted)
    assert "LLaVA" in entry.title and "language model" not in entry.reason  # its weights are not here: that is all
    assert ladder.value_of("LLaVA-1.5 7B", "language", "vlm") == "llava-1.5-7b"
    assert ladder.memory_mb(wanted) > 10_000


def test_coda_refuses_a_mistyped_model_with_language_models():
    with pytest.raises(InputError, match="Did you mean coda-english"):
        last(run_coda(CodaSettings(model="coda-englisch"), Inputs()))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A tiny Llama two levels below ORRERY_MODELS_DIR."""
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    return tiny_languages.save(tmp_path / "mine" / "tiny", "llama")


def test_a_folder_has_one_rung_by_its_name_as_results_call_it_and_by_its_whole_path(folder):
    by_name = rung_of("mine/tiny", "language")

    assert by_name.name == "local:mine/tiny"
    assert by_name == rung_of(by_name.name, "language") == rung_of(str(folder), "language")


def test_a_run_takes_the_name_that_its_own_result_says(folder):
    asked = {"prompts": ("zor bal",), "methods": ("greedy",), "max_new_tokens": 1}

    result = last(run_coda(CodaSettings(model="mine/tiny", **asked), Inputs()))
    again = last(run_coda(CodaSettings(model=result.model_id, **asked), Inputs()))

    assert result.model_id == again.model_id == "local:mine/tiny"
    assert result.asked[0].written[0].text == again.asked[0].written[0].text


def test_a_folder_that_is_called_as_a_rung_is_named_with_its_mark(folder):
    folder.rename(folder.parent.parent / "pythia-160m")

    assert not rung_of("pythia-160m", "language").is_local
    assert rung_of("local:pythia-160m", "language").is_local
    assert [choice.value for choice in ladder.choices("language") if "my folder" in choice.label] == ["local:pythia-160m"]


def test_the_nearest_folder_is_offered_too(folder):
    assert "Did you mean mine/tiny?" in refusal("mine/tyni", "language")


@pytest.mark.parametrize("name", ["/etc", "local:/etc", "local:../x", "local:", "local:..", "local:\0", "../../etc",
                                  "local:" + "x" * 290])
def test_whatever_leads_outside_is_refused_and_nothing_of_it_is_told(folder, name):
    said = refusal(name, "language")

    assert "ORRERY_MODELS_DIR" in said and "root:" not in said and str(folder.parent) not in said
