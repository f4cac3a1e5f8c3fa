"""What a run of merging gives back: children tried, pairs of weights, layers looked into, folders merged, or questions asked."""

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from backends.merging.mix import Part
from backends.merging.settings import MAX_LAYERS, MergingSettings, Parent, Probe
from backends.run import Result
from backends.shapes import Count, Finite, Frozen, Rate, Seconds, Shaped, at_most, floats, jpeg, length, one_of

MAX_TEXT, MAX_REPLY = 3_000, 20_000  # characters
MAX_POINTS, MAX_SHOWN, MAX_ANSWERS = 41, 24, 48
MAX_PROBES = 6 * MAX_LAYERS
MAX_ROWS, MAX_TOLD = 20_000, 2_000  # rows that are counted; of which words are kept
Name = Annotated[str, Field(max_length=300)]
Words = Annotated[str, Field(max_length=MAX_TEXT)]
Size = Annotated[float, Field(ge=0, le=1e12)]
Triple = tuple[Finite, Finite, Finite]  # mean, and the ends of its 95 % interval


class Skills(Frozen):
    """Shares of held-out questions that are answered correctly, as many of each kind.

    Attributes:
        sees: a digit or a colour of a picture.                                     P
        seen: sums of a picture's digits that the vision-language model has met.     Js
        unseen: those that only the reasoning model has met: the joint skill.        Ju
        reckons: the same unseen sums, the digits given as text.                     Tu
        length: tokens of an answer to an unseen sum, on average.
    """

    sees: Rate
    seen: Rate
    unseen: Rate
    reckons: Rate
    length: Annotated[float, Field(ge=0, le=1e4)]


class Tried(Frozen):
    """A child on the curve: what was turned, and what it then can do."""

    at: Finite  # the share, or the weight of reasoning
    skills: Skills


class Answer(Frozen):
    """What one model says to a picture: the digits it reads, and the result it gives."""

    by: Name  # vlm, reasoner, or the place on the curve as `child:0.30`
    says: Annotated[str, Field(max_length=200)]
    is_right: bool


class Question(Shaped):
    """A question of the gallery, its picture as the model gets it drawn larger, and all answers."""

    jpeg: Annotated[np.ndarray, jpeg()]  # (bytes,)
    question: Words
    right: Annotated[str, Field(max_length=200)]
    kind: Annotated[str, Field(max_length=20)]  # sees, seen, unseen
    answers: Annotated[tuple[Answer, ...], at_most(MAX_ANSWERS)] = ()


class Apart(Frozen):
    """How far both children of the base went in one layer, or its modules of a kind, and whether in the same direction.

    Attributes:
        layer: None for what is in no layer: the last norm.
        part: "" for all of the layer.
        vlm, reasoner: size of the task vector over that of the base, None where no base was read.    ||tau|| / ||theta_base||
        cosine: of the two task vectors; None where one is nothing, too.
        models: how far the two models are apart, over the size of the vision-language model.
    """

    layer: Annotated[int, Field(ge=0, lt=MAX_LAYERS)] | None
    part: Annotated[str, one_of(Part, Literal[""])] = ""
    vlm: Size | None = None
    reasoner: Size | None = None
    cosine: Annotated[float, Field(ge=-1.001, le=1.001)] | None = None
    models: Size | None = None


class Merged(Shaped):
    """One merge of the small models and what the child can do, beside its parents.

    Attributes:
        vlm: the vision-language model alone.
        behind: the reasoning model behind the other's eyes: linear with a share of 0.
        child: as it is set; None until it was tried.
        curve: along the share, or the weight of reasoning, rising.
        count: questions of each kind.
        seconds: of the merge, and of trying it.
    """

    vlm: Skills | None = None
    behind: Skills | None = None
    child: Skills | None = None
    curve: Annotated[tuple[Tried, ...], at_most(MAX_POINTS)] = ()
    gallery: Annotated[tuple[Question, ...], at_most(MAX_SHOWN)] = ()
    apart: Annotated[tuple[Apart, ...], at_most(3 * MAX_LAYERS + 1)] = ()
    merged_tensors: Count = 0
    kept_tensors: Count = 0
    count: Count = 0
    merge_s: Seconds = 0.0
    try_s: Seconds = 0.0


class Grid(Shaped):
    """All pairs of weights: rows the weight of seeing, columns that of reasoning; NaN where a pair was not tried yet."""

    weights: Annotated[np.ndarray, floats("weights")]
    sees: Annotated[np.ndarray, floats("weights", "weights", low=0, high=1, may_be_nan=True)]
    unseen: Annotated[np.ndarray, floats("weights", "weights", low=0, high=1, may_be_nan=True)]
    convex: Annotated[tuple[Tried, ...], at_most(MAX_POINTS)] = ()  # the paper's line: weights that sum to 1
    count: Count = 0


class Probed(Frozen):
    """What is left when something was done to one layer of a model.

    Attributes:
        of: vlm or child.
        layer: of a range, the first.
        end: one after the last.
        part: of a flattened module; "" where the whole layer is meant.
        back_to: whose layer it became.
    """

    kind: Annotated[str, one_of(Probe)]
    of: Annotated[str, Field(pattern="^(vlm|child)$")]
    layer: Annotated[int, Field(ge=0, lt=MAX_LAYERS)]
    end: Annotated[int, Field(ge=1, le=MAX_LAYERS)]
    part: Annotated[str, Field(pattern="^(attention|mlp|)$")] = ""
    back_to: Annotated[str, one_of(Parent)] | None = None
    skills: Skills


