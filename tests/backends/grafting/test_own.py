"""Checkpoints that a person brings: each layout is read, what cannot be painted with is one sentence, and a run takes it."""

import json
import os
import pickle
import re
import zipfile
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from backends.grafting import choices, examples, foreseen, healing, locality, own
from backends.grafting.foreseen import Described
from backends.grafting.own import described
from backends.grafting.run import run
from backends.grafting.settings import GraftingSettings
from backends.made import Made
from backends.run import Inputs, last, name_of
from models.diffusion.assembling import UnknownHeads
from models.diffusion.folders import save_folder
from models.diffusion.network import count_parameters
from models.diffusion.surgery import graft
from tests.backends.grafting import own_files
from worlds.errors import InputError

QUICK = {"num_pictures": 2, "sample_steps": 2, "heals": "none"}


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    for module, name, number in ((examples, "HELD_OUT", 20), (examples, "TUNED_ON", 64), (healing, "TUNED_ON", 64),
                                 (choices, "WATCHED_PICTURES", 4), (locality, "STEPS", 5)):
        monkeypatch.setattr(module, name, number)


@pytest.fixture
def model():
    return own_files.tiny()


def test_every_layout_is_read_and_tells_its_grafts(tmp_path, model):
    grafted = graft(graft(model, "swa", [0], seed=1), "mlp-3", [2], seed=1)
    shape = Described(own_files.WIDTH, own_files.HEADS, 64, own_files.LAYERS)
    found = {
        "pt": described(own_files.official(grafted, tmp_path / "a.pt"), "a.pt", heads=2),
        "safetensors": described(own_files.official(grafted, tmp_path / "a.safetensors"), "a.safetensors"),
        "zip": described(own_files.zipped(model, tmp_path / "a.zip"), "a.zip")}
    hyena = graft(model, "hyena-x", [1], seed=0)
    zipped = own_files.zipped(hyena, tmp_path / "b.zip", graft=own_files.said_of(model, "hyena-x", (1,)), below="")
    marked = described(zipped, "b.zip")

    assert {one.shape for one in (*found.values(), marked)} == {shape}
    assert found["pt"].grafts == found["safetensors"].grafts == ((0, "attention", "swa"), (2, "mlp", "mlp-3"))
    assert found["zip"].grafts == () and marked.grafts == ((1, "attention", "hyena-x"),)
    assert found["zip"].parameters == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("changed", "says"), [
    ({"num_embeds_ada_norm": 1000},
     "'a.zip' has num_embeds_ada_norm 1000; what is painted without a decoder (vae/) beside it takes 10"),
    ({"sample_size": 16}, "'a.zip' has sample_size 16; what is painted without a decoder (vae/) beside it takes 32"),
    ({"in_channels": 4, "out_channels": 8}, "'a.zip' has in_channels 4; what is painted without a decoder (vae/) beside it takes 3")])
def test_what_is_painted_here_takes_networks_of_one_form(tmp_path, changed, says):
    with pytest.raises(InputError, match=re.escape(says)):
        described(own_files.zipped(own_files.tiny(**changed), tmp_path / "a.zip"), "a.zip")


def test_heads_that_nothing_tells_are_asked_for(tmp_path, model):
    file = own_files.official(model, tmp_path / "7.pt")

    with pytest.raises(UnknownHeads, match=r"Nothing in 'mine.pt' says how many heads .*“Heads of your checkpoint”"):
        described(file, "mine.pt")
    with pytest.raises(InputError, match=r"'heads' is 5, and 'mine.pt' has a width of 24"):
        described(file, "mine.pt", heads=5)
    assert described(file, "mine.pt", heads=2).shape.heads == 2


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_a_pickle_that_wants_to_run_code_is_refused(tmp_path, model, capsys):
    torch.save({"ema": own_files.weights(model), "extra": Evil()}, tmp_path / "0.pt")
    with pytest.raises(InputError, match=r"'mine.pt' wants to run '\w*builtin\w*.print' when it is opened, so it is not"):
        described(tmp_path / "0.pt", "mine.pt", heads=2)
    (tmp_path / "1.pt").write_bytes(pickle.dumps({"ema": Evil()}))
    with pytest.raises(InputError, match=r"'mine.pt' is no whole file of torch.save"):
        described(tmp_path / "1.pt", "mine.pt", heads=2)

    assert capsys.readouterr().out == ""


