"""Vision-language models of the real classes, asked with frames; their replies are noise, so only the asking is tested."""

import numpy as np
import pytest
import torch

from models.vlm import answer_prompt, grounding_prompt
from worlds.errors import InputError

FAMILIES = ["llava", "llava_onevision", "qwen2_5_vl", "qwen3_vl"]


@pytest.fixture
def frames():
    return np.random.default_rng(2).integers(0, 255, (3, 48, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_frames_and_question_give_the_same_text(tiny, frames, family):
    model = tiny(family).tool

    first = model.ground(frames, "what is the red ball ?", max_tokens=6)

    assert isinstance(first, str)
    assert first == model.ground(frames, "what is the red ball ?", max_tokens=6)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_frame_and_many_are_both_read(tiny, frames, family):
    model = tiny(family).tool

    assert isinstance(model.answer(frames[:1], "cat ?", ["a", "dog"], max_tokens=2), str)
    assert isinstance(model.answer(frames, "cat ?", max_tokens=2), str)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_frame_has_its_place_in_the_prompt(tiny, frames, family, monkeypatch):
    model = tiny(family).tool
    seen = {}
    monkeypatch.setattr(model.model, "generate", lambda **inputs: seen.update(inputs) or inputs["input_ids"])

    counts = []
    for n in (2, 3):
        model.say(frames[:n], "what ?", max_tokens=1)
        counts.append(int((seen["input_ids"] == model.model.config.image_token_id).sum()))

    assert counts[0] > 0
    assert counts[1] * 2 == counts[0] * 3


@pytest.mark.parametrize("family", FAMILIES)
def test_a_reply_that_is_begun_is_gone_on_from(tiny, frames, family, monkeypatch):
    model = tiny(family).tool
    alone, begun = (model.inputs(frames, "what ?", begun=text)["input_ids"][0] for text in ("", "the red ball"))
    seen = {}
    monkeypatch.setattr(model.model, "generate", lambda **inputs: seen.update(inputs) or inputs["input_ids"])

    assert model.say(frames, "what ?", max_tokens=1, begun="the red ball") == "the red ball"  # nothing more was generated
    assert torch.equal(seen["input_ids"][0], begun) and torch.equal(begun[:len(alone)], alone)
    assert model.processor.tokenizer.decode(begun[len(alone):]).strip().endswith("red ball")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("quantisation", ["int8", "nf4"])
def test_quantised_vlms_load_smaller_and_speak_on_a_cpu(tiny, frames, family, quantisation):
    packed = tiny(family, quantisation)

    assert isinstance(packed.tool.answer(frames, "cat ?", max_tokens=2), str)
    assert packed.footprint_mb < 0.7 * tiny(family).footprint_mb


def test_a_vlm_is_not_asked_about_no_frames(tiny, frames):
    with pytest.raises(ValueError, match="0 frames"):
        tiny("llava").tool.answer(frames[:0], "cat ?")


def test_the_grounding_prompt_asks_for_exactly_two_lines_and_shows_the_options():
    prompt = grounding_prompt("What lies in the bin?", ["a shoe", "a book"])

    assert "What lies in the bin?" in prompt
    assert "exactly two lines" in prompt
    assert "A. a shoe\nB. a book" in prompt


def test_the_answer_prompt_asks_for_a_letter_only_where_there_are_options():
    assert "letter" in answer_prompt("What?", ["one", "two"])
    assert "letter" not in answer_prompt("What?")


def test_ten_options_have_letters_and_eleven_are_refused():
    assert "J. x" in answer_prompt("What?", ["x"] * 10)
    with pytest.raises(InputError, match="11 options"):
        answer_prompt("What?", ["x"] * 11)
