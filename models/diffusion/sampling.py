"""How pictures are sampled from a network that says v: DDIM, DDPM and DPM-Solver++, with classifier-free guidance.

Sources: Song et al., arXiv 2010.02502 (DDIM); Ho et al., arXiv 2006.11239 (DDPM); Lu et al., arXiv 2211.01095 (DPM-Solver++, by
diffusers' scheduler); Ho and Salimans, arXiv 2207.12598 (guidance). The estimate of the clean picture is kept within -1 and 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from torch import Tensor, nn

from models.diffusion.choices import Sampler
from models.diffusion.network import parts
from models.diffusion.noising import STEPS, cosine_alphas_bar
from worlds.errors import InputError

MOST_GUIDANCE = 20.0


class NotFinite(InputError):
    """A network said something that is no number; what was sampled until then was yielded."""


@dataclass(frozen=True)
class Step:
    """Where a sampling stands.

    Attributes:
        number: 1, 2, ... of all steps.
        time: the step of the training's thousand from which it went on.
        noisy: (n, c, h, w), what the next step begins with; after the last one the pictures.
        clean: (n, c, h, w), the estimate of the clean pictures that was made of it.
    """

    number: int
    time: int
    noisy: Tensor
    clean: Tensor


def first_noise(number: int, seed: int, *, shape: tuple[int, int, int]) -> Tensor:
    """Where a sampling begins, (number, c, h, w): picture i of a seed is the same however many there are, and for every model."""
    generators = (torch.Generator().manual_seed(seed * 100_003 + index) for index in range(number))
    return torch.stack([torch.randn(shape, generator=generator) for generator in generators])


def times_of(steps: int) -> list[int]:
    """The steps of the thousand that are taken, from 999 down to 0.

    Raises:
        InputError: fewer than one or more than a thousand.
    """
    if not 1 <= steps <= STEPS:
        raise InputError(f"Pictures are sampled in 1 to {STEPS} steps, not {steps}.")
    return [round(float(time)) for time in torch.linspace(STEPS - 1, 0, steps, dtype=torch.float64)]


@torch.no_grad()
def sample(model: nn.Module, kinds: Tensor, noise: Tensor, *, steps: int, guidance: float = 1.0, sampler: Sampler = "ddim",
           seed: int = 0) -> Iterator[Step]:
    """Sample and yield after every step.

    Args:
        kinds: (n,), classes.
        noise: (n, c, h, w), from `first_noise`.
        guidance: 1 asks the network once per step, with the class; more goes beyond what the class changes.
        seed: draws the noise that DDPM adds on the way.
    Raises:
        InputError: steps, guidance or a class that there is not.
        NotFinite: the network said something that is no number.
    """
    times = times_of(steps)
    null = int(parts(model).config.num_embeds_ada_norm)
    if not 0 <= guidance <= MOST_GUIDANCE:
        raise InputError(f"Guidance is between 0 and {MOST_GUIDANCE:g}, not {guidance:g}.")
    if bool(((kinds < 0) | (kinds > null)).any()):
        raise InputError(f"Classes are numbered 0 to {null - 1}.")
    mover = _MOVERS[sampler](times, seed)
    noisy = noise
    for number, time in enumerate(times, 1):
        said = _said(model, noisy, time, kinds, guidance, null)
        if not bool(torch.isfinite(said).all()):
            raise NotFinite(f"The network said something that is no number at step {number} of {steps} (time {time}).")
        noisy, clean = mover.move(noisy, said, number - 1)
        yield Step(number, time, noisy, clean)


def _said(model: nn.Module, noisy: Tensor, time: int, kinds: Tensor, guidance: float, null: int) -> Tensor:
    """What the network says with the class, moved away from what it says without one."""
    if guidance == 1:
        return _ask(model, noisy, time, kinds)
    with_kind, without = _ask(model, torch.cat([noisy, noisy]), time, torch.cat([kinds, torch.full_like(kinds, null)])).chunk(2)
    return without + guidance * (with_kind - without)


def _ask(model: nn.Module, noisy: Tensor, time: int, kinds: Tensor) -> Tensor:
    answer: Tensor = model(noisy, timestep=torch.full((len(noisy),), time, device=noisy.device), class_labels=kinds).sample
    return answer


def _clean(noisy: Tensor, said: Tensor, bar: float) -> Tensor:
    """The estimate of the clean pictures, from v."""
    return (bar**0.5 * noisy - (1 - bar) ** 0.5 * said).clamp(-1, 1)


class _Ddim:
    """No noise on the way; the last step goes to the clean picture itself."""

    def __init__(self, times: list[int], seed: int) -> None:
        bars = cosine_alphas_bar()
        self._now = [float(bars[time]) for time in times]
        self._next = [*self._now[1:], 1.0]
        self._generator = torch.Generator().manual_seed(seed)

    def move(self, noisy: Tensor, said: Tensor, index: int) -> tuple[Tensor, Tensor]:
        """The next noisy pictures and the estimate of the clean ones, from v."""
        bar, after = self._now[index], self._next[index]
        clean = _clean(noisy, said, bar)
        return self.onward(noisy, clean, bar, after), clean

    def onward(self, noisy: Tensor, clean: Tensor, bar: float, after: float) -> Tensor:
        noise = (noisy - bar**0.5 * clean) / (1 - bar) ** 0.5
        return after**0.5 * clean + (1 - after) ** 0.5 * noise


class _Ddpm(_Ddim):
    """The posterior of each step, with fresh noise, over the steps that are taken."""

    def onward(self, noisy: Tensor, clean: Tensor, bar: float, after: float) -> Tensor:
        alpha = bar / after
        mean = (after**0.5 * (1 - alpha) * clean + alpha**0.5 * (1 - after) * noisy) / (1 - bar)
        spread = ((1 - after) / (1 - bar) * (1 - alpha)) ** 0.5
        return mean + spread * torch.randn(noisy.shape, generator=self._generator).to(noisy)


class _DpmSolver:
    """DPM-Solver++, second order, by diffusers."""

    def __init__(self, times: list[int], seed: int) -> None:
        self._scheduler: Any = DPMSolverMultistepScheduler(
            beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", final_sigmas_type="zero", timestep_spacing="linspace")
        self._scheduler.set_timesteps(timesteps=times)
        self._bars = [float(bar) for bar in cosine_alphas_bar()[times]]

    def move(self, noisy: Tensor, said: Tensor, index: int) -> tuple[Tensor, Tensor]:
        bar = self._bars[index]
        clean = _clean(noisy, said, bar)
        within = (bar**0.5 * noisy - clean) / max(1 - bar, 1e-12) ** 0.5  # the v of the estimate that was kept within bounds
        moved: Tensor = self._scheduler.step(within, self._scheduler.timesteps[index], noisy, return_dict=False)[0]
        return moved, clean


_MOVERS: dict[Sampler, type[_Ddim] | type[_DpmSolver]] = {"ddim": _Ddim, "ddpm": _Ddpm, "dpm-solver++": _DpmSolver}


def as_pictures(samples: Tensor) -> Tensor:
    """Samples as pictures, (n, h, w, c) uint8."""
    return ((samples.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def as_input(pictures: Tensor) -> Tensor:
    """Pictures (n, h, w, c) uint8 as networks take them, (n, c, h, w) from -1 to 1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
