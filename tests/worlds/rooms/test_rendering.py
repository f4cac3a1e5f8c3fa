"""What cameras see: exactly what they should, with the same geometry at every size."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from worlds.errors import InputError
from worlds.rooms.catalogue import COLOURS, SHAPES
from worlds.rooms.free import free_scene
from worlds.rooms.layouts import HEADINGS_OF, among, around, rotation, stepped
from worlds.rooms.rendering import (
    CEILING,
    EAST_WALL,
    FLOOR,
    NORTH_WALL,
    SOUTH_WALL,
    WEST_WALL,
    View,
    picture,
    pictures,
    projected,
    view,
)
from worlds.rooms.scenes import Camera, Rotation, Scene, Thing

FIVE = ("red box", "blue ball", "green tower", "yellow cone", "purple box")
SHAPED = [tuple(f"{colour} {shape}" for colour, shape in zip(COLOURS, shapes)) for shapes in (
    ("box", "box", "box", "box", "box"), ("tower", "tower", "tower", "tower", "tower"), ("ball", "ball", "ball", "ball", "ball"),
    ("cone", "cone", "cone", "cone", "cone"), ("tower", "ball", "box", "cone", "tower"), ("ball", "cone", "tower", "box", "ball"))]


def things_in(seen: View) -> set[int]:
    return {int(number) for number in np.unique(seen.ids) if number >= 0}


def alone(scene: Scene, number: int, camera: Camera) -> View:
    return view(replace(scene, things=(scene.things[number],)), camera, 96)


def one(name: str = "red box", *, facing: int | None = None, is_marked: bool = False) -> Scene:
    thing = Thing(name, 0, 0, 1.0, facing, is_marked)
    return free_scene([thing], [Camera(0, -2.5, 1.2, 0, 15, 62), Camera(-2.5, 0, 1.2, 90, 15, 62), Camera(0, 2.5, 1.2, 180, 15, 62),
                                Camera(2.5, 0, 1.2, 270, 15, 62)])


@pytest.mark.parametrize("names", SHAPED, ids=lambda names: names[1].split()[1] + " and others")
def test_each_view_among_shows_exactly_the_centre_and_the_neighbour_behind_it(names: tuple[str, ...]) -> None:
    scene = among(names)

    for place, behind in enumerate((3, 4, 1, 2)):  # north from the front, east from the left, ...
        camera = scene.cameras[place]
        seen = view(scene, camera, 96)

        assert things_in(seen) == {0, behind}
        assert (seen.ids == 0).sum() == (alone(scene, 0, camera).ids == 0).sum()  # nothing stands before the centre
        assert (seen.ids == behind).sum() > 0.85 * (alone(scene, behind, camera).ids == 0).sum()
        assert all(each.min() > 0 and each.max() < 95 for each in np.nonzero(seen.ids >= 0))  # nothing is cut off


@pytest.mark.parametrize("setting", HEADINGS_OF)
def test_each_view_of_a_rotation_shows_exactly_its_thing_in_the_middle(setting: Rotation) -> None:
    for names in SHAPED:
        scene = rotation(setting, names[: len(HEADINGS_OF[setting])])

        for number, camera in enumerate(scene.cameras):
            seen = view(scene, camera, 48)
            columns = np.nonzero(seen.ids == number)[1]
            assert things_in(seen) == {number}
            assert abs(columns.mean() - 23.5) < 1


def rows() -> Iterator[Scene]:
    for names in SHAPED:
        for count in (2, 3, 4):
            yield around(names[:count], has_back=True)


def test_a_row_is_seen_in_order_from_the_front_and_from_the_back() -> None:
    for scene in rows():
        front, back = (view(scene, camera, 96) for camera in (scene.cameras[0], scene.cameras[3]))
        for seen, sign in ((front, 1), (back, -1)):
            columns = [np.nonzero(seen.ids == number)[1] for number in range(len(scene.things))]

            assert (np.diff([sign * each.mean() for each in columns]) > 0).all()
            for number in range(len(scene.things)):  # all of each
                camera = scene.cameras[0 if sign > 0 else 3]
                assert len(columns[number]) == (alone(scene, number, camera).ids == 0).sum()


def test_from_its_ends_the_nearest_of_a_row_is_whole_and_the_others_are_hidden_in_part() -> None:
    for scene in rows():
        for camera, order in ((scene.cameras[1], range(len(scene.things))), (scene.cameras[2], range(len(scene.things))[::-1])):
            seen = view(scene, camera, 96)
            for place, number in enumerate(order):
                share = (seen.ids == number).sum() / (alone(scene, number, camera).ids == 0).sum()
                assert share == 1 if place == 0 else share < 0.8


def test_a_step_to_the_side_moves_what_is_seen_to_the_other_side() -> None:
    scene = among(FIVE)
    camera = scene.cameras[0]
    columns = [np.nonzero(view(scene, each, 96).ids == 3)[1].mean() for each in (
        stepped(scene, camera, right=False), camera, stepped(scene, camera, right=True))]

    assert columns[0] > columns[1] + 5 and columns[2] < columns[1] - 5


@pytest.mark.parametrize("size_px", [64, 96])
def test_a_large_picture_averaged_down_is_the_small_one(size_px: int) -> None:
    for scene in (among(FIVE, facings=(180, 0, None, 180, None)), around(FIVE[:4], facings=(180, None, 180, None))):
        for camera in scene.cameras[:2]:
            finer = 384 // size_px
            large, small = view(scene, camera, 384), view(scene, camera, size_px)
            reduced = large.picture.reshape(size_px, finer, size_px, finer, 3).mean(axis=(1, 3))

            assert np.abs(reduced - small.picture).mean() < 1.0
            assert (large.ids[finer // 2 :: finer, finer // 2 :: finer] == small.ids).mean() > 0.97


def test_equal_scenes_give_equal_bytes_and_pictures_are_ones_own() -> None:
    first = picture(among(FIVE), 0, 64)
    kept = first.copy()
    first[:] = 0

    assert np.array_equal(picture(among(FIVE), 0, 64), kept)
    assert np.array_equal(pictures(among(FIVE), 64)[0], kept)
    assert pictures(among(FIVE), 16).shape == (4, 16, 16, 3) and kept.dtype == np.uint8


@pytest.mark.parametrize("size_px", [15, 1025])
def test_a_size_that_cannot_be_drawn_is_refused(size_px: int) -> None:
    view(among(FIVE), 0, 16)

    with pytest.raises(InputError, match=f"view of {size_px} pixels cannot be drawn. Its side is 16 to 1024"):
        view(among(FIVE), 0, size_px)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_thing_shows_its_colour_from_every_side(colour: str, shape: str) -> None:
    for camera in range(4):
        seen = view(one(f"{colour} {shape}"), camera, 48)
        tone = np.median(seen.picture[seen.ids == 0].astype(float), axis=0)
        share = {name: float(tone @ np.array(rgb) / np.linalg.norm(tone) / np.linalg.norm(rgb)) for name, rgb in COLOURS.items()}
        assert max(share, key=lambda name: share[name]) == colour


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("facing", [0, 90, 180, 270])
def test_the_dark_face_is_seen_from_where_it_looks_and_only_from_there(shape: str, facing: int) -> None:
    scene = one(f"orange {shape}", facing=facing)
    dark = []
    for camera in range(4):
        seen = view(scene, camera, 64)
        dark.append(float((seen.picture[seen.ids == 0].max(axis=1) < 70).mean()))

    looking_at_it = {180: 0, 270: 1, 0: 2, 90: 3}[facing]  # the front camera looks north and sees what faces south
    assert dark[looking_at_it] > 0.2
    assert all(share < 0.08 for camera, share in enumerate(dark) if camera != looking_at_it)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_four_sides_of_a_marked_thing_look_different_at_the_size_of_a_model(shape: str) -> None:
    names = (f"green {shape}", *(name for name in FIVE if name != f"green {shape}"))
    scene = among(names[:5])
    centres = []
    for camera in range(4):
        seen = view(scene, camera, 64)
        y, x = (round(each.mean()) for each in np.nonzero(seen.ids == 0))
        centres.append(seen.picture[y - 7 : y + 8, x - 7 : x + 8].astype(float))

    for first in range(4):
        for second in range(first):
            assert np.abs(centres[first] - centres[second]).max(axis=2).max() > 60


def test_walls_are_where_their_colours_say_and_the_floor_is_below() -> None:
    scene = one()
    for camera, wall in enumerate((NORTH_WALL, EAST_WALL, SOUTH_WALL, WEST_WALL)):
        seen = view(scene, camera, 64)
        assert seen.ids[8, 32] == wall
        assert (seen.ids[-1] == FLOOR).all()
    up = free_scene(scene.things, [Camera(0, -2.5, 1.2, 0, -30, 62)])
    assert (view(up, 0, 32).ids[0] == CEILING).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_silhouette_is_the_hull_of_what_the_catalogue_says(shape: str) -> None:
    scene = one(f"blue {shape}")
    thing, camera = scene.things[0], scene.cameras[0]
    turn = np.linspace(0, 2 * np.pi, 721)
    if shape == "ball":
        tilt = np.linspace(-np.pi / 2, np.pi / 2, 361)[:, None]
        points = thing.half * np.stack([np.cos(tilt) * np.cos(turn), np.cos(tilt) * np.sin(turn), np.sin(tilt) + 1 + 0 * turn], -1)
    elif shape == "cone":
        ring = np.stack([thing.half * np.cos(turn), thing.half * np.sin(turn), 0 * turn], -1)
        points = np.concatenate([ring, [[0, 0, thing.height]]])
    else:
        across = (-thing.half, thing.half)
        points = np.array([(x, y, z) for x in across for y in across for z in (0, thing.height)])
    expected = projected(camera, points.reshape(-1, 3)) * 384

    rows, columns = np.nonzero(view(scene, camera, 384).ids == 0)

    np.testing.assert_allclose([columns.min(), rows.min()], expected.min(axis=0), atol=1.5)
    np.testing.assert_allclose([columns.max() + 1, rows.max() + 1], expected.max(axis=0), atol=1.5)


def test_what_lies_behind_the_camera_is_nowhere_in_the_picture() -> None:
    points = projected(Camera(0, 0, 1, 0, 0, 90), np.array([(0, 2, 1), (2, 2, 1), (0, 2, 3), (0, -2, 1)], float))

    np.testing.assert_allclose(points, [(0.5, 0.5), (1, 0.5), (0.5, 0), (np.nan, np.nan)], atol=1e-12)


def test_a_camera_close_to_a_thing_that_reaches_behind_it_sees_it_where_it_is() -> None:
    scene = free_scene([Thing("red box", 0.7, 0.0)], [Camera(0, 0, 0.6, 0, 0, 100), Camera(0, 0, 0.6, 180, 0, 100)])
    right, left = (view(scene, camera, 48).ids == 0 for camera in range(2))

    assert right[:, 24:].sum() > 50 and not right[:, :24].any()
    assert left[:, :24].sum() > 50 and not left[:, 24:].any()


def test_the_share_of_a_thing_is_the_part_of_the_picture_that_shows_it() -> None:
    seen = view(among(FIVE), 0, 64)

    assert seen.share(0) == (seen.ids == 0).sum() / 64**2
    assert sum(seen.share(number) for number in range(CEILING, 5)) == pytest.approx(1)
