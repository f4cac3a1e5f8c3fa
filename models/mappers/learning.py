"""How mappers learn and are asked, whether their views are words or pictures: next words of the reply alone, as in the paper.

Items are drawn evenly, with replacement; AdamW, the rate falls as a cosine over `Lesson.steps`. A consumer that stops asking stops
the training.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from models.mappers.examples import Example, Spot, in_order, map_words, said, shown
from models.mappers.replies import Reply, Verdict, judged, read
from models.mappers.ways import Way
from models.mappers.words import ANSWER, EOS, MAP, PAD, THINK, ids_of, words_of
from models.training import checkpoints
from models.training.generation import Prompt, Sampling, generate
from models.training.replies import IGNORED, Batch, loss_of
from models.training.replies import batch_of as padded
from models.training.supervised import Learner

__all__ = ["IGNORED", "LONGEST", "Batch", "Lesson", "Progress", "Schooling", "Scores", "Task", "ask", "batch_of", "learn", "loss_of",
           "progress", "scored", "verdicts"]

LONGEST = 48  # words of a reply: what four images show; a map of five things that all have faces is 20, a thought 4


@dataclass(frozen=True)
class Task:
    """A question and what is seen with it.

    Attributes:
        seen: (images, tokens, width), what a tower says of the pictures; (images, 3, side, side), the pictures themselves, where the
            model has its tower; None where views are words.
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
class Scores:
    """Shares of right replies, 0 to 1, over `count`; None where nothing of the kind was to be said."""

    count: int
    answers: float
    maps: float | None
    thoughts: float | None


@dataclass(frozen=True)
class Progress:
    """The state after a step.

    Attributes:
        loss: mean of the steps since the state before, nats per word of a reply.
        replies: to what is asked, in its order.
    """

    step: int
    loss: float
    cpu_s: float
    scores: Scores
    replies: tuple[Reply, ...]


def batch_of(tasks: Sequence[Task], way: Way, lesson: Lesson, rng: np.random.Generator) -> Batch:
    """Items as one batch."""
    rows = []
    for task in tasks:
        own = way if lesson.thoughts >= 1 or rng.random() < lesson.thoughts else replace(way, thinks=False)
        reply = said(task.example, own, rng if lesson.shuffles_map else None)
        rows.append((ids_of(shown(task.example, way)), ids_of(reply)))
    return padded(rows, pad=PAD, seen=[task.seen for task in tasks if task.seen is not None])


class Schooling:
    """A mapper while it learns a configuration; its network is learned in place.

    It can be broken off after any step, and going on gives the same bytes as never stopping.
    """

    def __init__(self, model: PreTrainedModel, way: Way, tasks: Sequence[Task], lesson: Lesson) -> None:
        self.model, self.way, self.lesson = model, way, lesson
        self._tasks, self._rng = tasks, np.random.default_rng([lesson.seed, 2])
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=lesson.rate, weight_decay=lesson.weight_decay)
        self._learner: Learner[Batch] = Learner(model, optimizer, self._loss)

    @property
    def step(self) -> int:
        """How many are made."""
        return self._learner.step

    def learn(self) -> float:
        """Make a step; return the loss before it, nats per word of a reply."""
        lesson, optimizer = self.lesson, self._learner.optimizer
        for group in optimizer.param_groups:
            falls = (1 + np.cos(np.pi * min(self.step, lesson.steps) / lesson.steps)) / 2
            group["lr"] = lesson.rate * min(1.0, (self.step + 1) / max(1, lesson.warm_up)) * falls
        chosen = [self._tasks[int(place)] for place in self._rng.integers(len(self._tasks), size=lesson.batch)]
        return self._learner.learn(batch_of(chosen, self.way, lesson, self._rng))[0]

    def save(self, folder: Path) -> None:
        """Write where it stands between two steps."""
        checkpoints.save(self._learner, folder, generators={"items": self._rng})

    def resume(self, folder: Path) -> None:
        """Go back to where `save` was called, which this must be made like.

        Raises:
            InputError: the folder is gone, damaged or of another training.
        """
        checkpoints.resume(self._learner, folder, generators={"items": self._rng})

    def _loss(self, batch: Batch) -> tuple[Tensor, int]:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.lesson.is_half):
            return loss_of(self.model, batch)


def learn(model: PreTrainedModel, way: Way, tasks: Sequence[Task], tests: Sequence[Task], lesson: Lesson, *, every: int = 150,
          until: int | None = None) -> Iterator[Progress]:
    """Learn a configuration and yield how far it is, every so many steps and at the end.

    Args:
        tests: what is asked then.
        until: the last step, where the training ends before the rate has fallen.
    """
    yield from filter(None, progress(Schooling(model, way, tasks, lesson), tests, every=every, until=until or lesson.steps))


def progress(schooling: Schooling, tests: Sequence[Task], *, every: int, until: int) -> Iterator[Progress | None]:
    """Go on learning to a step and yield how far it is, None after a step at which nothing is asked; arguments as of `learn`."""
    losses, started = list[float](), time.process_time()
    while schooling.step < until:
        losses.append(schooling.learn())
        if schooling.step % every and schooling.step < until:
            yield None
            continue
        replies = ask(schooling.model, schooling.way, tests)
        yield Progress(schooling.step, float(np.mean(losses)), time.process_time() - started,
                       scored(replies, tests, schooling.way), tuple(replies))
        losses = []
    schooling.model.eval()


def ask(model: PreTrainedModel, way: Way, tasks: Sequence[Task], *, maps: Sequence[Sequence[Spot] | None] | None = None,
        begun: Sequence[Sequence[Spot] | None] | None = None) -> list[Reply]:
    """What a model says, greedily, to each question.

    Args:
        maps: given instead of the true ones, where a map is given and there is one.
        begun: maps that replies begin with, where there is one; what follows a map is begun, too, so that nothing is added to it.
    """
    prompts, mouths = [], []
    for place, task in enumerate(tasks):
        own, words = None if begun is None else begun[place], shown(task.example, way, None if maps is None else maps[place])
        mouths.append([] if own is None else [MAP, *map_words(in_order(own)), THINK if way.thinks else ANSWER])
        seen = {} if task.seen is None else {"pixel_values": task.seen}
        prompts.append(Prompt(tuple(ids_of([*words, *mouths[-1]])), seen))
    sampling = Sampling((EOS,), max_tokens=LONGEST, temperature=0.0, batch=200)
    replies = generate(model, prompts, [(0, 0)] * len(prompts), sampling)
    return [read([*mouth, *words_of(reply.ids)]) for mouth, reply in zip(mouths, replies, strict=True)]


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
