"""What the ladder gives for the role "diffusion": a network that paints, and the classifier that judges what it paints."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from worlds.errors import InputError

if TYPE_CHECKING:
    from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

    from models.diffusion.judge import Judge, Moments

JUDGE = "judge"  # the folder beside the weights
SHIPPED_JUDGE = Path(__file__).parents[1] / "miniatures" / "vignettes-dit" / JUDGE
MUST_BE = ("in_channels", "out_channels", "sample_size", "num_embeds_ada_norm")  # as the miniature's


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
    """Read a folder in diffusers' layout, with the classifier in `judge/` below it; without one the miniature's judges.

    Raises:
        InputError: what is there is no such network.
    """
    from models.diffusion import judge
    from models.diffusion.folders import load_folder
    from models.diffusion.network import MINIATURE, parts

    network = load_folder(folder).eval()
    config = parts(network).config
    if differing := [name for name in MUST_BE if config[name] != MINIATURE[name]]:
        raise InputError(f"{folder.name!r} has {differing[0]} {config[differing[0]]}; what is painted here takes "
                         f"{MINIATURE[differing[0]]}.")
    own = folder / JUDGE
    parts(network).to(device)
    return Painter(network, *judge.load(own if own.is_dir() else SHIPPED_JUDGE))