def test_unknown_and_missing_names_and_other_shapes_are_named(tmp_path, model):
    good = {key: value.contiguous() for key, value in own_files.weights(model).items()}
    for number, (weights, says) in enumerate([
            (good | {"blocks.0.extra.weight": torch.zeros(3)}, "holds 'blocks.0.extra.weight', which is no part of this network"),
            ({key: value for key, value in good.items() if key != "blocks.1.attn.proj.bias"}, "has no blocks.1.attn.proj.bias"),
            (good | {"blocks.1.mlp.fc2.weight": torch.zeros(24, 95)}, r"blocks.1.mlp.fc2.weight of 'x' has the shape \(24, 95\)"),
            ({"whatever": torch.zeros(3)}, "has no pos_embed")]):
        save_file(weights, tmp_path / f"{number}.safetensors", {"heads": "2"})
        with pytest.raises(InputError, match=says):
            described(tmp_path / f"{number}.safetensors", "x")


def test_weights_of_diffusers_without_their_folder_are_asked_for_with_it(tmp_path, model):
    own_files.zipped(model, tmp_path / "a.zip")

    with pytest.raises(InputError, match=r"has the names of diffusers, which lie in a folder beside config.json. Bring that folder"):
        described(tmp_path / "a" / "diffusion_pytorch_model.safetensors", "mine.safetensors")


@pytest.mark.parametrize(("limit", "value", "says"), [
    ("MAX_LAYERS", 2, "has 3 layers and 0 million parameters. At most 2 layers"),
    ("MAX_PARAMETERS", 1_000, "At most 64 layers and 0 million are read")])
def test_what_is_too_large_is_refused(tmp_path, model, monkeypatch, limit, value, says):
    monkeypatch.setattr(own, limit, value)

    with pytest.raises(InputError, match=says):
        described(own_files.zipped(model, tmp_path / "a.zip"), "a.zip")


def test_a_run_takes_the_checkpoint_in_every_task(tmp_path, model):
    inputs = Inputs({"a.zip": own_files.zipped(model, tmp_path / "a.zip")})
    done = {task: last(run(GraftingSettings(**QUICK, task=task, checkpoint="upload:a.zip", tokens=(16,)), inputs))
            for task in ("graft", "locality", "speed")}

    assert {(one.model_id, one.is_miniature) for one in done.values()} == {("upload:a.zip", False)}
    assert done["graft"].grafted.num_layers == len(done["locality"].locality.shares) == own_files.LAYERS
    assert (done["speed"].speed.width, done["speed"].speed.heads) == (own_files.WIDTH, own_files.HEADS)


def test_grafting_a_grafted_one_replaces_the_chosen_layers_alone_and_says_what_stood_there(tmp_path, model):
    grafted = graft(model, "hyena-x", [0, 1], seed=0)
    inputs = Inputs({"a.safetensors": own_files.official(grafted, tmp_path / "a.safetensors")}, makes=Made(lambda: tmp_path / "m"))
    asked = GraftingSettings(**QUICK, checkpoint="upload:a.safetensors", operator="swa", pattern="by hand", layers=(1, 2))
    plain = last(run(asked.model_copy(update={"checkpoint": ""}), Inputs())).grafted
    result = last(run(asked, inputs))
    found = result.grafted

    assert "a.safetensors was grafted before, in layers 0, 1." in result.notes[0]
    assert "two kinds of graft, or one from before" in result.notes[1] and not result.made
    assert found.before.parameters == sum(parameter.numel() for parameter in grafted.parameters())
    assert found.before.mixing_flops < plain.before.mixing_flops  # one of the two layers had Hyena-X
    per_layer = (plain.after.mixing_flops / 2) * own_files.WIDTH / 96
    assert found.after.mixing_flops == pytest.approx(2 * per_layer, rel=0.05)


@pytest.mark.parametrize("settings", [{"task": "locality"}, {"pattern": "top-local"}])
def test_attention_that_is_not_there_is_not_looked_for(tmp_path, model, settings):
    file = own_files.official(graft(model, "hyena-x", [1], seed=0), tmp_path / "a.safetensors")

    with pytest.raises(InputError, match=r"'a.safetensors' has layers without attention to look at, 1: it was grafted"):
        last(run(GraftingSettings(**QUICK, checkpoint="upload:a.safetensors", **settings), Inputs({"a.safetensors": file})))


