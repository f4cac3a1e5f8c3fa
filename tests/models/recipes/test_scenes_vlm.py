import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from transformers import AutoModelForImageTextToText, AutoProcessor

from models.attention import Reads, ask
from models.catalogue import MINIATURES
from models.processors import load_image_processor_only
from models.scene_vlm import Size, encode, fresh_model
from models.scene_words import BOS, EOS, IMAGE, UNK, processor, vocabulary, word_tokenizer
from models.vlm import VisionLanguageModel
from tests.models.recipes.recipe import recipe
from worlds.kit import COLOURS, KINDS
from worlds.scenes.drawing import picture
from worlds.scenes.scene import RELATIONS, Room, Scene, Thing, draw_sets, place_question, relation_question

training, tower, card = (recipe(f"scenes_vlm.{name}") for name in ("training", "tower", "card"))
FOLDERS = {name: MINIATURES / name for name in ("scenes-vlm", "shapes-vlm")}
TINY = Size(input_px=16, patch_px=4, vision=16, text=16, vision_layers=1, text_layers=2)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@dataclass(frozen=True)
class Shipped:
    """One of the two miniatures, and pictures as it was trained on."""

    folder: Path
    vlm: VisionLanguageModel

    @property
    def card(self) -> dict[str, Any]:
        return json.loads((self.folder / "card.json").read_text())

    def draw(self, condition: str, sets: int, *, seed: int) -> list[Scene]:
        return draw_sets(condition, sets, seed=seed, scenery=self.card["training"]["scenery"])


@pytest.fixture(scope="module", params=list(FOLDERS))
def shipped(request: pytest.FixtureRequest) -> Shipped:
    folder = FOLDERS[request.param]
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    return Shipped(folder, VisionLanguageModel(model, load_image_processor_only(str(folder), local_files_only=True)))


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
    question, image = relation_question(scene), picture(scene, size.input_px)
    content = [{"type": "image"}, {"type": "text", "text": question.text}]

    reader = processor(size.input_px, size.patch_px)
    text = reader.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = reader(images=[Image.fromarray(image)], text=[text], return_tensors="pt")

    assert text == f"<image>\nUSER: {question.text}\nASSISTANT:"
    assert torch.equal(inputs["input_ids"], encode(word_tokenizer(), [question], size.image_tokens, answered=False))
    assert torch.allclose(inputs["pixel_values"][0], tower.normalised(image[None])[0], atol=1e-5)


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

    colours, kinds = tower.patch_labels(scene, 4)

    assert colours.reshape(4, 4)[0, 0] == 1 + list(COLOURS).index("red")
    assert kinds.reshape(4, 4)[0, 0] == 1 + KINDS.index("square")
    assert colours.reshape(4, 4)[0, 3] == 0  # nothing there
    assert colours.reshape(4, 4)[3, 3] == -100  # less than a third of the patch: neither


def test_the_first_stage_teaches_the_tower_and_leaves_the_language_part_alone() -> None:
    model, before = fresh_model(TINY, seed=1), fresh_model(TINY, seed=1).state_dict()

    share = tower.train_tower(model, np.random.default_rng(0), steps=2, batch=4)

    changed = {name for name, weights in model.state_dict().items() if not torch.equal(weights, before[name])}
    assert 0 <= share < 1
    assert changed and all("vision_tower" in name for name in changed)


def test_training_leaves_a_folder_that_loads_and_answers_with_a_word(tmp_path: Path) -> None:
    made = training.train(TINY, training.Training(steps=2, batch=4, tower_steps=2), tmp_path)

    reader = AutoProcessor.from_pretrained(tmp_path, backend="pil")
    model = AutoModelForImageTextToText.from_pretrained(tmp_path, dtype=torch.float32).eval()
    text = VisionLanguageModel(model, reader).say(np.zeros((1, 40, 60, 3), dtype=np.uint8), "Where is it?", max_tokens=1)

    assert made["steps"] == 2
    assert text == "" or text in vocabulary()


def test_training_twice_gives_the_same_weights(tmp_path: Path) -> None:
    for name in ("one", "two"):
        training.train(TINY, training.Training(steps=2, batch=4, tower_steps=2), tmp_path / name)

    assert (tmp_path / "one" / "model.safetensors").read_bytes() == (tmp_path / "two" / "model.safetensors").read_bytes()


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=list(FOLDERS))
def test_the_shipped_folder_is_a_small_llava_in_half_precision(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())

    assert config["architectures"] == ["LlavaForConditionalGeneration"]
    assert (folder / "model.safetensors").stat().st_size < 10_000_000
    with safe_open(folder / "model.safetensors", framework="pt") as weights:
        assert {weights.get_slice(key).get_dtype() for key in weights.keys()} == {"F16"}  # noqa: SIM118


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=list(FOLDERS))
def test_the_shipped_tokenizer_has_the_words_of_the_recipe(folder: Path) -> None:
    saved = AutoProcessor.from_pretrained(folder, backend="pil").tokenizer

    assert saved.convert_ids_to_tokens(list(range(len(vocabulary())))) == list(vocabulary())


def test_the_shipped_model_is_right_on_nearly_all_fresh_plain_scenes(shipped: Shipped) -> None:
    scenes = shipped.draw("plain", 40, seed=123_456)

    assert card.right_of(card.answers_to(shipped.vlm, scenes), scenes).mean() >= 0.9  # chance is 0.25


def test_the_shipped_model_reads_the_picture_with_its_last_row(shipped: Shipped) -> None:
    scene = shipped.draw("plain", 1, seed=1)[0]

    answers = ask(shipped.vlm, picture(scene, 384), relation_question(scene).text, RELATIONS["heights"], reads=Reads())

    assert answers.maps is not None and answers.maps.image_mass.mean() > 0.2


def test_the_shipped_model_answers_large_pictures_in_a_chat(shipped: Shipped) -> None:
    model = shipped.vlm
    scenes = shipped.draw("plain", 3, seed=5)

    replies = [model.say(picture(scene, 384)[None], relation_question(scene).text, max_tokens=4) for scene in scenes]

    assert set(replies) <= set(relation_question(scenes[0]).options)  # one word, then it stops
    assert sum(reply == scene.relation for reply, scene in zip(replies, scenes)) >= 9
    assert isinstance(model.answer(picture(scenes[0], 384)[None], "Where is the sofa?", ["left", "right"]), str)


def test_the_card_describes_the_shipped_weights(shipped: Shipped) -> None:
    card = shipped.card

    assert card["bytes"] == (shipped.folder / "model.safetensors").stat().st_size
    assert card["words"] == len(vocabulary())
    assert [row["name"] for row in card["measured"]][:2] == ["plain", "held"]
