"""A file of prompts through tiny models: the same answers as one by one, rows that fail alone, and rates by hand."""

import pytest
import torch

from backends.coda import evaluation
from backends.coda.contrast import Contrast
from backends.coda.decode import Decoding, Pair, decode, tokens_of
from backends.coda.evaluation import OWN, evaluate, log_likelihoods
from backends.coda.formats import Item
from backends.coda.results import FileRow
from backends.coda.settings import CodaSettings
from backends.coda.wiring import resolved
from models.language import LanguageModel
from models.reading import Row
from tests.models import tiny_languages
from tests.models.tiny_languages import WORDS
from worlds.errors import InputError

NEW = 3


@pytest.fixture(scope="module")
def words():
    return LanguageModel(tiny_languages.random_model("llama"), tiny_languages.word_tokenizer())


@pytest.fixture(scope="module")
def chat():
    return LanguageModel(tiny_languages.random_model("llama", vocabulary=320, end=1), tiny_languages.piece_tokenizer())


def item(number=1, prompt="zor bal kim", masked=None, right=(), wrong=(), weight=None, **more):
    return Item(number, prompt, masked, right, wrong, weight, **more)


def sentence(seed, length):
    return " ".join(WORDS[i] for i in torch.randint(0, len(WORDS), (length,), generator=torch.Generator().manual_seed(seed)))


def asked(**changes):
    return CodaSettings(**{"max_new_tokens": NEW, "methods": ("greedy", "coda", "cad")} | changes)


def alone(language, prompt, masked, method, contrast=None):
    """Return the answer of one prompt in a batch of its own."""
    pair = Pair(Row(language.prompt_ids(prompt)), masked and Row(language.prompt_ids(masked)))
    how = Decoding(method, contrast or Contrast(escape_bias="floor", gate=True), NEW)
    return language.text(tokens_of(decode(language, [pair], how), 1)[0])


def row(right=None, wrong=None, *, method="greedy", prefers=None, is_alarm=False, held=None):
    told = {"is_right": {method: right}, "contains": {method: held}, "is_wrong": {method: wrong}}
    return FileRow(number=1, prompt="zor", right=(), wrong=(), answers={method: "x"}, prefers_right=prefers, is_alarm=is_alarm,
                   masked=None, **told)


def test_a_file_gives_the_answers_of_each_prompt_alone_in_its_order(words):
    items = [item(number, sentence(number, 2 + number % 7), sentence(number + 50, 3)) for number in range(1, 20)]

    rows = list(evaluate(words, items, asked(gate=False)))

    assert [found.number for found in rows] == list(range(1, 20))
    for one, found in zip(items, rows):
        for method in ("greedy", "coda", "cad"):
            assert found.answers[method] == alone(words, one.prompt, one.masked_prompt, method, Contrast(escape_bias="floor"))
        assert found.masked == OWN
    assert any(len(set(found.answers.values())) == 3 for found in rows)  # or it shows nothing


def test_the_files_own_pair_and_weight_are_contrasted(words):
    weights = {1: 0.0, 2: 3.0, 3: None}
    items = [item(number, sentence(number, 6), sentence(number, 5), weight=weight) for number, weight in weights.items()]
    settings = asked(methods=("greedy", "cad"), gate=False, weight=1.0)

    rows = list(evaluate(words, items, settings))

    assert rows[0].answers["cad"] == rows[0].answers["greedy"]  # a = 0
    for one, found, weight in zip(items, rows, (0.0, 3.0, 1.0)):
        assert found.answers["cad"] == alone(words, one.prompt, one.masked_prompt, "cad", Contrast(weight=weight))


def test_the_detectors_word_is_told_and_decides_the_contrast(words):
    found, = evaluate(words, [item(prompt="zor bal kim tav")], asked(detector="manual", named="kim", methods=("coda",)))

    assert found.masked == "kim"
    assert found.answers["coda"] == alone(words, "zor bal kim tav", "zor bal <mask> tav", "coda")


