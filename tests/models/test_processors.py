"""The processor is the checkpoint's own, whatever class its weights are published in."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from models.attention import ask, prepare
from models.processors import load_image_processor_only
from tests.models.tiny_vlms import load_tiny
from worlds.errors import InputError

QUESTION = "where is the red cube in relation to the ball ?"
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8))


@pytest.fixture
def pixtral(checkpoints):
    return load_tiny(checkpoints / "vlms", "pixtral").tool


@pytest.fixture
def renamed(checkpoints, tmp_path):
    """Return a copy of a tiny checkpoint whose files name another processor, each as given; None takes the name out."""
    def copy(family: str, **names: str | None):
        load_tiny(checkpoints / "vlms", family)
        folder = tmp_path / family
        shutil.copytree(checkpoints / "vlms" / family, folder)
        for file in ("processor_config", "preprocessor_config", "tokenizer_config"):
            path = folder / f"{file}.json"
            held = json.loads(path.read_text()) if path.is_file() else {}
            held.pop("processor_class", None)
            path.write_text(json.dumps(held | ({"processor_class": names[file]} if names.get(file) else {})))
        return folder

    return copy


def test_pixtral_in_llavas_class_is_asked_in_rows_that_end_as_it_was_trained(pixtral):
    words = pixtral.processor.tokenizer.convert_ids_to_tokens(prepare(pixtral, [[PICTURE]], [QUESTION])["input_ids"][0])

    assert type(pixtral.model).__name__ == "LlavaForConditionalGeneration" and type(pixtral.processor).__name__ == "PixtralProcessor"
    assert words.count("[IMG]") == 6 * 8 and words.count("[IMG_BREAK]") == 5 and words.count("[IMG_END]") == 1
    first = words.index("[IMG]")
    assert words[first:first + 9] == ["[IMG]"] * 8 + ["[IMG_BREAK]"]


def test_pixtral_answers_with_its_rows_on_the_picture(pixtral):
    found = ask(pixtral, PICTURE, QUESTION, ("left", "right"), (1.0, 0.5))

    assert len(found.places.boxes) == 48
    assert found.places.boxes[9].tolist() == [16, 16, 32, 32]
    assert any("5 tokens that are no picture stand between" in note for note in found.notes)


@pytest.mark.parametrize("file", ["processor_config", "preprocessor_config", "tokenizer_config"])
def test_the_name_is_found_in_each_of_its_files(renamed, file):
    folder = renamed("pixtral", **{file: "PixtralProcessor"})

    assert type(load_image_processor_only(str(folder), local_files_only=True)).__name__ == "PixtralProcessor"


def test_the_processors_own_file_goes_before_the_tokenizers(renamed):
    folder = renamed("pixtral", processor_config="PixtralProcessor", tokenizer_config="LlavaProcessor")

    assert type(load_image_processor_only(str(folder), local_files_only=True)).__name__ == "PixtralProcessor"


def test_without_a_name_the_configs_own_processor_is_taken(renamed):
    processor = load_image_processor_only(str(renamed("llava")), local_files_only=True)

    assert type(processor).__name__ == "LlavaProcessor"


@pytest.mark.parametrize(("name", "said"), [
    ("NoSuchProcessor", "'NoSuchProcessor', which is not known here"), ("os.system", "not known here"),
    ("LlavaConfig", "not known here"), ("WhisperProcessor", "takes feature_extractor, tokenizer"),
    ("CLIPProcessor", "leaves no place for a picture"),
])
def test_a_processor_that_is_unknown_or_reads_something_else_is_one_sentence(renamed, name, said):
    folder = renamed("llava", processor_config=name)

    with pytest.raises(InputError, match=said):
        load_image_processor_only(str(folder), local_files_only=True)


@pytest.mark.parametrize("content", ["{", "[" * 100_000], ids=["torn", "deep"])
def test_a_file_that_cannot_be_read_is_one_sentence(renamed, content):
    folder = renamed("llava", tokenizer_config="LlavaProcessor")
    (folder / "preprocessor_config.json").write_text(content)

    with pytest.raises(InputError, match="of this checkpoint is no JSON"):
        load_image_processor_only(str(folder), local_files_only=True)
