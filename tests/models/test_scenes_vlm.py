import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn
from transformers import AutoModelForImageTextToText, AutoProcessor, LlavaForConditionalGeneration
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from models.recipes.scenes_sweep import (
    ALPHAS,
    ONE,
    Setting,
    Sweep,
    apply_bias,
    choose_alpha,
    choose_setting,
    fit_bias,
    interval,
    sweep,
)
from models.recipes.scenes_tower import normalised, patch_labels, train_tower
from models.recipes.scenes_vlm import MINIATURES, NAME, Size, Training, encode, fresh_model, train
from models.recipes.scenes_vlm_card import validation_seed
from models.recipes.scenes_words import BOS, EOS, IMAGE, UNK, processor, vocabulary, word_tokenizer
from models.vlm import VisionLanguageModel, load_image_processor_only
from worlds.kit import COLOURS, KINDS
from worlds.scene_pictures import picture, pictures
from worlds.scenes import Room, Scene, Thing, draw_sets, place_question, relation_question

FOLDER = MINIATURES / NAME
TINY = Size(input_px=16, patch_px=4, vision=16, text=16, vision_layers=1, text_layers=2)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def shipped() -> LlavaForConditionalGeneration:
    return AutoModelForImageTextToText.from_pretrained(FOLDER, dtype=torch.float32).eval()


def scaled_attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **rest: object) -> object:
    """The method as it is written: the last row's logits of columns 1..4 times a half, by turning the last query's image part."""
    scores = query @ key.transpose(2, 3) * rest["scaling"]
    scores[:, :, -1, 1 : 1 + TINY.image_tokens] *= 0.5
    scores = scores + torch.full_like(scores[0, 0], float("-inf")).triu(1)
    return (scores.softmax(-1) @ value).transpose(1, 2), None


def made_up(right: list[list[int]], confidence: list[float]) -> Sweep:
    """Return a sweep whose answers are right where `right` (alphas, scenes) has a 1; the truth is always option 0."""
    probabilities = np.zeros((len(ALPHAS), len(confidence), 4))
    for index in range(len(ALPHAS)):
        for scene, is_right in enumerate(right[index]):
            probabilities[index, scene, 0 if is_right else 1] = 0.9
    empty = np.zeros(1)
    return Sweep(probabilities, np.array(confidence), np.zeros(len(confidence), dtype=int), empty, empty, empty)


def test_no_word_of_any_question_is_unknown() -> None:
    tokenizer = word_tokenizer()
    scenes = [scene for layout in ("heights", "depths") for scene in draw_sets("plain", 2, seed=0, layout=layout)]
    questions = [ask for scene in scenes for ask in (relation_question(scene), place_question(scene, scene.asked))]

    ids = [encode(tokenizer, [question], 4, answered=True)[0] for question in questions]

    assert all(UNK not in each for each in ids)
    assert all(word in vocabulary() for word in (*COLOURS, *KINDS, "north", "door", "yes", "c"))
    assert all(each[0] == BOS and each[-1] == EOS and (each == IMAGE).sum() == 4 for each in ids)


def test_the_tokenizer_reads_words_apart_from_marks_and_whatever_their_case() -> None:
    tokenizer = word_tokenizer()

    tokens = tokenizer.convert_ids_to_tokens(tokenizer('USER: Where?{"sofa":[1,2]} zebra')["input_ids"])

    assert tokens == ["<s>", "user", ":", "where", "?", "{", '"', "sofa", '"', ":", "[", "1", ",", "2", "]", "}", "<unk>"]


def test_the_processor_gives_what_training_saw() -> None:
    size = Size()
    scene = draw_sets("plain", 1, seed=1)[0]
    question, image = relation_question(scene), picture(scene, size.input_px, grain_px=size.input_px)
    content = [{"type": "image"}, {"type": "text", "text": question.text}]

    reader = processor(size.input_px, size.patch_px)
    text = reader.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = reader(images=[Image.fromarray(image)], text=[text], return_tensors="pt")

    assert text == f"<image>\nUSER: {question.text}\nASSISTANT:"
    assert torch.equal(inputs["input_ids"], encode(word_tokenizer(), [question], size.image_tokens, answered=False))
    assert torch.allclose(inputs["pixel_values"][0], normalised(image[None])[0], atol=1e-5)


def test_fresh_weights_tell_every_patch_apart_and_leave_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()

    model, again = fresh_model(TINY, seed=3), fresh_model(TINY, seed=3)

    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters()))
    places = model.model.vision_tower.embeddings.position_embedding.weight[1:]
    distances = torch.cdist(places, places) + torch.eye(len(places))
    assert distances.min() > 0.05


