"""What a run of CoDA gives back. One result has one part: the comparison, the law, the recovery or the answered file."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from backends.coda.choices import (
    MAX_ANSWERS,
    MAX_CANDIDATES,
    MAX_CHARACTERS,
    MAX_ITEMS,
    MAX_NEW_TOKENS,
    MAX_PROMPTS,
    Detector,
    EscapeBias,
    Kind,
    MaskMode,
    Membership,
    Unit,
)
from backends.coda.law import MAX_GROUPS, Factored, Law
from backends.coda.settings import CodaSettings, Factor, Method
from backends.run import Result
from backends.shapes import CHECKED, Count, Finite, Frozen, Seconds, at_most, check_rising, one_of
from backends.statistics import Share

OLD_MEANINGS = ("This run is of before December 2026. In it “CoDA as printed” used the page's detector and not the paper's, CAD "
                "and CD obeyed CoDA's gate, and the alarm used the page's bias. Run its settings again to see the decoders as their "
                "papers have them.")

LogProbability = Annotated[float, Field(le=0.01)]  # nats; rounding may lift it above 0
Positions = Annotated[tuple[Count, ...], at_most(MAX_CHARACTERS)]
Decoder = Annotated[str, one_of(Method)]
Rates = Annotated[dict[Decoder, bool | None], Field(max_length=16)]


class TopToken(Frozen):
    """One of the likeliest tokens; log-probabilities in nats."""

    piece: str
    full: LogProbability  # log p(y|X)
    masked: LogProbability  # log p(y|X')
    score: float  # s(y), of which the largest is chosen; -inf where y is not plausible
    membership: Membership


Listed = Annotated[tuple[TopToken, ...], at_most(64)]


class WrittenToken(Frozen):
    """One token of an answer and what it was chosen from."""

    piece: str
    greedy_piece: str  # what the full prompt alone would give here
    is_contrasted: bool  # there was a mask, and the gate, if any, was open
    is_end: bool
    layer: int | None  # DoLa's early layer
    by_full: Listed  # likeliest by X
    by_masked: Listed  # likeliest by X'
    by_score: Listed


@dataclass(frozen=True)
class Masked:
    """A part of the prompt that was masked, with everything that the detectors look at, in nats."""

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    text: str
    positions: Positions
    lift: float
    rpmi_sum: float
    escape_reward: float
    indicator: float
    num_suppressed: Count
    num_escaping: Count
    first: str = ""  # the token that CAD would write first with this part masked; empty in runs that did not ask


class Found(Frozen):
    """What the detector of the knobs said of one prompt, and the paper's alarm."""

    tried: Annotated[tuple[Masked, ...], at_most(MAX_CANDIDATES)]
    skipped: Annotated[tuple[tuple[str, str], ...], at_most(MAX_CHARACTERS)]  # text, why
    chosen: str | None  # None: nothing is overshadowed, nothing is contrasted
    chosen_positions: Positions
    masked_prompt: str
    reason: str
    is_alarm: bool | None  # a token's indicator is positive: the paper foresees a hallucination; None: silent, not all tried
    alarm_reason: str = ""
    suggested_positions: Positions = ()  # of the word that a rule suggests from the words alone


class Chosen(Frozen):
    """What one decoder's masked prompt was."""

    text: str | None  # None: nothing was masked, so that nothing was contrasted
    positions: Positions
    masked_prompt: str
    reason: str


class Definition(Frozen):
    """One decoder of a run, complete; what it does not use is None."""

    name: str
    title: str
    formula: str
    source: str
    alpha: Finite | None = None
    escape_bias: EscapeBias | None = None
    gate: bool | None = None
    weight: Finite | None = None
    detector: Detector | None = None
    unit: Unit | None = None
    tau: Finite | None = None
    mask_mode: MaskMode | None = None


class Written(Frozen):
    """One decoder's answer to one prompt."""

    method: Decoder
    text: str
    tokens: Annotated[tuple[WrittenToken, ...], at_most(MAX_NEW_TOKENS)]  # none where the run was stopped before the first
    is_right: bool | None  # None where the right answer is not known
    is_popular: bool | None  # it gives the popular fact's answer
    own: Chosen | None = None  # None: it read no masked prompt, or is of a run in which all decoders shared one


class Asked(Frozen):
    """One prompt, and what came of it."""

    prompt: str
    pieces: Annotated[tuple[str, ...], at_most(MAX_CHARACTERS)]  # no more than characters
    right: str | None
    popular: str | None  # the answer that overshadows
    popular_example: str | None  # a popular fact that shares its words
    num_popular: Count | None  # P
    found: Found
    written: Annotated[tuple[Written, ...], at_most(16, least=1)]

    @model_validator(mode="after")
    def _has_one_answer_per_decoder(self) -> Self:
        methods = [written.method for written in self.written]
        if len(set(methods)) < len(methods):
            raise ValueError(f"{', '.join(methods)} answered; each decoder answers once")
        return self


class TrainedEpoch(Frozen):
    """The law after one epoch; of several seeds pooled."""

    epoch: int = Field(ge=0, le=1000)
    loss: float  # nan where the training diverged
    cpu_s: Seconds
    law: Law


class LawPart(Frozen):
    """How the law comes and goes with training."""

    factor: Factor
    epochs: Annotated[tuple[TrainedEpoch, ...], at_most(100, least=1)]
    num_parameters: Count
    num_sentences: Count
    was_trained: bool  # now, not shipped

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        check_rising((epoch.epoch for epoch in self.epochs), "the epochs")
        if (count := len({group.value for epoch in self.epochs for group in epoch.law.groups})) > MAX_GROUPS:
            raise ValueError(f"the factor has {count} values; at most {MAX_GROUPS} are drawn")
        return self


