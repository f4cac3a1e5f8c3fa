"""Training of diffusion transformers: noised pictures in, v or the noise out; one label dropped per sample; averaged weights beside.

On a CPU matrix products run in bfloat16 and attention in float32: at 16 numbers per head its backward pass is eight times slower
in bfloat16 there.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.diffusion.choices import Place
from models.diffusion.network import Transformer, parts
from models.diffusion.noising import STEPS
from models.diffusion.process import DRAWN, Process
from models.diffusion.surgery import speaker_of
from models.diffusion.wanted import Wanted, as_wanted
from models.training.supervised import Learner

FLOOR = 0.05  # of the peak, where a cosine ends

Samples = tuple[Tensor, Wanted | Tensor]  # pictures (n, c, h, w), and what they show, such as their classes (n,)


class PreciseAttention:
    """Processor of diffusers' attention: the attention itself in float32 whatever the autocast says."""

    def __call__(self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None,
                 attention_mask: Tensor | None = None, **_ignored: object) -> Tensor:
        number, tokens, width = hidden_states.shape
        query, key, value = (part(hidden_states).view(number, tokens, attn.heads, -1).transpose(1, 2).float()
                             for part in (attn.to_q, attn.to_k, attn.to_v))
        with torch.autocast(hidden_states.device.type, enabled=False):
            mixed = functional.scaled_dot_product_attention(query, key, value)
        mixed = attn.to_out[0](mixed.transpose(1, 2).reshape(number, tokens, width))
        return mixed


@dataclass(frozen=True)
class Rates:
    """How a training goes: the learning rate over its steps, what is averaged, and how often a label is dropped."""

    steps: int
    peak: float
    warm_up: int
    decay: float | None = 0.3  # of the steps, at the end: linear to nothing; None: a cosine over all of them, down to a twentieth
    weight_decay: float = 0.01
    keep: float = 0.998  # of the averaged weights, per step
    no_label: float = 0.1
    clip: float = 1.0

    def rate(self, step: int) -> float:
        """The learning rate of a step, 0, 1, ...; none is nothing."""
        return self.peak * min(1.0, (step + 1) / self.warm_up) * self._left(step)

    def _left(self, step: int) -> float:
        """The share that is left of the peak."""
        if self.decay is None:
            return FLOOR + (1 - FLOOR) * (1 + cos(pi * step / self.steps)) / 2
        falls = self.decay * self.steps
        return 1.0 if step < self.steps - falls else max(1.0, self.steps - step) / max(1.0, falls)


class Teacher:
    """The unedited model beside one that is healed: how far what the new operators say is from what the old ones say of the same
    noised pictures, each in its own model. Orrery's own way of distilling in stage 2, for the paper has none.

    Args:
        student: the grafted model that is trained.
    """

    def __init__(self, teacher: nn.Module, student: nn.Module, layers: Sequence[int], place: Place) -> None:
        self._teacher = teacher.eval()
        self._kept: list[Tensor] = []
        self._said: list[Tensor] = []
        for model, kept in ((teacher, self._kept), (student, self._said)):
            for layer in layers:
                speaker_of(model, layer, place).register_forward_hook(_keeping(kept))

    def loss(self, seen: Tensor, steps: Tensor, wanted: Wanted) -> Tensor:
        """Call it right after the student's forward on the same: mean absolute difference, as a share of what is wanted, ()."""
        self._kept.clear()
        with torch.no_grad():
            wanted.ask(self._teacher, seen, steps)
        shares = [(said.float() - wanted.float()).abs().mean() / wanted.float().abs().mean()
                  for said, wanted in zip(self._said, self._kept)]
        return torch.stack(shares).mean()

    def forget(self) -> None:
        """Call it before the student's forward."""
        self._said.clear()


def _keeping(kept: list[Tensor]) -> Any:
    def keep(_module: nn.Module, _heard: tuple[Tensor, ...], said: Tensor) -> None:
        kept.append(said)
    return keep


def _has_fast_half(device: torch.device) -> bool:
    """Whether this device multiplies in bfloat16; elsewhere that is slower than in single precision."""
    if device.type != "cpu":
        return device.type == "cuda"
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


