"""DoLa: which layers are candidates, and the contrast worked out anew."""

import pytest
import torch

from backends.coda.decode import Decoding, Pair, decode
from backends.coda.layers import candidate_layers, divergence, dola_scores, early_logits, layers_of
from models.reading import Reading, Row
from tests.models import tiny_languages
from worlds.errors import InputError


@pytest.mark.parametrize(("num_layers", "which", "is_tied", "expected"), [
    (32, "low", False, tuple(range(0, 16, 2))),
    (32, "high", False, tuple(range(16, 32, 2))),
    (32, "low", True, tuple(range(2, 16, 2))),
    (80, "low", False, tuple(range(0, 20, 2))),
    (80, "high", True, tuple(range(60, 80, 2))),
    (40, "high", False, tuple(range(20, 40, 2))),
    (41, "high", False, tuple(range(21, 41, 2))),
    (2, "low", False, (0,)),
    (2, "high", True, (1,)),
])
def test_the_candidates_of_the_papers_models(num_layers, which, is_tied, expected):
    assert candidate_layers(num_layers, which, is_tied=is_tied) == expected


def test_one_layer_is_too_few():
    with pytest.raises(InputError, match=r"this model has 1\. It needs at least 2"):
        candidate_layers(1, "high", is_tied=False)


@pytest.mark.parametrize("num_layers", [2, 3, 4, 5])
def test_few_tied_layers_have_no_lower_half(num_layers):
    with pytest.raises(InputError, match=f"{num_layers} layers are too few.*Choose the upper half"):
        candidate_layers(num_layers, "low", is_tied=True)


def test_the_scores_are_the_last_layers_over_the_early_ones_inside_the_head():
    generator = torch.Generator().manual_seed(0)
    last, early = 2 * torch.randn(3, 20, generator=generator), 2 * torch.randn(4, 3, 20, generator=generator)
    s, chosen = dola_scores(last, early)

    for row in range(3):
        p = last[row].softmax(-1)
        farthest, value = 0, -1.0
        for layer in range(4):
            q = early[layer, row].softmax(-1)
            m = (p + q) / 2
            differs = float(((m * (m / p).log()).mean() + (m * (m / q).log()).mean()) / 2)
            farthest, value = (layer, differs) if differs > value else (farthest, value)
        expected = p.log() - early[farthest, row].log_softmax(-1)
        expected[p < 0.1 * p.max()] = -torch.inf
        assert int(chosen[row]) == farthest
        assert torch.allclose(s[row], expected, atol=1e-5)


def test_a_layer_that_equals_the_last_does_not_differ():
    last = torch.randn(2, 10).log_softmax(-1)

    assert divergence(last, last[None]).abs().max() < 1e-6


def test_distributions_with_zero_probabilities_differ_by_a_number():
    last = torch.tensor([[0.0, -300.0, -300.0]]).log_softmax(-1)
    early = torch.tensor([[[-300.0, 0.0, -300.0]]]).log_softmax(-1)

    assert divergence(last, early).isfinite().all()


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gpt_neox"])
def test_early_layers_are_read_without_the_final_norm(language, family):
    model = language(family)
    ids = (1, 7, 9, 12)
    reading = Reading(model, [Row(ids)], keeps_layers=True)
    with torch.inference_mode():
        states = model.model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        expected = model.model.get_output_embeddings()(states[1][0, -1])

    assert torch.allclose(early_logits(model, reading, (1,))[0, 0], expected, atol=1e-5)


@pytest.mark.parametrize("which", ["low", "high"])
def test_a_step_names_its_early_layer(language, which):
    model = language("llama")
    steps = list(decode(model, [Pair(Row((1, 7, 9)))], Decoding("dola", layers=which, max_new_tokens=3)))

    assert all(int(step.seen.layers) in layers_of(model, which) for step in steps)


def test_a_model_of_one_layer_is_refused_before_anything_is_read(language):
    model = language("llama")
    short = type(model)(tiny_languages.random_model("llama", layers=1), model.tokenizer)

    with pytest.raises(InputError, match="at least 2"):
        next(decode(short, [Pair(Row((1, 7)))], Decoding("dola")))
