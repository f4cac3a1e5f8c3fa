"""The cached loop against a reference that has no cache, no padding and no batch."""

from dataclasses import replace

import pytest
import torch

from backends.coda.contrast import Contrast, choose, scores, sets
from backends.coda.decode import Decoding, Pair, decode, decode_redetecting, tokens_of
from backends.coda.detect import Detecting, detect
from backends.coda.listing import listed
from backends.coda.masking import candidates, masked
from models.reading import Row
from worlds.errors import InputError

FAMILIES = ["llama", "qwen2", "mistral", "gpt_neox"]
ALL_FAMILIES = [*FAMILIES, "qwen3", "phi", "gptj", "olmo"]
VLMS = ["llava", "llava_onevision", "qwen2_5_vl", "qwen3_vl"]
CODA, CAD = Contrast(escape_bias="floor"), Contrast(weight=0.5)
NEW = 8


def prompt(seed, length=9, vocabulary=60):
    return tuple(torch.randint(4, vocabulary, (length,), generator=torch.Generator().manual_seed(seed)).tolist())


@torch.inference_mode()
def next_log_probabilities(language, row, written):
    ids = torch.tensor([[*row.ids, *written]])
    attention_mask = torch.ones_like(ids)
    attention_mask[0, list(row.hidden)] = 0
    positions = torch.arange(ids.shape[1])[None]
    return language.model(input_ids=ids, attention_mask=attention_mask, position_ids=positions).logits[0, -1].float().log_softmax(-1)


def reference(language, full, other, method, params, new=NEW):
    """Return the tokens of two whole forward passes per token."""
    written = []
    while len(written) < new and not set(written) & language.end_ids:
        log_p, masked_log_p = (next_log_probabilities(language, row, written) for row in (full, other))
        written.append(int(choose(scores(log_p, masked_log_p, method, params), log_p)))
    return tuple(written)


def generated(language, ids, **options):
    tokens = language.model.generate(torch.tensor([ids]), max_new_tokens=NEW, do_sample=False, **options)
    return tuple(tokens[0, len(ids):].tolist())


def written(language, pairs, how):
    return tokens_of(decode(language, pairs, replace(how, max_new_tokens=NEW)), len(pairs))


def pair(language, seed, mode="delete", length=9):
    ids = prompt(seed, length)
    return Pair(Row(ids), masked(language, ids, (3,), mode))


@pytest.mark.parametrize("family", ALL_FAMILIES)
@pytest.mark.parametrize("mode", ["delete", "replace", "attend"])
@pytest.mark.parametrize(("method", "params"), [("coda", CODA), ("cad", CAD)], ids=["coda", "cad"])
def test_two_cached_rows_equal_an_uncached_reference(language, family, mode, method, params):
    model = language(family)
    both = pair(model, 1, mode)

    assert written(model, [both], Decoding(method, params)) == (reference(model, both.full, both.masked, method, params),)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("position", [0, 8], ids=["the first", "the last"])
def test_attention_can_be_kept_from_the_first_and_the_last_token(language, family, position):
    model = language(family)
    both = Pair(Row(prompt(1)), masked(model, prompt(1), (position,), "attend"))

    assert written(model, [both], Decoding("coda", CODA)) == (reference(model, both.full, both.masked, "coda", CODA),)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_contrast_changes_what_these_models_write(language, family):
    model = language(family)
    pairs = [pair(model, seed) for seed in range(12)]
    steps = list(decode(model, pairs, Decoding("coda", CODA, max_new_tokens=NEW)))

    assert any(step.token != step.greedy for step in steps)
    assert any(entry.membership == "esc" for step in steps for entry in listed(model, step, alpha=CODA.alpha).by_score)


@pytest.mark.parametrize("family", ALL_FAMILIES)
@pytest.mark.parametrize("method", ["greedy", "coda", "cad", "dola"])
def test_prompts_of_different_length_in_one_batch_equal_each_alone(language, family, method):
    model = language(family)
    pairs = [pair(model, seed, mode, length) for seed, mode, length in
             ((1, "delete", 5), (2, "attend", 17), (3, "replace", 9), (4, "delete", 12))]
    how = Decoding(method, CODA)

    together = written(model, pairs, how)

    assert together == tuple(written(model, [alone], how)[0] for alone in pairs)


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_equals_generate(language, family):
    model = language(family)
    both = pair(model, 5)

    assert written(model, [both], Decoding("greedy")) == (generated(model, both.full.ids),)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_alpha_of_one_is_greedy(language, family):
    model = language(family)
    both = pair(model, 6)

    assert written(model, [both], Decoding("coda", Contrast(alpha=1.0))) == (generated(model, both.full.ids),)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("gate", [False, True])
