"""What each knob of CoDA changes, in each of its tasks: cases of `tests/backends/test_every_knob.py`."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backends.coda.choices import STOP_WORDS
from backends.coda.results import Asked, CodaResult, Masked, Written, WrittenToken
from backends.coda.run import run
from backends.coda.settings import CodaSettings
from backends.made import Made
from backends.run import Inputs, last
from tests.backends.knobs import Case
from tests.models import tiny_languages

DOOR = "the door of the library in Ildstow is"  # a rare fact of the English miniature
SURE = "on Monday at the station Halela studies"  # one whose greedy answer the masked prompt does not like more
FACTS_ASKED = (DOOR, SURE, "for the harvest the gardeners sell Miriel", "on Saturday the harbour in Fennstow serves",
               "for the winter harvest the ship from the valley brings Ludova", "on Friday at the school Arano studies",
               "on Wednesday the market in Heskton serves", "every summer the singers of the forest bring Noriel")
BEFORE = "coda-00000000"  # a run of one epoch that the session holds
HELD: dict[str, CodaResult] = {}
SENTENCES = ("The capital of the northern country is", "Who wrote the tin harbour", "the old town is an old",
             "Nobody knows the harbour", "an old northern capital")


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """Two tiny models, a Llama whose tokens are pieces of words, with a chat template: to the app real ones. And files."""
    tiny_languages.save_chat(folder / "pieces")
    tiny_languages.save(folder / "qwen", "qwen2")
    files = {"facts.csv": FACTS_ASKED, "sentences.csv": SENTENCES,
             "harbours.csv": ("Nobody knows the harbour", "the town of the harbour", "wrote the northern harbour"),
             "many.csv": [f"{sentence} {word}" for sentence in SENTENCES[:4] for word in ("old", "tin", "town")],
             "others.csv": ("a harbour town",)}
    for name, prompts in files.items():
        (folder / name).write_text("\n".join(("prompt", *prompts)))
    makes = Made(lambda: folder)
    before = last(run(CodaSettings(task="law", **TRAINED | {"epochs": 1}), Inputs(makes=makes)))
    HELD[BEFORE] = before
    return Inputs({name: folder / name for name in files}, dict(HELD), makes)


def said(result: CodaResult, method: str, place: int = 0) -> Written:
    return next(written for written in result.asked[place].written if written.method == method)


def one(result: CodaResult) -> Asked:
    (asked,) = result.asked
    return asked


def unchanged(before: CodaResult, after: CodaResult, *methods: str) -> None:
    for method in methods:
        assert said(before, method) == said(after, method), method


def first(result: CodaResult, method: str) -> WrittenToken:
    return said(result, method).tokens[0]


def by_prompt(result: CodaResult, method: str) -> dict[str, float]:
    """What the whole prompt says of the first token, but for rounding."""
    return {entry.piece: round(entry.full, 3) for entry in first(result, method).by_full}


def names_its_model(before: Any, after: Any, *, name: str) -> None:
    assert name in after.model_id and name not in before.model_id


# comparing decoders on prompts

def model(before: CodaResult, after: CodaResult) -> None:
    names_its_model(before, after, name="coda-p-law")
    assert one(before).prompt != one(after).prompt and one(after).num_popular == 50  # each is asked facts of its own world


def weights(before: CodaResult, after: CodaResult) -> None:
    assert after.model_id == f"{before.model_id} (int8)"
    was, now = ({entry.piece: entry.full for entry in first(result, "greedy").by_full} for result in (before, after))
    moved = [abs(was[piece] - now[piece]) for piece in was.keys() & now.keys()]
    assert 0 < max(moved) < 1.5 and one(before).pieces == one(after).pieces


def epoch(before: CodaResult, after: CodaResult) -> None:
    names_its_model(before, after, name="epoch-06")
    assert first(before, "greedy").by_full != first(after, "greedy").by_full and one(before).pieces == one(after).pieces


def draws_facts(before: CodaResult, after: CodaResult) -> None:
    first_four, other_four = ({asked.prompt for asked in result.asked} for result in (before, after))
    assert len(first_four) == len(other_four) == 4 and first_four != other_four
    assert {asked.num_popular for asked in (*before.asked, *after.asked)} == {50}


def draws_tokens(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy")
    assert said(before, "sample").text != said(after, "sample").text
    assert first(before, "sample").by_score == first(after, "sample").by_score  # drawn from the same distribution


def draws_words(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "coda")
    assert said(before, "cad_random").own.text != said(after, "cad_random").own.text


def prompts(before: CodaResult, after: CodaResult) -> None:
    assert [asked.prompt for asked in after.asked] == [SURE, DOOR] and after.asked[1] == one(before)


def more_facts(before: CodaResult, after: CodaResult) -> None:
    assert len(after.asked) == 3 and after.asked[0] == one(before)


def popularity(before: CodaResult, after: CodaResult) -> None:
    assert (one(before).num_popular, one(after).num_popular) == (50, 2)


def chat(before: CodaResult, after: CodaResult) -> None:
    said_first, laid_out = ("".join(one(result).pieces) for result in (before, after))
    assert said_first == SENTENCES[0] and laid_out.startswith("<|user|>") and laid_out.endswith("<|assistant|>")
    assert said_first.replace(" ", "") in laid_out.replace(" ", "")


def longer(before: CodaResult, after: CodaResult) -> None:
    for short, long in zip(one(before).written, one(after).written):
        assert len(short.tokens) == 2 and len(long.tokens) == 8 and long.tokens[:2] == short.tokens


def methods(before: CodaResult, after: CodaResult) -> None:
    assert [written.method for written in one(after).written] == ["greedy", "cd", "dola"]
    unchanged(before, after, "greedy")


def second_prompt(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    assert said(after, "cad").own.masked_prompt == "an old town is"
    assert said(before, "cad").own.masked_prompt != "an old town is"
    assert by_prompt(before, "cad") == by_prompt(after, "cad") and first(before, "cad").by_masked != first(after, "cad").by_masked


def alpha(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "cad")
    for result in (before, after):
        token = first(result, "coda")
        least = token.by_full[0].full + math.log(result.settings.alpha)
        assert all((entry.membership != "out") == (entry.full >= least - 1e-6) for entry in token.by_full)
    kinds = [[entry.membership for entry in first(result, "coda").by_full] for result in (before, after)]
    assert kinds[0].count("out") < kinds[1].count("out")


def escape_bias(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "cad")
    was, now = ({entry.piece: entry for entry in first(result, "coda").by_score} for result in (before, after))
    both = [piece for piece in was.keys() & now.keys() if was[piece].membership == "both"]
    escaped = [{round(entry.full - entry.score, 4) for entry in found.values() if entry.membership == "esc"} for found in (was, now)]
    (paper,), (floor,) = escaped  # b, one for all
    assert both and all(was[piece].score == now[piece].score for piece in both)
    assert floor < paper and floor <= first(after, "coda").by_masked[0].masked + math.log(0.01) + 1e-4


def gate(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "cad")
    for token in said(after, "coda").tokens:
        assert token.is_contrasted == (token.by_full[0].full < token.by_full[0].masked)
    assert first(before, "coda").is_contrasted and not first(after, "coda").is_contrasted
    assert first(after, "coda").by_score[0].piece == first(after, "greedy").piece


def found_by(rule: Callable[[list[Masked]], Masked | None], before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    wanted = rule(list(one(after).found.tried))
    assert one(before).found.tried == one(after).found.tried  # what was masked is the same, what is chosen is not
    assert one(after).found.chosen_positions == (wanted.positions if wanted else ())
    assert one(before).found.reason != one(after).found.reason


def of_text(text: str) -> Callable[[list[Masked]], Masked | None]:
    return lambda tried: next(entry for entry in tried if entry.text == text)


def content_word(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    assert one(after).found.chosen not in STOP_WORDS and "content words" in one(after).found.reason


DETECTORS: dict[str, Callable[[CodaResult, CodaResult], object]] = {
    "lift_argmax": partial(found_by, lambda tried: max(tried, key=lambda entry: entry.lift)),
    "indicator_argmax": partial(found_by, lambda tried: max(tried, key=lambda entry: entry.indicator)),
    "indicator_argmin": partial(found_by, lambda tried: min(tried, key=lambda entry: entry.indicator)),
    "indicator_first": partial(found_by, lambda tried: next((entry for entry in tried if entry.indicator > 0), None)),
    "oracle": partial(found_by, of_text("Ildstow")), "manual": partial(found_by, of_text("door")),
    "none": partial(found_by, lambda tried: None), "random": content_word,
}


def tau(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    most = max(entry.lift for entry in one(before).found.tried)
    assert 0.1 < most < 5 and one(before).found.tried == one(after).found.tried
    assert one(before).found.chosen and one(after).found.chosen is None
    assert said(after, "coda").text == said(after, "greedy").text and not first(after, "coda").is_contrasted


def named(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    assert (one(before).found.chosen, one(after).found.chosen) == ("door", "library")
    assert one(before).found.tried == one(after).found.tried
    assert said(after, "cad").own.text == "library" and first(before, "cad").by_masked != first(after, "cad").by_masked


def masked_so(masked_prompt: str, before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    assert one(before).found.masked_prompt == "the ▢ of the library in Ildstow is" and one(after).found.masked_prompt == masked_prompt
    was, now = (one(result).found.tried for result in (before, after))
    assert [entry.positions for entry in was] == [entry.positions for entry in now]
    assert all(a.lift != b.lift for a, b in zip(was, now))


def unit(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    words, tokens = ([entry.positions for entry in one(result).found.tried] for result in (before, after))
    assert max(map(len, words)) > 1 and tokens == [(place,) for place in range(len(one(after).pieces))]
    assert len(said(after, "cad").own.positions) == 1


def skips(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    was, now = ([entry.text for entry in one(result).found.tried] for result in (before, after))
    assert now == [text for text in was if text not in STOP_WORDS] != was
    assert ("the", "stop word") in one(after).found.skipped


def skips_tokens(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "cad_random")
    was, now = ([entry.text.strip() for entry in one(result).found.tried] for result in (before, after))
    assert "the" in was and now == [text for text in was if text.lower() not in STOP_WORDS]


def unit_of_the_knobs(before: CodaResult, after: CodaResult) -> None:
    """The baseline masks a word, whatever the knobs mask."""
    unchanged(before, after, "greedy", "cad_random")
    assert len(one(before).found.tried) < len(one(after).found.tried)


def redetects(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "dola")
    for method in ("coda", "cad"):
        was, now = (said(result, method).tokens for result in (before, after))
        alike = next(place for place, (a, b) in enumerate(zip(was, now)) if a.piece != b.piece)
        assert was[0].piece == now[0].piece and alike >= 1  # the first is looked for either way
        assert was[alike].by_full[0].piece == now[alike].by_full[0].piece  # X is the same there, X' is not
        assert was[alike].by_masked != now[alike].by_masked


def weight(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "coda", "dola")
    for result in (before, after):
        a = result.settings.weight
        for entry in first(result, "cad").by_score:
            assert entry.score == pytest.approx((1 + a) * entry.full - a * entry.masked, abs=1e-4)


def temperature(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy")
    for method in ("coda", "cad"):
        assert first(before, method).by_score == first(after, method).by_score
        assert said(before, method).own == said(after, method).own
    assert [said(before, name).text for name in ("coda", "cad")] != [said(after, name).text for name in ("coda", "cad")]


def layers(before: CodaResult, after: CodaResult) -> None:
    unchanged(before, after, "greedy", "coda", "cad")
    assert [{token.layer for token in said(result, "dola").tokens} for result in (before, after)] == [{1}, {0}]  # of two layers
    assert by_prompt(before, "dola") == by_prompt(after, "dola")


FACT = {"prompts": (DOOR,), "methods": ("greedy", "coda", "cad", "dola"), "detector": "lift"}
PIECES = {"model": "pieces", "prompts": (SENTENCES[0],), "methods": ("greedy", "coda", "cad", "dola"), "detector": "lift_argmax",
          "weight": 1.0, "max_new_tokens": 6}
COMPARE = (
    Case("model", "coda-p-law", model, task="compare"),
    Case("quantisation", "int8", weights, FACT, task="compare"),
    Case("epoch", 6, epoch, FACT, task="compare"),
    Case("seed", 1, draws_facts, {"num_examples": 4}, task="compare"),
    Case("seed", 1, draws_tokens, {"prompts": (DOOR,), "methods": ("greedy", "sample"), "temperature": 2.0}, task="compare"),
    Case("seed", 4, draws_words, {"prompts": (DOOR,), "methods": ("greedy", "coda", "cad_random")}, task="compare"),
    Case("prompts", (SURE, DOOR), prompts, FACT, task="compare"),
    Case("num_examples", 3, more_facts, task="compare"),
    Case("popularity", 2, popularity, task="compare"),
    Case("as_chat", True, chat, PIECES, task="compare"),
    Case("max_new_tokens", 8, longer, PIECES | {"max_new_tokens": 2}, task="compare"),
    Case("methods", ("greedy", "cd", "dola"), methods, FACT, task="compare"),
    Case("compare_with", "an old town is", second_prompt, PIECES | {"detector": "auto"}, task="compare"),
    Case("alpha", 0.3, alpha, FACT, task="compare"),
    Case("escape_bias", "floor", escape_bias, FACT | {"escape_bias": "paper"}, task="compare"),
    Case("gate", "on", gate, FACT | {"prompts": (SURE,), "detector": "manual", "named": "studies", "gate": "off"}, task="compare"),
    *(Case("detector", name, shows, FACT | {"named": "door"}, task="compare") for name, shows in DETECTORS.items()),
    Case("tau", 5.0, tau, FACT, task="compare"),
    Case("named", "library", named, FACT | {"detector": "manual", "named": "door"}, task="compare"),
    *(Case("mask_mode", mode, partial(masked_so, shown), FACT | {"named": "door", "detector": "manual"}, task="compare")
      for mode, shown in (("delete", "the of the library in Ildstow is"), ("attend", "the ▢ of the library in Ildstow is"))),
    Case("unit", "token", unit, PIECES, task="compare"),
    Case("skips_stop_words", True, skips, FACT, task="compare"),
    Case("unit", "token", unit_of_the_knobs, PIECES | {"methods": ("greedy", "cad_random")}, task="compare"),
    Case("skips_stop_words", True, skips_tokens, PIECES | {"methods": ("greedy", "cad_random"), "unit": "token"}, task="compare"),
    Case("redetects", True, redetects, PIECES, task="compare"),
    Case("weight", 3.0, weight, FACT | {"weight": 0.25}, task="compare"),
    Case("temperature", 2.0, temperature, PIECES, task="compare"),
    Case("layers", "low", layers, PIECES, task="compare"),
)


# the law of a corpus

def another_law(before: CodaResult, after: CodaResult) -> None:
    names_its_model(before, after, name="coda-l-law")
    assert (before.law.factor, after.law.factor) == ("P", "L")


def draws_intervals(before: CodaResult, after: CodaResult) -> None:
    for was, now in zip(before.law.epochs, after.law.epochs, strict=True):
        assert (was.loss, was.law.slope, was.law.intercept) == (now.loss, now.law.slope, now.law.intercept)
    assert before.law.epochs[-1].law.slope_interval != after.law.epochs[-1].law.slope_interval


def trains(before: CodaResult, after: CodaResult) -> None:
    assert not before.law.was_trained and after.law.was_trained
    assert [entry.epoch for entry in after.law.epochs] == [1, 2] != [entry.epoch for entry in before.law.epochs]


def shapes(result: CodaResult) -> tuple[Any, ...]:
    """Everything that is counted of a training before it begins."""
    values = tuple((group.value, group.num_sets) for group in result.law.epochs[-1].law.groups)
    return result.law.factor, values, result.law.num_sentences, result.law.num_parameters, len(result.law.epochs)


def losses(result: CodaResult) -> list[float]:
    return [entry.loss for entry in result.law.epochs]


def another_training(before: CodaResult, after: CodaResult) -> None:
    assert shapes(before) == shapes(after) and not set(losses(before)) & set(losses(after))


def lower_rate(before: CodaResult, after: CodaResult) -> None:
    another_training(before, after)
    assert losses(after)[-1] > losses(before)[-1]


def by_length(before: CodaResult, after: CodaResult) -> None:
    assert (before.law.factor, after.law.factor) == ("P", "L")
    assert before.law.num_sentences == SETS * sum(p + 1 for p in (2, 5, 10, 25, 50, 100))
    assert after.law.num_sentences == SETS * 6 * (5 + 1)


def by_size(before: CodaResult, after: CodaResult) -> None:
    sizes = [group.value for group in after.law.epochs[-1].law.groups]
    assert after.law.factor == "S" and len(sizes) == 4 and sizes == sorted(sizes) and sizes[-1] == after.law.num_parameters


def other(before: CodaResult, after: CodaResult) -> None:
    assert [result.law.num_sentences for result in (before, after)] == [SETS * 6 * (5 + 1), SETS * 6 * (8 + 1)]
    assert [group.value for group in before.law.epochs[-1].law.groups] == [group.value for group in after.law.epochs[-1].law.groups]


def sets(before: CodaResult, after: CodaResult) -> None:
    assert {group.num_sets for group in after.law.epochs[-1].law.groups} == {7}
    assert before.law.num_sentences * 7 == after.law.num_sentences * SETS


def width(before: CodaResult, after: CodaResult) -> None:
    assert after.law.num_parameters > 1.4 * before.law.num_parameters and after.law.num_sentences == before.law.num_sentences


def went_on(before: CodaResult, after: CodaResult) -> None:
    """The same comes out, and the first epoch is the earlier run's own, down to the seconds that it took."""
    assert losses(after) == losses(before) and len(losses(after)) == 2
    assert after.law.epochs[0] == HELD[BEFORE].law.epochs[0]


