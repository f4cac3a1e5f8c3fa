"""The contrast inside model.generate equals the loop of two rows."""

import pytest
import torch
from transformers import LogitsProcessorList

from backends.coda.contrast import Contrast
from backends.coda.decode import Decoding, Pair, decode, tokens_of
from backends.coda.masking import masked
from backends.coda.processor import ContrastProcessor
from models.reading import Row

NEW = 8
FLOOR = Contrast(escape_bias="floor")


def prompt(seed, length=9):
    return tuple(torch.randint(4, 60, (length,), generator=torch.Generator().manual_seed(seed)).tolist())


def generated(language, prompts, processor, **options):
    tokens = language.model.generate(torch.tensor(prompts), max_new_tokens=NEW, do_sample=False,
                                     logits_processor=LogitsProcessorList([processor]), **options)
    rows = tokens[:, len(prompts[0]):].tolist()
    return tuple(_ended(row, language.end_ids) for row in rows)


def _ended(row, end_ids):
    last = next((i for i, token in enumerate(row) if token in end_ids), len(row))
    return tuple(row[: last + 1])


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gpt_neox", "phi", "gptj"])
@pytest.mark.parametrize("mode", ["delete", "replace", "attend"])
@pytest.mark.parametrize(("method", "params"), [("coda", FLOOR), ("cad", Contrast()), ("coda", Contrast(gate=True))],
                         ids=["coda", "cad", "gated"])
def test_generate_equals_two_cached_rows(language, family, mode, method, params):
    model, ids = language(family), prompt(1)
    row = masked(model, ids, (3,), mode)
    steps = decode(model, [Pair(Row(ids), row)], Decoding(method, params, max_new_tokens=NEW))

    assert generated(model, [ids], ContrastProcessor(model, [row], method=method, params=params)) == tokens_of(steps, 1)


def test_a_batch_with_masked_prompts_of_different_length_equals_each_alone(language):
    model, prompts = language("llama"), [prompt(1), prompt(2), prompt(3)]
    rows = [masked(model, ids, positions, "delete") for ids, positions in zip(prompts, ((3,), (2, 4, 5), (1, 2)))]

    together = generated(model, prompts, ContrastProcessor(model, rows, params=FLOOR))

    assert together == tuple(generated(model, [ids], ContrastProcessor(model, [row], params=FLOOR))[0]
                             for ids, row in zip(prompts, rows))


def test_a_processor_serves_one_call_only(language):
    model, ids = language("llama"), prompt(1)
    processor = ContrastProcessor(model, [Row(ids[1:])])
    generated(model, [ids], processor)

    with pytest.raises(ValueError, match="make a new one"):
        generated(model, [ids], processor)


def test_beams_are_refused(language):
    model, ids = language("llama"), prompt(1)

    with pytest.raises(ValueError, match="no beams"):
        generated(model, [ids], ContrastProcessor(model, [Row(ids[1:])]), num_beams=2)
