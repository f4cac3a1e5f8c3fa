import numpy as np
import pytest

from worlds.kit import COLOURS, FURNITURE, KINDS, SHAPES, WALLS, draw_object, draw_room, object_box, object_name, parse_name

GREY = 128


def drawn_pixels(name: str, *, side: int, **where: object) -> np.ndarray:
    """Return where the object itself, not its pale shadow, changed a grey canvas: (side, side) true or false."""
    canvas = np.full((side, side, 3), GREY, np.uint8)
    draw_object(canvas, name, **where)
    changed = canvas.astype(int)
    coloured = np.ptp(changed, axis=2) > 45  # the shadow is nearly grey
    return coloured


def test_there_are_eight_colours_eight_shapes_and_eight_pieces_of_furniture() -> None:
    assert len(COLOURS) == len(SHAPES) == len(FURNITURE) == len(WALLS) == 8
    assert set(KINDS) == set(SHAPES) | set(FURNITURE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_coloured_pixel_lies_in_the_box_and_the_box_is_tight_for_shapes(kind: str) -> None:
    where = {"centre_xy": (101.3, 97.8), "radius_px": 60.0}

    rows, columns = np.nonzero(drawn_pixels(f"red {kind}", side=200, **where))
    x1, y1, x2, y2 = object_box(f"red {kind}", **where)

    assert x1 - 1.5 <= columns.min() and columns.max() + 1 <= x2 + 1.5
    assert y1 - 1.5 <= rows.min() and rows.max() + 1 <= y2 + 1.5
    if kind in SHAPES:
        assert columns.min() - x1 < 4 and x2 - columns.max() - 1 < 4
        assert rows.min() - y1 < 4 and y2 - rows.max() - 1 < 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_the_same_box_in_all_colours(kind: str) -> None:
    where = {"centre_xy": (40.3, 37.8), "radius_px": 30.0, "rotation": 0.2}

    boxes = {draw_object(np.zeros((80, 80, 3), np.uint8), f"{colour} {kind}", **where) for colour in COLOURS}

    assert boxes == {object_box(f"red {kind}", **where)}


@pytest.mark.parametrize("rotation", [-0.3, 0.25, 1.2])
def test_a_turned_bar_stays_in_its_turned_box(rotation: float) -> None:
    where = {"centre_xy": (60.0, 60.0), "radius_px": 40.0, "rotation": rotation}

    rows, columns = np.nonzero(drawn_pixels("blue bar", side=120, **where))
    x1, y1, x2, y2 = object_box("blue bar", **where)

    assert abs(columns.min() - x1) < 4 and abs(columns.max() + 1 - x2) < 4
    assert abs(rows.min() - y1) < 4 and abs(rows.max() + 1 - y2) < 4


def test_drawing_returns_the_box_and_is_the_same_every_time() -> None:
    first, second = (np.full((64, 64, 3), 200, np.uint8) for _ in range(2))

    box = draw_object(first, "green ring", centre_xy=(30, 30), radius_px=12)
    draw_object(second, "green ring", centre_xy=(30, 30), radius_px=12)

    assert box == object_box("green ring", centre_xy=(30, 30), radius_px=12)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("radius", [2.0, 9.0, 40.0, 150.0])
def test_an_object_has_its_colour_in_the_middle_at_any_size(radius: float) -> None:
    canvas = np.full((400, 400, 3), 220, np.uint8)

    draw_object(canvas, "purple circle", centre_xy=(200, 200), radius_px=radius)

    assert np.abs(canvas[200, 200].astype(int) - COLOURS["purple"]).max() < 30


def test_an_object_half_outside_or_far_away_is_cut_without_an_error() -> None:
    canvas = np.full((50, 50, 3), 100, np.uint8)
    before = canvas.copy()

    draw_object(canvas, "red star", centre_xy=(500, -300), radius_px=10)
    assert np.array_equal(canvas, before)

    draw_object(canvas, "red star", centre_xy=(0, 49), radius_px=10)
    assert not np.array_equal(canvas, before)


def test_colours_differ_clearly_from_one_another() -> None:
    palette = np.array(list(COLOURS.values()), float)
    distances = np.linalg.norm(palette[:, None] - palette[None], axis=-1)

    assert distances[~np.eye(8, dtype=bool)].min() > 60


def test_names_come_apart_as_they_were_put_together() -> None:
    assert parse_name(object_name("red", "star")) == ("red", "star")


@pytest.mark.parametrize("name", ["red", "star red", "mauve star", "red  star", ""])
def test_a_name_outside_the_kit_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not drawn here"):
        parse_name(name)


@pytest.mark.parametrize("size", [32, 128, 384])
def test_a_room_has_its_wall_colour_above_and_the_floor_below(size: int) -> None:
    room = draw_room(size, wall="mint", floor="walnut", window_x=0.3, rug="blue")

    assert room.shape == (size, size, 3) and room.dtype == np.uint8
    assert np.abs(room[size // 8, -size // 8].astype(int) - WALLS["mint"]).max() < 30
    assert room[-2, 2].mean() < room[2, 2].mean()