class DiffusionTraining:
    """A network while it learns what its process says, and the average of its weights, on which everything is measured."""

    def __init__(self, model: Transformer, rates: Rates, *, seed: int, taught_by: Transformer | None = None,
                 layers: Sequence[int] = (), place: Place = "attention", has_diffusion: bool = True,
                 process: Process = DRAWN) -> None:
        """Begin. Taught by the unedited model, its distance at the replaced layers is added, or without diffusion is all there is."""
        self.model, self.rates, self._has_diffusion = model, rates, has_diffusion
        self.averaged = copy.deepcopy(model).eval().requires_grad_(False)
        self._teacher = Teacher(copy.deepcopy(taught_by), model, layers, place) if taught_by is not None else None
        self._process = process
        self._generator = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.AdamW(model.parameters(), lr=rates.peak, betas=(0.9, 0.99), weight_decay=rates.weight_decay)
        self._learner: Learner[Samples] = Learner(model, optimizer, self.loss, clip=rates.clip)
        for block in parts(model).transformer_blocks:
            if hasattr(block.attn1, "set_processor"):
                block.attn1.set_processor(PreciseAttention())

    @property
    def step(self) -> int:
        return self._learner.step

    def loss(self, samples: Samples) -> tuple[Tensor, int]:
        """What is to be made small, and how many samples it is of."""
        pictures, asked = samples
        number, device, process = len(pictures), pictures.device, self._process
        steps = torch.randint(0, STEPS, (number,), generator=self._generator)
        noise = torch.randn(pictures.shape, generator=self._generator).to(device)
        is_dropped = torch.rand(number, generator=self._generator) < self.rates.no_label
        seen, due = process.noised(pictures, noise, process.alphas_bar[steps])
        steps, wanted = steps.to(device), as_wanted(asked, self.model).dropping(is_dropped)
        if self._teacher:
            self._teacher.forget()
        with torch.autocast(device.type, torch.bfloat16, enabled=_has_fast_half(device)):
            said = wanted.ask(self.model, seen, steps)
            distance = self._teacher.loss(seen, steps, wanted) if self._teacher else torch.zeros((), device=device)
        each, error = process.loss(said, due, clean=pictures, seen=seen, steps=steps)
        self.error = float(error.detach().mean())
        return each.mean() * self._has_diffusion + distance, number

    def learn(self, samples: Samples) -> float:
        """One step; returns the plain squared error before it of what was to be said."""
        for group in self._learner.optimizer.param_groups:
            group["lr"] = self.rates.rate(self.step)
        self._learner.learn(samples)
        keep = min(self.rates.keep, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.averaged.parameters(), self.model.parameters()):
                mean.lerp_(now, 1 - keep)
        return self.error


@torch.no_grad()
def held_out_error(model: nn.Module, pictures: Tensor, kinds: Wanted | Tensor, *, seed: int = 0, process: Process = DRAWN,
                   batch: int = 250, heard: Callable[[float], None] | None = None) -> float:
    """The mean squared error of what is to be said (v, or the noise) of pictures that no training saw, each at one step and with one
    noise drawn from the seed.

    Args:
        pictures: (n, c, h, w), from -1 to 1, or as latents are.
        heard: told the share that is done.
    """
    generator, wanted, device = torch.Generator().manual_seed(seed), as_wanted(kinds, model), pictures.device
    steps = torch.randint(0, STEPS, (len(pictures),), generator=generator)
    noise = torch.randn(pictures.shape, generator=generator).to(device)
    seen, due = process.noised(pictures, noise, process.alphas_bar[steps])
    steps, total = steps.to(device), 0.0
    for first in range(0, len(pictures), batch):
        part = slice(first, first + batch)
        said, _ = process.split(wanted[part].ask(model, seen[part], steps[part]))
        total += float((said - due[part]).square().mean((1, 2, 3)).sum())
        if heard:
            heard(min(1.0, (first + batch) / len(pictures)))
    return total / len(pictures)
