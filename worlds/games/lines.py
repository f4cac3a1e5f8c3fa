"""The two lines that belong into every plot of success: what actions drawn evenly reach, and what nobody can exceed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from worlds.games.env import TextGame


@dataclass(frozen=True)
class Lines:
    """Shares of episodes that succeed, 0 to 1."""

    random: float
    optimal: float


def success_lines(game: TextGame[Any], seeds: Iterable[int], *, max_actions: int | None = None) -> Lines:
    """Return the mean over the games of some seeds, each exact.

    Args:
        max_actions: of an episode; None takes the game's own.
    Raises:
        ValueError: there is no seed.
    """
    left = game.max_actions if max_actions is None else max_actions
    found = []
    for seed in seeds:
        _, info = game.reset(seed=seed)
        found.append((game.random_success(info["state"], left), game.optimal_success(info["state"], left)))
    if not found:
        raise ValueError("no game is played; success is the mean over one or more seeds")
    random, optimal = np.mean(found, axis=0)
    return Lines(float(random), float(optimal))
