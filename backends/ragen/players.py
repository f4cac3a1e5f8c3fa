"""Who plays and who learns: the shipped beginners, models of the ladder, what was trained here, a script that knows best, chance."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.earlier import check_same, earlier, read
from backends.episode import By
from backends.ragen.games import PLAYERS, check_room, new_game, tokens_of
from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.ragen.training import SAME, SAME_MODEL, Trained, plan_of
from backends.run import Inputs
from models.gamers.words import CONTEXT
from worlds.errors import InputError
from worlds.games.env import TextGame
from worlds.games.replies import SEPARATOR, written
from worlds.games.sokoban.env import Sokoban

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedModel

    from backends.ragen.starpo import StarPO
    from models.gamers.acting import Speech
    from models.training.generation import Prompt
    from models.training.generation import Reply as Generated
    from models.training.rollout import Played


@dataclass(frozen=True)
class Said:
    """What a player replied; tokens, log-probabilities and entropies of a model that drew them."""

    text: str
    ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    entropies: tuple[float, ...] = ()


@dataclass(frozen=True)
class Player:
    """Who plays: `turn` replies, from the game as it stands and the episode so far.

    Attributes:
        speech: how a model is spoken to.    room: tokens of its longest prompt.
    """

    name: str
    by: By
    turn: Callable[[TextGame[Any], "Played"], Said]
    speech: "Speech | None" = None
    room: int = 0
    is_miniature: bool = True

    def prompt(self, played: "Played") -> "Prompt | None":
        """What a model reads; None is said to a script."""
        return self.speech.within(played, self.room) if self.speech else None


@contextmanager
def trained(settings: RagenSettings, inputs: Inputs) -> Iterator[Trained]:
    """What learns: the beginner or a model of the ladder, or an earlier training of one that is gone on with.

    Raises:
        InputError: the beginner, the model or the earlier run is not here, or it was trained in another way.
    """
    with _learner(settings) as (learner, name):
        if not settings.continues:
            yield Trained(learner, name)
            return
        result, folder = earlier(settings.continues, inputs, RagenResult, learner="player")
        check_same(settings.continues, result.settings, settings, SAME + (SAME_MODEL if settings.learner == "model" else ()))
        assert result.training is not None  # `earlier` refuses others
        learner.resume(folder)
        told = result.training.model_copy(update={"went_on_from": len(result.training.metrics)})
        yield Trained(learner, name, told)


@contextmanager
def _learner(settings: RagenSettings) -> Iterator[tuple["StarPO", str]]:
    """What is trained, at its beginning, and its name."""
    from backends.ragen.starpo import StarPO
    from models.gamers.acting import Words

    if settings.learner == "beginner":
        speech = Words(cleans=settings.cleans)
        check_room(speech, settings, tokens_of(settings))
        with _beginner(settings) as (model, name):
            yield StarPO(model, new_game(settings), plan_of(settings), speech=speech), name
        return
    from backends.ragen.ladder import talking
    from models.training.adapters import adapted, frozen

    with talking(settings) as talker:
        learns = adapted(talker.model, rank=settings.rank, seed=settings.seed)
        yield StarPO(learns, new_game(settings), plan_of(settings), speech=talker.speech, base=frozen(talker.model)), talker.name


@contextmanager
def player_of(settings: RagenSettings, inputs: Inputs) -> Iterator[Player]:
    """Who plays, as long as it is needed.

    Raises:
        InputError: its model is not here.
    """
    from models.gamers.acting import Words

    if settings.player in ("expert", "random"):
        yield _expert(settings) if settings.player == "expert" else _chance(settings)
        return
    of, folder = (settings, None) if settings.player != "own" else _trained_before(settings, inputs)
    if settings.player == "model" or (folder is not None and of.learner == "model"):
        from backends.ragen.ladder import talking, trained_here

        # what the weights are is the earlier training's to say; what is played, this one's
        asked = settings.model_copy(update={name: getattr(of, name) for name in SAME_MODEL})
        with talking(asked) as talker:
            model = talker.model if folder is None else trained_here(talker, asked, folder)
            yield _model(model, talker.speech, asked, _name(talker.name, folder), asked.max_new_tokens, is_miniature=False)
        return
    with _beginner(settings) as (small, name):
        yield _model(small if folder is None else read(folder, small), Words(), settings, _name(name, folder), tokens_of(settings))


def _trained_before(settings: RagenSettings, inputs: Inputs) -> tuple[RagenSettings, Path]:
    """The settings of the training whose player plays, and where that is."""
    result, folder = earlier(settings.continues, inputs, RagenResult, learner="player")
    if result.settings.game != settings.game:
        raise InputError(f"The run {settings.continues!r} was trained in another game: {result.settings.game}. Play that, or choose "
                         "another run.")
    return result.settings, folder


def _name(name: str, folder: Path | None) -> str:
    return name if folder is None else f"{name}, trained here"


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


def _model(model: "PreTrainedModel", speech: "Speech", settings: RagenSettings, name: str, max_tokens: int, *,
           is_miniature: bool = True) -> Player:
    """A network that plays."""
    from models.training.generation import generate

    room = getattr(model.config.get_text_config(), "max_position_embeddings", CONTEXT) - max_tokens

    def turn(_game: TextGame[Any], played: "Played") -> Said:
        drawn: Generated
        (drawn,) = generate(model, [speech.within(played, room)], [(settings.seed, len(played.turns))],
                            speech.sampling(max_tokens, settings.temperature))
        return Said(speech.action_of(played, drawn), drawn.ids, drawn.logprobs, drawn.entropies)
    return Player(name, "model", turn, speech, room, is_miniature)


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
