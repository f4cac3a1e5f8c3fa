"""What the agent of the table learns from before it is rewarded: ERA's embodied prior, drawn from the world.

Before all of it come questions about pictures alone, what lies where; and names that are looked up in such a list, in text alone.
Trajectories are an expert's, some with mistakes from which it goes on. Anchored in the environment are masked and mixed up actions,
which are text alone, and questions about what lies where. External knowledge is text alone: what things are like, and what left and
right mean (arXiv 2510.12693; kinds and proportions as in its code, fewer of each).
"""

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from models.agents.samples import Drawn, Prior, Sample, masked, mixed_up, turned_round
from models.agents.speech import Past, answered, reply
from models.agents.table.speech import action_of, listed, numbers, seen, thought_of, told_at
from models.marks import PARTS
from worlds.errors import InputError
from worlds.minitable import catalogue, wordings
from worlds.minitable.actions import YAW, act, random_action
from worlds.minitable.catalogue import TABLE_Z
from worlds.minitable.codec import LOW, NUM_VOXELS, VOXEL_M
from worlds.minitable.expert import ABOVE, pose
from worlds.minitable.perturbations import PERTURBATIONS, perturb
from worlds.minitable.scene import draw_table
from worlds.minitable.state import State, left_to_right
from worlds.minitable.subsets import SEEN, TRAINING, subset_index, training_rounds
from worlds.minitable.understanding import objects

MISTAKES = 0.25  # of the trajectories hold one or more
SLIPS = 0.3  # of the actions of such a trajectory are not the expert's, or something goes wrong by itself
MOST_TURNS = 20
STRAYS = 0.25  # of the actions that lead from one picture to the next are not the expert's
ALL_OF_IT = "what is seen here?"


def asked(state: State, question: str) -> str:
    """A question about a picture, with where things are."""
    return f"{question} objects: {listed(objects(state))}"


