"""What cannot be merged is refused in a sentence before anything is written; what can is told with memory, disk and words."""

import json
import shutil

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModelForImageTextToText, AutoTokenizer

from backends.merging.checking import check, free_on, meanings_of
from backends.merging.mix import Mix
from backends.merging.reloading import compare
from backends.merging.streaming import stream
from models.shards import INDEX
from tests.backends.merging.trio import (
    BASE,
    REASON,
    VLM,
    checked,
    edit_config,
    finished,
    language_model,
    save,
    weights_in,
)
from worlds.errors import InputError

TIES = Mix("ties", density=0.5)


@pytest.fixture
def trio(trios, tmp_path):
    """The three folders of LLaVA, to be spoilt."""
    return shutil.copytree(trios("llava"), tmp_path / "trio")


def refusal(trio, mix=TIES, **options):
    """What is said, and that nothing was written."""
    target = trio.parent / "out"
    with pytest.raises(InputError) as caught:
        check(trio / VLM, trio / REASON, trio / BASE, mix=mix, target=target, **options)
    assert list(trio.parent.iterdir()) == [trio]
    return str(caught.value)


def again(trio, name=REASON, **sizes):
    """Another model in the place of one of the three."""
    shutil.rmtree(trio / name)
    save(language_model("llama", 5, **sizes), trio / name, words_of=trio / VLM)


def test_three_folders_that_fit_are_checked_with_what_they_take(trio):
    found = checked(trio, TIES, trio.parent / "out")

    assert len(found.merged_names) == 37 and not found.locked and found.notes == ()
    assert found.meanings.same == 34 and found.meanings.other == 0
    assert found.needs.output == sum(file.stat().st_size for file in (trio / VLM).iterdir())
    assert found.needs.sentence.startswith("peak 48 MB of memory, output 1.2 MB, free ") and free_on(trio / "not" / "there") > 0


def test_other_shapes_name_the_first_tensor_and_both(trio):
    again(trio, wide=96)

    assert "model.layers.0.mlp.down_proj.weight has the shape (64, 128) in 'vlm' and (64, 96) in 'reason'" in refusal(trio)


def test_other_shapes_of_the_base_are_refused_too(trio):
    again(trio, BASE, wide=96)

    assert "(64, 128) in 'vlm' and (64, 96) in 'base'" in refusal(trio)


def test_grouped_query_shapes_that_differ_are_another_checkpoint(trio):
    again(trio, shared=4)

    text = refusal(trio)

    assert "model.layers.0.self_attn.k_proj.weight has the shape (32, 64) in 'vlm' and (64, 64) in 'reason'" in text
    assert text.endswith("grouped-query shapes differ: this is not the checkpoint you mean.")


def test_heads_that_differ_under_equal_shapes_are_found_in_the_configs(trio):
    edit_config(trio / REASON, num_attention_heads=2, num_key_value_heads=1, head_dim=32)

    assert "num_attention_heads is 4 in 'vlm' and 2 in 'reason', though the tensors have equal shapes" in refusal(trio)


def test_other_numbers_of_layers_are_refused(trio):
    again(trio, layers=3)

    assert "The VLM's language model has 4 layers, the reasoning model 3: 'model.layers.3." in refusal(trio)


def test_other_tensors_are_refused(trio):
    shutil.rmtree(trio / REASON)
    save(language_model("qwen2", 5), trio / REASON, words_of=trio / VLM)

    assert "The reasoning model has 'model.layers.0.self_attn.k_proj.bias'" in refusal(trio)


def test_a_layer_range_beyond_the_model_is_refused(trio):
    assert "this model has 4, counted from 0" in refusal(trio, Mix("ties", layers=(2, 5)))


def test_a_merge_in_which_nothing_takes_part_is_refused(trio):
    assert "No tensor takes part" in refusal(trio, Mix("ties", parts=()))


