"""The detectors: one padded batch gives what single passes give, and each picks by its own rule."""

import pytest
import torch

from backends.coda import detect as module
from backends.coda.contrast import Contrast, indicator
from backends.coda.detect import Detecting, detect, next_tokens
from backends.coda.masking import candidates, masked
from backends.coda.results import Masked
from models.reading import Row
from worlds.errors import InputError

TEXT = "zor bala kimi tavo fenu rulen"


@torch.inference_mode()
def single(language, row):
    """Return the next token's log-probabilities of one prompt, read alone and without padding."""
    ids, attention_mask = torch.tensor([row.ids]), torch.ones(1, len(row.ids), dtype=torch.long)
    attention_mask[0, list(row.hidden)] = 0
    positions = torch.arange(len(row.ids))[None]
    return language.model(input_ids=ids, attention_mask=attention_mask, position_ids=positions).logits[0, -1].log_softmax(-1)


def ask(language, how, text=TEXT):
    prompt = language.prompt(text)
    return detect(language, prompt.ids, candidates(prompt).tried, how)


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gpt_neox", "phi", "gptj", "olmo", "qwen3"])
@pytest.mark.parametrize("mode", ["delete", "replace", "attend"])
def test_one_batch_scores_as_single_passes_do(language, family, mode):
    model = language(family)
    found = ask(model, Detecting(mode=mode))
    ids = model.prompt_ids(TEXT)
    full = single(model, Row(ids))

    for entry in found.scored:
        other = single(model, masked(model, ids, entry.positions, mode))
        value = indicator(full, other, Contrast())
        assert entry.lift == pytest.approx(float(other[full.argmax()] - full.max()), abs=1e-4)
        assert entry.indicator == pytest.approx(float(value.total), abs=1e-3)
        assert entry.indicator == pytest.approx(entry.rpmi_sum + entry.escape_reward, abs=1e-4)
    assert found.greedy == int(full.argmax())


def test_chunks_give_the_same_numbers(language, monkeypatch):
    model = language("llama")
    rows = [Row(model.prompt_ids(TEXT)), Row((1, 4)), Row((1, 5, 6))]
    whole = next_tokens(model, rows)

    monkeypatch.setattr(module, "CHUNK_BYTES", 1)

    assert torch.allclose(next_tokens(model, rows), whole, atol=1e-5)


def scored(*pairs):
    return [Masked(f"word {i}", (i,), lift, 0.0, 0.0, total, 0, 0) for i, (lift, total) in enumerate(pairs)]


@pytest.mark.parametrize(("detector", "index"), [
    ("lift", 2), ("indicator_first", 1), ("indicator_argmax", 3), ("indicator_argmin", 0)])
def test_every_detector_picks_by_its_own_rule(detector, index):
    entries = scored((0.1, -5.0), (-1.0, 0.5), (0.9, 0.0), (0.2, 2.0))

    found, reason = module._chosen(entries, Detecting(detector))

    assert found == index
    assert f"word {index}" in reason


@pytest.mark.parametrize(("tau", "fires"), [(0.25, False), (0.2499, True)], ids=["at tau", "below"])
def test_lift_fires_above_tau_only(tau, fires):
    found, reason = module._chosen(scored((0.25, 0.0)), Detecting(tau=tau))

    assert (found is not None) is fires
    assert "+0.25 nats" in reason


def test_the_papers_detector_stays_silent_where_no_indicator_is_positive():
    assert module._chosen(scored((1.0, 0.0), (1.0, -1.0)), Detecting("indicator_first"))[0] is None


def test_an_undetected_prompt_has_no_masked_row(language):
    found = ask(language("llama"), Detecting(tau=1e6))

    assert found.chosen is None and found.row is None
    assert torch.equal(found.full, found.masked)


def test_the_chosen_row_is_the_prompt_with_the_candidate_masked(language):
    model = language("llama")
    found = ask(model, Detecting("indicator_argmax", mode="delete"))

    assert found.row == masked(model, model.prompt_ids(TEXT), found.chosen.positions, "delete")
    assert torch.allclose(found.masked, single(model, found.row), atol=1e-4)


@pytest.mark.parametrize("detector", ["oracle", "manual"])
def test_a_named_word_is_taken_and_the_scores_of_all_are_still_there(language, detector):
    found = ask(language("llama"), Detecting(detector, given=(3,)))

    assert found.chosen.text == "kimi"
    assert len(found.scored) == 6


def test_several_named_words_are_masked_together(language):
    model = language("llama")
    found = ask(model, Detecting("manual", given=(3, 4)))

    assert found.chosen.text == "kimi tavo"
    assert len(found.row.ids) == len(model.prompt_ids(TEXT)) - 2


@pytest.mark.parametrize("detector", ["oracle", "manual"])
def test_a_detector_that_must_be_told_says_so(language, detector):
    with pytest.raises(InputError, match="Name them"):
        ask(language("llama"), Detecting(detector))


def test_nothing_to_mask_is_refused(language):
    with pytest.raises(InputError, match="No part"):
        detect(language("llama"), (1, 4), [], Detecting())


@pytest.mark.parametrize("quantisation", ["int8", "nf4"])
def test_quantised_models_are_searched_too(language, quantisation):
    assert len(ask(language("llama", quantisation), Detecting("indicator_argmax")).scored) == 6
