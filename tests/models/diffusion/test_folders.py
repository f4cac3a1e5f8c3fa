"""Folders: diffusers reads a plain one, a grafted one comes back bit for bit or not at all, and a changed one wants its base."""

import json

import pytest
import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from safetensors.torch import load_file, save_file

from models.diffusion.choices import OPERATOR_NAMES
from models.diffusion.folders import (
    CHANGED,
    CONFIG,
    GRAFTED,
    MARKER,
    PLAIN,
    Graft,
    hash_of,
    load_changed,
    load_folder,
    read_graft,
    rounded,
    save_changed,
    save_folder,
)
from models.diffusion.network import MINIATURE, mend
from models.diffusion.surgery import graft
from worlds.errors import InputError

SMALL = MINIATURE | {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 2, "sample_size": 8}


def a_model(seed=0, **more):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return mend(DiTTransformer2DModel(**SMALL | more)).eval()


@pytest.fixture
def base():
    return a_model()


@torch.no_grad()
def said(model):
    pictures = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    return model(pictures, timestep=torch.tensor([3, 999]), class_labels=torch.tensor([1, 10])).sample


def told(base, operator="hyena-x", layers=(1,), **more):
    return Graft(**{"operator": operator, "layers": layers, "pattern": "interleaved", "stage": "stage 1", "loss": "l1", "seed": 7,
                    "base": hash_of(base), **more})


def edited(folder, file, **more):
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({key: value for key, value in (content | more).items() if value is not ...}))


def test_diffusers_itself_reads_a_plain_folder(base, tmp_path):
    save_folder(base, tmp_path / "mine")
    theirs = DiTTransformer2DModel.from_pretrained(tmp_path / "mine")

    assert {file.name for file in (tmp_path / "mine").iterdir()} == {CONFIG, PLAIN}
    assert torch.equal(said(mend(theirs).eval()), said(base))
    assert {key: value for key, value in theirs.config.items() if key[0] != "_"} == {
        key: value for key, value in base.config.items() if key[0] != "_"}


def test_a_folder_that_diffusers_wrote_is_read_and_mended(tmp_path):
    theirs = DiTTransformer2DModel(**SMALL).eval()
    for block in theirs.transformer_blocks:
        block.norm1.emb.load_state_dict(theirs.transformer_blocks[0].norm1.emb.state_dict())
    theirs.save_pretrained(tmp_path / "pipeline" / "transformer")
    (tmp_path / "pipeline" / "model_index.json").write_text("{}")

    for folder in (tmp_path / "pipeline" / "transformer", tmp_path / "pipeline"):
        model = load_folder(folder)
        assert read_graft(folder) is None and len({id(block.norm1.emb) for block in model.transformer_blocks}) == 1
        assert torch.equal(said(model), said(mend(theirs)))


def test_a_folder_whose_blocks_have_drifted_apart_is_refused(tmp_path):
    DiTTransformer2DModel(**SMALL).save_pretrained(tmp_path / "apart")

    with pytest.raises(InputError, match=r"transformer_blocks\.1\.norm1\.emb\..* differs from that of block 0"):
        load_folder(tmp_path / "apart")


@pytest.mark.parametrize("operator", OPERATOR_NAMES)
def test_a_grafted_folder_comes_back_bit_for_bit(base, operator, tmp_path):
    grafted, marker = graft(base, operator, [0, 1], seed=5), told(base, operator, (0, 1))
    save_folder(grafted, tmp_path / "grafted", graft=marker)
    model = load_folder(tmp_path / "grafted")

    assert read_graft(tmp_path / "grafted") == marker
    assert torch.equal(said(model), said(grafted)) and hash_of(model) == hash_of(grafted)
    assert {key for key, _ in model.named_parameters()} == {key for key, _ in grafted.named_parameters()}
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("half", [True, False])
def test_half_precision_on_disk_is_the_rounded_model_exactly(base, half, tmp_path):
    grafted = graft(base, "hyena-se", [1], seed=5)
    save_folder(grafted, tmp_path / "grafted", graft=told(base, "hyena-se"), half=half)
    model = load_folder(tmp_path / "grafted")

    assert torch.equal(said(model), said(rounded(grafted) if half else grafted))
    stored = load_file(tmp_path / "grafted" / GRAFTED)
    assert {value.dtype for value in stored.values()} == {torch.float16 if half else torch.float32}
    assert sum("embedding_table" in key for key in stored) == 1


