"""Labels that a person gives to failed episodes: written to a file, read from one, and how far two people agree.

A file is JSON lines, one label each; what is read may also be a JSON list or CSV with the same names. Agreement is Cohen's kappa over
the episodes that both labelled: (observed - expected) / (1 - expected), where expected is what two people who label with these
frequencies would agree in by chance.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from backends.era.failures import KINDS
from backends.era.results import Line, Log
from backends.files.cells import cut, integer, text
from backends.files.rows import Kept, OddRow, OddRows, Row, unused
from backends.files.tables import Limits, read_table
from worlds.errors import InputError

LIMITS = Limits(mb=8, rows=20_000)
MAX_NOTE = 2_000
_KEYS = ("environment", "model", "experiment", "group", "number", "instruction")
_NAMES = (*_KEYS, "stage", "kind", "note")


@dataclass(frozen=True)
class Label:
    """What a person says of one episode."""

    environment: str
    model: str
    experiment: str
    group: str
    number: int
    instruction: str
    stage: str
    kind: str = ""  # empty where only the stage is said
    note: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in _KEYS)


@dataclass(frozen=True)
class Agreement:
    """How far two sets of labels agree; kappa is None where there is nothing to agree in."""

    count: int
    observed: float | None
    kappa: float | None
    table: tuple[tuple[str, str, int], ...]  # first's class, second's class, episodes
    differing: tuple[tuple[Label, Label], ...] = ()


def labels_text(labels: Iterable[Label]) -> str:
    """Return a file of labels, in the order of their episodes."""
    ordered = sorted(labels, key=lambda label: (*map(str, label.key[:4]), f"{label.number:09}"))
    return "".join(json.dumps(asdict(label), ensure_ascii=False) + "\n" for label in ordered)


def read_labels(content: bytes, name: str = "") -> Kept[Label]:
    """Return the labels in a file; of two for one episode the last counts.

    Raises:
        InputError: it is no table, or no row of it is a label.
    """
    odd = OddRows(name)
    what = f"The file {cut(name)}" if name else "The file"
    wanted = "labels as JSON lines or CSV, with number, stage and kind"
    table = read_table(content, odd, known=_NAMES, limits=LIMITS, what=what, wanted=wanted)
    if table.count > LIMITS.rows:
        raise InputError(f"{what} has {table.count:,} rows. At most {LIMITS.rows:,} are read here.")
    labels = {label.key: label for label in odd.read(table.rows, _label)}
    if not labels:
        odd.refuse(f"{what} holds no label. It must hold {wanted}.")
    return Kept(tuple(labels.values()), (*table.notes, *unused(column for column in table.columns if column not in _NAMES),
                                         *odd.notes()))


def _label(row: Row, number: int) -> Label:
    where = f"Row {number}"
    episode, stage = integer(row, "number", where=where), (text(row, "stage", where=where) or "").strip().lower()
    kind = (text(row, "kind", where=where) or "").strip().lower()
    if episode is None or episode < 0:
        raise OddRow(f"{where} has no number of an episode. It must be a whole number, 0 or more.", "no episode")
    if stage not in KINDS:
        raise OddRow(f"{where} has the stage {cut(stage)}. It must be one of {', '.join(KINDS)}.", "unknown stage")
    if kind and kind not in KINDS[stage]:
        raise OddRow(f"{where} has the kind {cut(kind)} of {stage}. It must be one of {', '.join(KINDS[stage])}.", "unknown kind")
    told = {name: (text(row, name, where=where) or "")[:5_000] for name in _KEYS if name != "number"}
    return Label(**told, number=episode, stage=stage, kind=kind, note=(text(row, "note", where=where) or "")[:MAX_NOTE])


def by_stage(label: Label) -> str:
    """Return the coarse class of a label."""
    return label.stage


def by_kind(label: Label) -> str:
    """Return the finer class of a label."""
    return f"{label.stage}: {label.kind}" if label.kind else label.stage


def agreement(first: Sequence[Label], second: Sequence[Label], *, by: Callable[[Label], str] = by_stage) -> Agreement:
    """Return how far two people agree on the episodes that both labelled.

    Args:
        by: the class of a label: `by_stage` or `by_kind`.
    """
    others = {label.key: label for label in second}
    labelled = [(label, others[key]) for key, label in {label.key: label for label in first}.items() if key in others]
    pairs = [(by(one), by(other)) for one, other in labelled]
    if not pairs:
        return Agreement(0, None, None, ())
    count = len(pairs)
    observed = sum(one == other for one, other in pairs) / count
    ones, twos = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(ones[name] * twos[name] for name in ones) / count**2
    kappa = (observed - expected) / (1 - expected) if expected < 1 else None  # both used one class throughout
    return Agreement(count, observed, kappa, tuple((*pair, times) for pair, times in sorted(Counter(pairs).items())),
                     tuple(both for both in labelled if by(both[0]) != by(both[1])))


def label_of(log: Log, line: Line, stage: str, kind: str = "", note: str = "") -> Label:
    """Return the label of an episode in the table of a run.

    Raises:
        ValueError: there is no such class.
    """
    if stage not in KINDS or (kind and kind not in KINDS[stage]):
        raise ValueError(f"{stage!r}, {kind!r} is no class of failure; there are {KINDS}")
    return Label(log.environment, log.model, log.experiment, line.group, line.number, line.instruction, stage, kind,
                 note[:MAX_NOTE])


def key_of(log: Log, line: Line) -> tuple[object, ...]:
    """Return the key that a label of this episode has."""
    return label_of(log, line, next(iter(KINDS))).key
