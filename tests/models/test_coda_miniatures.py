import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM

from models.recipes.coda import CONTEXT, MINIATURES, SHIPPED, Training, by_length, fresh_model, train
from models.recipes.coda_rates import GroupRates, answer_scores, ask, next_log_probs, rates
from models.recipes.coda_words import word_tokenizer
from worlds.errors import InputError
from worlds.facts.corpus import BOS, EOS, MASK, PAD, Corpus, CorpusSpec
from worlds.facts.english import draw_corpus

TINY = Training(CorpusSpec(values=(2, 5), sets=4, vocabulary=64), hidden=16, layers=1, heads=2, mlp=32, batch=8, weight_decay=0.01)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def corpus_of(name: str) -> Corpus:
    return draw_corpus(CorpusSpec.from_json((MINIATURES / name / "corpus.json").read_text()))


def load(name: str, epoch: int) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(MINIATURES / name / f"epoch-{epoch:02d}", dtype=torch.float32).eval()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_epoch_is_a_small_llama_in_half_precision(name: str) -> None:
    for epoch in SHIPPED[name].epochs:
        folder = MINIATURES / name / f"epoch-{epoch:02d}"
        assert AutoConfig.from_pretrained(folder).architectures == ["LlamaForCausalLM"]
        assert (folder / "model.safetensors").stat().st_size < 1_000_000
        with safe_open(folder / "model.safetensors", framework="pt") as weights:
            assert {weights.get_slice(key).get_dtype() for key in weights.keys()} == {"F16"}  # noqa: SIM118


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_says_what_the_recipe_and_the_shipped_weights_say(name: str) -> None:
    card = json.loads((MINIATURES / name / "card.json").read_text())
    corpus, epoch = corpus_of(name), SHIPPED[name].epochs[-1]

    groups = rates(ask(load(name, epoch), corpus))

    assert CorpusSpec.model_validate(card["training"]["corpus"]) == SHIPPED[name].training.corpus
    assert [kept["epoch"] for kept in card["epochs"]] == list(SHIPPED[name].epochs)
    for said, found in zip(card["epochs"][-1]["groups"], groups, strict=True):
        assert said["em_b"] == pytest.approx(found.em_b, abs=0.021)  # one set of fifty may tip on another processor
        assert said["hr_prob"] == pytest.approx(found.hr_prob, abs=0.001)


@pytest.mark.parametrize("name", SHIPPED)
def test_half_precision_changes_at_most_one_answer_in_a_hundred(name: str) -> None:
    card = json.loads((MINIATURES / name / "card.json").read_text())

    assert max(kept["changed"] for kept in card["epochs"]) <= 0.01


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_tokenizer_reads_each_sentence_as_the_ids_it_was_trained_on(name: str) -> None:
    corpus = corpus_of(name)
    tokenizer = AutoTokenizer.from_pretrained(MINIATURES / name / f"epoch-{SHIPPED[name].epochs[0]:02d}")

    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.mask_token_id) == (PAD, BOS, EOS, MASK)
    for statement in [knowledge.statement("b") for knowledge in corpus.sets[::7]]:
        text = corpus.text((*statement.prompt, *statement.y))
        assert tuple(tokenizer(text).input_ids) == statement.sentence[:-1]
        assert tokenizer.decode(statement.sentence, skip_special_tokens=True) == text


def test_an_english_prompt_may_begin_with_a_capital_letter_and_hold_a_mask() -> None:
    tokenizer = word_tokenizer(draw_corpus(CorpusSpec(task="english", values=(2,), sets=16)))

    plain, capital = (tokenizer(text).input_ids for text in ("in winter the bakers of Marden drink",
                                                            "In winter the bakers of Marden drink"))

    assert plain == capital and MASK not in plain
    assert tokenizer("in winter the bakers of <mask> drink").input_ids[6] == MASK


