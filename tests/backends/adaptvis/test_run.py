"""Whole runs: evaluating, stopping, saving; and the presets on the miniature, where it is trained."""

import json
import zipfile

import numpy as np
import pytest

from backends.adaptvis.items import drawn
from backends.adaptvis.results import AdaptVisResult, Evaluated
from backends.adaptvis.run import run
from backends.adaptvis.settings import PICKED, PRESETS, AdaptVisSettings
from backends.files.saved import load_result, save_result
from backends.run import Inputs, Progress, RunStopped, last
from models.catalogue import RUNGS, availability
from worlds.errors import InputError
from worlds.scenes.drawing import picture
from worlds.scenes.scene import draw_sets, relation_question

ALL = ("greedy", "scalingvis", "adaptvis", "bias", "acc_bias", "reweighted", "oracle", "vcd", "dola")
IS_HERE = any(rung.name == "scenes-vlm" and availability(rung).ok for rung in RUNGS)
needs_miniature = pytest.mark.skipif(not (IS_HERE and PICKED.is_file()), reason="the scene miniature is not trained here")


@pytest.fixture
def result_of(random_model):
    def evaluate(inputs: Inputs | None = None, **settings) -> AdaptVisResult:
        base = {"model": random_model, "task": "evaluate", "num_sets": 4, "condition": "plain"}
        return last(run(AdaptVisSettings(**base | settings), inputs or Inputs()))

    return evaluate


def by_method(result: AdaptVisResult):
    return {score.method: score for score in result.evaluated.scores}


def test_every_method_is_scored_on_the_same_items(result_of):
    result = result_of(methods=ALL)
    found, scores = result.evaluated, by_method(result)

    assert set(scores) == set(ALL) and found.num_test == found.num_validation == 16 == len(found.items)
    greedy = scores["greedy"]
    assert greedy.gain is None and greedy.mended == greedy.broken == 0
    for score in scores.values():
        low, mean, high = score.individual[1], score.individual[0], score.individual[2]
        assert low <= mean <= high
        if score.method != "reweighted":
            assert score.individual[0] - greedy.individual[0] == pytest.approx((score.mended - score.broken) / 16)
            assert score.gain is None or score.gain[0] == pytest.approx(score.individual[0] - greedy.individual[0])
    assert scores["oracle"].individual[0] >= max(scores[name].individual[0] for name in ("greedy", "scalingvis", "adaptvis"))
    assert [curve.name for curve in found.curves] == ["all", "unsure half", "sure half", "left", "right", "on", "under"]
    assert len(found.auroc_per_layer) == 4


def test_the_curve_at_1_is_greedy_and_the_beta_curve_holds_the_chosen_beta(result_of):
    result = result_of()
    found, scores = result.evaluated, by_method(result)
    every = found.curves[0]

    assert every.accuracy[every.alphas.index(1.0)] == pytest.approx(scores["greedy"].individual[0])
    assert dict(found.beta_curve)[found.beta] == pytest.approx(scores["adaptvis"].individual[0])


@pytest.mark.parametrize(("beta", "alpha"), [(0.0, 2.0), (1.01, 0.25)])
def test_without_choosing_the_knobs_are_used_and_degenerate_betas_are_scalingvis(result_of, beta, alpha):
    scores = by_method(result_of(chooses=False, alpha=alpha, alpha1=0.25, alpha2=2.0, beta=beta))

    assert scores["adaptvis"].individual == scores["scalingvis"].individual
    assert f"beta {beta:g}" in scores["adaptvis"].setting


def test_validation_and_test_scenes_differ_and_no_set_is_torn():
    data = drawn(AdaptVisSettings(task="evaluate", num_sets=5), 64)

    assert len(data.validation) == len(data.test) == 20
    assert not {item.group for item in data.validation} & {item.group for item in data.test}
    assert {item.question for item in data.validation} != {item.question for item in data.test}


def test_the_official_split_tears_sets_and_says_so_in_its_rates(result_of):
    torn = result_of(split="official", num_sets=5).evaluated

    assert (torn.num_validation, torn.num_test) == (8, 32)
    greedy = torn.scores[0]
    assert greedy.official_pair is not None and (greedy.pair or 0) >= greedy.official_pair


def test_relations_counted_as_in_training_weigh_left_and_right(result_of):
    result = result_of(num_sets=8)
    scores = by_method(result)
    adapted = {name: accuracy for name, accuracy, _ in scores["adaptvis"].per_relation}

    by_hand = sum(share * adapted[name] for name, share in zip(("left", "right", "on", "under"), (0.45, 0.45, 0.08, 0.02)))
    assert scores["reweighted"].individual[0] == pytest.approx(by_hand)


