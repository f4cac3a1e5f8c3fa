"""How a parent learns a lesson: AdamW with a short warm-up and a rate that falls as a cosine to a twentieth."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel

from models.adders.lessons import Learns, Lesson, draw_batch
from models.adders.networks import SHARED
from models.training.replies import Batch, loss_of
from models.training.supervised import Learner

BETAS = (0.9, 0.98)
_FALLS_TO = 0.05  # of the rate


@dataclass(frozen=True)
class Progress:
    """The state after a step: the mean loss since the state before, nats per word of a reply, and CPU seconds so far."""

    step: int
    loss: float
    cpu_s: float


def learn(model: PreTrainedModel, lesson: Lesson, *, seed: int, every: int = 100) -> Iterator[Progress]:
    """Learn a lesson in place and say now and then how far it is; afterwards everything may change again."""
    rng, losses, started = np.random.default_rng([seed, 5]), list[float](), time.process_time()
    free(model, lesson.learns)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=lesson.rate, betas=BETAS, weight_decay=lesson.weight_decay)
    learner: Learner[Batch] = Learner(model, optimizer, lambda batch: loss_of(model, batch))
    for step in range(1, lesson.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = falling(lesson.rate, step, lesson.steps, lesson.warm_up)
        losses.append(learner.learn(draw_batch(rng, lesson))[0])
        if step % every == 0 or step == lesson.steps:
            yield Progress(step, float(np.mean(losses)), time.process_time() - started)
            losses = []
    model.requires_grad_(True)
    model.eval()


def falling(rate: float, step: int, steps: int, warm_up: int) -> float:
    """The rate at a step, 1 to `steps`."""
    falls = _FALLS_TO + (1 - _FALLS_TO) * (1 + np.cos(np.pi * step / steps)) / 2
    return float(rate * min(1.0, step / max(1, warm_up)) * falls)


def free(model: PreTrainedModel, learns: Learns) -> None:
    """Let only those weights change that a lesson teaches."""
    for name, weight in model.named_parameters():
        parts = name.split(".")
        is_eye = "vision_tower" in parts or "multi_modal_projector" in parts
        is_block = not is_eye and not set(SHARED) & set(parts)
        weight.requires_grad_(learns == "all" or (is_eye if learns == "eye" else is_block))
