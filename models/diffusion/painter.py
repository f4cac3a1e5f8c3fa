"""What the ladder gives for the role "diffusion": a network that paints, what it can be asked for, and what makes pictures of it.

The miniature paints drawn vignettes in pixels, and a classifier judges them. Published checkpoints paint latents, which a decoder
makes pictures of, and have no classifier here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.catalogue.rung import PIPELINE
from models.diffusion.choices import MINIATURE_SIZES
from worlds.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, device, nn

    from models.catalogue.rung import Quantisation
    from models.diffusion.judge import Judge, Moments
    from models.diffusion.network import Transformer
    from models.diffusion.process import Process
    from models.diffusion.wanted import Wanted

JUDGE = "judge"  # the folder beside the weights
SHIPPED_JUDGE = Path(__file__).parents[1] / "miniatures" / "vignettes-dit" / JUDGE


@dataclass(frozen=True)
class Painter:
    """A diffusion transformer and what stands around it.

    Attributes:
        network: what is grafted.
        judge: of drawn vignettes; None where something else is painted.
        reference: mean and covariance of the classifier's features of held-out pictures.
        kinds: names of its classes, in their order; none where it is asked in sentences.
        asked: from names of kinds, or sentences, to what the network takes, on its device.
        pictures: from what was sampled, (n, c, h, w), to pictures, (n, h, w, 3) uint8 on the CPU.
        parts: every network of it, for counting memory.
    """

    network: "Transformer"
    process: "Process"
    kinds: tuple[str, ...]
    asked: "Callable[[Sequence[str]], Wanted]"
    pictures: "Callable[[Tensor], Tensor]"
    parts: "tuple[nn.Module, ...]"
    judge: "Judge | None" = None
    reference: "Moments | None" = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of what is sampled."""
        config: Any = self.network.config
        return config.in_channels, config.sample_size, config.sample_size

    @property
    def device(self) -> "device":
        """Where the network is."""
        return next(self.network.parameters()).device

    @property
    def is_drawn(self) -> bool:
        """Whether it paints vignettes, of which there are drawn ones to learn from and a classifier."""
        return self.judge is not None


def painter_of(folder: Path, device: str, *, quantisation: "Quantisation" = "none", beside: Path | None = None) -> Painter:
    """Read a folder: a pipeline of diffusers, with its decoder and, of PixArt, its text encoder; or a network like the miniature's,
    with the classifier in `judge/` below it, and without one the miniature's judges.

    Args:
        quantisation: of the linear layers of the network and of the text encoder.
        beside: another folder, which has those parts of a pipeline that `folder` lacks.
    Raises:
        InputError: what is there is no such network.
    """
    from models.diffusion.folders import load_folder
    from models.diffusion.pipelines import pipeline_of

    if (folder / PIPELINE).exists() or (folder / "transformer").is_dir():
        return pipeline_of(folder, device, quantisation=quantisation, beside=beside)
    return painter_with(load_folder(folder), folder / JUDGE, device, name=folder.name, quantisation=quantisation)


def painter_with(network: "Transformer", judged_by: Path, device: str, *, name: str,
                 quantisation: "Quantisation" = "none") -> Painter:
    """A network that was read, with the classifier of a folder; where there is no such folder the miniature's judges.

    Raises:
        InputError: what is painted without a decoder takes another network.
    """
    from models.diffusion import judge
    from models.diffusion.network import parts
    from models.diffusion.process import DRAWN
    from models.diffusion.sampling import as_pictures
    from models.diffusion.wanted import by_name
    from models.quantisation import quantise_linears
    from worlds.vignettes import KINDS

    config = parts(network).config
    if differing := [key for key, value in MINIATURE_SIZES.items() if config[key] != value]:
        raise InputError(f"{name!r} has {differing[0]} {config[differing[0]]}; what is painted without a decoder (vae/) beside it "
                         f"takes {MINIATURE_SIZES[differing[0]]}.")
    parts(network.eval()).to(device)
    quantise_linears(network, quantisation)
    its_judge, reference = judge.load(judged_by if judged_by.is_dir() else SHIPPED_JUDGE)
    return Painter(network, DRAWN, KINDS, by_name(network, KINDS), lambda samples: as_pictures(samples.cpu()), (network,), its_judge,
                   reference)
