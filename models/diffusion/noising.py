"""How pictures are noised and what a network learns to say of it: the cosine schedule with v-prediction.

Source: Nichol and Dhariwal, arXiv 2102.09672 (schedule); Salimans and Ho, arXiv 2202.00512 (v); Hang et al., arXiv 2303.09556
(weights by the signal-to-noise ratio).
"""

from math import cos, pi

import torch
from torch import Tensor

STEPS = 1000
MOST_SNR = 5.0
MOST_BETA = 0.999


def cosine_alphas_bar() -> Tensor:
    """What is left of a picture's variance after each step, (1000,) float64; diffusers calls it squaredcos_cap_v2."""

    def share(part: float) -> float:
        return cos((part + 0.008) / 1.008 * pi / 2) ** 2

    betas = [min(1 - share((step + 1) / STEPS) / share(step / STEPS), MOST_BETA) for step in range(STEPS)]
    return torch.cumprod(1 - torch.tensor(betas, dtype=torch.float64), 0)


def noised(clean: Tensor, noise: Tensor, alphas_bar: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures at some steps, and the v that is to be said of them.

    Args:
        clean: (n, c, h, w), from -1 to 1.
        noise: the same shape, standard normal.
        alphas_bar: (n,), of each one's step, float64 on the CPU: not every device has it, and pictures get single numbers from it.
    Returns:
        sqrt(a) x + sqrt(1 - a) e and sqrt(a) e - sqrt(1 - a) x, (n, c, h, w) each.
    """
    signal, rest = (part.to(clean.dtype).to(clean.device).view(-1, 1, 1, 1) for part in (alphas_bar.sqrt(), (1 - alphas_bar).sqrt()))
    return signal * clean + rest * noise, signal * noise - rest * clean


def weights(alphas_bar: Tensor) -> Tensor:
    """How much an error in v counts at some steps, (n,): min(SNR, 5) / (SNR + 1)."""
    ratio = alphas_bar / (1 - alphas_bar)
    return ratio.clamp(max=MOST_SNR) / (ratio + 1)
