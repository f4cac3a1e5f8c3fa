"""A merge that is streamed: the same bits as in memory for every family, what stays is untouched, and nothing half is left."""

import json
import shutil
import weakref

import pytest
import torch
from transformers import AutoModelForImageTextToText

from backends.merging import sources, streaming
from backends.merging.layouts import layout_of, ours_in
from backends.merging.methods import merged_model
from backends.merging.mix import METHOD_NAMES, Mix
from backends.merging.reloading import compare
from backends.merging.streaming import RECORD, done_of, stream, unfinished_of
from models.shards import INDEX
from tests.backends.merging.trio import BASE, FAMILIES, REASON, VLM, checked, finished, language_model, renamed, save, weights_in
from worlds.errors import InputError

MIX = Mix("dare_ties", vlm=0.7, reason=0.6, density=0.5, rescale="l1", seed=4)  # uses all there is


def in_memory(folder, mix):
    """The merge of what lies on the disk, as tensors, under the names of the disk."""
    return merged_model(*(weights_in(folder / name) for name in (VLM, REASON, BASE)), mix=mix)


def flat(folder, *, layers):
    """All numbers of some layers in a row."""
    weights = weights_in(folder)
    own = ours_in(weights, layout_of(weights))
    names = sorted(name for name in own if name.startswith(tuple(f"model.layers.{layer}." for layer in layers)))
    return torch.cat([weights[own[name]].double().flatten() for name in names])


def is_same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_streamed_to_the_bits_of_memory_and_loads_with_the_same_logits(trios, family, tmp_path):
    own = checked(trios(family), MIX, tmp_path / "out")

    events, streamed = finished(stream(own, tmp_path / "out"))
    compared = compare(own, streamed.folder)

    assert own.pairs.layout.prefix == FAMILIES[family][0]
    assert is_same(weights_in(streamed.folder), in_memory(trios(family), MIX))
    assert compared.is_equal and compared.logit == compared.in_memory
    assert events[-1].fraction == 1.0 and len(events) == len(own.vlm.shapes)
    assert [event.fraction for event in events] == sorted(event.fraction for event in events)


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_every_method_streams_the_bits_of_memory_and_leaves_eyes_embedding_and_head_alone(trios, method, tmp_path):
    folder = trios("llava")
    mix = Mix(method, vlm=(0.9, 0.4), density=0.5, rescale="density")

    _, streamed = finished(stream(checked(folder, mix, tmp_path / "out"), tmp_path / "out"))

    result, vlm = weights_in(streamed.folder), weights_in(folder / VLM)
    assert is_same(result, in_memory(folder, mix))
    changed = {name for name in vlm if not torch.equal(result[name], vlm[name])}
    own = ours_in(vlm, layout_of(vlm))
    assert changed == {own[name] for name in own} - {own["model.embed_tokens.weight"], own["lm_head.weight"]}
    assert streamed.num_merged == len(changed)


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl"])
def test_a_folder_in_the_layout_of_memory_is_read_and_written_back_as_it_was(trios, family, tmp_path):
    disk, memory = FAMILIES[family]
    trio = tmp_path / "trio"
    shutil.copytree(trios(family), trio, ignore=shutil.ignore_patterns(VLM))
    renamed(trios(family) / VLM, trio / VLM, disk, memory)

    _, streamed = finished(stream(checked(trio, MIX, tmp_path / "out"), tmp_path / "out"))

    other = in_memory(trios(family), MIX)
    result = weights_in(streamed.folder)
    assert layout_of(result).prefix == memory
    assert is_same({name.replace(memory, disk, 1): tensor for name, tensor in result.items() if name.startswith(memory)},
                   {name: tensor for name, tensor in other.items() if name.startswith(disk + ("layers", "norm", "embed")[0])
                    or name in (disk + "norm.weight", disk + "embed_tokens.weight")})


