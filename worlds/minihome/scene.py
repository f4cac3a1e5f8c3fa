"""Draws a home and a task for a seed: the same seed and subset give the same home, everywhere.

Everything that is hidden or asked for can be had: targets have room, the appliance of a task is not its target, nothing is met at the
start. A scene that does not come out so is drawn again from the same generator.
"""

from dataclasses import dataclass

import numpy as np

from worlds.kit import WALLS
from worlds.minihome import wordings
from worlds.minihome.catalogue import (
    COOLABLE,
    HEATABLE,
    KINDS,
    LAMP_PLACES,
    LEGIBLE,
    PLACES,
    SLICEABLE,
    WASHABLE,
    WORTH_TWO,
    type_of,
)
from worlds.minihome.goals import progress
from worlds.minihome.state import Need, Part, State, Thing, contents, moved
from worlds.minihome.subsets import subset_index

KINDS_OF_TASK = tuple(wordings.TASKS)
_THINGS: dict[str, tuple[str, ...]] = {
    "place": tuple(KINDS), "place two": WORTH_TWO, "clean": WASHABLE, "heat": HEATABLE, "cool": COOLABLE, "slice": SLICEABLE,
    "light": LEGIBLE,
}
_APPLIANCE = {"clean": "Sink", "heat": "Microwave", "cool": "Fridge"}
NEEDS: dict[str, list[Need]] = {
    "clean": ["clean"], "heat": ["hot"], "cool": ["cold"], "slice": ["sliced"], "light": ["held", "lit"],
}
_SECOND_CABINET, _SECOND_THING, _STANDS_OPEN = 0.35, 0.25, 0.15  # how often
_ATTEMPTS = 500
_WALLS = tuple(wall for wall in WALLS if wall not in ("slate", "grey"))  # the light and friendly ones


@dataclass(frozen=True)
class Task:
    """What is asked of whom acts in a home.

    Attributes:
        kind: of `KINDS_OF_TASK`; two of them with "+" between in a long horizon.
    """

    seed: int
    subset: str
    kind: str
    instruction: str


@dataclass(frozen=True)
class _Errand:
    """A task before it has words: a kind of task, of thing, and the name of a place ("" where there is none)."""

    kind: str
    thing: str
    place: str

    @property
    def count(self) -> int:
        return 2 if self.kind == "place two" else 1


class _Unfit(Exception):
    """A scene that has to be drawn again."""


def draw_home(seed: int, subset: str, *, kind: str | None = None) -> tuple[State, Task]:
    """Return the home of a seed with its goal, and the task in words.

    Args:
        kind: one of `KINDS_OF_TASK`; None draws it. A long horizon draws its two.
    Raises:
        InputError: there is no such subset.
        ValueError: there is no such kind of task in the subset.
    """
    generator = np.random.default_rng([seed, subset_index(subset)])
    if kind is not None and kind not in kinds_of(subset):
        raise ValueError(f"{kind!r} is no task of {subset}; there are {', '.join(kinds_of(subset))}")
    for _ in range(_ATTEMPTS):
        try:
            return _draw(generator, seed, subset, kind)
        except _Unfit:
            continue
    raise RuntimeError(f"no home was found for seed {seed} of {subset} in {_ATTEMPTS} attempts")


def kinds_of(subset: str) -> tuple[str, ...]:
    """The kinds of task that a subset asks for one at a time; spatial language needs a place to speak of."""
    if subset == "long_horizon":
        return ()
    return tuple(kind for kind in KINDS_OF_TASK if not (subset == "spatial" and kind == "light"))


def _draw(generator: np.random.Generator, seed: int, subset: str, kind: str | None) -> tuple[State, Task]:
    places = _places(generator)
    errands = _errands(generator, subset, kind, places)
    state = _furnished(generator, places)
    state = _filled(generator, state, errands)
    state = {**state, "goal": [_part(state, subset, errand) for errand in errands]}
    if progress(state) > 0:
        raise _Unfit
    kinds = "+".join(errand.kind for errand in errands)
    return state, Task(seed, subset, kinds, _instruction(generator, state, subset, errands))


def _places(generator: np.random.Generator) -> list[str]:
    types = [*PLACES, *(["Cabinet"] if generator.random() < _SECOND_CABINET else [])]
    order = [types[int(index)] for index in generator.permutation(len(types))]
    return [f"{name}_2" if name in order[:index] else name for index, name in enumerate(order)]


def _errands(generator: np.random.Generator, subset: str, kind: str | None, places: list[str]) -> list[_Errand]:
    kinds = [kind] if kind else [wordings.one_of(generator, kinds_of(subset))] if subset != "long_horizon" else _two_kinds(generator)
    errands: list[_Errand] = []
    for each in kinds:
        thing = wordings.one_of(generator, [name for name in _THINGS[each] if all(name != other.thing for other in errands)])
        taken = {*(_APPLIANCE.get(other) for other in kinds), *(type_of(other.place) for other in errands)}
        free = [place for place in places if type_of(place) not in taken]
        place = "" if each == "light" else wordings.one_of(generator, free)
        if subset == "spatial" and not wordings.neighbours(places, place):
            raise _Unfit
        errands.append(_Errand(each, thing, place))
    return errands


