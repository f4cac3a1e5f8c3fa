"""The mappers whose views are words, trained in every configuration, and reinforced: where a map and a thought are needed, and what
paying for answers alone adds. Two seeds of everything are about ten minutes of one core."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from time import process_time

import torch

from backends.mindcube.reward import pay
from benchmarks.tables import markdown, shown
from models.mappers.examples import Example
from models.mappers.learning import Lesson, Scores, ask, scored
from models.mappers.mirrors import AXES, mirror_test
from models.mappers.reinforcing import Practice, Reinforcement
from models.mappers.replies import Reply
from models.mappers.schools import School
from models.mappers.symbols import CHANCE
from models.mappers.texts import reply_text
from models.mappers.ways import WAYS, Way
from models.mappers.words import text_of
from worlds.rooms.questions import LETTERS

STEPS, EVERY, LEAST = 450, 150, 2  # of a training; of its events; seeds for an interval
REINFORCED, EARLY, FEW = "map_reason", 0.6, 100  # what is reinforced; at which share of right answers to so many it is stopped
FORM = 75  # steps after which a mapper keeps the form, and answers by chance
PRACTICE = Practice()
STARTS = {"nothing learned": 0, f"{FORM} steps": FORM, f"stopped at {EARLY:.0%}": STEPS}  # by name: the last step before


@dataclass(frozen=True)
class Taught:
    """What a training came to.

    Attributes:
        middle: at the events before the last.    mirrors: of each axis, the shares of answers that a mirror image changes there, and
            elsewhere; none where no map is given or nothing is thought.
    """

    way: str
    middle: tuple[Scores, ...]
    end: Scores
    mirrors: tuple[tuple[float, float], ...]
    seconds: float


@dataclass(frozen=True)
class Reinforced:
    """What a reinforcement came to; rewards and paid shares are of its first and its last ten iterations."""

    start: str
    step: int
    before: Scores
    after: Scores
    rewards: tuple[float, float]
    paid: tuple[float, float]
    seconds: float


def taught(way: str, seed: int) -> Taught:
    """Train one configuration."""
    torch.set_num_threads(1)
    school, began = School(way, Lesson(seed=seed, is_half=True)), process_time()
    *middle, end = [event.progress.scores for event in school.events(until=STEPS, every=EVERY)]
    taken, own = process_time() - began, school.way
    axes = AXES if own.has_map and own.thinks else ()
    return Taught(way, tuple(middle), end, tuple(mirror_test(school.model, own, school.tests, axis) for axis in axes), taken)


def reinforced(start: str, seed: int) -> Reinforced:
    """Train until it is as good as the start says, and reinforce it."""
    torch.set_num_threads(1)
    school = School(REINFORCED, Lesson(seed=seed, is_half=True), asked=FEW)
    for event in school.events(until=STARTS[start], every=1 if STARTS[start] == STEPS else FORM):
        if STARTS[start] == STEPS and event.progress.scores.answers >= EARLY:
            break
    practice, began = Practice(seed=seed), process_time()
    training = Reinforcement(school.model, school.way, practice, partial(earned, school.way))
    before = scored(ask(training.model, training.way, training.tests), training.tests, training.way)
    events = list(training.events(every=practice.iterations))
    after = events[-1].scores
    assert after is not None, "fresh questions are asked after the last iteration"

    def ends(what: str) -> tuple[float, float]:
        values = [getattr(one, what) for one in events]
        return sum(values[:10]) / len(values[:10]), sum(values[-10:]) / len(values[-10:])

    return Reinforced(start, school.step, before, after, ends("reward"), ends("paid"), process_time() - began)


def earned(way: Way, example: Example, reply: Reply) -> float:
    """The paper's reward for a reply as its models write it: 0, 1 or 6."""
    options = [text_of(spot.thing) for spot in example.spots]
    letter = LETTERS[options.index(text_of(example.answer))]
    return pay(reply_text(reply, options), letter, writes_map=way.writes_map).reward


def section(seeds: int) -> str:
    """Every configuration and every start with as many seeds, one at a time on each core."""
    asked = [(way, seed) for way in WAYS for seed in range(max(LEAST, seeds))]
    begun = [(start, seed) for start in STARTS for seed in range(max(LEAST, seeds))]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        trained, practised = pool.map(taught, *zip(*asked)), pool.map(reinforced, *zip(*begun))
        found, after = list[Taught](), list[Reinforced]()
        for (_, seed), one in zip(asked, trained):
            found.append(one)
            print(seed, one, file=sys.stderr, flush=True)
        for (_, seed), other in zip(begun, practised):
            after.append(other)
            print(seed, other, file=sys.stderr, flush=True)
    return told(found, after)


def told(found: Sequence[Taught], after: Sequence[Reinforced]) -> str:
    """The section, of trainings and reinforcements in any order."""
    count = found[0].end.count
    steps = [f"right at step {EVERY * (place + 1)}" for place in range(len(found[0].middle))]
    head = ("configuration", "seeds", *steps, f"right at step {STEPS}", "maps", "thoughts", "CPU seconds")
    practice = ("started from", "seeds", "steps before", "right before", "right after", "maps before", "maps after",
                "reward: first and last ten", "paid: first and last ten", "CPU seconds")
    return f"""## MindCube: mappers in words

Views are words; {STEPS} steps of {Lesson().batch} questions out of 10,000, asked {count} fresh ones; chance is {CHANCE:.2f}.
Intervals are over seeds.

{markdown(head, [_taught_row([one for one in found if one.way == way]) for way in WAYS if any(one.way == way for one in found)])}
A map that is given and thought about, mirrored: the share of answers that change.

{markdown(("mirrored", "answers on the axis", "other answers"), _mirror_rows(found))}
### MindCube: reinforcement of mappers in words

{WAYS[REINFORCED].title}: {PRACTICE.iterations} iterations of {PRACTICE.questions} questions, {PRACTICE.replies} replies to each; GRPO
without a pull to the start, 1 for the form and 5 more for the right answer. "Stopped at {EARLY:.0%}" is of {FEW}
questions that are asked after every step.

{markdown(practice, [_reinforced_row([one for one in after if one.start == start]) for start in STARTS
                     if any(one.start == start for one in after)])}"""


def _taught_row(ones: Sequence[Taught]) -> tuple[object, ...]:
    middle = [shown([one.middle[place].answers for one in ones]) for place in range(len(ones[0].middle))]
    return (WAYS[ones[0].way].title, len(ones), *middle, shown([one.end.answers for one in ones]),
            _share([one.end.maps for one in ones]), _share([one.end.thoughts for one in ones]),
            shown([one.seconds for one in ones], 0))


def _mirror_rows(found: Sequence[Taught]) -> list[tuple[object, ...]]:
    mirrored = [one.mirrors for one in found if one.mirrors]
    return [(axis, *(shown([mirrors[place][side] for mirrors in mirrored]) for side in range(2)))
            for place, axis in enumerate(AXES) if mirrored]


def _reinforced_row(ones: Sequence[Reinforced]) -> tuple[object, ...]:
    both = [tuple(f"{sum(getattr(one, what)[place] for one in ones) / len(ones):.2f}" for place in range(2))
            for what in ("rewards", "paid")]
    return (ones[0].start, len(ones), ", ".join(str(one.step) for one in ones), shown([one.before.answers for one in ones]),
            shown([one.after.answers for one in ones]), _share([one.before.maps for one in ones]),
            _share([one.after.maps for one in ones]), *(" to ".join(pair) for pair in both), shown([one.seconds for one in ones], 0))


def _share(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return shown(known) if known else ""
