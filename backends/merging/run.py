"""One run of merging: children tried, pairs of weights, layers looked into, folders merged, or questions asked."""

from collections.abc import Iterator

from backends.merging.results import Folders, Grid, Looking, Merged, MergingResult, Report
from backends.merging.settings import MINIATURE, MergingSettings
from backends.run import Inputs, Progress, keeping
from backends.rungs import packed
from models.devices import threads_for

Part = Merged | Grid | Looking | Folders | tuple[Report, ...]
PARAMETERS = 600_000  # of the miniature, whose work takes no second thread


def run(settings: MergingSettings, inputs: Inputs) -> Iterator[Progress | Part | MergingResult]:
    """Yield Progress and the growing part, then the MergingResult that holds it.

    A stopped run still yields the result of what it had.

    Raises:
        InputError: a model, a file or a recipe cannot be used; one sentence says why.
    """
    does = {"merge": _tried, "grid": _tried, "probe": _tried, "checkpoints": _folders, "ask": _asked}
    yield from does[settings.task](settings, inputs)


def _tried(settings: MergingSettings, inputs: Inputs) -> Iterator[Progress | Part | MergingResult]:
    from backends.merging import looking, trying
    from backends.merging.parents import lent

    notes, made = list[str](), tuple[str, ...]()
    yield Progress(0.0, "Loading the parents")
    with threads_for(PARAMETERS), lent(settings) as family:
        does = {"merge": lambda: trying.merge(settings, family, notes), "grid": lambda: trying.grid(settings, family),
                "probe": lambda: looking.look(settings, family)}
        part, ended = yield from keeping(does[settings.task]())
        if isinstance(part, Merged) and part.child is not None:
            made = trying.keep(settings, family, inputs)
    yield MergingResult(seed=settings.seed, model_id=settings.model, ended=ended, is_miniature=True,
                        notes=tuple(dict.fromkeys(notes)), settings=settings, merged=part if isinstance(part, Merged) else None,
                        grid=part if isinstance(part, Grid) else None, looking=part if isinstance(part, Looking) else None, made=made)


def _folders(settings: MergingSettings, inputs: Inputs) -> Iterator[Progress | Part | MergingResult]:
    from backends.merging.folders import Disk

    disk = Disk(settings, inputs)
    part, ended = yield from keeping(disk.events())
    yield MergingResult(seed=settings.seed, model_id=settings.model, ended=ended, is_miniature=settings.model == MINIATURE,
                        notes=tuple(dict.fromkeys(disk.notes)), settings=settings, made=disk.made,
                        folders=part if isinstance(part, Folders) else None)


def _asked(settings: MergingSettings, inputs: Inputs) -> Iterator[Progress | Part | MergingResult]:
    from backends.merging.asking import ask

    notes = list[str]()
    yield Progress(0.0, "Reading the questions")
    part, ended = yield from keeping(ask(settings, inputs, notes))
    yield MergingResult(seed=settings.seed, model_id=packed(settings.model, settings.quantisation), ended=ended,
                        is_miniature=settings.model == MINIATURE, notes=tuple(dict.fromkeys(notes)), settings=settings,
                        reports=part if isinstance(part, tuple) else ())
