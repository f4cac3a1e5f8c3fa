"""What each knob of AdaptVis changes, in each of its tasks: cases of `tests/backends/test_every_knob.py`."""

import json
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from backends.adaptvis.look import jpeg
from backends.adaptvis.results import AdaptVisResult, AtAlpha, MethodScore
from backends.run import Inputs
from models.scene_vlm import Size, fresh_model, save
from tests.backends.knobs import Case
from tests.models.tiny_vlms import load_tiny
from worlds.scenes.drawing import picture
from worlds.scenes.scene import draw_sets

RELEASED_WORDS = {"left": "left_of", "right": "right_of", "on": "on", "under": "under"}


def save_random(folder: Path) -> None:
    """A random model of the miniature's own class, words and size, with attention that has peaks."""
    size = Size()
    model, generator = fresh_model(size), torch.Generator().manual_seed(1)
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data = torch.randn(weight.shape, generator=generator) * 1.5 / weight[0].numel() ** 0.5
    save(model, size, folder)


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """A random miniature, a tiny model with words between a picture's tiles, and a set of 24 items in a released layout."""
    torch.set_num_threads(1)
    save_random(folder / "random")
    load_tiny(folder, "idefics3")
    rows = []
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for scene in draw_sets("plain", 6, seed=1):
            asked, reference = (thing.name.replace(" ", "-") for thing in (scene.asked, scene.reference))
            name = f"data/{asked}_{RELEASED_WORDS[scene.relation]}_{reference}.jpeg"
            rows.append({"image_path": name, "caption_options": [""] * 4})
            archive.writestr(name, jpeg(picture(scene, 64)).tobytes())
        archive.writestr("controlled_images_dataset.json", json.dumps(rows))
    return Inputs({"a.zip": folder / "a.zip"})


# one picture

def at(result: AdaptVisResult, alpha: float) -> AtAlpha:
    return next(each for each in result.looked.at if each.alpha == alpha)


