"""Voxels and angles of the gripper: there and back again."""

import numpy as np
from scipy.spatial.transform import Rotation

from worlds.minitable.codec import LOW, NUM_VOXELS, decode, degrees, encode, quaternion


def test_a_voxel_comes_back_from_its_centre_on_each_axis():
    voxels = np.repeat(np.arange(NUM_VOXELS)[:, None], 3, axis=1)

    assert (encode(decode(voxels)) == voxels).all()


def test_a_position_comes_back_within_half_a_centimetre_inside_the_workspace():
    positions = LOW + np.random.default_rng(0).random((2_000, 3))

    assert np.abs(decode(encode(positions)) - positions).max() <= 0.005 + 1e-9


def test_what_lies_outside_is_put_into_the_outermost_voxel():
    assert encode(decode([100, 100, 100])).tolist() == [99, 99, 99]
    assert encode([-9.0, 9.0, 0.0]).tolist() == [0, 99, 0]


def test_angles_are_steps_of_three_degrees_and_the_last_turns_as_the_first():
    assert degrees([0, 60, 90]).tolist() == [-180, 0, 90]
    for axis in range(3):
        first, last = ([0 if place == axis else 37 for place in range(3)], [120 if place == axis else 37 for place in range(3)])
        np.testing.assert_allclose(quaternion(first), quaternion(last), atol=1e-9)


def test_a_rotation_is_about_fixed_axes_one_after_the_other():
    for angles in ([0, 60, 90], [10, 70, 100], [61, 3, 118]):
        due = Rotation.from_euler("xyz", degrees(angles), degrees=True)

        assert (Rotation.from_quat(quaternion(angles)).inv() * due).magnitude() < 1e-7