def test_the_oracle_takes_the_rare_words_of_the_file(words):
    found, = evaluate(words, [item(prompt="zor bal kim tav", rare="bal")], asked(detector="oracle"))

    assert found.masked == "bal"


def test_nothing_is_masked_where_no_word_lifts(words):
    found, = evaluate(words, [item()], asked(tau=5.0))

    assert found.masked is None
    assert len(set(found.answers.values())) == 1  # coda and cad fall back on greedy


def test_detecting_before_every_token_is_the_same_for_the_first_one(words):
    once, again = (list(evaluate(words, [item(number, sentence(number, 5)) for number in range(4)],
                                 asked(max_new_tokens=1, redetects=redetects, tau=0.0))) for redetects in (False, True))

    assert [found.answers for found in once] == [found.answers for found in again]


def test_detecting_before_every_token_can_write_something_else(words):
    items = [item(number, sentence(number, 5)) for number in range(16)]
    changes = {"methods": ("greedy", "coda"), "tau": 0.0, "gate": False, "max_new_tokens": 6}

    once, again = (list(evaluate(words, items, asked(redetects=redetects, **changes))) for redetects in (False, True))

    assert [found.answers["greedy"] for found in once] == [found.answers["greedy"] for found in again]
    assert [found.answers["coda"] for found in once] != [found.answers["coda"] for found in again]


@pytest.mark.parametrize("bad, reason", [
    (item(2, "zor flurb"), "'flurb'"), (item(2, "zor " * 127), "at most 128"), (item(2, masked="zor flurb"), "'flurb'"),
    (item(2, masked="zor " * 126), "at most 128"),
], ids=["unknown word", "too long", "unknown masked word", "too long a masked prompt"])
def test_a_row_that_cannot_be_answered_says_why_and_stops_no_other(words, bad, reason):
    rows = list(evaluate(words, [item(1), bad, item(3)], asked()))

    assert [found.number for found in rows] == [1, 2, 3]
    assert reason in rows[1].problem
    assert (rows[1].answers, rows[1].is_alarm) == ({}, None)
    assert rows[0].problem is rows[2].problem is None
    assert rows[0].answers == rows[2].answers != {}


def test_a_prompt_that_just_fits_is_answered(words):
    room = 127 - NEW  # of 128 tokens one is bos

    fits, over = evaluate(words, [item(1, "zor " * room), item(2, "zor " * (room + 1))], asked(methods=("greedy",)))

    assert fits.problem is None
    assert "at most 128" in over.problem


@pytest.mark.parametrize("settings, reason", [
    (asked(as_chat=True), "no chat template"), (asked(detector="oracle"), "tells the overshadowed words"),
], ids=["chat", "oracle"])
def test_what_would_fail_in_every_row_is_said_once(words, settings, reason):
    with pytest.raises(InputError, match=reason):
        next(evaluate(words, [item()], settings))


def test_right_wrong_and_contained_answers_are_told_by_method(words):
    greedy = alone(words, "zor bal kim", None, "greedy")
    first, *_, last = greedy.split()
    items = [item(1, right=(greedy,)), item(2, right=("nothing",), wrong=(greedy.upper() + "!",)), item(3),
             item(4, right=(first,), is_continued=True), item(5, right=(last,))]

    rows = list(evaluate(words, items, asked(methods=("greedy",))))

    assert [found.is_right["greedy"] for found in rows] == [True, False, None, True, False]
    assert [found.is_wrong["greedy"] for found in rows] == [None, True, None, None, None]
    assert [found.contains["greedy"] for found in rows] == [True, False, None, True, True]


def test_a_right_answer_that_begins_like_a_wrong_one_is_no_hallucination(words):
    greedy = alone(words, "zor bal kim", None, "greedy")

    found, = evaluate(words, [item(right=(greedy,), wrong=(greedy.split()[0],), is_continued=True)], asked(methods=("greedy",)))

    assert (found.is_right["greedy"], found.is_wrong["greedy"]) == (True, False)