@dataclass(frozen=True)
class Recovery:
    """One decoder on all sets of all seeds."""

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    decoder: str
    exact_match: Share
    per_value: Annotated[tuple[tuple[Factored, Share], ...], at_most(MAX_GROUPS)]  # exact match of each P or L
    recovered: Share  # of the hallucinated
    broken: Share  # of the right


class SweepPoint(Frozen):
    """Recovery and breakage at one strength of one decoder."""

    decoder: str
    knob: Annotated[str, one_of(Literal["alpha", "a"])]
    value: Finite
    recovered: float
    broken: float
    exact_match: float


@dataclass(frozen=True)
class Localisation:
    """How well one rule finds the rare word x."""

    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    rule: str
    hits: Share  # picks x, of the hallucinated prompts; a rule that does not fire misses
    fires_hallucinated: Share
    fires_right: Share


class RecoveryPart(Frozen):
    factor: Factor
    rows: Annotated[tuple[Recovery, ...], at_most(64, least=1)]
    sweep: Annotated[tuple[SweepPoint, ...], at_most(1000)]
    finders: Annotated[tuple[Localisation, ...], at_most(16)]
    alarm: Share  # how often "some indicator is positive" agrees with "greedy is wrong"


class FileRow(Frozen):
    """One row of a file: the answers by method, and which are right."""

    number: int
    prompt: str
    right: Annotated[tuple[str, ...], at_most(MAX_ANSWERS)]
    wrong: Annotated[tuple[str, ...], at_most(MAX_ANSWERS)]
    answers: Annotated[dict[Decoder, str], Field(max_length=16)]
    is_right: Rates  # exact match
    contains: Rates
    prefers_right: bool | None  # MemoTrap's own score: the right class is likelier than the other, by plain probabilities
    is_alarm: bool | None  # None: silent among the tokens that were tried, and not all were
    masked: str | None  # what the knobs' detector chose
    problem: str | None = None  # why the row has no answers, or no score of its classes
    is_wrong: Rates = Field(default_factory=dict)  # gives a wrong answer of the file: hallucinated


class FilePart(Frozen):
    kind: str  # which layout was recognised
    name: str
    num_in_file: Count
    rows: Annotated[tuple[FileRow, ...], at_most(MAX_ITEMS)]


def training_title(factor: str, width: str, epoch: int, seed: int) -> str:
    """Return what a training is called, in the ladder of models and in lists of runs."""
    return f"Trained here: {factor} law, {width}, epoch {epoch}, seed {seed}"


class CodaResult(Result):
    """One run."""

    system: ClassVar[str] = "coda"

    settings: CodaSettings
    kind: Kind | None = None  # of the model; None where none answered prompts, and in older runs
    definitions: Annotated[tuple[Definition, ...], at_most(16)] = ()  # of the decoders that answered
    asked: Annotated[tuple[Asked, ...], at_most(MAX_PROMPTS)] = ()
    law: LawPart | None = None
    recovery: RecoveryPart | None = None
    file: FilePart | None = None

    @model_validator(mode="after")
    def _has_its_own_part_only(self) -> Self:
        parts = {"compare": self.asked, "law": self.law, "recovery": self.recovery, "file": self.file}
        if others := [task for task, part in parts.items() if part and task != self.settings.task]:
            raise ValueError(f"the task is {self.settings.task}, and there is a part of {', '.join(others)}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _had_other_meanings(cls, values: object) -> object:
        """A run of before the decoders had complete definitions says what its names meant."""
        if not isinstance(values, dict) or "definitions" in values or not (values.get("asked") or values.get("file")):
            return values
        notes = values.get("notes", ())
        return values | {"notes": (*notes, OLD_MEANINGS)} if isinstance(notes, list | tuple) else values  # else the field says so

    @property
    def title(self) -> str:
        """A training in the words by which the ladder calls its model."""
        if self.law is None or not self.law.was_trained or not self.law.epochs:
            return ""
        width = "four widths" if self.settings.factor == "S" else f"{self.settings.hidden} wide"
        more = f" and {self.settings.num_seeds - 1} more" if self.settings.num_seeds > 1 else ""
        return training_title(self.settings.factor, width, self.law.epochs[-1].epoch, self.settings.seed) + more

    @property
    def brief(self) -> str:
        if self.law and self.law.epochs:
            return f"{self.law.epochs[-1].epoch} epochs" if self.law.was_trained else "measured"
        if self.recovery:
            return "every rare fact asked"
        if self.file:
            return f"{len(self.file.rows):,} rows of {self.file.num_in_file:,}"
        if not self.asked:
            return ""
        known = [asked for asked in self.asked if asked.right is not None]
        if len(self.asked) > 1 or not known:
            return f"{len(self.asked)} prompts answered" if len(self.asked) > 1 else "your prompt answered"
        correct = [written.method for written in known[0].written if written.is_right]
        return f"{len(correct)} of {len(known[0].written)} decoders correct"

    def summary(self) -> dict[str, object]:
        """The numbers without the per-token lists: for REST, MCP and tables."""
        short = {"asked": {"__all__": {"written": {"__all__": {"tokens"}}}}}
        return self.model_dump(mode="json", exclude=short)  # type: ignore[arg-type]
