"""Draws a lake for a seed, and takes one from outside.

Cells are frozen one by one by chance, start and goal are two of all cells, and what has no way between them is drawn again.
"""

import numpy as np

from worlds.games.frozen_lake.state import CODEC, FROZEN, GOAL, HOLE, LEAST, MOST, START, State, find, has_way

SIDE = 4  # cells; 8 is the larger one
FROZEN_SHARE = 0.8  # of a cell to be ice; RAGEN-2 has 0.9
_ATTEMPTS = 10_000  # of 8 x 8 cells that are ice every other time, one map in twenty has a way


def draw_lake(seed: int | list[int], *, side: int = SIDE, frozen: float = FROZEN_SHARE) -> State:
    """Return the lake of a seed with the player at the start.

    Args:
        side: cells on a side.
        frozen: chance of a cell to be ice.
    Raises:
        ValueError: there is no such lake.
    """
    if not LEAST <= side <= MOST:
        raise ValueError(f"a lake of {side} cells on a side cannot be drawn; it has {LEAST} to {MOST}")
    if not 0 <= frozen <= 1:
        raise ValueError(f"ice has the chance {frozen}; it must lie between 0 and 1")
    generator = np.random.default_rng(seed)
    for _ in range(_ATTEMPTS):
        letters = np.where(generator.random((side, side)) < frozen, FROZEN, HOLE)
        start, goal = generator.choice(side * side, 2, replace=False)
        letters.flat[start], letters.flat[goal] = START, GOAL
        rows = tuple("".join(row) for row in letters)
        if has_way(rows):
            return State(rows, find(rows, START))
    raise RuntimeError(f"no lake with a way was found for seed {seed} in {_ATTEMPTS} attempts")


def read_map(rows: list[str] | tuple[str, ...]) -> State:
    """A lake from outside, of S, F, H and G, with the player at the start.

    Raises:
        InputError: it is no map, or no way leads from the start to the goal.
    """
    state = CODEC.read({"rows": rows, "at": (0, 0)})
    return State(state.rows, find(state.rows, START))