def test_maps_that_would_fill_the_memory_are_refused(tmp_path, model, monkeypatch):
    monkeypatch.setattr(own, "WATCHED_MB", 0.05)
    inputs = Inputs({"a.zip": own_files.zipped(model, tmp_path / "a.zip")})

    with pytest.raises(InputError, match=r"3 layers of 2 heads over 64 tokens, is 0.1 MB of maps"):
        last(run(GraftingSettings(task="locality", checkpoint="upload:a.zip"), inputs))


def test_another_run_goes_on_from_a_grafted_checkpoint(tmp_path, model):
    makes = Made(lambda: tmp_path / "made")
    inputs = Inputs({"a.zip": own_files.zipped(model, tmp_path / "a.zip")}, makes=makes)
    settings = GraftingSettings(**QUICK | {"heals": "stage 1"}, checkpoint="upload:a.zip", steps=4, num_samples=64)
    first = last(run(settings, inputs))
    results = {name_of(first): first}
    further = settings.model_copy(update={"heals": "both stages", "tune_steps": 2, "continues": name_of(first)})
    second = last(run(further, Inputs(inputs.files, results, makes)))

    assert first.made and [state.name for state in second.grafted.states][-1] == "stage 2"
    with pytest.raises(InputError, match=r"had another checkpoint: upload:a.zip"):
        last(run(further.model_copy(update={"checkpoint": ""}), Inputs(inputs.files, results, makes)))


@pytest.mark.parametrize(("settings", "says"), [
    ({"checkpoint": "/etc/passwd"}, "'checkpoint' is '/etc/passwd'. It must name a file of your own: upload:NAME"),
    ({"samples": "somewhere"}, "'samples' is 'somewhere'"), ({"checkpoint": "upload:gone.pt"}, "'gone.pt' is not in this session"),
    ({"checkpoint": "upload:a.npz"}, "'a.npz' holds pictures and no checkpoint"),
    ({"checkpoint": "upload:a.yaml"}, "holds a text and no checkpoint")])
def test_only_files_of_the_session_are_read(tmp_path, settings, says):
    (tmp_path / "a.yaml").write_text(own_files.STAGE_2)
    inputs = Inputs({"a.npz": own_files.npz(tmp_path / "a.npz", 3), "a.yaml": tmp_path / "a.yaml"})

    with pytest.raises(InputError, match=says):
        last(run(GraftingSettings(**QUICK, **settings), inputs))


def test_pictures_are_judged_beside_the_states(tmp_path):
    right, wrong = np.arange(70) % 10, (np.arange(70) + 1) % 10
    inputs = Inputs({"right.npz": own_files.npz(tmp_path / "right.npz", 70, labels=right),
                     "wrong.npz": own_files.npz(tmp_path / "wrong.npz", 70, labels=wrong),
                     "few.npz": own_files.npz(tmp_path / "few.npz", 8)})
    done = {name: last(run(GraftingSettings(**QUICK, samples=f"upload:{name}"), inputs)) for name in inputs.files}
    found = {name: result.grafted.samples for name, result in done.items()}

    assert found["right.npz"].accuracy > 0.9 > 0.1 > found["wrong.npz"].accuracy
    assert found["right.npz"].proxy_fd == found["wrong.npz"].proxy_fd < 20 and found["right.npz"].floor > 0
    assert (found["few.npz"].number, found["few.npz"].accuracy, found["few.npz"].proxy_fd) == (8, None, None)
    assert done["few.npz"].notes == ("A proxy-FD takes at least 65 pictures; these are 8.",)
    assert all(len(one.pictures) == QUICK["num_pictures"] for one in found.values())