def pictures(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """What lies where, and where one thing is, while an expert and chance take turns at tables for training."""
    made, table = 0, 0
    while made < number:
        subset = SEEN[table % len(SEEN)]
        state, _ = draw_table(TRAINING * (1 + subset_index(subset)) + table // len(SEEN) % TRAINING, subset)
        table += 1
        for _ in range(min(int(generator.integers(1, 6)), number - made)):
            at = int(generator.integers(len(names := left_to_right(state))))
            place = numbers(list(objects(state).values())[at])
            yield Sample(asked(state, f"{ALL_OF_IT} where is the {names[at]}?"), answered(place, seen(state)), state)
            made += 1
            wanted = action_of(state)
            state = act(state, random_action(generator) if wanted is None or generator.random() < STRAYS else wanted).state


def lookups(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """What lies where, told in words; where one of the things is, and how to get over it. Text alone: what a picture costs is saved,
    and looking a name up is the same."""
    for seed, subset in islice(training_rounds(SEEN), number):
        state, _ = draw_table(seed, subset)
        at = int(generator.integers(len(names := left_to_right(state))))
        x, y, z = list(objects(state).values())[at]
        thought = f"{PARTS[2]}: over {names[at]} {numbers((x, y, z))}"
        over = numbers(pose([x, y, z + ABOVE], YAW, is_open=True))
        yield Sample(f"{PARTS[0]}: {seen(state)} where is the {names[at]}?", answered(over, thought))


def trajectories(generator: np.random.Generator, *, number: int, thinks: bool = True) -> Iterator[Sample]:
    """Every step of `number` trajectories at tables for training, of the subsets that ERA trains on.

    Args:
        thinks: whether replies begin with a thought; without, these are the raw trajectories, and no turn remembers a thought.
    """
    for seed, subset in islice(training_rounds(SEEN), number):
        yield from _trajectory(generator, seed, subset, thinks=thinks)


def _trajectory(generator: np.random.Generator, seed: int, subset: str, *, thinks: bool) -> Iterator[Sample]:
    state, task = draw_table(seed, subset)
    slips = SLIPS if generator.random() < MISTAKES else 0.0
    past: list[Past] = []
    for _ in range(MOST_TURNS):
        wanted = action_of(state)
        if wanted is None:
            return
        failed = bool(past) and "invalid" in past[-1].feedback
        thought = thought_of(state, failed=failed)
        yield Sample(prompt(task.instruction, past, state), reply(numbers(wanted), thought if thinks else None), state)
        done = _slipped(generator, wanted) if generator.random() < slips else wanted
        outcome = act(state, done)
        past, state = [Past(thought.parts[1:] if thinks else (), numbers(done), outcome.feedback)], outcome.state
        if generator.random() < slips / 2:
            state = _gone_wrong(generator, state)


def prompt(instruction: str, past: list[Past], state: State) -> str:
    """What the agent is told at a turn."""
    return told_at(instruction, past, objects(state))


def _slipped(generator: np.random.Generator, wanted: list[int]) -> list[int]:
    """Another action: anywhere, into the table, or beside what was wanted."""
    way = generator.random()
    if way < 0.4:
        return random_action(generator)
    if way < 0.6:
        return [*wanted[:2], int(generator.integers(int((TABLE_Z - LOW[2]) / VOXEL_M) - 1)), *wanted[3:]]
    return [*(min(max(int(value + generator.integers(-6, 7)), 0), NUM_VOXELS) for value in wanted[:2]), *wanted[2:]]


def _gone_wrong(generator: np.random.Generator, state: State) -> State:
    """The state after a mishap; as it was where none can happen."""
    try:
        return perturb(state, wordings.one_of(generator, tuple(PERTURBATIONS)))[0]
    except InputError:
        return state


def anchored(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """Masked actions, mixed up sequences, and questions about what is seen, in turns."""
    for index in range(number):
        subset = SEEN[index % len(SEEN)]
        state, task = draw_table(TRAINING * (1 + subset_index(subset)) + index, subset)
        if index % 3 == 2:
            yield _about_the_picture(generator, state)
            continue
        said, actions = prompt(task.instruction, [], state), list(map(numbers, _actions(state)))
        yield (mixed_up if index % 3 else masked)(generator, said, actions)


def _actions(state: State) -> list[list[int]]:
    """The expert's actions to the goal, at most six."""
    found: list[list[int]] = []
    while len(found) < 6 and (action := action_of(state)):
        found.append(action)
        state = act(state, action).state
    return found


def _about_the_picture(generator: np.random.Generator, state: State) -> Sample:
    """One question about a picture: what lies at a place, where a thing is, what lies beside it."""
    names, places = left_to_right(state), list(objects(state).values())
    at = int(generator.integers(len(names) - 1))
    questions = [(f"what is at {numbers(places[at])}?", names[at]), (f"where is the {names[at]}?", numbers(places[at])),
                 (f"what is right of the {names[at]}?", names[at + 1]), (f"what is left of the {names[at + 1]}?", names[at])]
    question, answer = questions[int(generator.integers(len(questions)))]
    return Sample(asked(state, question), answered(answer), state)


def external(generator: np.random.Generator, *, number: int) -> Iterator[Sample]:
    """What things are like, both ways, tasks said by likeness and by name, and what a relation says the other way round."""
    known = [*((name, kind.function) for name, kind in catalogue.KINDS.items()),
             *((colour, f"the colour of {like}") for colour, like in catalogue.LIKE.items())]
    for index in range(number):
        name, like = known[int(generator.integers(len(known)))]
        if index % 2:
            yield _said_otherwise(generator)
        elif index % 6 == 0:
            yield Sample(f"what is {like}?", answered(name, f"{like} is {name}"))
        elif index % 6 == 2:
            yield Sample(f"what is {name}?", answered(like))
        else:
            yield turned_round(generator, _thing(generator), _thing(generator))


def _thing(generator: np.random.Generator) -> str:
    return f"{wordings.one_of(generator, tuple(catalogue.COLOURS))} {wordings.one_of(generator, catalogue.SHAPES)}"


def _said_otherwise(generator: np.random.Generator) -> Sample:
    """A task by what things are like, and the same by their names; each name is of colour and kind."""
    do = wordings.one_of(generator, ("place", "stack", "left", "beside"))
    said = wordings.one_of(generator, wordings.TASKS[do])
    thing, target = _thing(generator), f"{wordings.one_of(generator, tuple(catalogue.COLOURS))} box"
    target = target if do == "place" else _thing(generator)
    by_name = said.format(x=f"the {thing}", y=f"the {target}")
    words = {"place": "in", "stack": "on", "left": "left of", "beside": "next to"}[do]
    return Sample(f"what is {said.format(x=_like(generator, thing), y=_like(generator, target))}?",
                  answered(by_name, f"{PARTS[1]}: left: {thing} {words} {target}."))


def _like(generator: np.random.Generator, name: str) -> str:
    """A thing by its colour's likeness or its kind's, with what that leaves open."""
    colour, _, kind = name.partition(" ")
    if kind == "box":
        return f"the box that has the colour of {catalogue.LIKE[colour]}"
    if generator.random() < 0.5:
        return f"the {colour} {catalogue.KINDS[kind].function}"
    return f"the {kind} that has the colour of {catalogue.LIKE[colour]}"


PRIORS: Mapping[Prior, Drawn] = {
    "pictures": lambda generator, number: pictures(generator, number=number),
    "raw": lambda generator, number: trajectories(generator, number=number, thinks=False),
    "trajectories": lambda generator, number: trajectories(generator, number=number),
    "anchored": lambda generator, number: anchored(generator, number=number),
    "external": lambda generator, number: external(generator, number=number),
    "lookups": lambda generator, number: lookups(generator, number=number)}