def epochs(before: CodaResult, after: CodaResult) -> None:
    assert len(after.law.epochs) == 3 and losses(after)[:2] == losses(before)


def seeds(before: CodaResult, after: CodaResult) -> None:
    assert {group.num_sets for group in after.law.epochs[-1].law.groups} == {2 * SETS}
    assert losses(before) != losses(after) and after.law.num_sentences == before.law.num_sentences


SETS = 5
SHIPPED = {"model": "coda-p-law"}
TRAINED = {"trains": True, "num_sets": SETS, "epochs": 2, "hidden": 16}
LAW = (
    Case("model", "coda-l-law", another_law, SHIPPED, task="law"),
    Case("seed", 1, draws_intervals, SHIPPED, task="law"),
    Case("trains", True, trains, TRAINED | SHIPPED | {"trains": False}, task="law"),
    Case("seed", 1, another_training, TRAINED, task="law"),
    Case("factor", "L", by_length, TRAINED, task="law"),
    Case("factor", "S", by_size, TRAINED | {"epochs": 1}, task="law"),
    Case("other", 8, other, TRAINED | {"factor": "L"}, task="law"),
    Case("num_sets", 7, sets, TRAINED, task="law"),
    Case("position", "start", another_training, TRAINED, task="law"),
    Case("hidden", 24, width, TRAINED, task="law"),
    Case("weight_decay", 0.0, another_training, TRAINED, task="law"),
    Case("learning_rate", 1e-4, lower_rate, TRAINED, task="law"),
    Case("epochs", 3, epochs, TRAINED, task="law"),
    Case("continues", BEFORE, went_on, TRAINED, task="law", on_page="elsewhere"),
    Case("num_seeds", 2, seeds, TRAINED, task="law"),
)


