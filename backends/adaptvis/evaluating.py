"""A set of questions answered at every alpha, settings chosen on one part of it, and every method scored on the other.

Pictures and questions are read in batches, all alphas of a batch in one pass. Nothing of the test part reaches the choice.
While it runs the scores of what has been asked so far are yielded.
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from backends.adaptvis.choosing import Sweep
from backends.adaptvis.items import DataSet, Item
from backends.adaptvis.look import boxes_only, meant, token_shares
from backends.adaptvis.matching import Read
from backends.adaptvis.overlap import auroc
from backends.adaptvis.results import MAX_RELATIONS, Evaluated
from backends.adaptvis.rivals import RIVALS, rival_probabilities
from backends.adaptvis.scoring import Chosen, Table, choose, evaluated_of
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.wiring import alphas_of, layout_of, scaling_of
from backends.files.rows import counted
from backends.run import Progress
from models.attention import Answers, Reads, ask_all
from models.devices import TINY
from models.quantisation import mixes_rows
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

MINIATURE_BATCH, BATCH = 40, 4  # questions read together; a real model's maps at 18 alphas are large
SHOWN_EVERY_S = 2.0
_NUMBER = re.compile(r"\d+")


@dataclass
class _Gathered:
    """What is known of the items that were asked so far, one entry each."""

    items: list[Item] = field(default_factory=list)
    probabilities: list[np.ndarray] = field(default_factory=list)  # (alphas, words)
    right: list[np.ndarray] = field(default_factory=list)  # (alphas,) bool
    answers: list[tuple[str, ...]] = field(default_factory=list)  # per alpha, the option that was read
    texts: list[str] = field(default_factory=list)  # of the untouched model
    confidence: list[float] = field(default_factory=list)
    overlaps: list[np.ndarray] = field(default_factory=list)  # (layers,) nan where no box is known
    rivals: dict[str, list[np.ndarray]] = field(default_factory=dict)  # method -> (words,)


def evaluate(vlm: VisionLanguageModel, data: DataSet, settings: AdaptVisSettings, notes: list[str]) -> Iterator[Progress | Evaluated]:
    """Yield Progress and the growing Evaluated; the last one holds all items.

    Raises:
        InputError: there is nothing to test on, or the model cannot be asked so.
    """
    if not data.test or not data.validation:
        raise InputError(f"{data.name} has {len(data.validation)} items to choose on and {len(data.test)} to test on. "
                         "Both need one at least.")
    if (count := len({item.relation for item in data.test})) > MAX_RELATIONS:
        raise InputError(f"{data.name} names {count:,} relations. At most {MAX_RELATIONS:,} are compared.")
    words = _words(data)
    clock = _Clock(len(data.validation) + len(data.test))
    validation, test = _Gathered(), _Gathered()
    for _ in _asked(vlm, data.validation, words, settings, validation, notes):
        yield clock.progress(len(validation.items), "Choosing alphas on the validation part")
    chosen = choose(_table(validation, words, settings), settings)
    shown = time.monotonic()
    for _ in _asked(vlm, data.test, words, settings, test, notes):
        done = len(validation.items) + len(test.items)
        yield clock.progress(done, f"Testing: {len(test.items)} of {len(data.test)} questions")
        if time.monotonic() - shown > SHOWN_EVERY_S and len(test.items) < len(data.test):
            yield _evaluated(data, validation, test, words, chosen, settings)
            shown = time.monotonic()
    yield _evaluated(data, validation, test, words, chosen, settings)


def _opened(items: Sequence[Item], broken: list[str]) -> tuple[list[Item], list[np.ndarray]]:
    """Return the items whose picture can be read, with these; what is wrong with the others goes to `broken`."""
    kept, pictures = [], []
    for item in items:
        try:
            pictures.append(item.open())
            kept.append(item)
        except InputError as error:
            broken.append(str(error))
    return kept, pictures


class _Clock:
    """How long is left, from what it took so far."""

    def __init__(self, total: int) -> None:
        self._total, self._started = total, time.monotonic()

    def progress(self, done: int, stage: str) -> Progress:
        spent = time.monotonic() - self._started
        return Progress(done / self._total, stage, spent / done * (self._total - done))


def _words(data: DataSet) -> tuple[str, ...]:
    """Return every option of the data set, in the order in which they first occur."""
    return tuple(dict.fromkeys(option for item in (*data.validation, *data.test) for option in item.options))


def _asked(vlm: VisionLanguageModel, items: Sequence[Item], words: tuple[str, ...], settings: AdaptVisSettings, into: _Gathered,
           notes: list[str]) -> Iterator[None]:
    """Yield after every batch that was answered and put `into`; a picture that cannot be read is left out with its item.

    Raises:
        InputError: none can be read.
    """
    broken: list[str] = []
    size = 1 if mixes_rows(vlm.model) else MINIATURE_BATCH if vlm.model.num_parameters() < TINY else BATCH
    for whole in _batches(items, size):
        batch, pictures = _opened(whole, broken)
        if not batch:
            continue
        questions = [item.question for item in batch]
        layouts = [layout_of(settings, item.released) for item in batch]
        answers = ask_all(vlm, pictures, questions, batch[0].options, alphas_of(settings), scaling=scaling_of(settings, vlm),
                          reads=Reads() if any(item.boxes for item in batch) else None, max_tokens=settings.max_new_tokens,
                          layout=layouts)
        for item, picture, answer in zip(batch, pictures, answers):
            _keep(into, item, picture, answer, words, settings)
        for method in [method for method in RIVALS if method in settings.methods]:
            found = rival_probabilities(method, vlm, pictures, questions, batch[0].options, layouts, seed=settings.seed)
            into.rivals.setdefault(method, []).extend(_spread(own, batch[0].options, words) for own in found)
        for note in dict.fromkeys(note for answer in answers for note in answer.notes):
            if _NUMBER.sub("#", note) not in {_NUMBER.sub("#", known) for known in notes}:  # a count differs from batch to batch
                notes.append(note)
        yield
    if broken and not into.items:
        raise InputError(broken[0])
    if broken:
        notes.append(f"Left out, because its picture cannot be read: {counted(len(broken), 'item')}. {broken[0]}")


def _batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Neighbouring items of equal options."""
    batch: list[Item] = []
    for item in items:
        if batch and (len(batch) == size or item.options != batch[0].options):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _keep(into: _Gathered, item: Item, picture: np.ndarray, answer: Answers, words: tuple[str, ...],
          settings: AdaptVisSettings) -> None:
    reads = [meant(settings.match, item.options, own, text, item.right)
             for own, text in zip(answer.option_probabilities, answer.texts)]
    one = answer.alphas.index(1.0)
    into.items.append(item)
    into.probabilities.append(_spread(answer.option_probabilities, item.options, words))
    into.right.append(np.array([bool(found.is_right) for found in reads]))
    into.answers.append(tuple(_word(found, item.right) for found in reads))
    into.texts.append(answer.texts[one])
    into.confidence.append(float(np.nan_to_num(answer.confidence[one])))  # of what overflowed: nothing, so it is unsure
    into.overlaps.append(_overlap(answer, item, picture, one))


