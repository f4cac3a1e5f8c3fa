"""Who plays and who learns: the shipped beginners, what was trained from them here, a script that knows best, and chance."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.earlier import check_same, earlier, read
from backends.episode import By
from backends.ragen.games import PLAYERS, new_game, tokens_of
from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.ragen.training import SAME, Trained, plan_of
from backends.run import Inputs
from worlds.errors import InputError
from worlds.games.env import TextGame
from worlds.games.replies import SEPARATOR, written
from worlds.games.sokoban.env import Sokoban

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

    from models.training.generation import Reply as Generated
    from models.training.rollout import Played


@dataclass(frozen=True)
class Said:
    """What a player replied; tokens and log-probabilities of a model that drew them."""

    text: str
    ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True)
class Player:
    """Who plays: `turn` replies, from the game as it stands and the episode so far."""

    name: str
    by: By
    turn: Callable[[TextGame[Any], "Played"], Said]


@contextmanager
def trained(settings: RagenSettings, inputs: Inputs) -> Iterator[Trained]:
    """What learns: the beginner, or an earlier training that is gone on with.

    Raises:
        InputError: the beginner or the earlier run is not here, or it was trained in another way.
    """
    from backends.ragen.starpo import StarPO

    with _beginner(settings) as (model, name):
        learner = StarPO(model, new_game(settings), plan_of(settings))
        if not settings.continues:
            yield Trained(learner, name)
            return
        result, folder = earlier(settings.continues, inputs, RagenResult, learner="player")
        check_same(settings.continues, result.settings, settings, SAME)
        assert result.training is not None  # `earlier` refuses others
        learner.resume(folder)
        told = result.training.model_copy(update={"went_on_from": len(result.training.metrics)})
        yield Trained(learner, name, told)


@contextmanager
def player_of(settings: RagenSettings, inputs: Inputs) -> Iterator[Player]:
    """Who plays, as long as it is needed.

    Raises:
        InputError: its model is not here.
    """
    if settings.player in ("expert", "random"):
        yield _expert(settings) if settings.player == "expert" else _chance(settings)
        return
    with _beginner(settings) as (model, name):
        if settings.player == "own":
            result, folder = earlier(settings.continues, inputs, RagenResult, learner="player")
            if result.settings.game != settings.game:
                raise InputError(f"The run {settings.continues!r} was trained in another game: {result.settings.game}. Play that, or "
                                 "choose another run.")
            model, name = read(folder, model), f"{name}, trained here"
        yield Player(name, "model", lambda _game, played: _generated(model, settings, played))


@contextmanager
def _beginner(settings: RagenSettings) -> Iterator[tuple["LlamaForCausalLM", str]]:
    """A copy of the beginner of a game, in single precision, and its name.

    Raises:
        InputError: it is not part of this copy.
    """
    from backends.rungs import rung_of
    from models.language import LanguageModel
    from models.memory import budget

    name = PLAYERS[settings.game]
    try:
        rung = rung_of(name, "language")
    except InputError as error:
        raise InputError(f"The miniature {name!r} is not part of this copy. Let the script or chance play.") from error
    with budget().borrow(rung) as loaded:
        assert isinstance(loaded.tool, LanguageModel)
        yield copy.deepcopy(loaded.tool.model).float(), name  # what is lent must not learn


def _generated(model: "LlamaForCausalLM", settings: RagenSettings, played: "Played") -> Said:
    from models.gamers.acting import prompt_of, reply_text, sampling
    from models.training.generation import generate

    drawn: Generated
    (drawn,) = generate(model, [prompt_of(played)], [(settings.seed, len(played.turns))],
                        sampling(tokens_of(settings), settings.temperature))
    return Said(reply_text(played, drawn), drawn.ids, drawn.logprobs)


def _expert(settings: RagenSettings) -> Player:
    """One action a turn where chance may do something else with it, and as many as are allowed where it cannot."""
    def turn(game: TextGame[Any], played: "Played") -> Said:
        state, left, names = game.state, max(1, played.info["left"]), list[str]()
        many = settings.actions_per_turn if isinstance(game, Sokoban) else 1
        for used in range(min(many, left)):
            number = game.expert(state, left - used)
            names.append(game.actions[number - 1])
            state = game.act(state, number, np.random.default_rng(0)).state
            if game.is_over(state):
                break
        return Said(written("", f" {SEPARATOR} ".join(names)))
    return Player("expert", "expert", turn)


def _chance(settings: RagenSettings) -> Player:
    def turn(game: TextGame[Any], played: "Played") -> Said:
        generator = np.random.default_rng([settings.seed, settings.start, len(played.turns)])
        return Said(written("", game.actions[int(generator.integers(len(game.actions)))]))
    return Player("chance", "expert", turn)