def test_a_masked_prompt_that_equals_the_full_one_is_greedy(language, family, gate):
    model = language(family)
    full = Row(prompt(7))

    assert written(model, [Pair(full, full)], Decoding("coda", Contrast(gate=gate))) == (generated(model, full.ids),)


@pytest.mark.parametrize("method", ["coda", "cad", "cd", "vcd"])
def test_without_a_mask_nothing_is_contrasted_and_only_one_row_is_read(language, method):
    model = language("llama")
    full = Row(prompt(7))
    steps = list(decode(model, [Pair(full)], Decoding(method, max_new_tokens=NEW)))

    assert tokens_of(steps, 1) == (generated(model, full.ids),)
    assert not any(step.seen.is_contrasted for step in steps)


def test_a_prompt_without_a_mask_is_greedy_beside_one_that_is_contrasted(language):
    model = language("llama")
    pairs = [Pair(Row(prompt(7))), pair(model, 1)]

    together = written(model, pairs, Decoding("coda", CODA))

    assert together[0] == generated(model, pairs[0].full.ids)
    assert together[1] == reference(model, pairs[1].full, pairs[1].masked, "coda", CODA)


@pytest.mark.parametrize("family", FAMILIES)
def test_cad_equals_the_guidance_of_transformers(language, family):
    model = language(family)
    both = pair(model, 8)
    expected = generated(model, both.full.ids, guidance_scale=1.5, negative_prompt_ids=torch.tensor([both.masked.ids]))

    assert written(model, [both], Decoding("cad", CAD)) == (expected,)


@pytest.mark.parametrize("family", FAMILIES)
def test_cad_of_weight_zero_is_greedy(language, family):
    model = language(family)
    both = pair(model, 9)

    assert written(model, [both], Decoding("cad", Contrast(weight=0))) == (generated(model, both.full.ids),)


def test_a_closed_gate_gives_the_greedy_token(language):
    model = language("llama")
    pairs = [pair(model, seed) for seed in range(20)]
    steps = list(decode(model, pairs, Decoding("coda", Contrast(gate=True), max_new_tokens=NEW)))
    closed = [step for step in steps if not step.seen.is_contrasted]

    assert closed and len(closed) < len(steps)
    assert all(step.token == step.greedy for step in closed)


@pytest.mark.parametrize("family", VLMS)
def test_the_language_part_of_a_vision_language_model_decodes_alike(language, family):
    model = language(family)
    vocabulary = 20
    prompts = [prompt(seed, length, vocabulary) for seed, length in ((1, 6), (2, 11))]
    pairs = [Pair(Row(ids), Row(ids[1:])) for ids in prompts]

    together = written(model, pairs, Decoding("coda", CODA))

    assert together == tuple(written(model, [alone], Decoding("coda", CODA))[0] for alone in pairs)
    assert together[0] == _plain_reference(model, pairs[0])


@torch.inference_mode()
def _plain_reference(model, both):
    """The tokens where the model derives all positions itself."""
    chosen = []
    while len(chosen) < NEW and not set(chosen) & model.end_ids:
        log_p, masked_log_p = (model.model(input_ids=torch.tensor([[*row.ids, *chosen]])).logits[0, -1].float().log_softmax(-1)
                       for row in (both.full, both.masked))
        chosen.append(int(choose(scores(log_p, masked_log_p, "coda", CODA), log_p)))
    return tuple(chosen)


@pytest.mark.parametrize("quantisation", ["int8", "nf4"])
@pytest.mark.parametrize("method", ["coda", "cad", "dola"])
def test_quantised_models_decode_with_every_method(language, quantisation, method):
    model = language("llama", quantisation)
    both = pair(model, 1)

    tokens = written(model, [both], Decoding(method, CODA))[0]

    assert tokens
    assert all(0 <= token < model.vocabulary for token in tokens)


def test_an_end_token_stops_its_prompt_and_no_other(language):
    model = language("llama")
    pairs = [pair(model, seed) for seed in range(4)]
    plain = written(model, pairs, Decoding("greedy"))
    stop = plain[0][2]

    model.end_ids = frozenset({stop})
    try:
        stopped = written(model, pairs, Decoding("greedy"))
    finally:
        del model.end_ids

    expected = tuple(row[: row.index(stop) + 1] if stop in row else row for row in plain)
    assert stopped == expected
    assert len(stopped[0]) < NEW


