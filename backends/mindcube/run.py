"""One run of MindCube: a room asked about, many of them, files of the released code read, or a small model trained."""

from collections.abc import Iterator

from backends.mindcube.results import Asked, MindCubeResult, Report, Training
from backends.mindcube.settings import MindCubeSettings
from backends.run import Inputs, Progress, keeping
from backends.rungs import packed, rung_of
from models.catalogue import Rung
from models.devices import threads_for

Part = Asked | tuple[Report, ...] | Training


def run(settings: MindCubeSettings, inputs: Inputs) -> Iterator[Progress | Part | MindCubeResult]:
    """Yield Progress and the growing part, then the MindCubeResult that holds it.

    A stopped run still yields the result of what it had.

    Raises:
        InputError: the room, the files, the map or the model cannot be used; one sentence says why.
    """
    yield from {"ask": _asked, "evaluate": _evaluated, "file": _read, "train": _trained}[settings.task](settings, inputs)


def _asked(settings: MindCubeSettings, inputs: Inputs) -> Iterator[Progress | Part | MindCubeResult]:
    from backends.mindcube.asking import ask

    rung, notes = rung_of(settings.model, "vlm"), list[str]()
    yield Progress(0.0, "Building the room")
    with threads_for(rung.parameters):
        part, ended = yield from keeping(ask(settings, rung, notes))
    yield MindCubeResult(seed=settings.seed, model_id=_name_of(rung, settings), ended=ended, is_miniature=rung.is_miniature,
                         notes=tuple(dict.fromkeys(notes)), settings=settings, asked=part if isinstance(part, Asked) else None)


def _evaluated(settings: MindCubeSettings, inputs: Inputs) -> Iterator[Progress | Part | MindCubeResult]:
    from backends.mindcube.evaluating import evaluate

    rung, notes = rung_of(settings.model, "vlm"), list[str]()
    model = _name_of(rung, settings)
    yield Progress(0.0, "Loading the model")
    with threads_for(rung.parameters):
        part, ended = yield from keeping(evaluate(settings, inputs, rung, model, notes))
    yield MindCubeResult(seed=settings.seed, model_id=model, ended=ended, is_miniature=rung.is_miniature,
                         notes=tuple(dict.fromkeys(notes)), settings=settings, reports=part if isinstance(part, tuple) else ())


def _read(settings: MindCubeSettings, inputs: Inputs) -> Iterator[Progress | Part | MindCubeResult]:
    from backends.mindcube.own_files import Read, read

    own = Read()
    yield from read(settings, inputs, own)
    yield MindCubeResult(seed=settings.seed, model_id=own.model[:600], is_miniature=False,
                         notes=tuple(dict.fromkeys(own.notes))[:100], settings=settings, asked=own.asked, reports=own.reports,
                         files=own.files)


def _trained(settings: MindCubeSettings, inputs: Inputs) -> Iterator[Progress | Part | MindCubeResult]:
    from backends.mindcube.training import PARAMETERS, Learner

    yield Progress(0.0, "Drawing questions in symbols")
    learner = Learner(settings, inputs)
    with threads_for(PARAMETERS):
        _, ended = yield from keeping(learner.events(settings))
        training = learner.end()
    made = learner.keep(settings, inputs)
    yield MindCubeResult(seed=settings.seed, model_id=f"mapper in words: {settings.way}", ended=ended, is_miniature=True,
                         settings=settings, training=training, made=made)


def _name_of(rung: Rung, settings: MindCubeSettings) -> str:
    """A model's name as a result carries it: a miniature's own, whichever of its states answer."""
    return packed(rung.name if rung.is_miniature else rung.source, settings.quantisation)
