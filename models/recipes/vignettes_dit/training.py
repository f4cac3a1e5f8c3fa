"""The two trainings: a classifier that tells the ten kinds apart, and the diffusion transformer itself."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.diffusion.judge import Judge, features_of, moments_of
from models.diffusion.network import Transformer, fresh_miniature
from models.diffusion.training import DiffusionTraining, Rates
from worlds.vignettes import KEPT_BACK, TRAINED_ON, kind_of, vignettes


@dataclass(frozen=True)
class Training:
    """How long and on what; the whole recipe is the defaults."""

    steps: int = 12_000
    batch: int = 32
    peak: float = 1.5e-3
    warm_up: int = 100
    pictures: int = TRAINED_ON
    held_out: int = KEPT_BACK
    judge_epochs: int = 4
    seed: int = 0


@dataclass(frozen=True)
class Pictures:
    """Drawn pictures as bytes, (n, 3, 32, 32), and their kinds (n,)."""

    bytes: Tensor
    kinds: Tensor

    def __getitem__(self, chosen: np.ndarray) -> tuple[Tensor, Tensor]:
        return self.bytes[chosen].float() / 127.5 - 1, self.kinds[chosen]

    def all(self) -> tuple[Tensor, Tensor]:
        """All of them, from -1 to 1."""
        return self[np.arange(len(self.kinds))]


def drawn(number: int, *, held_out: bool) -> Pictures:
    """Pictures in their order, the kinds in turn."""
    return Pictures(torch.from_numpy(vignettes(number, held_out=held_out)).permute(0, 3, 1, 2).contiguous(),
                    torch.tensor([kind_of(index) for index in range(number)]))


def train_judge(training: Training, pictures: Pictures) -> Judge:
    """A classifier, trained with a little noise so that it judges kinds and not single pixels."""
    torch.manual_seed(training.seed)
    judge, order = Judge(), np.random.default_rng(training.seed)
    batches = len(pictures.kinds) // 128
    steps = training.judge_epochs * batches
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(training.judge_epochs):
        for chosen in np.array_split(order.permutation(len(pictures.kinds)), batches):
            seen, kinds = pictures[chosen]
            seen = seen + 0.1 * torch.rand(len(seen), 1, 1, 1) * torch.randn_like(seen)
            optimizer.zero_grad()
            functional.cross_entropy(judge(seen), kinds).backward()
            optimizer.step()
            schedule.step()
    return judge.eval()


def measured_judge(judge: Judge, held_out: Pictures) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """The share of held-out pictures that are taken for their kind, and the moments of their features."""
    seen, kinds = held_out.all()
    features, taken_for = features_of(judge, seen)
    return float((taken_for == kinds).float().mean()), moments_of(features)


def train_base(training: Training, pictures: Pictures) -> Iterator[tuple[int, float, Transformer]]:
    """Train; yield every hundred steps how many there were, the mean error of v since, and the averaged network."""
    rates = Rates(steps=training.steps, peak=training.peak, warm_up=training.warm_up)
    going = DiffusionTraining(fresh_miniature(training.seed), rates, seed=training.seed + 1)
    order, errors = np.random.default_rng(training.seed), list[float]()
    while going.step < training.steps:
        for chosen in np.array_split(order.permutation(len(pictures.kinds)), max(1, len(pictures.kinds) // training.batch)):
            errors.append(going.learn(pictures[chosen]))
            if going.step % 100 == 0 or going.step == training.steps:
                yield going.step, float(np.mean(errors)), going.averaged
                errors = []
            if going.step == training.steps:
                return


class Clock:
    """Minutes of the wall and of this process since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def minutes(self) -> tuple[float, float]:
        return (time.monotonic() - self._wall) / 60, (time.process_time() - self._cpu) / 60
