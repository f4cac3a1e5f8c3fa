"""Who plays: a penguin on the ice, a robot in the store room. Each fills one cell and stands in its middle."""

from worlds.games.drawing.board import CellPen
from worlds.pen import CREAM, INK, STEEL, Colour, darker, lighter

ORANGE: Colour = (240, 138, 46)
_COAT: Colour = (52, 62, 92)
_BELLY: Colour = (252, 250, 246)
_METAL: Colour = (150, 166, 186)
_SCREEN: Colour = (38, 46, 66)
_EYES: Colour = (120, 232, 226)


def draw_penguin(pen: CellPen, *, cheers: bool = False) -> None:
    """Draw the penguin, its wings up where it cheers."""
    pen.disc(INK, 0.53, 0.9, 0.3, 0.07, alpha=0.28)
    for x in (0.39, 0.61):
        pen.disc(darker(ORANGE, 0.12), x, 0.875, 0.12, 0.055)
    for side in (-1, 1):
        if cheers:
            pen.disc(darker(_COAT, 0.25), 0.5 + side * 0.31, 0.4, 0.08, 0.2, tilt=side * 36)
        else:
            pen.disc(darker(_COAT, 0.25), 0.5 + side * 0.27, 0.6, 0.075, 0.2, tilt=-side * 20)
    pen.disc(darker(_COAT, 0.3), 0.5, 0.6, 0.285, 0.295)
    pen.disc(_COAT, 0.5, 0.6, 0.265, 0.275, shade=0.14)
    pen.disc(_BELLY, 0.5, 0.66, 0.185, 0.2)
    _penguin_head(pen, 0.33)


def draw_swimmer(pen: CellPen) -> None:
    """Draw the penguin in the water: its head, wings and a little surprise."""
    for side in (-1, 1):
        pen.disc(_COAT, 0.5 + side * 0.27, 0.56, 0.07, 0.15, tilt=side * 42)
    pen.disc(darker(_COAT, 0.3), 0.5, 0.66, 0.245, 0.12)
    _penguin_head(pen, 0.46)
    pen.disc((120, 176, 214), 0.5, 0.735, 0.31, 0.075)
    pen.disc((64, 124, 180), 0.5, 0.755, 0.27, 0.055)


def _penguin_head(pen: CellPen, y: float) -> None:
    pen.disc(darker(_COAT, 0.3), 0.5, y, 0.225, 0.215)
    pen.disc(_COAT, 0.5, y, 0.205, 0.195, shade=0.16)
    for side in (-1, 1):
        pen.disc(_BELLY, 0.5 + side * 0.085, y + 0.035, 0.095, 0.105)
    for side in (-1, 1):
        pen.disc(INK, 0.5 + side * 0.08, y + 0.0, 0.036, 0.042)
        pen.disc(_BELLY, 0.5 + side * 0.08 - 0.012, y - 0.015, 0.013)
    pen.polygon(ORANGE, [(0.43, y + 0.055), (0.57, y + 0.055), (0.5, y + 0.135)], shade=0.1)


def draw_robot(pen: CellPen) -> None:
    """Draw the robot, of the same metal and joints as the home's gripper."""
    pen.disc(INK, 0.54, 0.9, 0.31, 0.075, alpha=0.3)
    for x in (0.36, 0.56):
        pen.box(darker(STEEL, 0.62), x, 0.8, x + 0.1, 0.92, corner=0.04)
    for side in (-1, 1):
        pen.line(darker(_METAL, 0.3), (0.5 + side * 0.24, 0.6), (0.5 + side * 0.33, 0.74), 0.085)
        pen.disc(ORANGE, 0.5 + side * 0.245, 0.585, 0.062)
    pen.box(_METAL, 0.29, 0.52, 0.71, 0.85, corner=0.1, shade=0.12, edge=0.02)
    pen.box(CREAM, 0.39, 0.62, 0.61, 0.76, corner=0.03)
    pen.disc(ORANGE, 0.46, 0.69, 0.035)
    pen.disc((92, 178, 108), 0.55, 0.69, 0.035)
    pen.line(darker(_METAL, 0.35), (0.5, 0.16), (0.5, 0.06), 0.03)
    pen.disc(ORANGE, 0.5, 0.055, 0.05)
    pen.box(lighter(_METAL, 0.2), 0.24, 0.15, 0.76, 0.52, corner=0.13, shade=0.08, edge=0.02)
    pen.box(_SCREEN, 0.3, 0.22, 0.7, 0.45, corner=0.09)
    for x in (0.4, 0.6):
        pen.disc(_EYES, x, 0.335, 0.052, 0.062)
