"""What is done to a map before a model goes on from it: does its answer follow the map, or its eyes?"""

from backends.mindcube.map_reading import read_map
from backends.mindcube.maps import Map, mirrored, rotated, without, without_facings
from backends.mindcube.rooms import Posed
from backends.mindcube.settings import MindCubeSettings
from models.mappers.examples import Spot
from models.mappers.words import CENTRE, COMPASS, ROW, word_of
from worlds.errors import InputError
from worlds.rooms.catalogue import COLOURS, NAMES, SHAPES

SIDE = 9  # of the grid: places are 0 to 9
_AROUND = ("up", "right", "down", "left")  # on the map, in the order of COMPASS
_AT_CENTRE = 1.0  # closer to the middle of the grid a thing stands in the centre
_MIDDLE = 5.0


def changed_map(posed: Posed, settings: MindCubeSettings) -> Map | None:
    """Return the true map of a question as the settings change it, or the one by hand; None where they leave it.

    Raises:
        InputError: the map by hand cannot be read, or puts something beside the grid.
    """
    true = posed.true
    if settings.edit == "none":
        return None
    if settings.edit == "written":
        return _by_hand(settings.map)
    if settings.edit == "lose a thing":  # the one that the answer needs, where it is a thing
        names = [spot.name for spot in true.objects]
        right = posed.item.right
        return without(true, right.text if right and right.text in names else names[-1])
    return {"swap left and right": lambda: mirrored(true), "swap front and back": lambda: mirrored(true, "up-down"),
            "rotate by a quarter": lambda: rotated(true, 1), "rotate by a half": lambda: rotated(true, 2),
            "lose the facings": lambda: without_facings(true)}[settings.edit]()


def _by_hand(text: str) -> Map:
    read = read_map(text)
    if read.map is None:
        raise InputError(f"The map by hand cannot be read. {' '.join(read.reasons)}")
    for spot in read.map.spots:
        if not all(0 <= value <= SIDE for value in spot.position):
            x, y = spot.position
            raise InputError(f"On the map by hand {spot.name[:80]!r} is at [{x:g}, {y:g}]. Both are 0 to {SIDE}.")
    return read.map


def spots_of(given: Map, family: str) -> tuple[Spot, ...]:
    """Return a map as the small models say it: what stands in the centre and around it, or in a row.

    Raises:
        InputError: they have no words for it; one sentence says for what.
    """
    if not given.objects:
        raise InputError("The map places nothing. Put one thing on it at least.")
    places = _in_a_row(given) if family == "around" else [_side(spot.name, spot.position) for spot in given.objects]
    taken: dict[str, str] = {}
    spots = []
    for place, spot in zip(places, given.objects):
        if place in taken:
            raise InputError(f"On the map {taken[place][:80]!r} and {spot.name[:80]!r} stand in one place for the small model, which "
                             "knows the centre and one thing on each side of it.")
        taken[place] = spot.name
        spots.append(Spot(place, _word(spot.name), _faces(spot.name, spot.facing)))
    return tuple(spots)


def _in_a_row(given: Map) -> list[str]:
    across = [spot.position[0] for spot in given.objects]
    if len(across) > len(ROW):
        raise InputError(f"The map has {len(across)} things in a row. The small model knows rows of up to {len(ROW)}.")
    if len(set(across)) < len(across):
        raise InputError("Two things of the row stand equally far to the left on this map. The small model knows rows from left to "
                         "right only: choose another change.")
    order = sorted(across)
    return [ROW[order.index(x)] for x in across]


def _side(name: str, position: tuple[float, float]) -> str:
    dx, dy = position[0] - _MIDDLE, position[1] - _MIDDLE
    if max(abs(dx), abs(dy)) < _AT_CENTRE:
        return CENTRE
    if abs(dx) == abs(dy):
        raise InputError(f"On the map {name[:80]!r} at [{position[0]:g}, {position[1]:g}] is on a diagonal from the middle, [5, 5]. "
                         "The small model knows up, right, down and left of it only.")
    return COMPASS[(1 if dx > 0 else 3) if abs(dx) > abs(dy) else (2 if dy > 0 else 0)]


def _word(name: str) -> str:
    if name not in NAMES:
        raise InputError(f"The small model knows no {name[:80]!r}. It knows a colour ({', '.join(COLOURS)}) and a shape "
                         f"({', '.join(SHAPES)}).")
    return word_of(name)


def _faces(name: str, facing: str | None) -> str:
    if facing is None:
        return ""
    if facing not in _AROUND:
        raise InputError(f"On the map {name[:80]!r} faces {facing}. The small model knows {', '.join(_AROUND)}.")
    return COMPASS[_AROUND.index(facing)]
