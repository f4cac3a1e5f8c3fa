"""What a home holds: nine places at most, twelve kinds of things, three switches, and how people call them.

Names are EmbodiedBench's (`Mug`, `Cabinet_2`); words are those of instructions. Fixed order everywhere: ids of skills are made of it.
"""

from dataclasses import dataclass

from worlds.kit import COLOURS as _KIT

COLOURS: dict[str, tuple[int, int, int]] = {name: _KIT[name] for name in ("red", "orange", "yellow", "green", "blue", "purple")}
CAPACITY = 3  # things that fit in or on one place: as many as its picture shows


@dataclass(frozen=True)
class Place:
    """A receptacle.

    Attributes:
        at: the preposition of what is in or on it.
        function: what it is for, without its name or that of anything else in a home.
    """

    opens: bool
    at: str
    function: str


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can be picked up.

    Attributes:
        plural: the word for two of them.
        vague, vague_plural: the class of things that looks name.
        function: as of a place.
    """

    colours: tuple[str, ...]
    plural: str
    vague: str
    vague_plural: str
    function: str


PLACES: dict[str, Place] = {
    "Table": Place(False, "on", "the place where people sit down to eat"),
    "Counter": Place(False, "on", "the place where meals are prepared"),
    "Shelf": Place(False, "on", "the open place on the wall"),
    "Sink": Place(False, "in", "the place with running water"),
    "Fridge": Place(True, "in", "the place that keeps meals cold"),
    "Microwave": Place(True, "in", "the place that makes meals warm"),
    "Cabinet": Place(True, "in", "the storage place with two doors"),
    "Drawer": Place(True, "in", "the storage place that slides out"),
}

_ALL = tuple(COLOURS)
KINDS: dict[str, Kind] = {
    "Apple": Kind(("red", "green", "yellow"), "apples", "food", "foods", "a round snack that grows on trees"),
    "Bread": Kind(("orange", "yellow"), "breads", "food", "foods", "something to make toast from"),
    "Potato": Kind(("yellow", "red", "purple"), "potatoes", "food", "foods", "something to make fries from"),
    "Tomato": Kind(("red", "orange", "yellow"), "tomatoes", "food", "foods", "something to make ketchup from"),
    "Mug": Kind(_ALL, "mugs", "dish", "dishes", "something to drink from"),
    "Bowl": Kind(_ALL, "bowls", "dish", "dishes", "something to eat soup from"),
    "Plate": Kind(_ALL, "plates", "dish", "dishes", "something flat to serve dinner on"),
    "Knife": Kind(_ALL, "knives", "utensil", "utensils", "something sharp to cut with"),
    "Spoon": Kind(_ALL, "spoons", "utensil", "utensils", "something to stir with"),
    "Book": Kind(_ALL, "books", "item", "items", "something to read"),
    "Cloth": Kind(_ALL, "cloths", "item", "items", "something to wipe with"),
    "Vase": Kind(_ALL, "vases", "item", "items", "something that holds flowers"),
}

SWITCHES = ("Microwave", "Lamp", "Faucet")  # what turns on and off, in the order of the skills
LAMP_FUNCTION = "the thing that gives light"
LAMP_PLACES = ("Table", "Counter", "Shelf")
SLICEABLE = ("Potato", "Tomato", "Apple", "Bread")
WASHABLE = ("Apple", "Potato", "Tomato", "Mug", "Bowl", "Plate", "Knife", "Spoon", "Cloth", "Vase")
HEATABLE = ("Apple", "Bread", "Potato", "Tomato", "Mug", "Bowl", "Plate")
COOLABLE = HEATABLE
LEGIBLE = ("Book", "Cloth", "Vase", "Bowl", "Mug", "Plate")  # what is worth a look under the lamp
WORTH_TWO = ("Apple", "Potato", "Tomato", "Mug", "Bowl", "Plate", "Spoon", "Book", "Cloth", "Vase")


def type_of(name: str) -> str:
    """The type of an instance: Mug of Mug_2."""
    return name.partition("_")[0]


def at(place: str) -> str:
    """The preposition of a place, by name or type: in or on."""
    return PLACES[type_of(place)].at
