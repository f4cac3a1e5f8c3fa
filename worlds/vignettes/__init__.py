"""Vignettes: little pictures of ten kinds, painted by a program, for models that paint.

Each is 32 x 32 pixels and told apart by a child. A picture is its kind and its seed: the same bytes on every machine. Seeds of
training and of the held-out pictures do not meet, and pictures come one kind after the other, so that the first two thousand hold
as many of each.
"""

import numpy as np

from worlds.errors import InputError
from worlds.vignettes.kinds import PAINTERS
from worlds.vignettes.painter import SIDE_PX, Painter

KINDS = tuple(PAINTERS)
HELD_OUT = 1_000_000  # the first seed of pictures that no training sees
TRAINED_ON, KEPT_BACK = 20_000, 4_000  # pictures


def vignette(kind: int, seed: int) -> np.ndarray:
    """One picture, (32, 32, 3) uint8 RGB.

    Raises:
        InputError: there is no such kind.
    """
    if not 0 <= kind < len(KINDS):
        raise InputError(f"There is no kind {kind} of picture. They are numbered 0 to {len(KINDS) - 1}.")
    painter = Painter(np.random.default_rng([kind, seed]))
    PAINTERS[KINDS[kind]](painter)
    return painter.picture()


def kind_of(index: int) -> int:
    """The kind of a picture, by its place in the row."""
    return index % len(KINDS)


def vignettes(number: int, *, first: int = 0, held_out: bool = False) -> np.ndarray:
    """Pictures in a row, (number, 32, 32, 3) uint8 RGB; that at place i is of the kind `kind_of(i)`.

    Args:
        first: the place of the first one.
        held_out: those that no training sees.
    """
    pictures = np.empty((number, SIDE_PX, SIDE_PX, 3), np.uint8)
    for place in range(number):
        index = first + place
        pictures[place] = vignette(kind_of(index), index // len(KINDS) + (HELD_OUT if held_out else 0))
    return pictures