def test_task_vectors_need_a_base(trio):
    with pytest.raises(InputError, match="dare_ties adds task vectors to the base model"):
        check(trio / VLM, trio / REASON, mix=Mix("dare_ties"), target=trio / "out")


def test_what_may_differ_is_noted(trio):
    edit_config(trio / REASON, rope_parameters={"rope_type": "default", "rope_theta": 5e5})

    assert checked(trio, TIES, trio).notes == ("rope_theta is 10000.0 in 'vlm' and 500000.0 in 'reason'; the VLM's is kept.",)


def test_the_vocabulary_of_the_vlm_is_that_of_its_embedding(trio):
    edit_config(trio / VLM, vocab_size=120)

    assert "vocab_size is 120 in the config of 'vlm', and its embedding has 128 rows" in refusal(trio)


def test_another_vocabulary_is_no_matter_while_the_embeddings_stay(trio):
    again(trio, vocabulary=140)
    again(trio, BASE, vocabulary=140)

    _, streamed = finished(stream(checked(trio, TIES, trio.parent / "out"), trio.parent / "out"))

    assert compare(checked(trio, TIES, trio.parent / "other"), streamed.folder).is_equal


def test_another_vocabulary_cannot_be_merged_but_common_rows_can(trio):
    again(trio, vocabulary=140)
    again(trio, BASE, vocabulary=140)
    into, common = (Mix("task_arithmetic", vlm=0.5, embeddings=how) for how in ("in", "common rows"))

    told = "lm_head.weight has the shape (128, 64) in 'vlm' and (140, 64) in 'reason': their vocabularies differ"
    assert told in refusal(trio, into)

    _, streamed = finished(stream(checked(trio, common, trio.parent / "out"), trio.parent / "out"))
    vlm, reason, result = (weights_in(folder) for folder in (trio / VLM, trio / REASON, streamed.folder))
    due = (vlm["language_model.lm_head.weight"] + reason["lm_head.weight"][:128]) / 2
    assert torch.allclose(result["language_model.lm_head.weight"], due, atol=1e-6)


def test_a_tied_head_is_streamed_as_in_memory(trios, tmp_path):
    mix = Mix(vlm=0.5, embeddings="in")
    found = check(trios("internvl") / VLM, trios("internvl") / REASON, mix=mix, target=tmp_path / "out")

    _, streamed = finished(stream(found, tmp_path / "out"))

    assert compare(found, streamed.folder).is_equal
    assert streamed.num_merged == 50


def other_words(trio, swap):
    """Give the reasoning model a tokenizer in which two ids mean another text."""
    file = trio / REASON / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    words = tokenizer["model"]["vocab"]
    words[swap[0]], words[swap[1]] = words[swap[1]], words[swap[0]]
    file.write_text(json.dumps(tokenizer))
    return words


def test_ids_that_mean_another_text_lock_the_embeddings_out_with_the_reason(trio):
    words = other_words(trio, ("left", "right"))
    ids = sorted((words["left"], words["right"]))
    told = f"2 ids mean another text in 'reason': {ids[0]} is 'left' and 'right', {ids[1]} is 'right' and 'left'"

    found = checked(trio, TIES, trio.parent / "out")

    assert found.locked == told and found.notes == (f"{told}. The embeddings stay the VLM's.",)
    assert (found.meanings.same, found.meanings.other) == (32, 2)
    for how in ("in", "common rows"):
        assert refusal(trio, Mix("ties", embeddings=how)).startswith(f"{told}. Leave the embeddings out")


def test_a_tokenizer_that_cannot_be_read_locks_the_embeddings_too(trio):
    (trio / REASON / "tokenizer.json").write_text("{}")

    assert "The tokenizer of 'reason' cannot be read" in refusal(trio, Mix("ties", embeddings="in"))
    assert checked(trio, TIES, trio).meanings is None


