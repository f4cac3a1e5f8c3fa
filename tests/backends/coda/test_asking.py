"""One prompt for several decoders: what each masks, read once; the words that a person names; the baseline; the paper's alarm."""

from functools import cache

import pytest

from backends.coda import detect as detecting
from backends.coda.alarm import alarm, tokens_of
from backends.coda.asking import search
from backends.coda.comparing import SECOND, compare
from backends.coda.detect import Detecting, detect
from backends.coda.evaluation import OWN, evaluate
from backends.coda.formats import Item
from backends.coda.masking import candidates, found_in
from backends.coda.resolving import resolved, variant_of
from backends.coda.settings import CodaSettings
from models.language import LanguageModel
from tests.models import tiny_languages
from worlds.errors import InputError

TEXT = "The capital of the northern country is"


@cache
def real() -> LanguageModel:
    return LanguageModel(tiny_languages.random_model("llama", layers=4, vocabulary=320, end=1), tiny_languages.piece_tokenizer(None))


def settings_of(**changes) -> CodaSettings:
    return CodaSettings(**{"prompts": (TEXT,), "max_new_tokens": 2, "methods": ("greedy", "coda", "cad", "cad_random", "coda_paper")}
                        | changes)


def asked(**changes):
    (one,) = list(compare(settings_of(**changes), real(), None))[-1]
    return one


def own(one, method):
    return next(written.own for written in one.written if written.method == method)


def test_nothing_is_masked_on_a_real_model_unless_a_word_is_named():
    one = asked()

    assert one.found.chosen is None and "No word was named" in one.found.reason
    assert own(one, "coda").text is own(one, "cad").text is None and own(one, "greedy") is None
    assert {written.text for written in one.written if written.method in ("greedy", "coda", "cad")} == {one.written[0].text}


def test_the_named_word_is_masked_and_the_papers_detector_goes_its_own_way():
    one = asked(named="capital")

    assert own(one, "coda").text == own(one, "cad").text == "capital"
    assert own(one, "coda_paper").text != "capital" or "first with a positive" in own(one, "coda_paper").reason
    assert one.found.masked_prompt == "The of the northern country is"


@pytest.mark.parametrize(("named", "place"), [("the#1", 0), ("the#2", 3), ("the", 3), ("The", 3)])
def test_a_word_that_stands_there_twice_is_named_by_its_number(named, place):
    prompt = real().prompt(TEXT)

    assert found_in(prompt, named).positions == prompt.words[place].positions


@pytest.mark.parametrize("named", ["the#3", "the#0"])
def test_a_number_that_is_not_there_is_refused_with_how_many_there_are(named):
    with pytest.raises(InputError, match=r"2 times\. Its number must be 1 to 2"):
        found_in(real().prompt(TEXT), named)


def test_a_second_prompt_stands_where_the_masked_one_would():
    one = asked(compare_with="The old town of the country is")

    assert own(one, "cad").text == one.found.chosen == SECOND
    assert own(one, "cad").masked_prompt == "The old town of the country is" and own(one, "cad").positions == ()


def test_the_baseline_draws_a_content_word_and_another_seed_another():
    drawn = {own(asked(seed=seed), "cad_random").text for seed in range(12)}

    assert drawn <= {"capital", "northern", "country"} and len(drawn) > 1
    assert own(asked(seed=5), "cad_random") == own(asked(seed=5), "cad_random")


def test_a_guess_takes_the_largest_lift_whatever_its_size():
    prompt = real().prompt(TEXT)
    tried = candidates(prompt).tried
    guess = detect(real(), prompt.ids, tried, Detecting("lift_argmax", tau=1e6))
    lifts = [entry.lift for entry in guess.scored]

    assert guess.chosen == tried[lifts.index(max(lifts))] and "a guess" in guess.reason
    assert detect(real(), prompt.ids, tried, Detecting("lift", tau=1e6)).chosen is None


