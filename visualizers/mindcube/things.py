"""What stands on a map, as it is drawn everywhere: its colour and its sign from above; and maps as the backend computes with them."""

from collections.abc import Sequence

from backends.mindcube.maps import Facing, Map, Spot, facing_of
from backends.mindcube.results import Asked, Drawn, Replied, Spotted
from backends.mindcube.similarity import Compared, compared
from visualizers.theme import COLOURWAY
from worlds.rooms.catalogue import COLOURS, NAMES, parse_name

SIGNS = {"box": "square", "tower": "diamond-tall", "ball": "circle", "cone": "triangle-up"}


def colour_of(name: str, names: Sequence[str]) -> str:
    """The thing's own colour; of things that are not drawn here, one by their place among all names."""
    if name in NAMES:
        return "#{:02X}{:02X}{:02X}".format(*COLOURS[parse_name(name)[0]])
    return COLOURWAY[names.index(name) % len(COLOURWAY)] if name in names else COLOURWAY[2]


def sign_of(name: str) -> str:
    """The symbol of plotly for a thing seen from above."""
    return SIGNS[parse_name(name)[1]] if name in NAMES else "circle"


def map_of(drawn: Drawn) -> Map:
    """A result's map as the backend computes with it."""
    return Map(tuple(map(_spot, drawn.objects)), None if drawn.views is None else tuple(map(_spot, drawn.views)))


def _spot(spotted: Spotted) -> Spot:
    facing: Facing | None = facing_of(spotted.facing) if spotted.facing not in ("inner", "outer") else spotted.facing  # type: ignore
    return Spot(spotted.name, (spotted.x, spotted.y), facing)


def shown_map(reply: Replied) -> Drawn | None:
    """The map that a reply wrote, else the one that it was given."""
    return reply.map or reply.given


def comparison(drawn: Drawn, asked: Asked) -> Compared | None:
    """How alike a map and the true one are, in both metrics; None where the true one is not known."""
    return compared(map_of(drawn), map_of(asked.true)) if asked.true and drawn.objects else None


def all_names(asked: Asked) -> list[str]:
    """All things of a question: those that are truly there first, then those that only a reply knows."""
    known = [spot.name for spot in asked.true.objects] if asked.true else []
    more = [spot.name for reply in asked.replies for drawn in (reply.map, reply.given) if drawn for spot in drawn.objects]
    return list(dict.fromkeys([*known, *more]))
