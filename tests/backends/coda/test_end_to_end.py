"""Every decoder that can be asked for, through a whole run, against its paper's formula in plain loops (`paper_reference`)."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import torch

from backends.coda.run import run
from backends.coda.settings import CodaSettings, Method
from backends.run import Inputs, last
from models import catalogue
from models.catalogue import local_rung
from models.language import LanguageModel, as_language_model
from models.loading import load
from tests.backends.coda import paper_reference as reference
from tests.models import tiny_languages

LENGTH = 5
PROMPTS = ("The capital of the northern country is", "Who wrote the tin harbour", "the old town is an old")
TEMPERATURE = 0.7


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageModel]:
    folder: Path = tmp_path_factory.mktemp("languages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORRERY_MODELS_DIR", str(folder))
        tiny_languages.save_chat(folder / "pieces")
        yield as_language_model(load(local_rung("pieces", "language")).tool)


def written(**settings: object) -> list[dict[str, tuple[str, ...]]]:
    """Per prompt, the pieces that each decoder wrote."""
    result = last(run(CodaSettings(**{"max_new_tokens": LENGTH} | settings), Inputs()))
    return [{one.method: tuple(token.piece for token in one.tokens) for one in asked.written} for asked in result.asked]


def positions(language: LanguageModel, prompt: str) -> tuple[tuple[int, ...], list[tuple[int, ...]], list[tuple[int, ...]]]:
    read = language.prompt(prompt)
    return read.ids, [word.positions for word in read.words], [(i,) for i in range(len(read.ids)) if not read.is_fixed[i]]


def shown(language: LanguageModel, tokens: list[int]) -> tuple[str, ...]:
    return tuple(language.piece(token) for token in tokens)


def by_formula(language: LanguageModel, prompt: str, knobs: CodaSettings, *, word: tuple[int, ...] | None, mode: str
               ) -> dict[str, tuple[str, ...]]:
    """What every deterministic decoder writes: the page's knobs are `coda`'s, CAD takes its weight, what is printed takes nothing."""
    asked = reference.Reference(language.model, language.end_ids, mode, language.mask_id)
    ids, _, tokens = positions(language, prompt)
    first, x = asked.first_positive(ids, tokens), None if word is None else asked.without(ids, word)
    is_gated = knobs.gate == "on" or (knobs.gate == "auto" and language.is_word_level)
    weight = (0.5 if language.is_word_level else 1.0) if knobs.weight is None else knobs.weight
    layers = {"high": (1,), "low": (0,)}[knobs.layers]  # of these two-layer models, whose matrices are not shared
    found = {
        "greedy": asked.write(ids, None, None, LENGTH),
        "coda": asked.write(ids, x, reference.coda(knobs.alpha, knobs.escape_bias == "floor", is_gated), LENGTH),
        "coda_paper": asked.write(ids, None if first is None else asked.without(ids, first), reference.coda(), LENGTH),
        "cad": asked.write(ids, x, reference.cad(weight), LENGTH), "cd": asked.write(ids, x, reference.cd, LENGTH),
        "dola": asked.write_dola(ids, layers, LENGTH),
    }
    return {name: shown(language, tokens) for name, tokens in found.items()}


DETERMINISTIC = ("greedy", "coda", "coda_paper", "cad", "cd", "dola")
TURNED = [{}, {"alpha": 0.3}, {"escape_bias": "paper"}, {"gate": "on"}, {"weight": 3.0}, {"layers": "low"},
          {"alpha": 0.2, "escape_bias": "paper", "gate": "on", "weight": 0.25}]


@pytest.mark.parametrize("turned", TURNED, ids=str)
def test_a_whole_run_on_a_real_class_writes_what_the_formulas_write(pieces: LanguageModel, turned: dict) -> None:
    knobs = CodaSettings(model="pieces", prompts=PROMPTS, methods=DETERMINISTIC, named="the", max_new_tokens=LENGTH, **turned)
    prompts = [prompt for prompt in PROMPTS if "the" in prompt.split()]

    for prompt in prompts:
        (found,) = written(**knobs.model_dump() | {"prompts": (prompt,)})
        _, words, _ = positions(pieces, prompt)
        the = words[prompt.split().index("the")]
        assert found == by_formula(pieces, prompt, knobs, word=the, mode="delete")


@pytest.mark.parametrize("turned", TURNED, ids=str)
def test_a_whole_run_on_the_miniature_writes_what_the_formulas_write(turned: dict) -> None:
    rung = catalogue.find("coda-english")
    language = as_language_model(load(rung).tool)
    asked = reference.Reference(language.model, language.end_ids, "replace", language.mask_id)
    methods = tuple(name for name in DETERMINISTIC if name != "dola")
    knobs = CodaSettings(num_examples=3, seed=1, methods=methods, **turned)
    result = last(run(knobs.model_copy(update={"max_new_tokens": LENGTH}), Inputs()))

    for one in result.asked:
        ids, words, _ = positions(language, one.prompt)
        wanted = by_formula(language, one.prompt, knobs, word=asked.largest_lift(ids, words, 0.1), mode="replace")
        assert {each.method: tuple(token.piece for token in each.tokens) for each in one.written} == {
            name: wanted[name] for name in methods}


def test_what_is_drawn_is_drawn_from_the_scores_at_the_temperature(pieces: LanguageModel) -> None:
    prompt = PROMPTS[0]
    (found,) = written(model="pieces", prompts=(prompt,), methods=("sample", "cad_random"), temperature=TEMPERATURE, seed=7,
                       max_new_tokens=1, weight=1.0)
    result = last(run(CodaSettings(model="pieces", prompts=(prompt,), methods=("cad_random",), temperature=TEMPERATURE, seed=7,
                                   max_new_tokens=1), Inputs()))
    asked = reference.Reference(pieces.model, pieces.end_ids, "delete", pieces.mask_id)
    ids, words, _ = positions(pieces, prompt)
    full, drawn = asked.log_p(ids), result.asked[0].written[0].own.positions

    assert drawn in words
    assert found["sample"] == shown(pieces, [draw(full)])
    assert found["cad_random"] == shown(pieces, [draw(reference.cad(1.0)(full, asked.log_p(asked.without(ids, drawn))))])


def draw(scores: list[float]) -> int:
    weights = (torch.tensor(scores, dtype=torch.float64) / TEMPERATURE).softmax(-1).float()
    return int(torch.multinomial(weights, 1, generator=torch.Generator().manual_seed(7)))


def test_no_decoder_is_left_out() -> None:
    assert {*DETERMINISTIC, "sample", "cad_random"} == set(get_args(Method))
