"""Stage 1 of grafting: each new operator learns, alone, to say what the one that it replaces says.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, equation 2: the activations are those of noised
pictures in the unedited model. The released extractor takes clean pictures and passes time and class in each other's place; both
are here as ablations. A pair of blocks (section 6) learns the same way what the two said one after the other; besides tokens it hears
time and class.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, inf, pi
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.diffusion.choices import Heard, Loss, Place
from models.diffusion.network import parts
from models.diffusion.noising import STEPS
from models.diffusion.pairs import Pair
from models.diffusion.process import DRAWN, Process
from models.diffusion.surgery import blocks_of, operator_of, speaker_of
from models.diffusion.wanted import LABELS, Wanted, as_wanted, by_class
from worlds.errors import InputError

LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": functional.l1_loss, "l2": functional.mse_loss, "huber": functional.huber_loss}  # delta 1
NO_LABEL = 0.1
PEAK, WARM_UP, FLOOR, BATCH, CLIP = 3e-3, 20, 0.02, 64, 10.0  # of the learning rate, and of a step
PAIR_PEAK = 1e-3  # of blocks, which begin with what they knew


class Unteachable(InputError):
    """There is nothing that an operator could learn to say."""


@dataclass(frozen=True)
class Activations:
    """What an operator got and said, both (samples, tokens, width) in half precision: its modulated input, and its output before
    the gate; of two blocks what the first got and the second said.

    Attributes:
        given: what else it got, by its name, a row per sample: of blocks time and class.
        adds: whether what was said holds what was heard, to which something was added, as that of blocks does.
    """

    heard: Tensor
    said: Tensor
    given: Mapping[str, Tensor] = field(default_factory=dict)
    adds: bool = False

    def variance(self) -> float:
        """Of what is to be said, all numbers together; of blocks of what is to be added, because what they only hand on is much the
        larger part, and errors would look small beside it."""
        said = self.said.float() - self.heard.float() if self.adds else self.said.float()
        return float(said.var(correction=0))

    def some(self, which: Tensor | slice) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """What was heard, given and said of some samples; tokens in single precision."""
        return self.heard[which].float(), {name: value[which] for name, value in self.given.items()}, self.said[which].float()


@torch.no_grad()
def extract(model: nn.Module, layers: Sequence[int], place: Place, pictures: Tensor, kinds: Wanted | Tensor, *, seed: int,
            inputs: Heard = "noised", process: Process = DRAWN, batch: int = 250) -> dict[int, Activations]:
    """The activations of some layers of the unedited model.

    Args:
        pictures: (n, c, h, w), from -1 to 1; each is seen at one step and with one noise, drawn from the seed.
        kinds: what they show, such as their classes (n,); one in ten is left out.
        inputs: "clean" leaves the noise out; "official" does too, and takes the class for the time and the time for the class.
        batch: samples of one forward.
    Raises:
        InputError: "official" was asked of a network that takes sentences.
        Unteachable: what a layer says cannot be imitated.
    """
    wanted, device = as_wanted(kinds, model), pictures.device
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randint(0, STEPS, (len(pictures),), generator=generator)
    noise = torch.randn(pictures.shape, generator=generator).to(device)
    is_dropped = torch.rand(len(pictures), generator=generator) < NO_LABEL
    seen = process.noised(pictures, noise, process.alphas_bar[steps])[0] if inputs == "noised" else pictures
    if inputs == "official":
        steps, wanted = _swapped(steps, wanted.dropping(is_dropped), model)
        is_dropped = torch.zeros_like(is_dropped)
    steps = steps.to(device)
    caught: dict[int, _Caught] = {layer: _Caught() for layer in layers}
    hooks = [hook for layer in layers for hook in caught[layer].listen(model, layer, place)]
    try:
        for first in range(0, len(pictures), batch):
            part = slice(first, first + batch)
            wanted[part].dropping(is_dropped[part]).ask(model, seen[part], steps[part])  # of sentences a copy of all would be large
    finally:
        for hook in hooks:
            hook.remove()
    kept = {layer: one.all_of_it(adds=place == "block") for layer, one in caught.items()}
    for layer, activations in kept.items():
        _check(activations, layer, place)
    return kept


def _check(activations: Activations, layer: int, place: Place) -> None:
    """Raise Unteachable where there is nothing to imitate."""
    heard, said = activations.heard, activations.said
    what = (f"blocks {layer} and {layer + 1} say" if place == "block" else
            f"the {'MLP' if place == 'mlp' else place} of layer {layer} says")
    if not bool(heard.isfinite().all() & said.isfinite().all()):
        raise Unteachable(f"What {what} is no number, or too large for half precision, so it cannot be imitated. Choose other "
                          "layers.")
    told = said - heard if activations.adds else said
    if bool((told == told[0, 0, 0]).all()):
        raise Unteachable(f"What {what} is the same whatever they hear: there is nothing to imitate. Choose other layers, or a model "
                          "that was trained.")


def _swapped(steps: Tensor, wanted: Wanted, model: nn.Module) -> tuple[Tensor, Wanted]:
    """The class for the time and the time for the class."""
    labels = wanted.given.get(LABELS)
    if labels is None:
        raise InputError("The released extractor is one of classes, and this model takes sentences. Set 'hears' to another.")
    null = int(parts(model).config.num_embeds_ada_norm)
    return labels, by_class(steps.to(labels.device) % (null + 1), null)


class _Caught:
    """What one operator got and said, batch by batch."""

    def __init__(self) -> None:
        self._heard: list[Tensor] = []
        self._said: list[Tensor] = []
        self._given: dict[str, list[Tensor]] = {}

    def listen(self, model: nn.Module, layer: int, place: Place) -> list[Any]:
        """Hooks on what hears and what says; of two blocks these are two modules."""
        hears = blocks_of(model)[layer] if place == "block" else operator_of(model, layer, place)
        return [hears.register_forward_pre_hook(self._hear, with_kwargs=True),
                speaker_of(model, layer, place).register_forward_hook(self._say)]

    def _hear(self, _module: nn.Module, heard: tuple[Tensor, ...], given: dict[str, Any]) -> None:
        self._heard.append(heard[0].half())
        for name, value in given.items():
            if isinstance(value, Tensor):
                self._given.setdefault(name, []).append(value)

    def _say(self, _module: nn.Module, _heard: tuple[Tensor, ...], said: Tensor) -> None:
        self._said.append(said.half())

    def all_of_it(self, *, adds: bool) -> Activations:
        given = {name: torch.cat(values) for name, values in self._given.items()}
        return Activations(torch.cat(self._heard), torch.cat(self._said), given, adds)


@torch.no_grad()
def relative_error(operator: nn.Module, activations: Activations, *, batch: int = 250) -> float:
    """The mean squared error over the variance of what is to be said, all numbers together: 0 is perfect, 1 is as good as saying
    the mean always; of blocks over the variance of what they are to add. Where only one number is to be said, and is not, it is
    infinite."""
    total = 0.0
    for first in range(0, len(activations.heard), batch):
        heard, given, said = activations.some(slice(first, first + batch))
        total += float((operator(heard, **given) - said).square().sum())
    variance = activations.variance()
    return total / activations.said.numel() / variance if variance else inf if total else 0.0


class Distilling:
    """An operator while it learns from activations; a pair's blocks learn with their merge, the embedder that all share does not.

    Args:
        steps: of the whole training; the learning rate rises over the first and falls as a cosine.
        seed: draws the batches.
        peak: the largest learning rate.
    """

    def __init__(self, operator: nn.Module, activations: Activations, *, loss: Loss, steps: int, seed: int,
                 peak: float = PEAK) -> None:
        self.operator, self.steps, self.step, self._peak = operator, steps, 0, peak
        self._activations, self._loss = activations, LOSSES[loss]
        self._trained = operator.own_parameters() if isinstance(operator, Pair) else list(operator.parameters())
        self._optimizer = torch.optim.AdamW(self._trained, lr=peak)
        self._generator = torch.Generator().manual_seed(seed)
        self._order = torch.empty(0, dtype=torch.long)

    def learn(self, steps: int) -> None:
        """Make so many steps, or those that are left."""
        self.operator.train()
        for _ in range(min(steps, self.steps - self.step)):
            for group in self._optimizer.param_groups:
                group["lr"] = self._peak * rate(self.step, self.steps)
            heard, given, wanted = self._activations.some(self._next())
            self._optimizer.zero_grad()
            self._loss(self.operator(heard, **given), wanted).backward(inputs=self._trained)
            nn.utils.clip_grad_norm_(self._trained, CLIP)
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
