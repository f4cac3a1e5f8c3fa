"""Pipelines of the real classes, tiny and random, through the path of a published checkpoint; and what is refused."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, PixArtSigmaPipeline
from diffusers.models.transformers.pixart_transformer_2d import PixArtTransformer2DModel
from safetensors.torch import load_file, save_file

from models import catalogue, loading
from models.catalogue import RUNGS, local_names, local_rung
from models.diffusion.folders import Graft, hash_of, load_folder, read_graft, save_folder
from models.diffusion.judge import load, save
from models.diffusion.network import count_parameters, fresh_miniature
from models.diffusion.painter import SHIPPED_JUDGE, Painter, painter_of, painter_with
from models.diffusion.pipelines import save_pipeline
from models.diffusion.process import DIT, PIXART
from models.diffusion.sampling import first_noise, sample
from models.diffusion.surgery import graft
from models.diffusion.wanted import number_of
from tests.models import tiny_pipelines
from worlds.errors import InputError


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pipelines.both(tmp_path_factory.mktemp("pipelines"))


@pytest.fixture
def dit(folders: Path) -> Painter:
    return painter_of(folders / "dit", "cpu")


@pytest.fixture
def pixart(folders: Path) -> Painter:
    return painter_of(folders / "pixart", "cpu")


def painted(painter: Painter, subjects: list[str], **how: object) -> torch.Tensor:
    noise = first_noise(len(subjects), 0, shape=painter.shape)
    *_, last = sample(painter.network, painter.asked(subjects), noise, process=painter.process, **{"steps": 4, **how})
    return last.noisy


def test_a_dit_pipeline_paints_its_kinds_through_its_decoder(dit):
    assert dit.process == DIT and dit.kinds == tiny_pipelines.KINDS and not dit.is_drawn
    latents = painted(dit, ["goldfish", "2"], guidance=1.5)
    pictures = dit.pictures(latents)

    assert latents.shape == (2, 4, 8, 8) and pictures.shape == (2, 16, 16, 3) and pictures.dtype == torch.uint8
    *_, decoder = dit.parts
    made = decoder.decode(latents / decoder.config.scaling_factor).sample
    assert torch.equal(pictures, (127.5 * made + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1))


def test_kinds_are_named_by_one_of_their_names_or_by_number():
    assert [number_of(asked, tiny_pipelines.KINDS) for asked in ("Tinca tinca", " GOLDFISH ", "lakeshore", "3")] == [0, 1, 4, 3]
    with pytest.raises(InputError, match=r"no kind 'gold'.*goldfish.*0 to 4"):
        number_of("gold", tiny_pipelines.KINDS)
    with pytest.raises(InputError, match="no kind '5'"):
        number_of("5", tiny_pipelines.KINDS)


def test_a_name_that_two_kinds_have_is_refused_with_their_numbers_and_the_number_is_taken():
    kinds = ("crane", "heron, stork", "Crane", "crane, machine")
    with pytest.raises(InputError, match="2 kinds of this model are called 'crane': the numbers 0, 2"):
        number_of("crane", kinds)

    assert [number_of(asked, kinds) for asked in ("2", "stork", "machine", "crane, machine")] == [2, 1, 3, 3]


def test_a_pixart_pipeline_paints_as_diffusers_own_does(folders, pixart):
    """The same sentences, noise, solver and guidance, through PixArtSigmaPipeline."""
    assert pixart.process == PIXART and pixart.kinds == ()
    theirs = PixArtSigmaPipeline.from_pretrained(folders / "pixart")
    theirs.scheduler = DPMSolverMultistepScheduler(beta_start=1e-4, beta_end=0.02, beta_schedule="linear", final_sigmas_type="zero",
                                                   timestep_spacing="linspace")
    noise = first_noise(2, 0, shape=pixart.shape)
    theirs.set_progress_bar_config(disable=True)
    sentences = ["a red house", "The sea"]
    due = theirs(sentences, num_inference_steps=4, guidance_scale=4.5, latents=noise, output_type="latent",
                 use_resolution_binning=False, clean_caption=False).images

    ours = _at_their_times(pixart, sentences, noise, [int(time) for time in theirs.scheduler.timesteps])
    assert torch.allclose(ours, due, atol=1e-3)


def _at_their_times(painter: Painter, sentences: list[str], noise: torch.Tensor, times: list[int]) -> torch.Tensor:
    """Ours, at the solver's own times, which are not quite those that all samplers have here."""
    from models.diffusion import sampling

    mover, noisy, wanted = sampling._DpmSolver(times, 0, PIXART), noise, painter.asked(sentences)
    for index, time in enumerate(times):
        said, spread = PIXART.split(sampling._said(painter.network, noisy, time, wanted, 4.5, None))
        noisy, _ = mover.move(noisy, said, spread, index)
    return noisy