def test_patches_are_labelled_with_the_thing_that_covers_them() -> None:
    red, blue = Thing("red square", 0.25, 0.25, 0.2), Thing("blue bar", 0.75, 0.75, 0.01)
    scene = Scene(red, blue, "left", "heights", (red, blue), Room("white", "oak", None), (), 0.0, 0)

    colours, kinds = patch_labels(scene, 4)

    assert colours.reshape(4, 4)[0, 0] == 1 + list(COLOURS).index("red")
    assert kinds.reshape(4, 4)[0, 0] == 1 + KINDS.index("square")
    assert colours.reshape(4, 4)[0, 3] == 0  # nothing there
    assert colours.reshape(4, 4)[3, 3] == -100  # less than a third of the patch: neither


def test_the_first_stage_teaches_the_tower_and_leaves_the_language_part_alone() -> None:
    model, before = fresh_model(TINY, seed=1), fresh_model(TINY, seed=1).state_dict()

    share = train_tower(model, np.random.default_rng(0), steps=2, batch=4)

    changed = {name for name, weights in model.state_dict().items() if not torch.equal(weights, before[name])}
    assert 0 <= share < 1
    assert changed and all("vision_tower" in name for name in changed)


def test_training_leaves_a_folder_that_loads_and_answers_with_a_word(tmp_path: Path) -> None:
    made = train(TINY, Training(steps=2, batch=4, tower_steps=2), tmp_path)

    reader = AutoProcessor.from_pretrained(tmp_path, backend="pil")
    model = AutoModelForImageTextToText.from_pretrained(tmp_path, dtype=torch.float32).eval()
    text = VisionLanguageModel(model, reader).say(np.zeros((1, 40, 60, 3), dtype=np.uint8), "Where is it?", max_tokens=1)

    assert made["steps"] == 2
    assert text == "" or text in vocabulary()


def test_training_twice_gives_the_same_weights(tmp_path: Path) -> None:
    for name in ("one", "two"):
        train(TINY, Training(steps=2, batch=4, tower_steps=2), tmp_path / name)

    assert (tmp_path / "one" / "model.safetensors").read_bytes() == (tmp_path / "two" / "model.safetensors").read_bytes()


@torch.no_grad()
def test_the_last_row_alone_answers_as_the_whole_model_does() -> None:
    model, tokenizer = fresh_model(TINY, seed=1).eval(), word_tokenizer()
    scenes = draw_sets("plain", 2, seed=2)
    questions = [relation_question(scene) for scene in scenes]
    ids = encode(tokenizer, questions, TINY.image_tokens, answered=False)
    pixels = normalised(pictures(scenes, 16, grain_px=16))
    words = tokenizer.convert_tokens_to_ids(list(questions[0].options))

    swept = sweep(model, tokenizer, scenes, alphas=(1.0, 0.5))
    whole = model(input_ids=ids, pixel_values=pixels).logits[:, -1].softmax(-1)
    ALL_ATTENTION_FUNCTIONS.register("halved_for_a_test", scaled_attention)
    model.model.language_model.set_attn_implementation("halved_for_a_test")
    halved = model(input_ids=ids, pixel_values=pixels).logits[:, -1].softmax(-1)

    assert np.allclose(swept.probabilities[0], whole[:, words], atol=1e-6)
    assert np.allclose(swept.probabilities[1], halved[:, words], atol=1e-6)
    assert np.allclose(swept.confidence, whole.amax(-1), atol=1e-6)
    assert not np.allclose(whole, halved, atol=1e-6)


def test_a_setting_takes_the_low_alpha_strictly_below_its_threshold() -> None:
    right = [[0, 0, 0, 0] for _ in ALPHAS]
    right[ALPHAS.index(0.5)] = [1, 1, 1, 1]
    swept = made_up(right, [0.2, 0.5, 0.8, 0.9])

    assert Setting(0.5, 1.0, 0.5).apply(swept).tolist() == [True, False, False, False]
    assert Setting(0.5, 1.0, 1.01).apply(swept).all()
    assert not Setting(0.5, 1.0, 0.0).apply(swept).any()


def test_the_mildest_of_equally_good_settings_is_chosen() -> None:
    nothing_changes = made_up([[1, 0, 1, 0] for _ in ALPHAS], [0.2, 0.5, 0.8, 0.9])

    assert choose_alpha(nothing_changes) == 1.0
    assert choose_setting(nothing_changes) == Setting(1.0, 1.0, 0.0)


def test_the_best_setting_is_found_on_either_side_of_the_threshold() -> None:
    right = [[0, 1, 1, 0] for _ in ALPHAS]
    right[ALPHAS.index(0.4)] = [1, 1, 0, 0]
    right[ALPHAS.index(1.5)] = [0, 0, 1, 1]
    swept = made_up(right, [0.2, 0.45, 0.8, 0.9])

    chosen = choose_setting(swept)

    assert (chosen.alpha_low, chosen.alpha_high) == (0.4, 1.5)
    assert chosen.apply(swept).all()
    assert choose_alpha(swept, np.array([True, False, False, False])) == 0.4


