"""Replies of both roles: greedy or drawn from numbers of their own, with special tokens or without, and only where there is room."""

import numpy as np
import pytest
import torch

from models.language import LanguageModel
from models.told import TooLong
from models.writing import Chooses
from tests.models import tiny_languages
from worlds.errors import InputError


def language(*, chat_template: str | None = tiny_languages.CHAT) -> LanguageModel:
    return LanguageModel(tiny_languages.random_model("llama", vocabulary=320, end=1), tiny_languages.piece_tokenizer(chat_template))


@pytest.fixture(params=["language", "vlm"])
def says(request, tiny):
    """A model of each role as a function of a prompt."""
    if request.param == "language":
        return language().say
    frames, vlm = np.zeros((1, 48, 48, 3), np.uint8), tiny("llava").tool
    return lambda prompt, **how: vlm.say(frames, prompt, **how)


def test_a_reply_is_drawn_from_its_own_numbers_and_from_nothing_else(says):
    torch.manual_seed(5)
    greedy, drawn = says("the red ball", max_tokens=8), says("the red ball", max_tokens=8, temperature=1.5, draw=(3, 1))
    torch.manual_seed(6)

    assert greedy == says("the red ball", max_tokens=8, draw=(9, 9)) and drawn == says("the red ball", max_tokens=8, temperature=1.5,
                                                                                       draw=(3, 1))
    others = {says("the red ball", max_tokens=8, temperature=1.5, draw=draw) for draw in ((3, 2), (4, 1), (5, 1))}
    assert len(others | {drawn}) > 2


def test_a_draw_has_the_chances_of_a_softmax_at_its_temperature():
    scores = torch.log(torch.tensor([[0.6, 0.3, 0.1]]))
    counts = np.zeros(3)
    for number in range(3_000):
        counts[int(Chooses(0.5, (0, number))(None, scores).argmax())] += 1

    chances = (scores / 0.5).softmax(-1)[0].numpy()
    assert np.abs(counts / counts.sum() - chances).max() < 0.03
    assert torch.equal(Chooses(0.0, (0, 0))(None, scores), scores)


def test_special_tokens_stay_where_they_are_asked_for_and_what_ends_a_reply_never_does(monkeypatch):
    model = language()
    written = model.tokenizer.convert_tokens_to_ids(["<|user|>", "user", "<|end|>", "<eos>", "<|user|>"])
    monkeypatch.setattr(model.model, "generate",
                        lambda **inputs: torch.cat([inputs["input_ids"], torch.tensor([written])], dim=1))

    assert model.say("town", max_tokens=8) == "user"
    assert model.say("town", max_tokens=8, keeps_marks=True) == "<|user|>user<|end|>"


def test_a_language_model_is_asked_in_its_chat_template_and_without_one_as_it_is(monkeypatch):
    for template, begins in ((tiny_languages.CHAT, "<|user|> town <|end|><|assistant|>"), (None, "town")):
        model, seen = language(chat_template=template), {}
        monkeypatch.setattr(model.model, "generate", lambda seen=seen, **inputs: seen.update(inputs) or inputs["input_ids"])
        model.say("town", max_tokens=4)
        assert model.tokenizer.decode(seen["input_ids"][0]) == begins


def test_what_does_not_fit_beside_its_reply_is_refused_with_the_numbers(tiny, monkeypatch):
    vlm, frame = tiny("llava").tool, np.zeros((1, 48, 48, 3), np.uint8)
    monkeypatch.setattr(vlm.model.config.get_text_config(), "max_position_embeddings", tiny_languages.CONTEXT)
    said = r"The prompt has \d+ tokens and 100 are to be written; this model reads at most 128\. Use a shorter one\."

    with pytest.raises(TooLong, match=said):
        language().say("the red ball " * 4, max_tokens=100)
    with pytest.raises(TooLong, match=said):
        vlm.say(frame, "the red ball " * 4, max_tokens=100)
    assert isinstance(vlm.say(frame, "the red ball", max_tokens=4), str)


def test_a_model_whose_numbers_overflow_says_so(tiny):
    model = language()
    with torch.no_grad():
        model.model.lm_head.weight.fill_(float("nan"))

    with pytest.raises(InputError, match="numbers overflow"):
        model.say("town", max_tokens=2)


def test_penalties_of_the_checkpoint_do_not_touch_a_reply():
    model = language()
    asked = model.say("town", max_tokens=12)

    model.model.generation_config.repetition_penalty, model.model.generation_config.no_repeat_ngram_size = 50.0, 1

    assert model.say("town", max_tokens=12) == asked