def test_the_suggested_word_can_be_masked_by_itself():
    one = asked(detector="suggested")

    assert one.found.chosen == own(one, "cad").text == "northern" and "from the words alone" in one.found.reason
    assert one.found.suggested_positions == real().prompt(TEXT).words[4].positions
    assert asked(detector="suggested", prompts=("of the",), skips_stop_words=False).found.chosen is None


def test_all_findings_of_a_prompt_are_read_in_one_go(monkeypatch):
    reads = []
    next_tokens = detecting.next_tokens
    monkeypatch.setattr(detecting, "next_tokens", lambda language, rows: reads.append(len(rows)) or next_tokens(language, rows))
    settings = settings_of(named="capital")
    what = resolved(settings, "real")
    prompt = real().prompt(TEXT)
    search(real(), prompt, settings, what, [variant_of(settings, what, method) for method in settings.methods],
           given=found_in(prompt, "capital").positions)

    places = {frozenset(part.positions) for part in (*candidates(prompt).tried, *tokens_of(prompt).tried)}
    assert reads == [1 + len(places)]


def test_every_word_is_told_what_cad_would_write_first_without_it():
    one, by_hand = asked(named="capital"), [asked(named=f"{word.text}#1" if word.text == "the" else word.text)
                                            for word in real().prompt(TEXT).words if word.text not in ("The", "the")]

    for other in by_hand:
        entry = next(entry for entry in one.found.tried if entry.text == own(other, "cad").text)
        assert next(written for written in other.written if written.method == "cad").tokens[0].piece == entry.first


def test_an_alarm_that_is_silent_among_the_tokens_tried_of_a_longer_prompt_says_nothing_sure():
    prompt = real().prompt("old town " * 16)
    tokens = tokens_of(prompt)
    scored = detect(real(), prompt.ids, tokens.tried, Detecting("indicator_argmax")).scored
    silent = [entry for entry in scored if entry.indicator <= 0]

    assert len(tokens.tried) == 64 and tokens.skipped
    assert alarm(silent, tokens).is_raised is None and f"{len(tokens.skipped)} more were not tried" in alarm(silent, tokens).reason
    assert alarm(silent, tokens_of(real().prompt("old town"))).is_raised is False


def item(**more) -> Item:
    return Item(**{"number": 1, "prompt": TEXT, "masked_prompt": None, "right": ("old",), "wrong": (), "weight": None} | more)


@pytest.mark.parametrize(("more", "changes", "masked"), [
    ({}, {}, None), ({"rare": "capital"}, {}, "capital"), ({"rare": "capital"}, {"named": "country"}, "country"),
    ({"rare": "capital"}, {"detector": "none"}, None), ({"masked_prompt": "The of the country is"}, {"named": "country"}, OWN),
], ids=["nothing told", "the file tells", "the person names", "none asked for", "the file's own prompt"])
def test_a_row_of_a_file_is_masked_as_it_or_the_person_tells(more, changes, masked):
    (row,) = evaluate(real(), [item(**more)], settings_of(task="file", file="upload:a.csv", prompts=(), **changes))

    assert row.masked == masked and row.problem is None
    assert (row.answers["cad"] == row.answers["greedy"]) or masked is not None


def test_a_files_own_masked_prompt_serves_the_knobs_decoders_only():
    settings = settings_of(task="file", file="upload:a.csv", prompts=())
    (row,) = evaluate(real(), [item(masked_prompt="old tin")], settings)
    (plain,) = evaluate(real(), [item()], settings)

    assert row.answers["coda_paper"] == plain.answers["coda_paper"] and row.answers["cad_random"] == plain.answers["cad_random"]
    assert row.answers["cad"] != plain.answers["cad"]


def test_rows_of_a_second_prompt_are_checked_for_room():
    with pytest.raises(InputError, match="at most 128"):
        asked(compare_with="old town " * 80)