# what is recovered on a corpus

def rates(result: CodaResult) -> dict[str, Any]:
    return {row.decoder: row for row in result.recovery.rows}


def own_row_alone(before: CodaResult, after: CodaResult) -> None:
    assert {name for name, row in rates(after).items() if row != rates(before)[name]} == {"your settings"}
    assert (before.recovery.sweep, before.recovery.alarm) == (after.recovery.sweep, after.recovery.alarm)


def own_row_and_no_finder(before: CodaResult, after: CodaResult) -> None:
    own_row_alone(before, after)
    assert before.recovery.finders == after.recovery.finders


def own_tau(before: CodaResult, after: CodaResult) -> None:
    own_row_alone(before, after)
    assert [one.rule for one, other in zip(before.recovery.finders, after.recovery.finders) if one != other] == ["lift"]
    assert after.recovery.finders[0].fires_hallucinated.mean < before.recovery.finders[0].fires_hallucinated.mean


def every_masked_row(before: CodaResult, after: CodaResult) -> None:
    same = {name for name, row in rates(after).items() if row == rates(before)[name]}
    assert "Greedy" in same and "CoDA's formula, word told" not in same and "your settings" not in same


def another_model(name: str, before: CodaResult, after: CodaResult) -> None:
    names_its_model(before, after, name=name)
    assert rates(before)["Greedy"].exact_match != rates(after)["Greedy"].exact_match and after.recovery.factor == "P"


