"""Rows read together say what each says alone, whatever they share, however long they are, with holes and in half precision."""

import pytest
import torch

from models.language import LanguageModel
from models.precision import InFloat32
from models.reading import Reading, Row, shared_start
from tests.models import tiny_languages

START = (5, 9, 12, 33, 7, 21, 40, 18, 6, 11)


def language_of(family: str, dtype: torch.dtype = torch.float32) -> LanguageModel:
    return LanguageModel(tiny_languages.random_model(family).to(dtype), tiny_languages.word_tokenizer())


@pytest.mark.parametrize("family", tiny_languages.CLASSES)
def test_rows_that_begin_alike_say_what_each_says_alone(family):
    language = language_of(family)
    rows = [Row((*START, 8, 9)), Row((*START, 30)), Row((*START, 8, 9, 10, 11), hidden=(11,)), Row((*START, 14, 15), hidden=(10,))]
    together = Reading(language, rows)
    alone = [Reading(language, [row]) for row in rows]

    assert shared_start(rows) == len(START)
    assert torch.allclose(together.logits, torch.cat([one.logits for one in alone]), atol=1e-4)
    for token in (13, 22):
        together.append(torch.full((len(rows),), token))
        for one in alone:
            one.append(torch.tensor([token]))
    assert torch.allclose(together.logits, torch.cat([one.logits for one in alone]), atol=1e-4)


@pytest.mark.parametrize(("rows", "expected"), [
    ([Row((1, 2, 3)), Row((1, 2, 4))], 2), ([Row((1, 2, 3)), Row((1, 2, 3))], 2), ([Row((1, 2)), Row((1, 2, 3))], 1),
    ([Row((1, 2, 3), hidden=(1,)), Row((1, 2, 4))], 1), ([Row((9, 2)), Row((1, 2))], 0), ([Row((1,)), Row((1, 2))], 0),
], ids=["differ last", "equal", "one longer", "hole", "differ first", "one token"])
def test_what_rows_share_leaves_each_a_token_of_its_own_and_holds_no_hole(rows, expected):
    assert shared_start(rows) == expected


def test_layers_are_those_of_the_last_token_whatever_is_shared():
    language = language_of("llama")
    rows = [Row((*START, 8, 9)), Row((*START, 30))]
    together, alone = Reading(language, rows, keeps_layers=True), Reading(language, rows[:1], keeps_layers=True)

    assert len(together.hidden_states) == len(alone.hidden_states)
    for both, one in zip(together.hidden_states, alone.hidden_states):
        assert torch.allclose(both[:1], one, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
@pytest.mark.parametrize("family", tiny_languages.CLASSES)
def test_a_half_precision_network_read_in_float32_says_what_its_float32_twin_says(family, dtype):
    half = language_of(family, dtype)
    twin = language_of(family, dtype)
    twin.model.float()  # the same weights: rounded once, then widened
    rows = [Row((*START, 8, 9)), Row((*START, 30))]
    with InFloat32():
        read = Reading(half, rows, uses_cache=False).logits

    assert torch.allclose(read, Reading(twin, rows, uses_cache=False).logits, atol=2e-4)
    assert not torch.allclose(Reading(half, rows, uses_cache=False).logits, read, atol=2e-4)
    assert half.model.dtype == dtype
