"""Every decoder that has a name, end to end, against an implementation of its paper in plain loops; and one table for all."""

from contextlib import nullcontext
from functools import cache
from typing import get_args

import pytest
import torch

from backends.coda import recovery
from backends.coda.choices import PAPER
from backends.coda.comparing import compare
from backends.coda.detect import Detecting, detect
from backends.coda.facts import corpus_of, facts_of
from backends.coda.layers import layers_of
from backends.coda.masking import candidates
from backends.coda.results import CodaResult
from backends.coda.settings import CodaSettings, Method
from backends.coda.system import RECORDED
from backends.coda.variants import METHODS, VARIANTS, Finding, of
from backends.coda.wiring import definitions, resolved, variant_of
from backends.files.saved import load_result
from models import catalogue
from models.language import LanguageModel, as_language_model
from models.loading import load
from tests.backends.coda import paper_reference as reference
from tests.models import tiny_languages
from visualizers.coda.methods import DECODER_COLOURS, DECODER_NAMES

LENGTH = 4
SENTENCES = ("The capital of the northern country is", "Who wrote the tin harbour", "the old town is an old",
             "Nobody knows the harbour", "an old northern capital", "The tin country is the", "wrote the town of the harbour",
             "old country old town")
ALL = ("greedy", "coda", "coda_paper", "cad", "cd", "dola", "cad_random")


@cache
def real() -> LanguageModel:
    """A tiny Llama with pieces of words as tokens: to the app a real model."""
    return LanguageModel(tiny_languages.random_model("llama", layers=4, vocabulary=320, end=1), tiny_languages.piece_tokenizer(None))


@cache
def miniature() -> LanguageModel:
    return as_language_model(load(catalogue.find("coda-english")).tool)


def answered(language: LanguageModel, corpus=None, **changes):
    settings = CodaSettings(**{"methods": ALL, "max_new_tokens": LENGTH} | changes)
    return list(compare(settings, language, corpus))[-1]


def reference_of(language: LanguageModel) -> reference.Reference:
    by = "replace" if language.is_word_level else "delete"
    return reference.Reference(language.model, language.end_ids, by, language.mask_id)


def words_and_tokens(language: LanguageModel, text: str):
    prompt = language.prompt(text)
    words = [word.positions for word in prompt.words]
    return prompt.ids, words, [(place,) for place in range(len(prompt.ids)) if not prompt.is_fixed[place]]


def expected(language: LanguageModel, text: str, *, word, floor, gate, weight, drawn) -> dict[str, list[int]]:
    """What every decoder writes; `word`: positions that the page masks, `drawn`: that the baseline masks."""
    asked = reference_of(language)
    ids, _, tokens = words_and_tokens(language, text)
    first = asked.first_positive(ids, tokens)
    x = None if word is None else asked.without(ids, word)
    return {
        "greedy": asked.write(ids, None, None, LENGTH),
        "coda": asked.write(ids, x, reference.coda(floor=floor, gate=gate), LENGTH),
        "coda_paper": asked.write(ids, None if first is None else asked.without(ids, first), reference.coda(), LENGTH),
        "cad": asked.write(ids, x, reference.cad(weight), LENGTH),
        "cd": asked.write(ids, x, reference.cd, LENGTH),
        "dola": asked.write_dola(ids, layers_of(language, "high"), LENGTH),
        "cad_random": asked.write(ids, asked.without(ids, drawn), reference.cad(weight), LENGTH),
    }


def same(asked, wanted: dict[str, list[int]], language: LanguageModel) -> None:
    for written in asked.written:
        pieces = [language.piece(token) for token in wanted[written.method]]
        assert [token.piece for token in written.tokens] == pieces, (asked.prompt, written.method)


def own_of(asked, method: str):
    return next(written for written in asked.written if written.method == method).own