def test_equal_settings_give_equal_bytes_and_a_saved_run_opens_as_it_was(result_of):
    first, second = result_of(seed=5), result_of(seed=5)

    assert save_result(first) == save_result(second) != save_result(result_of(seed=6))
    assert save_result(load_result(save_result(first), AdaptVisResult)) == save_result(first)
    assert "NaN" not in json.dumps(first.summary())


def test_progress_comes_first_says_how_long_is_left_and_the_result_comes_last(random_model):
    settings = AdaptVisSettings(model=random_model, task="evaluate", num_sets=12)
    events = list(run(settings, Inputs()))

    told = [event for event in events if isinstance(event, Progress)]
    assert events[0] is told[0] and isinstance(events[-1], AdaptVisResult)
    assert told[-1].seconds_left is not None and [event.fraction for event in told] == sorted(event.fraction for event in told)


def test_a_stopped_evaluation_keeps_what_it_has(random_model, monkeypatch):
    monkeypatch.setattr("backends.adaptvis.evaluating.SHOWN_EVERY_S", 0.0)
    monkeypatch.setattr("backends.adaptvis.evaluating.MINIATURE_BATCH", 8)
    events = run(AdaptVisSettings(model=random_model, task="evaluate", num_sets=8), Inputs())
    for event in events:
        if isinstance(event, Evaluated):
            break

    result = events.throw(RunStopped())

    assert result.was_stopped and result.evaluated.num_test == 8 < 32


@pytest.mark.parametrize("changed", [
    {"alpha": 0.35}, {"alpha1": 0.35}, {"alpha2": 1.35}, {"beta": 0.1}, {"variant": "shape"}, {"variant": "mass"}, {"first_layer": 3},
    {"last_layer": 0}, {"heads": (0,)}, {"condition": "noise60"}, {"index": 2}, {"seed": 3}, {"max_new_tokens": 1},
    {"question": "Where is the red ring? Answer with left or right."}, {"options": ("left", "right")}, {"every_step": True},
    {"quantisation": "int8"}, {"looking": ("rollout",)}, {"match": "strict"},
], ids=str)
def test_every_knob_of_looking_changes_something(random_model, changed):
    def parts(settings):
        looked = last(run(AdaptVisSettings(**{"model": random_model, "index": 1, "max_new_tokens": 4, **settings}), Inputs())).looked
        told = looked.model_dump(exclude={"picture_jpeg"})
        told["branch"].pop("beta")  # it says what was asked
        return repr(told)

    if "max_new_tokens" in changed:
        longer = [text for text in _texts(random_model, 4) if " " in text]
        assert longer and not [text for text in _texts(random_model, 1) if " " in text]
        return
    assert parts({}) != parts(changed)


def _texts(model: str, tokens: int) -> list[str]:
    return [at.text for at in last(run(AdaptVisSettings(model=model, index=1, max_new_tokens=tokens), Inputs())).looked.at]


def controlled_set(path, *, num_broken=0):
    """Write the zip of a set of 24 items whose first pictures are broken; return the scenes."""
    scenes = draw_sets("plain", 6, seed=1)
    words = {"left": "left_of", "right": "right_of", "on": "on", "under": "under"}
    with zipfile.ZipFile(path, "w") as archive:
        rows = []
        for number, scene in enumerate(scenes):
            name = f"{scene.asked.name.replace(' ', '-')}_{words[scene.relation]}_{scene.reference.name.replace(' ', '-')}.jpeg"
            rows.append({"image_path": f"data/{name}", "caption_options": ["", "", "", ""]})
            archive.writestr(f"data/{name}", b"broken" if number < num_broken else _jpeg(picture(scene, 64)))
        archive.writestr("controlled_images_dataset.json", json.dumps(rows))
    return scenes


@pytest.mark.parametrize("num_broken", [1, 3])
def test_a_picture_that_cannot_be_read_is_left_out_with_its_item(result_of, tmp_path, num_broken):
    controlled_set(tmp_path / "a.zip", num_broken=num_broken)

    result = result_of(Inputs({"a.zip": tmp_path / "a.zip"}), data="upload:a.zip")

    assert result.evaluated.num_validation + result.evaluated.num_test == 24 - num_broken
    (note,) = [note for note in result.notes if "its picture cannot be read" in note]
    assert f"{num_broken} item" in note and "not a picture that can be read" in note


