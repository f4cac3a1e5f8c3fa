"""Pictures of two digits: where the ink lies, in which colour, at which size."""

from dataclasses import replace

import numpy as np
import pytest

from worlds.kit import COLOURS
from worlds.sums.drawing import BOARD, INPUT_PX, picture, pictures
from worlds.sums.scenes import CELL, DOWN, LOOKUPS, RIGHT, Digit, Scene, draw_items

PLAIN = Scene(Digit(1, "green", right=2, down=7), Digit(7, "red", right=4, down=12), noise=0.0)


def test_a_digit_stands_in_its_half_where_it_was_put_in_its_colour():
    drawn = picture(PLAIN)
    ink = {name: np.argwhere((drawn == COLOURS[name]).all(-1)) for name in ("green", "red")}

    assert drawn.shape == (INPUT_PX, INPUT_PX, 3) and tuple(drawn[0, 0]) == BOARD
    # a 1 is 3 cells wide in the middle of 5, 7 high; a 7 fills 5 x 7
    assert [*ink["green"].min(0), *ink["green"].max(0)] == [7, 2 + CELL, 7 + 7 * CELL - 1, 2 + 4 * CELL - 1]
    assert [*ink["red"].min(0), *ink["red"].max(0)] == [12, 16 + 4, 12 + 7 * CELL - 1, 16 + 4 + 5 * CELL - 1]


def test_no_two_digits_look_alike_and_none_leaves_its_half():
    alike = [picture(replace(PLAIN, left=Digit(value, "green"), right=Digit(value, "green"))) for value in range(10)]
    corners = [picture(replace(PLAIN, left=Digit(8, "green", right, down))) for right in RIGHT for down in DOWN]

    assert len({drawn.tobytes() for drawn in alike}) == 10
    for drawn in corners:
        ink = np.argwhere((drawn == COLOURS["green"]).all(-1))
        assert ink[:, 1].max() < INPUT_PX // 2 and len(ink) == len(np.argwhere((corners[0] == COLOURS["green"]).all(-1)))


@pytest.mark.parametrize("times", [2, 10])
def test_a_large_picture_is_the_small_one_enlarged_grain_and_all(times):
    scene = replace(PLAIN, noise=18.0, seed=4)

    assert np.array_equal(picture(scene, times * INPUT_PX), picture(scene).repeat(times, 0).repeat(times, 1))


def test_grain_has_the_deviation_that_is_asked_for_and_comes_from_the_seed():
    scene = replace(PLAIN, noise=10.0, seed=1)
    board = (picture(PLAIN) == BOARD).all(-1)
    grain = picture(scene)[board].astype(float) - BOARD

    assert abs(grain.std() - 10) < 0.6 and abs(grain.mean()) < 0.6
    assert np.array_equal(picture(scene), picture(scene)) and not np.array_equal(picture(scene), picture(replace(scene, seed=2)))


def test_many_pictures_are_drawn_in_their_order():
    scenes = [item.scene for item in draw_items(LOOKUPS, 3, subset="test", seed=0)]

    assert np.array_equal(pictures(scenes), np.stack([picture(scene) for scene in scenes]))
