"""What the agent learns from before it is rewarded: ERA's embodied prior, drawn from the world.

Before all of it come questions about pictures alone: what ERA's agent could do already, for it starts from a model that sees.
Trajectories are an expert's, some with mistakes that the next thought names. Anchored in the environment are masked actions and
mixed up sequences, which are text alone, and questions about the picture. External knowledge is text alone and knows nothing of any
home: what things are for, and what left and right mean (arXiv 2510.12693; kinds and proportions as in its code, fewer of each).
"""

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from models.agents.home.speech import seen, thought_of
from models.agents.samples import Drawn, Prior, Sample, masked, mixed_up, turned_round
from models.agents.speech import Past, answered, reply, told
from models.marks import PARTS
from worlds.minihome import catalogue, wordings
from worlds.minihome.actions import act
from worlds.minihome.expert import next_skill, plan
from worlds.minihome.look import look
from worlds.minihome.scene import NEEDS, draw_home
from worlds.minihome.skills import skills
from worlds.minihome.state import State
from worlds.minihome.subsets import SEEN, TRAINING, subset_index, training_rounds

MISTAKES = 0.2  # of the trajectories hold one or more
SLIPS = 0.25  # of the actions of such a trajectory are not the expert's
MOST_TURNS = 20
GUESSES = 0.5  # of the things that looks alone name are first taken for another of their class, where nothing tells them apart
STRAYS = 0.4  # of the actions that lead from one picture to the next are not the expert's
ALL_OF_IT = "what is seen here?"


