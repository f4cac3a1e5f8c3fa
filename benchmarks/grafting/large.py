"""Networks of the published sizes, with random weights: what they take in fewer bits, and on a GPU the time of a forward.

Time and memory follow from the shapes alone. What the pictures would look like does not, and is not measured here.
"""

from collections.abc import Callable

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from diffusers.models.transformers.pixart_transformer_2d import PixArtTransformer2DModel
from torch import nn

from backends.grafting.speed import MIXERS
from benchmarks.tables import markdown
from models.catalogue import Quantisation
from models.devices import best_device
from models.diffusion import pixart
from models.diffusion.assembling import FIXED
from models.diffusion.latency import timed, took
from models.diffusion.network import mend
from models.diffusion.surgery import Shape, graft
from models.quantisation import footprint_mb, quantise_linears

HALF = torch.bfloat16
SIZES = {"num_attention_heads": 16, "attention_head_dim": 72, "in_channels": 4, "out_channels": 8, "num_layers": 28, "patch_size": 2}
OPERATORS = {"DiT-XL/2, 256 pixels": 256, "DiT-XL/2, 512 pixels": 1024, "PixArt-Sigma, 2,048 pixels": 16_384}  # tokens
PIXART_LAYERS = (8, 10, 12, 14, 16, 18, 20, 21, 22, 23, 24, 25, 26, 27)  # that the paper replaces, Section 5
KINDS: tuple[Quantisation, ...] = ("none", "int8", "nf4")
WORDS = 300  # tokens of a sentence


def section() -> str:
    """Memory anywhere; time where there is a GPU."""
    device = best_device()
    told = _times(device) if device == "cuda" else "There is no GPU here, so no forward of these sizes was timed.\n"
    return f"## Networks of the published sizes\n\nRandom weights.\n\n{_memory(device)}\n{told}"


def dit_xl() -> DiTTransformer2DModel:
    """DiT-XL/2 for 256 pixels, as it is published but for its weights."""
    return mend(DiTTransformer2DModel(**SIZES, sample_size=32, num_embeds_ada_norm=1000, **FIXED)).eval()


def _memory(device: str) -> str:
    rows = []
    for kind in KINDS:
        model = dit_xl().to(HALF).to(device)
        swapped = quantise_linears(model, kind, skip=("proj_out", "pos_embed"))
        rows.append([kind, f"{swapped}", f"{footprint_mb(model):,.0f}"])
        del model
    return f"**DiT-XL/2 in memory**, the rest in bfloat16\n\n{markdown(('linear layers', 'packed', 'MB'), rows)}\n"


def _times(device: str) -> str:
    rows = []
    for name, tokens in OPERATORS.items():
        each = {operator: took(operator, Shape(1152, 16, tokens), tokens, device=device, dtype=HALF) for operator in MIXERS}
        rows += [[name, operator, f"{one.median_ms:.3g}", f"{each['mha'].median_ms / one.median_ms:.3g}"]
                 for operator, one in each.items()]
    table = markdown(("size", "operator", "ms", "times as fast as full attention"), rows)
    return (f"**One operator**, one sample, bfloat16, median of up to 20 forwards\n\n{table}\n\n"
            f"**PixArt-Sigma at 2,048 pixels, one forward**\n\n{_pixart(device)}\n")


def _pixart(device: str) -> str:
    """A whole forward with the paper's layers replaced, beside that of the original; the paper has 1.43 times on an H100."""
    with torch.device(device):
        model = PixArtTransformer2DModel(**SIZES, sample_size=256, cross_attention_dim=1152, caption_channels=4096, **pixart.FIXED)
    model = model.to(HALF).eval()
    grafted = graft(model, "hyena-x", PIXART_LAYERS, seed=0).to(HALF)
    before, after = (1e3 * sorted(seconds)[len(seconds) // 2] for seconds in (
        timed(_forward(each, device), device=device, most_s=20.0) for each in (model, grafted)))
    return markdown(("layers replaced", "ms", "times as fast"), [
        ["none", f"{before:.0f}", "1"], [f"{len(PIXART_LAYERS)} with Hyena-X", f"{after:.0f}", f"{before / after:.2f}"]])


def _forward(model: nn.Module, device: str) -> Callable[[], object]:
    latents = torch.randn(1, 4, 256, 256, device=device, dtype=HALF)
    words = torch.randn(1, WORDS, 4096, device=device, dtype=HALF)
    time = torch.tensor([500], device=device)

    size = {"resolution": None, "aspect_ratio": None}

    @torch.no_grad()
    def forward() -> object:
        return model(latents, timestep=time, encoder_hidden_states=words, added_cond_kwargs=size)

    return forward
