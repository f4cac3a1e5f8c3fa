"""Files of the official code: both styles of names load, what is missing is listed, and a pickle that wants to run is not opened."""

import pickle
import shutil

import pytest
import torch

from backends.merging.checking import check
from backends.merging.layouts import layout_of, ours_in
from backends.merging.mix import EXCLUDED, Mix
from backends.merging.reloading import compare
from backends.merging.sources import Official, open_source
from backends.merging.streaming import stream
from tests.backends.merging.trio import REASON, VLM, finished, weights_in
from worlds.errors import InputError

PTH = "merged_model_0.9.pth"
STYLES = {"LLaVA's": "model.", "Idefics2's and Qwen2-VL's": ""}


def official(folder, target, prefix, *, without=()):
    """Write what the official code writes: 0.9 of the VLM and 0.1 of the other, in half precision, embeddings the VLM's."""
    vlm, reason = weights_in(folder / VLM), weights_in(folder / REASON)
    own = ours_in(vlm, layout_of(vlm))
    merged = {name: (vlm[there] if name in EXCLUDED else 0.9 * vlm[there] + 0.1 * reason[name]).half() for name, there in own.items()
              if prefix or name != "lm_head.weight"}  # the shorter names are of models without a head
    torch.save({name.replace("model.", prefix, 1): tensor for name, tensor in merged.items() if name not in without}, target)
    return merged


@pytest.mark.parametrize("prefix", STYLES.values(), ids=STYLES)
def test_an_official_file_is_put_into_its_vlm(trios, tmp_path, prefix):
    folder = trios("llava")
    weights = official(folder, tmp_path / PTH, prefix)
    found = check(folder / VLM, tmp_path / PTH, mix=Mix(vlm=0.0), target=tmp_path / "out")

    _, streamed = finished(stream(found, tmp_path / "out"))

    result = weights_in(streamed.folder)
    own = ours_in(result, layout_of(result))
    assert all(torch.equal(result[own[name]], tensor.float()) for name, tensor in weights.items() if name not in EXCLUDED)
    assert compare(found, streamed.folder).is_equal
    assert found.notes[0] == f"{PTH!r} is a file of weights alone: its heads and its tokenizer cannot be compared."
    assert streamed.record["reason"] == PTH


def test_an_official_file_that_lacks_tensors_is_refused_with_a_list(trios, tmp_path):
    lacking = [f"model.layers.{layer}.mlp.up_proj.weight" for layer in range(4)] + ["model.norm.weight",
                                                                                   "model.layers.2.self_attn.q_proj.weight"]
    official(trios("llava"), tmp_path / PTH, "model.", without=lacking)

    with pytest.raises(InputError) as caught:
        check(trios("llava") / VLM, tmp_path / PTH, mix=Mix(vlm=0.0), target=tmp_path / "out")

    assert sum(repr(name) in str(caught.value) for name in lacking) == 5 and "and 1 more of the VLM" in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == [PTH]


class Hostile:
    def __reduce__(self):
        return print, ("run",)


def test_a_pickle_that_wants_to_run_code_is_not_opened(trios, tmp_path, capsys):
    torch.save({"model.layers.0.mlp.up_proj.weight": Hostile()}, tmp_path / PTH)

    with pytest.raises(InputError, match=r"wants to run .*print"):
        open_source(tmp_path / PTH)

    assert capsys.readouterr().out == ""


def test_what_is_no_file_of_torch_is_refused(tmp_path):
    (tmp_path / PTH).write_bytes(pickle.dumps({"a": 1}))

    with pytest.raises(InputError, match=r"no whole file of torch\.save"):
        open_source(tmp_path / PTH)


def test_tensors_of_an_official_file_are_handed_out_as_copies(trios, tmp_path):
    official(trios("llava"), tmp_path / PTH, "model.")
    source = open_source(tmp_path / PTH)
    assert isinstance(source, Official) and source.kind("model.norm.weight") == "F16"

    source.read("model.norm.weight").fill_(7)

    assert not (source.read("model.norm.weight") == 7).any()


def test_a_file_that_shrinks_while_it_is_read_is_told(trios, tmp_path):
    shutil.copytree(trios("llava") / REASON, tmp_path / "mine")
    source = open_source(tmp_path / "mine")
    file = tmp_path / "mine" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:2000])

    with pytest.raises(InputError, match="has become shorter"):
        source.read("model.norm.weight")
