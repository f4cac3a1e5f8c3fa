"""What an action does: `act(state, skill)` gives the next state, and a feedback in EmbodiedBench's words.

The rules are those of its simulator's connector: `find` teleports, also to what a closed door hides; only what is seen here can be
picked up, sliced, opened or switched; `put down` goes to the place of the last `find` while nothing but find, open and put came
after it, else it drops; the third failed put in a row on a place drops too, and counts as a failure. Water cleans what lies in the
sink, the closed microwave heats when it is turned on, the fridge cools when it is closed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from worlds.minihome.catalogue import type_of
from worlds.minihome.skills import PUT_DOWN, parsed, skills
from worlds.minihome.state import (
    HAND,
    State,
    Thing,
    contents,
    free_slot,
    held,
    is_open,
    moved,
    place_names,
    seen_at,
    with_open,
    with_thing,
)

DONE, INVALID = "Last action executed successfully.", "Last action is invalid."
FAILED_PUTS = 3  # on one place in a row, the last of which drops what is held
_KEEPS_TARGET = ("find", "open", "put down")


@dataclass(frozen=True)
class Outcome:
    """The state after an action, whether it went well, and what the agent is told."""

    state: State
    ok: bool
    feedback: str


class _Failed(Exception):
    """An action that cannot be done, with the reason; `state` where it changed something all the same."""

    def __init__(self, reason: str, state: State | None = None) -> None:
        super().__init__(reason)
        self.state = state


def act(state: State, skill: str) -> Outcome:
    """Do one action.

    Args:
        skill: one of `skills(state)`.
    Raises:
        ValueError: there is no such skill in this scene.
    """
    if skill not in skills(state):
        raise ValueError(f"{skill!r} is no skill of this scene; {PUT_DOWN!r} is one")
    verb, name = parsed(skill)
    before: State = {**state, "slips": False, "target": state["target"] if verb in _KEEPS_TARGET else None}
    try:
        if state["slips"]:
            raise _Failed("The robot slipped and nothing happened. Try again")
        return Outcome(_VERBS[verb](before, name), True, DONE)
    except _Failed as failure:
        return Outcome(failure.state or before, False, f"{INVALID} {failure}.")


def place_of(state: State, name: str) -> str | None:
    """Where something is: the place of a thing, of a switch, or the place itself; None for what is in the hand or not there."""
    if name == "Lamp":
        return state["lamp_at"]
    if name == "Faucet":
        return "Sink"
    if thing := state["things"].get(name):
        return None if thing["at"] == HAND else thing["at"]
    return name if name in place_names(state) else None


def _find(state: State, name: str) -> State:
    thing = state["things"].get(name)
    place = state["at"] if thing and thing["at"] == HAND else place_of(state, name)
    if place is None:
        raise _Failed(f"Cannot find {name}. This object may not exist in this scene. Try to explore other instances instead")
    return {**state, "at": place, "target": place, "found": name if thing else None}


def _meant(state: State, kind: str) -> Thing | None:
    """The thing of a type that is seen here: the one searched last, else a sliced one, else the leftmost."""
    here = [thing for thing in seen_at(state, state["at"]) if type_of(thing["name"]) == kind]
    return min(here, key=lambda thing: (thing["name"] != state["found"], not thing["sliced"]), default=None)


def _hidden_in(state: State, kind: str) -> str | None:
    """The closed place that holds a thing of a type; the one searched last first."""
    hidden = [thing for thing in state["things"].values()
              if type_of(thing["name"]) == kind and thing["at"] != HAND and not thing["on_floor"]
              and is_open(state, thing["at"]) is False]
    hidden.sort(key=lambda thing: (thing["name"] != state["found"], thing["at"] != state["at"], thing["name"]))
    return hidden[0]["at"] if hidden else None


def _pick_up(state: State, kind: str) -> State:
    thing, holding = _meant(state, kind), held(state)
    if thing is None and (place := _hidden_in(state, kind)):
        raise _Failed(f"{kind} is not visible because it is in {place}. Note: multiple instances of {type_of(place)} may exist")
    if holding:
        raise _Failed(f"Robot is currently holding {type_of(holding['name'])}")
    if thing is None:
        raise _Failed(f"Cannot find {kind} to pick up. Find the object before picking up it")
    return with_thing(state, {**thing, "at": HAND, "on_floor": False, "slot": 0})


def _holding(state: State) -> Thing:
    thing = held(state)
    if thing is None:
        raise _Failed("Robot is not holding any object")
    return thing


def _put_down(state: State, _: str) -> State:
    thing, place = _holding(state), state["target"]
    if place is None:
        return _drop(state, "")
    if is_open(state, place) is not False and free_slot(state, place) is not None:
        put: State = {**moved(state, thing, place), "failed_puts": {**state["failed_puts"], place: 0}}
        return _washed(put) if place == "Sink" and put["faucet_on"] else put
    failures = state["failed_puts"].get(place, 0) + 1
    reason = (f"Putting the object on {place} failed. First check the receptacle is open or not. "
              "Also try other instances of the receptacle")
    if failures < FAILED_PUTS:
        raise _Failed(reason, {**state, "failed_puts": {**state["failed_puts"], place: failures}})
    dropped: State = {**_drop(state, ""), "failed_puts": {**state["failed_puts"], place: 0}}
    raise _Failed(f"{reason}. The robot dropped the object instead", dropped)


def _drop(state: State, _: str) -> State:
    return moved(state, _holding(state), state["at"], floor=True)


def _open(state: State, place: str) -> State:
    if place != state["at"]:
        raise _Failed(f"Cannot find {place} to open. Find the object before opening it")
    if is_open(state, place):
        raise _Failed(f"Open action failed. The {place} is already open")
    if place == "Microwave" and state["microwave_on"]:
        raise _Failed("Open action failed. The Microwave is on")
    return with_open(state, place, True)


def _close(state: State, place: str) -> State:
    if place != state["at"]:
        raise _Failed(f"Cannot find {place} to close")
    if not is_open(state, place):
        raise _Failed(f"Close action failed. The {place} is already closed")
    return closed(state, place)


def closed(state: State, place: str) -> State:
    """The state with an open place closed, by whomever: a fridge cools what is in it."""
    state = with_open(state, place, False)
    if place == "Fridge":
        for thing in contents(state, place):
            state = with_thing(state, {**thing, "cold": True, "hot": False})
    return state


def _turn_on(state: State, switch: str) -> State:
    _check_switch(state, switch, on=True)
    if switch == "Microwave" and is_open(state, "Microwave"):
        raise _Failed("Turn on action failed. The Microwave is open")
    if switch == "Lamp":
        return {**state, "lamp_on": True}
    if switch == "Faucet":
        return _washed({**state, "faucet_on": True})
    state = {**state, "microwave_on": True}
    for thing in contents(state, "Microwave"):
        state = with_thing(state, {**thing, "hot": True, "cold": False})
    return state


def _turn_off(state: State, switch: str) -> State:
    _check_switch(state, switch, on=False)
    if switch == "Lamp":
        return {**state, "lamp_on": False}
    return {**state, "faucet_on": False} if switch == "Faucet" else {**state, "microwave_on": False}


def _check_switch(state: State, switch: str, *, on: bool) -> None:
    way = "on" if on else "off"
    if place_of(state, switch) != state["at"]:
        raise _Failed(f"Cannot find {switch} to turn {way}")
    is_on = {"Microwave": state["microwave_on"], "Lamp": state["lamp_on"], "Faucet": state["faucet_on"]}[switch]
    if is_on == on:
        raise _Failed(f"Turn {way} action failed. The {switch} is already {way}")


def _washed(state: State) -> State:
    for thing in contents(state, "Sink"):
        state = with_thing(state, {**thing, "clean": True})
    return state


def _slice(state: State, kind: str) -> State:
    thing, holding = _meant(state, kind), held(state)
    if thing is None:
        raise _Failed(f"Cannot find {kind} to slice")
    if holding is None or type_of(holding["name"]) != "Knife":
        raise _Failed("Slice action failed. Robot is not holding a Knife")
    if thing["sliced"]:
        raise _Failed(f"Slice action failed. The {kind} is already sliced")
    return with_thing(state, {**thing, "sliced": True})


_VERBS: dict[str, Callable[[State, str], State]] = {
    "find": _find, "pick up": _pick_up, "put down": _put_down, "drop": _drop, "open": _open, "close": _close,
    "turn on": _turn_on, "turn off": _turn_off, "slice": _slice,
}
