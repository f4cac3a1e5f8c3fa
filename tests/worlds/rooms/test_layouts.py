"""Cameras on the way between two views."""

import numpy as np
import pytest

from worlds.rooms.generator import scene_at
from worlds.rooms.layouts import between
from worlds.rooms.scenes import Camera


def test_the_ends_of_a_way_are_the_views_themselves():
    scene = scene_at(0, subset="test", seed=0, settings=["around"], cue="shuffled")
    first, second = scene.cameras[:2]

    for share, view in ((0, first), (1, second)):
        camera = between(first, second, share)
        assert (camera.x, camera.y, camera.height, camera.heading, camera.pitch) == pytest.approx(
            (view.x, view.y, view.height, view.heading, view.pitch), abs=1e-3)


@pytest.mark.parametrize("setting", ["among", "four_view"])
def test_half_the_way_looks_half_the_turn_and_stays_as_far_from_the_middle(setting):
    scene = scene_at(0, subset="test", seed=0, settings=[setting])
    for first, second in zip(scene.cameras, scene.cameras[1:]):
        camera = between(first, second, 0.5)
        turn = (second.heading - first.heading + 180) % 360 - 180
        assert camera.heading == pytest.approx((first.heading + turn / 2) % 360)
        assert np.hypot(camera.x, camera.y) == pytest.approx(np.hypot(first.x, first.y), abs=2e-3)
        if setting == "among":  # it looks at what is in the middle all the way
            assert camera.pose.away(0, 0)[1] == pytest.approx(0, abs=2e-3) and camera.pose.away(0, 0)[0] > 0


def test_of_two_equal_turns_the_one_clockwise_is_taken():
    front, back = Camera(0, -2, 1, 0, 10, 62), Camera(0, 2, 1, 180, 10, 62)

    camera = between(front, back, 0.5)
    assert (camera.x, camera.y, camera.heading) == pytest.approx((-2, 0, 90), abs=1e-3)
    assert camera.pose.away(0, 0)[0] == pytest.approx(2, abs=1e-3)
