"""One run of grafting: a model cut and healed, its attention watched, or operators timed."""

import copy
from collections.abc import Iterator
from dataclasses import replace

from backends.grafting import making
from backends.grafting.healing import Grafting
from backends.grafting.locality import watch
from backends.grafting.own import judged_samples, lent
from backends.grafting.results import Grafted, GraftingResult, Locality, Speed
from backends.grafting.settings import GraftingSettings
from backends.grafting.speed import time_them
from backends.run import Inputs, Progress, keeping
from backends.rungs import packed

Part = Grafted | Locality | Speed


def run(settings: GraftingSettings, inputs: Inputs) -> Iterator[Progress | Part | GraftingResult]:
    """Yield Progress and the growing part, then the GraftingResult that holds it.

    A stopped run still yields the result of what it had.

    Raises:
        InputError: the model, the layers or a file that was brought cannot be used; one sentence says why.
    """
    yield Progress(0.0, "Loading the model")
    notes: list[str] = []
    with lent(settings, inputs) as model:
        notes += model.notes
        # what listens to one run's layers must not hear another's
        own = replace(model.painter, network=copy.deepcopy(model.painter.network))
        grafting = Grafting(own, settings, stood=model.grafts)
        if settings.samples and settings.task == "graft":
            yield Progress(0.0, "Judging your pictures")
            grafting.samples, why = judged_samples(settings, inputs, own)
            notes += [why] if why else []
        part, ended = yield from keeping(_events(grafting, settings, inputs))
        if isinstance(part, Grafted) and (smaller := _made_smaller(part)):
            notes.append(smaller)
        made: tuple[str, ...] = ()
        if grafting.ended_early:
            notes.append(f"{grafting.ended_early} What there was before is shown, and the grafted model was not kept.")
        elif isinstance(part, Grafted):
            made = making.keep(grafting.model, part, settings, model, inputs, notes)
    yield GraftingResult(seed=settings.seed, model_id=packed(model.name, settings.quantisation), is_miniature=model.is_miniature,
                         ended=ended, settings=settings, notes=tuple(notes), made=made,
                         grafted=part if isinstance(part, Grafted) else None,
                         locality=part if isinstance(part, Locality) else None, speed=part if isinstance(part, Speed) else None)


def _made_smaller(grafted: Grafted) -> str:
    """What is said of pictures that are kept smaller than they were painted; nothing of those that are whole."""
    first = grafted.states[0]
    number, side = first.pictures.shape[:2]
    return "" if first.painted_px is None else (
        f"{number} pictures of {first.painted_px:,} x {first.painted_px:,} pixels are more than a run keeps of each state: they were "
        f"made smaller, to {side:,} x {side:,}. Paint fewer to have them whole.")


def _events(grafting: Grafting, settings: GraftingSettings, inputs: Inputs) -> Iterator[Progress | Part]:
    if settings.task == "locality":
        yield from watch(grafting.painter, settings)
    elif settings.task == "speed":
        yield from time_them(grafting.original, settings)
    elif settings.continues:
        yield from grafting.go_on(*making.earlier(settings, inputs))
    else:
        yield from grafting.events()
