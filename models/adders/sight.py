"""How the adders' eye learns to see before it is put in front of a language model, as published towers have: it names what is there.

At each of its four places it is to name the word that stands there when the scene is told in words. That takes a tenth of the time of
learning the same through a language model, which goes on from here.
"""

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from models.adders.learning import BETAS, Progress, falling
from models.adders.lessons import Sight, pixels_of
from models.adders.words import ids_of, vocabulary
from models.scene_vlm import tokens_of
from models.training.supervised import Learner
from worlds.sums.scenes import LOOKUPS, Item, draw_item


def learn_to_see(tower: PreTrainedModel, how: Sight, *, seed: int, every: int = 200) -> Iterator[Progress]:
    """Train a tower in place, with a head that is thrown away, and say now and then how far it is."""
    rng, losses, started = np.random.default_rng([seed, 6]), list[float](), time.process_time()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = nn.Linear(tower.config.hidden_size, len(vocabulary()))
    both = nn.ModuleList([tower, head])
    optimizer = torch.optim.AdamW(both.parameters(), lr=how.rate, betas=BETAS, weight_decay=0.01)

    def loss(items: list[Item]) -> tuple[Tensor, int]:
        named = head(tokens_of(tower, pixels_of(items)))  # (items, places, words)
        wanted = torch.tensor([ids_of(item.scene.words) for item in items])
        return functional.cross_entropy(named.flatten(0, 1), wanted.flatten()), wanted.numel()

    learner: Learner[list[Item]] = Learner(both, optimizer, loss)
    for step in range(1, how.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = falling(how.rate, step, how.steps, how.warm_up)
        losses.append(learner.learn([draw_item(rng, LOOKUPS, noise=how.noise) for _ in range(how.batch)])[0])
        if step % every == 0 or step == how.steps:
            yield Progress(step, float(np.mean(losses)), time.process_time() - started)
            losses = []
    tower.eval()