def test_four_constants_mend_a_wrong_prior() -> None:
    probabilities = np.zeros((len(ALPHAS), 8, 4))
    probabilities[:, :, 0] = 0.6  # always "left", though the rest of the evidence is right
    for scene in range(8):
        probabilities[:, scene, 1 + scene % 3] = 0.3
    truth = np.array([1 + scene % 3 for scene in range(8)])
    swept = Sweep(probabilities, np.full(8, 0.6), truth, np.zeros(1), np.zeros(1), np.zeros(1))

    assert not swept.right[ONE].any()
    assert apply_bias(swept, fit_bias(swept)).all()


def test_an_interval_counts_only_what_counts() -> None:
    values = np.array([1, 1, np.nan, np.nan] * 6)

    assert interval([values]) == (1.0, 1.0, 1.0)
    mean, low, high = interval([np.array([1, 0, 1, 0, 1, 1, 1, 1] * 10, dtype=float)])
    assert mean == 0.75 and 0.6 < low < 0.75 < high < 0.9


def test_the_shipped_folder_is_a_small_llava_in_half_precision() -> None:
    config = json.loads((FOLDER / "config.json").read_text())

    assert config["architectures"] == ["LlavaForConditionalGeneration"]
    assert (FOLDER / "model.safetensors").stat().st_size < 10_000_000
    with safe_open(FOLDER / "model.safetensors", framework="pt") as weights:
        assert {weights.get_slice(key).get_dtype() for key in weights.keys()} == {"F16"}  # noqa: SIM118


def test_the_shipped_tokenizer_has_the_words_of_the_recipe() -> None:
    saved = AutoProcessor.from_pretrained(FOLDER, backend="pil").tokenizer

    assert saved.convert_ids_to_tokens(list(range(len(vocabulary())))) == list(vocabulary())


def test_the_shipped_model_is_right_on_nearly_all_fresh_plain_scenes(shipped: LlavaForConditionalGeneration) -> None:
    swept = sweep(shipped, word_tokenizer(), draw_sets("plain", 40, seed=123_456), alphas=(1.0,))

    assert swept.right.mean() >= 0.9  # chance is 0.25


def test_the_shipped_model_reads_the_picture_with_its_last_row(shipped: LlavaForConditionalGeneration) -> None:
    scenes = draw_sets("plain", 10, seed=1)

    swept = sweep(shipped, word_tokenizer(), scenes, alphas=(1.0, 0.0))

    assert (swept.image_mass > 0.2).all() and ((swept.bos_mass + swept.image_mass) <= 1 + 1e-6).all()
    assert swept.right[1].mean() < swept.right[0].mean() - 0.2  # alpha = 0 looks everywhere alike


def test_the_shipped_model_answers_large_pictures_in_a_chat(shipped: LlavaForConditionalGeneration) -> None:
    model = VisionLanguageModel(shipped, load_image_processor_only(str(FOLDER), local_files_only=True))
    scenes = draw_sets("plain", 3, seed=5)

    replies = [model.say(picture(scene, 384)[None], relation_question(scene).text, max_tokens=4) for scene in scenes]

    assert set(replies) <= set(relation_question(scenes[0]).options)  # one word, then it stops
    assert sum(reply == scene.relation for reply, scene in zip(replies, scenes)) >= 9
    assert isinstance(model.answer(picture(scenes[0], 384)[None], "Where is the sofa?", ["left", "right"]), str)


def test_the_card_describes_the_shipped_weights() -> None:
    card = json.loads((FOLDER / "card.json").read_text())

    assert card["bytes"] == (FOLDER / "model.safetensors").stat().st_size
    assert card["words"] == len(vocabulary())
    assert [row["name"] for row in card["measured"]][:2] == ["plain", "held"]


@pytest.mark.parametrize("kind", ["mended", "broken"])
def test_the_examples_of_the_card_change_as_they_say(shipped: LlavaForConditionalGeneration, kind: str) -> None:
    rows = [row for row in json.loads((FOLDER / "card.json").read_text())["measured"] if not row["name"].endswith("depths")]

    for row in rows:
        index = row["examples"][f"clearest_{kind}"]
        if index is None:
            continue
        scene = draw_sets(row["name"], 200, seed=validation_seed(row["name"]))[index]
        swept = sweep(shipped, word_tokenizer(), [scene])
        before, after = bool(swept.right[ONE, 0]), bool(Setting(**row["settings"][0]).apply(swept)[0])
        assert (before, after) == ((False, True) if kind == "mended" else (True, False))
