"""Official checkpoints made into folders and back, from the command line too."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.catalogue.miniatures import MINIATURES
from models.diffusion.convert import convert
from models.diffusion.folders import load_folder, read_graft
from models.diffusion.official import load_official, save_official, to_official
from models.diffusion.painter import painter_of
from models.diffusion.surgery import graft
from tests.models import tiny_pipelines
from worlds.errors import InputError


@pytest.fixture(scope="module")
def dit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pipelines.dit(tmp_path_factory.mktemp("models") / "dit")


def test_a_released_graft_becomes_a_pipeline_that_paints_and_comes_back_bit_for_bit(dit, tmp_path):
    grafted = graft(load_folder(dit), "hyena-x", [1], seed=0)
    save_official(grafted, tmp_path / "model.pt")

    said = convert(tmp_path / "model.pt", tmp_path / "mine", pipeline=dit, heads=2)
    marker = read_graft(tmp_path / "mine" / "transformer")
    assert "hyena-x in 1 layer" in said and (marker.operator, marker.layers, marker.stage) == ("hyena-x", (1,), "stage 2")
    painter = painter_of(tmp_path / "mine", "cpu")
    assert painter.kinds == tiny_pipelines.KINDS

    convert(tmp_path / "mine", tmp_path / "back.safetensors")
    back, due = to_official(load_official(tmp_path / "back.safetensors", heads=2).model), to_official(grafted)
    assert back.keys() == due.keys() and all(torch.equal(value, back[key]) for key, value in due.items())


def test_one_that_is_not_grafted_becomes_a_plain_folder(tmp_path):
    save_official(load_folder(MINIATURES / "vignettes-dit"), tmp_path / "model.safetensors")
    command = [sys.executable, "-m", "models.diffusion.convert", str(tmp_path / "model.safetensors"), str(tmp_path / "mine")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "no graft" in done.stdout and painter_of(tmp_path / "mine", "cpu").is_drawn


def test_a_pixart_is_no_dit_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="takes sentences"):
        convert(tiny_pipelines.pixart(tmp_path / "pixart"), tmp_path / "model.pt")
    assert not (tmp_path / "model.pt").exists()


def test_two_kinds_of_graft_and_a_pipeline_without_a_decoder_are_one_sentence(dit, tmp_path):
    twice = graft(graft(load_folder(dit), "hyena-x", [1], seed=0), "mlp-3", [2], seed=0)
    save_official(twice, tmp_path / "twice.pt")
    with pytest.raises(InputError, match="hyena-x and mlp-3"):
        convert(tmp_path / "twice.pt", tmp_path / "mine", heads=2)
    save_official(load_folder(dit), tmp_path / "plain.pt")
    with pytest.raises(InputError, match="no vae"):
        convert(tmp_path / "plain.pt", tmp_path / "mine", pipeline=tmp_path, heads=2)


def test_a_folder_that_holds_something_else_is_not_written_over(dit, tmp_path):
    save_official(load_folder(dit), tmp_path / "plain.pt")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(InputError, match="'mine' is there and is no model's folder"):
        convert(tmp_path / "plain.pt", tmp_path / "mine", heads=2)
    with pytest.raises(InputError, match="is the pipeline itself"):
        convert(tmp_path / "plain.pt", dit, pipeline=dit, heads=2)

    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"
    for _ in range(2):  # one of ours may be written anew
        convert(tmp_path / "plain.pt", tmp_path / "again", heads=2)
    assert (tmp_path / "again" / "config.json").is_file()