def one_picture(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert before.looked.picture_jpeg.tobytes() == after.looked.picture_jpeg.tobytes()


def one_question(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_picture(before, after)
    asked = [(found.looked.question, found.looked.options, found.looked.right) for found in (before, after)]
    assert asked[0] == asked[1]


def is_same(was: AtAlpha, now: AtAlpha) -> bool:
    """But for rounding."""
    said = [(each.alpha, each.text, each.is_right) for each in (was, now)]
    return said[0] == said[1] and np.allclose(was.probabilities, now.probabilities, atol=1e-6) and np.allclose(
        was.maps, now.maps, atol=1e-6)


def same_as_it_is(before: AdaptVisResult, after: AdaptVisResult) -> None:
    """The model is left alone in both."""
    one_question(before, after)
    assert is_same(at(before, 1.0), at(after, 1.0)) and np.allclose(before.looked.head_maps, after.looked.head_maps, atol=1e-6)


def same_answers(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_question(before, after)
    assert all(is_same(was, now) for was, now in zip(before.looked.at, after.looked.at, strict=True))


def moved(before: AdaptVisResult, after: AdaptVisResult, *, alpha: float = 2.0) -> None:
    assert not np.allclose(at(before, alpha).maps, at(after, alpha).maps)


def another_model(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_question(before, after)
    assert after.model_id == "shapes-vlm" != before.model_id and after.looked.branch.confidence != before.looked.branch.confidence


def another_precision(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_question(before, after)
    assert after.model_id == f"{before.model_id} (int8)"
    moved(before, after, alpha=1.0)
    assert np.abs(at(before, 1.0).maps - at(after, 1.0).maps).max() < 0.2


def another_scene(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert before.looked.options == after.looked.options and before.looked.true_boxes != after.looked.true_boxes
    assert before.looked.picture_jpeg.tobytes() != after.looked.picture_jpeg.tobytes()


def next_scene(before: AdaptVisResult, after: AdaptVisResult) -> None:
    another_scene(before, after)
    assert (before.looked.right, after.looked.right) == ("right", "on")  # a set holds its four relations in this order


def placed(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert [box[0] for box in after.looked.true_boxes] == ["red star", "blue ring"] and after.looked.right == "left"
    for (_, x1, y1, x2, y2), wanted in zip(after.looked.true_boxes, ((0.3, 0.5), (0.7, 0.5))):
        assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx(wanted, abs=0.02)


def depths(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert (before.looked.options, after.looked.options) == (("left", "right", "on", "under"), ("left", "right", "front", "behind"))


def scenery(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert before.looked.right == after.looked.right
    assert before.looked.picture_jpeg.tobytes() != after.looked.picture_jpeg.tobytes()


def question(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_picture(before, after)
    found = after.looked
    assert (found.question, found.options, found.right) == ("Where is the ring? Answer with left or right.", ("left", "right"), None)


def options(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_picture(before, after)
    assert after.looked.options == ("right", "left") and after.looked.question == before.looked.question
    for was, now in zip(before.looked.at, after.looked.at):  # each option is read from the same distribution
        assert now.probabilities == pytest.approx((was.probabilities[1], was.probabilities[0]), abs=1e-6)


def layout(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_question(before, after)
    assert before.looked.branch.confidence != after.looked.branch.confidence
    assert before.looked.token_boxes.shape == after.looked.token_boxes.shape


def longer(before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_question(before, after)
    for was, now in zip(before.looked.at, after.looked.at):
        assert " " not in was.text and now.text.startswith(was.text) and len(now.text.split()) <= 4
        assert np.allclose(was.probabilities, now.probabilities, atol=1e-6) and np.allclose(was.maps, now.maps, atol=1e-6)
    assert any(len(each.text.split()) > 1 for each in after.looked.at)


def matched(after_is_right: Callable[[AdaptVisResult, AtAlpha], bool], before: AdaptVisResult, after: AdaptVisResult) -> None:
    one_question(before, after)
    for was, now in zip(before.looked.at, after.looked.at):
        assert was.text == now.text and np.allclose(was.probabilities, now.probabilities, atol=1e-6)
        assert was.is_right == (before.looked.options[int(np.argmax(was.probabilities))] == before.looked.right)
        assert now.is_right == after_is_right(after, now)
    assert [each.is_right for each in before.looked.at] != [each.is_right for each in after.looked.at]


def is_only_word(result: AdaptVisResult, each: AtAlpha) -> bool:
    said = {option for option in result.looked.options if re.search(rf"\b{option}\b", each.text)}
    return said == {result.looked.right}


def is_in_it(result: AdaptVisResult, each: AtAlpha) -> bool:
    return result.looked.right.lower() in each.text.lower()


def alpha(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    assert {each.alpha for each in after.looked.at} - {each.alpha for each in before.looked.at} == {5.0}
    assert before.looked.branch == after.looked.branch
    assert np.allclose(at(before, 2.0).maps, at(after, 2.0).maps, atol=2e-3)  # in half precision


def taken(name: str, is_unsure: bool, before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    for result in (before, after):
        found = result.looked.branch
        assert found.alpha == getattr(result.settings, name) and found.is_unsure is is_unsure
        assert found.is_right == at(result, found.alpha).is_right
    assert before.looked.branch.confidence == after.looked.branch.confidence


def beta(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_answers(before, after)
    assert [(found.looked.branch.is_unsure, found.looked.branch.alpha) for found in (before, after)] == [(True, 0.5), (False, 1.5)]


def rounded(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_answers(before, after)
    exact, limit = before.looked.branch.confidence, before.settings.beta
    assert round(exact, 2) < limit <= exact
    assert [found.looked.branch.is_unsure for found in (before, after)] == [False, True]


def shape(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    moved(before, after)
    kept, others = ([at(found, 2.0).reads.image_mass[0], at(found, 1.0).reads.image_mass[0]] for found in (after, before))
    assert kept[0] == pytest.approx(kept[1], abs=1e-6) and others[0] != pytest.approx(others[1], abs=1e-3)


def mass(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    moved(before, after)
    kept, others = ([at(found, 2.0).reads.entropy[0], at(found, 1.0).reads.entropy[0]] for found in (after, before))
    assert kept[0] == pytest.approx(kept[1], abs=1e-5) and others[0] != pytest.approx(others[1], abs=1e-3)
    assert at(after, 2.0).reads.image_mass[0] != pytest.approx(at(after, 1.0).reads.image_mass[0], abs=1e-3)


def first_layer(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    plain, was, now = at(after, 1.0).maps, at(before, 2.0).maps, at(after, 2.0).maps
    assert np.allclose(now[:2], plain[:2], atol=1e-6) and not np.allclose(was[0], plain[0], atol=1e-3)
    assert not np.allclose(now[2], plain[2], atol=1e-3)  # the first that is changed


def last_layer(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    was, now = at(before, 2.0).maps, at(after, 2.0).maps
    assert np.allclose(now[:2], was[:2], atol=1e-6)  # the last that is changed is changed as before
    assert not np.allclose(now[2], was[2], atol=1e-3)


def heads(before: AdaptVisResult, after: AdaptVisResult) -> None:
    """One head of four: all that its layer's mean gains is head 1's, in its own shape."""
    same_as_it_is(before, after)
    moved(before, after)
    own = after.looked.head_maps[0]  # of layer 0, (heads, tokens)
    gained = len(own) * at(after, 2.0).maps[0] - own.sum(0) + own[1]
    assert gained / gained.sum() == pytest.approx(own[1] / own[1].sum(), abs=1e-4)
    assert abs(gained.sum() - own[1].sum()) > 1e-3


def columns(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    moved(before, after)
    assert any("stay as they are" in note for note in after.notes) and not any("stay as they are" in note for note in before.notes)


def every_step(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_as_it_is(before, after)
    pairs = list(zip(before.looked.at, after.looked.at))
    assert all(np.allclose(was.probabilities, now.probabilities, atol=1e-6) for was, now in pairs)
    assert all(was.text.split()[0] == now.text.split()[0] for was, now in pairs)
    assert any(was.text != now.text for was, now in pairs)


def looking(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_answers(before, after)
    assert not before.looked.others and [each.name for each in after.looked.others] == ["rollout", "gradcam"]


TILES = {"model": "idefics3", "condition": "plain", "scenery": "rooms"}
SCENE = {"model": "random", "condition": "plain", "index": 1}
LOOK = (
    Case("model", "shapes-vlm", another_model, SCENE | {"scenery": "board"}, task="look"),
    Case("quantisation", "int8", another_precision, SCENE, task="look"),
    Case("seed", 3, another_scene, SCENE, task="look"),
    Case("picture", "two:red star 0.3 0.5; blue ring 0.7 0.5", placed, SCENE, task="look", on_page="elsewhere"),
    Case("condition", "plain-depths", depths, SCENE, task="look"),
    Case("condition", "noise60", another_scene, SCENE, task="look"),
    Case("scenery", "board", scenery, SCENE, task="look"),
    Case("index", 2, next_scene, SCENE, task="look"),
    Case("question", "Where is the ring? Answer with left or right.", question, SCENE, task="look"),
    Case("options", ("right", "left"), options, SCENE, task="look"),
    Case("prompt", "official", layout, TILES | {"index": 1}, task="look"),
    Case("max_new_tokens", 4, longer, SCENE, task="look"),
    Case("match", "strict", partial(matched, is_only_word), SCENE, task="look"),
    Case("match", "official", partial(matched, is_in_it), SCENE | {"index": 1, "max_new_tokens": 4}, task="look"),
    Case("alpha", 5.0, alpha, SCENE, task="look"),
    Case("alpha1", 0.3, partial(taken, "alpha1", True), SCENE | {"beta": 1.01}, task="look"),
    Case("alpha2", 1.25, partial(taken, "alpha2", False), SCENE | {"beta": 0.0}, task="look"),
    Case("beta", 0.1, beta, SCENE, task="look"),
    Case("rounds_confidence", True, rounded, SCENE | {"beta": 0.181}, task="look"),
    Case("variant", "shape", shape, SCENE, task="look"),
    Case("variant", "mass", mass, SCENE, task="look"),
    Case("first_layer", 2, first_layer, SCENE, task="look"),
    Case("last_layer", 1, last_layer, SCENE, task="look"),
    Case("heads", (1,), heads, SCENE | {"variant": "mass"}, task="look"),
    Case("columns", "image", columns, TILES | {"index": 1}, task="look"),
    Case("every_step", True, every_step, SCENE | {"index": 0, "max_new_tokens": 8}, task="look"),
    Case("looking", ("rollout", "gradcam"), looking, SCENE, task="look"),
)


# a set of pictures

def score(result: AdaptVisResult, method: str) -> MethodScore:
    return next(each for each in result.evaluated.scores if each.method == method)


def unchanged(before: AdaptVisResult, after: AdaptVisResult, *methods: str) -> None:
    for method in methods:
        assert score(before, method) == score(after, method), method


def answers(result: AdaptVisResult, alpha: float) -> list[str]:
    place = result.evaluated.alphas.index(alpha)
    return [item.answers[place] for item in result.evaluated.items]


def items_of(result: AdaptVisResult) -> list[tuple[str, str, str]]:
    return [(item.relation, item.right, item.group) for item in result.evaluated.items]


def sure(result: AdaptVisResult) -> list[float]:
    return [item.confidence for item in result.evaluated.items]


def same_items(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert items_of(before) == items_of(after)


def other_reads(named: str, before: AdaptVisResult, after: AdaptVisResult) -> None:
    """The same items, read by other weights, pictures or words."""
    same_items(before, after)
    assert named in after.model_id and all(was != now for was, now in zip(sure(before), sure(after)))


def by_gaze(before: AdaptVisResult, after: AdaptVisResult) -> None:
    """The untouched model is the same; with a changed gaze other answers come."""
    same_items(before, after)
    assert np.allclose(sure(before), sure(after), atol=1e-6) and answers(before, 1.0) == answers(after, 1.0)
    unchanged(before, after, "greedy", "bias")
    assert any(answers(before, alpha) != answers(after, alpha) for alpha in before.evaluated.alphas)


def by_reading(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_items(before, after)
    assert np.allclose(sure(before), sure(after), atol=1e-6)
    assert any(answers(before, alpha) != answers(after, alpha) for alpha in before.evaluated.alphas)


def longer_replies(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_items(before, after)
    assert np.allclose(sure(before), sure(after), atol=1e-6)
    was, now = (dict(found.evaluated.unread) for found in (before, after))  # strict finds no single option in them
    assert now and all(now[number].startswith(was[number]) and len(now[number].split()) <= 4 for number in now)
    assert any(len(text.split()) == 4 for text in now.values()) and {len(text.split()) for text in was.values()} == {1}


def other_scenes(before: AdaptVisResult, after: AdaptVisResult) -> None:
    same_items(before, after)  # sets of four relations each
    assert not set(sure(before)) & set(sure(after))


def by_file(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert (before.evaluated.data, after.evaluated.data) == ("drawn scenes, plain", "Controlled_Images_A")
    assert after.evaluated.num_validation + after.evaluated.num_test == 24


def fewer_items(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert 8 <= after.evaluated.num_validation + after.evaluated.num_test <= 12
    assert any("of 24 items were asked" in note for note in after.notes)
    assert before.evaluated.num_validation + before.evaluated.num_test == 24


def other_relations(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert [{item.relation for item in found.evaluated.items} for found in (before, after)] == [
        {"left", "right", "on", "under"}, {"left", "right", "front", "behind"}]


def more_sets(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert [(found.evaluated.num_validation, found.evaluated.num_test) for found in (before, after)] == [(16, 16), (24, 24)]
    assert items_of(after)[:16] == items_of(before)


def torn(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert [(found.evaluated.num_validation, found.evaluated.num_test) for found in (before, after)] == [(16, 16), (6, 26)]


def not_chosen(before: AdaptVisResult, after: AdaptVisResult) -> None:
    unchanged(before, after, "greedy", "bias", "acc_bias", "oracle")
    found = after.evaluated
    assert (found.alpha1, found.alpha2, found.beta) == (0.5, 1.5, 0.9) != (before.evaluated.alpha1, before.evaluated.alpha2,
                                                                         before.evaluated.beta)
    assert score(after, "scalingvis").setting == "alpha 0.5"


def methods(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert [each.method for each in after.evaluated.scores] == ["greedy", "vcd", "dola"]
    unchanged(before, after, "greedy")


def accuracy(result: AdaptVisResult, alpha: float) -> float:
    whole = result.evaluated.curves[0]
    return whole.accuracy[whole.alphas.index(alpha)]


def scaled_by(before: AdaptVisResult, after: AdaptVisResult) -> None:
    unchanged(before, after, "greedy", "bias", "adaptvis")
    for found in (before, after):
        assert score(found, "scalingvis").setting == f"alpha {found.settings.alpha:g}"
        assert score(found, "scalingvis").individual[0] == pytest.approx(accuracy(found, found.settings.alpha))
    assert answers(before, before.settings.alpha) != answers(after, after.settings.alpha)


def adapted(name: str, before: AdaptVisResult, after: AdaptVisResult) -> None:
    """At an extreme beta AdaptVis answers as this alpha alone does."""
    unchanged(before, after, "greedy", "bias", "scalingvis")
    for found in (before, after):
        own = getattr(found.settings, name)
        assert getattr(found.evaluated, name) == own
        assert [item.adaptvis for item in found.evaluated.items] == answers(found, own)
        assert score(found, "adaptvis").individual[0] == pytest.approx(accuracy(found, own))
    assert [item.adaptvis for item in before.evaluated.items] != [item.adaptvis for item in after.evaluated.items]


def split_by(before: AdaptVisResult, after: AdaptVisResult) -> None:
    unchanged(before, after, "greedy", "bias", "scalingvis")
    for found in (before, after):
        low, high = answers(found, 0.0), answers(found, 3.0)
        wanted = [a if c < found.settings.beta else b for a, b, c in zip(low, high, sure(found))]
        assert [item.adaptvis for item in found.evaluated.items] == wanted
    assert [item.adaptvis for item in before.evaluated.items] != [item.adaptvis for item in after.evaluated.items]


def rounded_items(before: AdaptVisResult, after: AdaptVisResult) -> None:
    assert sure(after) == [pytest.approx(round(value, 2)) for value in sure(before)] and sure(after) != sure(before)
    assert answers(before, 2.0) == answers(after, 2.0)


SET = {"model": "random", "condition": "plain", "num_sets": 4}
BROUGHT = {"model": "random", "data": "upload:a.zip", "num_items": 8}
KNOBS_SAY = SET | {"chooses": False}
EVALUATE = (
    Case("model", "shapes-vlm", partial(other_reads, "shapes-vlm"), SET | {"scenery": "board"}, task="evaluate"),
    Case("quantisation", "int8", partial(other_reads, "(int8)"), BROUGHT, task="evaluate"),
    Case("seed", 1, other_scenes, SET, task="evaluate"),
    Case("data", "upload:a.zip", by_file, SET, task="evaluate", on_page="elsewhere"),
    Case("num_items", 12, fewer_items, SET | {"data": "upload:a.zip"}, task="evaluate"),
    Case("condition", "plain-depths", other_relations, SET, task="evaluate"),
    Case("scenery", "board", partial(other_reads, "random"), SET, task="evaluate"),
    Case("num_sets", 6, more_sets, SET, task="evaluate"),
    Case("split", "official", torn, SET, task="evaluate"),
    Case("chooses", False, not_chosen, SET, task="evaluate"),
    Case("methods", ("greedy", "vcd", "dola"), methods, SET, task="evaluate"),
    Case("alpha", 3.0, scaled_by, KNOBS_SAY | {"alpha": 0.0}, task="evaluate"),
    Case("alpha1", 3.0, partial(adapted, "alpha1"), KNOBS_SAY | {"alpha1": 0.0, "beta": 1.01}, task="evaluate"),
    Case("alpha2", 3.0, partial(adapted, "alpha2"), KNOBS_SAY | {"alpha2": 0.0, "beta": 0.0}, task="evaluate"),
    Case("beta", 0.08, split_by, KNOBS_SAY | {"alpha1": 0.0, "alpha2": 3.0, "beta": 0.0}, task="evaluate"),
    Case("rounds_confidence", True, rounded_items, KNOBS_SAY, task="evaluate"),
    Case("variant", "mass", by_gaze, SET, task="evaluate"),
    Case("first_layer", 2, by_gaze, SET, task="evaluate"),
    Case("last_layer", 1, by_gaze, SET, task="evaluate"),
    Case("heads", (1,), by_gaze, SET, task="evaluate"),
    Case("columns", "image", by_gaze, TILES | {"num_sets": 4}, task="evaluate"),
    Case("every_step", True, by_gaze, BROUGHT | {"match": "official", "max_new_tokens": 4}, task="evaluate"),
    Case("prompt", "official", partial(other_reads, "idefics3"), TILES | {"num_sets": 4}, task="evaluate"),
    Case("max_new_tokens", 4, longer_replies, BROUGHT | {"match": "strict"}, task="evaluate"),
    Case("match", "strict", by_reading, BROUGHT, task="evaluate"),
)

CASES = (*LOOK, *EVALUATE)
