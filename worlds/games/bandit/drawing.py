"""The picture of a bandit: its two arms as slot machines in a friendly room, the first of the list on the left.

Nothing but the names tells the machines apart in kind: which is the high one is not seen. After the pull its lever is down, its
reels and its tray show what it paid, and the other machine has gone dark.
"""

from functools import lru_cache
from typing import Literal

import numpy as np

from worlds.games.bandit.payouts import HIGH
from worlds.games.bandit.state import State
from worlds.games.drawing.board import Board, CellPen, Patch, checked
from worlds.games.drawing.letters import write
from worlds.kit import draw_room
from worlds.pen import CREAM, INK, STEEL, Colour, darker, lay, lighter

Prize = Literal["much", "little", "nothing"]
_BODIES: tuple[Colour, Colour] = ((214, 92, 78), (78, 128, 204))
_GOLD: Colour = (255, 206, 58)
_BULB_OFF: Colour = (188, 170, 132)
_SCREEN: Colour = (44, 40, 58)
_BOARD = Board(1, 2, 0.03)  # a cell for each machine
_ROW = 0.1  # cells that the machines stand lower than the middle
_HORIZON = 0.76
_REELS = (0.25, 0.46, 0.67)  # their middles
_COINS = ((0.46, 0.915), (0.31, 0.91), (0.61, 0.91), (0.385, 0.915), (0.535, 0.915), (0.35, 0.85), (0.5, 0.85), (0.57, 0.855),
          (0.42, 0.845), (0.46, 0.79))
_SIGN, _DISPLAY = -0.25, 0.565  # heights of the middles of what is written on, in cells
_MIDDLE = 0.46  # of a machine; its lever is on the right


def draw(state: State, side_px: int) -> np.ndarray:
    """Return the picture of a state, (side, side, 3) uint8 RGB.

    Raises:
        InputError: the size is not from 32 to 1024.
    """
    canvas = _room(checked(side_px)).copy()
    for column, arm in enumerate(state.arms):
        paid = state.paid if arm == state.pulled else None
        lay(canvas, *_machine(side_px, column, is_dark=state.pulled not in (None, arm), prize=_prize(paid)))
        for text, y, room, colour in (
            (arm, _SIGN, (0.66, 0.17), INK),
            ("" if paid is None else f"{paid:g}", _DISPLAY, (0.5, 0.13), _GOLD),
        ):
            x, top = _BOARD.corner(_ROW, column)
            write(canvas, text, middle=(x + _MIDDLE * _BOARD.unit, top + y * _BOARD.unit),
                  room=(room[0] * _BOARD.unit, room[1] * _BOARD.unit), colour=colour)
    return canvas


@lru_cache(maxsize=8)
def _room(side_px: int) -> np.ndarray:
    """The room without machines; not to be changed."""
    return draw_room(side_px, wall="lilac", floor="walnut", horizon=_HORIZON, rug="orange")


def _prize(paid: float | None) -> Prize | None:
    if paid is None:
        return None
    return "much" if paid == HIGH else "little" if paid else "nothing"


@lru_cache(maxsize=32)
def _machine(side_px: int, column: int, *, is_dark: bool, prize: Prize | None) -> Patch:
    """One machine, not to be changed."""
    pen = CellPen(side_px, _BOARD, _ROW, column, reach=0.5)
    body = darker(_BODIES[column], 0.42) if is_dark else _BODIES[column]
    pen.disc(INK, 0.52, 1.19, 0.5, 0.07, alpha=0.3)
    _lever(pen, is_down=prize is not None)
    pen.box(darker(body, 0.4), 0.06, 1.06, 0.86, 1.19, corner=0.04)
    pen.box(body, 0.1, -0.14, 0.82, 1.1, corner=0.07, shade=0.08, edge=0.02)
    pen.box(lighter(body, 0.22), 0.14, -0.1, 0.78, 0.46, corner=0.05)
    _reels(pen, is_dark=is_dark, prize=prize)
    pen.box(darker(body, 0.45), 0.2, 0.49, 0.72, 0.64, corner=0.04)
    pen.box(_SCREEN, 0.215, 0.505, 0.705, 0.625, corner=0.03)
    pen.box(darker(body, 0.45), 0.2, 0.72, 0.72, 1.0, corner=0.05)
    pen.box(darker(_SCREEN, 0.3), 0.225, 0.745, 0.695, 0.975, corner=0.04)
    for x, y in _COINS[: {"much": None, "little": 1}.get(prize or "", 0)]:
        _coin(pen, x, y, 0.06)
    _sign(pen, is_dark=is_dark)
    if prize == "much":
        for x, y, radius in ((0.0, -0.06, 0.1), (0.93, -0.08, 0.08), (-0.02, 0.62, 0.075), (0.03, 0.24, 0.06)):
            pen.star(darker(_GOLD, 0.3), x, y, radius * 1.3)
            pen.star(_GOLD, x, y, radius)
    return pen.patch()


