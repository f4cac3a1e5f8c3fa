"""Where an action leads on a map, and how likely: gymnasium's own table of FrozenLakeEnv.

A step goes where it is meant with the success rate, and to either side with half of the rest; what would leave the lake stays.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv

ACTIONS = ("Left", "Down", "Right", "Up")  # gymnasium's 0 to 3, RAGEN's 1 to 4
SLIPPERY = 1 / 3  # gymnasium's; RAGEN-2 has 0.8 and 1


@lru_cache(maxsize=256)  # of 8 x 8 cells: 33 MB
def transitions(rows: tuple[str, ...], success_rate: float) -> np.ndarray:
    """Return the chance of every cell after an action, (cells, actions, cells) 0..1, not to be changed; holes and goal stay.

    Args:
        success_rate: chance that a step goes where it is meant.
    """
    found = np.zeros((len(rows) ** 2, len(ACTIONS), len(rows) ** 2))
    for cell, per_action in _lake(rows, success_rate).items():
        for action, ways in per_action.items():
            for chance, after, _, _ in ways:
                found[cell, action, after] += chance
    found.flags.writeable = False
    return found


@lru_cache(maxsize=256)
def ways(rows: tuple[str, ...], success_rate: float) -> list[list[tuple[np.ndarray, list[int]]]]:
    """Return, by cell and action, the ways that a step can go as gymnasium lists them: chances added up, (ways,), and cells."""
    return [[(np.cumsum([way[0] for way in per_action[action]]), [int(way[1]) for way in per_action[action]])
             for action in range(len(ACTIONS))] for per_action in _lake(rows, success_rate).values()]


def after(rows: tuple[str, ...], cell: int, action: int, *, success_rate: float, drawn: float) -> int:
    """Return the cell in which a step ends.

    Args:
        cell: counted row by row.
        action: 0 to 3.
        drawn: what chance has drawn, evenly from 0 to 1.
    """
    chances, cells = ways(rows, success_rate)[cell][action]
    return cells[int(np.argmax(chances > drawn))]  # as gymnasium draws it


def _lake(rows: Sequence[str], success_rate: float) -> dict[int, dict[int, list[tuple[float, int, float, bool]]]]:
    if not 0 <= success_rate <= 1:
        raise ValueError(f"the success rate is {success_rate}; it must lie between 0 and 1")
    table: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = FrozenLakeEnv(desc=list(rows), success_rate=success_rate).P
    return table
