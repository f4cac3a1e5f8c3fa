"""Trains the mappers that see: draws scenes, trains an eye, a base that tells what each image shows, and from it each configuration.

The base stands for what a vision-language model knows before it is tuned. From it all configurations see the same questions in the
same order and take as many steps; scenes of the validation and of the test have combinations of things that are in no training scene.
"""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import ParamSpec, TypeVar

from transformers import LlavaForConditionalGeneration, PreTrainedModel

from models.mappers.albums import Album, draw_album, looking_tasks, tasks_of
from models.mappers.learning import Lesson, Progress, Task, learn
from models.mappers.networks import fresh_seer
from models.mappers.towers import Reading, Seen, learn_to_see
from models.mappers.ways import WAYS, Way

SHIPPED = ("raw", "map", "reason", "map_reason")  # configurations whose weights come with the app
FURTHER = ("map_in", "map_in_reason")  # those that are made when they are first asked for
T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True)
class Plan:
    """What is drawn and how long is trained.

    Attributes:
        scenes, questions: for training, and about each.
        validated, tested: scenes that are asked about meanwhile, two questions each, and in the end, three each.
        updates: of the eye.
        looking, lesson: how the base learns, and each configuration.
        every: steps from one question round to the next.
    """

    scenes: int = 5000
    questions: int = 8
    validated: int = 200
    tested: int = 400
    updates: int = 1600
    looking: Lesson = field(default_factory=lambda: Lesson(steps=1000, warm_up=30, is_half=True))
    lesson: Lesson = field(default_factory=lambda: Lesson(steps=1000, warm_up=30, is_half=True))
    every: int = 200
    seed: int = 0

    def albums(self) -> tuple[Album, Album, Album]:
        """For training, meanwhile, and for the end."""
        return (draw_album("train", self.scenes, seed=self.seed, questions=self.questions),
                draw_album("validation", self.validated, seed=self.seed, questions=2),
                draw_album("test", self.tested, seed=self.seed, questions=3))


@dataclass(frozen=True)
class Begun:
    """What all configurations of a seed begin with.

    Attributes:
        reading: what the eye reads of pictures that it never saw.
        base: without its eye.
        tasks, validation: what is learned from, and asked about meanwhile, as the eye sees it.
        cpu_minutes: of each part until here.
    """

    plan: Plan
    tower: PreTrainedModel
    reading: Reading
    base: LlavaForConditionalGeneration
    tasks: Sequence[Task]
    validation: Sequence[Task]
    tests: Album
    cpu_minutes: dict[str, float]


@dataclass(frozen=True)
class Mapper:
    """A mapper with its eye, all weights rounded to half precision, and how it came about."""

    model: LlavaForConditionalGeneration
    way: Way
    seed: int
    states: Sequence[Progress]
    cpu_minutes: float


def begin(plan: Plan) -> Begun:
    """Draw, and train the eye and the base."""
    (album, validation, tests), drawing = _timed(plan.albums)
    (tower, reading), seen = _timed(seeing, plan, album, validation)
    base, looked = _timed(looking, plan, tower, album, validation)
    return Begun(plan, tower, reading, base, tasks_of(album, tower), tasks_of(validation, tower), tests,
                 {"drawing": drawing, "eye": seen, "base": looked})


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


def train(begun: Begun, way: Way) -> Mapper:
    """Learn one configuration from the base."""
    started, model, states = time.process_time(), copy.deepcopy(begun.base), []
    lesson = replace(begun.plan.lesson, seed=begun.plan.seed)
    for progress in learn(model, way, begun.tasks, begun.validation, lesson, every=begun.plan.every):
        states.append(progress)
        right = progress.scores
        print(f"{way.key}, step {progress.step}: {progress.loss:.3f} nats, answers {right.answers:.3f}, maps {right.maps}",
              flush=True)
    return Mapper(whole(model, begun.tower), way, begun.plan.seed, states, (time.process_time() - started) / 60)


def whole(model: LlavaForConditionalGeneration, tower: PreTrainedModel) -> LlavaForConditionalGeneration:
    """A mapper behind its eye, all weights rounded to the half precision that they are written in."""
    model.model.vision_tower = copy.deepcopy(tower)
    model.half().float().eval()
    return model


def _timed(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> tuple[T, float]:
    """What it returns, and CPU minutes."""
    started = time.process_time()
    return function(*arguments, **options), (time.process_time() - started) / 60