def test_a_zip_of_weights_that_are_damaged_is_one_sentence(tmp_path, model):
    own_files.zipped(model, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.write(tmp_path / "a" / "config.json", "config.json")
        packed.writestr("diffusion_pytorch_model.safetensors", b"\x08\0\0\0\0\0\0\0{}      ")

    with pytest.raises(InputError, match=r"b\.zip"):
        described(tmp_path / "b.zip", "b.zip")


def test_a_checkpoint_is_refused_where_its_training_takes_a_megabyte_more_than_there_is(tmp_path, model, monkeypatch):
    inputs = Inputs(files={"a.zip": own_files.zipped(model, tmp_path / "a.zip")})
    monkeypatch.setattr(own, "COPIES", 10_000)  # else it takes less than a megabyte
    needed = round(own.COPIES * own.BYTES * count_parameters(model) / 1e6)

    class Limited:
        def __init__(self, most):
            self.limit_mb = lambda device: most

    for most, is_enough in ((needed, True), (needed - 1, False)):
        monkeypatch.setattr(own, "budget", lambda most=most: Limited(most))
        refused = nullcontext() if is_enough else pytest.raises(InputError, match="while it is grafted")
        with refused, own.lent(GraftingSettings(checkpoint="upload:a.zip"), inputs) as lent:
            assert lent.name == "upload:a.zip"


def test_attention_that_was_put_in_anew_is_attention_to_look_at(model):
    watching = GraftingSettings(task="locality")
    own._check_watched(own.Opened(model, {(1, "attention"): "mha", (2, "mlp"): "mlp-3"}, "here"), watching, "a")
    with pytest.raises(InputError, match="without attention to look at, 2"):
        own._check_watched(own.Opened(model, {(2, "attention"): "swa"}, "here"), watching, "a")


def test_what_stood_in_layers_that_are_not_known_yet_is_not_counted():
    shape, stood = Described(96, 6, 64, 8), {layer: "mamba-2" for layer in range(8)}
    known, unknown = GraftingSettings(), GraftingSettings(pattern="top-local")
    assert foreseen.foreseen(unknown, shape, stood) == foreseen.foreseen(unknown, shape)
    assert foreseen.foreseen(known, shape, stood) != foreseen.foreseen(known, shape)


@pytest.mark.parametrize(("start", "value", "settings", "says", "states"), [
    ("blocks.1.attn.qkv.weight", float("nan"), {"heals": "stage 1"}, "What the attention of layer 1 says is no number", 2),
    ("blocks.1.attn.qkv.weight", 1e30, {"heals": "both stages"}, "What the attention of layer 1 says is no number", 2),
    ("blocks.0.mlp.fc2.", 0.0, {"heals": "stage 1", "operator": "mlp-3", "pattern": "all"}, "is the same whatever they hear", 2),
    ("final_layer.linear.bias", 3e38, {"heals": "both stages"}, "Stage 2 ended at step 2: its error is no number", 4)])
def test_what_cannot_be_learned_from_ends_the_healing_and_loses_nothing(tmp_path, model, start, value, settings, says, states):
    wrong = {key: torch.full_like(own, value) if key.startswith(start) else own for key, own in own_files.weights(model).items()}
    save_file(wrong, tmp_path / "a.safetensors", {"heads": "2"})
    asked = GraftingSettings(**QUICK | settings, checkpoint="upload:a.safetensors", num_samples=64, steps=2, tune_steps=2)
    result = last(run(asked, Inputs(files={"a.safetensors": tmp_path / "a.safetensors"}, makes=Made(lambda: tmp_path))))

    assert says in result.notes[-1] and len(result.grafted.states) == states
    assert result.made == () and not (tmp_path / "made").exists()


def test_a_zip_may_be_called_anything(tmp_path, model):
    file = own_files.zipped(model, tmp_path / "a.zip")
    assert described(file, "..").parameters == described(file, "a.zip").parameters


@pytest.mark.parametrize("said", [
    {"num_attention_heads": float("inf")}, {"num_layers": 10**10}, {"num_layers": -5}, {"patch_size": 0}, {"attention_head_dim": -3},
    {"attention_head_dim": 10**9}, {"sample_size": 10**9}, {"num_attention_heads": "9" * 5_000}, "[" * 100_000, None])
def test_a_description_that_cannot_be_is_none(tmp_path, model, said):
    save_folder(model, tmp_path / "mine")
    file = tmp_path / "mine" / "config.json"
    whole = json.loads(file.read_text())
    assert foreseen.described(tmp_path / "mine") == Described(own_files.WIDTH, own_files.HEADS, 64, own_files.LAYERS)

    file.unlink()
    if said is None:
        os.mkfifo(file)  # which would be waited for without end
    else:
        file.write_text(said if isinstance(said, str) else json.dumps(whole | said))
    assert foreseen.described(tmp_path / "mine") is None