def test_the_same_seed_draws_the_same_tokens_and_another_does_not(language):
    model = language("llama")
    pairs = [pair(model, seed) for seed in range(6)]
    how = Decoding("sample", temperature=2.0, seed=1)

    assert written(model, pairs, how) == written(model, pairs, how)
    assert written(model, pairs, how) != written(model, pairs, replace(how, seed=2))


@pytest.mark.parametrize("temperature", [1e-6, 1e-30, 1e-300, 5e-324])
def test_the_lowest_temperatures_draw_what_greedy_decoding_takes(language, temperature):
    model = language("llama")
    pairs = [pair(model, seed) for seed in range(6)]

    for method in ("sample", "coda", "cad"):
        drawn = written(model, pairs, Decoding(method, CODA, temperature=temperature))
        assert drawn == written(model, pairs, Decoding("greedy" if method == "sample" else method, CODA))


def test_drawing_from_scores_stays_inside_the_plausible_set(language):
    model = language("llama")
    pairs = [pair(model, seed) for seed in range(6)]
    steps = list(decode(model, pairs, Decoding("coda", CODA, temperature=0.6, max_new_tokens=NEW)))

    for step in steps:
        found = sets(step.seen.full, step.seen.masked, CODA.alpha)
        assert (found.both | found.escaping)[step.token]


def test_a_step_lists_the_likeliest_tokens_of_both_prompts_and_by_score(language):
    model = language("llama")
    both = pair(model, 1)
    step = next(decode(model, [both], Decoding("coda", CODA)))
    told = listed(model, step, alpha=CODA.alpha, top=5)
    log_p, masked_log_p = (next_log_probabilities(model, row, []) for row in (both.full, both.masked))

    assert [entry.piece for entry in told.by_full] == [model.piece(token) for token in log_p.topk(5).indices.tolist()]
    assert [entry.piece for entry in told.by_masked] == [model.piece(token) for token in masked_log_p.topk(5).indices.tolist()]
    assert told.by_score[0].score == max(entry.score for entry in told.by_score)
    assert [entry.masked for entry in told.by_full] == pytest.approx(masked_log_p[log_p.topk(5).indices].tolist(), abs=1e-4)
    assert step.greedy == int(log_p.argmax()) and told.greedy_piece == model.piece(step.greedy)
    assert told.piece == model.piece(step.token) and told.is_end == step.is_end and told.layer is None


def test_looking_anew_for_every_token_equals_detecting_by_hand(language):
    model = language("llama")
    asked = model.prompt("zor bala kimi tavo fenu")
    tried = candidates(asked).tried
    detecting = Detecting("lift", tau=0.0)
    steps = list(decode_redetecting(model, asked.ids, tried, detecting, Decoding("coda", CODA, max_new_tokens=4)))

    ids = list(asked.ids)
    for step in steps:
        found = detect(model, ids, tried, detecting)
        log_p = next_log_probabilities(model, Row(tuple(ids)), [])
        expected = log_p if found.row is None else scores(log_p, next_log_probabilities(model, found.row, []), "coda", CODA)
        assert step.token == int(choose(expected, log_p))
        assert step.detection.chosen == found.chosen
        ids.append(step.token)


@pytest.mark.parametrize("method", ["greedy", "dola"])
def test_looking_anew_needs_a_method_that_uses_what_is_found(language, method):
    with pytest.raises(ValueError, match="only coda, cad, cd, vcd"):
        next(decode_redetecting(language("llama"), (1, 4), [], Detecting(), Decoding(method)))


def test_room_for_the_answer_is_needed_at_the_limit_and_refused_one_above(language):
    model = language("llama")
    full = Row(prompt(1, model.max_tokens - NEW))

    assert written(model, [Pair(full)], Decoding("greedy"))
    with pytest.raises(InputError, match=rf"{model.max_tokens - NEW} tokens and {NEW + 1} are to be written.*{model.max_tokens}"):
        list(decode(model, [Pair(full)], Decoding("greedy", max_new_tokens=NEW + 1)))


@pytest.mark.parametrize("change", [{"temperature": -1}, {"max_new_tokens": 0}, {"method": "sample"}], ids=repr)
def test_settings_outside_their_range_are_refused(change):
    with pytest.raises(ValueError, match="temperature"):
        Decoding(**change)
