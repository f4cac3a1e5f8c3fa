"""Training of small Llamas: it learns, it is the same twice, and a break leaves no trace."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from models.training.language import CONTEXT, Tokens, Training, batches, by_length, fresh_model, train
from worlds.errors import InputError
from worlds.facts.corpus import PAD, CorpusSpec
from worlds.facts.english import draw_corpus

TINY = Training(hidden=16, layers=1, heads=2, mlp=32, batch=8, weight_decay=0.01)
CORPUS = draw_corpus(CorpusSpec(values=(2, 5), sets=4, vocabulary=64))
SENTENCES = [statement.sentence for statement in CORPUS.statements()]
TOKENS = Tokens(64, 0, 1, 2)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def trained(**how):
    return train(TINY, SENTENCES, TOKENS, **how)


def test_it_is_live_learns_and_gives_equal_weights_for_equal_seeds():
    states = [(state.epoch, state.loss, state.cpu_s) for state in trained(seed=3, epochs=3)]
    first, second, other = (list(trained(seed=seed, epochs=2))[-1].model.state_dict() for seed in (3, 3, 4))

    assert [epoch for epoch, _, _ in states] == [1, 2, 3]
    assert states[-1][1] < states[0][1]  # loss
    assert states[-1][2] >= states[0][2] > 0
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["lm_head.weight"], other["lm_head.weight"])


@pytest.mark.parametrize("after", [1, 3])
def test_a_break_gives_the_same_bytes_as_no_break(tmp_path, after):
    whole = list(trained(seed=3, epochs=5))
    losses = [state.loss for state in whole]
    for state in islice(trained(seed=3, epochs=5), after):
        state.save(tmp_path / "made")

    rest = trained(seed=3, epochs=5, goes_on_from=tmp_path / "made")
    again = []
    for state in rest:
        again.append((state.epoch, state.loss))
        state.save(tmp_path / "end")
    whole[-1].save(tmp_path / "whole")

    assert again == list(enumerate(losses, 1))[after:]
    for file in ("model.safetensors", "training/optimizer.safetensors"):
        assert (tmp_path / "end" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    steps = [json.loads((tmp_path / name / "training" / "state.json").read_text())["step"] for name in ("end", "whole")]
    assert steps == [5 * len(list(batches(by_length(SENTENCES), TINY.batch, np.random.default_rng(0))))] * 2


def test_nothing_is_left_to_do_where_a_checkpoint_is_at_the_last_epoch(tmp_path):
    next(trained(epochs=1)).save(tmp_path / "made")

    assert list(trained(epochs=1, goes_on_from=tmp_path / "made")) == []


def damaged(folder):
    (folder / "training" / "optimizer.safetensors").write_bytes(b"x")


def without_weights(folder):
    (folder / "model.safetensors").unlink()


def of_another_kind(folder):
    (folder / "training" / "state.json").write_text("[]")


@pytest.mark.parametrize("spoil", [damaged, without_weights, of_another_kind])
def test_a_checkpoint_that_cannot_be_read_is_one_sentence(tmp_path, spoil):
    next(trained(epochs=1)).save(tmp_path / "made")
    spoil(tmp_path / "made")

    with pytest.raises(InputError, match="Train anew"):
        next(trained(epochs=2, goes_on_from=tmp_path / "made"))


def test_a_checkpoint_of_another_width_is_refused(tmp_path):
    next(trained(epochs=1)).save(tmp_path / "made")

    with pytest.raises(InputError, match="Train anew"):
        next(train(replace(TINY, hidden=32), SENTENCES, TOKENS, epochs=2, goes_on_from=tmp_path / "made"))


def test_a_checkpoint_replaces_the_one_before(tmp_path):
    for state in trained(epochs=2):
        state.save(tmp_path / "made")

    assert [state.epoch for state in trained(epochs=3, goes_on_from=tmp_path / "made")] == [3]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_the_global_random_numbers_are_left_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)

    next(trained(seed=1, epochs=1))

    assert torch.equal(torch.rand(3), expected)


def test_batches_hold_every_sentence_once_and_no_padding():
    corpus = draw_corpus(CorpusSpec(factor="L", values=(2, 9), sets=3, vocabulary=64))

    parts = by_length([statement.sentence for statement in corpus.statements()])

    assert sorted(tuple(row) for part in parts for row in part.tolist()) == sorted(s.sentence for s in corpus.statements())
    assert all(not (part == PAD).any() for part in parts)


def test_heads_that_do_not_fit_the_width_are_refused():
    with pytest.raises(InputError, match="multiple of 12"):
        fresh_model(replace(TINY, hidden=16, heads=6), TOKENS, seed=0)


def test_a_sentence_longer_than_the_context_is_refused():
    with pytest.raises(InputError, match=f"At most {CONTEXT}"):
        by_length([(1,) * (CONTEXT + 1)])