def test_the_right_class_is_preferred_where_its_likelihood_is_larger(words):
    prompts = [sentence(seed, 4) for seed in range(12)]
    items = [item(number, prompt, right=("tav rula",), wrong=("fen bala",)) for number, prompt in enumerate(prompts)]

    rows = list(evaluate(words, items, asked(methods=("greedy",))))

    @torch.inference_mode()
    def likelihood(prompt, answer):
        ids = words.prompt_ids(f"{prompt} {answer}")
        said = words.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        return sum(float(said[place - 1, ids[place]]) for place in range(len(words.prompt_ids(prompt)), len(ids)))

    assert [found.prefers_right for found in rows] == [likelihood(p, "tav rula") > likelihood(p, "fen bala") for p in prompts]
    assert len({found.prefers_right for found in rows}) == 2  # both ways occur


def test_likelihoods_are_the_same_alone_together_and_in_parts(words, monkeypatch):
    rows = [evaluation._Continued(words.prompt_ids(sentence(seed, 4 + seed)), 2 + seed) for seed in range(4)]

    together = log_likelihoods(words, rows)
    monkeypatch.setattr(evaluation, "LOGIT_BYTES", 1)

    assert log_likelihoods(words, rows) == pytest.approx(together, abs=1e-4)
    assert together == pytest.approx([log_likelihoods(words, [one])[0] for one in rows], abs=1e-4)


def test_classes_that_the_model_does_not_know_are_a_problem_of_the_comparison_only(words):
    found, = evaluate(words, [item(right=("kim",), wrong=("flurb",))], asked())

    assert found.prefers_right is None
    assert found.problem.startswith("Its right and wrong answers were not compared. The word 'flurb'")
    assert found.answers


def test_pieces_that_join_across_the_border_are_compared_and_equal_classes_are_not(chat):
    both = item(prompt="The capital of the northern country is an old", right=("town.",), wrong=("harbour",))
    same = item(prompt="Nobody knows", right=("it",), wrong=("it",))

    first, second = evaluate(chat, [both, same], asked(methods=("greedy",), skips_stop_words=True))

    assert isinstance(first.prefers_right, bool)
    assert second.prefers_right is False  # neither is likelier


def test_a_chat_is_laid_out_for_answers_and_classes(chat):
    found, = evaluate(chat, [item(prompt="Who wrote the harbour?", right=("Nobody",), wrong=("user",))], asked(as_chat=True))

    assert found.problem is None
    assert isinstance(found.prefers_right, bool)


def test_batches_hold_at_most_sixteen_and_fewer_long_prompts(words, monkeypatch):
    what = resolved(asked(), "miniature")
    entries = [evaluation._prepared(words, item(number), asked(), what) for number in range(33)]  # 4 tokens each and 3 written
    assert [len(batch) for batch in evaluation._batches(entries, NEW)] == [16, 16, 1]

    monkeypatch.setattr(evaluation, "BATCH_TOKENS", 14)
    assert [len(batch) for batch in evaluation._batches(entries[:5], NEW)] == [2, 2, 1]

    monkeypatch.setattr(evaluation, "BATCH_TOKENS", 1)
    assert [len(batch) for batch in evaluation._batches(entries[:2], NEW)] == [1, 1]


def test_equal_settings_draw_equal_answers(words):
    settings = asked(methods=("sample", "coda"), temperature=1.5, gate=False, tau=0.0)
    items = [item(number, sentence(number, 5)) for number in range(20)]

    first, second = (list(evaluate(words, items, settings)) for _ in range(2))

    assert first == second
    assert [found.answers["sample"] for found in first] != [
        found.answers["sample"] for found in evaluate(words, items, settings.model_copy(update={"seed": 1}))]


def test_every_method_answers_a_row(words):
    methods = ("greedy", "sample", "coda", "cad", "cd", "dola")

    found, = evaluate(words, [item()], asked(methods=methods, temperature=0.6))

    assert tuple(found.answers) == methods


def test_inference_mode_does_not_leak_between_rows(words):
    rows = evaluate(words, [item(right=("kim",), wrong=("tav",))], asked())

    next(rows)

    assert not torch.is_inference_mode_enabled()
