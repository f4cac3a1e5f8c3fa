"""The state of a room: what stands fast, where the boxes are, and the player. Written with RAGEN's symbols, of which there are two
sets: the usual one and the one on which generalisation is tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, with_config

from worlds.games.states import STRICT, Codec

WALL, FLOOR, TARGET = "#_O"
LEAST, MOST = 3, 8  # cells on a side
MAX_BOXES = 2  # with 8 x 8 cells the solver meets 22,000 states at most
_Index = Annotated[int, Field(strict=True, ge=0, lt=MOST)]
_Row = Annotated[str, Field(strict=True, min_length=LEAST, max_length=MOST)]
Cell = tuple[_Index, _Index]  # row and column, from the upper left

_MEANINGS = ("wall", "floor", "target", "box", "box on a target", "player", "player on a target")
SYMBOLS: Mapping[str, str] = dict(zip("#_OX√PS", _MEANINGS))
OTHER_SYMBOLS: Mapping[str, str] = dict(zip("W.GBCA@", _MEANINGS))


@with_config(STRICT)
@dataclass(frozen=True)
class State:
    """Everything that an action or a picture reads.

    Attributes:
        rows: walls, floor and targets, from the top, all as long as one another.
        boxes: where they are, sorted.
        player: where the player is.
    """

    rows: Annotated[tuple[_Row, ...], Field(min_length=LEAST, max_length=MOST)]
    boxes: Annotated[tuple[Cell, ...], Field(min_length=1, max_length=MAX_BOXES)]
    player: Cell


def targets(rows: tuple[str, ...]) -> frozenset[Cell]:
    """The cells that boxes shall stand on."""
    return frozenset((row, column) for row, line in enumerate(rows) for column, what in enumerate(line) if what == TARGET)


def on_targets(state: State) -> int:
    """How many boxes stand where they shall."""
    return sum(state.rows[row][column] == TARGET for row, column in state.boxes)


def is_solved(state: State) -> bool:
    """Whether all boxes stand where they shall."""
    return on_targets(state) == len(state.boxes)


def written(state: State, symbols: Mapping[str, str] = SYMBOLS) -> str:
    """The state as RAGEN writes it: a line for each row, without separators."""
    wall, floor, target, box, box_on, player, player_on = symbols
    plain = {WALL: wall, FLOOR: floor, TARGET: target}
    lines = [[plain[what] for what in row] for row in state.rows]
    for row, column in state.boxes:
        lines[row][column] = box_on if state.rows[row][column] == TARGET else box
    row, column = state.player
    lines[row][column] = player_on if state.rows[row][column] == TARGET else player
    return "\n".join("".join(line) for line in lines)


def _fits(state: State) -> str:
    rows = state.rows
    if len({len(row) for row in rows}) > 1 or set("".join(rows)) - {WALL, FLOOR, TARGET}:
        return f"This Sokoban room cannot be read. Its rows are of one length and have {WALL} wall, {FLOOR} floor, {TARGET} target."
    border = rows[0] + rows[-1] + "".join(row[0] + row[-1] for row in rows)
    if set(border) != {WALL}:
        return "This Sokoban room is open to the outside. Its border must be wall."
    if list(state.boxes) != sorted(set(state.boxes)) or len(targets(rows)) != len(state.boxes):
        return "The boxes of this Sokoban room do not fit. They are sorted, each in a cell of its own, with a target for each."
    cells = (*state.boxes, state.player)
    if len(set(cells)) != len(cells) or any(row >= len(rows) or column >= len(rows[0]) or rows[row][column] == WALL
                                            for row, column in cells):
        return "Somebody or something of this Sokoban room is in a wall, a box or outside. All stand on floor of their own."
    return ""


CODEC = Codec(State, "Sokoban", _fits)
