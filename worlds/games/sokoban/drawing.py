"""The picture of a room from above: thick walls, a floor of oak, targets painted on it, crates, and the player as a robot.

A crate on a target turns green and has a tick, so that the two are told apart without colour too.
"""

from functools import lru_cache

import numpy as np

from worlds.games.drawing.board import Board, CellPen, checked
from worlds.games.drawing.players import draw_robot
from worlds.games.sokoban.state import TARGET, WALL, State
from worlds.kit import FLOORS, WALLS
from worlds.pen import CREAM, INK, Colour, darker, lighter

_OAK: Colour = FLOORS["oak"]
_PLASTER: Colour = WALLS["mint"]
_GROUND: Colour = (236, 230, 218)  # around a room that is not square
_CRATE: Colour = (218, 160, 88)
_DONE: Colour = (104, 176, 98)
_MARK: Colour = (214, 78, 62)
_FRONT = 0.7  # from here down a wall shows its front, where no wall stands below it


def draw(state: State, side_px: int) -> np.ndarray:
    """Return the picture of a state, (side, side, 3) uint8 RGB; a room that is not square lies in the middle.

    Raises:
        InputError: the size is not from 32 to 1024.
    """
    canvas = _room(state.rows, checked(side_px)).copy()
    board = _board(state.rows)
    for cell in sorted({*state.boxes, state.player}):  # from the back to the front
        pen = CellPen(side_px, board, *cell)
        if cell == state.player:
            draw_robot(pen)
        else:
            _crate(pen, is_done=state.rows[cell[0]][cell[1]] == TARGET)
        pen.onto(canvas)
    return canvas


def _board(rows: tuple[str, ...]) -> Board:
    return Board(len(rows), len(rows[0]), 0.0)


@lru_cache(maxsize=8)
def _room(rows: tuple[str, ...], side_px: int) -> np.ndarray:
    """The room without boxes and player; not to be changed."""
    canvas = np.full((side_px, side_px, 3), _GROUND, np.uint8)
    board = _board(rows)
    for row, line in enumerate(rows):
        for column, what in enumerate(line):
            pen = CellPen(side_px, board, row, column, reach=0.02)
            if what == WALL:
                _wall(pen, is_front=row + 1 < len(rows) and rows[row + 1][column] != WALL)
            else:
                _floor(pen, row, has_wall_above=rows[row - 1][column] == WALL, has_wall_left=line[column - 1] == WALL)
                if what == TARGET:
                    _target(pen)
            pen.onto(canvas)
    return canvas


def _wall(pen: CellPen, *, is_front: bool) -> None:
    pen.box(darker(_PLASTER, 0.32), 0, 0, 1, 1)
    foot = _FRONT if is_front else 1.0
    pen.box(darker(_PLASTER, 0.14), 0.015, 0.015, 0.985, foot - 0.015, corner=0.07)
    pen.box(lighter(_PLASTER, 0.18), 0.015, 0.015, 0.955, foot - 0.055, corner=0.07)
    pen.box(_PLASTER, 0.055, 0.055, 0.955, foot - 0.055, corner=0.05, shade=0.02)
    if is_front:
        pen.box(darker(_PLASTER, 0.24), 0, _FRONT, 1, 1, shade=0.06)
        pen.box(CREAM, 0, 0.93, 1, 1)


def _floor(pen: CellPen, row: int, *, has_wall_above: bool, has_wall_left: bool) -> None:
    for board in range(2):
        y = 0.5 * board
        pen.box(lighter(_OAK, 0.3) if board else lighter(_OAK, 0.2), 0, y, 1, y + 0.5)
        x = (0.32, 0.72)[(row + board) % 2]
        pen.box(_OAK, x, y, x + 0.014, y + 0.5)
        pen.box(_OAK, 0, y, 1, y + 0.014)
    for x1, y1, x2, y2 in ((0, 0, 1, 0.02), (0, 0, 0.02, 1)):  # cells can be counted
        pen.box(darker(_OAK, 0.22), x1, y1, x2, y2, alpha=0.7)
    if has_wall_above:
        pen.box(INK, 0, 0, 1, 0.1, alpha=0.16)
    if has_wall_left:  # the light comes from the upper left
        pen.box(INK, 0, 0, 0.1, 1, alpha=0.16)


def _target(pen: CellPen) -> None:
    """A square to put a crate on, whose border shows around whoever stands there."""
    pen.box(_MARK, 0.05, 0.05, 0.97, 0.97, corner=0.16)
    pen.box(lighter(_OAK, 0.55), 0.125, 0.125, 0.895, 0.895, corner=0.1)
    pen.disc(_MARK, 0.51, 0.51, 0.2)
    pen.disc(lighter(_OAK, 0.55), 0.51, 0.51, 0.1)


def _crate(pen: CellPen, *, is_done: bool) -> None:
    wood = _DONE if is_done else _CRATE
    pen.box(INK, 0.13, 0.2, 1.0, 0.97, corner=0.08, alpha=0.24)
    pen.box(wood, 0.11, 0.05, 0.91, 0.92, corner=0.05, edge=0.02)
    pen.box(darker(wood, 0.22), 0.11, 0.66, 0.91, 0.92, corner=0.04, shade=0.08)  # the front, in the shade
    pen.box(darker(wood, 0.4), 0.11, 0.655, 0.91, 0.68)
    for y in (0.77, 0.85):
        pen.box(darker(wood, 0.36), 0.11, y, 0.91, y + 0.014)
    pen.box(darker(wood, 0.3), 0.18, 0.14, 0.82, 0.575, corner=0.02)
    pen.box(lighter(wood, 0.18), 0.195, 0.155, 0.805, 0.56, corner=0.02, shade=0.04)
    if is_done:
        pen.line(CREAM, (0.34, 0.36), (0.46, 0.47), 0.09)
        pen.line(CREAM, (0.46, 0.47), (0.67, 0.24), 0.09)
    else:
        for y in (0.29, 0.42):
            pen.box(darker(wood, 0.24), 0.195, y, 0.805, y + 0.016)
        pen.line(wood, (0.24, 0.21), (0.76, 0.51), 0.1)
