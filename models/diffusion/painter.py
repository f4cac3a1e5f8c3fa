"""What the ladder gives for the role "diffusion": a network that paints, and the classifier that judges what it paints."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

    from models.diffusion.judge import Judge, Moments

JUDGE = "judge"  # the folder beside the weights


@dataclass(frozen=True)
class Painter:
    """A diffusion transformer that says v of 32 x 32 pictures of ten kinds.

    Attributes:
        reference: mean and covariance of the classifier's features of held-out pictures.
    """

    network: "DiTTransformer2DModel"
    judge: "Judge"
    reference: "Moments"


def painter_of(folder: Path, device: str) -> Painter:
    """Read a folder in diffusers' layout, with the classifier in `judge/` below it.

    Raises:
        InputError: what is there is no such network.
    """
    from models.diffusion import judge
    from models.diffusion.folders import load_folder
    from models.diffusion.network import parts

    network = parts(load_folder(folder)).to(device)
    return Painter(network, *judge.load(folder / JUDGE))