def test_linear_with_share_0_is_the_reasoning_model_behind_the_vlms_eyes(trios, tmp_path):
    folder = trios("llava")

    _, streamed = finished(stream(checked(folder, Mix(vlm=0.0), tmp_path / "out", base=False), tmp_path / "out"))

    result, vlm, reason = (weights_in(each) for each in (streamed.folder, folder / VLM, folder / REASON))
    for name, there in ours_in(result, layout_of(result)).items():
        assert torch.equal(result[there], (vlm[there] if name in ("model.embed_tokens.weight", "lm_head.weight") else reason[name]))
    with torch.no_grad():
        model = AutoModelForImageTextToText.from_pretrained(streamed.folder)
    assert model.config.text_config.num_hidden_layers == 4


@pytest.fixture
def sharded(trios, tmp_path):
    """A trio whose VLM lies in several shards."""
    trio = tmp_path / "trio"
    shutil.copytree(trios("llava"), trio, ignore=shutil.ignore_patterns(VLM))
    AutoModelForImageTextToText.from_pretrained(trios("llava") / VLM).save_pretrained(trio / VLM, max_shard_size="200KB")
    for file in (trios("llava") / VLM).glob("*token*"):
        shutil.copyfile(file, trio / VLM / file.name)
    assert len(list((trio / VLM).glob("*.safetensors"))) > 3
    return trio


def test_shards_index_config_and_tokenizer_are_the_vlms_byte_for_byte(sharded, tmp_path):
    _, streamed = finished(stream(checked(sharded, MIX, tmp_path / "out"), tmp_path / "out"))

    vlm, result = sharded / VLM, streamed.folder
    assert {file.name for file in result.iterdir()} == {file.name for file in vlm.iterdir()} | {RECORD}
    for file in vlm.iterdir():
        if file.suffix != ".safetensors":
            assert (result / file.name).read_bytes() == file.read_bytes()
        else:
            length = int.from_bytes(file.read_bytes()[:8], "little") + 8
            assert (result / file.name).read_bytes()[:length] == file.read_bytes()[:length]
    assert (result / INDEX).exists()
    assert is_same(weights_in(result), in_memory(sharded, MIX))


def test_no_more_than_one_group_of_tensors_is_held_at_a_time(sharded, tmp_path, monkeypatch):
    read, alive, most = sources.read_at, [], []

    def watched(file, placed):
        tensor = read(file, placed)
        alive[:] = [known for known in alive if known() is not None] + [weakref.ref(tensor)]
        most.append(len(alive))
        return tensor

    monkeypatch.setattr(sources, "read_at", watched)
    monkeypatch.setattr(streaming, "read_at", watched)
    finished(stream(checked(sharded, MIX, tmp_path / "out"), tmp_path / "out"))

    assert len(most) == 3 * 37 and max(most) == 3  # VLM, reasoning model, base


def test_a_merge_that_is_stopped_leaves_nothing(sharded, tmp_path):
    target = tmp_path / "here" / "out"
    run = stream(checked(sharded, MIX, target), target)
    while "shard 3" not in next(run).stage:
        assert unfinished_of(target).is_dir() and not target.exists()

    run.close()

    assert list(target.parent.iterdir()) == []


def interrupted(trio, mix, target, aside):
    """Leave what a process leaves that dies in the third shard."""
    run = stream(checked(trio, mix, target), target)
    while "shard 3" not in next(run).stage:
        pass
    next(run)
    shutil.copytree(unfinished_of(target), aside)
    run.close()
    shutil.move(aside, unfinished_of(target))


def test_a_merge_whose_process_died_is_gone_on_with(sharded, tmp_path, monkeypatch):
    target = tmp_path / "out"
    interrupted(sharded, MIX, target, tmp_path / "aside")
    half = next(unfinished_of(target).glob("*.part"))
    assert done_of(target) > 0 and half.stat().st_size < (sharded / VLM / half.name.removesuffix(".part")).stat().st_size
    kept = sorted(file.name for file in unfinished_of(target).glob("*.safetensors"))
    before = {name: (unfinished_of(target) / name).stat().st_mtime_ns for name in kept}

    _, streamed = finished(stream(checked(sharded, MIX, target), target))

    assert streamed.resumed == len(kept) == 2
    assert {name: (target / name).stat().st_mtime_ns for name in kept} == before
    assert is_same(weights_in(target), in_memory(sharded, MIX))
    assert not unfinished_of(target).exists() and not list(target.glob("*.part")) and not (target / "plan.json").exists()


