"""The trainings of the law: one model after another, each of which can be gone on with in a later run.

A model that was trained is a rung of its session: it answers prompts and is asked for recoveries like a miniature.
"""

import logging
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from safetensors import SafetensorError

from backends.coda.results import CodaResult, training_title
from backends.coda.settings import CodaSettings
from backends.made import name_of
from backends.run import Inputs, seeds_from
from models.catalogue import declare
from models.training.language import Epoch, Tokens, Training, train
from models.training.words import word_tokenizer
from worlds.errors import InputError, disk_sentence
from worlds.facts.corpus import BOS, EOS, PAD, PAPER_VALUES, Corpus, CorpusSpec
from worlds.facts.english import draw_corpus

log = logging.getLogger("orrery.coda")

SIZES = (16, 32, 64, 128)  # widths of the size law; 256 would take minutes an epoch
SAME = ("factor", "other", "num_sets", "position", "hidden", "weight_decay", "learning_rate", "num_seeds", "seed")  # in both runs


@dataclass(frozen=True)
class One:
    """One training of a series."""

    spec: CorpusSpec
    training: Training
    seed: int
    corpus: Corpus

    @property
    def num_sentences(self) -> int:
        return sum(1 for _ in self.corpus.statements())

    def states(self, *, epochs: int, goes_on_from: Path | None) -> Iterator[Epoch]:
        """Yield the state after every epoch that is not made yet."""
        sentences = [statement.sentence for statement in self.corpus.statements()]
        tokens = Tokens(len(self.corpus.words), PAD, BOS, EOS)
        yield from train(self.training, sentences, tokens, seed=self.seed, epochs=epochs, goes_on_from=goes_on_from)

    def name(self, epoch: int) -> str:
        """What follows from corpus, training, seed and epoch."""
        corpus = self.spec.model_dump(mode="json")
        return name_of("coda", {"corpus": corpus, **asdict(self.training), "seed": self.seed, "epoch": epoch})

    def write(self, state: Epoch, folder: Path) -> None:
        """Save the checkpoint with its words, its corpus and the card that makes it a rung."""
        state.save(folder)
        word_tokenizer(self.corpus.words, self.corpus.openings).save_pretrained(folder)
        (folder / "corpus.json").write_text(self.spec.model_dump_json(indent=2) + "\n", encoding="utf-8")
        title = training_title(self.spec.factor, f"{self.training.hidden} wide", state.epoch, self.seed)
        rung = {"role": "language", "title": title, "loader": "language-model", "architecture": "LlamaForCausalLM",
                "licence": "apache-2.0", "parameters": state.model.num_parameters(), "made_for": ["coda"], "order": 0,
                "note": f"Weight decay {self.training.weight_decay:g}; it knows the invented words of its own corpus and no others."}
        declare(folder, rung, training={**asdict(self.training), "seed": self.seed}, epoch=state.epoch, loss=state.loss)


def series_of(settings: CodaSettings) -> list[One]:
    """Return what is trained, in order: each seed, and for the size law each width of it.

    Raises:
        InputError: the corpus cannot be drawn.
    """
    factor: Literal["P", "L"] = "L" if settings.factor == "L" else "P"
    widths = SIZES if settings.factor == "S" else (settings.hidden,)
    series: list[One] = []
    for seed in seeds_from(settings.seed, settings.num_seeds):
        spec = CorpusSpec(factor=factor, values=PAPER_VALUES, sets=settings.num_sets, other=settings.other,
                          position=settings.position, seed=seed)
        corpus = draw_corpus(spec)
        series += [One(spec, Training(hidden=width, mlp=8 * round(width * 2.625 / 8), learning_rate=settings.learning_rate,
                                      batch=64 if factor == "L" else 128, weight_decay=settings.weight_decay), seed, corpus)
                   for width in widths]
    return series


def earlier(settings: CodaSettings, inputs: Inputs) -> CodaResult | None:
    """Return the run that this one goes on from, if it is to go on from one.

    Raises:
        InputError: it is not here, trained something else, or has nothing that could be gone on with.
    """
    if not settings.continues:
        return None
    before = inputs.result(settings.continues)
    if not isinstance(before, CodaResult) or before.law is None or not before.law.was_trained:
        raise InputError(f"The run {settings.continues!r} trained nothing. Choose one that did, or none.")
    was, now = before.settings, settings
    if differing := [name for name in SAME if getattr(was, name) != getattr(now, name)]:
        said = ", ".join(f"{name} {getattr(was, name)} instead of {getattr(now, name)}" for name in differing)
        raise InputError(f"The run {settings.continues!r} trained with {said}. Set that again to go on with it, or train anew.")
    num_epochs, series = len(before.law.epochs), series_of(settings)
    if before.made != tuple(one.name(num_epochs) for one in series):
        if len(before.made) != len(series) and not before.was_stopped:
            raise InputError(f"The models of the run {settings.continues!r} were not kept; its notes say why. Train anew.")
        if before.was_stopped:
            raise InputError(f"The run {settings.continues!r} was ended before all its models were trained. Train anew.")
        # a file says what it likes: weights of another training must not go on under this one's name
        raise InputError(f"The run {settings.continues!r} names other models than it would have trained. Train anew.")
    if settings.epochs <= num_epochs:
        raise InputError(f"The run {settings.continues!r} made {num_epochs} epochs. Set 'epochs' above that to go on with it.")
    return before


def trained(one: One, *, epochs: int, place: int, before: CodaResult | None, inputs: Inputs, made: list[str],
            notes: list[str]) -> Generator[Epoch, None, None]:
    """Yield the state after every new epoch; the last one that was reached is kept and its name added to `made`, or to `notes` why
    it could not be: what was measured is not lost for that."""
    state: Epoch | None = None
    folder = inputs.model(before.made[place]) if before else None
    try:
        for state in one.states(epochs=epochs, goes_on_from=folder):
            yield state
    except GeneratorExit:  # the run was stopped
        _keep(one, state, inputs, made, notes)
        raise
    _keep(one, state, inputs, made, notes)


def _keep(one: One, state: Epoch | None, inputs: Inputs, made: list[str], notes: list[str]) -> None:
    if state is None or inputs.makes is None:
        return
    kept = state
    name = one.name(kept.epoch)
    try:
        inputs.makes.put(name, lambda folder: one.write(kept, folder))
    except (OSError, SafetensorError) as error:
        log.warning("%s was not kept", name, exc_info=error)
        notes.append(f"The model of seed {one.seed} could not be kept, so that no run can go on from here. "
                     f"{disk_sentence(error) or 'Its files could not be written.'}")
        return
    made.append(name)
