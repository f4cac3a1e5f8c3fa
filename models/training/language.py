"""Trains small Llamas from chance on whole sentences: AdamW, a constant rate, every sentence once per epoch in a new order.

Weight decay holds for all weights, embeddings included, which shrinks tokens that are never trained, such as a mask, towards zero.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from models.training import checkpoints
from models.training.supervised import Learner
from worlds.errors import InputError

CONTEXT = 192  # positions: a prompt of 100 tokens with bos, answer and eos, and room to go on
BETAS = (0.9, 0.95)  # for short runs


@dataclass(frozen=True)
class Training:
    """A size and how it is optimised."""

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    mlp: int = 168
    learning_rate: float = 2e-3
    batch: int = 128
    weight_decay: float = 1.0


@dataclass(frozen=True)
class Tokens:
    """How many there are, and the three that a model's config names."""

    vocabulary: int
    pad: int
    bos: int
    eos: int


@dataclass(frozen=True)
class Epoch:
    """The state after an epoch. `model` goes on being trained: copy what is to be kept, or `save` it."""

    epoch: int  # 1, 2, ...
    loss: float  # mean cross entropy of the epoch, nats per token
    cpu_s: float  # process time since the start, what was done between epochs included
    model: LlamaForCausalLM
    _learner: Learner[Tensor] = field(repr=False)
    _order: np.random.Generator = field(repr=False)

    def save(self, folder: Path) -> None:
        """Write a checkpoint that `train` goes on from; call before the next epoch is asked for."""
        checkpoints.save(self._learner, folder, generators={"order": self._order}, said={"epoch": self.epoch, "cpu_s": self.cpu_s})


def train(spec: Training, sentences: Iterable[Sequence[int]], tokens: Tokens, *, seed: int = 0, epochs: int = 20,
          goes_on_from: Path | None = None) -> Iterator[Epoch]:
    """Train and yield after every epoch; a consumer that stops asking stops the training.

    Args:
        sentences: token ids, each from bos to eos; lengths may differ.
        seed: draws the weights and the order of the sentences.
        epochs: the last one's number, whether or not the first ones were made before.
        goes_on_from: a checkpoint of `Epoch.save`, made with the same arguments; the epochs after it are yielded.
    Raises:
        InputError: a width that the heads do not fit, a sentence that is too long, or a checkpoint of another training.
    """
    model = fresh_model(spec, tokens, seed=seed)
    lengths = by_length(sentences)
    order = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=spec.learning_rate, betas=BETAS, weight_decay=spec.weight_decay)
    learner: Learner[Tensor] = Learner(model, optimizer, lambda ids: loss_of(model, ids))
    done = checkpoints.resume(learner, goes_on_from, generators={"order": order}) if goes_on_from else {"epoch": 0, "cpu_s": 0.0}
    started = time.process_time() - done["cpu_s"]
    for epoch in range(int(done["epoch"]) + 1, epochs + 1):
        loss = learner.learn_all(batches(lengths, spec.batch, order))
        model.eval()
        yield Epoch(epoch, loss, time.process_time() - started, model, learner, order)


def fresh_model(spec: Training, tokens: Tokens, *, seed: int, context: int = CONTEXT) -> LlamaForCausalLM:
    """Return an untied Llama with random weights and so many positions; the global generator is left as it was."""
    if spec.hidden % (2 * spec.heads):
        raise InputError(f"{spec.heads} heads do not fit a width of {spec.hidden}. The width must be a multiple of {2 * spec.heads}.")
    config = LlamaConfig(
        vocab_size=tokens.vocabulary,
        hidden_size=spec.hidden,
        intermediate_size=spec.mlp,
        num_hidden_layers=spec.layers,
        num_attention_heads=spec.heads,
        max_position_embeddings=context,
        tie_word_embeddings=False,
        pad_token_id=tokens.pad,
        bos_token_id=tokens.bos,
        eos_token_id=tokens.eos,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def by_length(sentences: Iterable[Sequence[int]]) -> list[Tensor]:
    """Return all sentences as (sentences, tokens), one tensor per length: batches need no padding."""
    grouped: dict[int, list[Sequence[int]]] = {}
    for sentence in sentences:
        grouped.setdefault(len(sentence), []).append(sentence)
    if max(grouped) > CONTEXT:
        raise InputError(f"A sentence has {max(grouped)} tokens. At most {CONTEXT} can be trained on here.")
    return [torch.tensor(grouped[length]) for length in sorted(grouped)]


def batches(lengths: Sequence[Tensor], size: int, order: np.random.Generator) -> Iterator[Tensor]:
    """Yield every sentence once, (size, tokens) of one length at a time, in an order that is drawn anew."""
    shuffled = [same[torch.from_numpy(order.permutation(len(same)))] for same in lengths]
    parts = [part for same in shuffled for part in same.split(size)]
    for index in order.permutation(len(parts)):
        yield parts[index]


def loss_of(model: LlamaForCausalLM, ids: Tensor) -> tuple[Tensor, int]:
    """Return the cross entropy of all tokens but the first, not of the answer only, and how many there are."""
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()), ids[:, 1:].numel()