def test_a_set_without_one_good_picture_is_refused_with_what_is_wrong(result_of, tmp_path):
    controlled_set(tmp_path / "a.zip", num_broken=24)

    with pytest.raises(InputError, match="not a picture that can be read"):
        result_of(Inputs({"a.zip": tmp_path / "a.zip"}), data="upload:a.zip")


def test_a_data_set_in_a_zip_is_evaluated_with_pairs_and_sets(result_of, tmp_path):
    scenes = controlled_set(tmp_path / "a.zip")

    result = result_of(Inputs({"a.zip": tmp_path / "a.zip"}), data="upload:a.zip")
    bounded = result_of(Inputs({"a.zip": tmp_path / "a.zip"}), data="upload:a.zip", num_items=12)

    assert sum("unknown" in note for note in result.notes) <= 1
    assert result.evaluated.data == "Controlled_Images_A" and result.evaluated.num_validation == 4 and result.evaluated.num_test == 20
    assert result.evaluated.scores[0].complete is not None and any("released file has 412" in note for note in result.notes)
    assert bounded.evaluated.num_test == 8 and any("of 24 items" in note for note in bounded.notes)
    assert relation_question(scenes[0]).options == ("left", "right", "on", "under")


def test_released_prompts_are_asked_as_they_are(result_of, tmp_path):
    scenes = draw_sets("plain", 2, seed=1)
    words = {"left": "left_of", "right": "right_of", "on": "on", "under": "under"}
    rows, prompts = [], []
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for scene in scenes:
            asked, reference = (thing.name for thing in (scene.asked, scene.reference))
            name = f"{asked.replace(' ', '-')}_{words[scene.relation]}_{reference.replace(' ', '-')}.jpeg"
            rows.append({"image_path": f"data/{name}", "caption_options": [""]})
            question = f"Where is the {asked} in relation to the {reference}? Answer with left, right, on or under..\n\n"
            prompts.append({"question": f"<image>\nUSER:  {question}ASSISTANT:", "answer": [scene.relation.capitalize()]})
            archive.writestr(f"data/{name}", _jpeg(picture(scene, 64)))
        archive.writestr("controlled_images_dataset.json", json.dumps(rows))
        archive.writestr("Controlled_Images_A_with_answer.jsonl", "\n".join(map(json.dumps, prompts)))

    result = result_of(Inputs({"a.zip": tmp_path / "a.zip"}), data="upload:a.zip", prompt="official", methods=("greedy", "vcd"))

    assert result.evaluated.num_validation + result.evaluated.num_test == 8
    assert not any("in our words" in note or "other things" in note for note in result.notes)


def test_a_result_file_needs_no_model(tmp_path):
    rows = [{"Prompt": "Answer with yes or no: x Assistant:", "Generation": said, "Golden": golden, "Uncertainty": 0.7}
            for said, golden in (("Yes", "Yes"), ("Yes", "No"), ("No", "No"), ("no", "No"))]
    path = tmp_path / "results_VSR_base_1.0.json"
    path.write_text(json.dumps(rows))

    settings = AdaptVisSettings(model="no-such-model", task="evaluate", data=f"upload:{path.name}")

    result = last(run(settings, Inputs({path.name: path})))

    (_, scores), = result.evaluated.yes_no
    assert scores.accuracy == 0.5 and scores.f1_official == pytest.approx(2 * 1 * (1 / 3) / (4 / 3))
    assert result.evaluated.items[0].confidence == 0.7


def _jpeg(pixels: np.ndarray) -> bytes:
    from backends.adaptvis.look import jpeg

    return jpeg(pixels).tobytes()


@needs_miniature
@pytest.mark.parametrize("kind", ["mended", "unchanged", "broken"])
def test_the_presets_do_what_their_labels_say(kind):
    picked = json.loads(PICKED.read_text())["picked"][kind]
    label = {"mended": "See it mended", "unchanged": "See nothing change", "broken": "See it broken"}[kind]
    expected = {"mended": (False, True), "unchanged": (True, True), "broken": (True, False)}[kind]

    branch = last(run(PRESETS[label][0], Inputs())).looked.branch

    assert (branch.base_is_right, branch.is_right) == expected
    assert branch.confidence == pytest.approx(picked["confidence"], abs=1e-3)
    assert (branch.base_answer, branch.answer) == (picked["base"], picked["adaptvis"])