def _sign(pen: CellPen, *, is_dark: bool) -> None:
    pen.box(darker(_GOLD, 0.35), 0.02, -0.42, 0.9, -0.08, corner=0.08, edge=0.015)
    pen.box(darker(CREAM, 0.3) if is_dark else CREAM, 0.08, -0.36, 0.84, -0.14, corner=0.04)
    bulb = _BULB_OFF if is_dark else lighter(_GOLD, 0.35)
    for x in np.linspace(0.08, 0.84, 9):
        for y in (-0.39, -0.11):
            pen.disc(bulb, float(x), y, 0.018)


def _reels(pen: CellPen, *, is_dark: bool, prize: Prize | None) -> None:
    pen.box(INK, 0.13, 0.0, 0.79, 0.42, corner=0.05)
    paper = darker(CREAM, 0.4) if is_dark else CREAM
    for index, x in enumerate(_REELS):
        pen.box(paper, x - 0.092, 0.03, x + 0.092, 0.39, corner=0.03)
        if prize is None:
            _question(pen, x, darker(STEEL, 0.45 if is_dark else 0.15), paper)
        elif prize == "much":
            pen.star(darker(_GOLD, 0.3), x, 0.215, 0.105)
            pen.star(_GOLD, x, 0.215, 0.085)
        elif prize == "little":
            _coin(pen, x, 0.21, 0.07)
        else:
            _blank(pen, x, index)


def _question(pen: CellPen, x: float, colour: Colour, paper: Colour) -> None:
    pen.disc(colour, x, 0.16, 0.058, 0.065)
    pen.disc(paper, x, 0.165, 0.028, 0.034)
    pen.box(paper, x - 0.07, 0.165, x - 0.004, 0.24)
    pen.line(colour, (x + 0.002, 0.21), (x + 0.002, 0.245), 0.03)
    pen.disc(colour, x + 0.002, 0.3, 0.019)


def _blank(pen: CellPen, x: float, index: int) -> None:
    """Three that do not match."""
    if index == 0:
        pen.polygon((96, 152, 206), [(x, 0.13), (x + 0.065, 0.21), (x, 0.29), (x - 0.065, 0.21)], shade=0.12)
    elif index == 1:
        pen.disc((206, 88, 118), x, 0.21, 0.068, shade=0.12)
    else:
        pen.polygon((92, 160, 104), [(x, 0.13), (x + 0.075, 0.28), (x - 0.075, 0.28)], shade=0.12)


def _lever(pen: CellPen, *, is_down: bool) -> None:
    end = (0.96, 0.68) if is_down else (0.97, 0.12)
    pen.line(darker(STEEL, 0.45), (0.83, 0.42), (0.92, 0.42), 0.09)
    pen.line(darker(STEEL, 0.15), (0.91, 0.42), end, 0.045)
    pen.disc(darker((236, 126, 58), 0.3), *end, 0.075)
    pen.disc((236, 126, 58), *end, 0.063, shade=0.16)


def _coin(pen: CellPen, x: float, y: float, radius: float) -> None:
    pen.disc(darker(_GOLD, 0.4), x, y, radius)
    pen.disc(_GOLD, x, y - 0.006, 0.84 * radius, shade=0.08)
    pen.disc(darker(_GOLD, 0.18), x, y - 0.006, 0.5 * radius)
