"""How pictures are noised and what a network says of noised ones: that of the miniature, and that of DiT and PixArt.

Sources: Salimans and Ho, arXiv 2202.00512 (v); Nichol and Dhariwal, arXiv 2102.09672 (learned variance, and its bound); Peebles and
Xie, arXiv 2212.09748 (guidance of three channels of four).
"""

from dataclasses import dataclass
from functools import cache
from math import log, pi, sqrt
from typing import Literal

import torch
from torch import Tensor

from models.diffusion.noising import STEPS, cosine_alphas_bar, noised, weights

FIRST_BETA, LAST_BETA = 1e-4, 0.02  # of the linear schedule
LEVEL = 2 / 255  # between two neighbouring values of a picture from -1 to 1


@cache
def linear_alphas_bar() -> Tensor:
    """What is left of a picture's variance after each step, (1000,) float64, where the variances of the steps grow linearly."""
    return torch.cumprod(1 - torch.linspace(FIRST_BETA, LAST_BETA, STEPS, dtype=torch.float64), 0)


@dataclass(frozen=True)
class Process:
    """How a network was trained to see and to say.

    Attributes:
        says: v, or the noise itself.
        has_spread: behind that, in as many channels more, where between its two bounds the variance of a DDPM step lies.
        bound: estimates of clean pictures are kept within, or are left as they are.
        guided: so many channels are moved by guidance, the first ones; all where it is None.
    """

    schedule: Literal["cosine", "linear"]
    says: Literal["v", "noise"]
    has_spread: bool = False
    bound: float | None = None
    guided: int | None = None

    @property
    def alphas_bar(self) -> Tensor:
        """(1000,) float64."""
        return cosine_alphas_bar() if self.schedule == "cosine" else linear_alphas_bar()

    def split(self, said: Tensor) -> tuple[Tensor, Tensor | None]:
        """What a network said, (n, c, h, w), and of what has a spread the spread, from -1 to 1."""
        if not self.has_spread:
            return said, None
        main, spread = said.chunk(2, dim=1)
        return main, spread

    def clean(self, noisy: Tensor, said: Tensor, bar: float) -> Tensor:
        """The estimate of the clean pictures."""
        found = bar**0.5 * noisy - (1 - bar) ** 0.5 * said if self.says == "v" else (noisy - (1 - bar) ** 0.5 * said) / bar**0.5
        return found if self.bound is None else found.clamp(-self.bound, self.bound)

    def noised(self, clean: Tensor, noise: Tensor, alphas_bar: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures at some steps, and what is to be said of them, (n, c, h, w) each."""
        seen, velocity = noised(clean, noise, alphas_bar)
        return seen, velocity if self.says == "v" else noise

    def loss(self, said: Tensor, wanted: Tensor, *, clean: Tensor, seen: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        """What training makes small, and the plain squared error of what was to be said, (n,) each.

        A network that says v: its squared error by the signal-to-noise ratio. One that says the noise and a spread: its squared error
        and, for the spread alone, the variational bound in bits per number, as DiT was trained.
        """
        main, spread = self.split(said.float())
        error = (main - wanted).square().mean((1, 2, 3))
        if self.says == "v":
            return error * weights(self.alphas_bar[steps.cpu()]).float().to(error.device), error
        return error if spread is None else error + self._bound(main.detach(), spread, clean, seen, steps), error

    def _bound(self, said: Tensor, spread: Tensor, clean: Tensor, seen: Tensor, steps: Tensor) -> Tensor:
        """The variational bound of each sample's step, bits per number."""
        bars, at = self.alphas_bar, steps.cpu()  # float64, which not every device has: only what stands before pictures goes there
        before = torch.cat([bars.new_ones(1), bars[:-1]])
        bar, after = bars[at], before[at]
        beta = 1 - bar / after
        posterior = _posterior(bars, before)
        posterior[0] = posterior[1]  # the first step has none of its own
        least = posterior[at].log().float().to(spread.device)
        log_spread = _between(spread, least, beta.log().float().to(spread.device))
        ours = _mean(self.clean_each(seen, said, bar), seen, bar, after)
        true = _mean(clean, seen, bar, after)
        apart = 0.5 * (-1 + log_spread - _wide(least) + torch.exp(_wide(least) - log_spread)
                       + (true - ours).square() * torch.exp(-log_spread))
        told = torch.where(_wide(at == 0).to(seen.device), -_log_likelihood(clean, ours, 0.5 * log_spread), apart)
        return told.mean((1, 2, 3)) / log(2)

    def clean_each(self, noisy: Tensor, said: Tensor, bars: Tensor) -> Tensor:
        """The estimate of the clean pictures where each is at a step of its own, as they are said."""
        signal, rest = _beside(bars.sqrt(), noisy), _beside((1 - bars).sqrt(), noisy)
        return signal * noisy - rest * said if self.says == "v" else (noisy - rest * said) / signal


def _wide(each: Tensor) -> Tensor:
    return each.view(-1, 1, 1, 1)


def _beside(each: Tensor, pictures: Tensor) -> Tensor:
    """One number for each picture, to be multiplied with it."""
    return _wide(each.to(pictures.dtype).to(pictures.device))


def _posterior(bars: Tensor, before: Tensor) -> Tensor:
    """The variance of each step, given the clean picture, (1000,)."""
    return (1 - bars / before) * (1 - before) / (1 - bars)


def _between(spread: Tensor, least: Tensor, most: Tensor) -> Tensor:
    """The logarithm of a step's variance: `spread` -1 is the least, 1 the most."""
    share = (spread + 1) / 2
    return share * _wide(most) + (1 - share) * _wide(least)


def log_variance(spread: Tensor, bar: float, after: float) -> Tensor:
    """The logarithm of the variance of a step of DDPM that goes from `bar` to `after`, below 1, as its spread says."""
    beta = 1 - bar / after
    least = torch.tensor([log(max(beta * (1 - after) / (1 - bar), 1e-20))], device=spread.device)
    return _between(spread, least, torch.tensor([log(beta)], device=spread.device))


def _mean(clean: Tensor, seen: Tensor, bar: Tensor, after: Tensor) -> Tensor:
    """The mean of a step, given the clean pictures."""
    alpha = bar / after
    of_clean, of_seen = after.sqrt() * (1 - alpha) / (1 - bar), alpha.sqrt() * (1 - after) / (1 - bar)
    return _beside(of_clean, seen) * clean + _beside(of_seen, seen) * seen


def _log_likelihood(clean: Tensor, mean: Tensor, log_width: Tensor) -> Tensor:
    """Of each number under a Gaussian that is summed over one of 256 levels; the outermost reach on without end."""

    def below(edge: Tensor) -> Tensor:
        scaled = (edge - mean) * torch.exp(-log_width)
        return 0.5 * (1 + torch.tanh(sqrt(2 / pi) * (scaled + 0.044715 * scaled**3)))

    upper, lower = below(clean + LEVEL / 2), below(clean - LEVEL / 2)
    inside = torch.where(clean < -0.999, upper, torch.where(clean > 0.999, 1 - lower, upper - lower))
    return inside.clamp(min=1e-12).log()


DRAWN = Process("cosine", "v", bound=1.0)
"""The miniature's."""
DIT = Process("linear", "noise", has_spread=True, guided=3)
"""DiT's, whose guidance leaves the fourth channel alone."""
PIXART = Process("linear", "noise", has_spread=True)
"""That of PixArt, whose sampler does not use the spread."""
