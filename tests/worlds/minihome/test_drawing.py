from itertools import combinations
from typing import Any

import numpy as np
import pytest

from tests.worlds.minihome.homes import home, part, thing
from worlds.errors import InputError
from worlds.kit import WALLS
from worlds.minihome.catalogue import COLOURS, KINDS, LAMP_PLACES, PLACES, SLICEABLE
from worlds.minihome.drawing import draw
from worlds.minihome.scene import draw_home
from worlds.minihome.state import State, with_open

SMALLEST, PERSON = 48, 500
SURFACES = [place for place, what in PLACES.items() if not what.opens]
DOORS = [place for place, what in PLACES.items() if what.opens]


def apart(one: State, other: State, size_px: int = SMALLEST) -> float:
    """How far two pictures are from one another: the largest difference of a channel of a pixel."""
    return float(np.abs(draw(one, size_px).astype(int) - draw(other, size_px)).max())


def area(one: State, other: State, size_px: int = SMALLEST) -> int:
    """How many pixels are told apart by eye."""
    return int((np.abs(draw(one, size_px).astype(int) - draw(other, size_px)).max(axis=2) > 40).sum())


@pytest.mark.parametrize("size_px", [32, 48, 64, 500])
def test_a_picture_has_the_size_that_is_asked_for(size_px: int) -> None:
    picture = draw(draw_home(0, "base")[0], size_px)

    assert picture.shape == (size_px, size_px, 3) and picture.dtype == np.uint8


@pytest.mark.parametrize("size_px", [31, 1025])
def test_a_size_that_cannot_be_drawn_is_refused(size_px: int) -> None:
    with pytest.raises(InputError, match=f"picture of {size_px} pixels"):
        draw(home(), size_px)


def test_equal_states_give_equal_bytes_and_pictures_are_ones_own() -> None:
    state = draw_home(5, "base")[0]
    first = draw(state, 64)
    kept = first.copy()
    first[:] = 0

    assert np.array_equal(draw(state, 64), kept)


def test_what_no_eye_sees_is_not_drawn() -> None:
    shown = home(thing("Mug", "Table"), thing("Bowl", "Fridge"), thing("Book", "Shelf"))
    been = {**thing("Mug", "Table"), "clean": True, "hot": True, "cold": True}
    hidden: dict[str, Any] = {
        **home(been, thing("Plate", "Fridge"), thing("Vase", "Drawer"), goal=[part(["Mug"], ["Shelf"])]),  # type: ignore[arg-type]
        "slips": True, "found": "Mug", "target": "Shelf", "failed_puts": {"Shelf": 2},
    }

    assert np.array_equal(draw(shown, 64), draw(hidden, 64))  # type: ignore[arg-type]


