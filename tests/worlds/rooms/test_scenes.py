"""Poses, cameras and layouts: directions as somebody who stands somewhere means them, and places as the settings have them."""

from dataclasses import replace

import numpy as np
import pytest

from worlds.rooms.catalogue import COLOURS, NAMES, SHAPES, parse_name
from worlds.rooms.layouts import HEADINGS_OF, among, around, rotation
from worlds.rooms.scenes import DIRECTIONS, Camera, Pose, Rotation, Scene, Thing

FIVE = ("red box", "blue ball", "green tower", "yellow cone", "purple box")
GRID = {  # the map of the paper, x to the right and y downwards
    "two_view_clockwise": ((5, 3), (7, 5)), "two_view_counterclockwise": ((5, 3), (3, 5)), "two_view_opposite": ((5, 3), (5, 7)),
    "three_view": ((3, 5), (5, 3), (7, 5)), "four_view": ((3, 5), (5, 3), (7, 5), (5, 7)),
}


def on_grid(scene: Scene) -> list[tuple[float, ...]]:
    """Directions of the things from the middle, as the map has them."""
    return [tuple(np.sign([round(thing.x, 6), -round(thing.y, 6)])) for thing in scene.things]


def test_there_are_32_names_of_a_colour_and_a_shape() -> None:
    assert len(NAMES) == len(set(NAMES)) == 32
    assert {parse_name(name) for name in NAMES} == {(colour, shape) for colour in COLOURS for shape in SHAPES}
    with pytest.raises(ValueError, match="no thing 'red star'"):
        parse_name("red star")


@pytest.mark.parametrize("heading", [0, 90, 180, 270, 37.5])
def test_turns_undo_and_add_up(heading: float) -> None:
    pose = Pose(1.0, -2.0, heading)

    assert pose.turned(90).turned(90).turned(90).turned(90) == pose
    assert pose.turned(90).turned(-90) == pose
    assert pose.turned(-90).turned(-90) == pose.turned(180)


@pytest.mark.parametrize(("heading", "expected"), [
    (0, ("front", "right", "behind", "left")), (90, ("left", "front", "right", "behind")),
    (180, ("behind", "left", "front", "right")), (270, ("right", "behind", "left", "front")),
])
def test_what_is_north_east_south_and_west_lies_by_the_heading(heading: int, expected: tuple[str, ...]) -> None:
    pose = Pose(0.5, 0.5, heading)

    assert tuple(pose.direction_of(0.5 + x, 0.5 + y) for x, y in ((0, 2), (2, 0), (0, -2), (-2, 0))) == expected


@pytest.mark.parametrize(("angle", "direction"), [(44, "front"), (46, "right"), (134, "right"), (136, "behind"), (-44, "front"),
                                                  (-46, "left"), (-136, "behind")])
def test_a_direction_is_a_quarter_around_its_axis(angle: float, direction: str) -> None:
    x, y = np.sin(np.radians(angle + 20)), np.cos(np.radians(angle + 20))

    assert direction in DIRECTIONS
    assert Pose(0, 0, 20).direction_of(float(x), float(y)) == direction


def test_a_walk_leads_where_the_point_lies() -> None:
    pose = Pose(0.3, -1.0, 140)
    there = pose.moved(1.5, -0.7)

    assert pose.away(there.x, there.y) == pytest.approx((1.5, -0.7))


@pytest.mark.parametrize("heading", [0, 45, 200])
def test_the_axes_of_a_camera_are_at_right_angles_and_look_down(heading: float) -> None:
    right, down, ahead = Camera(0, 0, 1.5, heading, 20, 60).axes

    np.testing.assert_allclose(np.stack([right, down, ahead]) @ np.stack([right, down, ahead]).T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.cross(right, down), ahead, atol=1e-12)  # x to the right, y down, z ahead
    assert right[2] == 0 and ahead[2] < 0 and down[2] < 0


@pytest.mark.parametrize("setting", HEADINGS_OF)
def test_things_of_a_rotation_lie_as_on_the_map(setting: Rotation) -> None:
    names = FIVE[: len(HEADINGS_OF[setting])]
    scene = rotation(setting, names)

    assert on_grid(scene) == [tuple(np.sign([x - 5, y - 5])) for x, y in GRID[setting]]
    for thing, camera in zip(scene.things, scene.cameras):
        assert (camera.x, camera.y) == (0, 0) and camera.pose.direction_of(thing.x, thing.y) == "front"


def test_things_of_among_lie_as_on_the_map_and_cameras_look_at_the_centre() -> None:
    scene = among(FIVE)

    assert on_grid(scene) == [(0, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]  # centre, [5, 8], [2, 5], [5, 2], [8, 5]
    assert [tuple(np.sign([camera.x, -camera.y])) for camera in scene.cameras] == [(0, 1), (-1, 0), (0, -1), (1, 0)]
    assert [camera.heading for camera in scene.cameras] == [0, 90, 180, 270]
    assert all(camera.pose.away(0, 0) == pytest.approx((2, 0)) for camera in scene.cameras)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_row_goes_from_west_to_east_and_cameras_stand_on_its_sides(count: int) -> None:
    scene = around(FIVE[:count], has_back=True)
    front, left, right, back = scene.cameras
    steps = np.diff([thing.x for thing in scene.things])

    assert (steps > 0).all() and np.ptp(steps) < 1e-9 and {thing.y for thing in scene.things} == {0.0}
    assert (front.x, left.y, right.y, back.x) == (0, 0, 0, 0)
    assert front.y < 0 < back.y and left.x < scene.things[0].x and right.x > scene.things[-1].x
    assert [camera.heading for camera in scene.cameras] == [0, 90, 270, 180]


def test_an_order_puts_the_cameras_and_leaves_the_things() -> None:
    plain, shuffled = among(FIVE), among(FIVE, order=(2, 0, 3, 1), cue="shuffled")

    assert shuffled.things == plain.things
    assert shuffled.cameras == tuple(plain.cameras[place] for place in (2, 0, 3, 1))


def test_what_is_no_layout_is_refused() -> None:
    for make in (
        lambda: among(FIVE[:4]), lambda: among((*FIVE[:4], FIVE[0])), lambda: around(FIVE[:1]), lambda: around(FIVE),
        lambda: rotation("three_view", FIVE[:2]), lambda: among(FIVE, facings=(None, 90, None, None, None)),
        lambda: among(FIVE, order=(0, 1, 2, 2), cue="shuffled"), lambda: among(FIVE, order=(1, 0, 2, 3)),
    ):
        with pytest.raises(ValueError):
            make()


def test_records_cannot_be_changed_and_compare_by_what_they_say() -> None:
    scene = among(FIVE)

    with pytest.raises(AttributeError):
        scene.setting = "free"  # type: ignore[misc]
    assert hash(scene) == hash(among(FIVE)) and scene != among(FIVE[::-1])
    assert replace(scene.things[0], size=1.0) == Thing("red box", 0, 0, is_marked=True)


def test_a_thing_is_found_by_its_name() -> None:
    scene = among(FIVE)

    assert scene.thing("yellow cone") is scene.things[3]
    with pytest.raises(ValueError, match="no 'pink ball'"):
        scene.thing("pink ball")
