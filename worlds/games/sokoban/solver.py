"""The fewest actions that solve a room, by breadth-first search over player and boxes."""

from collections import deque
from functools import lru_cache

from worlds.games.sokoban.moves import Boxes, push
from worlds.games.sokoban.state import Cell, State, targets

_At = tuple[Boxes, Cell]


@lru_cache(maxsize=4096)
def solve(state: State) -> tuple[int, ...] | None:
    """The shortest actions, each 0 to 3, that bring every box to a target; () where it is so, None where it cannot be any more."""
    goals = targets(state.rows)
    start: _At = state.boxes, state.player
    came: dict[_At, tuple[_At, int] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if goals.issuperset(here[0]):
            return _way(came, here)
        for action in range(4):
            after = push(state.rows, *here, action)
            if after not in came:
                came[after] = here, action
                waiting.append(after)
    return None


def _way(came: dict[_At, tuple[_At, int] | None], here: _At) -> tuple[int, ...]:
    actions: list[int] = []
    while (step := came[here]) is not None:
        here, action = step
        actions.append(action)
    return tuple(reversed(actions))
