"""A run of RAGEN's page: a training, a game turn by turn, the experiment of the two arms, or logs that are read."""

from collections.abc import Iterator

from backends.ragen.results import RagenResult, Training
from backends.ragen.rollouts import Rollout
from backends.ragen.settings import Player, RagenSettings
from backends.run import Inputs, Progress, keeping
from worlds.errors import InputError

OTHERS: tuple[Player, ...] = ("beginner", "expert")


def run(settings: RagenSettings, inputs: Inputs) -> Iterator[Progress | Training | Rollout | RagenResult]:
    """Yield Progress and the growing training or episode, then the RagenResult that holds it.

    A stopped run still yields what it had.

    Raises:
        InputError: an earlier run, a turn by hand or the logs cannot be used; one sentence says why.
    """
    yield from {"train": _trained, "play": _played, "why": _why, "logs": _logs}[settings.task](settings, inputs)


def _trained(settings: RagenSettings, inputs: Inputs) -> Iterator[Progress | Training | RagenResult]:
    from backends.ragen.players import trained
    from backends.ragen.training import keep

    yield Progress(0.0, "Loading the model" if settings.has_model else "Loading the beginner")
    with trained(settings, inputs) as learner:
        part, ended = yield from keeping(learner.events(settings))
        made = keep(learner, settings, inputs) if learner.starpo.index else ()
        yield RagenResult(seed=settings.seed, model_id=learner.player, is_miniature=settings.learner == "beginner", ended=ended,
                          settings=settings, training=part if isinstance(part, Training) else None, made=made)


def _played(settings: RagenSettings, inputs: Inputs) -> Iterator[Progress | Rollout | RagenResult]:
    from backends.ragen.players import player_of
    from backends.ragen.playing import play

    yield Progress(0.0, "Setting the game up")
    with player_of(settings, inputs) as player:
        part, ended = yield from keeping(play(settings, player))
    played = part if isinstance(part, Rollout) else None
    yield RagenResult(seed=settings.seed, model_id=player.name, is_miniature=player.is_miniature, ended=ended, settings=settings,
                      played=played, beside=_beside(settings, inputs), notes=played.episode.notes if played else ())


def _beside(settings: RagenSettings, inputs: Inputs) -> tuple[Rollout, ...]:
    """The same start as others play it, without a hand: the beginner, where the game has one here, and who knows best."""
    from backends.ragen.players import player_of
    from backends.ragen.playing import play

    found = []
    for other in OTHERS:
        alone = settings.model_copy(update={"player": other, "entries": (), "continues": ""})
        try:
            with player_of(alone, inputs) as player:
                *_, last = (event for event in play(alone, player) if isinstance(event, Rollout))
        except InputError:  # a miniature that is not part of this copy
            continue
        found.append(last)
    return tuple(found)


def _why(settings: RagenSettings, inputs: Inputs) -> Iterator[Progress | RagenResult]:
    from backends.ragen.why import asked

    yield Progress(0.0, "Pulling arms")
    yield RagenResult(seed=settings.seed, model_id="two arms", is_miniature=True, settings=settings, why=asked(settings))


def _logs(settings: RagenSettings, inputs: Inputs) -> Iterator[Progress | RagenResult]:
    from backends.ragen.reading import read

    yield Progress(0.0, "Looking through the logs")
    found, notes = read(settings, inputs)
    yield RagenResult(seed=settings.seed, model_id=", ".join(found.layouts)[:300] or "logs", is_miniature=False, settings=settings,
                      logs=found, notes=notes)
