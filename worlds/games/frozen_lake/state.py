"""The state of a lake: its map, and where the player is.

A map is written in gymnasium's letters: S start, F frozen, H hole, G goal. RAGEN's text tells the start from no other ice.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, with_config

from worlds.games.states import STRICT, Codec

START, FROZEN, HOLE, GOAL = "SFHG"
LEAST, MOST = 2, 8  # cells on a side
SYMBOLS = {"P": "player", "_": "ice", "O": "hole", "G": "goal", "X": "player in a hole", "√": "player at the goal"}
_SHOWN = {START: "_", FROZEN: "_", HOLE: "O", GOAL: "G"}
_STEPS = ((0, -1), (1, 0), (0, 1), (-1, 0))
_Index = Annotated[int, Field(strict=True, ge=0, lt=MOST)]
_Row = Annotated[str, Field(strict=True, min_length=LEAST, max_length=MOST)]
Cell = tuple[_Index, _Index]  # row and column, from the upper left


@with_config(STRICT)
@dataclass(frozen=True)
class State:
    """Everything that an action or a picture reads.

    Attributes:
        rows: of the map, from the top; it is square.
        at: where the player is.
    """

    rows: Annotated[tuple[_Row, ...], Field(min_length=LEAST, max_length=MOST)]
    at: Cell


def under(state: State) -> str:
    """The letter of the cell that the player is on."""
    return state.rows[state.at[0]][state.at[1]]


def find(rows: tuple[str, ...], letter: str) -> Cell:
    """The first cell of a letter that is there."""
    row = next(index for index, each in enumerate(rows) if letter in each)
    return row, rows[row].index(letter)


def has_way(rows: tuple[str, ...]) -> bool:
    """Whether one gets from the start to the goal without a hole."""
    seen, edge = {find(rows, START)}, [find(rows, START)]
    while edge:
        row, column = edge.pop()
        for down, right in _STEPS:
            cell = row + down, column + right
            if cell not in seen and all(0 <= index < len(rows) for index in cell) and rows[cell[0]][cell[1]] != HOLE:
                seen.add(cell)
                edge.append(cell)
    return find(rows, GOAL) in seen


def written(state: State) -> str:
    """The state as RAGEN writes it: a line for each row, without separators."""
    lines = [[_SHOWN[letter] for letter in row] for row in state.rows]
    row, column = state.at
    lines[row][column] = {HOLE: "X", GOAL: "√"}.get(under(state), "P")
    return "\n".join("".join(line) for line in lines)


def _fits(state: State) -> str:
    rows, letters = state.rows, "".join(state.rows)
    if any(len(row) != len(rows) for row in rows):
        return f"This map of a frozen lake has rows of different lengths. It is square, {LEAST} to {MOST} cells on a side."
    if set(letters) - set(_SHOWN) or letters.count(START) != 1 or letters.count(GOAL) != 1:
        return "This map of a frozen lake cannot be read. It has one S (start), one G (goal), and F (ice) or H (hole) elsewhere."
    if not has_way(rows):
        return "On this map of a frozen lake no way leads from the start to the goal. There must be one without a hole."
    if max(state.at) >= len(rows):
        return f"The player stands beside this frozen lake. Rows and columns are numbered 0 to {len(rows) - 1}."
    return ""


CODEC = Codec(State, "the frozen lake", _fits)
