"""One configuration of the mappers whose views are words, trained while somebody looks on: a minute, an event every so many steps.

A training that was kept can be gone on with, as the same training or by reinforcement; what is kept is a model with its words and a
card, as `save_pretrained` lays it out.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import GPT2LMHeadModel, PreTrainedModel

from models.mappers.examples import Example
from models.mappers.learning import Lesson, Progress, Schooling, Task, progress
from models.mappers.networks import fresh_reader
from models.mappers.replies import Reply
from models.mappers.symbols import TEST_ITEMS, example_of, fresh_items, training_items
from models.mappers.ways import WAYS, Way
from models.mappers.words import tokenizer
from models.training.checkpoints import readable

SHOWN = 4  # replies of an event


@dataclass(frozen=True)
class Event:
    """How far a training is, and some of what the mapper says to fresh questions, always the same ones."""

    progress: Progress
    shown: tuple[tuple[Example, Reply], ...]


class School:
    """A training of one configuration. Equal arguments give equal weights, with as many threads.

    Args:
        way: a key of WAYS.
        lesson: its seed draws the weights, what is learned from and what is asked, too.
        asked: how many fresh questions at every event.
    """

    def __init__(self, way: str, lesson: Lesson, *, asked: int = TEST_ITEMS) -> None:
        self.way, items = WAYS[way], training_items(lesson.seed)
        self.tests = [Task(example_of(item)) for item in fresh_items(lesson.seed, asked, without=items)]
        self._schooling = Schooling(fresh_reader(lesson.seed), self.way, [Task(example_of(item)) for item in items], lesson)

    @property
    def model(self) -> PreTrainedModel:
        """The mapper as it stands; it is learned in place."""
        return self._schooling.model

    @property
    def step(self) -> int:
        """How many are made."""
        return self._schooling.step

    def events(self, *, until: int, every: int = 25) -> Iterator[Event]:
        """Learn to a step and tell of it every so many; who stops asking stops the training, and may `save` it as it stands."""
        yield from filter(None, self.steps(until=until, every=every))

    def steps(self, *, until: int, every: int = 25) -> Iterator[Event | None]:
        """The same step by step, None after those of which nothing is told: there, too, the training can be stopped."""
        for found in progress(self._schooling, self.tests, every=every, until=until):
            yield None if found is None else Event(
                found, tuple((task.example, reply) for task, reply in zip(self.tests[:SHOWN], found.replies)))

    def save(self, folder: Path) -> None:
        """Write the mapper, where its training stands, its words and its card."""
        self._schooling.save(folder)
        write_beside(folder, self.model, self.way, f"{self.step} steps of {self._schooling.lesson.batch} questions",
                     {**asdict(self._schooling.lesson), "step": self.step})

    def resume(self, folder: Path) -> None:
        """Go back to where `save` was called; going on gives the same as never stopping.

        Raises:
            InputError: the folder is gone, damaged or of another training.
        """
        self._schooling.resume(folder)


def write_beside(folder: Path, model: PreTrainedModel, way: Way, how: str, training: dict[str, object]) -> None:
    """Write the words of a mapper that was saved, and the card that makes it a rung."""
    tokenizer().save_pretrained(folder)
    rung = {"role": "language", "title": f"Mapper in words: {way.title}, {how}", "loader": "language-model",
            "architecture": type(model).__name__, "licence": "apache-2.0", "parameters": model.num_parameters(),
            "made_for": ["mindcube"], "order": 0, "note": "Reads and writes its own words and no others."}
    card = {"rung": rung, "way": way.key, "training": training}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def kept_reader(folder: Path) -> tuple[GPT2LMHeadModel, Way]:
    """Return a mapper that was saved, and its configuration.

    Raises:
        InputError: the folder is gone or damaged.
    """
    with readable():
        way = WAYS[json.loads((folder / "card.json").read_text(encoding="utf-8"))["way"]]
        model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    model.set_attn_implementation("eager")
    return model.eval(), way
