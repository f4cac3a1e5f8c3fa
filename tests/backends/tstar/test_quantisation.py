"""Each model of a search has its own quantisation; what was written when there was one for all still means that."""

import base64
import json
import zlib

import pytest

from backends.files.saved import load_result, save_result
from backends.run import Inputs, last
from backends.tstar.results import TStarResult
from backends.tstar.run import run
from backends.tstar.settings import TStarSettings


def older_link(**changed: object) -> str:
    """A link as it was written until November 2026: the changed settings and nothing else."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(changed).encode())).decode().rstrip("=")


OLDER = [
    ({"detector": "owlvit-base-patch32", "quantisation": "nf4"}, ("nf4", "none", "none")),
    ({"detector": "owlvit-base-patch32", "quantisation": "nf4", "vlm": "qwen2.5-vl-7b"}, ("nf4", "nf4", "none")),
    ({"vlm": "qwen2.5-vl-7b", "similarity": "clip-vit-base-patch32", "quantisation": "int8"}, ("int8", "int8", "int8")),
    ({"vlm": "qwen2.5-vl-7b"}, ("none", "none", "none")),
]


def quantisations(settings: TStarSettings) -> tuple[str, str, str]:
    return settings.quantisation, settings.vlm_quantisation, settings.similarity_quantisation


@pytest.mark.parametrize(("changed", "expected"), OLDER, ids=["detector", "detector and VLM", "all three", "none"])
def test_an_older_link_means_every_model_that_it_names(changed, expected):
    assert quantisations(TStarSettings.from_permalink(older_link(**changed))) == expected


@pytest.mark.parametrize("vlm_quantisation", ["none", "int8", "nf4"])
@pytest.mark.parametrize("quantisation", ["none", "int8", "nf4"])
def test_a_link_of_today_means_what_was_set(quantisation, vlm_quantisation):
    settings = TStarSettings(detector="owlvit-base-patch32", vlm="qwen2.5-vl-7b", quantisation=quantisation,
                             vlm_quantisation=vlm_quantisation)

    assert TStarSettings.from_permalink(settings.permalink()) == settings


def test_settings_that_are_written_in_python_mean_what_they_say():
    assert quantisations(TStarSettings(vlm="qwen2.5-vl-7b", quantisation="nf4")) == ("nf4", "none", "none")


@pytest.fixture(scope="module")
def made() -> TStarResult:
    return last(run(TStarSettings(video="generated:minutes=2,seed=530004", budget_share=0.1, baselines=()), Inputs()))


@pytest.mark.parametrize(("changed", "expected"), OLDER, ids=["detector", "detector and VLM", "all three", "none"])
def test_an_older_saved_run_opens_with_the_quantisation_that_it_had(made, changed, expected):
    whole = {**made.settings.model_dump(), **changed}
    older = {name: value for name, value in whole.items() if not name.endswith("_quantisation")}
    saved = save_result(made.model_copy(update={"settings": TStarSettings(**whole)}))

    opened = load_result(saved, TStarResult)
    read = TStarResult.model_validate({**{name: getattr(made, name) for name in TStarResult.model_fields}, "settings": older})

    assert quantisations(opened.settings) == (whole["quantisation"], "none", "none")  # of today: as it was set
    assert quantisations(read.settings) == expected


def test_the_models_that_a_search_names_come_with_their_own_quantisations():
    settings = TStarSettings(vlm="qwen2.5-vl-7b", vlm_quantisation="nf4", similarity="clip-vit-base-patch32",
                             similarity_quantisation="int8")

    assert {named.setting: named.quantisation for named in settings.named_models()} == {
        "detector": "none", "vlm": "nf4", "similarity": "int8"}
