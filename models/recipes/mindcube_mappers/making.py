"""Makes the mappers that see: draws scenes, trains one eye, a base that tells what each image shows, and from it every configuration.

The base stands for what a vision-language model knows before it is tuned. From it all configurations see the same questions in the
same order and take as many steps; test scenes have combinations of things that are in no training scene.
"""

import argparse
import copy
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from transformers import LlavaForConditionalGeneration, PreTrainedModel

from models.catalogue import MINIATURES
from models.mappers.albums import Album, draw_album, looking_tasks, tasks_of
from models.mappers.learning import Lesson, Progress, Task, ask, learn, verdicts
from models.mappers.networks import fresh_seer
from models.mappers.replies import Verdict
from models.mappers.towers import Reading, Seen, learn_to_see
from models.mappers.ways import WAYS, Way
from models.recipes.mindcube_mappers import card


@dataclass(frozen=True)
class Plan:
    """What is drawn and how long is trained.

    Attributes:
        scenes, questions: for training, and about each.    tested: scenes for the test, with three questions each.
        updates: of the eye.
        looking, lesson: how the base learns, and each configuration.
    """

    scenes: int = 5000
    questions: int = 8
    tested: int = 400
    updates: int = 1600
    looking: Lesson = field(default_factory=lambda: Lesson(steps=1000, warm_up=30, is_half=True))
    lesson: Lesson = field(default_factory=lambda: Lesson(steps=1000, warm_up=30, is_half=True))
    seed: int = 0

    def albums(self) -> tuple[Album, Album]:
        """For training, and for the test."""
        return (draw_album("train", self.scenes, seed=self.seed, questions=self.questions),
                draw_album("test", self.tested, seed=self.seed, questions=3))


@dataclass
class Made:
    """A mapper and how it came about."""

    model: LlavaForConditionalGeneration
    way: Way
    states: list[Progress]
    verdicts: list[Verdict]
    minutes: float
    cpu_minutes: float


def seeing(plan: Plan, album: Album, tests: Album) -> tuple[PreTrainedModel, Reading]:
    """The eye, and what it reads of pictures that it never saw."""
    tower = fresh_seer(plan.seed).model.vision_tower
    for reading in learn_to_see(tower, album.looks, tests.looks, updates=plan.updates, seed=plan.seed):
        print(f"eye, update {reading.update}: {reading.loss:.3f} nats, {reading.right['all']:.3f} of pictures read whole", flush=True)
    return tower, reading


def looking(plan: Plan, tower: PreTrainedModel, album: Album, tests: Album) -> LlavaForConditionalGeneration:
    """The base: it tells what each image shows, by its number. Its tower is left out, since all pictures were seen before."""
    model = fresh_seer(plan.seed)
    model.model.vision_tower = Seen()
    tasks, fresh = (looking_tasks(one, tower, seed=plan.seed) for one in (album, tests))
    for progress in learn(model, WAYS["reason"], tasks, fresh, replace(plan.looking, seed=plan.seed)):
        print(f"base, step {progress.step}: {progress.loss:.3f} nats, all seen {progress.scores.thoughts:.3f}", flush=True)
    return model


def making(plan: Plan, base: LlavaForConditionalGeneration, tower: PreTrainedModel, way: Way, tasks: list[Task], tests: list[Task]
           ) -> Made:
    """A mapper behind an eye, trained in one configuration from the base."""
    started, cpu = time.monotonic(), time.process_time()
    model = copy.deepcopy(base)
    states = []
    for progress in learn(model, way, tasks, tests, replace(plan.lesson, seed=plan.seed)):
        states.append(progress)
        right = progress.scores
        print(f"{way.key}, step {progress.step}: {progress.loss:.3f} nats, answers {right.answers:.3f}, maps {right.maps}",
              flush=True)
    found = verdicts(ask(model, way, tests), tests, way)
    model.model.vision_tower = tower
    return Made(model, way, states, found, (time.monotonic() - started) / 60, (time.process_time() - cpu) / 60)


def made(plan: Plan, ways: list[Way]) -> Iterator[tuple[Made, Album, Reading]]:
    """Every mapper of a plan, what it was asked and what its eye reads."""
    album, tests = plan.albums()
    tower, reading = seeing(plan, album, tests)
    base = looking(plan, tower, album, tests)
    tasks, fresh = tasks_of(album, tower), tasks_of(tests, tower)
    for way in ways:
        yield making(plan, base, tower, way, tasks, fresh), tests, reading


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    plan = Plan()
    parser.add_argument("--way", choices=list(WAYS), action="append", help="a configuration; else all, one after another")
    parser.add_argument("--out", type=Path, default=MINIATURES, help="the folder that theirs are put into")
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--steps", type=int, default=plan.lesson.steps)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    plan = replace(plan, seed=given.seed, lesson=replace(plan.lesson, steps=given.steps))
    for mapper, tests, reading in made(plan, [WAYS[key] for key in given.way or WAYS]):
        card.write(given.out / card.name_of(mapper.way), mapper.model, mapper.way, plan=plan, tests=tests, verdicts=mapper.verdicts,
                   reading=reading, minutes=(mapper.minutes, mapper.cpu_minutes))
