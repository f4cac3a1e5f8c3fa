"""How pictures are sampled from a network: DDIM, DDPM and DPM-Solver++, with classifier-free guidance.

Sources: Song et al., arXiv 2010.02502 (DDIM); Ho et al., arXiv 2006.11239 (DDPM); Lu et al., arXiv 2211.01095 (DPM-Solver++, by
diffusers' scheduler); Ho and Salimans, arXiv 2207.12598 (guidance). What a network says and how it was noised is its `Process`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from torch import Tensor, nn

from models.diffusion.choices import Sampler
from models.diffusion.network import parts
from models.diffusion.noising import STEPS
from models.diffusion.process import DRAWN, FIRST_BETA, LAST_BETA, Process, log_variance
from models.diffusion.wanted import LABELS, Wanted, as_wanted
from worlds.errors import InputError

MOST_GUIDANCE = 20.0
MOST_AT_ONCE = 2**18  # places of all the pictures that one forward takes: 256 of 32 x 32, or 4 latents of 256 x 256


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
def sample(model: nn.Module, asked: Wanted | Tensor, noise: Tensor, *, steps: int, guidance: float = 1.0, sampler: Sampler = "ddim",
           seed: int = 0, process: Process = DRAWN) -> Iterator[Step]:
    """Sample and yield after every step.

    Args:
        asked: what is to be painted, n of it; classes by number as (n,).
        noise: (n, c, h, w), from `first_noise`.
        guidance: 1 asks the network once per step, with the class; more goes beyond what the class changes.
        seed: draws the noise that DDPM adds on the way.
    Raises:
        InputError: steps, guidance or a class that there is not.
        NotFinite: the network said something that is no number.
    """
    times = times_of(steps)
    if not 0 <= guidance <= MOST_GUIDANCE:
        raise InputError(f"Guidance is between 0 and {MOST_GUIDANCE:g}, not {guidance:g}.")
    wanted = as_wanted(asked, model)
    _check_classes(wanted, model)
    mover = _MOVERS[sampler](times, seed, process)
    noisy = noise
    for number, time in enumerate(times, 1):
        asking = (model, noisy, time, wanted, guidance, process.guided)
        said, spread = process.split(_said(*asking))
        if not bool(torch.isfinite(said).all()):
            where = _where_it_broke(*asking)
            raise NotFinite(f"The network said something that is no number at step {number} of {steps} (time {time}), {where}.")
        noisy, clean = mover.move(noisy, said, spread, number - 1)
        yield Step(number, time, noisy, clean)


def _check_classes(wanted: Wanted, model: nn.Module) -> None:
    if (kinds := wanted.given.get(LABELS)) is not None:
        null = int(parts(model).config.num_embeds_ada_norm)
        if bool(((kinds < 0) | (kinds > null)).any()):
            raise InputError(f"Classes are numbered 0 to {null - 1}.")


def _said(model: nn.Module, noisy: Tensor, time: int, wanted: Wanted, guidance: float, guided: int | None) -> Tensor:
    """What the network says with the class, its first channels moved away from what it says without one; a few pictures at a time
    where they are large."""
    few = max(1, MOST_AT_ONCE // noisy[0, 0].numel())
    return torch.cat([_said_at_once(model, noisy[first:first + few], time, wanted[first:first + few], guidance, guided)
                      for first in range(0, len(noisy), few)])


def _said_at_once(model: nn.Module, noisy: Tensor, time: int, wanted: Wanted, guidance: float, guided: int | None) -> Tensor:
    times = torch.full((len(noisy),), time, device=noisy.device)
    if guidance == 1:
        return wanted.ask(model, noisy, times)
    with_kind, without = wanted.ask_both(model, noisy, times)
    channels = slice(0, guided or noisy.shape[1])
    moved = without[:, channels] + guidance * (with_kind[:, channels] - without[:, channels])
    return torch.cat([moved, with_kind[:, channels.stop:]], 1)


def _where_it_broke(model: nn.Module, *more: Any) -> str:
    """Asks once more, and says which block was the first to say something that is no number."""
    broken: list[int] = []

    def watching(number: int) -> Callable[[nn.Module, Any, Any], None]:
        def hear(_block: nn.Module, given: Any, said: Any) -> None:
            if not bool(torch.isfinite(given[0] if number < 0 else said).all()):
                broken.append(number)
        return hear

    blocks = getattr(model, "transformer_blocks", ())
    hooks = [block.register_forward_hook(watching(number)) for number, block in enumerate(blocks)]
    hooks += [blocks[0].register_forward_hook(watching(-1))] if blocks else []
    try:
        _said(model, *more)
    finally:
        for hook in hooks:
            hook.remove()
    if not broken:
        return "behind its last block"
    return "before its first block" if -1 in broken else f"first in block {min(broken)}"


class _Ddim:
    """No noise on the way; the last step goes to the clean picture itself."""

    def __init__(self, times: list[int], seed: int, process: Process) -> None:
        self._now = [float(process.alphas_bar[time]) for time in times]
        self._next = [*self._now[1:], 1.0]
        self._generator = torch.Generator().manual_seed(seed)
        self._process = process

    def move(self, noisy: Tensor, said: Tensor, spread: Tensor | None, index: int) -> tuple[Tensor, Tensor]:
        """The next noisy pictures and the estimate of the clean ones."""
        bar, after = self._now[index], self._next[index]
        clean = self._process.clean(noisy, said, bar)
        return self.onward(noisy, clean, spread, bar, after), clean

    def onward(self, noisy: Tensor, clean: Tensor, spread: Tensor | None, bar: float, after: float) -> Tensor:
        noise = (noisy - bar**0.5 * clean) / (1 - bar) ** 0.5
        return after**0.5 * clean + (1 - after) ** 0.5 * noise


class _Ddpm(_Ddim):
    """The posterior of each step, with fresh noise, over the steps that are taken; as wide as the network says, if it does."""

    def onward(self, noisy: Tensor, clean: Tensor, spread: Tensor | None, bar: float, after: float) -> Tensor:
        alpha = bar / after
        mean = (after**0.5 * (1 - alpha) * clean + alpha**0.5 * (1 - after) * noisy) / (1 - bar)
        if after == 1:  # the last step ends at the mean
            return mean
        noise = torch.randn(noisy.shape, generator=self._generator).to(noisy)
        width = ((1 - after) / (1 - bar) * (1 - alpha)) ** 0.5
        return mean + (width if spread is None else torch.exp(0.5 * log_variance(spread, bar, after))) * noise


class _DpmSolver:
    """DPM-Solver++, second order, by diffusers. Only what is said of the noise goes to it, not the spread."""

    def __init__(self, times: list[int], seed: int, process: Process) -> None:
        schedule = {"beta_schedule": "squaredcos_cap_v2"} if process.schedule == "cosine" else {
            "beta_schedule": "linear", "beta_start": FIRST_BETA, "beta_end": LAST_BETA}
        self._scheduler: Any = DPMSolverMultistepScheduler(
            **schedule, prediction_type="v_prediction" if process.says == "v" else "epsilon", final_sigmas_type="zero",
            timestep_spacing="linspace")
        self._scheduler.set_timesteps(timesteps=times)
        self._bars = [float(bar) for bar in process.alphas_bar[times]]
        self._process = process

    def move(self, noisy: Tensor, said: Tensor, _spread: Tensor | None, index: int) -> tuple[Tensor, Tensor]:
        bar = self._bars[index]
        clean = self._process.clean(noisy, said, bar)
        moved: Tensor = self._scheduler.step(self._within(noisy, said, clean, bar), self._scheduler.timesteps[index], noisy,
                                             return_dict=False)[0]
        return moved, clean

    def _within(self, noisy: Tensor, said: Tensor, clean: Tensor, bar: float) -> Tensor:
        """What would have been said of the estimate that was kept within bounds."""
        if self._process.bound is None:
            return said
        if self._process.says == "v":
            return (bar**0.5 * noisy - clean) / max(1 - bar, 1e-12) ** 0.5
        return (noisy - bar**0.5 * clean) / max(1 - bar, 1e-12) ** 0.5


_MOVERS: dict[Sampler, type[_Ddim] | type[_DpmSolver]] = {"ddim": _Ddim, "ddpm": _Ddpm, "dpm-solver++": _DpmSolver}


def as_pictures(samples: Tensor) -> Tensor:
    """Samples as pictures, (n, h, w, c) uint8."""
    return ((samples.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def as_input(pictures: Tensor) -> Tensor:
    """Pictures (n, h, w, c) uint8 as networks take them, (n, c, h, w) from -1 to 1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
