"""Meshes of the scene in 3-D: closed, turned outwards, of the right size, and where the pictures show them."""

import numpy as np
import pytest

from worlds.rooms.catalogue import COLOURS, FLOORS, SHAPES, WALLS
from worlds.rooms.layouts import among
from worlds.rooms.rendering import projected
from worlds.rooms.scenes import PLAIN, Camera, Pose, Thing
from worlds.rooms.solids import Mesh, arrow, frustum, frustum_lines, room_meshes, thing_mesh, things

FIVE = ("red box", "blue ball", "green tower", "yellow cone", "purple box")


def volume(mesh: Mesh) -> float:
    first, second, third = (mesh.vertices[mesh.faces[:, at]] for at in range(3))
    return float((first * np.cross(second, third)).sum() / 6)  # positive where the faces are turned outwards


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mesh_is_closed_turned_outwards_and_has_the_volume_of_its_shape(shape: str) -> None:
    thing = Thing(f"red {shape}", 1.0, -2.0, 0.7)
    mesh = thing_mesh(thing)
    half, height = thing.half, thing.height
    expected = {"ball": 4 / 3 * np.pi * half**3, "cone": np.pi * half**2 * height / 3}.get(shape, 4 * half**2 * height)

    assert volume(mesh) == pytest.approx(expected, rel=0.04)
    edges = {(int(face[at]), int(face[(at + 1) % 3])) for face in mesh.faces for at in range(3)}
    assert len(edges) == 3 * len(mesh.faces) and all((end, start) in edges for start, end in edges)
    assert len(mesh.colours) == len(mesh.faces) and mesh.faces.max() == len(mesh.vertices) - 1
    np.testing.assert_allclose(mesh.vertices.min(axis=0), (1 - half, -2 - half, 0), atol=0.01)
    np.testing.assert_allclose(mesh.vertices.max(axis=0), (1 + half, -2 + half, height), atol=0.01)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("facing", "axis", "sign"), [(0, 1, 1), (90, 0, 1), (180, 1, -1), (270, 0, -1)])
def test_the_quarter_that_a_thing_faces_is_dark(shape: str, facing: int, axis: int, sign: int) -> None:
    mesh = thing_mesh(Thing(f"yellow {shape}", 0, 0, 1.0, facing))
    dark = mesh.colours.max(axis=1) < 60
    middles = mesh.vertices[mesh.faces].mean(axis=1)

    assert 0.05 < dark.mean() < 0.3
    assert (sign * middles[dark][:, axis] >= np.abs(middles[dark][:, 1 - axis]) - 1e-9).all()
    assert not (thing_mesh(Thing(f"yellow {shape}", 0, 0)).colours.max(axis=1) < 60).any()


def test_things_are_named_and_coloured_as_in_the_scene() -> None:
    meshes = things(among(FIVE))

    assert tuple(mesh.name for mesh in meshes) == FIVE
    assert meshes[3].colours[0].tolist() == list(COLOURS["yellow"])


def test_a_pyramid_holds_what_its_camera_sees() -> None:
    camera = Camera(1.0, -2.0, 1.5, 30, 20, 62)
    mesh = frustum(camera, length_m=0.8)

    np.testing.assert_allclose(mesh.vertices[0], camera.place)
    np.testing.assert_allclose(projected(camera, mesh.vertices[1:]), [(0, 0), (1, 0), (1, 1), (0, 1)], atol=1e-9)
    assert volume(mesh) == pytest.approx((2 * 0.8 * np.tan(np.radians(31))) ** 2 * 0.8 / 3)
    lines = frustum_lines(camera, length_m=0.8).segments
    assert lines.shape == (8, 2, 3) and np.allclose(lines[:4, 0], camera.place)


def test_an_arrow_points_where_its_pose_looks() -> None:
    shaft, *head = arrow(Pose(1, 2, 90), length_m=2.0).segments

    np.testing.assert_allclose(shaft[:, :2], [(1, 2), (3, 2)])
    assert all(np.allclose(side[0], shaft[1]) and side[1, 0] < 3 for side in head)


def test_the_room_is_a_floor_and_four_walls_that_look_inwards() -> None:
    floor, north, east, south, west = room_meshes(PLAIN)

    assert [mesh.name for mesh in (north, east, south, west)] == ["north wall", "east wall", "south wall", "west wall"]
    assert floor.colours[0].tolist() == list(FLOORS[PLAIN.floor]) and north.colours[0].tolist() == list(WALLS[PLAIN.walls[0]])
    for mesh, place in ((floor, (0, 0, 0)), (north, (0, 5, 1.7)), (east, (5, 0, 1.7)), (south, (0, -5, 1.7)), (west, (-5, 0, 1.7))):
        np.testing.assert_allclose(mesh.vertices.mean(axis=0), place, atol=1e-9)
        first, second, third = mesh.vertices[mesh.faces[0]]
        assert np.cross(second - first, third - first) @ (np.array([0, 0, 1.7]) - first) > 0