def another_precision(before: CodaResult, after: CodaResult) -> None:
    assert after.model_id == f"{before.model_id} (int8)" and rates(before).keys() == rates(after).keys()
    assert before.recovery.sweep != after.recovery.sweep


RECOVERY = (
    Case("model", "coda-p-law", partial(another_model, "coda-p-law"), task="recovery"),
    Case("epoch", 6, partial(another_model, "epoch-06"), task="recovery"),
    Case("quantisation", "int8", another_precision, task="recovery"),
    Case("alpha", 0.3, own_row_and_no_finder, task="recovery"),
    Case("escape_bias", "paper", own_row_and_no_finder, task="recovery"),
    Case("gate", "off", own_row_and_no_finder, {"detector": "oracle"}, task="recovery"),
    Case("detector", "oracle", own_row_and_no_finder, task="recovery"),
    Case("tau", 2.0, own_tau, task="recovery"),
    Case("mask_mode", "delete", every_masked_row, task="recovery"),
)


# a file of prompts

def changes(*names: str) -> Callable[[CodaResult, CodaResult], None]:
    """The answers of these decoders, in some row, and of no others in any."""
    def shows(before: CodaResult, after: CodaResult) -> None:
        pairs = [(was, now) for was, now in zip(before.file.rows, after.file.rows, strict=True) if was.answers and now.answers]
        assert {name for was, now in pairs for name in was.answers if was.answers[name] != now.answers[name]} == set(names)
        is_same = [was.is_alarm for was, _ in pairs] == [now.is_alarm for _, now in pairs]
        assert is_same or before.settings.mask_mode != after.settings.mask_mode  # the alarm is the paper's, but for how it masks

    return shows


