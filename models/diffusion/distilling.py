"""Stage 1 of grafting: each new operator learns, alone, to say what the one that it replaces says.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, equation 2: the activations are those of noised
pictures in the unedited model. The released extractor takes clean pictures and passes time and class in each other's place; both
are here as ablations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.diffusion.choices import Heard, Loss, Place
from models.diffusion.network import parts
from models.diffusion.noising import STEPS, cosine_alphas_bar, noised
from models.diffusion.surgery import operator_of

LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": functional.l1_loss, "l2": functional.mse_loss, "huber": functional.huber_loss}  # delta 1
NO_LABEL = 0.1
PEAK, WARM_UP, FLOOR, BATCH, CLIP = 3e-3, 20, 0.02, 64, 10.0  # of the learning rate, and of a step


@dataclass(frozen=True)
class Activations:
    """What an operator got and said, both (samples, tokens, width) in half precision: its modulated input, and its output before
    the gate."""

    heard: Tensor
    said: Tensor


@torch.no_grad()
def extract(model: nn.Module, layers: Sequence[int], place: Place, pictures: Tensor, kinds: Tensor, *, seed: int,
            inputs: Heard = "noised", batch: int = 250) -> dict[int, Activations]:
    """The activations of some layers of the unedited model.

    Args:
        pictures: (n, c, h, w), from -1 to 1; each is seen at one step and with one noise, drawn from the seed.
        kinds: (n,), their classes; one in ten is left out.
        inputs: "clean" leaves the noise out; "official" does too, and takes the class for the time and the time for the class.
    """
    null = int(parts(model).config.num_embeds_ada_norm)
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randint(0, STEPS, (len(pictures),), generator=generator)
    noise = torch.randn(pictures.shape, generator=generator)
    labels = torch.where(torch.rand(len(pictures), generator=generator) < NO_LABEL, null, kinds)
    seen = noised(pictures, noise, cosine_alphas_bar()[steps])[0] if inputs == "noised" else pictures
    if inputs == "official":
        steps, labels = labels, steps % (null + 1)
    caught: dict[int, list[tuple[Tensor, Tensor]]] = {layer: [] for layer in layers}
    hooks = [operator_of(model, layer, place).register_forward_hook(_catching(caught[layer])) for layer in layers]
    try:
        for first in range(0, len(pictures), batch):
            part = slice(first, first + batch)
            model(seen[part], timestep=steps[part], class_labels=labels[part])
    finally:
        for hook in hooks:
            hook.remove()
    return {layer: Activations(*(torch.cat(each) for each in zip(*pairs))) for layer, pairs in caught.items()}


def _catching(caught: list[tuple[Tensor, Tensor]]) -> Any:
    def catch(_module: nn.Module, heard: tuple[Tensor, ...], said: Tensor) -> None:
        caught.append((heard[0].half(), said.half()))
    return catch


@torch.no_grad()
def relative_error(operator: nn.Module, activations: Activations, *, batch: int = 250) -> float:
    """The mean squared error over the variance of what is to be said, all numbers together: 0 is perfect, 1 is as good as saying
    the mean always."""
    total = 0.0
    for first in range(0, len(activations.heard), batch):
        part = slice(first, first + batch)
        total += float((operator(activations.heard[part].float()) - activations.said[part].float()).square().sum())
    said = activations.said.float()
    return total / said.numel() / float(said.var(correction=0))


class Distilling:
    """An operator while it learns from activations.

    Args:
        steps: of the whole training; the learning rate rises over the first and falls as a cosine.
        seed: draws the batches.
    """

    def __init__(self, operator: nn.Module, activations: Activations, *, loss: Loss, steps: int, seed: int) -> None:
        self.operator, self.steps, self.step = operator, steps, 0
        self._activations, self._loss = activations, LOSSES[loss]
        self._optimizer = torch.optim.AdamW(operator.parameters(), lr=PEAK)
        self._generator = torch.Generator().manual_seed(seed)
        self._order = torch.empty(0, dtype=torch.long)

    def learn(self, steps: int) -> None:
        """Make so many steps, or those that are left."""
        self.operator.train()
        for _ in range(min(steps, self.steps - self.step)):
            for group in self._optimizer.param_groups:
                group["lr"] = PEAK * rate(self.step, self.steps)
            chosen = self._next()
            said = self.operator(self._activations.heard[chosen].float())
            self._optimizer.zero_grad()
            self._loss(said, self._activations.said[chosen].float()).backward()
            nn.utils.clip_grad_norm_(self.operator.parameters(), CLIP)
            self._optimizer.step()
            self.step += 1
        self.operator.eval()

    def _next(self) -> Tensor:
        """The samples of a batch: all come once before any comes again."""
        if len(self._order) < min(BATCH, len(self._activations.heard)):
            self._order = torch.randperm(len(self._activations.heard), generator=self._generator)
        chosen, self._order = self._order[:BATCH], self._order[BATCH:]
        return chosen


def rate(step: int, steps: int) -> float:
    """The share of the largest learning rate at a step, 0, 1, ..."""
    return min(1.0, (step + 1) / WARM_UP) * (FLOOR + (1 - FLOOR) * (1 + cos(pi * step / max(1, steps))) / 2)
