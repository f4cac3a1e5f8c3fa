"""A table in words and numbers: what an agent is told of it, what its picture shows, and what people mean by their own words."""

import re
from collections.abc import Sequence

from worlds.errors import InputError
from worlds.minitable.catalogue import COLOURS, KINDS
from worlds.minitable.codec import encode
from worlds.minitable.goals import conditions, is_done
from worlds.minitable.state import AREA, Do, Part, State, left_to_right, position_of, type_of

MAX_CHARACTERS = 300
_KIND = re.compile(rf"\b({'|'.join(KINDS)}|box|container|area)(?:es|s)?\b")
_NOT = re.compile(r"\b(not|don't|never|without|except|where it is|instead)\b")
_NAMED = re.compile(rf"\b(?:({'|'.join(COLOURS)}) )?({'|'.join(KINDS)}|box|container)\b")
_VERBS: tuple[tuple[Do, re.Pattern[str]], ...] = (
    ("wipe", re.compile(r"\bwipe\b")),
    ("stack", re.compile(r"\bstack\b|\b(on top of|onto|on)\b")),
    ("left", re.compile(r"\bleft of\b")),
    ("beside", re.compile(r"\b(next to|beside|near)\b")),
    ("place", re.compile(r"\b(in|into|inside)\b")),
)


def objects(state: State) -> dict[str, list[int]]:
    """The voxels of everything without its name, from left to right: {"object 1": [x, y, z], ...}."""
    return {f"object {number}": _voxel(state, name) for number, name in enumerate(left_to_right(state), start=1)}


def true_objects(state: State) -> list[tuple[str, str, list[int]]]:
    """Kind, colour ("" for the area) and voxel of everything, in the order of `objects`."""
    return [(type_of(state, name), "" if name == AREA else name.partition(" ")[0], _voxel(state, name))
            for name in left_to_right(state)]


def describe(state: State) -> str:
    """What is seen from left to right, in one sentence, as ERA's rules write it from the simulator's truth."""
    seen = [f"a{'n' if name[0] in 'aeiou' else ''} {name} at {_voxel(state, name)}" for name in left_to_right(state)]
    return f"From left to right, I can see {_listed(seen)}."


def named_kinds(text: str) -> list[str]:
    """The kinds that a description names, in its order; what `goals.visual_accuracy` takes."""
    return ["box" if kind == "container" else kind for kind in _KIND.findall(text.lower())]


def remaining(state: State) -> tuple[str, ...]:
    """The parts of the goal that are not reached yet, in words."""
    return tuple(condition.text for condition in conditions(state) if not condition.is_met)


def understood(text: str, state: State) -> list[Part]:
    """Return the goal that some words ask for on a table: one thing to do, with the names of what is there.

    Raises:
        InputError: the words are not understood, or ask for what is not there; with a sentence that would work.
    """
    words = " ".join(text.lower().split())
    if not words or len(words) > MAX_CHARACTERS:
        raise InputError(f"An instruction has 1 to {MAX_CHARACTERS} characters; this one has {len(words)}. {_example(state)}")
    if found := _NOT.search(words):
        raise InputError(f"Words such as {found.group()!r} are not understood here. Say only what shall be done. {_example(state)}")
    do = next((do for do, verb in _VERBS if verb.search(words)), None)
    if do is None:
        raise InputError(f"It is not clear what to do in {words[:60]!r}. {_example(state)}")
    goal = [_wipe(state) if do == "wipe" else _move(words, do, state)]
    if is_done({**state, "goal": goal}):
        raise InputError(f"That is so already, there is nothing to do. {_example(state)}")
    return goal


def _wipe(state: State) -> Part:
    sponges = [name for name, body in state["bodies"].items() if body["kind"] == "sponge"]
    if state["area"] is None or not sponges:
        raise InputError(f"There is nothing to wipe on this table, or no sponge. {_example(state)}")
    return Part(do="wipe", things=sponges, targets=[AREA])


def _move(words: str, do: Do, state: State) -> Part:
    named = [(match.group(1) or "", "box" if match.group(2) == "container" else match.group(2)) for match in _NAMED.finditer(words)]
    if len(named) != 2:
        raise InputError(f"Two things have to be named, what to move and where to; here are {len(named)}. {_example(state)}")
    thing, target = (_fitting(state, colour, kind) for colour, kind in named)
    if named[0][1] == "box" or (named[1][1] == "box") != (do == "place"):
        raise InputError(f"A body goes into a box, or on, left of or next to another body. {_example(state)}")
    if thing == target:
        raise InputError(f"What to move and where to are the same thing. {_example(state)}")
    return Part(do=do, things=thing, targets=target)


def _fitting(state: State, colour: str, kind: str) -> list[str]:
    names = [name for name in left_to_right(state) if type_of(state, name) == kind and name.startswith(colour)]
    if not names:
        there = ", ".join(left_to_right(state))
        raise InputError(f"There is no {f'{colour} {kind}'.strip()} on this table. There are: {there}.")
    return names


def _voxel(state: State, name: str) -> list[int]:
    return [int(number) for number in encode(position_of(state, name))]


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _example(state: State) -> str:
    """A sentence that works at this table."""
    thing = next(iter(state["bodies"]))
    if state["boxes"]:
        return f"This would work: Put the {thing} into the {next(iter(state['boxes']))}."
    return f"This would work: Put the {thing} next to the {list(state['bodies'])[-1]}."
