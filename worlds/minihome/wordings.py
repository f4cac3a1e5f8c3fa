"""How tasks are worded: a small grammar, several wordings of everything.

Each subset names things and places in its own way: plainly (base), by their looks (visual appearance), by what they are for (common
sense), by what stands beside them (spatial), with something said that does not matter (complex instruction), or two tasks in one
sentence (long horizon).
"""

from collections.abc import Sequence

import numpy as np

from worlds.minihome.catalogue import KINDS, LAMP_FUNCTION, PLACES, at, type_of

TASKS: dict[str, tuple[str, ...]] = {  # what a task is called, and its wordings
    "place": ("put {x} {at} {y}", "take {x} and leave it {at} {y}", "find {x}, then put it {at} {y}"),
    "place two": ("put both {x} {at} {y}", "take the two {x} and leave them {at} {y}", "find both {x}, then put them {at} {y}"),
    "clean": ("wash {x} and put it {at} {y}", "rinse {x}, then leave it {at} {y}", "clean {x} before you put it {at} {y}"),
    "heat": ("heat {x} and put it {at} {y}", "warm {x}, then leave it {at} {y}", "make {x} hot before you put it {at} {y}"),
    "cool": ("cool {x} and put it {at} {y}", "chill {x}, then leave it {at} {y}", "make {x} cold before you put it {at} {y}"),
    "slice": ("slice {x} and put it {at} {y}", "cut {x}, then leave it {at} {y}", "slice {x} before you put it {at} {y}"),
    "light": ("look at {x} in the light of {lamp}", "hold {x} in the light of {lamp}", "take {x} and examine it near {lamp}"),
}
DISTRACTIONS = (
    "{task}. Do not touch the {z}",
    "leave the {z} where it is and {task}",
    "{task}. I do not need the {z} now",
    "I thought of the {z} first, but please {task}",
)
CHAINS = ("first {one}. Then {two}", "{one}. After that, {two}")


def plain(kind: str, *, two: bool = False) -> str:
    """A thing by its name: "the mug", or "mugs" where two are meant."""
    return KINDS[kind].plural if two else f"the {kind.lower()}"


def by_looks(kind: str, colour: str, *, two: bool = False) -> str:
    """A thing by its colour and a vague noun."""
    return f"{colour} {KINDS[kind].vague_plural}" if two else f"the {colour} {KINDS[kind].vague}"


def by_function(kind: str, *, two: bool = False) -> str:
    """A thing by what it is for."""
    words = KINDS[kind].function
    return f"things, each {words}," if two else words


def neighbours(places: Sequence[str], place: str) -> list[str]:
    """Every way to say where a place stands by what is beside it; a place that stands there twice is no landmark."""
    types = [type_of(each) for each in places]
    here = places.index(place)
    before, after = here - 1 >= 0, here + 1 < len(places)
    left = types[here - 1].lower() if before and types.count(types[here - 1]) == 1 else None
    right = types[here + 1].lower() if after and types.count(types[here + 1]) == 1 else None
    ways = []
    if left:
        ways += [f"the place right of the {left}", f"the place that has the {left} on its left"]
    if right:
        ways += [f"the place left of the {right}", f"the place that has the {right} on its right"]
    if left and right:
        ways.append(f"the place between the {left} and the {right}")
    return ways


def task(generator: np.random.Generator, kind: str, x: str, y: str, *, preposition: str, lamp: str = "the lamp") -> str:
    """One task in words, without capital and full stop."""
    return one_of(generator, TASKS[kind]).format(x=x, y=y, at=preposition, lamp=lamp)


def place_words(generator: np.random.Generator, subset: str, place: str, places: Sequence[str]) -> tuple[str, str]:
    """A place as a subset says it, and the preposition before it."""
    if subset == "spatial":
        return one_of(generator, neighbours(places, place)), "at"  # "in" or "on" would tell half of it
    if subset == "common_sense":
        return PLACES[type_of(place)].function, at(place)
    return f"the {type_of(place).lower()}", at(place)


def lamp_words(subset: str) -> str:
    """The lamp as a subset says it."""
    return LAMP_FUNCTION if subset == "common_sense" else "the lamp"


def sentence(words: str) -> str:
    """Words with a capital and a full stop."""
    return f"{words[0].upper()}{words[1:]}."


def one_of(generator: np.random.Generator, choices: Sequence[str]) -> str:
    """One of several words, drawn evenly."""
    return choices[int(generator.integers(len(choices)))]
