"""One run of AdaptVis: a picture looked at, a set evaluated, or the files of the released code read."""

from collections.abc import Iterator

from backends.adaptvis.dumps import read_dump
from backends.adaptvis.evaluating import evaluate
from backends.adaptvis.items import asked_of, input_px, known_things
from backends.adaptvis.logs import read_log
from backends.adaptvis.look import look
from backends.adaptvis.others import other_map
from backends.adaptvis.results import AdaptVisResult, Evaluated, Looked
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.sources import DRAWN, data_of, dump_in, log_in
from backends.run import Inputs, Progress, keeping
from backends.rungs import packed, rung_of
from models.attention import unknown_words
from models.catalogue import Rung
from models.devices import threads_for
from models.memory import budget
from models.vlm import VisionLanguageModel

Part = Looked | Evaluated


def run(settings: AdaptVisSettings, inputs: Inputs) -> Iterator[Progress | Part | AdaptVisResult]:
    """Yield Progress and the growing part, then the AdaptVisResult that holds it.

    A stopped run still yields the result of what it had.

    Raises:
        InputError: the picture, the question, the data or the model cannot be used; one sentence says why.
    """
    if (without_model := _files_of_the_released_code(settings, inputs)) is not None:
        yield without_model
        return
    notes: list[str] = []
    rung = rung_of(settings.model, "vlm")
    yield Progress(0.0, "Loading the model")
    with threads_for(rung.parameters):
        part, ended = yield from keeping(_events(settings, inputs, rung, notes))
    yield AdaptVisResult(seed=settings.seed, model_id=packed(rung.source, settings.quantisation), ended=ended,
                         is_miniature=rung.is_miniature, notes=tuple(notes), settings=settings,
                         looked=part if isinstance(part, Looked) else None, evaluated=part if isinstance(part, Evaluated) else None)


def _files_of_the_released_code(settings: AdaptVisSettings, inputs: Inputs) -> AdaptVisResult | None:
    """Return the result of a result file or of logit dumps, which need no model; None where neither was brought."""
    if (log := log_in(settings, inputs)) is not None:
        scored, said = read_log(log)
        return AdaptVisResult(seed=settings.seed, model_id="(a result file)", is_miniature=False, notes=said, settings=settings,
                              evaluated=scored)
    if (dump := dump_in(settings, inputs)) is not None:
        looked, said = read_dump(dump, settings)
        return AdaptVisResult(seed=settings.seed, model_id="(logit dumps)", is_miniature=False, notes=said, settings=settings,
                              looked=looked)
    return None


def _events(settings: AdaptVisSettings, inputs: Inputs, rung: Rung, notes: list[str]) -> Iterator[Progress | Part]:
    with budget().borrow(rung, settings.quantisation) as loaded:
        vlm = loaded.vlm
        if settings.task == "look":
            yield from _look(vlm, settings, inputs, notes, is_miniature=rung.is_miniature)
        else:
            yield Progress(0.0, "Drawing the scenes" if settings.data == DRAWN else "Reading the data")
            data = data_of(settings, inputs, input_px(vlm))
            notes += data.notes
            yield from evaluate(vlm, data, settings, notes)


def _look(vlm: VisionLanguageModel, settings: AdaptVisSettings, inputs: Inputs, notes: list[str], *,
          is_miniature: bool) -> Iterator[Progress | Looked]:
    yield Progress(0.1, "Opening the picture")
    asked = asked_of(settings, inputs, vlm)
    yield Progress(0.3, "Reading picture and question, then answering at every alpha")
    looked, said = look(vlm, asked, settings)
    if is_miniature and (lost := unknown_words(vlm, asked.question)):
        notes.append(f"This miniature does not know {', '.join(map(repr, lost))}. It knows what it was trained on, drawings: "
                     f"{known_things(settings)}.")
    notes += [*asked.notes, *said]
    yield looked
    for name in settings.looking:
        yield Progress(0.8, f"Looking another way: {name}")
        found = other_map(name, vlm, asked, settings)
        if isinstance(found, str):
            notes.append(found)
        else:
            looked = looked.model_copy(update={"others": (*looked.others, found)})
            yield looked
