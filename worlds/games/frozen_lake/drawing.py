"""The picture of a lake from above: ice in a bank of snow, holes, the goal's flag, and the player as a penguin."""

from functools import lru_cache

import numpy as np

from worlds.games.drawing.board import Board, CellPen, checked
from worlds.games.drawing.players import draw_penguin, draw_swimmer
from worlds.games.frozen_lake.state import GOAL, HOLE, State, under
from worlds.pen import INK, WOOD, Colour, Pen, darker, lay, lighter

_MARGIN = 0.1
_SNOW: Colour = (240, 244, 248)
_SHORE: Colour = (150, 190, 216)
_ICE: tuple[Colour, Colour] = ((206, 232, 246), (193, 224, 242))
_WATER: Colour = (36, 84, 138)
_DEEP: Colour = (22, 54, 98)
_FLAG: Colour = (222, 66, 56)
_GOLD: Colour = (255, 206, 58)
_PINE: Colour = (62, 128, 92)
_PINES = ((0.04, 0.12), (0.958, 0.17), (0.042, 0.6), (0.957, 0.8), (0.3, 0.072), (0.76, 0.066))  # middle of the foot
_STONES = ((0.04, 0.36), (0.957, 0.46), (0.62, 0.956), (0.2, 0.96), (0.52, 0.04))
# a hole's rim: distances from its middle, clockwise from the right
_RIM = (1.0, 1.03, 0.97, 0.99, 1.05, 1.02, 0.96, 1.0, 1.04, 0.98, 0.96, 1.03, 1.05, 0.99, 0.95, 1.0, 1.04, 1.0, 0.97, 0.96)
_CLOTH = ((0, 0), (0.36, 0.06), (0.7, 0), (1, 0.05), (0.94, 0.19), (1, 0.35), (0.68, 0.31), (0.36, 0.38), (0, 0.32))
_CLOTH_WIDE = 0.5  # parts of a cell
_TAKEN = "*"  # a goal whose flag the player holds
_GLEAMS = (((0.16, 0.34), (0.34, 0.16)), ((0.24, 0.4), (0.32, 0.32)), ((0.62, 0.86), (0.84, 0.64)))


def draw(state: State, side_px: int) -> np.ndarray:
    """Return the picture of a state, (side, side, 3) uint8 RGB; what reads the same looks the same.

    Raises:
        InputError: the size is not from 32 to 1024.
    """
    is_won, is_wet = under(state) == GOAL, under(state) == HOLE
    rows = tuple(row.replace(GOAL, _TAKEN) for row in state.rows) if is_won else state.rows
    canvas = _lake(rows, checked(side_px)).copy()
    pen = CellPen(side_px, _board(state.rows), *state.at, reach=0.5)
    if is_wet:
        draw_swimmer(pen)
    else:
        draw_penguin(pen, cheers=is_won)
    if is_won:
        _banner(pen, 0.85, foot=0.5)
        for x, y, radius in ((0.02, 0.1, 0.1), (-0.02, 0.44, 0.07), (0.3, -0.04, 0.08), (1.02, 0.68, 0.085)):
            pen.star(darker(_GOLD, 0.25), x, y, radius * 1.3)
            pen.star(_GOLD, x, y, radius)
    pen.onto(canvas)
    return canvas


def _board(rows: tuple[str, ...]) -> Board:
    return Board(len(rows), len(rows), _MARGIN)


@lru_cache(maxsize=8)
def _lake(rows: tuple[str, ...], side_px: int) -> np.ndarray:
    """The lake without a player; not to be changed."""
    canvas = np.full((side_px, side_px, 3), _SNOW, np.uint8)
    board = _board(rows)
    _lay_bank(canvas, board)
    for row, line in enumerate(rows):
        for column, letter in enumerate(line):
            pen = CellPen(side_px, board, row, column)
            _ice(pen, _ICE[(row + column) % 2], _GLEAMS[(row * 5 + column * 3) % 3] if letter != HOLE else None)
            if letter == HOLE:
                _hole(pen)
            elif letter in (GOAL, _TAKEN):
                _mound(pen)
                if letter == GOAL:
                    _banner(pen, 0.34, foot=0.84)
            pen.onto(canvas)
    return canvas


