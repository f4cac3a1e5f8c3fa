"""What can be done: EmbodiedBench's skills in its words and its order, with ids of this home's own.

    0-21    find a X             12 things, 8 places, Faucet, Lamp
    22-33   pick up the X        12 things
    34, 35  put down the object in hand, drop the object in hand
    36-43   open / close the X   Fridge, Microwave, Cabinet, Drawer
    44-49   turn on / off the X  Microwave, Lamp, Faucet
    50-53   slice the X          Potato, Tomato, Apple, Bread
    54-     instances, sorted by name: find a Cabinet_2, open / close the Cabinet_2, find a Mug_2; they depend on the scene

The first of two instances keeps the plain name, and the plain name means the first. That differs from EmbodiedBench, where it means
the nearest, so that the first of two may be out of reach.
"""

from functools import lru_cache
from typing import NamedTuple

from worlds.minihome.catalogue import KINDS, PLACES, SLICEABLE, SWITCHES, type_of
from worlds.minihome.state import State

PUT_DOWN, DROP = "put down the object in hand", "drop the object in hand"
_OPENS = tuple(place for place, what in PLACES.items() if what.opens)
_PREFIXES = {"find": "find a ", "pick up": "pick up the ", "open": "open the ", "close": "close the ",
             "turn on": "turn on the ", "turn off": "turn off the ", "slice": "slice the "}

FIXED_SKILLS: tuple[str, ...] = (
    *(f"find a {name}" for name in (*KINDS, *PLACES, "Faucet", "Lamp")),
    *(f"pick up the {kind}" for kind in KINDS),
    PUT_DOWN,
    DROP,
    *(f"{verb} the {place}" for place in _OPENS for verb in ("open", "close")),
    *(f"turn {way} the {switch}" for switch in SWITCHES for way in ("on", "off")),
    *(f"slice the {kind}" for kind in SLICEABLE),
)
MAX_SKILLS = len(FIXED_SKILLS) + 3 + 8  # with a second cabinet and eight second things: more than a scene has


class Skill(NamedTuple):
    """A skill in two parts; `name` is empty for what is done with the object in hand."""

    verb: str
    name: str


def skills(state: State) -> tuple[str, ...]:
    """The skills of this scene; the place of one is its id."""
    return _with_instances(tuple(sorted((*(place["name"] for place in state["receptacles"]), *state["things"]))))


@lru_cache(maxsize=1024)
def _with_instances(names: tuple[str, ...]) -> tuple[str, ...]:
    more: list[str] = []
    for name in (name for name in names if "_" in name):
        more.append(f"find a {name}")
        if type_of(name) in _OPENS:
            more += [f"open the {name}", f"close the {name}"]
    return FIXED_SKILLS + tuple(more)


@lru_cache(maxsize=1024)
def parsed(skill: str) -> Skill:
    """A skill of any scene in its two parts.

    Raises:
        ValueError: it is not the name of a skill.
    """
    if skill in (PUT_DOWN, DROP):
        return Skill("put down" if skill == PUT_DOWN else "drop", "")
    for verb, prefix in _PREFIXES.items():
        if skill.startswith(prefix):
            return Skill(verb, skill.removeprefix(prefix))
    raise ValueError(f"{skill!r} is not the name of a skill; {FIXED_SKILLS[0]!r} is one")
