import json
from dataclasses import asdict

import pytest
import torch
from safetensors import safe_open
from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM

from models.catalogue import MINIATURES
from models.probabilities import scores_of
from models.training.words import word_tokenizer
from tests.models.recipes.recipe import recipe
from worlds.facts.corpus import BOS, EOS, MASK, PAD, Corpus, CorpusSpec
from worlds.facts.english import draw_corpus
from worlds.facts.rates import ask, rates

SHIPPED = recipe("coda.miniatures").SHIPPED


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

    groups = rates(ask(scores_of(load(name, epoch)), corpus))

    assert CorpusSpec.model_validate(card["training"]["corpus"]) == SHIPPED[name].corpus
    assert asdict(SHIPPED[name].training).items() <= card["training"].items()
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
    corpus = draw_corpus(CorpusSpec(task="english", values=(2,), sets=16))
    tokenizer = word_tokenizer(corpus.words, corpus.openings)

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