def _two_kinds(generator: np.random.Generator) -> list[str]:
    """Two kinds of task; what has to be held in the light comes last, for it would not stay so."""
    first, second = (KINDS_OF_TASK[int(index)] for index in generator.permutation(len(KINDS_OF_TASK))[:2])
    return [second, first] if first == "light" else [first, second]


def _furnished(generator: np.random.Generator, places: list[str]) -> State:
    receptacles = [{"name": place, "open": bool(generator.random() < _STANDS_OPEN) if PLACES[type_of(place)].opens else None}
                   for place in places]
    return State(
        wall=wordings.one_of(generator, _WALLS),
        receptacles=receptacles, things={}, lamp_at=wordings.one_of(generator, LAMP_PLACES), lamp_on=False, faucet_on=False,  # type: ignore[typeddict-item]
        microwave_on=False, at=wordings.one_of(generator, places), found=None, target=None, failed_puts={}, slips=False, goal=[],
    )


def _filled(generator: np.random.Generator, state: State, errands: list[_Errand]) -> State:
    kinds = [errand.thing for errand in errands for _ in range(errand.count)]
    if any(errand.kind == "slice" for errand in errands) and "Knife" not in kinds:
        kinds.append("Knife")
    wanted = int(generator.integers(5, 7))
    others = [kind for kind in KINDS if kind not in kinds]
    kinds += [others[int(index)] for index in generator.permutation(len(others))[: max(0, wanted - len(set(kinds)))]]
    if generator.random() < _SECOND_THING:
        kinds += [kind for kind in [wordings.one_of(generator, kinds)] if kinds.count(kind) == 1 and kind in WORTH_TWO]
    for kind in dict.fromkeys(kinds):
        colour = wordings.one_of(generator, KINDS[kind].colours)
        for number in range(kinds.count(kind)):
            if number and not any(errand.kind == "place two" and errand.thing == kind for errand in errands):
                colour = wordings.one_of(generator, KINDS[kind].colours)
            state = _added(generator, state, kind if number == 0 else f"{kind}_2", colour, errands)
    return state


def _added(generator: np.random.Generator, state: State, name: str, colour: str, errands: list[_Errand]) -> State:
    """The state with one more thing somewhere, not where it is asked for, and with room left where things have to go."""
    asked = [errand for errand in errands if errand.thing == type_of(name)]
    not_there = {type_of(errand.place) for errand in asked} | {_APPLIANCE.get(errand.kind) for errand in asked}
    busy = {type_of(errand.place) for errand in errands} | set(_APPLIANCE.values())
    free = [place["name"] for place in state["receptacles"] if type_of(place["name"]) not in not_there
            and len(contents(state, place["name"])) < (1 if type_of(place["name"]) in busy else 2)]
    thing = Thing(name=name, colour=colour, at="", on_floor=False, slot=0, clean=False, hot=False, cold=False, sliced=False)
    return moved(state, thing, wordings.one_of(generator, free))


def _part(state: State, subset: str, errand: _Errand) -> Part:
    """What an errand asks for, as its words tell it: by type, by looks, or at one certain place."""
    things = [name for name in state["things"] if type_of(name) == errand.thing]
    if subset == "visual_appearance":
        colour, vague = state["things"][things[0]]["colour"], KINDS[errand.thing].vague
        things = [name for name, thing in state["things"].items()
                  if thing["colour"] == colour and KINDS[type_of(name)].vague == vague]
        if len(things) != errand.count:
            raise _Unfit  # the words would fit something else too
    where = [place["name"] for place in state["receptacles"] if type_of(place["name"]) == type_of(errand.place)]
    if subset == "spatial":
        where = [errand.place]
    return Part(things=things, needs=list(NEEDS.get(errand.kind, [])), where=where, count=errand.count)


def _instruction(generator: np.random.Generator, state: State, subset: str, errands: list[_Errand]) -> str:
    said = [_said(generator, state, subset, errand) for errand in errands]
    if subset == "long_horizon":
        return wordings.sentence(wordings.one_of(generator, wordings.CHAINS).format(one=said[0], two=said[1]))
    if subset == "complex_instruction":
        others = sorted({type_of(name) for name in state["things"]} - {errands[0].thing})
        if errands[0].kind == "slice":
            others.remove("Knife")  # which has to be touched
        distractor = wordings.one_of(generator, others).lower()
        said[0] = wordings.one_of(generator, wordings.DISTRACTIONS).format(task=said[0], z=distractor)
    return wordings.sentence(said[0])


def _said(generator: np.random.Generator, state: State, subset: str, errand: _Errand) -> str:
    two = errand.count == 2
    if subset == "visual_appearance":
        part = _part(state, subset, errand)
        x = wordings.by_looks(errand.thing, state["things"][part["things"][0]]["colour"], two=two)
    else:
        x = (wordings.by_function if subset == "common_sense" else wordings.plain)(errand.thing, two=two)
    y, preposition = "", ""
    if errand.place:
        places = [place["name"] for place in state["receptacles"]]
        y, preposition = wordings.place_words(generator, subset, errand.place, places)
    return wordings.task(generator, errand.kind, x, y, preposition=preposition, lamp=wordings.lamp_words(subset))