def masks(*names: str, now: Callable[[str | None, str | None], bool]) -> Callable[[CodaResult, CodaResult], None]:
    """As `changes`, where the masked words are `now` others in some row."""
    def shows(before: CodaResult, after: CodaResult) -> None:
        changes(*names)(before, after)
        assert any(now(was.masked, found.masked) for was, found in zip(before.file.rows, after.file.rows))

    return shows


def another_file(before: CodaResult, after: CodaResult) -> None:
    assert (after.file.name, after.file.num_in_file, after.file.rows[0].prompt) == ("others.csv", 1, "a harbour town")
    assert before.file.name == "sentences.csv"


def fewer_rows(before: CodaResult, after: CodaResult) -> None:
    assert after.file.rows == before.file.rows[:10] and after.file.num_in_file == before.file.num_in_file == 12
    assert any("first 10 of 12" in note for note in after.notes) and not before.notes


def other_methods(before: CodaResult, after: CodaResult) -> None:
    for was, now in zip(before.file.rows, after.file.rows, strict=True):
        assert list(now.answers) == ["greedy", "cd"] and now.answers["greedy"] == was.answers["greedy"]


def longer_answers(before: CodaResult, after: CodaResult) -> None:
    for was, now in zip(before.file.rows, after.file.rows, strict=True):
        assert all(now.answers[name].startswith(text) for name, text in was.answers.items())
    assert all(len(now.answers["greedy"]) > len(was.answers["greedy"]) for was, now in zip(before.file.rows, after.file.rows))