def test_positions_that_another_machine_computed_are_kept(base, tmp_path):
    base.pos_embed.pos_embed += 1e-7
    save_folder(base, tmp_path / "mine", half=True)
    model = load_folder(tmp_path / "mine")

    assert torch.equal(model.pos_embed.pos_embed, base.pos_embed.pos_embed)
    assert torch.equal(said(model), said(rounded(base)))


def test_a_hash_is_of_the_weights_and_of_nothing_else(base, tmp_path):
    save_folder(base, tmp_path / "mine")

    assert hash_of(base) == hash_of(a_model()) == hash_of(load_folder(tmp_path / "mine"))
    assert hash_of(base) != hash_of(a_model(seed=1))
    assert hash_of(graft(base, "hyena-x", [0], seed=1)) not in (hash_of(base), hash_of(graft(base, "hyena-x", [1], seed=1)))


def test_a_grafted_folder_is_nothing_that_diffusers_would_fill_with_random_attention(base, tmp_path):
    save_folder(graft(base, "hyena-x", [1], seed=5), tmp_path / "grafted", graft=told(base))

    with pytest.raises(OSError, match=r"no file named diffusion_pytorch_model\.safetensors"):
        DiTTransformer2DModel.from_pretrained(tmp_path / "grafted", use_safetensors=True)


@pytest.mark.parametrize(("operator", "place"), [("hyena-x", "attention"), ("linear", "attention"), ("mlp-3", "mlp")])
def test_a_grafted_folder_without_its_marker_is_refused(base, operator, place, tmp_path):
    save_folder(graft(base, operator, [1], seed=5), tmp_path / "grafted", graft=told(base, operator))
    (tmp_path / "grafted" / MARKER).unlink()

    for file in (GRAFTED, PLAIN):  # also where it lies as diffusers' own save_pretrained writes it
        if file == PLAIN:
            (tmp_path / "grafted" / GRAFTED).rename(tmp_path / "grafted" / PLAIN)
        with pytest.raises(InputError, match=rf"^Block 1 of 'grafted' has other {place} .* no graft\.json"):
            load_folder(tmp_path / "grafted")


def test_a_marker_beside_ordinary_weights_is_refused(base, tmp_path):
    save_folder(base, tmp_path / "mine")
    (tmp_path / "mine" / MARKER).write_text(told(base).model_dump_json())

    with pytest.raises(InputError, match=r"no transformer_blocks\.1\.attn1\.in_proj\.weight"):
        load_folder(tmp_path / "mine")


def test_a_graft_that_is_not_the_models_is_not_written(base, tmp_path):
    grafted = graft(base, "hyena-x", [1], seed=5)

    for marker in (None, told(base, layers=(0,)), told(base, "hyena-se"), told(base, "mlp-3")):
        with pytest.raises(ValueError, match="the graft says"):
            save_folder(grafted, tmp_path / "grafted", graft=marker)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", ["stage 1", "stage 2"])
@pytest.mark.parametrize("operator", ["hyena-x", "mha", "mlp-4"])
def test_what_a_graft_changed_makes_the_grafted_model_with_its_base(base, operator, stage, tmp_path):
    grafted, marker = graft(base, operator, [1], seed=5), told(base, operator, stage=stage)
    if stage == "stage 2":
        with torch.no_grad():
            grafted.transformer_blocks[0].norm1.emb.class_embedder.embedding_table.weight += 1
            grafted.proj_out_2.bias += 1
    before = said(base)
    save_changed(grafted, base, tmp_path / "changed", graft=marker)
    model, found = load_changed(tmp_path / "changed", base)

    assert found == marker and torch.equal(said(model), said(grafted)) and hash_of(model) == hash_of(grafted)
    module = "ff" if operator == "mlp-4" else "attn1"
    others = {key for key in load_file(tmp_path / "changed" / CHANGED) if not key.startswith(f"transformer_blocks.1.{module}.")}
    assert others == ({"transformer_blocks.0.norm1.emb.class_embedder.embedding_table.weight", "proj_out_2.bias"}
                      if stage == "stage 2" else set())
    with torch.no_grad():
        model.proj_out_1.weight += 1
    assert torch.equal(said(base), before)


def test_what_changed_in_half_precision_is_the_rounded_operator(base, tmp_path):
    save_changed(graft(base, "hyena-x", [1], seed=5), base, tmp_path / "changed", graft=told(base), half=True)
    model, _ = load_changed(tmp_path / "changed", base)
    wanted = graft(base, "hyena-x", [1], seed=5)
    rounded(wanted.transformer_blocks[1].attn1)

    assert torch.equal(said(model), said(wanted))


