"""What may be asked together, what old links and runs held, and whether the presets show what their text says."""

from functools import cache

import pytest
import torch
from pydantic import ValidationError

from backends.coda.comparing import compare
from backends.coda.facts import corpus_of, facts_of, rare_prompts
from backends.coda.settings import AUSTRALIA, FIRST_MENDED, PRESETS, CodaSettings
from models import catalogue
from models.language import as_language_model
from models.loading import load


@pytest.mark.parametrize(("asked", "reason"), [
    ({"detector": "compare"}, "needs a second prompt"),
    ({"compare_with": "x", "prompts": ("a b",), "detector": "lift"}, "nothing to do"),
    ({"compare_with": "x"}, "exactly one"), ({"compare_with": "x", "prompts": ("a b", "c d")}, "exactly one"),
    ({"compare_with": "x", "task": "file", "file": "upload:a.csv"}, "masked_prompt"), ({"detector": "manual"}, "named"),
    ({"gate": "perhaps"}, "gate"), ({"weight": -1}, "weight"), ({"methods": ("scd",)}, "methods"),
], ids=str)
def test_what_does_not_go_together_is_said(asked, reason):
    with pytest.raises(ValidationError, match=reason):
        CodaSettings(**asked)


@pytest.mark.parametrize(("old", "new"), [(True, "on"), (False, "off")])
def test_a_gate_of_an_older_run_is_read(old, new):
    assert CodaSettings.model_validate({"gate": old}).gate == new


def test_the_real_preset_and_its_click_differ_in_the_named_word_only():
    assert PRESETS["A real model"][0] == AUSTRALIA
    assert AUSTRALIA.detector == "auto" and AUSTRALIA.weight is None and AUSTRALIA.gate == "auto"


@cache
def answered(**changes):
    """All facts of popularity 50, as the presets ask them, with each fact's distinct word."""
    torch.set_num_threads(1)
    rung = catalogue.find("coda-english")
    language, corpus = as_language_model(load(rung).tool), corpus_of(rung)
    prompts = rare_prompts(corpus, popularity=50, count=1000, seed=0)
    found = []
    for start in range(0, len(prompts), 16):
        settings = CodaSettings(prompts=prompts[start : start + 16], max_new_tokens=2, **changes)
        found += list(compare(settings, language, corpus))[-1]
    facts = facts_of(corpus)
    return {one.prompt: (one, facts[language.prompt(one.prompt).ids[1:]].x_positions) for one in found}


def by(asked, method):
    return next(written for written in asked.written if written.method == method)


def test_presets_say_how_often_it_is_so():
    facts = answered(methods=("greedy", "coda", "coda_paper"))
    told = answered(methods=("coda",), detector="oracle", escape_bias="paper", gate="off")
    popular = [prompt for prompt, (one, _) in facts.items() if by(one, "greedy").is_popular]
    right = [prompt for prompt, (one, _) in facts.items() if by(one, "greedy").is_right]
    silent = sum(facts[prompt][0].found.chosen is None for prompt in popular)
    mended = sum(bool(by(facts[prompt][0], "coda").is_right) for prompt in popular)
    broken = sum(not by(facts[prompt][0], "coda").is_right for prompt in right)
    unheard = sum(by(one, "coda_paper").own.text is None for one, _ in facts.values())
    mended_told = sum(bool(by(told[prompt][0], "coda").is_right) for prompt in popular)

    assert f"{silent} of the {len(popular)} facts" in PRESETS["See it fail"][1]
    assert f"{mended} of {len(popular)} popular answers so, and breaks {broken} of {len(right)} correct ones" in " ".join(
        PRESETS["One click on CoDA"][1].split())
    assert f"{unheard} of {len(facts)} facts" in PRESETS["The paper's formula"][1]
    assert f"{mended_told} of {len(popular)} are mended" in PRESETS["The paper's formula"][1]


def test_presets_show_the_first_fact_of_their_kind_that_is_drawn():
    facts = answered(methods=("greedy", "coda", "coda_paper"))
    corpus = corpus_of(catalogue.find("coda-english"))
    drawn = [facts[rare_prompts(corpus, popularity=50, count=1, seed=seed)[0]][0] for seed in range(FIRST_MENDED + 1)]
    is_mended = [bool(by(one, "greedy").is_popular and by(one, "coda").is_right) for one in drawn]

    assert by(drawn[0], "greedy").is_popular and drawn[0].found.chosen is None
    assert is_mended.index(True) == FIRST_MENDED
