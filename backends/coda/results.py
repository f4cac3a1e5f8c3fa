"""What a run of CoDA gives back. One result has one part: the comparison, the law, the recovery or the answered file."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backends.coda.choices import Detector, EscapeBias, Kind, MaskMode, Membership, Unit
from backends.coda.settings import CodaSettings
from backends.run import Result
from backends.statistics import Share

OLD_MEANINGS = ("This run is of before December 2026. In it “CoDA as printed” used the page's detector and not the paper's, CAD "
                "and CD obeyed CoDA's gate, and the alarm used the page's bias. Run its settings again to see the decoders as their "
                "papers have them.")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TopToken(_Frozen):
    """One of the likeliest tokens; log-probabilities in nats."""

    piece: str
    full: float  # log p(y|X)
    masked: float  # log p(y|X')
    score: float  # s(y), of which the largest is chosen; -inf where y is not plausible
    membership: Membership


class WrittenToken(_Frozen):
    """One token of an answer and what it was chosen from."""

    piece: str
    greedy_piece: str  # what the full prompt alone would give here
    is_contrasted: bool  # there was a mask, and the gate, if any, was open
    is_end: bool
    layer: int | None  # DoLa's early layer
    by_full: tuple[TopToken, ...]  # likeliest by X
    by_masked: tuple[TopToken, ...]  # likeliest by X'
    by_score: tuple[TopToken, ...]


class Masked(_Frozen):
    """A part of the prompt that was masked, with all its scores in nats."""

    text: str
    positions: tuple[int, ...]
    lift: float
    rpmi_sum: float
    escape_reward: float
    indicator: float
    num_suppressed: int
    num_escaping: int
    first: str = ""  # the token that CAD would write first with this part masked; empty in runs that did not ask


class Found(_Frozen):
    """What the detector of the knobs said of one prompt, and the paper's alarm."""

    tried: tuple[Masked, ...]
    skipped: tuple[tuple[str, str], ...]  # text, why
    chosen: str | None  # None: nothing is overshadowed, nothing is contrasted
    chosen_positions: tuple[int, ...]
    masked_prompt: str
    reason: str
    is_alarm: bool | None  # a token's indicator is positive: the paper foresees a hallucination; None: silent, not all tried
    alarm_reason: str = ""
    suggested_positions: tuple[int, ...] = ()  # of the word that a rule suggests from the words alone


class Chosen(_Frozen):
    """What one decoder's masked prompt was."""

    text: str | None  # None: nothing was masked, so that nothing was contrasted
    positions: tuple[int, ...]
    masked_prompt: str
    reason: str


class Definition(_Frozen):
    """One decoder of a run, complete; what it does not use is None."""

    name: str
    title: str
    formula: str
    source: str
    alpha: float | None = None
    escape_bias: EscapeBias | None = None
    gate: bool | None = None
    weight: float | None = None
    detector: Detector | None = None
    unit: Unit | None = None
    tau: float | None = None
    mask_mode: MaskMode | None = None


class Written(_Frozen):
    """One decoder's answer to one prompt."""

    method: str
    text: str
    tokens: tuple[WrittenToken, ...]
    is_right: bool | None  # None where the right answer is not known
    is_popular: bool | None  # it gives the popular fact's answer
    own: Chosen | None = None  # None: it read no masked prompt, or is of a run in which all decoders shared one


class Asked(_Frozen):
    """One prompt, and what came of it."""

    prompt: str
    pieces: tuple[str, ...]
    right: str | None
    popular: str | None  # the answer that overshadows
    popular_example: str | None  # a popular fact that shares its words
    num_popular: int | None  # P
    found: Found
    written: tuple[Written, ...]


class Group(_Frozen):
    """Rates of all sets with one value of the factor; R is in per cent and None where the popular facts are not learned."""

    value: float
    num_sets: int
    r: float | None
    low: float | None
    high: float | None
    rr: float  # 0..1, outputs
    hr: float
    em_b: float
    other: float


class FittedLaw(_Frozen):
    """R = slope * log10(value) + intercept, in per cent. Intervals are 95 %, bootstrap over sets and seeds."""

    groups: tuple[Group, ...]
    slope: float | None  # None with fewer than three learned groups
    slope_interval: tuple[float, float] | None
    intercept: float | None
    r_squared: float | None
    constant: float | None


class TrainedEpoch(_Frozen):
    """The law after one epoch; of several seeds pooled."""

    epoch: int
    loss: float
    cpu_s: float
    law: FittedLaw


class LawPart(_Frozen):
    """How the law comes and goes with training."""

    factor: str  # P, L or S
    epochs: tuple[TrainedEpoch, ...]
    num_parameters: int
    num_sentences: int
    was_trained: bool  # now, not shipped


class RecoveryRow(_Frozen):
    """One decoder on all sets."""

    decoder: str
    exact_match: Share
    per_value: tuple[tuple[float, Share], ...]
    recovered: Share  # of the hallucinated
    broken: Share  # of the right


class SweepPoint(_Frozen):
    """Recovery and breakage at one strength of one decoder."""

    decoder: str
    knob: str  # alpha or a
    value: float
    recovered: float
    broken: float
    exact_match: float


class FinderRow(_Frozen):
    """How well one detector finds the rare word."""

    rule: str
    hits: Share
    fires_hallucinated: Share
    fires_right: Share


class RecoveryPart(_Frozen):
    factor: str
    rows: tuple[RecoveryRow, ...]
    sweep: tuple[SweepPoint, ...]
    finders: tuple[FinderRow, ...]
    alarm: Share  # how often "some indicator is positive" agrees with "greedy is wrong"


class FileRow(_Frozen):
    """One row of a file: the answers by method, and which are right."""

    number: int
    prompt: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    answers: dict[str, str]
    is_right: dict[str, bool | None]  # exact match
    contains: dict[str, bool | None]
    prefers_right: bool | None  # MemoTrap's own score: the right class is likelier than the other, by plain probabilities
    is_alarm: bool | None  # None: silent among the tokens that were tried, and not all were
    masked: str | None  # what the knobs' detector chose
    problem: str | None = None  # why the row has no answers, or no score of its classes
    is_wrong: dict[str, bool | None] = Field(default_factory=dict)  # gives a wrong answer of the file: hallucinated


class FilePart(_Frozen):
    kind: str  # which layout was recognised
    name: str
    num_in_file: int
    rows: tuple[FileRow, ...]


class CodaResult(Result):
    """One run."""

    system: ClassVar[str] = "coda"

    settings: CodaSettings
    kind: Kind | None = None  # of the model; None where none answered prompts, and in older runs
    definitions: tuple[Definition, ...] = ()  # of the decoders that answered
    asked: tuple[Asked, ...] = ()
    law: LawPart | None = None
    recovery: RecoveryPart | None = None
    file: FilePart | None = None

    @model_validator(mode="before")
    @classmethod
    def _had_other_meanings(cls, values: Any) -> Any:
        """A run of before the decoders had complete definitions says what its names meant."""
        if not isinstance(values, dict) or "definitions" in values or not (values.get("asked") or values.get("file")):
            return values
        return values | {"notes": (*values.get("notes", ()), OLD_MEANINGS)}

    def summary(self) -> dict[str, Any]:
        """The numbers without the per-token lists: for REST, MCP and tables."""
        short = {"asked": {"__all__": {"written": {"__all__": {"tokens"}}}}}
        return self.model_dump(mode="json", exclude=short)  # type: ignore[arg-type]