@pytest.mark.parametrize("text", SENTENCES)
def test_decoders_of_a_real_class_write_what_their_papers_formulas_write(text):
    language = real()
    ids, words, tokens = words_and_tokens(language, text)
    second_word = language.prompt(text).words[1].text
    (asked,) = answered(language, prompts=(text,), named=f"{second_word}#1")

    assert own_of(asked, "cad").positions == words[1]
    wanted = expected(language, text, word=words[1], floor=True, gate=False, weight=1.0, drawn=own_of(asked, "cad_random").positions)
    same(asked, wanted, language)
    first = reference_of(language).first_positive(ids, tokens)
    assert asked.found.is_alarm == (first is not None)
    assert own_of(asked, "coda_paper").positions == (first or ())


def test_the_papers_detector_fires_on_these_sentences_and_is_silent_on_facts_of_the_miniature():
    rung = catalogue.find("coda-english")
    fired = [own_of(answered(real(), prompts=(text,), methods=("coda_paper",))[0], "coda_paper").text for text in SENTENCES]
    silent = [own_of(answered(miniature(), corpus_of(rung), seed=seed, methods=("coda_paper",))[0], "coda_paper").text
              for seed in range(4)]

    assert all(fired) and not any(silent)


@pytest.mark.parametrize("seed", range(4))
def test_decoders_of_the_miniature_write_what_their_papers_formulas_write(seed):
    language, corpus = miniature(), corpus_of(catalogue.find("coda-english"))
    (asked,) = answered(language, corpus, seed=seed)
    ids, words, _ = words_and_tokens(language, asked.prompt)
    found = reference_of(language).largest_lift(ids, words, 0.1)

    assert own_of(asked, "coda").positions == (found or ())
    same(asked, expected(language, asked.prompt, word=found, floor=True, gate=True, weight=0.5,
                         drawn=own_of(asked, "cad_random").positions), language)


def test_the_recorded_run_is_what_the_papers_formulas_write():
    result = load_result((RECORDED / "default.orrery").read_bytes(), CodaResult)
    language, asked = miniature(), result.asked[0]
    ids, words, tokens = words_and_tokens(language, asked.prompt)
    wanted = expected(language, asked.prompt, word=reference_of(language).largest_lift(ids, words, 0.1), floor=True, gate=True,
                      weight=0.5, drawn=words[0])
    for written in asked.written:
        pieces = [language.piece(token) for token in wanted[written.method]][: len(written.tokens)]
        assert [token.piece for token in written.tokens][:LENGTH] == pieces, written.method
    assert asked.found.is_alarm == (reference_of(language).first_positive(ids, tokens) is not None)
    assert [one.name for one in result.definitions] == list(result.settings.methods)


@pytest.mark.parametrize("name", [variant.name for variant in recovery.DECODERS])
def test_decoders_on_a_corpus_answer_what_their_formulas_answer(name):
    language, corpus = miniature(), corpus_of(catalogue.find("coda-english"))
    sets = corpus.sets[::16]
    reads = recovery.read(language.model, type(corpus)(corpus.factor, sets, corpus.words))
    variant, asked, facts = VARIANTS[name], reference_of(language), facts_of(corpus)
    chosen = recovery.outcome(reads, variant)
    for place, knowledge in enumerate(sets):
        prompt = knowledge.statement("b").prompt
        ids, positions = [1, *prompt], [(1 + index,) for index in range(len(prompt))]
        x = _place_of(variant.finding, asked, ids, positions, facts[prompt].x_positions)
        score = _score_of(variant)
        (token,) = asked.write(ids, None if x is None or score is None else asked.without(ids, x), score, 1)
        assert (token == knowledge.rare_answer[0]) == chosen.is_right[place], (name, corpus.text(prompt))


def _place_of(finding: Finding | None, asked, ids, positions, x):
    if finding is None:
        return None
    if finding.detector == "manual":
        return x
    return asked.first_positive(ids, positions) if finding.detector == "indicator_first" else asked.largest_lift(
        ids, positions, finding.tau)


