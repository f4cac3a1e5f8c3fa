"""One run of CoDA: prompts, a corpus or a file in; answers, the law, recoveries or a table out."""

from collections.abc import Iterator

from backends.coda.choices import Kind
from backends.coda.comparing import compare
from backends.coda.evaluation import evaluate
from backends.coda.facts import corpus_of
from backends.coda.formats import load_items
from backends.coda.measuring import recover, shipped_law, trained_law
from backends.coda.results import Asked, CodaResult, FilePart, FileRow, LawPart, RecoveryPart
from backends.coda.settings import CodaSettings
from backends.coda.wiring import definitions, kind_of
from backends.knobs import UPLOAD
from backends.run import Inputs, Progress, keeping
from backends.rungs import packed, rung_of
from models import catalogue
from models.catalogue import Rung
from models.devices import threads_for
from models.language import LanguageModel, as_language_model
from models.memory import budget

Part = tuple[Asked, ...] | LawPart | RecoveryPart | FilePart
SHOWN_EVERY = 16  # rows of a file between two looks at the table
_TRAINED_NOW = "trained in this run"


def run(settings: CodaSettings, inputs: Inputs) -> Iterator[Progress | Part | CodaResult]:
    """Yield Progress and the growing part, then the CodaResult that holds it.

    A stopped run still yields the result of what it had.

    Raises:
        InputError: the prompts, the file or the model cannot be used; one sentence says why.
    """
    notes: list[str] = []
    asked: list[Kind] = []
    made: list[str] = []
    yield Progress(0.0, "Loading the model")
    rung = None if settings.trains_now else _rung(settings, inputs)
    with threads_for(rung.parameters if rung else 0):
        part, ended = yield from keeping(_events(settings, inputs, rung, notes, asked, made))
    kind = asked[0] if asked else None
    yield CodaResult(seed=settings.seed, model_id=_model_id(settings, rung), is_miniature=rung is None or rung.is_miniature,
                     ended=ended, notes=tuple(notes), made=tuple(made), settings=settings, kind=kind,
                     definitions=definitions(settings, kind) if kind else (), asked=part if isinstance(part, tuple) else (),
                     law=part if isinstance(part, LawPart) else None,
                     recovery=part if isinstance(part, RecoveryPart) else None, file=part if isinstance(part, FilePart) else None)


def _rung(settings: CodaSettings, inputs: Inputs) -> Rung:
    rung = rung_of(settings.model, "language", "vlm", made=inputs.model)  # of a vision-language model its language part answers
    return rung if settings.epoch is None else catalogue.at_epoch(rung, settings.epoch)


def _model_id(settings: CodaSettings, rung: Rung | None) -> str:
    if rung is None:
        return _TRAINED_NOW
    is_one_epoch = rung.is_miniature and not rung.is_local and settings.task != "law"  # the law is asked of every epoch
    name = rung.source if is_one_epoch else rung.name
    return packed(name, settings.quantisation)


def _events(settings: CodaSettings, inputs: Inputs, rung: Rung | None, notes: list[str], asked: list[Kind],
            made: list[str]) -> Iterator[Progress | Part]:
    """`asked` gets the kind of the model once it is loaded, `made` the names of those that were trained."""
    if rung is None:
        yield from trained_law(settings, inputs, made, notes)
    elif settings.task == "law":
        yield from shipped_law(settings, rung)
    elif settings.task == "recovery":
        yield from recover(settings, rung)
    else:
        with budget().borrow(rung, settings.quantisation) as loaded:
            language = as_language_model(loaded.tool)
            asked.append(kind_of(language))
            if settings.task == "compare":
                yield from compare(settings, language, corpus_of(rung))
            else:
                yield from _answer_file(settings, inputs, language, notes)


def _answer_file(settings: CodaSettings, inputs: Inputs, language: LanguageModel, notes: list[str]) -> Iterator[Progress | Part]:
    name = settings.file.removeprefix(UPLOAD)
    items = load_items(inputs.file(name).read_bytes(), name)
    notes.extend(items.notes)
    asked = items.items[:settings.num_rows]
    if len(asked) < len(items.items):
        notes.append(f"The first {len(asked):,} of {len(items.items):,} prompts were asked; num_rows says how many.")
    rows: list[FileRow] = []
    for row in evaluate(language, asked, settings):
        rows.append(row)
        yield Progress(len(rows) / len(asked), f"Row {len(rows)} of {len(asked)}")
        if len(rows) % SHOWN_EVERY == 0 or len(rows) == len(asked):
            yield FilePart(kind=items.kind, name=name, num_in_file=items.num_in_file, rows=tuple(rows))