def test_ids_are_compared_one_by_one_and_the_first_five_are_told():
    vlm = {f"w{number}": number for number in range(10)}
    reason = {f"w{number}": (number + 1) % 8 for number in range(8)} | {"more": 20}

    found = meanings_of(vlm, reason)

    assert (found.same, found.other, found.vlm_only, found.reason_only) == (0, 8, 2, 1)
    assert found.first == ((0, "w0", "w7"), (1, "w1", "w0"), (2, "w2", "w1"), (3, "w3", "w2"), (4, "w4", "w3"))


def test_no_room_on_the_disk_is_said_before_anything_is_written(trio):
    needed = sum(file.stat().st_size for file in (trio / VLM).iterdir())

    text = refusal(trio, free=lambda _: needed - 1)

    assert text.startswith("There is no room for the result: peak 48 MB of memory, output 1.2 MB, free 1.2 MB.")
    for free, done in ((needed, 0), (1000, needed - 1000)):  # just enough; a broken run has written the rest
        found = check(trio / VLM, trio / REASON, mix=Mix(), target=trio / "out", free=lambda _, free=free: free, done=done)
        assert found.needs.missing == free


def test_no_memory_for_the_largest_tensors_is_said_too(trio, monkeypatch):
    monkeypatch.setattr("models.devices._main_memory_mb", lambda: (1000, 40))

    assert "needs 48 MB of memory for its largest tensors, and 40 MB are free" in refusal(trio)


@pytest.fixture
def in_shards(trio):
    model = AutoModelForImageTextToText.from_pretrained(trio / VLM)
    (trio / VLM / "model.safetensors").unlink()
    model.save_pretrained(trio / VLM, max_shard_size="200KB")
    return trio


def test_a_shard_that_is_missing_or_half_downloaded_is_refused(in_shards):
    shards = sorted((in_shards / VLM).glob("*.safetensors"))
    whole = shards[1].read_bytes()

    shards[1].write_bytes(whole[:-100])
    assert f"{shards[1].name!r} of 'vlm' is not a readable safetensors file" in refusal(in_shards)
    shards[1].unlink()
    assert f"{shards[1].name!r} of 'vlm' is missing" in refusal(in_shards)


def test_an_index_that_places_tensors_where_they_are_not_is_refused(in_shards):
    shards = sorted((in_shards / VLM).glob("*.safetensors"))
    save_file({"other": torch.zeros(2)}, shards[1])

    assert f"{INDEX} of 'vlm' places" in refusal(in_shards)


def test_packed_weights_are_refused(trio):
    tensors = weights_in(trio / REASON)
    name = "model.layers.1.mlp.up_proj.weight"
    save_file(tensors | {name: tensors[name].to(torch.int8)}, trio / REASON / "model.safetensors", {"format": "pt"})

    assert f"{name!r} of 'reason' is kept in I8: packed weights cannot be merged" in refusal(trio)


def test_a_quantised_model_is_refused(trio):
    edit_config(trio / REASON, quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True})

    assert "'reason' is quantised" in refusal(trio)


def test_a_folder_that_is_none_is_refused(trio):
    shutil.rmtree(trio / REASON)

    assert "There is no folder 'reason'" in refusal(trio)


def test_numbers_of_other_kinds_are_merged_into_the_vlms(trio):
    model = language_model("llama", 2).to(torch.bfloat16)
    shutil.rmtree(trio / REASON)
    save(model, trio / REASON, words_of=trio / VLM)

    _, streamed = finished(stream(checked(trio, Mix(vlm=0.5), trio.parent / "out", base=False), trio.parent / "out"))

    assert {tensor.dtype for tensor in weights_in(streamed.folder).values()} == {torch.float32}


def test_two_language_models_can_be_merged_as_well(trio):
    found = check(trio / REASON, trio / BASE, mix=Mix(vlm=0.5, embeddings="in"), target=trio.parent / "out")

    _, streamed = finished(stream(found, trio.parent / "out"))

    assert compare(found, streamed.folder).is_equal
    assert AutoTokenizer.from_pretrained(streamed.folder).get_vocab() == AutoTokenizer.from_pretrained(trio / REASON).get_vocab()


