"""What is recorded: 2,000 scenes that chose nothing, and presets that say how many of those are such as they show."""

import json
from pathlib import Path

import pytest

from backends.adaptvis.larger import CONDITIONS, FEW, SAMPLED, larger_of, recorded, row_of, table
from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.settings import LARGER_SEED, PRESETS, RECORDED, AdaptVisSettings
from backends.files.saved import load_result

SETTINGS = AdaptVisSettings(task="evaluate", model="shapes-vlm", condition="dis1")


@pytest.mark.parametrize("changed", [
    {"variant": "shape"}, {"first_layer": 1}, {"heads": (0,)}, {"columns": "image"}, {"prompt": "official"}, {"split": "official"},
    {"chooses": False}, {"scenery": "rooms"}, {"condition": "noise33"}, {"model": "llava-1.5-7b"}, {"quantisation": "int8"},
    {"match": "strict"}, {"every_step": True}], ids=str)
def test_a_run_of_another_kind_is_not_set_beside_it(changed):
    alike = SETTINGS.model_copy(update={"seed": 9, "num_sets": 7, "alpha": 2.0})

    assert larger_of(SETTINGS) == larger_of(alike) is not None
    assert larger_of(SETTINGS.model_copy(update=changed)) is None


def test_every_recorded_sample_has_2_000_scenes_of_a_seed_that_no_preset_has():
    wanted = [(model, name) for model, (_, names) in SAMPLED.items() for name in names]

    assert [(row.model, row.condition) for row in recorded()] == wanted
    assert set(CONDITIONS) <= {row.condition for row in recorded() if row.model == "shapes-vlm"}
    assert all(row.num_test == FEW == 2000 and row.seed == LARGER_SEED for row in recorded())
    assert {preset.seed for label, (preset, _) in PRESETS.items() if label != "Count them all"} == {0}


def test_the_recorded_evaluation_is_the_preset_and_the_row_of_its_condition():
    result = load_result((RECORDED / "evaluate.orrery").read_bytes(), AdaptVisResult)

    own, row = row_of(result), larger_of(result.settings)
    assert result.settings == PRESETS["Count them all"][0] and result.evaluated.num_test >= 2000
    assert {**vars(own), "code_version": ""} == {**vars(row), "code_version": ""}
    assert not any("are few" in sentence for sentence in result.told)


def test_presets_say_how_many_of_2_000_others_are_such_with_an_interval():
    said = {label: text for label, (_, text) in PRESETS.items()}
    picked = json.loads((RECORDED / "presets.json").read_text())

    for kind, label in (("mended", "See it mended"), ("unchanged", "See nothing change"), ("broken", "See it broken")):
        mean, low, high = (100 * share for share in picked["shares"][kind])
        assert f"of 2,000 others {mean:.1f} % [{low:.1f}, {high:.1f}] are such" in said[label]
    gained = [100 * end for end in larger_of(PRESETS["Count them all"][0]).adaptvis]
    assert "{:+.1f} points [{:+.1f}, {:+.1f}]".format(*gained) in said["Count them all"]


def test_the_document_has_the_recorded_numbers():
    assert table() in (Path(__file__).parents[3] / "docs" / "adaptvis.md").read_text()
