"""What an action does: `act(state, [x, y, z, roll, pitch, yaw, gripper])` gives the next state, and a feedback.

The gripper goes to the middle of a voxel and then opens or closes there; fingers that close within 2.5 cm of the middle of a body
take hold of it, fingers that open let it go. A place outside of the workspace or below the table cannot be reached: nothing moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worlds.minitable.catalogue import TABLE_Z
from worlds.minitable.codec import LOW, NUM_ANGLES, NUM_VOXELS, VOXEL_M, decode, degrees
from worlds.minitable.physics import moved
from worlds.minitable.state import State

DONE, INVALID = "Last action was successful.", "Last action is invalid."
LIMITS = (NUM_VOXELS, NUM_VOXELS, NUM_VOXELS, NUM_ANGLES - 1, NUM_ANGLES - 1, NUM_ANGLES - 1, 1)  # the largest of each number
DOWN = (0, 60)  # roll and pitch of fingers that point down, as most logs have them
YAW = 90  # the step of a yaw with one finger to the left and one to the right


@dataclass(frozen=True)
class Outcome:
    """The state after an action, whether the gripper got there, and what the agent is told."""

    state: State
    ok: bool
    feedback: str


def act(state: State, action: Sequence[int], *, strict: bool = False) -> Outcome:
    """Do one action.

    Args:
        strict: whether the fingers take hold of a body only along its sides.
    """
    if reason := refusal(action):
        return Outcome(state, False, f"{INVALID} {reason}")
    x, y, z, _, _, yaw, gripper = (int(number) for number in action)
    after = moved(state, decode([x, y, z]), float(degrees([yaw])[0]), is_open=gripper == 1, strict=strict)
    return Outcome(after, True, DONE)


def refusal(action: Sequence[int]) -> str:
    """Why an action cannot be done; "" where it can."""
    if len(action) != len(LIMITS):
        return f"An action is 7 numbers [x, y, z, roll, pitch, yaw, gripper]; these are {len(action)}."
    for number, limit in zip(action, LIMITS):
        if int(number) != number or not 0 <= number <= limit:
            return f"The action has a {str(number)[:20]}; there a whole number from 0 to {limit} is needed."
    position = decode([int(number) for number in action[:3]])
    if (position > LOW + NUM_VOXELS * VOXEL_M).any():
        return "The gripper cannot reach this place. It is outside of the workspace."
    if position[2] < TABLE_Z - 1e-9:
        return "The gripper cannot reach this place. It is below the table."
    return ""


def random_action(generator: np.random.Generator) -> list[int]:
    """Somewhere above the table with an open gripper: what EmbodiedBench does with a reply that cannot be read."""
    low = (0, 0, int(np.ceil((TABLE_Z - LOW[2]) / VOXEL_M)), 0, 0, 0)
    high = (*(NUM_VOXELS - 1,) * 3, *(NUM_ANGLES - 1,) * 3)
    return [int(generator.integers(least, most + 1)) for least, most in zip(low, high)] + [1]
