"""Two ways to decode that the paper compares with: VCD, against a noisy picture, and DoLa, against an early layer.

The paper's settings of both could not be read; these are the general definitions with values of our own: a = 1, plausible from
0.1 of the largest probability; noise step 500 of 1000; early layers from the upper half. Both change the first token only.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from models.attention import Prefill, prepare
from models.attention.asking import option_pieces
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

RIVALS = ("vcd", "dola")
WEIGHT, PLAUSIBLE = 1.0, 0.1
NOISE_STEP, NOISE_STEPS = 500, 1000


@torch.inference_mode()
def rival_probabilities(method: str, vlm: VisionLanguageModel, pictures: Sequence[np.ndarray], questions: Sequence[str],
                        options: Sequence[str], layouts: Sequence[str | None], *, seed: int) -> np.ndarray:
    """Return (questions, options) probabilities of the first token.

    Args:
        layouts: (questions,) as `prepare` takes them.     seed: draws the noise of VCD's second picture.
    Raises:
        InputError: DoLa, and the model has no final norm that its early layers could be read through.
    """
    inputs = prepare(vlm, [[picture] for picture in pictures], questions, layout=layouts)
    logits = _vcd(vlm, inputs, seed) if method == "vcd" else _dola(vlm, inputs)
    probabilities = logits.softmax(-1)
    pieces, _ = option_pieces(vlm, options)
    return torch.stack([probabilities[:, own].sum(-1) for own in pieces], dim=-1).float().cpu().numpy()


def _vcd(vlm: VisionLanguageModel, inputs: dict[str, torch.Tensor], seed: int) -> torch.Tensor:
    """Return (questions, vocabulary) logits (1 + a) l(v) - a l(v'), v' the picture under diffusion noise."""
    noisy = {name: _noised(value, seed) if name == "pixel_values" else value for name, value in inputs.items()}
    plain, blurred = (Prefill(vlm.model, own).look().logits[:, 0] for own in (inputs, noisy))
    return _plausible((1 + WEIGHT) * plain - WEIGHT * blurred, plain)


def _noised(pixels: torch.Tensor, seed: int) -> torch.Tensor:
    """Return the pixels of step 500 of a diffusion: most of the picture is gone, its layout just shows."""
    steps = torch.linspace(-6, 6, NOISE_STEPS).sigmoid() * (0.5e-2 - 1e-5) + 1e-5
    kept = float((1 - steps).cumprod(0)[NOISE_STEP])
    noise = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(seed)).to(pixels)
    return kept**0.5 * pixels + (1 - kept) ** 0.5 * noise


def _dola(vlm: VisionLanguageModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return (questions, vocabulary) log p - log q, q of the upper half's layer that differs most (Jensen-Shannon)."""
    model = vlm.model
    norm = final_norm(vlm)
    out = model(**inputs, output_hidden_states=True, use_cache=False, logits_to_keep=1)
    final = out.logits[:, -1].float().log_softmax(-1)
    layers = out.hidden_states[len(out.hidden_states) // 2 : -1]  # before the last, which is normed already
    early = torch.stack([model.get_output_embeddings()(norm(layer[:, -1])).float().log_softmax(-1) for layer in layers])
    chosen = _divergence(final, early).argmax(0)  # (questions,)
    return _plausible(final - early[chosen, torch.arange(len(final), device=chosen.device)], final)


def final_norm(vlm: VisionLanguageModel) -> nn.Module:
    """Return the norm before the head. Raises InputError where the text stack has none by the usual name."""
    body = vlm.model.model
    stack = getattr(body, "language_model", None) or getattr(body, "text_model", None)
    norm = getattr(stack, "norm", None)
    if norm is None:
        raise InputError(f"DoLa reads early layers through the final norm, which a {type(vlm.model).__name__} does not show. "
                         "Leave DoLa out.")
    return norm


def _divergence(final: torch.Tensor, early: torch.Tensor) -> torch.Tensor:
    """Return (layers, questions) Jensen-Shannon divergences in nats of log-probabilities."""
    middle = torch.logaddexp(final, early) - float(np.log(2))
    both = (own.exp() * (own - middle) for own in (final.expand_as(early), early))
    return sum(one.nan_to_num().sum(-1) for one in both) / 2  # type: ignore[return-value]


def _plausible(logits: torch.Tensor, plain: torch.Tensor) -> torch.Tensor:
    probabilities = plain.softmax(-1)
    return logits.masked_fill(probabilities < PLAUSIBLE * probabilities.amax(-1, keepdim=True), float("-inf"))