def every_answer(before: CodaResult, after: CodaResult) -> None:
    assert before.file.num_in_file == after.file.num_in_file
    assert any(was.answers["greedy"] != now.answers["greedy"] for was, now in zip(before.file.rows, after.file.rows, strict=True))


def of_the_model(name: str, before: CodaResult, after: CodaResult) -> None:
    names_its_model(before, after, name=name)
    every_answer(before, after)


FILED = {"file": "upload:sentences.csv", "model": "pieces", "methods": ("greedy", "coda", "cad", "dola"), "detector": "lift_argmax",
         "weight": 1.0, "max_new_tokens": 4}
FACTS = {"file": "upload:facts.csv", "methods": ("greedy", "coda", "cad", "dola"), "detector": "lift"}
FILE = (
    Case("file", "upload:others.csv", another_file, FILED, task="file", on_page="elsewhere"),
    Case("num_rows", 10, fewer_rows, FILED | {"file": "upload:many.csv", "methods": ("greedy",), "max_new_tokens": 1}, task="file"),
    Case("methods", ("greedy", "cd"), other_methods, FILED, task="file"),
    Case("max_new_tokens", 8, longer_answers, FILED, task="file"),
    Case("as_chat", True, every_answer, FILED, task="file"),
    Case("model", "qwen", partial(of_the_model, "qwen"), FILED, task="file"),
    Case("epoch", 6, partial(of_the_model, "epoch-06"), FACTS, task="file"),
    Case("quantisation", "int8", partial(of_the_model, "(int8)"), FILED, task="file"),
    Case("seed", 1, changes("sample"), FILED | {"methods": ("greedy", "sample"), "temperature": 1.0}, task="file"),
    Case("seed", 1, changes("cad_random"), FILED | {"methods": ("greedy", "cad", "cad_random")}, task="file"),
    Case("alpha", 1.0, changes("coda"), FILED, task="file"),
    Case("escape_bias", "paper", changes("coda"), FACTS | {"gate": "off"}, task="file"),
    Case("gate", "on", changes("coda"), FILED | {"detector": "indicator_argmin"}, task="file"),
    Case("weight", 3.0, changes("cad"), FILED | {"weight": 0.25}, task="file"),
    Case("temperature", 1.0, changes("coda", "cad", "dola"), FILED, task="file"),
    Case("layers", "low", changes("dola"), FILED, task="file"),
    Case("detector", "indicator_argmin", masks("coda", "cad", now=lambda was, found: was != found), FILED, task="file"),
    Case("tau", 5.0, masks("coda", "cad", now=lambda was, found: bool(was) and found is None), FILED | {"detector": "lift"},
         task="file"),
    Case("named", "the", masks("coda", "cad", now=lambda was, found: (was, found) == ("harbour", "the")),
         FILED | {"file": "upload:harbours.csv", "detector": "manual", "named": "harbour"}, task="file"),
    Case("mask_mode", "attend", changes("coda", "cad"), FILED, task="file"),
    Case("unit", "token", masks("coda", "cad", now=lambda was, found: was != found), FILED, task="file"),
    Case("skips_stop_words", True, masks("coda", "cad", now=lambda was, found: was in STOP_WORDS and found not in STOP_WORDS), FILED,
         task="file"),
    Case("redetects", True, changes("coda", "cad"), FILED, task="file"),
)

CASES = (*COMPARE, *LAW, *RECOVERY, *FILE)
