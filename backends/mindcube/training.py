"""Task "train": a small model whose views are words learns a configuration, then from what its own answers earn (GRPO).

The rate falls as a cosine over 1,500 steps, wherever a training ends, so that one that is gone on with is the same as one that never
stopped. A reply earns what MindCube pays, read from its official form: map, thought and option in their tags.
"""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from backends.earlier import check_same, earlier
from backends.made import name_of
from backends.mindcube.results import (
    MAX_HANDED,
    MAX_POINTS,
    MAX_SAMPLES,
    MAX_TEXT,
    Earned,
    MindCubeResult,
    Sample,
    Trained,
    Training,
)
from backends.mindcube.reward import Paid, pay
from backends.mindcube.settings import MindCubeSettings
from backends.run import Inputs, Progress
from models.mappers.examples import Example, said, shown
from models.mappers.replies import Reply
from models.mappers.symbols import CHANCE
from models.mappers.texts import reply_text
from models.mappers.ways import WAYS, Way
from models.mappers.words import SPECIAL, text_of
from worlds.errors import InputError
from worlds.rooms.questions import LETTERS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from models.mappers.learning import Task
    from models.mappers.schools import Event, School

LESSON_STEPS = 1_500  # over which the rate falls
MOST_ITERATIONS = 200
LOOKS, ASKED = 25, 10  # steps from one look to the next; rounds from one to the next in which fresh questions are asked
SHOWN = MAX_SAMPLES // 3  # of one look: the first, one in the middle and the newest are kept
PARAMETERS = 470_000  # of a mapper in words
SAME = ("way", "seed")  # of a training that is gone on with


class Saves(Protocol):
    """What learns: it can be written into a folder."""

    def save(self, folder: Path) -> None: ...