def pictures(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """Questions about what is seen, while an expert and chance take turns in homes for training; most ask for everything."""
    made, home = 0, 0
    while made < number:
        subset = SEEN[home % len(SEEN)]
        state, _ = draw_home(TRAINING * (1 + subset_index(subset)) + home // len(SEEN) % TRAINING, subset)
        home += 1
        for _ in range(int(generator.integers(3, 12))):
            wanted, known = next_skill(state), skills(state)
            strays = wanted is None or generator.random() < STRAYS
            state = act(state, known[int(generator.integers(len(known)))] if strays or wanted is None else wanted).state
            if made < number:
                yield Sample(ALL_OF_IT, answered(seen(state)), state) if made % 4 else _asked(generator, state)
            made += 1


def trajectories(generator: np.random.Generator, *, number: int, thinks: bool = True) -> Iterator[Sample]:
    """Every step of `number` trajectories in homes for training, of the subsets that ERA trains on.

    Args:
        thinks: whether replies begin with a thought; without, these are the raw trajectories, and no turn remembers a thought.
    """
    for seed, subset in islice(training_rounds(SEEN), number):
        yield from _trajectory(generator, seed, subset, thinks=thinks)


def _trajectory(generator: np.random.Generator, seed: int, subset: str, *, thinks: bool) -> Iterator[Sample]:
    state, task = draw_home(seed, subset)
    slips = SLIPS if generator.random() < MISTAKES else 0.0
    past: list[Past] = []
    guess = _guess(generator, state) if subset == "visual_appearance" else None
    for _ in range(MOST_TURNS):
        wanted = next_skill(state)
        if wanted is None:
            return
        failed = bool(past) and not past[-1].feedback.startswith("Last action executed")
        thought = thought_of(state, failed=failed)
        if guess and wanted == f"find a {guess[0]}":  # what follows a wrong guess is learned, the guess itself is not
            parts = tuple((label, text.replace(*guess)) for label, text in thought.parts[1:])
            done, guess = f"find a {guess[1]}", None
            outcome = act(state, done)
            past, state = [Past(parts if thinks else (), done, outcome.feedback)], outcome.state
            continue
        yield Sample(told(task.instruction, past), reply(wanted, thought if thinks else None), state)
        known = skills(state)
        done = known[int(generator.integers(len(known)))] if generator.random() < slips else wanted
        outcome = act(state, done)
        past, state = [Past(thought.parts[1:] if thinks else (), done, outcome.feedback)], outcome.state


def _guess(generator: np.random.Generator, state: State) -> tuple[str, str] | None:
    """The kind of thing that is meant, and another of its class for which it may be taken; None where none is."""
    meant = catalogue.type_of(state["goal"][0]["things"][0])
    others = [kind for kind, what in catalogue.KINDS.items() if what.vague == catalogue.KINDS[meant].vague and kind != meant]
    return (meant, wordings.one_of(generator, others)) if others and generator.random() < GUESSES else None


def anchored(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """Masked actions, mixed up sequences, and questions about what is seen, in turns."""
    for index in range(number):
        subset = SEEN[index % len(SEEN)]
        state, task = draw_home(TRAINING * (1 + subset_index(subset)) + index, subset)
        if index % 3 == 0:
            yield masked(generator, told(task.instruction, []), plan(state, limit=MOST_TURNS))
        elif index % 3 == 1:
            yield mixed_up(generator, told(task.instruction, []), plan(state, limit=6))
        else:
            yield _about_the_picture(generator, state)


def _about_the_picture(generator: np.random.Generator, state: State) -> Sample:
    for _ in range(int(generator.integers(6))):
        wanted = next_skill(state)
        if wanted is None:
            break
        state = act(state, wanted).state
    return _asked(generator, state)


def _asked(generator: np.random.Generator, state: State) -> Sample:
    """One question about a picture."""
    sight = look(state)
    row = [stand.name for stand in sight.row]
    place = int(generator.integers(len(row) - 1))
    questions = [
        (f"what stands right of the {row[place]}?", row[place + 1]), (f"what stands left of the {row[place + 1]}?", row[place]),
        ("what is in hand?", f"{sight.hand.colour} {sight.hand.kind}" if sight.hand else "nothing"),
        (ALL_OF_IT, seen(state))]
    question, answer = questions[int(generator.integers(len(questions)))]
    return Sample(question, answered(answer), state)


def external(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """Functions and names both ways, tasks said by function and by name, and what a relation says the other way round. No home is
    needed for any, and nothing is done."""
    things = [(name, kind.function) for name, kind in catalogue.KINDS.items()]
    places = [(name, place.function) for name, place in catalogue.PLACES.items()]
    known = [*things, *places]
    for index in range(number):
        name, function = known[int(generator.integers(len(known)))]
        if index % 2:
            yield _said_otherwise(generator)
        elif index % 6 == 0:
            yield Sample(f"what is {function}?", answered(name, f"{function} is the {name}"))
        elif index % 6 == 2:
            yield Sample(f"what is the {name}?", answered(function))
        else:
            one, other = (places[int(number)][0] for number in generator.choice(len(places), 2, replace=False))
            yield turned_round(generator, one, other)


def _said_otherwise(generator: np.random.Generator) -> Sample:
    """A task by what things are for, and the same by their names."""
    kind = wordings.one_of(generator, tuple(wordings.TASKS))
    said = wordings.one_of(generator, wordings.TASKS[kind])
    thing, place = wordings.one_of(generator, tuple(catalogue.KINDS)), wordings.one_of(generator, tuple(catalogue.PLACES))
    two = kind == "place two"
    by_function, by_name = (
        said.format(x=x, y=y, at=catalogue.at(place), lamp=lamp)
        for x, y, lamp in ((wordings.by_function(thing, two=two), catalogue.PLACES[place].function, catalogue.LAMP_FUNCTION),
                           (wordings.plain(thing, two=two), f"the {place.lower()}", "the lamp")))
    names = [thing, f"{thing}_2"] if two else [thing]
    left = [f"{thing} {need}" for need in NEEDS.get(kind, ())]
    left += [] if kind == "light" else [f"{name} in {place}" for name in names]
    return Sample(f"what is {by_function}?", answered(by_name, f"{PARTS[1]}: Left: {'; '.join(left)}."))


PRIORS: Mapping[Prior, Drawn] = {
    "pictures": lambda generator, number: pictures(generator, number=number),
    "raw": lambda generator, number: trajectories(generator, number=number, thinks=False),
    "trajectories": lambda generator, number: trajectories(generator, number=number),
    "anchored": lambda generator, number: anchored(generator, number=number),
    "external": lambda generator, number: external(generator, number=number)}