def _word(found: Read, right: str) -> str:
    """Return the option that was said; the right one where, and only where, the reply counts as right.

    The released test may find the right word in a reply that means another option, and miss one that stands there.
    """
    return right if found.is_right else "" if found.word == right else found.word


def _spread(probabilities: np.ndarray, options: tuple[str, ...], words: tuple[str, ...]) -> np.ndarray:
    """Return (..., words) from (..., options): 0 for a word that was no option."""
    whole = np.zeros((*probabilities.shape[:-1], len(words)))
    whole[..., [words.index(option) for option in options]] = probabilities
    return whole


def _overlap(answer: Answers, item: Item, picture: np.ndarray, one: int) -> np.ndarray:
    tokens = token_shares(answer.places, picture)
    if answer.maps is None or tokens is None:
        return np.full(1 if answer.maps is None else len(answer.maps.layers), np.nan)
    found = auroc(answer.maps.image[0, one, :, 0], tokens, boxes_only(item.boxes))
    return np.full(len(answer.maps.layers), np.nan) if found is None else found


def _table(gathered: _Gathered, words: tuple[str, ...], settings: AdaptVisSettings) -> Table:
    names = list(dict.fromkeys(item.group for item in gathered.items))
    number = {name: index for index, name in enumerate(names)}
    confidence = np.array(gathered.confidence)
    sweep = Sweep(
        alphas=alphas_of(settings), probabilities=np.stack(gathered.probabilities, axis=1), right=np.stack(gathered.right, axis=1),
        confidence=confidence.round(2) if settings.rounds_confidence else confidence,
        truth=np.array([words.index(item.right) for item in gathered.items]),
        groups=np.array([number[item.group] for item in gathered.items]))
    return Table(sweep, tuple(gathered.items), words, tuple(gathered.answers), tuple(gathered.texts), np.stack(gathered.overlaps),
                 {method: np.stack(own) for method, own in gathered.rivals.items()})


def _evaluated(data: DataSet, validation: _Gathered, test: _Gathered, words: tuple[str, ...], chosen: Chosen,
               settings: AdaptVisSettings) -> Evaluated:
    return evaluated_of(data, len(validation.items), _table(test, words, settings), chosen, settings)
