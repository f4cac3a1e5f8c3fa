"""Trains small Llamas on overshadowing corpora, live or as the shipped miniatures (arXiv 2502.16143, Sec. 4.2).

    python -m models.recipes.coda [coda-p-law coda-p-law-low-decay coda-l-law coda-english]

A miniature is a LlamaForCausalLM from chance, trained on whole sentences with AdamW and a constant learning rate. Weight decay
decides whether overshadowing stays: at 1.0 it does, at 0.01 the rare answers are learned after all within a dozen epochs.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from models.recipes.coda_rates import Answers, GroupRates, ask, rates
from worlds.errors import InputError
from worlds.facts.corpus import BOS, EOS, PAD, Corpus, CorpusSpec
from worlds.facts.english import draw_corpus

MINIATURES = Path(__file__).parents[1] / "miniatures"
CONTEXT = 192  # positions: L = 100 with bos, answer and eos, and room to go on


@dataclass(frozen=True)
class Training:
    """A corpus, a size and how it is optimised. The defaults are the recipe in which the law of P shows best."""

    corpus: CorpusSpec = field(default_factory=CorpusSpec)
    hidden: int = 64
    layers: int = 2
    heads: int = 4
    mlp: int = 168
    learning_rate: float = 2e-3
    batch: int = 128
    weight_decay: float = 1.0


@dataclass(frozen=True)
class Epoch:
    """The state after an epoch. `model` goes on being trained: copy what is to be kept."""

    epoch: int  # 1, 2, ...
    loss: float  # mean cross entropy of the epoch, nats per token
    groups: list[GroupRates]
    cpu_s: float  # process time since the start, measuring included
    model: LlamaForCausalLM
    answers: Answers  # what the groups are means of, per set


@dataclass(frozen=True)
class Miniature:
    """What is shipped: a training and the epochs that are kept."""

    title: str
    training: Training
    epochs: tuple[int, ...]
    seed: int = 0


P_LAW, L_LAW = CorpusSpec(), CorpusSpec(factor="L", sets=60, position="random")
SHIPPED = {
    "coda-p-law": Miniature("Popularity law, weight decay 1.0", Training(P_LAW), (6, 10, 14, 20, 30)),
    "coda-p-law-low-decay": Miniature(
        "Popularity law, weight decay 0.01", Training(P_LAW, weight_decay=0.01), (6, 10, 14, 20, 30)
    ),
    "coda-l-law": Miniature("Length law, x at a random place", Training(L_LAW, batch=64, weight_decay=0.01), (6, 12, 16, 20)),
    "coda-english": Miniature(
        "English facts about invented places and persons",
        Training(CorpusSpec(task="english", sets=30), batch=64, weight_decay=0.3),  # 1.0 keeps low P from being learned at all
        (6, 10, 12, 16, 24),
    ),
}


def train(spec: Training, *, seed: int = 0, epochs: int = 20, corpus: Corpus | None = None) -> Iterator[Epoch]:
    """Train from chance and yield after every epoch; a consumer that stops asking stops the training.

    Args:
        seed: draws the weights and the order of the sentences, not the corpus (`spec.corpus.seed` does).
        corpus: trained on instead of `spec.corpus`: one that was read from a file.
    """
    corpus = corpus or draw_corpus(spec.corpus)
    model = fresh_model(spec, len(corpus.words), seed=seed)
    sentences = by_length(corpus)
    order = np.random.default_rng(seed)
    # betas for short runs; one decay for all weights, embeddings included, which shrinks the never trained mask towards zero
    optimizer = torch.optim.AdamW(model.parameters(), lr=spec.learning_rate, betas=(0.9, 0.95), weight_decay=spec.weight_decay)
    started = time.process_time()
    for epoch in range(1, epochs + 1):
        loss = train_epoch(model, optimizer, sentences, spec.batch, order)
        model.eval()
        answers = ask(model, corpus)
        yield Epoch(epoch, loss, rates(answers), time.process_time() - started, model, answers)


def fresh_model(spec: Training, vocabulary: int, *, seed: int) -> LlamaForCausalLM:
    """Return an untied Llama with random weights; the global generator is left as it was."""
    if spec.hidden % (2 * spec.heads):
        raise InputError(f"{spec.heads} heads do not fit a width of {spec.hidden}. The width must be a multiple of {2 * spec.heads}.")
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=spec.hidden,
        intermediate_size=spec.mlp,
        num_hidden_layers=spec.layers,
        num_attention_heads=spec.heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def by_length(corpus: Corpus) -> list[Tensor]:
    """Return all sentences as (sentences, tokens), one tensor per length: batches need no padding."""
    grouped: dict[int, list[tuple[int, ...]]] = {}
    for statement in corpus.statements():
        grouped.setdefault(len(statement.sentence), []).append(statement.sentence)
    if max(grouped) > CONTEXT:
        raise InputError(f"A sentence has {max(grouped)} tokens. At most {CONTEXT} can be trained on here.")
    return [torch.tensor(grouped[length]) for length in sorted(grouped)]


def train_epoch(
    model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, sentences: list[Tensor], batch: int, order: np.random.Generator
) -> float:
    """Show every sentence once in a new order; return the mean loss per token."""
    shuffled = [same[torch.from_numpy(order.permutation(len(same)))] for same in sentences]
    batches = [part for same in shuffled for part in same.split(batch)]
    model.train()
    total = tokens = 0.0
    for index in order.permutation(len(batches)):
        ids = batches[index]
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits
        loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())  # all tokens, not the answer only
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        count = ids[:, 1:].numel()
        total, tokens = total + loss.item() * count, tokens + count
    return total / tokens


def main() -> None:
    """Train and ship the named miniatures, all of them without a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHIPPED))
    parser.add_argument("--out", type=Path, default=MINIATURES)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in SHIPPED]
    if unknown:
        parser.error(f"there is no miniature {unknown[0]!r}; choose from {', '.join(SHIPPED)}")
    torch.set_num_threads(1)
    os.nice(5)
    from models.recipes.coda_card import ship  # it needs this module's recipes

    for name in arguments.names or SHIPPED:
        ship(name, SHIPPED[name], arguments.out / name)


if __name__ == "__main__":
    main()
