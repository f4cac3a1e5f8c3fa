"""What can be seen of a state, and nothing else: pictures and descriptions are made of this alone.

Two states that look alike are drawn alike to the byte; whatever a person or a model can know from the picture is a field here.
"""

from dataclasses import dataclass

from worlds.minihome.catalogue import type_of
from worlds.minihome.state import State, Thing, contents, held, is_open, on_floor


@dataclass(frozen=True)
class Item:
    """A thing as it looks. Its `name` tells instances apart in words; pictures do not show it."""

    name: str
    colour: str
    sliced: bool
    slot: int

    @property
    def kind(self) -> str:
        return type_of(self.name)


@dataclass(frozen=True)
class Stand:
    """A place in the row of all places, seen from afar: what it is and whether its door is open (None: it has none)."""

    name: str
    open: bool | None


@dataclass(frozen=True)
class Look:
    """What is seen from where the agent stands.

    Attributes:
        row: all places from left to right.
        place, open: the one before the agent.
        contents, floor: what lies there, from left to right; nothing behind a closed door.
        lamp_at: where the lamp stands in the row.
    """

    wall: str
    row: tuple[Stand, ...]
    place: str
    open: bool | None
    contents: tuple[Item, ...]
    floor: tuple[Item, ...]
    hand: Item | None
    lamp_at: str
    lamp_on: bool
    faucet_on: bool
    microwave_on: bool

    @property
    def lamp_here(self) -> bool:
        return self.lamp_at == self.place


def look(state: State) -> Look:
    """What is seen of a state."""
    place = state["at"]
    is_shut = is_open(state, place) is False
    hand = held(state)
    return Look(
        wall=state["wall"],
        row=tuple(Stand(each["name"], each["open"]) for each in state["receptacles"]),
        place=place,
        open=is_open(state, place),
        contents=() if is_shut else tuple(_item(thing) for thing in contents(state, place)),
        floor=tuple(_item(thing) for thing in on_floor(state, place)),
        hand=_item(hand) if hand else None,
        lamp_at=state["lamp_at"],
        lamp_on=state["lamp_on"],
        faucet_on=state["faucet_on"],
        microwave_on=state["microwave_on"],
    )


def _item(thing: Thing) -> Item:
    return Item(thing["name"], thing["colour"], thing["sliced"], thing["slot"])
