"""How tasks are worded: several wordings of everything, and the ways in which each subset names a body or a box.

Plainly (base, complex), by what it is like (common sense), by where it lies (spatial), by its looks (visual). A way to name
something is offered only where it fits nothing else on the table.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from worlds.minitable.catalogue import KINDS, LIKE
from worlds.minitable.state import State, position_of

TASKS: dict[str, tuple[str, ...]] = {  # what a task is called, and its wordings
    "place": ("pick up {x} and put it into {y}", "take {x} and drop it into {y}", "move {x} into {y}"),
    "stack": ("stack {x} on top of {y}", "put {x} on top of {y}", "pick up {x} and set it on top of {y}"),
    "left": ("put {x} to the left of {y}", "move {x} to the left of {y}", "pick up {x} and set it down left of {y}"),
    "beside": ("put {x} next to {y}", "move {x} next to {y}", "pick up {x} and set it down beside {y}"),
    "wipe": ("use {x} to wipe {y}", "take {x} and wipe {y}", "wipe {y} with {x}"),
}
DISTRACTIONS = (
    "{task}. Do not touch the {z}",
    "leave the {z} where it is and {task}",
    "{task}. I do not need the {z} now",
    "I thought of the {z} first, but please {task}",
)
_CLEAR_M = 0.03  # by how much something is leftmost or nearest for people to agree


def body_names(subset: str, state: State, name: str) -> list[str]:
    """Every way in which a subset names one body."""
    body, others = state["bodies"][name], {each: body for each, body in state["bodies"].items() if each != name}
    alone = all(other["kind"] != body["kind"] for other in others.values())
    coloured = all(other["colour"] != body["colour"] for other in (*others.values(), *state["boxes"].values()))
    if subset == "spatial":
        return _by_place(state, name)
    if subset == "common_sense":
        what = KINDS[body["kind"]].function
        return ([f"the {what}"] if alone else []) + ([f"the thing that has the colour of {LIKE[body['colour']]}"] if coloured else [])
    if subset == "visual":
        looks = KINDS[body["kind"]].looks
        return ([f"the {looks} thing"] if alone else []) + ([f"the {body['colour']} thing"] if coloured else []) + [
            f"the {body['colour']} {looks} thing"]
    return [plain(state, name)]


def plain(state: State, name: str) -> str:
    """A body by its name; a sponge needs no colour."""
    return "the sponge" if state["bodies"][name]["kind"] == "sponge" else f"the {name}"


def _by_place(state: State, name: str) -> list[str]:
    """A body by where it lies among the bodies."""
    order = sorted(state["bodies"], key=lambda each: position_of(state, each)[1])
    y = [float(position_of(state, each)[1]) for each in order]
    clear = [False, *(after - before > _CLEAR_M for before, after in pairwise(y)), False]  # clear[i]: a gap left of the i-th
    at, ways = order.index(name), []
    if at == 0 and clear[1]:
        ways.append("the leftmost thing")
    if at == len(order) - 1 and clear[at]:
        ways.append("the rightmost thing")
    if at > 0 and clear[at] and (at + 1 == len(order) or clear[at + 1]):
        ways.append(f"the first thing to the right of {plain(state, order[at - 1])}")
    if at + 1 < len(order) and clear[at + 1] and (at == 0 or clear[at]):
        ways.append(f"the first thing to the left of {plain(state, order[at + 1])}")
    for box in state["boxes"]:
        away = {each: float(np.linalg.norm(position_of(state, each)[:2] - position_of(state, box)[:2])) for each in order}
        if all(away[each] > away[name] + _CLEAR_M for each in order if each != name):
            ways.append(f"the thing nearest to the {box}")
    return ways


def box_names(subset: str, state: State, name: str) -> list[str]:
    """Every way in which a subset names one box."""
    colour = state["boxes"][name]["colour"]
    if subset == "spatial":
        order = sorted(state["boxes"], key=lambda each: position_of(state, each)[1])
        if len(order) == 1:
            return ["the box"]
        apart = position_of(state, order[-1])[1] - position_of(state, order[0])[1]
        return [f"the box on the {'left' if name == order[0] else 'right'}"] if apart > 4 * _CLEAR_M else []
    if subset == "common_sense":
        return [f"the box that has the colour of {LIKE[colour]}"]
    return [f"the {colour} container" if subset == "visual" else f"the {colour} box"]


def task(generator: np.random.Generator, kind: str, x: str, y: str) -> str:
    """One task in words, without capital and full stop."""
    return one_of(generator, TASKS[kind]).format(x=x, y=y)


def sentence(words: str) -> str:
    """Words with a capital and a full stop."""
    return f"{words[0].upper()}{words[1:]}."


def one_of(generator: np.random.Generator, choices: Sequence[str]) -> str:
    """One of several words, drawn evenly."""
    return choices[int(generator.integers(len(choices)))]