def test_sentences_are_read_as_the_text_encoder_reads_them(pixart):
    wanted = pixart.asked(["a red house", "THE sea "])

    assert wanted.given["encoder_hidden_states"].shape == (2, 300, 32)
    masks = [each["encoder_attention_mask"].sum(1).tolist() for each in (wanted.given, wanted.without)]
    assert masks == [[4, 3], [1, 1]]


@pytest.mark.parametrize("name", ["dit", "pixart"])
def test_a_grafted_one_comes_back_bit_for_bit_and_not_without_its_marker(folders, name, tmp_path):
    painter = painter_of(folders / name, "cpu")
    grafted = graft(painter.network, "hyena-x", [1], seed=3)
    marker = Graft(operator="hyena-x", layers=(1,), stage="swapped", seed=3, base=hash_of(painter.network))
    save_folder(grafted, tmp_path / "transformer", graft=marker)
    again = load_folder(tmp_path / "transformer")
    asked, noise = painter.asked(["goldfish" if name == "dit" else "a sea"]), first_noise(1, 0, shape=painter.shape)
    with torch.no_grad():
        ours, theirs = (asked.ask(model, noise, torch.tensor([500])) for model in (grafted, again))

    assert torch.equal(ours, theirs) and read_graft(tmp_path / "transformer") == marker
    (tmp_path / "transformer" / "graft.json").unlink()
    with pytest.raises(InputError, match="no graft\\.json"):
        load_folder(tmp_path / "transformer")


def test_a_plain_pixart_is_what_diffusers_reads(folders):
    ours = load_folder(folders / "pixart").state_dict()
    theirs = PixArtTransformer2DModel.from_pretrained(folders / "pixart", subfolder="transformer").state_dict()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_places_of_a_large_pixart_are_those_of_diffusers(tmp_path):
    torch.manual_seed(0)
    big = PixArtTransformer2DModel(**{**tiny_pipelines.SIZES, "sample_size": 128, "num_layers": 1}, cross_attention_dim=64,
                                   caption_channels=32, use_additional_conditions=False)
    save_folder(big, tmp_path / "big")
    assert torch.equal(load_folder(tmp_path / "big").pos_embed.pos_embed, big.pos_embed.pos_embed)


def test_a_grafted_pipeline_is_a_pipeline_again(folders, dit, tmp_path):
    grafted = graft(dit.network, "swa", [0, 2], seed=0)
    marker = Graft(operator="swa", layers=(0, 2), stage="swapped", seed=0, base=hash_of(dit.network))
    save_pipeline(dit, tmp_path / "made", lambda place: save_folder(grafted, place, graft=marker))
    again = painter_of(tmp_path / "made", "cpu")

    from dataclasses import replace
    assert again.kinds == dit.kinds and torch.equal(painted(again, ["volcano"]), painted(replace(dit, network=grafted), ["volcano"]))


@pytest.mark.parametrize("kind", ["int8", "nf4"])
@pytest.mark.parametrize("name", ["dit", "pixart"])
def test_it_paints_in_fewer_bits(folders, name, kind):
    plain, packed = (painter_of(folders / name, "cpu", quantisation=how) for how in ("none", kind))
    subjects = ["goldfish"] if name == "dit" else ["a red house"]
    one, other = painted(plain, subjects), painted(packed, subjects)

    assert torch.isfinite(other).all() and not torch.equal(one, other)
    outside = [layer for where, layer in packed.network.named_modules() if where.startswith("proj_out") and hasattr(layer, "weight")]
    assert outside and all(type(layer) is torch.nn.Linear for layer in outside)
    assert count_parameters(packed.network) <= count_parameters(plain.network)
    assert count_parameters(packed.network) == pytest.approx(count_parameters(plain.network), rel=0.35)


def test_what_is_published_is_loaded_as_a_local_folder_is(folders, monkeypatch):
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(folders))
    assert local_names(most=9) == ["dit", "pixart"]  # whole pipelines, and not their parts
    loaded = loading.load(local_rung("pixart", "diffusion"), "nf4")
    assert isinstance(loaded.tool, Painter) and loaded.rung.architecture == "PixArtTransformer2DModel"