def test_a_finished_shard_that_has_lost_its_end_is_merged_anew(sharded, tmp_path):
    target = tmp_path / "out"
    interrupted(sharded, MIX, target, tmp_path / "aside")
    first = min(unfinished_of(target).glob("*.safetensors"))
    first.write_bytes(first.read_bytes()[:-8])

    _, streamed = finished(stream(checked(sharded, MIX, target), target))

    assert streamed.resumed == 1
    assert is_same(weights_in(target), in_memory(sharded, MIX))


def test_what_another_merge_has_left_is_not_gone_on_with(sharded, tmp_path):
    target, other = tmp_path / "out", Mix(vlm=0.3)
    interrupted(sharded, MIX, target, tmp_path / "aside")

    _, streamed = finished(stream(checked(sharded, other, target), target))

    assert streamed.resumed == 0
    assert is_same(weights_in(target), in_memory(sharded, other))


def test_a_checkpoint_that_changed_since_is_merged_anew(sharded, tmp_path):
    target = tmp_path / "out"
    interrupted(sharded, MIX, target, tmp_path / "aside")
    save(language_model("llama", 9), sharded / REASON, words_of=sharded / VLM)

    _, streamed = finished(stream(checked(sharded, MIX, target), target))

    assert streamed.resumed == 0
    assert is_same(weights_in(target), in_memory(sharded, MIX))


def test_a_full_disk_is_one_sentence_and_leaves_nothing(sharded, tmp_path, monkeypatch):
    target = tmp_path / "here" / "out"
    own = checked(sharded, MIX, target)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("backends.merging.streaming.shutil.copyfile", full)
    with pytest.raises(InputError, match="disk is full"):
        finished(stream(own, target))

    assert list(target.parent.iterdir()) == []


def test_a_target_that_is_there_is_not_written_over(trios, tmp_path):
    (tmp_path / "out").mkdir()

    with pytest.raises(InputError, match="something called 'out' already"):
        finished(stream(checked(trios("llava"), Mix(), tmp_path / "out"), tmp_path / "out"))

    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_the_record_says_what_was_merged_and_how_far_the_models_are_apart(trios, tmp_path):
    mix = Mix("ties", vlm=(1.0, 0.5), density=0.2, scale=1.5, layers=(1, 3))

    _, streamed = finished(stream(checked(trios("llava"), mix, tmp_path / "out"), tmp_path / "out"))

    record = json.loads((streamed.folder / RECORD).read_text())
    assert record == json.loads(json.dumps(streamed.record))
    assert (record["method"], record["lambda"], record["gradient"], record["layers"]) == ("ties", [1.0, 0.5], [1.0, 0.5], [1, 2])
    assert (record["vlm"], record["reason"], record["base"]) == (VLM, REASON, BASE)
    assert (record["n_tensors_merged"], record["n_excluded"]) == (18, 21) and record["exclude"] == ["embed_tokens", "lm_head"]
    assert list(streamed.moved) == [1, 2]
    vlm, reason, base = (flat(trios("llava") / name, layers=(1, 2)) for name in (VLM, REASON, BASE))
    assert record["rel_norm_vlm"] == pytest.approx(float((vlm - base).norm() / base.norm()), rel=1e-5)
    assert record["rel_norm_reason"] == pytest.approx(float((reason - base).norm() / base.norm()), rel=1e-5)
    cosine = torch.nn.functional.cosine_similarity(vlm - base, reason - base, dim=0)
    assert record["cos"] == pytest.approx(float(cosine), rel=1e-4)


def test_without_a_base_the_record_says_only_how_far_the_models_are_apart(trios, tmp_path):
    _, streamed = finished(stream(checked(trios("llava"), Mix(), tmp_path / "out", base=False), tmp_path / "out"))

    assert streamed.record["base"] is None and streamed.record["rel_norm_vlm"] is None and streamed.record["apart"] > 0.5
    assert list(streamed.moved) == [0, 1, 2, 3, None]
