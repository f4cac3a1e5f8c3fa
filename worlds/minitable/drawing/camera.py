"""The front camera: it stands before the table at the side of high x and looks at its far edge, y to the right, z up.

It is aimed so that the far left corner of the workspace, voxel (0, 0), lies where EmbodiedBench draws its axis cross: pixel (62,
239) of 500.
"""

import numpy as np

from worlds.minitable.catalogue import TABLE_Z
from worlds.minitable.codec import LOW

EYE = np.array([1.9, 0.0, 1.75])  # metres
CROSS = (62 / 500, 239 / 500)  # parts of the picture's side, from the left and the top


def _aim() -> tuple[float, float]:
    """Angle below the horizon and focal length, in sides of the picture, that put the corner where the cross is."""
    away = np.array([LOW[0], LOW[1], TABLE_Z]) - EYE
    up_per_side = (0.5 - CROSS[1]) / (0.5 - CROSS[0]) * abs(away[1])  # how far the corner is above the axis of the lens
    far = float(np.hypot(away[0], away[2]))
    angle = float(np.arctan2(-away[2], -away[0]) + np.arcsin(up_per_side / far))
    depth = -away[0] * np.cos(angle) - away[2] * np.sin(angle)
    return angle, float((0.5 - CROSS[0]) / abs(away[1]) * depth)


ANGLE, FOCAL = _aim()
AXES = np.array([[0.0, 1.0, 0.0], [np.sin(ANGLE), 0.0, -np.cos(ANGLE)], [-np.cos(ANGLE), 0.0, -np.sin(ANGLE)]])  # right, down, ahead


def seen(points_m: np.ndarray) -> np.ndarray:
    """Points as the camera has them: (..., 3) metres to the right, down and ahead."""
    return (np.asarray(points_m, float) - EYE) @ AXES.T


def projected(points_m: np.ndarray) -> np.ndarray:
    """Where points are in the picture, (..., 2) parts of its side from the left and the top."""
    away = seen(points_m)
    return FOCAL * away[..., :2] / away[..., 2:] + 0.5
