"""From settings to games: which one is played, with how much chance in it, and by which rules."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backends.ragen.settings import Game, RagenSettings
from models.gamers.turns import Rules, Turns
from models.gamers.words import LONGEST
from worlds.games.bandit.env import Bandit
from worlds.games.bandit.names import PAIRS
from worlds.games.bandit.payouts import Payouts
from worlds.games.env import TextGame
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.seeds import VALIDATION
from worlds.games.sokoban.env import Sokoban

if TYPE_CHECKING:
    from models.gamers.acting import Speech

PLAYERS: dict[Game, str] = {"bandit": "ragen-bandit", "lake": "ragen-lake", "sokoban": "ragen-sokoban"}  # their beginners


def new_game(settings: RagenSettings) -> Callable[[], TextGame[Any]]:
    """What makes a game of these settings."""
    shared = settings.shared_noise
    if settings.game == "bandit":
        pair, payouts = PAIRS[settings.names], Payouts(low=settings.safe, chance=settings.chance)
        return lambda: Bandit(pair=pair, payouts=payouts, shared_noise=shared)
    if settings.game == "lake":
        return lambda: FrozenLake(frozen=settings.frozen, success_rate=settings.grip, max_actions=settings.budget,
                                  shared_noise=shared)
    return lambda: Sokoban(max_actions=settings.budget, shared_noise=shared)


def rules_of(settings: RagenSettings) -> Rules:
    """What a reply comes to."""
    many = 1 if settings.game == "bandit" else settings.actions_per_turn
    return Rules(max_actions=many, thinks=settings.thinks, penalty=settings.penalty)


def tokens_of(settings: RagenSettings) -> int:
    """Tokens of a small player's reply at most."""
    return settings.max_tokens or LONGEST[settings.game]


def turns_of(settings: RagenSettings) -> int:
    """Turns of an episode at most."""
    return 1 if settings.game == "bandit" else settings.turns


def check_room(speech: "Speech", settings: RagenSettings, max_tokens: int) -> None:
    """See that an episode of these settings fits what a player reads.

    Args:
        max_tokens: of a reply.
    Raises:
        InputError: it does not.
    """
    from models.training.rollout import Played, Start

    observation, info = Turns(new_game(settings)(), rules_of(settings)).reset(seed=VALIDATION)
    speech.check_room(Played(Start(VALIDATION, 0), observation, info), turns=turns_of(settings), max_tokens=max_tokens)
