"""Small files as a person brings them to grafting: checkpoints in each layout, pictures, configurations."""

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import nn

from models.diffusion.folders import Graft, hash_of, save_folder
from models.diffusion.network import MINIATURE, mend
from models.diffusion.official import save_official, to_official
from worlds.vignettes import vignettes

WIDTH, HEADS, LAYERS = 24, 2, 3
STAGE_2 = """operator:
  name: hyena_y
  type: mha
  config_filepath: "None"
train_config:
  dit_model_name: DiT-XL/2
  dit_ckpt_path: /data/dit.pt
  graft_indexes: [0, 2, 27]
  graft_weights: {0: a.pt, 2: b.pt, 27: c.pt}
  image_size: 256
  global_seed: 7
  initial_learning_rate: 1e-4
"""


def tiny(**changed: object) -> DiTTransformer2DModel:
    """A network that can be painted with here: 24 wide, three layers, random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return mend(DiTTransformer2DModel(**MINIATURE | {"num_attention_heads": HEADS, "attention_head_dim": WIDTH // HEADS,
                                                         "num_layers": LAYERS} | changed)).eval()


def official(model: nn.Module, file: Path) -> Path:
    """Written in the official layout; a .pt says nothing of heads."""
    save_official(model, file)
    return file


def zipped(model: DiTTransformer2DModel, file: Path, *, graft: Graft | None = None, below: str = "run-3/") -> Path:
    """A folder in diffusers' layout, or a grafted one, as a zip."""
    folder = file.with_suffix("")
    save_folder(model, folder, graft=graft)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in folder.iterdir():
            archive.write(each, f"{below}{each.name}")
    return file


def said_of(model: DiTTransformer2DModel, operator: str, layers: tuple[int, ...]) -> Graft:
    """What graft.json says of a graft of that model."""
    return Graft(operator=operator, layers=layers, stage="swapped", seed=0, base=hash_of(model))


def npz(file: Path, number: int, *, labels: np.ndarray | None = None, pictures: np.ndarray | None = None) -> Path:
    """Held-out vignettes in the layout of the ADM evaluator."""
    shown = vignettes(number, held_out=True) if pictures is None else pictures
    content = io.BytesIO()
    np.savez_compressed(content, shown, *([] if labels is None else [labels]))
    file.write_bytes(content.getvalue())
    return file


def weights(model: DiTTransformer2DModel) -> dict[str, torch.Tensor]:
    """By official names."""
    return to_official(model)
