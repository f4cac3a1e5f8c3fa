"""What the random and the best policy reach in a room with so many actions: exact.

The random policy's states are followed forwards: after every action, how likely each of them is.
"""

import numpy as np

from worlds.games.sokoban.moves import push
from worlds.games.sokoban.solver import solve
from worlds.games.sokoban.state import State, targets


def random_success(state: State, left: int) -> float:
    """The chance that so many actions, drawn evenly, solve the room on the way, 0..1."""
    after, is_solved = _reachable(state, left)
    chances: np.ndarray = np.eye(1, len(after))[0]
    for _ in range(left):
        chances = np.bincount(after.ravel(), weights=np.repeat(chances / 4, 4), minlength=len(after))
    return float(chances[is_solved].sum())


def optimal_success(state: State, left: int) -> float:
    """1 where so many actions can solve the room, else 0."""
    actions = solve(state)
    return float(actions is not None and len(actions) <= left)


def _reachable(state: State, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """What so many actions can lead to, the state itself first: where each action leads, (states, 4), and whether it is solved,
    (states,). A solved room stays, and so does what is reached last, from where nothing is done any more."""
    goals = targets(state.rows)
    numbers = {(state.boxes, state.player): 0}
    edge = list(numbers)
    after: list[list[int]] = []
    for _ in range(depth):
        begun = len(numbers)
        for here in edge:
            is_solved = goals.issuperset(here[0])
            ways = [here if is_solved else push(state.rows, *here, action) for action in range(4)]
            after.append([numbers.setdefault(way, len(numbers)) for way in ways])
        edge = list(numbers)[begun:]
    after += [[number] * 4 for number in range(len(after), len(numbers))]
    return np.array(after), np.array([goals.issuperset(boxes) for boxes, _ in numbers])
