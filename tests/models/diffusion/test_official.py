"""The official layout: the same network, told by names and shapes, and nothing that a stranger's file wants to run."""

import math
import pickle
import zipfile
from argparse import Namespace

import numpy as np
import pytest
import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from safetensors.torch import load_file, save_file
from torch.nn import functional

from models.diffusion.choices import place_of
from models.diffusion.network import MINIATURE, mend
from models.diffusion.official import from_official, load_official, save_official, to_official
from models.diffusion.surgery import fresh, graft, operator_of, put, shape_of
from worlds.errors import InputError

WIDTH, HEADS, LAYERS, CLASSES, PATCH, SIDE = 32, 2, 2, 5, 2, 8
TOKENS = (SIDE // PATCH) ** 2
TIMES, KINDS = (0, 500, 999), (0, 3, 5)


def drawn(generator, *shape):
    return 0.3 * torch.randn(*shape, generator=generator)


def positions():
    """As MAE computes them: sines and cosines of the column, then of the row."""
    rows, columns = np.divmod(np.arange(TOKENS, dtype=np.float64), SIDE // PATCH)
    omega = 1 / 10_000 ** (np.arange(WIDTH // 4) / (WIDTH / 4))
    angles = [np.outer(places, omega) for places in (columns, rows)]
    return torch.tensor(np.concatenate([part(each) for each in angles for part in (np.sin, np.cos)], 1), dtype=torch.float32)[None]


def a_checkpoint(*, channels=4, out=8):
    """Random weights under the official names."""
    sizes = {"x_embedder.proj": (WIDTH, channels, PATCH, PATCH), "t_embedder.mlp.0": (WIDTH, 256), "t_embedder.mlp.2": (WIDTH, WIDTH),
             "final_layer.adaLN_modulation.1": (2 * WIDTH, WIDTH), "final_layer.linear": (out * PATCH**2, WIDTH)}
    for layer in range(LAYERS):
        inner = {"attn.qkv": (3 * WIDTH, WIDTH), "attn.proj": (WIDTH, WIDTH), "mlp.fc1": (4 * WIDTH, WIDTH),
                 "mlp.fc2": (WIDTH, 4 * WIDTH), "adaLN_modulation.1": (6 * WIDTH, WIDTH)}
        sizes |= {f"blocks.{layer}.{key}": size for key, size in inner.items()}
    generator = torch.Generator().manual_seed(0)
    weights = {"pos_embed": positions(), "y_embedder.embedding_table.weight": drawn(generator, CLASSES + 1, WIDTH)}
    for key, size in sizes.items():
        weights |= {f"{key}.weight": drawn(generator, *size), f"{key}.bias": drawn(generator, size[0])}
    return weights


def official_forward(weights, latents, times, kinds):
    """DiT as the paper and the released code have it, in functions."""
    def linear(key, x):
        return functional.linear(x, weights[f"{key}.weight"], weights[f"{key}.bias"])

    def normed(x, shift, scale):
        return functional.layer_norm(x, (WIDTH,), eps=1e-6) * (1 + scale[:, None]) + shift[:, None]

    patches = functional.conv2d(latents, weights["x_embedder.proj.weight"], weights["x_embedder.proj.bias"], stride=PATCH)
    x = patches.flatten(2).transpose(1, 2) + weights["pos_embed"]
    angles = times[:, None] * torch.exp(-math.log(10_000) * torch.arange(128) / 128)
    time = linear("t_embedder.mlp.2", functional.silu(linear("t_embedder.mlp.0", torch.cat([angles.cos(), angles.sin()], 1))))
    condition = functional.silu(time + weights["y_embedder.embedding_table.weight"][kinds])
    for layer in range(LAYERS):
        block = f"blocks.{layer}."
        shift, scale, gate, shift_mlp, scale_mlp, gate_mlp = linear(f"{block}adaLN_modulation.1", condition).chunk(6, 1)
        qkv = linear(f"{block}attn.qkv", normed(x, shift, scale)).view(len(x), TOKENS, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*qkv).transpose(1, 2).flatten(2)
        x = x + gate[:, None] * linear(f"{block}attn.proj", mixed)
        inner = functional.gelu(linear(f"{block}mlp.fc1", normed(x, shift_mlp, scale_mlp)), approximate="tanh")
        x = x + gate_mlp[:, None] * linear(f"{block}mlp.fc2", inner)
    shift, scale = linear("final_layer.adaLN_modulation.1", condition).chunk(2, 1)
    said = linear("final_layer.linear", normed(x, shift, scale)).unflatten(1, (SIDE // PATCH,) * 2).unflatten(-1, (PATCH, PATCH, -1))
    return torch.einsum("nhwpqc->nchpwq", said).reshape(len(x), -1, SIDE, SIDE)


@torch.no_grad()
def said(model, times=TIMES, channels=4):
    latents = torch.randn(3, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(9))
    return model(latents, timestep=torch.tensor(times), class_labels=torch.tensor(KINDS)).sample


@pytest.fixture
def checkpoint():
    return a_checkpoint()


@pytest.fixture
def model(checkpoint):
    return from_official(checkpoint, heads=HEADS).model


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@torch.no_grad()
def test_it_computes_what_the_official_network_computes(checkpoint, model):
    latents = torch.randn(3, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(9))
    theirs = official_forward(checkpoint, latents, torch.tensor(TIMES), torch.tensor(KINDS))

    assert (said(model) - theirs).abs().max() < 1e-5


@torch.no_grad()
def test_without_the_mended_frequencies_late_times_say_something_else(checkpoint, model):
    latents = torch.randn(3, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(9))
    theirs = official_forward(checkpoint, latents, torch.tensor(TIMES), torch.tensor(KINDS))
    for block in model.transformer_blocks:
        block.norm1.emb.time_proj.downscale_freq_shift = 1
    differences = (said(model) - theirs).abs().amax((1, 2, 3))

    assert differences[0] < 1e-5 and differences[-1] > 1e-3  # at t = 0 and at t = 999
    assert {block.norm3.eps for block in model.transformer_blocks} == {1e-6}


def test_the_way_there_and_back_changes_no_bit(checkpoint, model):
    assert same(to_official(model), checkpoint)


def test_one_embedder_serves_all_blocks_and_is_stored_once(model):
    weights = to_official(model)

    assert len({id(block.norm1.emb) for block in model.transformer_blocks}) == 1
    assert sum("embedding_table" in key for key in weights) == 1
    counted = sum(value.numel() for key, value in weights.items() if key != "pos_embed")
    assert counted == sum(parameter.numel() for parameter in model.parameters())


def test_a_model_whose_blocks_have_drifted_apart_is_not_written():
    untied = DiTTransformer2DModel(**MINIATURE | {"num_layers": 2, "sample_size": SIDE})

    with pytest.raises(InputError, match="mend the model"):
        to_official(untied)


def test_the_configuration_is_read_off_the_shapes(model):
    told = {key: model.config[key] for key in ("num_layers", "in_channels", "out_channels", "patch_size", "sample_size",
                                               "num_embeds_ada_norm", "num_attention_heads", "attention_head_dim")}

    assert told == {"num_layers": 2, "in_channels": 4, "out_channels": 8, "patch_size": 2, "sample_size": 8,
                    "num_embeds_ada_norm": 5, "num_attention_heads": 2, "attention_head_dim": 16}


GRAFTS = ("hyena-x", "hyena-y", "hyena-se", "swa", "mamba-2", "mlp-1", "mlp-3", "mlp-6", "mlp-hyena-x")


@pytest.mark.parametrize("operator", GRAFTS)
def test_a_graft_is_told_from_names_alone_and_comes_back_bit_for_bit(model, operator, tmp_path):
    grafted = graft(model, operator, [1], seed=4)
    save_official(grafted, tmp_path / "model.safetensors")
    loaded = load_official(tmp_path / "model.safetensors")

    assert loaded.operators == {(1, place_of(operator)): operator}
    assert type(operator_of(loaded.model, 1, place_of(operator))) is type(operator_of(grafted, 1, place_of(operator)))
    assert torch.equal(said(loaded.model), said(grafted))
    assert same(to_official(loaded.model), load_file(tmp_path / "model.safetensors"))


def test_grafts_of_several_kinds_live_in_one_checkpoint(model):
    grafted = graft(graft(model, "hyena-y", [0], seed=1), "mlp-3", [0, 1], seed=2)
    found = from_official(to_official(grafted), heads=HEADS)

    assert found.operators == {(0, "attention"): "hyena-y", (0, "mlp"): "mlp-3", (1, "mlp"): "mlp-3"}
    assert torch.equal(said(found.model), said(grafted))


def test_grafted_names_are_those_of_the_release(model):
    keys = {"hyena-se": ("in_proj.weight", "in_proj.bias", "out_proj.weight", "out_proj.bias", "short_filter.weight",
                         "short_filter.bias", "inner_filter.weight", "inner_filter.bias"),
            "swa": ("Wqkv.weight", "Wqkv.bias", "out_proj.weight", "out_proj.bias"),
            "mamba-2": ("dt_bias", "A_log", "D", "in_proj.weight", "conv1d.weight", "conv1d.bias", "norm.weight", "out_proj.weight")}

    for operator, own in keys.items():
        weights = to_official(graft(model, operator, [1], seed=0))
        assert {key for key in weights if key.startswith("blocks.1.attn.")} == {f"blocks.1.attn.{key}" for key in own}


@pytest.mark.parametrize("operator", ["mha", "mlp-4"])
def test_a_self_graft_with_the_old_weights_says_the_same_and_is_written_as_the_original_is(checkpoint, model, operator):
    place = place_of(operator)
    grafted = graft(model, operator, [1], seed=3)
    again, old = operator_of(grafted, 1, place), operator_of(model, 1, place)
    names = {"net.0.proj": "fc1", "net.2": "fc2"}
    again.load_state_dict({f"{names.get(key.rpartition('.')[0], key.rpartition('.')[0])}.{key.rpartition('.')[2]}": value
                           for key, value in old.state_dict().items()})

    assert (said(grafted) - said(model)).abs().max() < 1e-6
    assert same(to_official(grafted), checkpoint)


@pytest.mark.parametrize("operator", ["hyena-x", "mlp-3"])
def test_surgery_touches_nothing_else_and_can_be_undone(model, operator):
    before, place = said(model), place_of(operator)
    grafted = graft(model, operator, [1], seed=0)
    own = f"transformer_blocks.1.{'attn1' if place == 'attention' else 'ff'}."

    assert torch.equal(said(model), before) and not torch.equal(said(grafted), before)
    kept = {key: value for key, value in model.state_dict().items() if not key.startswith(own)}
    assert same({key: value for key, value in grafted.state_dict().items() if not key.startswith(own)}, kept)
    put(grafted, 1, place, operator_of(model, 1, place))
    assert torch.equal(said(grafted), before)


def test_linear_attention_and_other_windows_are_nothing_that_the_layout_could_say(model):
    with pytest.raises(InputError, match="Block 1 has linear attention"):
        to_official(graft(model, "linear", [1], seed=0))
    other = graft(model, "swa", [0], seed=0)
    operator_of(other, 0, "attention").window = 6
    with pytest.raises(InputError, match="Block 0 has a window of 6"):
        to_official(other)


def test_an_official_pt_is_read_by_ema_then_model_then_as_it_is(checkpoint, tmp_path):
    other = {key: value + 1 for key, value in checkpoint.items()}
    halved = {key: torch.nn.Parameter(value.half()) for key, value in checkpoint.items()}
    contents = {"ema": {"ema": checkpoint, "model": other, "opt": {"state": {}}, "args": Namespace(model="DiT-XL/2")},
                "model": {"model": checkpoint, "args": Namespace()}, "plain": checkpoint, "half": {"ema": halved}}
    for name, content in contents.items():
        torch.save(content, tmp_path / f"{name}.pt")

    for name in ("ema", "model", "plain"):
        assert same(to_official(load_official(tmp_path / f"{name}.pt", heads=HEADS).model), checkpoint)
    assert same(to_official(load_official(tmp_path / "half.pt", heads=HEADS).model),
                {key: value.half().float() for key, value in checkpoint.items()})


def test_a_pt_is_written_as_the_released_code_reads_it(model, tmp_path):
    save_official(graft(model, "hyena-x", [0], seed=0), tmp_path / "model.pt")

    assert "blocks.0.attn.short_filter.weight" in torch.load(tmp_path / "model.pt", weights_only=True)["ema"]
    assert load_official(tmp_path / "model.pt", heads=HEADS).operators == {(0, "attention"): "hyena-x"}


class Evil:
    def __init__(self, function, *arguments):
        self.called = (function, arguments)

    def __reduce__(self):
        return self.called


def hostile(file, content, *, compressed=zipfile.ZIP_STORED):
    with zipfile.ZipFile(file, "w", compressed) as packed:
        packed.writestr("archive/data.pkl", content if isinstance(content, bytes) else pickle.dumps(content, 2))
        packed.writestr("archive/version", "3\n")


@pytest.mark.parametrize(("called", "named"), [
    pytest.param(Evil(print, "ran"), "__builtin__.print", id="a function"),
    pytest.param(Evil(bytearray, 10**12), "__builtin__.bytearray", id="memory that torch itself would hand out"),
    pytest.param(Evil(torch.zeros, 3), "torch._C._VariableFunctionsClass", id="torch's own"),
    pytest.param(b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "STACK_GLOBAL", id="a name from the stack"),
    pytest.param(b"(S'echo'\nios\nsystem\n.", "os.system", id="an instance"),
])
def test_a_pickle_that_wants_to_run_something_is_refused_and_nothing_runs(called, named, tmp_path, capsys):
    hostile(tmp_path / "model.pt", called if isinstance(called, bytes) else {"ema": called})

    with pytest.raises(InputError, match="wants to run") as caught:
        load_official(tmp_path / "model.pt")
    assert named in str(caught.value) or named.startswith("torch")
    assert "ran" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [
    pytest.param(b"\x80\x02}q\x00.", id="no weights"),
    pytest.param(b"\x80\x02K\x01.", id="a number"),
    pytest.param(b"\x80\x02X\x03", id="cut"),
    pytest.param(b"\x80\x02" + b"N" * 5_000_000 + b".", id="a long one"),
    pytest.param(b"\x80\x02}X\x01\x00\x00\x00aK\x01s.", id="a number by name"),
    pytest.param(b"\x80\x02cargparse\nNamespace\n)R.", id="arguments alone"),
    pytest.param(b"\x80\x02(K\x01Q.", id="a storage that is none"),
])
def test_a_pickle_without_weights_is_one_sentence(content, tmp_path):
    hostile(tmp_path / "model.pt", content)

    with pytest.raises(InputError, match=r"^'model\.pt' "):
        load_official(tmp_path / "model.pt")


TWICE = b"h\x01h\x01\x86q\x01"  # a tuple of the last one, twice, which is the last one from now on


@pytest.mark.parametrize(("content", "says"), [
    pytest.param(b")" * 100_001 + b".", "holds 100,001 tuples", id="many"),
    pytest.param(b")" + b"\x85" * 100_000 + b".", "a tuple of more than 1,000 entries", id="deep"),
    # hashing 2 ** 60 entries would hold the interpreter for years
    pytest.param(b"}q\x00X\x01\x00\x00\x00z(" + b")q\x01" + TWICE * 60 + b"lsh\x01K\x01s.", "a tuple of more than 1,000 entries",
                 id="twice and twice"),
])
def test_tuples_that_would_be_too_many_written_out_are_refused_before_torch_sees_them(tmp_path, content, says):
    hostile(tmp_path / "model.pt", b"\x80\x02" + content)

    with pytest.raises(InputError, match=says):
        load_official(tmp_path / "model.pt")


def test_a_tensor_that_claims_more_than_it_holds_is_refused(checkpoint, tmp_path):
    table = torch.zeros(1, 1).expand(10**9, WIDTH)
    torch.save({"ema": checkpoint | {"y_embedder.embedding_table.weight": table}}, tmp_path / "model.pt")

    with pytest.raises(InputError, match=r"embedding_table\.weight' of 'model\.pt' claims"):
        load_official(tmp_path / "model.pt", heads=HEADS)


def test_no_file_of_torch_is_one_sentence(checkpoint, tmp_path):
    torch.save(checkpoint, tmp_path / "whole.pt")
    content = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(content[: len(content) // 2])
    torch.save(checkpoint, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "text.pt").write_text("hello")
    hostile(tmp_path / "packed.pt", checkpoint, compressed=zipfile.ZIP_DEFLATED)
    (tmp_path / "model.bin").write_text("hello")

    for name in ("cut.pt", "old.pt", "text.pt", "packed.pt", "model.bin", "none.pt", "none.safetensors"):
        with pytest.raises(InputError, match=name.replace(".", r"\.")):
            load_official(tmp_path / name)


def test_damage_anywhere_in_a_pt_is_one_sentence_or_other_numbers(checkpoint, tmp_path):
    torch.save({"ema": checkpoint, "args": Namespace(seed=0)}, tmp_path / "model.pt")
    whole, random = (tmp_path / "model.pt").read_bytes(), np.random.default_rng(0)

    for _ in range(100):
        damaged = bytearray(whole)
        damaged[random.choice([random.integers(9_000), len(whole) - 1 - random.integers(4_000)])] = random.integers(256)
        (tmp_path / "model.pt").write_bytes(damaged)
        try:
            load_official(tmp_path / "model.pt", heads=HEADS)
        except InputError as error:
            assert "\n" not in str(error)


def test_a_truncated_safetensors_is_one_sentence(checkpoint, tmp_path):
    save_file(checkpoint, tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()

    for length in (0, 7, 100, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.safetensors").write_bytes(content[:length])
        with pytest.raises(InputError, match="safetensors"):
            load_official(tmp_path / "cut.safetensors", heads=HEADS)


BLOCK = "blocks.1.attn."


@pytest.mark.parametrize(("without", "more", "told"), [
    pytest.param("blocks.0.", {}, "no block 0", id="a missing block"),
    pytest.param("blocks.", {}, "0 blocks", id="no block"),
    pytest.param(BLOCK, {}, "no attention in block 1", id="missing attention"),
    pytest.param("blocks.1.mlp.", {}, "no mlp in block 1", id="missing feed-forward part"),
    pytest.param("blocks.1.attn.proj.bias", {}, "no blocks.1.attn.proj.bias", id="a missing tensor"),
    pytest.param("y_embedder", {}, "no y_embedder.embedding_table.weight", id="no table"),
    pytest.param("pos_embed", {}, "no pos_embed", id="no positions"),
    pytest.param("", {"pos_embed": torch.zeros(1, 15, WIDTH)}, "make a square", id="places in no square"),
    pytest.param("", {"pos_embed": torch.zeros(1, 16, 31)}, r"pos_embed of .* \(1, 16, 31\)", id="positions of another width"),
    pytest.param("", {"pos_embed": torch.zeros(1, 16, WIDTH)}, "fixed embedding", id="other positions"),
    pytest.param("", {"x_embedder.proj.weight": torch.zeros(WIDTH, 4)}, "x_embedder.proj.weight", id="flat patches"),
    pytest.param("", {"x_embedder.proj.weight": torch.zeros(WIDTH, 4, 2, 0)}, "x_embedder.proj.weight", id="empty patches"),
    pytest.param("", {"x_embedder.proj.weight": torch.zeros(30, 4, 2, 2)}, "'heads'", id="a width that heads do not divide"),
    pytest.param("", {"x_embedder.proj.weight": torch.zeros(64, 4, 2, 2)}, r"shape \(1, 16, 32\)", id="another width"),
    pytest.param("", {f"{BLOCK}proj.weight": torch.zeros(WIDTH, 31)}, r"blocks.1.attn.proj.weight .* \(32, 31\)", id="a wrong shape"),
    pytest.param("", {f"{BLOCK}qkv.weight": torch.zeros(95, WIDTH)}, "blocks.1.attn.qkv.weight", id="no thirds"),
    pytest.param("", {f"{BLOCK}qkv.weight": torch.zeros(93, WIDTH)}, "blocks.1.attn.qkv.weight", id="other thirds"),
    pytest.param("", {f"{BLOCK}q_norm.weight": torch.zeros(3)}, "blocks.1.attn.q_norm.weight", id="an unknown tensor"),
    pytest.param("", {f"{BLOCK}to_q.weight": torch.zeros(WIDTH, WIDTH)}, "blocks.1.attn.to_q.weight", id="a name of diffusers"),
    pytest.param("", {"blocks.01.attn.proj.bias": torch.zeros(WIDTH)}, "blocks.01.attn.proj.bias", id="a number spelled otherwise"),
    pytest.param("", {"x": torch.zeros(3)}, "'x'", id="an unknown name"),
    pytest.param(BLOCK, {f"{BLOCK}in_proj.weight": torch.zeros(96, WIDTH)}, "attn.in_proj.weight and neither", id="no filter"),
    pytest.param("", {"blocks.1.mlp.fc1.weight": torch.zeros(80, WIDTH)}, r"mlp.fc1.weight .* \(80, 32\)", id="half a ratio"),
    pytest.param("", {"blocks.1.mlp.fc1.weight": torch.zeros(7 * WIDTH, WIDTH)}, "1 to 6 times", id="too wide"),
    pytest.param("", {"final_layer.linear.bias": torch.zeros(32, dtype=torch.int64)}, "int64", id="whole numbers"),
])
def test_what_is_wrong_with_a_checkpoint_is_one_sentence_with_the_name(checkpoint, without, more, told):
    weights = {key: value for key, value in checkpoint.items() if not without or not key.startswith(without)} | more

    with pytest.raises(InputError, match=told):
        from_official(weights, heads=HEADS)


def test_heads_are_known_of_published_widths_and_stated_for_others(checkpoint):
    with pytest.raises(InputError, match="State 'heads'"):
        from_official(checkpoint)
    for heads in (0, 3, -2):
        with pytest.raises(InputError, match=f"'heads' is {heads}"):
            from_official(checkpoint, heads=heads)


def test_the_miniature_goes_through_the_official_layout(tmp_path):
    torch.manual_seed(0)
    small = mend(DiTTransformer2DModel(**MINIATURE | {"num_layers": 2, "sample_size": SIDE})).eval()
    put(small, 1, "attention", fresh("hyena-x", shape_of(small), seed=0))
    save_official(small, tmp_path / "model.safetensors")

    assert torch.equal(said(load_official(tmp_path / "model.safetensors").model, channels=3), said(small, channels=3))
