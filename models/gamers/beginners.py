"""What a beginner of each game is made of and measured by."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from models.gamers.demos import Demo, demos
from models.gamers.learning import LARGER, SMALL
from models.gamers.words import LONGEST
from models.training.language import Training
from worlds.games.bandit.env import Bandit
from worlds.games.bandit.names import TRAINING_PAIRS
from worlds.games.env import TextGame
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.seeds import TRAINING
from worlds.games.sokoban.env import Sokoban

GRIP = 0.8  # of the ice: on gymnasium's 1/3 even the best policy fails half of the time
_FIRST = TRAINING + 1_000_000  # seeds of demonstrations: reinforcement begins with the first of training, and never gets so far


@dataclass(frozen=True)
class Beginner:
    """How one begins.

    Attributes:
        games: that demonstrations are played in, in turns.
        turns: of a demonstration; errs: share of its actions, 0 to 1, that are drawn evenly.
        most: actions of a turn.    max_tokens: of a reply.
    """

    size: Training
    games: tuple[Callable[[], TextGame[Any]], ...]
    turns: int
    errs: float
    updates: int
    max_tokens: int
    most: int
    title: str


BEGINNERS: Mapping[str, Beginner] = {
    "bandit": Beginner(SMALL, tuple(partial(Bandit, pair=pair) for pair in TRAINING_PAIRS.values()), turns=1, errs=0.0, updates=400,
                       max_tokens=LONGEST["bandit"], most=1, title="Bandit beginner (miniature)"),
    "lake": Beginner(SMALL, (partial(FrozenLake, success_rate=GRIP),), turns=3, errs=0.6, updates=700, max_tokens=LONGEST["lake"],
                     most=5, title="Frozen lake beginner (miniature)"),
    "sokoban": Beginner(LARGER, (Sokoban,), turns=2, errs=0.3, updates=600, max_tokens=LONGEST["sokoban"], most=5,
                        title="Sokoban beginner (miniature)")}


def endless(beginner: Beginner, *, seed: int = 0) -> Iterator[Demo]:
    """Demonstrations, each on a start of its own."""
    generator, games = np.random.default_rng([seed, 51]), [make() for make in beginner.games]
    for number in count():
        yield from demos(games[number % len(games)], [_FIRST + number], generator, turns=beginner.turns, errs=beginner.errs)
