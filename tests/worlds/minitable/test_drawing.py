import numpy as np
import pytest

from tests.worlds.minitable.tables import body, table
from worlds.errors import InputError
from worlds.minitable.catalogue import COLOURS, SHAPES, TABLE_Z
from worlds.minitable.drawing import draw
from worlds.minitable.drawing.camera import projected
from worlds.minitable.drawing.marks import frame, with_axes
from worlds.minitable.state import State, left_to_right, position_of


def pixel(picture: np.ndarray, state: State, name: str) -> np.ndarray:
    x, y = (projected(position_of(state, name)) * len(picture)).astype(int)
    return picture[y, x].astype(int)


@pytest.mark.parametrize("size_px", [32, 96, 500])
def test_a_picture_has_the_size_that_is_asked_for(size_px: int) -> None:
    picture = draw(table(body("red cube", 0.2, -0.1)), size_px)

    assert picture.shape == (size_px, size_px, 3) and picture.dtype == np.uint8


@pytest.mark.parametrize("size_px", [31, 1025])
def test_a_size_that_cannot_be_drawn_is_refused(size_px: int) -> None:
    with pytest.raises(InputError, match=f"picture of {size_px} pixels"):
        draw(table(body("red cube", 0.2, -0.1)), size_px)


def test_equal_states_give_equal_bytes_and_pictures_are_ones_own() -> None:
    state = table(body("red star", 0.2, -0.1))
    first = draw(state, 64)
    kept = first.copy()
    first[:] = 0

    assert np.array_equal(draw(state, 64), kept)


def test_the_corner_of_the_workspace_lies_where_the_cross_is_drawn() -> None:
    np.testing.assert_allclose(projected(np.array([-0.3, -0.5, TABLE_Z])) * 500, [62, 239], atol=1e-6)


def test_the_arms_of_the_cross_are_30_pixels_in_their_colours() -> None:
    cross = with_axes(np.zeros((500, 500, 3), np.uint8)).astype(int)

    assert cross[239, 80].argmax() == 1 and cross[221, 62].argmax() == 2 and cross[250, 51].argmax() == 0  # y, z, x
    assert cross[239, 94:].max(axis=1)[:1].max() < 120 or cross[239, 100].max() == 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_body_shows_its_colour_in_its_middle(colour: str, shape: str) -> None:
    name = f"{colour} {shape}"
    state = table(body(name, 0.3, -0.1))
    seen = pixel(draw(state, 200), state, name)

    share = {each: float(seen @ np.array(rgb) / np.linalg.norm(seen) / np.linalg.norm(rgb)) for each, rgb in COLOURS.items()}
    assert max(share, key=lambda each: share[each]) == colour


def test_what_is_nearer_hides_what_is_behind_it() -> None:
    state = table(body("red cube", 0.25, 0.0), body("blue cube", 0.21, 0.0))
    red, green, blue = pixel(draw(state, 200), state, "blue cube")

    assert red > blue and red > green


def test_what_lies_in_a_box_is_seen_and_its_near_wall_hides_its_foot() -> None:
    state = table(body("red sphere", 0.2, 0.2, above=0.006))
    picture = draw(state, 500)
    x, y = (projected(np.array([0.2 + 0.082, 0.2, TABLE_Z + 0.03])) * 500).astype(int)

    assert pixel(picture, state, "red sphere").argmax() == 0
    assert picture[y, x].argmax() == 2


@pytest.mark.parametrize("change", ["open", "yaw", "position"])
def test_the_gripper_is_drawn_as_it_is(change: str) -> None:
    state = table(body("red cube", 0.2, -0.1))
    state["gripper"]["position"] = [0.2, 0.0, 0.9]
    other = {"open": False, "yaw": 45.0, "position": [0.2, 0.1, 0.9]}[change]

    moved: State = {**state, "gripper": {**state["gripper"], change: other}}  # type: ignore[typeddict-item]

    assert (np.abs(draw(state, 96).astype(int) - draw(moved, 96)).max(axis=2) > 30).sum() > 5


def test_a_wiped_piece_loses_its_stain() -> None:
    state = table(body("yellow sponge", 0.1, 0.3), box_at=None, area=True)
    clean: State = {**state, "area": {**state["area"], "clean": [True] + [False] * 5}}  # type: ignore[typeddict-item]

    assert (draw(clean, 200).astype(int) - draw(state, 200)).max() > 40


def test_frames_hold_their_things_and_are_red() -> None:
    state = table(body("green cube", 0.2, -0.1), body("pink sphere", 0.3, 0.0))
    plain, framed = draw(state, 500), draw(state, 500, boxes=True)

    for name in left_to_right(state):
        (left, top), (right, bottom) = frame(state, name) * 500
        x, y = projected(position_of(state, name)) * 500
        assert left < x < right and top < y < bottom
        assert framed[int((top + bottom) / 2), int(left)].tolist() == [230, 40, 40]
    assert not np.array_equal(plain, framed)
