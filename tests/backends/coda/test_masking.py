"""Which parts of a prompt may be masked, and what is left when they are."""

import pytest

from backends.coda.masking import candidates, found_in, masked
from models.reading import Row
from worlds.errors import InputError


def texts(parts):
    return [part.text for part in parts]


def test_every_word_of_a_miniatures_prompt_is_tried_and_its_first_token_is_not(language):
    found = candidates(language("llama").prompt("zor bala kimi"))

    assert texts(found.tried) == ["zor", "bala", "kimi"]
    assert [part.positions for part in found.tried] == [(1,), (2,), (3,)]
    assert not found.skipped


def test_a_word_of_several_tokens_is_masked_as_one(language):
    prompt = language("chat").prompt("The unseen zebra")
    words, tokens = candidates(prompt), candidates(prompt, unit="token")

    assert texts(words.tried) == ["The", "unseen", "zebra"]
    assert len(tokens.tried) == len(prompt.ids) > 3
    assert sorted(i for part in words.tried for i in part.positions) == list(range(len(prompt.ids)))


def test_the_chat_template_is_never_masked(language):
    model = language("chat")
    prompt = model.prompt("user assistant town", as_chat=True)
    positions = {i for part in candidates(prompt, unit="token").tried for i in part.positions}

    assert model.tokenizer.decode([prompt.ids[i] for i in sorted(positions)]).split() == ["user", "assistant", "town"]


def test_stop_words_and_punctuation_are_skipped_by_name(language):
    found = candidates(language("chat").prompt("Who is not the king?"), skips_stop_words=True)

    assert texts(found.tried) == ["not", "king"]
    assert [(part.text, why) for part, why in found.skipped] == [
        ("Who", "stop word"), ("is", "stop word"), ("the", "stop word"), ("?", "punctuation")]


@pytest.mark.parametrize(("count", "skipped"), [(64, []), (65, ["tavo"])], ids=["at the limit", "one above"])
def test_more_words_than_the_limit_are_skipped_by_name(language, count, skipped):
    prompt = language("llama").prompt(" ".join(["zor"] * (count - 1) + ["tavo"]))
    found = candidates(prompt)

    assert len(found.tried) == 64
    assert [part.text for part, _ in found.skipped] == skipped
    assert all(why == "beyond the first 64" for _, why in found.skipped)


def test_a_prompt_of_stop_words_only_cannot_be_masked(language):
    with pytest.raises(InputError, match="stop words"):
        candidates(language("chat").prompt("who is it?"), skips_stop_words=True)


def test_the_three_ways_to_mask(language):
    model = language("llama")
    ids = model.prompt_ids("zor bala kimi")  # bos, 4, 15, 26

    assert masked(model, ids, (2,), "delete") == Row((ids[0], ids[1], ids[3]))
    assert masked(model, ids, (2,), "replace") == Row((ids[0], ids[1], 3, ids[3]))
    assert masked(model, ids, (2,), "attend") == Row(ids, (2,))


@pytest.mark.parametrize("mode", ["delete", "attend"])
def test_a_mask_that_leaves_nothing_is_refused(language, mode):
    model = language("chat")
    ids = model.prompt_ids("town")
    every = tuple(range(len(ids)))

    with pytest.raises(InputError, match="leaves nothing"):
        masked(model, ids, every, mode)
    assert len(masked(model, ids, every, "replace").ids) == len(ids)


def test_replacing_needs_a_token_to_put_there(language, monkeypatch):
    model = language("llama")
    monkeypatch.setattr(type(model), "mask_id", None)

    with pytest.raises(InputError, match="'delete' or 'attend'"):
        masked(model, (1, 4, 5), (1,), "replace")


def test_positions_outside_the_prompt_are_refused(language):
    with pytest.raises(ValueError, match=r"\[7\].*0 to 2"):
        masked(language("llama"), (1, 4, 5), (7,), "delete")


def test_named_words_are_found_at_their_last_place(language):
    prompt = language("llama").prompt("zor bala kimi zor bala")

    assert found_in(prompt, "bala").positions == (5,)
    assert found_in(prompt, "ZOR bala").positions == (4, 5)
    assert found_in(prompt, "bala kimi").positions == (2, 3)


@pytest.mark.parametrize("text", ["tavo", "bala zor", "", "zor zor zor zor zor"], ids=repr)
def test_words_that_are_not_there_are_refused(language, text):
    with pytest.raises(InputError, match="not in the prompt"):
        found_in(language("llama").prompt("zor bala kimi"), text)
