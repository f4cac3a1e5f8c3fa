"""Supervised training, one batch after another, for every small network that is trained here.

Batches come from the caller's generator: an endless one, or one pass over what there is. What a network is to say, in which
precision and at which rate, is the caller's too; `models.training.checkpoints` breaks off a training and goes on with it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

Batch = TypeVar("Batch")


@dataclass
class Learner(Generic[Batch]):
    """A network while it learns.

    Attributes:
        loss: of a batch: what is to become small, (), and of how many tokens or samples it is the mean.
        clip: the largest norm of all gradients together.
        step: batches so far.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[Batch], tuple[Tensor, int]]
    clip: float = 1.0
    step: int = 0

    def learn(self, batch: Batch) -> tuple[float, int]:
        """Make one step; return the loss before it and its weight."""
        self.model.train()
        loss, count = self.loss(batch)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        self.step += 1
        return loss.item(), count

    def learn_all(self, batches: Iterable[Batch]) -> float:
        """Make one step for each batch; return the mean loss."""
        total = weights = 0.0
        for batch in batches:
            loss, count = self.learn(batch)
            total, weights = total + loss * count, weights + count
        return total / weights
