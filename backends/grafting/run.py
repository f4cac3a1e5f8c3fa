"""One run of grafting: a model cut and healed, its attention watched, or operators timed."""

import copy
from collections.abc import Iterator
from dataclasses import replace

from backends.grafting import making
from backends.grafting.healing import Grafting
from backends.grafting.locality import watch
from backends.grafting.results import Grafted, GraftingResult, Locality, Speed
from backends.grafting.settings import GraftingSettings
from backends.grafting.speed import time_them
from backends.run import Inputs, Progress, keeping
from backends.rungs import rung_of
from models.devices import threads_for
from models.diffusion.painter import Painter
from models.memory import budget

Part = Grafted | Locality | Speed


def run(settings: GraftingSettings, inputs: Inputs) -> Iterator[Progress | Part | GraftingResult]:
    """Yield Progress and the growing part, then the GraftingResult that holds it.

    A stopped run still yields the result of what it had.

    Raises:
        InputError: the model or the layers cannot be used; one sentence says why.
    """
    yield Progress(0.0, "Loading the model")
    notes: list[str] = []
    rung = rung_of(settings.model, "diffusion", made=inputs.model)
    with threads_for(rung.parameters), budget().borrow(rung) as loaded:
        painter = loaded.tool
        if not isinstance(painter, Painter):
            raise TypeError(f"{rung.name} is a {type(painter).__name__}; a rung of the role diffusion loads a Painter")
        own = replace(painter, network=copy.deepcopy(painter.network))  # what listens to one run's layers must not hear another's
        grafting = Grafting(own.network, settings, own.judge, own.reference)
        part, ended = yield from keeping(_events(grafting, settings, inputs))
        made = making.keep(grafting.model, part, settings, painter, inputs, notes) if isinstance(part, Grafted) else ()
    yield GraftingResult(seed=settings.seed, model_id=rung.name, is_miniature=rung.is_miniature, ended=ended, settings=settings,
                         notes=tuple(notes), made=made,
                         grafted=part if isinstance(part, Grafted) else None,
                         locality=part if isinstance(part, Locality) else None, speed=part if isinstance(part, Speed) else None)


def _events(grafting: Grafting, settings: GraftingSettings, inputs: Inputs) -> Iterator[Progress | Part]:
    if settings.task == "locality":
        yield from watch(grafting.original, settings)
    elif settings.task == "speed":
        yield from time_them(grafting.original, settings)
    elif settings.continues:
        yield from grafting.go_on(*making.earlier(settings, inputs))
    else:
        yield from grafting.events()
