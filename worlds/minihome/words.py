"""A state in words: what its picture shows, what it cannot show, and what is left to do.

`describe` says no more than the picture of the state: it reads `look`, which is also all that the picture is drawn from.
"""

from collections.abc import Sequence

from worlds.minihome.catalogue import at
from worlds.minihome.goals import conditions, said
from worlds.minihome.look import Item, Look, look
from worlds.minihome.state import HAND, State


def describe(state: State) -> tuple[str, ...]:
    """What is seen, in short sentences: the places from left to right, what stands open, where the agent is and what lies there,
    what is on, what the hand holds."""
    seen = look(state)
    order = ", ".join(stand.name for stand in seen.row)
    sentences = [f"From left to right: {order}.", _here(seen)]
    if seen.floor:
        sentences.append(f"On the floor: {_listed(seen.floor)}.")
    others = [stand.name for stand in seen.row if stand.open and stand.name != seen.place]
    if others:
        sentences.append(f"Also open: {', '.join(others)}.")
    shining = [what for what, on in (("Lamp", seen.lamp_on), ("Faucet", seen.faucet_on), ("Microwave", seen.microwave_on)) if on]
    sentences.append(f"On: {', '.join(shining)}." if shining else "Nothing is on.")
    sentences.append(f"I hold the {_item(seen.hand)}." if seen.hand else "My hand is empty.")
    return tuple(sentences)


def _here(seen: Look) -> str:
    door = {True: "open ", False: "closed ", None: ""}[seen.open]
    if seen.open is False:
        return f"I stand at the {door}{seen.place}."
    what = _listed(seen.contents) if seen.contents else "nothing"
    lamp = " The Lamp stands here." if seen.lamp_here else ""
    return f"I stand at the {door}{seen.place}. {at(seen.place).capitalize()} it, from left to right: {what}.{lamp}"


def _listed(items: Sequence[Item]) -> str:
    return ", ".join(_item(item) for item in items)


def _item(item: Item) -> str:
    return f"{item.colour} {'sliced ' if item.sliced else ''}{item.kind}"


def facts_carried(state: State) -> tuple[str, ...]:
    """What is true and no picture shows: what things have been through, and conditions that are met out of sight."""
    facts = [f"{name} is {need}." for name, thing in state["things"].items()
             for need, true in (("clean", thing["clean"]), ("hot", thing["hot"]), ("cold", thing["cold"])) if true]
    seen = {thing.name for thing in (*look(state).contents, *look(state).floor)}
    for condition in conditions(state):
        thing = state["things"][condition.thing]
        if condition.is_met and thing["at"] != HAND and thing["name"] not in seen and condition.need in (None, "sliced"):
            place = f" {at(thing['at'])} the {thing['at']}"
            facts.append(f"{condition.thing} is {condition.need or place.strip()}.")
    return tuple(facts)


def remaining(state: State) -> tuple[str, ...]:
    """The conditions of the goal that are not met yet, in words."""
    return tuple(said(condition) for condition in conditions(state) if not condition.is_met)