class Learner:
    """A training on its way.

    Attributes:
        told: what the result says of it.
        steps, rounds: that there are, those included that it went on from.
    """

    def __init__(self, settings: MindCubeSettings, inputs: Inputs) -> None:
        """Raises InputError where such a training cannot be, or the earlier one cannot be gone on with."""
        if why := objection(settings):
            raise InputError(why)
        self.way, self._seed, self._kind = WAYS[settings.way], settings.seed, settings.reward
        self.told, self.steps, self.rounds = Training(way=settings.way, chance=CHANCE), 0, 0
        self._folder: Path | None = None
        self._saves: Saves | None = None
        self._school: School | None = None
        self._model: PreTrainedModel | None = None
        self._looks: list[tuple[Sample, ...]] = []
        self._fresh: Sequence[Task] = ()  # questions of which nothing was learned
        self._paid: list[Paid] = []
        if settings.continues:
            self._go_on_from(settings, inputs)
        if settings.steps and self.rounds:
            raise InputError(f"The run {settings.continues!r} ends with rounds of reinforcement, behind which no steps follow. Set "
                             "'steps' to 0 to go on with rounds, or start anew.")
        for what, there, more, most in (("steps", self.steps, settings.steps, LESSON_STEPS),
                                        ("rounds of reinforcement", self.rounds, settings.iterations, MOST_ITERATIONS)):
            if there + more > most:
                raise InputError(f"With {more:,} more the training would have {there + more:,} {what}. It has at most {most:,}.")

    def _go_on_from(self, settings: MindCubeSettings, inputs: Inputs) -> None:
        result, self._folder = earlier(settings.continues, inputs, MindCubeResult, learner="mapper")
        check_same(settings.continues, result.settings, settings, SAME)
        assert result.training is not None  # `earlier` refuses others
        self.told = result.training
        self.steps = max((point.step for point in self.told.points), default=0)
        self.rounds = len(self.told.rounds)
        self.told = self.told.model_copy(update={"went_on_from": self.steps + self.rounds})

    @property
    def has_learned(self) -> bool:
        """Whether anything is there that was not before."""
        return self.steps + self.rounds > self.told.went_on_from

    def events(self, settings: MindCubeSettings) -> Iterator[Progress | Training]:
        """Yield the training as it grows."""
        self._model = yield from self._learned(settings)
        if settings.iterations:
            yield from self._reinforced(settings, self._model)

    def end(self) -> Training:
        """Return the training as its result tells it, however it ended: looked at where it stands, with other maps in its hand."""
        from backends.mindcube.handing import handed

        if self._school is not None and self.told.points and self.told.points[-1].step < self.steps:
            self._look_once_more(self._school)
        if self._model is not None:
            fresh = [task.example for task in self._fresh[:MAX_HANDED]]
            self._tell(self.told.cpu_s, handed=handed(self._model.eval(), self.way, fresh))
        return self.told

    def _look_once_more(self, school: "School") -> None:
        """Look at a training that was stopped between two looks, a step later: what is kept is what its curve ends with."""
        cpu_s = self.told.cpu_s
        for event in school.steps(until=school.step + 1, every=1):
            if event is not None:
                self._point(event, cpu_s)

    def _learned(self, settings: MindCubeSettings) -> Generator[Progress | Training, None, "PreTrainedModel"]:
        """Yield the steps; return the mapper behind them."""
        from models.mappers.learning import Lesson
        from models.mappers.schools import School, kept_reader

        if self.rounds:
            assert self._folder is not None  # rounds are an earlier training's
            return kept_reader(self._folder)[0]
        school = School(settings.way, Lesson(steps=LESSON_STEPS, seed=self._seed))
        if self._folder is not None:
            school.resume(self._folder)
        self._saves = self._school = school
        self._model, self._fresh, cpu_s = school.model, school.tests, self.told.cpu_s
        for event in school.steps(until=school.step + settings.steps, every=LOOKS):
            self.steps = school.step
            if event is None:
                yield Progress(self._share(settings), f"Step {school.step:,}")  # between two looks, too, a stop is heard
                continue
            self._point(event, cpu_s)
            yield self.told  # first: who stops at the next event keeps what was learned
            yield Progress(self._share(settings), f"Step {self.steps:,}: {100 * self.told.points[-1].answers:.0f} % correct")
        return school.model

    def _point(self, event: "Event", cpu_s: float) -> None:
        """Take a look into the curve."""
        state = event.progress
        self.steps = state.step
        point = Trained(step=state.step, loss=state.loss, answers=state.scores.answers, maps=state.scores.maps,
                        thoughts=state.scores.thoughts)
        self._look(state.step, event.shown)
        self._tell(cpu_s + state.cpu_s, points=(*self.told.points, point)[-MAX_POINTS:])

    def _reinforced(self, settings: MindCubeSettings, model: "PreTrainedModel") -> Iterator[Progress | Training]:
        from models.mappers.reinforcing import Practice, Reinforcement

        how = Practice(iterations=MOST_ITERATIONS, temperature=settings.temperature, seed=self._seed)
        practice = Reinforcement(model.train(), self.way, how, self._pays)
        if self.rounds:
            assert self._folder is not None
            practice.resume(self._folder)
        self._fresh, before, cpu_s = practice.tests, self.rounds, self.told.cpu_s
        for one in practice.events(until=before + settings.iterations, every=ASKED):
            self._saves, self.rounds = practice, one.index + 1
            valid = float(np.mean([paid.has_form for paid in self._paid])) if self._paid else 0.0
            self._paid = []
            earned = Earned(iteration=one.index, reward=one.reward, valid=valid, answers=one.scores.answers if one.scores else None,
                            maps=one.scores.maps if one.scores else None)
            self._look(self.steps + self.rounds, one.shown)
            self._tell(cpu_s + one.cpu_s, rounds=(*self.told.rounds, earned)[-MAX_POINTS:])
            yield self.told
            yield Progress(self._share(settings), f"Round {self.rounds}: a reply earns {one.reward:.2f}")

    def _share(self, settings: MindCubeSettings) -> float:
        """How much of what is asked for is done; a round takes about as long as a step does."""
        return min(0.99, (self.steps + self.rounds - self.told.went_on_from) / (settings.steps + settings.iterations))

    def _pays(self, example: Example, reply: Reply) -> float:
        """What MindCube pays for a reply in its official form."""
        options = [text_of(spot.thing) for spot in example.spots]
        right = LETTERS[options.index(text_of(example.answer))]
        self._paid.append(pay(reply_text(reply, options), right, writes_map=self.way.writes_map, kind=self._kind))
        return self._paid[-1].reward

    def _look(self, step: int, said_now: Sequence[tuple[Example, Reply]]) -> None:
        """Keep some of what was said: at first, in the middle and now."""
        self._looks.append(tuple(sample_of(step, self.way, example, reply) for example, reply in said_now[:SHOWN]))
        places = dict.fromkeys((0, len(self._looks) // 2, len(self._looks) - 1))
        self._tell(self.told.cpu_s, samples=tuple(one for place in places for one in self._looks[place])[:MAX_SAMPLES])

    def _tell(self, cpu_s: float, **news: object) -> None:
        self.told = self.told.model_copy(update={**news, "cpu_s": cpu_s})

    def keep(self, settings: MindCubeSettings, inputs: Inputs) -> tuple[str, ...]:
        """Keep the training as it stands; return the name of what was made."""
        if inputs.makes is None or self._saves is None or not self.has_learned:
            return ()
        was = inputs.result(settings.continues).made if settings.continues else ()
        paid = [settings.reward, settings.temperature] if self.rounds else []
        name = name_of("mindcube", {"way": settings.way, "seed": settings.seed, "paid": paid, "from": list(was), "steps": self.steps,
                                    "rounds": self.rounds})
        inputs.makes.put(name, self._saves.save)
        return (name,)


def sample_of(step: int, way: Way, example: Example, reply: Reply) -> Sample:
    """A question and a reply in words."""
    right, words = ([word for word in own if word not in SPECIAL] for own in (said(example, way), reply.words))
    return Sample(step=step, shown=" ".join(word for word in shown(example, way) if word not in SPECIAL)[:MAX_TEXT],
                  right=" ".join(right)[:MAX_TEXT], said=" ".join(words)[:MAX_TEXT], is_right=reply.answer == example.answer)


def objection(settings: MindCubeSettings) -> str:
    """Why such a training cannot be; "" where it can."""
    way = WAYS[settings.way]
    if settings.iterations and not (way.writes_map or way.thinks):
        return (f"MindCube pays a reply for the form of its map or its thought, and who is to {way.title} writes neither. Set "
                "'iterations' to 0, or choose another way.")
    return ""