def _lay_bank(canvas: np.ndarray, board: Board) -> None:
    """The bank with its trees and stones, and the lake's edge."""
    pen = Pen(len(canvas), (0, 0, 1, 1))
    pen.box(lighter(_SNOW, 0.7), 0, 0, 1, 1, shade=0.02)
    low, high = board.margin, 1 - board.margin
    pen.box(darker(_SNOW, 0.1), low - 0.028, low - 0.028, high + 0.028, high + 0.028, corner=0.05)
    pen.box(_SHORE, low - 0.014, low - 0.014, high + 0.014, high + 0.014, corner=0.036, shade=-0.06)
    for x, y in _STONES:
        pen.disc(INK, x + 0.004, y + 0.008, 0.024, 0.012, alpha=0.2)
        pen.disc((158, 166, 180), x, y, 0.022, 0.015, shade=0.14)
        pen.disc(_SNOW, x - 0.003, y - 0.008, 0.015, 0.006)
    for x, y in _PINES:
        _pine(pen, x, y)
    lay(canvas, pen.left, pen.top, pen.patch())


def _pine(pen: Pen, x: float, y: float) -> None:
    pen.disc(INK, x + 0.008, y + 0.012, 0.034, 0.011, alpha=0.22)
    pen.box(WOOD, x - 0.006, y - 0.004, x + 0.006, y + 0.014)
    for foot, wide, high in ((0.0, 0.036, 0.036), (-0.018, 0.029, 0.032), (-0.034, 0.021, 0.028)):
        edge, top = y + foot, y + foot - high
        pen.polygon(darker(_PINE, 0.3), [(x - wide, edge), (x + wide, edge), (x, top - 0.004)])
        pen.polygon(_PINE, [(x - wide + 0.006, edge - 0.004), (x + wide - 0.008, edge - 0.004), (x, top)], shade=0.2)
    pen.polygon(_SNOW, [(x - 0.009, y - 0.05), (x + 0.009, y - 0.05), (x, y - 0.064)])


def _ice(pen: CellPen, colour: Colour, gleam: tuple[tuple[float, float], tuple[float, float]] | None) -> None:
    pen.box(darker(colour, 0.16), 0.015, 0.015, 0.985, 0.985, corner=0.08)
    pen.box(colour, 0.015, 0.015, 0.985, 0.955, corner=0.08, shade=0.02)
    if gleam:
        pen.line(lighter(colour, 0.65), *gleam, 0.03)


def _hole(pen: CellPen) -> None:
    pen.polygon(lighter(_ICE[0], 0.75), _rim(0.44))
    pen.polygon(_SHORE, _rim(0.385))
    pen.polygon(_DEEP, _rim(0.36))
    pen.polygon(_WATER, [(x, y + 0.05) for x, y in _rim(0.31)], shade=-0.12)
    for x, y, wide in ((0.42, 0.56, 0.13), (0.6, 0.68, 0.1)):
        pen.disc(lighter(_WATER, 0.32), x, y, wide, 0.018)


def _rim(radius: float) -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * np.pi, len(_RIM), endpoint=False)
    return [(0.5 + radius * share * float(np.cos(angle)), 0.51 + 0.92 * radius * share * float(np.sin(angle)))
            for share, angle in zip(_RIM, angles)]


def _mound(pen: CellPen) -> None:
    pen.disc(INK, 0.56, 0.9, 0.36, 0.075, alpha=0.18)
    pen.disc(darker(_SNOW, 0.12), 0.5, 0.85, 0.37, 0.12)
    pen.disc(lighter(_SNOW, 0.8), 0.49, 0.83, 0.34, 0.1)


def _banner(pen: CellPen, x: float, *, foot: float) -> None:
    """The flag, its pole at x and as far down as its foot."""
    top = foot - 0.74
    pen.line(darker(WOOD, 0.25), (x, foot), (x, top), 0.06)
    for colour, by in ((darker(_FLAG, 0.35), 0.02), (_FLAG, 0.0)):
        pen.polygon(colour, [(x + 0.03 + across * _CLOTH_WIDE + by, top + 0.01 + down + by) for across, down in _CLOTH], shade=0.14)
    pen.disc(_GOLD, x, top - 0.01, 0.05)
