"""What a run of AdaptVis gives back: one picture looked at, or a set evaluated."""

import math
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from backends.adaptvis.larger import larger_of
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.words import headline, one_alpha
from backends.run import Array, Result


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class LayerReads(_Frozen):
    """Attention of the last prompt token at one alpha, means over heads, one entry per layer."""

    image_mass: Array  # (layers,) 0..1; image, text and first add up to 1
    text_mass: Array  # (layers,)
    first_mass: Array  # (layers,) on the first text token
    entropy: Array  # (layers,) nats, of the image part
    image_logit: Array  # (layers,) mean before scaling: its sign says what alpha does to the image mass
    box_auroc: Array | None  # (layers,) how well the map parts tokens on the true boxes from others; None without boxes


class AtAlpha(_Frozen):
    """The answer at one alpha."""

    alpha: float
    text: str
    confidence: float  # largest probability of the first token over the whole vocabulary
    probabilities: tuple[float, ...]  # per option
    is_right: bool | None
    maps: Array  # (layers, image tokens) attention, mean over heads
    reads: LayerReads


class Branch(_Frozen):
    """What AdaptVis did and why."""

    confidence: float
    beta: float
    is_unsure: bool
    alpha: float
    base_answer: str
    answer: str
    base_is_right: bool | None
    is_right: bool | None


class OtherMap(_Frozen):
    """Another way of looking, labelled as what it is."""

    name: str
    what: str  # one sentence
    map: Array  # (image tokens,) 0..1


class Looked(_Frozen):
    """One picture at many alphas."""

    picture_jpeg: Array  # (bytes,) as a person sees it
    size: tuple[int, int]  # width, height of that picture in pixels
    token_boxes: Array | None  # (image tokens, 4) x1 y1 x2 y2 in shares of the picture; None where the geometry is not known
    question: str
    options: tuple[str, ...]
    right: str | None
    true_boxes: tuple[tuple[str, float, float, float, float], ...]  # name, x1 y1 x2 y2 in shares; empty where not known
    at: tuple[AtAlpha, ...]  # in the order of alpha; 1.0 is always among them
    head_maps: Array | None  # (layers, heads, image tokens) at alpha = 1
    branch: Branch
    others: tuple[OtherMap, ...] = ()
    num_layers: int
    num_heads: int


class MethodScore(_Frozen):
    """One method on the test part. Rates 0..1 with 95 % intervals (bootstrap over sets)."""

    method: str
    setting: str  # alpha, or alpha1 / alpha2 / beta, as chosen
    individual: tuple[float, float, float]  # mean, low, high
    gain: tuple[float, float, float] | None = None  # over greedy on the same items, paired; of `reweighted` over greedy reweighted
    pair: float | None  # complete pairs only
    complete: float | None  # complete sets only
    official_pair: float | None
    official_set: float | None
    per_relation: tuple[tuple[str, float, int], ...]  # relation, accuracy, count
    mended: int  # wrong without, right with
    broken: int


class Curve(_Frozen):
    """Accuracy against alpha of some part of the test items."""

    name: str  # all, unsure half, sure half, a relation
    alphas: tuple[float, ...]
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Item(_Frozen):
    """One test item."""

    number: int
    relation: str
    right: str
    confidence: float
    answers: tuple[str, ...]  # per alpha of the grid
    adaptvis: str
    group: str


class YesNo(_Frozen):
    """VSR: the official "F1" is the harmonic mean of sensitivity and specificity; the others are what their names say."""

    accuracy: float
    f1_official: float
    f1_yes: float
    f1_macro: float
    balanced_accuracy: float


class Evaluated(_Frozen):
    data: str
    num_validation: int
    num_test: int
    alphas: tuple[float, ...]
    scores: tuple[MethodScore, ...]
    curves: tuple[Curve, ...]
    alpha1: float | None = None  # as chosen, or as set; None: not known
    alpha2: float | None = None
    beta: float | None = None
    beta_curve: tuple[tuple[float, float], ...]  # beta, accuracy on the test part with the chosen alphas
    items: tuple[Item, ...]
    auroc_per_layer: tuple[tuple[int, float, float], ...]  # layer, of right answers, of wrong ones; nan where there are none
    yes_no: tuple[tuple[str, YesNo], ...] = ()  # method, scores
    unread: tuple[tuple[int, str], ...] = ()  # number and reply of greedy answers in which no option, or several, were found


class AdaptVisResult(Result):
    """One run."""

    system: ClassVar[str] = "adaptvis"

    settings: AdaptVisSettings
    looked: Looked | None = None
    evaluated: Evaluated | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """What the run says in sentences."""
        if self.evaluated:
            return tuple(headline(self.evaluated, larger_of(self.settings)))
        settings = self.settings  # of one picture: whatever its confidence, from nothing to all
        alone = one_alpha((0.0, 1.0), alpha1=settings.alpha1, alpha2=settings.alpha2, beta=settings.beta) if self.looked else ""
        return (alone,) if alone else ()

    def summary(self) -> dict[str, Any]:
        """The numbers without the arrays: for REST, MCP and tables."""
        found: dict[str, Any] = {"seed": self.seed, "model_id": self.model_id, "is_miniature": self.is_miniature,
                                 "code_version": self.code_version, "ended": self.ended, "told": self.told, "notes": self.notes,
                                 "settings": self.settings.model_dump(mode="json")}
        if self.looked:
            found["looked"] = _finite({"question": self.looked.question, "right": self.looked.right, "options": self.looked.options,
                               "branch": self.looked.branch.model_dump(),
                               "at": [{"alpha": at.alpha, "text": at.text, "confidence": at.confidence,
                                       "probabilities": at.probabilities, "is_right": at.is_right} for at in self.looked.at]})
        if self.evaluated:
            found["evaluated"] = _finite(self.evaluated.model_dump(mode="json"))
        return found


def _finite(value: Any) -> Any:
    """The same with None for what is not a number: JSON has no word for it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    return [_finite(entry) for entry in value] if isinstance(value, list | tuple) else value
