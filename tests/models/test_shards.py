"""Headers of shards: what a whole file says, and what no header may say."""

import json
import os
import struct

import pytest
import torch
from safetensors.torch import save_file

from models.shards import MAX_HEADER_BYTES, Incomplete, held_in, placed_in, shards_of
from worlds.errors import InputError


def a_file(path, entries, data=b"", *, length=None):
    header = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)


def tensor(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_shapes_sizes_and_lists_are_those_that_were_saved(tmp_path):
    weights = {f"model.layers.{i}.mlp.{j}.weight": torch.zeros(2, 3 + j) for i in range(3) for j in range(2)}
    save_file({**weights, "embed.weight": torch.zeros(7, 3, dtype=torch.float16)}, tmp_path / "model.safetensors", {"format": "pt"})

    held = held_in(tmp_path, name="mine")

    assert held.shapes["model.layers.2.mlp.1.weight"] == (2, 4)
    assert held.parameters == 3 * (6 + 8) + 21
    assert held.longest == 7
    assert held.blocks == {"model.layers": 3, "model.layers.*.mlp": 2}
    assert held.num_bytes == (tmp_path / "model.safetensors").stat().st_size


def test_the_bytes_of_a_tensor_lie_where_it_is_said(tmp_path):
    weights = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.arange(4, dtype=torch.bfloat16), "empty": torch.zeros(0, 3)}
    save_file(weights, tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()

    placed = placed_in(tmp_path / "model.safetensors", name="mine")

    assert {name: (one.kind, one.shape) for name, one in placed.items()} == {
        "b": ("F32", (2, 3)), "a": ("BF16", (4,)), "empty": ("F32", (0, 3))}
    for name, one in placed.items():
        assert content[one.start : one.end] == weights[name].view(torch.uint8).numpy().tobytes()
    starts = [one.start for one in placed.values()]
    assert starts == sorted(starts) and max(one.end for one in placed.values()) == len(content)


def test_numbered_names_count_as_many_as_there_are(tmp_path):
    empty = {f"model.layers.{i}.x": tensor([0, 10**12], 0, 0) for i in (0, 5, 999_999_999)}
    a_file(tmp_path / "model.safetensors", empty)

    held = held_in(tmp_path, name="mine")

    assert held.blocks == {"model.layers": 3}
    assert held.longest == 1, "a tensor without numbers proves no width"


def test_the_index_names_the_shards_and_other_files_are_left_out(tmp_path):
    for name, size in (("a.safetensors", 4), ("b.safetensors", 8), ("consolidated.safetensors", 12)):
        save_file({f"{name}.w": torch.zeros(size)}, tmp_path / name)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "b.safetensors", "y": "a.safetensors"}}))

    assert [shard.name for shard in shards_of(tmp_path, name="mine")] == ["a.safetensors", "b.safetensors"]
    assert held_in(tmp_path, name="mine").parameters == 12


@pytest.mark.parametrize(("header", "data"), [
    pytest.param(b"", b"", id="nothing"),
    pytest.param(b"[]", b"", id="a list"),
    pytest.param(b"[" * 5_000, b"", id="deep"),
    pytest.param(b'{"a": 1}', b"", id="a number for a tensor"),
    pytest.param({"a": {"dtype": "F32", "shape": [1]}}, b"1234", id="no place"),
    pytest.param({"a": tensor([1], 0, 4, "PICKLE")}, b"1234", id="an unknown dtype"),
    pytest.param({"a": tensor([1], 0, 4, ["F32"])}, b"1234", id="a dtype that is none"),
    pytest.param({"a": tensor([-1], 0, 4)}, b"1234", id="a negative side"),
    pytest.param({"a": tensor([1.0], 0, 4)}, b"1234", id="a side that is a fraction"),
    pytest.param({"a": tensor([True], 0, 4)}, b"1234", id="a side that is a truth value"),
    pytest.param({"a": tensor([10**12], 0, 4)}, b"1234", id="more than its place"),
    pytest.param({"a": tensor([1] * 9, 0, 4)}, b"1234", id="nine dimensions"),
    pytest.param({"a": tensor([1], 0, 4)}, b"12345678", id="more bytes than tensors"),
    pytest.param({"a": tensor([1], 0, 4)}, b"12", id="cut off"),
    pytest.param({"a": tensor([1], 0, 4), "b": tensor([1], 2, 6)}, b"123456", id="an overlap"),
    pytest.param({"a": tensor([1], 0, 4), "b": tensor([1], 6, 10)}, b"1234567890", id="a gap"),
    pytest.param({"a": tensor([1], 4, 0)}, b"1234", id="backwards"),
    pytest.param(b'{"a": {"dtype": "F32", "shape": [1' + b"0" * 5_000 + b'], "data_offsets": [0, 4]}}', b"1234", id="a long number"),
])
def test_a_header_that_cannot_be_true_is_one_sentence(tmp_path, header, data):
    a_file(tmp_path / "model.safetensors", header, data)

    with pytest.raises(InputError, match=r"'model.safetensors' of 'mine' is not a readable safetensors file: .*copy it again\.$"):
        held_in(tmp_path, name="mine")


@pytest.mark.parametrize("length", [2**63, MAX_HEADER_BYTES + 1, 100, 1])
def test_a_header_is_at_most_as_long_as_its_file(tmp_path, length):
    a_file(tmp_path / "model.safetensors", b"{}", length=length)

    with pytest.raises(InputError, match=f"claims a header of {length:,} bytes and has 10 in all"):
        held_in(tmp_path, name="mine")


@pytest.mark.parametrize("named", ["../other.safetensors", "/etc/passwd", "a/b.safetensors", "a\\b.safetensors", "pytorch_model.bin",
                                   "..", ""])
def test_an_index_that_leads_outside_is_refused(tmp_path, named):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": named}}))

    with pytest.raises(InputError, match="files of its own folder only"):
        shards_of(tmp_path, name="mine")


@pytest.mark.parametrize("index", ["[]", "{}", '{"weight_map": []}', '{"weight_map": {}}', '{"weight_map": {"a": ["b"]}}', "no json",
                                   "[" * 100_000])
def test_an_index_that_is_none_is_refused(tmp_path, index):
    (tmp_path / "model.safetensors.index.json").write_text(index)

    with pytest.raises(InputError, match="index"):
        shards_of(tmp_path, name="mine")


def test_what_is_missing_is_told_apart_from_what_is_wrong(tmp_path):
    with pytest.raises(Incomplete, match="holds no weights"):
        shards_of(tmp_path, name="mine")
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "gone.safetensors"}}))
    with pytest.raises(Incomplete, match=r"'gone\.safetensors' of 'mine' is missing"):
        shards_of(tmp_path, name="mine")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.safetensors")

    with pytest.raises(InputError, match="no plain file"):
        held_in(tmp_path, name="mine")


def test_a_folder_that_would_be_read_in_another_way_is_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "shard-00001-model-00001-of-00001.safetensors")

    with pytest.raises(InputError, match="several machines"):
        shards_of(tmp_path, name="mine")


def test_as_many_tensors_as_the_limit_are_read_and_one_more_is_not(tmp_path, monkeypatch):
    save_file({str(i): torch.zeros(1) for i in range(3)}, tmp_path / "model.safetensors")
    monkeypatch.setattr("models.shards.MAX_TENSORS", 3)
    assert held_in(tmp_path, name="mine").parameters == 3

    monkeypatch.setattr("models.shards.MAX_TENSORS", 2)
    with pytest.raises(InputError, match="more than 2 tensors"):
        held_in(tmp_path, name="mine")
