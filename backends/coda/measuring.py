"""The law and the recovery of suppressed answers, measured on a corpus whose every fact is known."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from backends.coda import recovery as decoders
from backends.coda.facts import need_corpus
from backends.coda.law import law, pooled
from backends.coda.results import LawPart, Recovery, RecoveryPart, SweepPoint, TrainedEpoch
from backends.coda.settings import CodaSettings
from backends.coda.training import SIZES, earlier, series_of, trained
from backends.coda.variants import TOLD, VARIANTS, Variant
from backends.coda.wiring import resolved, variant_of
from backends.run import Inputs, Progress
from models import catalogue
from models.catalogue import Rung
from models.language import as_language_model
from models.memory import budget
from models.probabilities import scores_of
from worlds.errors import InputError
from worlds.facts.rates import Answers, ask

ALPHAS = (1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3)
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
LIVE_RESAMPLES = 100  # of the bootstrap: drawn anew after every epoch


def shipped_law(settings: CodaSettings, rung: Rung) -> Iterator[Progress | LawPart]:
    """Yield the law of a miniature as it stood after each epoch that was kept.

    Raises:
        InputError: the model is no miniature of these corpora.
    """
    corpus = need_corpus(rung)
    kept = catalogue.epochs(rung)
    if not kept:
        raise InputError(f"{rung.title} was kept at its last epoch only. Its law over all of them is in the run that trained it.")
    epochs: list[TrainedEpoch] = []
    card, num_sentences = _card(rung), sum(1 for _ in corpus.statements())
    for number, epoch in enumerate(kept):
        yield Progress(number / len(kept), f"Asking the model of epoch {epoch}")
        with budget().borrow(catalogue.at_epoch(rung, epoch), "none") as loaded:
            model = as_language_model(loaded.tool).model
            found = law([ask(scores_of(model), corpus)], seed=settings.seed)
        loss, cpu_s = card.get(epoch, (float("nan"), float("nan")))
        epochs.append(TrainedEpoch(epoch=epoch, loss=loss, cpu_s=cpu_s, law=found))
        yield LawPart(factor=corpus.factor, epochs=tuple(epochs), num_parameters=model.num_parameters(),
                      num_sentences=num_sentences, was_trained=False)


def _card(rung: Rung) -> dict[int, tuple[float, float]]:
    """Loss and CPU seconds of each kept epoch, as the recipe wrote them down."""
    path: Path = catalogue.folder_of(rung).parent / "card.json"
    card = json.loads(path.read_text()) if path.is_file() else {}
    return {entry["epoch"]: (entry["loss"], entry["cpu_s"]) for entry in card.get("epochs", [])}


def trained_law(settings: CodaSettings, inputs: Inputs, made: list[str], notes: list[str]) -> Iterator[Progress | LawPart]:
    """Train now and yield the law after every epoch: of one size over P or L, or of four sizes over S.

    Several seeds are trained one after the other, each on words of its own, and pooled. A run that goes on from another begins where
    that one ended, and comes to what one long run would have come to.

    Args:
        made: gets the name of every model that was kept.
        notes: gets a sentence for each that could not be.
    Raises:
        InputError: the corpus cannot be drawn, the width does not suit, or the earlier run cannot be gone on with.
    """
    series, before = series_of(settings), earlier(settings, inputs)
    fits = {epoch.epoch: epoch for epoch in before.law.epochs} if before and before.law else {}
    answers: dict[int, list[Answers]] = {}
    losses: dict[int, list[float]] = {}
    cpu: dict[int, float] = {}
    num_new = settings.epochs - len(fits)
    total, done, started = len(series) * num_new, 0, time.process_time()
    for place, one in enumerate(series):
        num_sentences = one.num_sentences
        new = trained(one, epochs=settings.epochs, place=place, before=before, inputs=inputs, made=made, notes=notes)
        with closing(new) as states:  # a stop is over when what was reached is kept
            for state in states:
                done += 1
                own = ask(scores_of(state.model), one.corpus)
                size = state.model.num_parameters()
                if settings.factor == "S":
                    own = replace(own, value=np.full(len(own.value), float(size)))
                epoch = state.epoch
                answers.setdefault(epoch, []).append(own)
                losses.setdefault(epoch, []).append(state.loss)
                cpu[epoch] = cpu.get(epoch, 0.0) + state.cpu_s
                fits[epoch] = _epoch(settings, epoch, answers[epoch], losses[epoch], cpu[epoch])  # the others are as they were
                yield LawPart(factor=settings.factor, num_parameters=size, num_sentences=num_sentences, was_trained=True,
                              epochs=tuple(fits[epoch] for epoch in sorted(fits)))
                yield Progress(done / total, f"Epoch {epoch} of {settings.epochs}, loss {state.loss:.3f}",
                               (time.process_time() - started) / done * (total - done))


def _epoch(settings: CodaSettings, epoch: int, answers: list[Answers], losses: list[float], cpu_s: float) -> TrainedEpoch:
    seeds = _by_seed(answers, len(SIZES)) if settings.factor == "S" else answers
    found = law(seeds, resamples=LIVE_RESAMPLES, seed=settings.seed)
    return TrainedEpoch(epoch=epoch, loss=float(np.mean(losses)), cpu_s=cpu_s, law=found)


def _by_seed(answers: list[Answers], sizes: int) -> list[Answers]:
    """The sizes of one seed belong together: the bootstrap draws seeds."""
    return [pooled(answers[first:first + sizes]) for first in range(0, len(answers), sizes)]


def recover(settings: CodaSettings, rung: Rung) -> Iterator[Progress | RecoveryPart]:
    """Yield what every decoder recovers on a miniature's own rare facts: rows first, then the sweeps, then the detectors.

    Raises:
        InputError: the model is no miniature of these corpora.
    """
    corpus, own = need_corpus(rung), _own(settings)
    yield Progress(0.05, "Reading every rare fact, and every one of its maskings")
    masking: decoders.Masking = "delete" if settings.mask_mode == "delete" else "replace"
    with budget().borrow(rung, settings.quantisation) as loaded:
        reads = [decoders.read(as_language_model(loaded.tool).model, corpus, masking=masking)]
    rows = tuple(decoders.recovery(reads, decoder) for decoder in (*decoders.DECODERS, own))
    part = RecoveryPart(factor=corpus.factor, rows=rows, sweep=(), finders=(), alarm=decoders.alarm_accuracy(reads))
    yield Progress(0.5, "Turning alpha and a")
    yield part
    part = part.model_copy(update={"sweep": _sweeps(reads)})
    yield part
    finders = tuple(decoders.localisation(reads, rule, tau=settings.tau) for rule in decoders.RULES)
    yield part.model_copy(update={"finders": finders})


def _own(settings: CodaSettings) -> Variant:
    """The row of the knobs. Raises: InputError where their detector knows nothing of a corpus."""
    own = variant_of(settings, resolved(settings, "miniature"), "coda")
    detector = own.finding.detector if own.finding else "none"
    if detector not in (*decoders.RULES, "lift_argmax", "oracle"):
        raise InputError(f"The detector {detector!r} says nothing on a whole corpus. Choose oracle, lift, or one of the indicators.")
    return replace(own, title="your settings")


def _sweeps(reads: list[decoders.Reads]) -> tuple[SweepPoint, ...]:
    told = [decoder for decoder in decoders.DECODERS if decoder.finding == TOLD]
    cad = VARIANTS["cad_half_told"]
    points = []
    for decoder in (decoder for decoder in told if decoder.score == "coda"):
        found = decoders.sweep(reads, decoder, of="alpha", values=ALPHAS)
        points += [_point(decoder.title, "alpha", value, one) for value, one in found.items()]
    turned = decoders.sweep(reads, cad, of="weight", values=WEIGHTS)
    points += [_point("CAD, word told", "a", value, one) for value, one in turned.items()]
    return tuple(points)


def _point(name: str, knob: str, value: float, found: Recovery) -> SweepPoint:
    return SweepPoint(decoder=name, knob=knob, value=value, recovered=found.recovered.mean, broken=found.broken.mean,
                      exact_match=found.exact_match.mean)