class Looked(Shaped):
    """Inside the answer to the first question that is shown: what each layer would say next, and where it looks.

    Attributes:
        words: the answer's tokens.
        says: for each layer, what it would say at each place.               logit lens
        sure: with which probability.
        gaze: attention of the last word before the result to each patch of the picture, mean over heads, a row per layer.
    """

    own_axes: ClassVar[tuple[str, ...]] = ("layers", "words", "patches")

    of: Annotated[str, Field(pattern="^(vlm|child)$")]
    words: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], at_most(40, least=1), length("words")]
    says: Annotated[tuple[Annotated[tuple[Annotated[str, Field(max_length=40)], ...], at_most(40)], ...], at_most(MAX_LAYERS),
                    length("layers")]
    sure: Annotated[np.ndarray, floats("layers", "words", low=0, high=1.001)]
    gaze: Annotated[np.ndarray, floats("layers", "patches", low=0)]
    columns: Annotated[int, Field(ge=1, le=1_000)]  # patches in a row of the picture


class Looking(Shaped):
    """Layers looked into, before and after the merge."""

    vlm: Skills
    child: Skills
    num_layers: Annotated[int, Field(ge=1, le=MAX_LAYERS)]
    probes: Annotated[tuple[Probed, ...], at_most(MAX_PROBES)] = ()
    looked: Annotated[tuple[Looked, ...], at_most(2)] = ()
    question: Question | None = None
    count: Count = 0


class Finding(Frozen):
    """One thing that was checked before a merge of folders."""

    what: Words
    found: Words
    verdict: Annotated[str, Field(pattern="^(fits|warns|refuses)$")]


class Folders(Frozen):
    """A merge of models on disk: what was checked, what it takes, what came out.

    Attributes:
        peak_mb, output_mb, free_mb: memory, size of what is written, room on the disk; None where it is not known.
        layout: how the vision-language model's tensors are called.
        first_logit: largest difference of the written model's first logits to those of the merge in memory; None where none was run.
        record: the merge record, as JSON.
        yaml: the same merge for mergekit; "" where it has no such method.
    """

    findings: Annotated[tuple[Finding, ...], at_most(200)] = ()
    peak_mb: Finite | None = None
    output_mb: Finite | None = None
    free_mb: Finite | None = None
    layout: Words = ""
    shards: Count = 0
    merged_tensors: Count = 0
    kept_tensors: Count = 0
    apart: Annotated[tuple[Apart, ...], at_most(3 * MAX_LAYERS + 1)] = ()
    first_logit: Finite | None = None
    seconds: Seconds = 0.0
    record: Annotated[str, Field(max_length=20_000)] = ""
    yaml: Annotated[str, Field(max_length=20_000)] = ""


class Group(Frozen):
    """A share of the questions that were asked: all, those that ask to see or to reason, a subset."""

    kind: Annotated[str, Field(max_length=10)]  # all, group, subset
    name: Name
    count: Count
    correct: Triple
    noise: Finite  # half width of the 95 % interval of a share of so many: 1.96 sqrt(0.25 / n)
    length: Finite | None  # tokens of a reply, on average


class Row(Shaped):
    """A question of a file and one model's reply to it."""

    id: Name
    group: Annotated[str, Field(max_length=40)]
    subset: Name = ""
    question: Words = ""
    right: Words = ""
    reply: Annotated[str, Field(max_length=MAX_REPLY)] = ""
    found: Words = ""  # the answer that was read out of the reply; "" where none was
    is_right: bool | None = None  # None where there is no reply, or no known answer
    tokens: Count | None = None
    picture: Annotated[np.ndarray | None, jpeg()] = None  # (bytes,), of the first few


class Report(Frozen):
    """One model asked the questions of a file, or the replies that a file brought."""

    model: Name
    source: Name
    groups: Annotated[tuple[Group, ...], at_most(200)] = ()
    silent: Count = 0  # replies with no answer to be found
    repeats: Count = 0  # replies that say one thing again and again
    rows: Annotated[tuple[Row, ...], at_most(MAX_ROWS)] = ()


class MergingResult(Result):
    """One run."""

    system: ClassVar[str] = "merging"

    settings: MergingSettings
    merged: Merged | None = None
    grid: Grid | None = None
    looking: Looking | None = None
    folders: Folders | None = None
    reports: Annotated[tuple[Report, ...], at_most(4)] = ()

    @model_validator(mode="after")
    def _has_its_own_part_only(self) -> Self:
        own = {"merge": "merged", "grid": "grid", "probe": "looking", "checkpoints": "folders", "ask": "reports"}
        strange = [part for task, part in own.items() if task != self.settings.task and getattr(self, part)]
        if strange:
            raise ValueError(f"the task is {self.settings.task}, and there is the part of another: {strange[0]}")
        return self

    @property
    def is_of_logs(self) -> bool:
        return False

    @property
    def brief(self) -> str:
        if self.merged and self.merged.child and self.merged.vlm:
            return (f"the child does {100 * self.merged.child.unseen:.0f} % of the sums that the vision-language model never "
                    f"met, which does {100 * self.merged.vlm.unseen:.0f} % of them")
        if self.grid and np.isfinite(self.grid.unseen).any():
            row, column = np.unravel_index(np.nanargmax(self.grid.unseen), self.grid.unseen.shape)
            return (f"best at {self.grid.weights[row]:.2f} of seeing and {self.grid.weights[column]:.2f} of reasoning: "
                    f"{100 * self.grid.unseen[row, column]:.0f} %")
        if self.looking:
            return f"{len(self.looking.probes)} changes tried"
        if self.folders:
            return f"{self.folders.merged_tensors:,} tensors merged" if self.made else f"{len(self.folders.findings)} things checked"
        return f"{sum(len(report.rows) for report in self.reports):,} replies scored" if self.reports else ""
