"""An instruction in a person's own words, matched to a goal of the home before them where that is possible.

It knows the words of `wordings` and the verbs beside them: one thing, or two of a kind, what is to be done with it, and where it
shall be; several tasks one after the other. What it does not know it says, with a sentence that would work here.
"""

import re

from worlds.errors import InputError
from worlds.minihome.catalogue import COLOURS, KINDS, LAMP_FUNCTION, PLACES, SLICEABLE, at, type_of
from worlds.minihome.goals import is_done
from worlds.minihome.state import Need, Part, State, place_names
from worlds.minihome.wordings import neighbours

MAX_CHARACTERS = 300
_NOT = re.compile(r"\b(not|don't|never|without|except|where it is|instead)\b")
_NEXT = re.compile(r"\bthen\b|\bafter that\b|[.;!]")
_TWO = re.compile(r"\b(both|two|2|each)\b")
_VERBS: tuple[tuple[Need, re.Pattern[str]], ...] = (
    ("clean", re.compile(r"\b(wash|rinse|clean)\b")),
    ("hot", re.compile(r"\b(heat|warm|hot)\b")),
    ("cold", re.compile(r"\b(cool|chill|cold)\b")),
    ("sliced", re.compile(r"\b(slice|sliced|cut)\b")),
)
_ASIDE = re.compile(r"\b(from|off|out of|with|using) (the )?(\w+)")  # where it is now, or the tool: both are seen to
_LIGHT = re.compile(rf"\b(lamp|light|{re.escape(LAMP_FUNCTION)})\b")


def understood(text: str, state: State) -> list[Part]:
    """Return the goal that some words ask for in a home.

    Raises:
        InputError: the words are not understood, or ask for what is not there; with a sentence that would work.
    """
    words = " ".join(text.lower().split())
    if not words or len(words) > MAX_CHARACTERS:
        raise InputError(f"An instruction has 1 to {MAX_CHARACTERS} characters; this one has {len(words)}. {_example(state)}")
    if found := _NOT.search(words):
        raise InputError(f"Words such as {found.group()!r} are not understood here. Say only what shall be done. {_example(state)}")
    goal: list[Part] = []
    for errand in _errands(words):
        goal.append(_part(errand, state))
    if is_done({**state, "goal": goal}):
        raise InputError(f"That is so already, there is nothing to do. {_example(state)}")
    return goal


def _errands(words: str) -> list[str]:
    """The words of one task after the other; what names no thing belongs to the task before it."""
    errands: list[str] = []
    for clause in filter(None, (clause.strip(" ,") for clause in _NEXT.split(words))):
        if errands and not _things_named(clause):
            errands[-1] += f", {clause}"
        else:
            errands.append(clause)
    return errands


def _part(words: str, state: State) -> Part:
    asked, (words, where) = words, _places(words, state)
    named = _things_named(words)
    if len(named) != 1:
        said = "No thing of a home is" if not named else "More than one thing is"
        raise InputError(f"{said} named in {asked.strip()[:60]!r}. Name one thing, and say 'then' before the next. {_example(state)}")
    (phrase, kinds, colour), = named
    words = words.replace(phrase, " ")
    count = 2 if _TWO.search(words) or phrase in _PLURALS else 1
    needs: list[Need] = [need for need, verb in _VERBS if verb.search(words)]
    if _LIGHT.search(words):
        needs += ["held", "lit"]
    if not needs and not where:
        raise InputError(f"It is not clear what to do with {phrase!r}. Name a place for it. {_example(state)}")
    if where and "lit" in needs:
        raise InputError(f"A thing is held in the light or put in a place, not both. {_example(state)}")
    if "sliced" in needs and not set(kinds) <= set(SLICEABLE):
        raise InputError(f"Only {_listed(SLICEABLE)} can be sliced. {_example(state)}")
    things = [name for name, thing in state["things"].items()
              if type_of(name) in kinds and colour in ("", thing["colour"])]
    if len(things) < count:
        there = ", ".join(f"{thing['colour']} {name}" for name, thing in state["things"].items())
        raise InputError(f"There {'are no two of' if count == 2 else 'is no'} {phrase!r} in this home. There are: {there}.")
    return Part(things=things, needs=needs, where=where, count=count)


def _listed(kinds: tuple[str, ...]) -> str:
    return ", ".join(kind.lower() for kind in kinds)


_PLURALS = {kind.plural: name for name, kind in KINDS.items()}


def _things_named(words: str) -> list[tuple[str, tuple[str, ...], str]]:
    """The phrases that name a thing, with the kinds and the colour ("" for any) that they fit."""
    found: list[tuple[str, tuple[str, ...], str]] = []
    colours = "|".join(COLOURS)
    words = _ASIDE.sub(lambda aside: " " if aside.group(3).capitalize() in (*PLACES, "Knife") else aside.group(), words)
    for kind, what in KINDS.items():
        if what.function in words:
            return [(what.function, (kind,), "")]
    for kind, what in KINDS.items():
        for match in re.finditer(rf"\b(?:({colours}) )?({kind.lower()}|{what.plural})\b", words):
            found.append((match.group(2), (kind,), match.group(1) or ""))
    for vague in dict.fromkeys(what.vague for what in KINDS.values()):
        plural = next(what.vague_plural for what in KINDS.values() if what.vague == vague)
        for match in re.finditer(rf"\b({colours}) (?:{vague}|{plural})\b", words):
            kinds = tuple(kind for kind, what in KINDS.items() if what.vague == vague)
            found.append((match.group(), kinds, match.group(1)))
    return list(dict.fromkeys(found))


def _places(words: str, state: State) -> tuple[str, list[str]]:
    """The words without the place that they name, and the names of the places that it can be."""
    names = place_names(state)
    words = _ASIDE.sub(lambda aside: " " if aside.group(3).capitalize() in (*PLACES, "Knife") else aside.group(), words)
    for place in names:
        for phrase in neighbours(names, place):
            if re.search(rf"{re.escape(phrase)}\b", words):
                return words.replace(phrase, " "), [place]
    for kind, what in PLACES.items():
        if what.function in words:
            return words.replace(what.function, " "), [name for name in names if type_of(name) == kind]
    if second := re.search(r"\b(second cabinet|cabinet[ _]2)\b", words):
        if "Cabinet_2" not in names:
            raise InputError(f"This home has one cabinet only. {_example(state)}")
        return words.replace(second.group(), " "), ["Cabinet_2"]
    named = [kind for kind in PLACES if re.search(rf"\b{kind.lower()}\b", words)]
    if len(named) > 1:
        raise InputError(f"More than one place is named: {_listed(tuple(named))}. Name the one where the thing shall be.")
    for kind in named:
        return re.sub(rf"\b{kind.lower()}\b", " ", words), [name for name in names if type_of(name) == kind]
    return words, []


def _example(state: State) -> str:
    """A sentence that works in this home."""
    name, thing = next(iter(state["things"].items()))
    place = next(place for place in place_names(state) if place != thing["at"])
    return f"This would work: Put the {thing['colour']} {type_of(name).lower()} {at(place)} the {type_of(place).lower()}."
