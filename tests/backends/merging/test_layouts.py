"""Names on the disk and in memory of all nine families lead to the same tensors, and what matches nothing is refused."""

import json

import pytest
import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from backends.merging.layouts import layout_of, ours_in, paired
from backends.merging.mix import EMBEDDING, HEAD, LAST_NORM
from backends.merging.sources import open_folder
from tests.backends.merging.trio import FAMILIES, REASON, VLM
from worlds.errors import InputError

LAYER = "model.layers.0.self_attn.q_proj.weight"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_language_model_is_found_on_the_disk_and_in_memory_and_nothing_else_is(trios, family):
    folder = trios(family)
    disk = list(open_folder(folder / VLM).shapes)
    with torch.device("meta"):
        memory = list(AutoModelForImageTextToText.from_config(AutoConfig.from_pretrained(folder / VLM)).state_dict())
    reason = open_folder(folder / REASON).shapes

    layouts = [layout_of(names) for names in (disk, memory)]
    found = [ours_in(names, layout) for names, layout in zip((disk, memory), layouts)]

    assert tuple(layout.prefix for layout in layouts) == FAMILIES[family]
    assert set(found[0]) | {HEAD} == set(found[1]) == set(reason)  # towers and resamplers are no part of it
    assert (HEAD in found[0]) == (family != "internvl")  # which is tied: its head is not on the disk
    assert {EMBEDDING, HEAD, LAST_NORM, LAYER} <= set(reason)
    for names, layout, own in zip((disk, memory), layouts, found):
        assert all(layout.theirs(name) == there and there in names for name, there in own.items())
    assert paired(disk, reason).num_layers == 4


def test_tables_of_angles_that_old_files_hold_are_no_weights():
    names = [LAYER, "model.layers.0.self_attn.rotary_emb.inv_freq"]

    assert list(paired(names, [LAYER]).names) == [LAYER]


def test_nothing_matched_is_refused_with_names_of_both_sides_and_the_guess():
    vlm = [f"model.language_model.layers.{layer}.mlp.up_proj.weight" for layer in range(7)]
    reason = [f"gpt_neox.layers.{layer}.mlp.dense.weight" for layer in range(7)]

    with pytest.raises(InputError) as caught:
        paired(vlm, reason)

    text = str(caught.value)
    assert "No tensor of the reasoning model belongs to one of the VLM" in text
    assert "'model.language_model.'" in text and "'gpt_neox.'" in text
    assert all(repr(name) in text for name in (*vlm[:5], *reason[:5]))
    assert vlm[5] not in text and reason[5] not in text and "2 more" in text


def test_a_vlm_without_a_known_language_model_is_refused_too():
    with pytest.raises(InputError, match=r"No tensor of the reasoning model .* 'transformer\.'"):
        paired(["transformer.h.0.attn.weight"], [LAYER])


def test_other_numbers_of_layers_are_refused_with_both_and_a_name():
    names = [f"model.layers.{layer}.mlp.up_proj.weight" for layer in range(6)]

    with pytest.raises(InputError, match=r"has 6 layers, the reasoning model 4: 'model\.layers\.4\.mlp\.up_proj\.weight'"):
        paired(names, names[:4])


def test_tensors_without_a_partner_are_listed():
    weights = [LAYER, "model.layers.0.mlp.up_proj.weight"]
    biases = [LAYER.replace("weight", "bias"), "model.layers.0.self_attn.k_proj.bias"]

    with pytest.raises(InputError, match=r"The reasoning model lacks 'model\.layers\.0\.self_attn\.q_proj\.bias', .*k_proj\.bias'"):
        paired(weights + biases, weights)
    with pytest.raises(InputError, match=r"The base has 'model\.layers\.0\.self_attn\.q_proj\.bias', .* which the VLM lacks"):
        paired(weights, weights, weights + biases)


def test_embedding_and_head_need_a_partner_only_where_they_are_merged():
    vlm = [LAYER, EMBEDDING, HEAD]

    assert list(paired(vlm, [LAYER]).names) == [LAYER]
    with pytest.raises(InputError, match=r"lacks 'model\.embed_tokens\.weight', 'lm_head\.weight'"):
        paired(vlm, [LAYER], embeddings=True)


def test_a_tied_head_of_the_reasoning_model_is_its_embedding():
    pairs = paired([LAYER, EMBEDDING, HEAD], [LAYER, EMBEDDING], embeddings=True)

    assert pairs.names[HEAD].reason == EMBEDDING


def test_the_number_of_layers_stands_in_the_text_config_of_these_families(trios):
    config = json.loads((trios("llava") / VLM / "config.json").read_text())

    assert config["text_config"]["num_hidden_layers"] == 4 and "num_hidden_layers" not in config