def test_parts_of_a_published_one_may_lie_under_another_hub_id(folders, tmp_path, monkeypatch):
    """As PixArt-Sigma at 2,048 pixels: its transformer in one repository, text encoder and decoder in another."""
    rung = next(rung for rung in RUNGS if rung.name == "pixart-sigma-2k")
    cache = {rung.source: tmp_path / "one", rung.beside: tmp_path / "two"}
    for part, place in (("transformer", rung.source), *((part, rung.beside) for part in ("vae", "text_encoder", "tokenizer"))):
        shutil.copytree(folders / "pixart" / part, cache[place] / part)

    def cached(hub_id: str, file: str) -> str | None:
        return str(cache[hub_id] / file) if (cache[hub_id] / file).is_file() else None

    monkeypatch.setattr(catalogue.ladder, "try_to_load_from_cache", cached)
    assert catalogue.missing_files(rung) == ""
    assert painted(loading.load(rung).tool, ["a sea"]).shape == (1, 4, 8, 8)

    shutil.rmtree(cache[rung.beside])
    assert f"hf download {rung.beside}" in catalogue.missing_files(rung)


def edited(folder: Path, file: str, **changed: object) -> None:
    said = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**said, **changed}))


@pytest.mark.parametrize(("file", "changed", "said"), [
    ("vae/config.json", {"block_out_channels": [8] * 9}, "block_out_channels"),
    ("vae/config.json", {"block_out_channels": [10**9]}, "block_out_channels"),
    ("vae/config.json", {"layers_per_block": 10**9}, "layers_per_block"),
    ("vae/config.json", {"block_out_channels": [8, 16]}, "claims"),
    ("vae/config.json", {"latent_channels": 16}, "latent_channels"),
    ("vae/config.json", {"_class_name": "AutoencoderTiny"}, "AutoencoderKL"),
    ("transformer/config.json", {"num_layers": 5}, "num_layers"),
    ("transformer/config.json", {"caption_channels": 33}, "caption_channels"),
    ("transformer/config.json", {"num_attention_heads": 7}, "attention_head_dim"),
    ("transformer/config.json", {"use_additional_conditions": True}, "use_additional_conditions"),
    ("transformer/config.json", {"sample_size": 9}, "sample_size"),
    ("transformer/config.json", {"sample_size": 90_000}, "sample_size"),
    ("transformer/config.json", {"sample_size": 514}, "at most 65,536 tokens"),
    ("transformer/config.json", {"interpolation_scale": -1}, "interpolation_scale"),
    ("transformer/config.json", {"interpolation_scale": 16.5}, "interpolation_scale"),
    ("text_encoder/config.json", {"architectures": ["BertModel"]}, "T5EncoderModel"),
    ("text_encoder/config.json", {"num_layers": 10**9}, "num_layers"),
    ("text_encoder/config.json", {"relative_attention_max_distance": 0}, "relative_attention_max_distance 0"),
    ("text_encoder/config.json", {"quantization_config": {"load_in_4bit": True}}, "packed already"),
    ("tokenizer/tokenizer_config.json", {"pad_token": None}, "has no padding"),
    ("tokenizer/tokenizer_config.json", {"pad_token": "new"}, "words up to 9, and text_encoder/ knows those from 0 to 8"),
    *(("vae/config.json", {"scaling_factor": scale}, "scaling_factor")
      for scale in (0, -0.0, 1e-300, float("nan"), float("inf"), 10**400, "0.18", None, [1], True)),
    *(("vae/config.json", {"shift_factor": shift}, "shift_factor") for shift in (float("inf"), "x", [1])),
    *(("vae/config.json", {"norm_num_groups": groups}, "could not be read") for groups in (0, -1, "x")),
    ("vae/config.json", {"act_fn": 5}, "could not be read"),
])
def test_a_config_that_claims_what_is_not_there_is_refused_with_the_field(folders, tmp_path, file, changed, said):
    shutil.copytree(folders / "pixart", tmp_path / "mine")
    edited(tmp_path / "mine", file, **changed)

    with pytest.raises(InputError, match=said):
        painter_of(tmp_path / "mine", "cpu")


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder", "tokenizer"])
def test_a_missing_part_is_named(folders, tmp_path, part):
    shutil.copytree(folders / "pixart", tmp_path / "mine")
    shutil.rmtree(tmp_path / "mine" / part)
    with pytest.raises(InputError, match=f"no {part}/"):
        painter_of(tmp_path / "mine", "cpu")


def test_a_decoder_cut_short_and_weights_of_another_name_are_refused(folders, tmp_path):
    shutil.copytree(folders / "dit", tmp_path / "mine")
    file = tmp_path / "mine" / "vae" / "diffusion_pytorch_model.safetensors"
    whole = load_file(file)
    file.write_bytes(file.read_bytes()[:-400])
    with pytest.raises(InputError, match="mine"):
        painter_of(tmp_path / "mine", "cpu")
    save_file({f"other.{key}": value for key, value in whole.items()}, file, {"format": "pt"})
    with pytest.raises(InputError, match="vae"):
        painter_of(tmp_path / "mine", "cpu")


