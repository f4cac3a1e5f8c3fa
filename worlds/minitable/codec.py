"""EB-Manipulation's actions as numbers: voxels of the workspace and steps of an angle (EmbodiedBench, eb_man_utils.py).

An action is [x, y, z, roll, pitch, yaw, gripper]. A position is one of 100 voxels of 1 cm on each axis, an angle one of 121 steps
of 3 degrees, of which the last is the first again. The gripper is 0 (closed) or 1 (open).
"""

from collections.abc import Sequence

import numpy as np

LOW = np.array([-0.3, -0.5, 0.6])  # metres; the workspace is a cube of one metre
NUM_VOXELS = 100  # per axis
VOXEL_M = 0.01
DEGREES = 3  # of one step of an angle
NUM_ANGLES = 121  # 0 to 120; 120 turns as 0 does


def decode(voxels: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the centres of voxels, (..., 3) in metres; index 100, which is prompted, lies half a voxel outside the workspace."""
    return LOW + VOXEL_M * np.asarray(voxels, float) + VOXEL_M / 2


def encode(positions_m: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the voxels of positions, (..., 3) whole numbers 0..99; what lies outside is put into the outermost voxel."""
    voxels = np.floor((np.asarray(positions_m, float) - LOW) / VOXEL_M + 1e-9)  # 1e-9: a voxel's own edge belongs to it
    return np.clip(voxels, 0, NUM_VOXELS - 1).astype(int)


def degrees(angles: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return roll, pitch and yaw in degrees, -180 to 180, of steps 0..120."""
    return DEGREES * np.asarray(angles, float) - 180


def quaternion(angles: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the rotation of three steps, (4,) x y z w of length 1: about the fixed axes x, then y, then z.

    A rotation has two quaternions of opposite sign; returned is the one whose last entry that is not 0 is positive.
    """
    halves = np.radians(degrees(angles)) / 2
    (sin_r, sin_p, sin_y), (cos_r, cos_p, cos_y) = np.sin(halves), np.cos(halves)
    turned = np.array([sin_r * cos_p * cos_y - cos_r * sin_p * sin_y, cos_r * sin_p * cos_y + sin_r * cos_p * sin_y,
                       cos_r * cos_p * sin_y - sin_r * sin_p * cos_y, cos_r * cos_p * cos_y + sin_r * sin_p * sin_y])
    last = turned[np.abs(turned) > 1e-9][-1]
    return turned if last > 0 else -turned
