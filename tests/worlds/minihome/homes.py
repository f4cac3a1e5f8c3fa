"""A small home, furnished by hand, for tests."""

from worlds.minihome.actions import DONE, act
from worlds.minihome.catalogue import PLACES, type_of
from worlds.minihome.state import Part, Receptacle, State, Thing


def thing(name: str, at: str, slot: int = 0, *, colour: str = "red", on_floor: bool = False, sliced: bool = False) -> Thing:
    return Thing(name=name, colour=colour, at=at, on_floor=on_floor, slot=slot, clean=False, hot=False, cold=False, sliced=sliced)


def part(things: list[str], where: list[str] | None = None, needs: list[str] | None = None, count: int = 1) -> Part:
    return Part(things=things, needs=needs or [], where=where or [], count=count)  # type: ignore[typeddict-item]


def home(*things: Thing, at: str = "Table", open_places: tuple[str, ...] = (), goal: list[Part] | None = None,
         places: tuple[str, ...] = (*PLACES, "Cabinet_2")) -> State:
    receptacles = [Receptacle(name=place, open=place in open_places if PLACES[type_of(place)].opens else None) for place in places]
    return State(wall="white", receptacles=receptacles, things={each["name"]: each for each in things}, lamp_at="Counter",
                 lamp_on=False, faucet_on=False, microwave_on=False, at=at, found=None, target=None, failed_puts={}, slips=False,
                 goal=goal or [])


def done(state: State, *skills: str) -> State:
    """The state after skills that all go well."""
    for skill in skills:
        outcome = act(state, skill)
        assert outcome.ok and outcome.feedback == DONE, (skill, outcome.feedback)
        state = outcome.state
    return state


def refusal(state: State, skill: str) -> str:
    """Why a skill fails."""
    outcome = act(state, skill)
    assert not outcome.ok
    return outcome.feedback