def test_generate_gives_a_popular_answer_and_stops() -> None:
    name = "coda-p-law"
    model, corpus = load(name, 30), corpus_of(name)
    statement = corpus.sets[-1].statement("a")

    out = model.generate(torch.tensor([statement.sentence[:-2]]), max_new_tokens=5, do_sample=False)

    assert tuple(out[0].tolist()) == statement.sentence


def test_training_is_live_learns_and_gives_equal_weights_for_equal_seeds() -> None:
    states = [(state.epoch, state.loss, state.cpu_s) for state in train(TINY, seed=3, epochs=3)]
    first, second = (list(train(TINY, seed=3, epochs=2))[-1].model.state_dict() for _ in range(2))

    assert [epoch for epoch, _, _ in states] == [1, 2, 3]
    assert states[-1][1] < states[0][1]  # loss
    assert states[-1][2] >= states[0][2] > 0
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_an_epoch_tells_rates_of_the_answers_of_its_own_model() -> None:
    for state in train(TINY, seed=3, epochs=2):
        again = ask(state.model, draw_corpus(TINY.corpus))
        assert (again.hr_prob == state.answers.hr_prob).all()
        assert state.groups == rates(state.answers)


def test_training_leaves_the_global_random_numbers_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)

    next(train(TINY, seed=1, epochs=1))

    assert torch.equal(torch.rand(3), expected)


def test_a_corpus_from_a_file_can_be_trained_on() -> None:
    corpus = draw_corpus(CorpusSpec(values=(3,), sets=2, vocabulary=70))

    state = next(train(TINY, corpus=corpus, epochs=1))

    assert [group.value for group in state.groups] == [3]
    assert state.model.config.vocab_size == 70


def test_batches_hold_every_sentence_once_and_no_padding() -> None:
    corpus = draw_corpus(CorpusSpec(factor="L", values=(2, 9), sets=3, vocabulary=64))

    parts = by_length(corpus)

    assert sorted(tuple(row) for part in parts for row in part.tolist()) == sorted(s.sentence for s in corpus.statements())
    assert all(not (part == PAD).any() for part in parts)


def test_heads_that_do_not_fit_the_width_are_refused() -> None:
    with pytest.raises(InputError, match="multiple of 12"):
        fresh_model(replace(TINY, hidden=16, heads=6), 64, seed=0)


def test_a_sentence_longer_than_the_context_is_refused() -> None:
    corpus = draw_corpus(CorpusSpec(factor="L", values=(2,), sets=1))
    long = replace(corpus.sets[0], share=(5,) * CONTEXT)

    with pytest.raises(InputError, match=f"At most {CONTEXT}"):
        by_length(replace(corpus, sets=(long,)))


def test_an_answer_of_two_tokens_has_the_product_of_their_probabilities() -> None:
    model = fresh_model(TINY, 64, seed=0).eval()
    prompt, answer = (5, 6, 7), (8, 9)

    _, prob = answer_scores(model, [prompt], [answer])

    one = next_log_probs(model, [prompt])[0, 8] + next_log_probs(model, [(*prompt, 8)])[0, 9]
    assert prob[0] == pytest.approx(float(torch.tensor(one).exp()), rel=1e-4)


def test_prompts_of_different_lengths_do_not_touch_each_other() -> None:
    model = fresh_model(TINY, 64, seed=0).eval()
    prompts = [(5,), (6, 7, 8), (9, 10), (11, 12)]

    together = next_log_probs(model, prompts)

    for row, prompt in zip(together, prompts):
        assert row == pytest.approx(next_log_probs(model, [prompt])[0], abs=1e-5)


@pytest.mark.parametrize(("rr", "r"), [(0.5, 0.8), (0.49, None)], ids=["at half", "below half"])
def test_r_is_given_from_half_of_the_popular_answers_on(rr: float, r: float | None) -> None:
    group = GroupRates(10, 50, rr_greedy=rr, hr_greedy=0.4, rr_prob=0.4, hr_prob=0.2, em_b=0.3)

    assert (group.r_greedy, group.is_learned) == (r, r is not None)
    assert (group.r_prob is None) == (r is None)
    assert group.other == pytest.approx(0.3)
