"""What the best and the random policy reach on a lake with so many actions: exact, by dynamic programming backwards.

    V_0(s) = [s is the goal],   V_k(s) = max_a sum_s' P(s' | s, a) V_k-1(s')

The random policy has the mean over actions in place of the largest. The best policy looks at every state it gets into.
"""

from functools import lru_cache

import numpy as np

from worlds.games.frozen_lake.state import GOAL, HOLE, State, find, under
from worlds.games.frozen_lake.table import transitions

_SAME = 1e-9  # chances that differ by less are equal


def optimal_success(state: State, left: int, *, success_rate: float) -> float:
    """The largest chance to reach the goal from a state with so many actions, 0..1."""
    return float(_optimum(state.rows, left, success_rate)[-1][_cell(state)])


def random_success(state: State, left: int, *, success_rate: float) -> float:
    """The chance to reach the goal from a state with so many actions that are drawn evenly, 0..1."""
    table, value = transitions(state.rows, success_rate), _reached(state.rows)
    for _ in range(left):
        value = (table @ value).mean(axis=1)  # (cells, actions) -> (cells,)
    return float(value[_cell(state)])


def best_action(state: State, left: int, *, success_rate: float) -> int:
    """The action, 0 to 3, with the largest chance to reach the goal; of equal ones that which reaches it sooner.

    Raises:
        ValueError: nothing more can be done.
    """
    if under(state) in (HOLE, GOAL) or left < 1:
        raise ValueError("there is no best action where the game is over")
    table, values = transitions(state.rows, success_rate), _optimum(state.rows, left, success_rate)
    with_budget = np.stack([table[_cell(state)] @ value for value in values[:left]])  # (budgets, actions): actions left 1 to `left`
    best = with_budget[-1] > with_budget[-1].max() - _SAME
    # sooner: the sum over smaller budgets counts each episode once for every action that it spares
    return int(np.argmax(np.where(best, with_budget.sum(axis=0), -1)))


@lru_cache(maxsize=1024)
def _optimum(rows: tuple[str, ...], left: int, success_rate: float) -> list[np.ndarray]:
    """The chances under the best policy with 0 to `left` actions, each (cells,)."""
    table, values = transitions(rows, success_rate), [_reached(rows)]
    for _ in range(left):
        values.append((table @ values[-1]).max(axis=1))
    return values


def _reached(rows: tuple[str, ...]) -> np.ndarray:
    goal = np.zeros(len(rows) ** 2)
    row, column = find(rows, GOAL)
    goal[row * len(rows) + column] = 1
    return goal


def _cell(state: State) -> int:
    return state.at[0] * len(state.rows) + state.at[1]