def test_a_decoder_that_makes_no_numbers_is_refused_before_anything_is_painted(folders, tmp_path):
    shutil.copytree(folders / "dit", tmp_path / "mine")
    file = tmp_path / "mine" / "vae" / "diffusion_pytorch_model.safetensors"
    save_file({key: value * float("nan") for key, value in load_file(file).items()}, file, {"format": "pt"})

    with pytest.raises(InputError, match="vae/ of 'mine' decodes to something that is no picture"):
        painter_of(tmp_path / "mine", "cpu")


def test_names_of_kinds_are_one_line_that_can_be_shown_and_mean_themselves(folders, tmp_path):
    shutil.copytree(folders / "dit", tmp_path / "mine")
    said = {"0": "a\u202eb\x00\ud800 c", "1": "", "2": "4", "3": {"a": 1}, "4": "x" * 5_000}
    edited(tmp_path / "mine", "model_index.json", id2label=said)

    assert painter_of(tmp_path / "mine", "cpu").kinds == ("ab c", "1", "2", "3", "x" * 200)


def test_without_names_kinds_are_numbers(folders, tmp_path):
    shutil.copytree(folders / "dit", tmp_path / "mine")
    (tmp_path / "mine" / "model_index.json").unlink()
    assert painter_of(tmp_path / "mine", "cpu").kinds == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize(("kind", "off"), [("int8", 0.05), ("nf4", 0.3)])
def test_sentences_are_read_in_fewer_bits(tmp_path, kind, off):
    """T5 makes what comes to its last product of the dtype of that product's weights: packed, nothing but whole numbers came."""
    tiny_pipelines.pixart(tmp_path / "wide", text_width=64)
    plain, packed = (painter_of(tmp_path / "wide", "cpu", quantisation=how) for how in ("none", kind))
    due, read = (each.asked(["a red house by the sea"]).given["encoder_hidden_states"] for each in (plain, packed))

    assert not torch.equal(due, read) and (due - read).norm() < off * due.norm()


def test_a_sentence_is_read_alike_however_many_there_are(pixart, monkeypatch):
    read, counted = pixart.parts[2].forward, []
    monkeypatch.setattr(pixart.parts[2], "forward", lambda ids, **given: counted.append(len(ids)) or read(ids, **given))
    many = pixart.asked(["the sea", "a red house", "the sea"] * 20)
    one = pixart.asked(["a red house"])

    assert counted == [2, 1, 1, 1] and len(many) == 60  # one that comes again is read once
    for key, value in many.given.items():
        assert torch.allclose(value[1].float(), one.given[key][0].float(), atol=1e-5) and torch.equal(value[0], value[2])
    assert all(value.shape == many.given[key].shape for key, value in many.without.items())
    assert all(value.shape == (2, *many.given[key].shape[1:]) for key, value in many[[3, 4]].dropping(
        torch.tensor([True, False])).given.items())


@pytest.mark.parametrize("changed", [{"scaling_factor": 0}, {"scaling_factor": "much"}, {"shift_factor": "much"},
                                     {"out_channels": 4}])
def test_a_decoder_that_would_make_no_pictures_is_refused_with_the_field(folders, tmp_path, changed):
    shutil.copytree(folders / "dit", tmp_path / "mine")
    edited(tmp_path / "mine", "vae/config.json", **changed)
    with pytest.raises(InputError, match=next(iter(changed))):
        painter_of(tmp_path / "mine", "cpu")


def test_latents_are_moved_by_what_the_decoder_says(folders, tmp_path):
    shutil.copytree(folders / "dit", tmp_path / "moved")
    edited(tmp_path / "moved", "vae/config.json", scaling_factor=0.5, shift_factor=0.25)
    painter, latents = painter_of(tmp_path / "moved", "cpu"), first_noise(1, 0, shape=(4, 8, 8))
    made = painter.parts[1].decode(latents / 0.5 + 0.25).sample
    assert torch.equal(painter.pictures(latents), (127.5 * made + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1))


def test_what_lies_beside_is_only_for_what_is_not_there(folders, tmp_path):
    tiny_pipelines.dit(tmp_path / "other", seed=5)
    decoder = painter_of(folders / "dit", "cpu", beside=tmp_path / "other").parts[1].state_dict()
    own = painter_of(folders / "dit", "cpu").parts[1].state_dict()
    assert all(torch.equal(value, own[key]) for key, value in decoder.items())


def test_a_classifier_in_the_models_own_folder_judges(tmp_path):
    judge, reference = load(SHIPPED_JUDGE)
    with torch.no_grad():
        judge.head.bias.add_(1)
    save(judge, reference, tmp_path / "judge", {})
    own, other = (painter_with(fresh_miniature(0), place, "cpu", name="mine") for place in (tmp_path / "judge", tmp_path / "none"))
    assert torch.allclose(own.judge.head.bias, other.judge.head.bias + 1)
