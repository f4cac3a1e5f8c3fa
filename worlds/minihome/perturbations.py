"""What can go wrong by itself, so that an agent has to notice: a door that shuts, a thing that changes colour, an action that fails.

Each is a function of a state; `PERTURBATIONS` names them for whoever writes `!shut` among the actions of an episode. The goal stays
what it was: who was asked for the red dish is still asked for that dish once it is blue.
"""

from collections.abc import Callable

from worlds.errors import InputError
from worlds.minihome.actions import closed
from worlds.minihome.catalogue import COLOURS
from worlds.minihome.state import State, held, is_open, place_names, seen_at, with_thing


def shut(state: State) -> tuple[State, str]:
    """The open place before the agent, or else the leftmost open one, shuts by itself; a fridge then cools what is in it.

    Raises:
        InputError: nothing stands open.
    """
    stands_open = [place for place in (state["at"], *place_names(state)) if is_open(state, place)]
    if not stands_open:
        raise InputError("Nothing can shut: no door stands open. Open one first.")
    return closed(state, stands_open[0]), f"The {stands_open[0]} shut by itself."


def recolour(state: State) -> tuple[State, str]:
    """A thing that the goal is about, or else one that is seen, takes the next colour.

    Raises:
        InputError: there is no such thing.
    """
    meant = [state["things"][name] for part in state["goal"] for name in part["things"]]
    seen = [*filter(None, [held(state)]), *seen_at(state, state["at"])]
    thing = next((thing for thing in (*meant, *seen)), None)
    if thing is None:
        raise InputError("There is nothing here that could change its colour. Stand before a thing first.")
    names = tuple(COLOURS)
    colour = names[(names.index(thing["colour"]) + 1) % len(names)]
    return with_thing(state, {**thing, "colour": colour}), f"{thing['name']} turned from {thing['colour']} to {colour}."


def slip(state: State) -> tuple[State, str]:
    """The next action will fail, whatever it is."""
    return {**state, "slips": True}, "The next action will fail."


PERTURBATIONS: dict[str, Callable[[State], tuple[State, str]]] = {"shut": shut, "recolour": recolour, "slip": slip}


def perturb(state: State, name: str) -> tuple[State, str]:
    """Return the state after a perturbation, and what happened in one sentence.

    Raises:
        InputError: there is no such perturbation, or nothing here that it could touch.
    """
    if name not in PERTURBATIONS:
        raise InputError(f"There is no perturbation {name[:40]!r}. There are {', '.join(PERTURBATIONS)}.")
    return PERTURBATIONS[name](state)
