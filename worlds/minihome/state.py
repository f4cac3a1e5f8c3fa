"""The state of a home: plain JSON values, never changed in place, from which an episode can be drawn again.

A thing is in or on a place, on the floor before a place, or in the hand. What it has been through (clean, hot, cold) is no part of
its looks; that it is sliced is.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from worlds.errors import InputError
from worlds.kit import WALLS
from worlds.minihome.catalogue import CAPACITY, COLOURS, KINDS, LAMP_PLACES, PLACES, type_of

HAND = "hand"
Need = Literal["clean", "hot", "cold", "sliced", "held", "lit"]
_STRICT = ConfigDict(extra="forbid", strict=True)
_Name = Annotated[str, Field(max_length=20)]


@with_config(_STRICT)
class Receptacle(TypedDict):
    """A place; `open` is None where nothing opens."""

    name: _Name
    open: bool | None


@with_config(_STRICT)
class Thing(TypedDict):
    """Something that can be picked up.

    `at` is the name of a place or "hand"; `slot` counts from the left, 0 to 2 in a place, any number on the floor.
    """

    name: _Name
    colour: _Name
    at: _Name
    on_floor: bool
    slot: Annotated[int, Field(ge=0, lt=32)]
    clean: bool
    hot: bool
    cold: bool
    sliced: bool


@with_config(_STRICT)
class Part(TypedDict):
    """One thing to do: `count` of `things` shall meet all `needs` and be in one of the places `where`, if there are any."""

    things: Annotated[list[_Name], Field(min_length=1, max_length=12)]
    needs: Annotated[list[Need], Field(max_length=6)]
    where: Annotated[list[_Name], Field(max_length=12)]
    count: Annotated[int, Field(ge=1, le=2)]


@with_config(_STRICT)
class State(TypedDict):
    """Everything that an action, a goal or a picture reads.

    Attributes:
        receptacles: from left to right.
        at: the place before which the agent stands.
        found: the thing that was searched last, which an action of that type means.
        target: where a `put down` goes; None where it drops.
        failed_puts: by place, since the last that went well.
        slips: whether the next action fails, whatever it is.
    """

    wall: _Name
    receptacles: Annotated[list[Receptacle], Field(min_length=1, max_length=9)]
    things: Annotated[dict[_Name, Thing], Field(max_length=12)]
    lamp_at: _Name
    lamp_on: bool
    faucet_on: bool
    microwave_on: bool
    at: _Name
    found: _Name | None
    target: _Name | None
    failed_puts: Annotated[dict[_Name, int], Field(max_length=9)]
    slips: bool
    goal: Annotated[list[Part], Field(max_length=4)]


_READER: TypeAdapter[State] = TypeAdapter(State)


def read_state(value: object) -> State:
    """Return a state that came from a file, once it is known to be one.

    Raises:
        InputError: it is not a state of a home.
    """
    try:
        state = _READER.validate_python(value)
    except ValidationError as error:
        raise InputError("This is not a state of the miniature home. A state is what a run of it records.") from error
    places, things = place_names(state), state["things"]
    fits = (
        state["wall"] in WALLS and all(type_of(name) in PLACES for name in places) and len(set(places)) == len(places)
        and {state["at"], state["lamp_at"]} <= set(places) and type_of(state["lamp_at"]) in LAMP_PLACES
        and all((place["open"] is not None) == PLACES[type_of(place["name"])].opens for place in state["receptacles"])
        and all(name == thing["name"] and type_of(name) in KINDS and thing["colour"] in COLOURS and
                thing["at"] in (*places, HAND) and (thing["on_floor"] or thing["slot"] < CAPACITY) for name, thing in things.items())
        and sum(thing["at"] == HAND for thing in things.values()) <= 1 and goal_fits(state)
    )
    if not fits:
        raise InputError("This state of the miniature home names a place, thing or colour that it does not have.")
    return state


def goal_fits(state: State) -> bool:
    """Whether there is a goal that speaks only of what is there, with a thing for every count."""
    places = set(place_names(state))
    return bool(state["goal"]) and all(
        set(part["things"]) <= set(state["things"]) and set(part["where"]) <= places
        and len(set(part["things"])) >= part["count"] and bool(part["needs"] or part["where"]) for part in state["goal"])


def copied(state: State) -> State:
    """A copy that shares nothing with the state, in a fortieth of the time that `deepcopy` takes."""
    return {
        **state,
        "receptacles": [{**place} for place in state["receptacles"]],
        "things": {name: {**thing} for name, thing in state["things"].items()},
        "failed_puts": {**state["failed_puts"]},
        "goal": [{**part, "things": [*part["things"]], "needs": [*part["needs"]], "where": [*part["where"]]}
                 for part in state["goal"]],
    }


def place_names(state: State) -> tuple[str, ...]:
    """Names of the places from left to right."""
    return tuple(place["name"] for place in state["receptacles"])


def is_open(state: State, place: str) -> bool | None:
    """Whether a place is open; None where it is always so, as a table."""
    return next(each["open"] for each in state["receptacles"] if each["name"] == place)


def held(state: State) -> Thing | None:
    """What is in the hand."""
    return next((thing for thing in state["things"].values() if thing["at"] == HAND), None)


def contents(state: State, place: str) -> list[Thing]:
    """What is in or on a place from left to right, seen or not."""
    inside = (thing for thing in state["things"].values() if thing["at"] == place and not thing["on_floor"])
    return sorted(inside, key=lambda thing: thing["slot"])


def on_floor(state: State, place: str) -> list[Thing]:
    """What lies on the floor before a place, from left to right."""
    return sorted((thing for thing in state["things"].values() if thing["at"] == place and thing["on_floor"]),
                  key=lambda thing: thing["slot"])


def seen_at(state: State, place: str) -> list[Thing]:
    """What somebody who stands before a place sees there: nothing of what is behind a closed door."""
    inside = [] if is_open(state, place) is False else contents(state, place)
    return inside + on_floor(state, place)


def free_slot(state: State, place: str, *, floor: bool = False) -> int | None:
    """The leftmost free slot of a place or of the floor before it; None where the place is full."""
    taken = {thing["slot"] for thing in (on_floor if floor else contents)(state, place)}
    free = next(slot for slot in range(len(taken) + 1) if slot not in taken)
    return free if floor or free < CAPACITY else None


def with_thing(state: State, thing: Thing) -> State:
    """The state with one thing as given."""
    return {**state, "things": {**state["things"], thing["name"]: thing}}


def with_open(state: State, place: str, is_open: bool) -> State:
    """The state with one place opened or closed."""
    return {**state, "receptacles": [
        {**each, "open": is_open} if each["name"] == place else each for each in state["receptacles"]]}


def moved(state: State, thing: Thing, place: str, *, floor: bool = False) -> State:
    """The state with a thing in a place, or on the floor before it, which has room."""
    slot = free_slot(state, place, floor=floor)
    assert slot is not None
    return with_thing(state, {**thing, "at": place, "on_floor": floor, "slot": slot})
