"""How a player begins: it learns to say what a script says, the words of its replies alone (behaviour cloning)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlamaForCausalLM

from models.gamers.demos import Demo
from models.gamers.words import CONTEXT, ids_of, vocabulary
from models.training.language import Tokens, Training, fresh_model
from models.training.samples import stacked
from models.training.supervised import Learner

PAD, BOS, EOS = range(3)
IGNORED = -100  # of the loss
SMALL = Training(hidden=96, layers=2, heads=4, mlp=256, learning_rate=2e-3, batch=64, weight_decay=0.01)
LARGER = Training(hidden=112, layers=4, heads=4, mlp=296, learning_rate=2e-3, batch=64, weight_decay=0.01)
WARM_UP, LAST = 50, 0.1  # updates; share of the rate at the end


@dataclass(frozen=True)
class Batch:
    """Episodes padded on the right, (episodes, tokens) each; what is wanted is IGNORED but in replies."""

    ids: Tensor
    wanted: Tensor


def fresh_player(size: Training, *, seed: int = 0) -> LlamaForCausalLM:
    """A player that has learned nothing."""
    return fresh_model(size, Tokens(len(vocabulary()), PAD, BOS, EOS), seed=seed, context=CONTEXT)


def batch_of(demos: Sequence[Demo]) -> Batch:
    """Episodes as one batch."""
    rows = [[(ids_of(shown), ids_of(reply)) for shown, reply in demo.turns] for demo in demos]
    ids = [torch.tensor([token for shown, reply in row for token in (*shown, *reply)]) for row in rows]
    wanted = [torch.tensor([token for shown, reply in row for token in (*[IGNORED] * len(shown), *reply)]) for row in rows]
    return Batch(stacked(ids, fill=PAD), stacked(wanted, fill=IGNORED))


def loss_of(model: LlamaForCausalLM, batch: Batch) -> tuple[Tensor, int]:
    """Mean cross entropy of the replies' tokens, nats, and how many there are."""
    is_wanted = batch.wanted[:, 1:] != IGNORED
    hidden = model.model(input_ids=batch.ids, use_cache=False).last_hidden_state[:, :-1]
    return functional.cross_entropy(model.lm_head(hidden[is_wanted]), batch.wanted[:, 1:][is_wanted]), int(is_wanted.sum())


def learn(model: LlamaForCausalLM, size: Training, demos: Iterator[Demo], *, updates: int) -> Iterator[float]:
    """Learn from as many batches; yield the loss of each. The rate rises, and falls as a cosine."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=size.learning_rate, weight_decay=size.weight_decay)
    learner: Learner[Batch] = Learner(model, optimizer, lambda batch: loss_of(model, batch))
    for update in range(updates):
        falls = LAST + (1 - LAST) * (1 + np.cos(np.pi * update / updates)) / 2
        for group in optimizer.param_groups:
            group["lr"] = size.learning_rate * min(1.0, (update + 1) / WARM_UP) * falls
        loss, _ = learner.learn(batch_of([next(demos) for _ in range(size.batch)]))
        yield loss
    model.eval()
