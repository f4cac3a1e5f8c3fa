"""How mappers learn and are asked, whether their views are words or pictures: next words of the reply alone, as in the paper.

Items are drawn evenly, with replacement; AdamW, the rate falls as a cosine over `Lesson.steps`. A consumer that stops asking stops
the training.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from models.mappers.examples import Example, Spot, said, shown
from models.mappers.replies import Reply, Verdict, judged, read
from models.mappers.ways import Way
from models.mappers.words import EOS, PAD, ids_of, words_of
from models.training.generation import Prompt, Sampling, generate
from models.training.samples import stacked
from models.training.supervised import Learner

IGNORED = -100  # of the loss
LONGEST = 48  # words of a reply: what four images show; a map of five things that all have faces is 20, a thought 4


@dataclass(frozen=True)
class Task:
    """A question and what is seen with it.

    Attributes:
        seen: (images, tokens, width), what a tower says of the pictures; None where views are words.
    """

    example: Example
    seen: Tensor | None = None


@dataclass(frozen=True)
class Lesson:
    """How is learned.

    Attributes:
        steps: over which the rate falls.    batch: items of a step.
        thoughts: share of the examples, 0 to 1, whose thought is shown where the configuration has one.
        shuffles_map: whether the map is listed in an order that is drawn anew each time.
        is_half: products in half precision, which takes half the time where the processor has instructions for it, and many times as
            long where it has none.
    """

    steps: int = 1500
    batch: int = 96
    rate: float = 2e-3
    warm_up: int = 0
    weight_decay: float = 0.01
    thoughts: float = 1.0
    shuffles_map: bool = False
    is_half: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Batch:
    """Items padded on the right, (items, tokens) each; what is wanted is IGNORED but in replies.

    Attributes:
        seen: (images of all items, tokens, width); None where views are words.
    """

    ids: Tensor
    wanted: Tensor
    seen: Tensor | None


@dataclass(frozen=True)
class Scores:
    """Shares of right replies, 0 to 1, over `count`; None where nothing of the kind was to be said."""

    count: int
    answers: float
    maps: float | None
    thoughts: float | None


@dataclass(frozen=True)
class Progress:
    """The state after a step; `loss` is the mean of the steps since the one before, nats per word of a reply."""

    step: int
    loss: float
    cpu_s: float
    scores: Scores


def batch_of(tasks: Sequence[Task], way: Way, lesson: Lesson, rng: np.random.Generator) -> Batch:
    """Items as one batch."""
    rows = []
    for task in tasks:
        own = way if lesson.thoughts >= 1 or rng.random() < lesson.thoughts else replace(way, thinks=False)
        reply = said(task.example, own, rng if lesson.shuffles_map else None)
        rows.append((ids_of(shown(task.example, way)), ids_of(reply)))
    ids = [torch.tensor([*prompt, *reply]) for prompt, reply in rows]
    wanted = [torch.tensor([*[IGNORED] * len(prompt), *reply]) for prompt, reply in rows]
    seen = [task.seen for task in tasks if task.seen is not None]
    return Batch(stacked(ids, fill=PAD), stacked(wanted, fill=IGNORED), torch.cat(seen).float() if seen else None)


def loss_of(model: PreTrainedModel, batch: Batch) -> tuple[Tensor, int]:
    """Mean cross entropy of the replies' words, nats, and how many there are."""
    inputs = {} if batch.seen is None else {"pixel_values": batch.seen}
    is_wanted = batch.wanted[:, 1:] != IGNORED
    hidden = model.model(input_ids=batch.ids, use_cache=False, **inputs).last_hidden_state[:, :-1]
    return functional.cross_entropy(model.lm_head(hidden[is_wanted]).float(), batch.wanted[:, 1:][is_wanted]), int(is_wanted.sum())


def learn(model: PreTrainedModel, way: Way, tasks: Sequence[Task], tests: Sequence[Task], lesson: Lesson, *, every: int = 150,
          until: int | None = None) -> Iterator[Progress]:
    """Learn a configuration and yield how far it is, every so many steps and at the end.

    Args:
        tests: what is asked then.
        until: the last step, where the training ends before the rate has fallen.
    """
    rng = np.random.default_rng([lesson.seed, 2])
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=lesson.rate, weight_decay=lesson.weight_decay)

    def loss(batch: Batch) -> tuple[Tensor, int]:
        with torch.autocast("cpu", torch.bfloat16, enabled=lesson.is_half):
            return loss_of(model, batch)

    learner: Learner[Batch] = Learner(model, optimizer, loss)
    last, losses, started = until or lesson.steps, [], time.process_time()
    for step in range(1, last + 1):
        for group in optimizer.param_groups:
            falls = (1 + np.cos(np.pi * (step - 1) / lesson.steps)) / 2
            group["lr"] = lesson.rate * min(1.0, step / max(1, lesson.warm_up)) * falls
        chosen = [tasks[int(place)] for place in rng.integers(len(tasks), size=lesson.batch)]
        losses.append(learner.learn(batch_of(chosen, way, lesson, rng))[0])
        if step % every == 0 or step == last:
            scores = scored(ask(model, way, tests), tests, way)
            yield Progress(step, float(np.mean(losses)), time.process_time() - started, scores)
            losses = []
    model.eval()


def ask(model: PreTrainedModel, way: Way, tasks: Sequence[Task], *, maps: Sequence[Sequence[Spot]] | None = None) -> list[Reply]:
    """What a model says, greedily, to each question.

    Args:
        maps: given instead of the true ones, where a map is given.
    """
    prompts = []
    for place, task in enumerate(tasks):
        words = shown(task.example, way, None if maps is None else maps[place])
        prompts.append(Prompt(tuple(ids_of(words)), {} if task.seen is None else {"pixel_values": task.seen}))
    sampling = Sampling((EOS,), max_tokens=LONGEST, temperature=0.0, batch=200)
    return [read(words_of(reply.ids)) for reply in generate(model, prompts, [(0, 0)] * len(prompts), sampling)]


def verdicts(replies: Sequence[Reply], tasks: Sequence[Task], way: Way) -> list[Verdict]:
    """Which replies are right, and in what."""
    return [judged(reply, task.example, writes_map=way.writes_map, thinks=way.thinks)
            for reply, task in zip(replies, tasks, strict=True)]


def scored(replies: Sequence[Reply], tasks: Sequence[Task], way: Way) -> Scores:
    """How many replies are right, and in what."""
    found = verdicts(replies, tasks, way)
    return Scores(len(found), float(np.mean([one.answer for one in found])),
                  float(np.mean([bool(one.map) for one in found])) if way.writes_map else None,
                  float(np.mean([bool(one.thought) for one in found])) if way.thinks else None)
