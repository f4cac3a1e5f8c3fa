"""A run of ERA's page: an episode that is played in a miniature world, a training in the home, or logs that are replayed."""

from collections.abc import Iterator

from backends.episode import Episode
from backends.era import logs
from backends.era.agents import acting
from backends.era.environments import ENVIRONMENTS
from backends.era.formats import episode as read_episode
from backends.era.formats import found
from backends.era.playing import play
from backends.era.practising import MODELS, keep, practising
from backends.era.results import Counting, EraResult, Training
from backends.era.schooling import schooling
from backends.era.settings import SHIPPED, EraSettings
from backends.run import Inputs, Progress, keeping


def run(settings: EraSettings, inputs: Inputs) -> Iterator[Progress | Episode | Training | Counting | EraResult]:
    """Yield Progress and the growing episode or training, or the statistics of logs, then the EraResult that holds it.

    A stopped run still yields what it had.

    Raises:
        InputError: the task, a turn by hand or the logs cannot be used; one sentence says why.
    """
    if settings.task == "replay":
        yield from _replayed(settings, inputs)
        return
    if settings.task == "train":
        yield from _trained(settings, inputs)
        return
    opening = f"Opening the {ENVIRONMENTS[settings.world].place}"
    yield Progress(0.0, "Loading the model" if settings.agent == "model" else opening)
    with acting(settings, inputs) as player:
        part, ended = yield from keeping(play(settings, player))
        episode = part if isinstance(part, Episode) else None
        yield EraResult(seed=settings.seed, model_id=player.name, is_miniature=player.is_miniature, ended=ended, settings=settings,
                        episode=episode)


def _trained(settings: EraSettings, inputs: Inputs) -> Iterator[Progress | Training | EraResult]:
    yield Progress(0.0, "Loading the agent")
    if settings.stage == "prior":
        with schooling(settings, inputs) as learns:
            part, ended = yield from keeping(learns.events(settings))
            yield EraResult(seed=settings.seed, model_id=MODELS[settings.world], is_miniature=True, ended=ended, settings=settings,
                            training=part if isinstance(part, Training) else None, made=learns.keep(settings, inputs))
        return
    with practising(settings, inputs) as practised:
        part, ended = yield from keeping(practised.events(settings))
        episode, credited = practised.shown()
        training = part.model_copy(update={"credited": credited}) if isinstance(part, Training) else None
        made = keep(practised, settings, inputs) if practised.reinforcement.newest else ()
        yield EraResult(seed=settings.seed, model_id=MODELS[settings.world], is_miniature=True, ended=ended, settings=settings,
                        training=training, episode=episode, made=made)


def _replayed(settings: EraSettings, inputs: Inputs) -> Iterator[Progress | Episode | Counting | EraResult]:
    yield Progress(0.0, "Looking through the logs")
    files = logs.opened(logs.places(settings, inputs.file))
    brought = found(files)
    logs.check_both(brought, settings, inputs)
    run_shown, entry = logs.chosen(brought, settings)
    episode = read_episode(files, entry)
    yield episode
    part, ended = yield from keeping(logs.counted(files, run_shown))
    counted, lines = (part.statistics, part.lines) if isinstance(part, Counting) else (None, logs.lines_of(run_shown))
    yield EraResult(seed=settings.seed, model_id=run_shown.head.model[:300] or "unknown", ended=ended,
                    is_miniature=not run_shown.is_second and settings.file in SHIPPED.values(), settings=settings, episode=episode,
                    logs=logs.logs_of(brought), lines=lines, counted=counted,
                    notes=(*logs.unlisted(brought), *brought.notes, *run_shown.notes)[:100])
