"""What every system draws, in one form: `drawing(name)` is its `visualizers/NAME/figures.py` as both fronts call it.

A system's figures must have `figures` and `cover`. `live`, `pictures` and `clip` it has where they make sense; where one is
missing, there is nothing to draw. Figures come without the app's template: who shows them knows whether the page is dark.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeAlias

import numpy as np
import plotly.graph_objects as go

from backends.run import Result

Charts: TypeAlias = dict[str, go.Figure]  # by title
Pictures: TypeAlias = list[tuple[np.ndarray, str]]  # (h, w, 3) uint8 RGB, and its caption


class Draws(Protocol):
    """The two functions that no system's figures can be without."""

    def figures(self, result: Result, /) -> Charts:
        """Return all charts of a result, by title; those with nothing in them are left out."""

    def cover(self, result: Result, /) -> np.ndarray:
        """Return what stands for the system in the gallery, (h, w, 3) uint8 RGB."""


@dataclass(frozen=True)
class Drawing:
    """A system's figures, whole."""

    figures: Callable[[Result], Charts]
    cover: Callable[[Result], np.ndarray]
    live: Callable[[object], Charts | None]  # of a partial result; None where there is nothing worth drawing
    pictures: Callable[[object], Pictures]  # of a partial result or a result
    clip: Callable[[Result], bytes | None]  # an mp4


def _no_charts(_part: object) -> None:
    return None


def _no_pictures(_part: object) -> Pictures:
    return []


def whole(module: Draws) -> Drawing:
    """Return the figures of a module, with nothing drawn by what it does not have.

    Raises:
        AttributeError: it lacks `figures` or `cover`.
    """
    return Drawing(module.figures, module.cover, getattr(module, "live", _no_charts), getattr(module, "pictures", _no_pictures),
                   getattr(module, "clip", _no_charts))


@cache
def drawing(name: str) -> Drawing:
    """Return the figures of the system of that name."""
    return whole(importlib.import_module(f"visualizers.{name}.figures"))
