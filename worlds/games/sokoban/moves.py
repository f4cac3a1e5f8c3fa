"""What an action does in a room: a step, or a step that pushes one box onto free floor; else nothing."""

from worlds.games.sokoban.state import WALL, Cell, State

ACTIONS = ("Up", "Down", "Left", "Right")  # RAGEN's 1 to 4
STEPS: tuple[Cell, ...] = ((-1, 0), (1, 0), (0, -1), (0, 1))
Boxes = tuple[Cell, ...]


def push(rows: tuple[str, ...], boxes: Boxes, player: Cell, action: int) -> tuple[Boxes, Cell]:
    """Return boxes, sorted, and player after an action, 0 to 3; both as they were where it can do nothing."""
    down, right = STEPS[action]
    ahead = player[0] + down, player[1] + right
    if rows[ahead[0]][ahead[1]] == WALL:
        return boxes, player
    if ahead not in boxes:
        return boxes, ahead
    behind = ahead[0] + down, ahead[1] + right
    if rows[behind[0]][behind[1]] == WALL or behind in boxes:
        return boxes, player
    return tuple(sorted(behind if box == ahead else box for box in boxes)), ahead


def moved(state: State, action: int) -> State:
    """The state after an action, 0 to 3."""
    return State(state.rows, *push(state.rows, state.boxes, state.player, action))