CHANGES: dict[str, tuple[State, State]] = {
    **{f"{place} opens here": (home(at=place), home(at=place, open_places=(place,))) for place in (*DOORS, "Cabinet_2")},
    **{f"{place} opens afar": (home(), home(open_places=(place,))) for place in (*DOORS, "Cabinet_2")},
    **{f"something in {place}": (home(at=place, open_places=(place,)), home(thing("Spoon", place), at=place, open_places=(place,)))
       for place in (*PLACES, "Cabinet_2")},
    **{f"a second thing in {place}": (home(thing("Mug", place), at=place, open_places=(place,)),
                                      home(thing("Mug", place), thing("Bowl", place, 1), at=place, open_places=(place,)))
       for place in PLACES},
    **{f"sliced {kind}": (home(thing(kind, "Table", colour=KINDS[kind].colours[0])),
                          home(thing(kind, "Table", colour=KINDS[kind].colours[0], sliced=True))) for kind in SLICEABLE},
    "something on the floor": (home(), home(thing("Mug", "Table", on_floor=True))),
    "something in the hand": (home(), home(thing("Mug", "hand"))),
    "the hand holds another thing": (home(thing("Bowl", "hand")), home(thing("Mug", "hand"))),
    "two things change places": (home(thing("Mug", "Table", 0), thing("Bowl", "Table", 1)),
                                 home(thing("Mug", "Table", 1), thing("Bowl", "Table", 0))),
    **{f"{what} here": (home(at=place), {**home(at=place), what: True})  # type: ignore[dict-item,misc]
       for what, place in (("lamp_on", "Counter"), ("faucet_on", "Sink"), ("microwave_on", "Microwave"))},
    **{f"{what} afar": (home(), {**home(), what: True})  # type: ignore[dict-item,misc]
       for what in ("lamp_on", "faucet_on", "microwave_on")},
    "the lamp stands elsewhere": (home(), {**home(), "lamp_at": "Shelf"}),
    "the other cabinet": (home(at="Cabinet"), home(at="Cabinet_2")),
    "two places change their order": (home(places=("Table", "Counter", "Shelf", "Sink")),
                                      home(places=("Table", "Counter", "Sink", "Shelf"))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_visible_change_is_seen_in_the_smallest_picture(change: str) -> None:
    before, after = CHANGES[change]

    assert apart(before, after) > 60 and area(before, after) >= 4
    assert area(before, after, PERSON) >= 250


@pytest.mark.parametrize("kind", KINDS)
def test_every_colour_of_a_thing_is_another_picture(kind: str) -> None:
    for one, other in combinations(KINDS[kind].colours, 2):
        assert area(home(thing(kind, "Table", colour=one)), home(thing(kind, "Table", colour=other))) >= 8, (one, other)


@pytest.mark.parametrize("colour", COLOURS)
def test_every_kind_of_a_colour_is_another_shape(colour: str) -> None:
    kinds = [kind for kind, what in KINDS.items() if colour in what.colours]
    for one, other in combinations(kinds, 2):
        assert area(home(thing(one, "Table", colour=colour)), home(thing(other, "Table", colour=colour))) >= 8, (one, other)


def test_every_place_is_another_picture_near_and_its_mark_in_the_row_moves() -> None:
    for one, other in combinations((*PLACES, "Cabinet_2"), 2):
        assert area(home(at=one), home(at=other)) >= 15, (one, other)
        foot = slice(round(0.82 * SMALLEST), None)
        rows = [draw(home(at=place), SMALLEST)[foot].astype(int) for place in (one, other)]
        assert (np.abs(rows[0] - rows[1]).max(axis=2) > 40).sum() >= 8, (one, other)


def test_places_are_told_apart_in_the_row() -> None:
    for one, other in combinations(PLACES, 2):
        rest = [place for place in PLACES if place not in (one, other)]
        lamp_at = next(place for place in LAMP_PLACES if place in rest)
        there, swapped = (home(at=rest[0], places=(*rest, *pair)) for pair in ((one, other), (other, one)))
        assert area({**there, "lamp_at": lamp_at}, {**swapped, "lamp_at": lamp_at}) >= 8, (one, other)


def test_a_door_afar_is_seen_on_its_own_tile_only() -> None:
    before = home()
    after = with_open(before, "Drawer", True)
    changed = np.abs(draw(before, PERSON).astype(int) - draw(after, PERSON)).max(axis=2) > 0
    rows, columns = np.nonzero(changed)

    assert rows.min() >= 0.8 * PERSON
    assert columns.min() >= 7 / 9 * PERSON and columns.max() <= 8 / 9 * PERSON


def test_a_small_picture_is_the_large_one_reduced() -> None:
    state = draw_home(3, "base")[0]
    large = draw(state, 512).reshape(64, 8, 64, 8, 3).mean(axis=(1, 3))

    assert np.abs(large - draw(state, 64)).mean() < 6


def test_walls_differ_between_homes() -> None:
    walls = {draw_home(seed, "base")[0]["wall"] for seed in range(50)}

    assert len(walls) >= 4 and walls <= set(WALLS)