def test_what_changed_alone_is_no_model(base, tmp_path):
    save_changed(graft(base, "hyena-x", [1], seed=5), base, tmp_path / "changed", graft=told(base))

    with pytest.raises(InputError, match="only what a graft changed"):
        load_folder(tmp_path / "changed")


def test_only_the_base_that_was_grafted_takes_what_changed(base, tmp_path):
    grafted = graft(base, "hyena-x", [1], seed=5)
    save_changed(grafted, base, tmp_path / "changed", graft=told(base))

    with pytest.raises(InputError, match=r"^'base' in graft\.json of 'changed'"):
        load_changed(tmp_path / "changed", a_model(seed=1))
    for key, more in (("num_attention_heads", {"num_attention_heads": 3}), ("attention_head_dim", {"attention_head_dim": 8}),
                      ("num_layers", {"num_layers": 3})):
        with pytest.raises(InputError, match=rf"^'{key}' in config\.json of 'changed'"):
            load_changed(tmp_path / "changed", a_model(**more))
    with pytest.raises(ValueError, match="another base"):
        save_changed(grafted, a_model(seed=1), tmp_path / "other", graft=told(base))


@pytest.mark.parametrize(("field", "value"), [
    pytest.param("operator", "convolution", id="an unknown operator"),
    pytest.param("operator", ..., id="no operator"),
    pytest.param("layers", [], id="no layer"),
    pytest.param("layers", [2], id="a layer that is not there"),
    pytest.param("layers", [-1], id="a layer below 0"),
    pytest.param("layers", [1, 1], id="a layer twice"),
    pytest.param("layers", ["1"], id="a word for a layer"),
    pytest.param("layers", [1.5], id="half a layer"),
    pytest.param("layers", "all", id="a word for layers"),
    pytest.param("layers", list(range(1_000)), id="a thousand layers"),
    pytest.param("stage", "stage 3", id="an unknown stage"),
    pytest.param("loss", "l3", id="an unknown loss"),
    pytest.param("seed", -1, id="a seed below 0"),
    pytest.param("seed", "x" * 5_000, id="a seed of letters"),
    pytest.param("base", "abc", id="no hash"),
    pytest.param("pattern", 3, id="a number for a pattern"),
    pytest.param("code", "import os", id="an unknown field"),
])
def test_a_wrong_marker_is_one_sentence_that_names_the_field(base, field, value, tmp_path):
    grafted = graft(base, "hyena-x", [1], seed=5)
    save_folder(grafted, tmp_path / "whole", graft=told(base))
    save_changed(grafted, base, tmp_path / "changed", graft=told(base))
    for folder in ("whole", "changed"):
        edited(tmp_path / folder, MARKER, **{field: value})

    for load in (lambda: load_folder(tmp_path / "whole"), lambda: load_changed(tmp_path / "changed", base)):
        with pytest.raises(InputError, match=rf"^'{field}[.0-9]*' in graft\.json") as caught:
            load()
        assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


@pytest.mark.parametrize(("field", "value"), [
    pytest.param("num_layers", 3, id="more layers than there are"),
    pytest.param("num_layers", 10**9, id="a billion layers"),
    pytest.param("num_attention_heads", 3, id="heads that do not divide"),
    pytest.param("num_attention_heads", True, id="a truth for heads"),
    pytest.param("attention_head_dim", 32, id="another width"),
    pytest.param("in_channels", 4, id="other channels"),
    pytest.param("out_channels", 6, id="other outputs"),
    pytest.param("patch_size", 2, id="another patch"),
    pytest.param("sample_size", 9, id="no multiple of the patch"),
    pytest.param("sample_size", 100_000, id="too large a picture"),
    pytest.param("sample_size", "8", id="a word for a size"),
    pytest.param("num_embeds_ada_norm", 1_000, id="other classes"),
    pytest.param("num_embeds_ada_norm", ..., id="no classes"),
    pytest.param("norm_type", "layer_norm", id="another norm"),
    pytest.param("activation_fn", "geglu", id="another activation"),
    pytest.param("dropout", 0.1, id="dropout"),
    pytest.param("_class_name", "UNet2DModel", id="another class"),
])
def test_a_config_that_says_what_the_weights_are_not_is_refused_with_the_field(base, field, value, tmp_path):
    save_folder(base, tmp_path / "mine")
    edited(tmp_path / "mine", CONFIG, **{field: value})

    with pytest.raises(InputError, match="'heads'|'num_attention_heads'" if field == "num_attention_heads" else field):
        load_folder(tmp_path / "mine")