def _score_of(variant):
    contrast = variant.contrast
    if variant.score == "coda":
        return reference.coda(contrast.alpha, contrast.escape_bias == "floor", contrast.gate)
    return reference.cad(contrast.weight) if variant.score == "cad" else None


def test_one_table_names_every_decoder_of_settings_pictures_corpora_and_benchmarks():
    from benchmarks.coda import real as coda_real

    assert get_args(Method) == METHODS and set(METHODS) == set(DECODER_NAMES) == set(DECODER_COLOURS)
    assert all(VARIANTS[variant.name] is variant for variant in (*recovery.DECODERS, *coda_real.DECODERS, *coda_real.RANDOM.values()))


def test_as_printed_is_the_papers_whatever_the_knobs_say():
    turned = CodaSettings(alpha=0.3, escape_bias="floor", gate="on", detector="lift", unit="word", weight=3, skips_stop_words=True)
    printed = variant_of(turned, resolved(turned, "real"), "coda_paper")

    assert printed.contrast == PAPER and (PAPER.alpha, PAPER.escape_bias, PAPER.gate) == (0.01, "paper", False)
    assert printed.finding == Finding("indicator_first", unit="token", mode="delete")


@pytest.mark.parametrize("gate", ["auto", "on", "off"])
def test_only_coda_obeys_the_gate_and_alpha(gate):
    turned = CodaSettings(gate=gate, alpha=0.2, methods=("coda", "cad", "cd", "cad_random"))
    by_name = {one.name: one for one in definitions(turned, "miniature")}

    assert by_name["coda"].gate is (gate != "off") and by_name["coda"].alpha == 0.2
    assert [by_name[name].gate for name in ("cad", "cd")] == [False, False]
    assert by_name["cd"].alpha == 0.1 and by_name["cad"].alpha is None


@pytest.mark.parametrize(("kind", "changes", "detector", "gate", "weight"), [
    ("miniature", {}, "lift", True, 0.5), ("real", {}, "none", False, 1.0),
    ("real", {"named": "capital"}, "manual", False, 1.0), ("miniature", {"named": "door"}, "manual", True, 0.5),
    ("real", {"compare_with": "The largest city is", "prompts": ("x",)}, "compare", False, 0.5),
    ("real", {"detector": "lift_argmax"}, "lift_argmax", False, 0.5),
    ("real", {"gate": "on", "weight": 0.25, "detector": "lift"}, "lift", True, 0.25),
], ids=["miniature", "real", "real, named", "miniature, named", "second prompt", "guess", "all asked for"])
def test_what_is_left_open_depends_on_the_kind_of_model(kind, changes, detector, gate, weight):
    what = resolved(CodaSettings(**changes), kind)

    assert (what.finding.detector, what.contrast.gate, what.contrast.weight) == (detector, gate, weight)
    assert what.mode == ("replace" if kind == "miniature" else "delete")


def test_a_name_that_is_none_is_refused():
    with pytest.raises(KeyError):
        of("scd", PAPER, Finding("lift"))


def test_bfloat16_chooses_the_words_that_float32_chooses_with_equal_weights(monkeypatch):
    half, twin = real_in(torch.bfloat16), real_in(torch.bfloat16)
    twin.model.float()
    texts = [f"{text} {word}" for text in SENTENCES for word in ("old", "tin")]

    def chosen(language: LanguageModel) -> list[object]:
        prompts = [language.prompt(text) for text in texts]
        return [detect(language, one.ids, candidates(one).tried, Detecting(detector, tau=0.1)).chosen
                for one in prompts for detector in ("lift", "indicator_first", "indicator_argmin")]

    assert chosen(half) == chosen(twin)
    monkeypatch.setattr("backends.coda.detect.InFloat32", nullcontext)
    assert chosen(half) != chosen(twin)  # read as it is, it flips some


def real_in(dtype: torch.dtype) -> LanguageModel:
    return LanguageModel(tiny_languages.random_model("llama", layers=4, vocabulary=320, end=1).to(dtype),
                         tiny_languages.piece_tokenizer(None))
