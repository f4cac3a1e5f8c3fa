"""What the agent learns from before it is rewarded: ERA's embodied prior, drawn from the world.

Trajectories are an expert's, some with mistakes that the next thought names. Anchored in the environment are masked actions and
mixed up sequences, which are text alone, and questions about the picture. External knowledge is text alone and knows nothing of any
home: what things are for, and what left and right mean (arXiv 2510.12693; kinds and proportions as in its code, fewer of each).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.home_agent.speech import Past, reply, seen, thought_of, told
from models.marks import ACTION_END, ACTION_START, THINK_END, THINK_START, TURN_END
from worlds.minihome import catalogue
from worlds.minihome.actions import act
from worlds.minihome.expert import next_skill, plan
from worlds.minihome.look import look
from worlds.minihome.scene import draw_home
from worlds.minihome.skills import skills
from worlds.minihome.state import State
from worlds.minihome.subsets import SEEN, TRAINING, subset_index

Prior = Literal["raw", "trajectories", "anchored", "external"]
MISTAKES = 0.2  # of the trajectories hold one or more
SLIPS = 0.25  # of the actions of such a trajectory are not the expert's
MOST_TURNS = 20
MASK = "mask"


@dataclass(frozen=True)
class Sample:
    """One thing to learn: a prompt, with a picture or none, and the reply."""

    prompt: str
    reply: str
    state: State | None = None  # what the picture shows


def trajectories(generator: np.random.Generator, *, number: int, thinks: bool = True) -> Iterator[Sample]:
    """Every step of `number` trajectories in homes for training, of the subsets that ERA trains on.

    Args:
        thinks: whether replies begin with a thought; without, these are the raw trajectories, and no turn remembers a thought.
    """
    for index in range(number):
        subset = SEEN[index % len(SEEN)]
        seed = TRAINING * (1 + subset_index(subset)) + index // len(SEEN)
        yield from _trajectory(generator, seed, subset, thinks=thinks)


def _trajectory(generator: np.random.Generator, seed: int, subset: str, *, thinks: bool) -> Iterator[Sample]:
    state, task = draw_home(seed, subset)
    slips = SLIPS if generator.random() < MISTAKES else 0.0
    past: list[Past] = []
    for _ in range(MOST_TURNS):
        wanted = next_skill(state)
        if wanted is None:
            return
        failed = bool(past) and not past[-1].feedback.startswith("Last action executed")
        thought = thought_of(state, failed=failed)
        yield Sample(told(task.instruction, past), reply(wanted, thought if thinks else None), state)
        known = skills(state)
        done = known[int(generator.integers(len(known)))] if generator.random() < slips else wanted
        outcome = act(state, done)
        past, state = [Past(thought.parts[1:] if thinks else (), done, outcome.feedback)], outcome.state


def anchored(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """Masked actions, mixed up sequences, and questions about what is seen, in turns."""
    for index in range(number):
        subset = SEEN[index % len(SEEN)]
        state, task = draw_home(TRAINING * (1 + subset_index(subset)) + index, subset)
        if index % 3 == 0:
            yield _masked(generator, state, task.instruction)
        elif index % 3 == 1:
            yield _mixed_up(generator, state, task.instruction)
        else:
            yield _about_the_picture(generator, state)


def _masked(generator: np.random.Generator, state: State, instruction: str) -> Sample:
    actions = plan(state, limit=MOST_TURNS)
    place = int(generator.integers(len(actions)))
    shown = ", ".join(MASK if number == place else action for number, action in enumerate(actions))
    return Sample(f"{told(instruction, [])} order {shown} which is {MASK}?", _answer("", actions[place]))


def _mixed_up(generator: np.random.Generator, state: State, instruction: str) -> Sample:
    actions = plan(state, limit=6)
    mixed = [actions[int(number)] for number in generator.permutation(len(actions))]
    return Sample(f"{told(instruction, [])} which order? {', '.join(mixed)}", _answer("", ", ".join(actions)))


def _about_the_picture(generator: np.random.Generator, state: State) -> Sample:
    for _ in range(int(generator.integers(6))):
        wanted = next_skill(state)
        if wanted is None:
            break
        state = act(state, wanted).state
    sight = look(state)
    row = [stand.name for stand in sight.row]
    place = int(generator.integers(len(row) - 1))
    questions = [
        (f"what stands right of the {row[place]}?", row[place + 1]), (f"what stands left of the {row[place + 1]}?", row[place]),
        ("what is in hand?", f"{sight.hand.colour} {sight.hand.kind}" if sight.hand else "nothing"),
        ("what is seen here?", seen(state))]
    question, answer = questions[int(generator.integers(len(questions)))]
    return Sample(question, _answer("", answer), state)


def external(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """Functions and names both ways, and what a relation says the other way round; no home is needed for either."""
    things = [(name, kind.function) for name, kind in catalogue.KINDS.items()]
    places = [(name, place.function) for name, place in catalogue.PLACES.items()]
    known = [*things, *places]
    for index in range(number):
        name, function = known[int(generator.integers(len(known)))]
        if index % 3 == 0:
            yield Sample(f"what is {function}?", _answer(f"{function} is the {name}", name))
        elif index % 3 == 1:
            yield Sample(f"what is the {name}?", _answer("", function))
        else:
            one, other = (places[int(number)][0] for number in generator.choice(len(places), 2, replace=False))
            way, back = ("left", "right") if generator.random() < 0.5 else ("right", "left")
            yield Sample(f"the {one} is {way} of the {other}. what is {back} of the {one}?",
                         _answer(f"the {other} is {back} of the {one}", other))


def _answer(thought: str, answer: str) -> str:
    """An answer that is no action, between the same marks, so that they are learned everywhere."""
    return f"{THINK_START} {thought or 'then'} {THINK_END} {ACTION_START} {answer} {ACTION_END} {TURN_END}"


def prior(kind: Prior, seed: int, *, number: int) -> list[Sample]:
    """All samples of one kind, in an order of their own.

    Args:
        number: of trajectories, or of samples of the other kinds.
    """
    generator = np.random.default_rng([seed, ("raw", "trajectories", "anchored", "external").index(kind)])
    made = {"raw": lambda: trajectories(generator, number=number, thinks=False),
            "trajectories": lambda: trajectories(generator, number=number),
            "anchored": lambda: anchored(generator, number=number), "external": lambda: external(generator, number=number)}
    samples = list(made[kind]())
    return [samples[int(index)] for index in generator.permutation(len(samples))]