def test_damaged_folders_are_refused_in_a_sentence(base, tmp_path):
    folder = tmp_path / "mine"
    save_folder(graft(base, "hyena-x", [1], seed=5), folder, graft=told(base))
    whole, weights = (folder / GRAFTED).read_bytes(), load_file(folder / GRAFTED)

    def refused(sentence):
        with pytest.raises(InputError, match=sentence):
            load_folder(folder)

    for length in (0, 7, 500, len(whole) - 1):
        (folder / GRAFTED).write_bytes(whole[:length])
        refused("safetensors")
    name = "transformer_blocks.1.attn1.in_proj.weight"
    for change, sentence in (({name: torch.zeros(48, 16)}, r"in_proj\.weight of 'mine' has the shape \(48, 16\)"),
                             ({"extra": torch.zeros(1)}, "'extra', which is no part"),
                             ({name: torch.zeros(96, 32, dtype=torch.int32)}, "holds int32"),
                             ({"transformer_blocks.5.ff.net.2.bias": torch.zeros(3)}, "no block 2"),
                             ({"pos_embed.pos_embed": torch.zeros(1, 5, 32)}, r"pos_embed of 'mine' has the shape \(1, 5, 32\)")):
        save_file(weights | change, folder / GRAFTED)
        refused(sentence)
    save_file({key: value for key, value in weights.items() if key != name}, folder / GRAFTED)
    refused("no transformer_blocks.1.attn1.in_proj.weight")
    (folder / GRAFTED).write_bytes(whole)
    (folder / PLAIN).write_bytes(whole)
    refused("two files of weights")
    (folder / PLAIN).unlink()
    for file, content in ((MARKER, "{"), (MARKER, "[]"), (CONFIG, "[]"), (CONFIG, "{}"), (CONFIG, "{" * 10_000),
                          (CONFIG, " " * 200_000)):
        before = (folder / file).read_text()
        (folder / file).write_text(content)
        refused(file.replace(".", r"\."))
        (folder / file).write_text(before)
    (folder / CONFIG).unlink()
    refused(r"config\.json")
    (folder / GRAFTED).unlink()
    refused("no weights")
    folder = tmp_path / "none"
    refused("'none' holds no weights")


def test_what_changed_may_lack_nothing_of_the_operator_and_bring_nothing_else(base, tmp_path):
    save_changed(graft(base, "hyena-x", [1], seed=5), base, tmp_path / "changed", graft=told(base))
    file = tmp_path / "changed" / CHANGED
    weights = load_file(file)
    name = "transformer_blocks.1.attn1.in_proj.weight"

    for change, sentence in (({key: value for key, value in weights.items() if key != name}, "in_proj"),
                             (weights | {name: torch.zeros(3, 3)}, r"\(3, 3\)"), (weights | {"x": torch.zeros(1)}, "'x'")):
        save_file(change, file)
        with pytest.raises(InputError, match=sentence):
            load_changed(tmp_path / "changed", base)
    file.unlink()
    with pytest.raises(InputError, match="missing"):
        load_changed(tmp_path / "changed", base)
    (tmp_path / "changed" / MARKER).unlink()
    with pytest.raises(InputError, match=r"has no graft\.json"):
        load_changed(tmp_path / "changed", base)


def test_loading_draws_nothing_from_the_global_generator(base, tmp_path):
    save_folder(graft(base, "mamba-2", [1], seed=5), tmp_path / "grafted", graft=told(base, "mamba-2"))
    before = torch.get_rng_state()
    load_folder(tmp_path / "grafted")

    assert torch.equal(torch.get_rng_state(), before)


def test_a_number_that_half_precision_cannot_hold_is_not_written(base, tmp_path):
    with torch.no_grad():
        base.proj_out_2.bias[0] = 65_504
    save_folder(base, tmp_path / "mine", half=True)
    assert load_folder(tmp_path / "mine").proj_out_2.bias[0] == 65_504

    with torch.no_grad():
        base.proj_out_2.bias[0] = 70_000
    with pytest.raises(ValueError, match=r"proj_out_2\.bias"):
        save_folder(base, tmp_path / "other", half=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_half_of_a_folder_is_never_left(base, tmp_path, monkeypatch):
    save_folder(base, tmp_path / "mine")
    monkeypatch.setattr("models.diffusion.folders.save_file", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))

    with pytest.raises(OSError, match="full"):
        save_folder(a_model(seed=1), tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"] and hash_of(load_folder(tmp_path / "mine")) == hash_of(base)
