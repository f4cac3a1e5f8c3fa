"""What a run of AdaptVis gives back: one picture looked at, or a set evaluated."""

import math
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from backends.adaptvis.larger import larger_of
from backends.adaptvis.settings import MAX_OPTIONS, AdaptVisSettings, Method, OtherWay
from backends.adaptvis.words import headline, one_alpha
from backends.run import Result
from backends.shapes import Count, Finite, Frozen, Shaped, at_most, check_rising, floats, jpeg, length, one_of
from worlds.pictures import SHOWN_SIDE_PX, jpeg_size

MAX_LAYERS, MAX_HEADS, MAX_TOKENS = 200, 256, 40_000  # of the text stack; image tokens
MAX_ITEMS = 50_000  # a result file of the released code has as many rows at most
MAX_UNREAD = 50  # replies that no option was found in, as they are shown
MAX_ALPHAS = 32
MAX_RELATIONS = 1000  # VSR has some seventy
Alpha = Annotated[float, Field(ge=0, le=10)]
Beta = Annotated[float, Field(ge=0, le=1.01)]
Alphas = Annotated[tuple[Alpha, ...], at_most(MAX_ALPHAS, least=1), length("alphas")]
Triple = tuple[float, float, float]  # mean, low, high; nan where nothing could be counted
NamedBox = tuple[str, Finite, Finite, Finite, Finite]  # name, x1 y1 x2 y2 in shares
_layers = floats("layers", may_be_nan=True)  # half precision may overflow in a layer


class LayerReads(Shaped):
    """Attention of the last prompt token at one alpha, means over heads, one entry per layer."""

    image_mass: Annotated[np.ndarray, _layers]  # 0..1; image, text and first add up to 1
    text_mass: Annotated[np.ndarray, _layers]
    first_mass: Annotated[np.ndarray, _layers]  # on the first text token
    entropy: Annotated[np.ndarray, _layers]  # nats, of the image part
    image_logit: Annotated[np.ndarray, _layers]  # plain mean before scaling; nan: out of sight
    box_auroc: Annotated[np.ndarray | None, _layers]  # how well the map tells tokens on the true boxes from others; None: no boxes


class AtAlpha(Shaped):
    """The answer at one alpha."""

    alpha: Alpha
    text: str
    confidence: float  # largest probability of the first token over the whole vocabulary; nan where no model was run
    probabilities: Annotated[tuple[float, ...], at_most(MAX_OPTIONS), length("options")]
    is_right: bool | None
    maps: Annotated[np.ndarray, floats("layers", "tokens", may_be_nan=True)]  # attention to image tokens, mean over heads
    reads: LayerReads


class Branch(Frozen):
    """What AdaptVis did and why."""

    confidence: float
    beta: Beta
    is_unsure: bool
    alpha: Alpha
    base_answer: str
    answer: str
    base_is_right: bool | None
    is_right: bool | None


class OtherMap(Shaped):
    """Another way to see where the model looked, labelled as what it is."""

    name: OtherWay
    what: str  # one sentence
    map: Annotated[np.ndarray, floats("tokens", may_be_nan=True)]  # 0..1


class Looked(Shaped):
    """One picture at many alphas."""

    picture_jpeg: Annotated[np.ndarray, jpeg()]  # (bytes,) as a person sees it
    size: tuple[Annotated[int, Field(ge=1, le=SHOWN_SIDE_PX)], Annotated[int, Field(ge=1, le=SHOWN_SIDE_PX)]]  # width, height, px
    # x1 y1 x2 y2 in shares of the picture, nan for a token that is no place; None where the geometry is not known
    token_boxes: Annotated[np.ndarray | None, floats("tokens", 4, low=-10, high=11, may_be_nan=True)]
    question: str
    options: Annotated[tuple[str, ...], at_most(MAX_OPTIONS), length("options")]
    right: str | None
    true_boxes: Annotated[tuple[NamedBox, ...], at_most(16)]  # empty where not known
    at: Annotated[tuple[AtAlpha, ...], at_most(MAX_ALPHAS, least=1)]  # in the order of alpha; 1.0 is always among them
    head_maps: Annotated[np.ndarray | None, floats("layers", "heads", "tokens", may_be_nan=True)]  # at alpha = 1
    branch: Branch
    others: Annotated[tuple[OtherMap, ...], at_most(3)] = ()
    num_layers: Annotated[int, length("layers"), Field(ge=1, le=MAX_LAYERS)]
    num_heads: Annotated[int, length("heads"), Field(ge=1, le=MAX_HEADS)]

    @model_validator(mode="after")
    def _is_one_picture(self) -> Self:
        alphas = [at.alpha for at in self.at]
        check_rising(alphas, "the alphas")
        if not {1.0, self.branch.alpha} <= set(alphas):
            raise ValueError(f"alpha 1 or {self.branch.alpha:g} is not among {alphas}")
        if self.at[0].maps.shape[1] > MAX_TOKENS:
            raise ValueError(f"there are {self.at[0].maps.shape[1]:,} image tokens; at most {MAX_TOKENS:,} are drawn")
        if jpeg_size(self.picture_jpeg.tobytes()) != self.size:
            raise ValueError(f"the picture has not {self.size[0]} x {self.size[1]} pixels")
        if len({one.name for one in self.others}) < len(self.others):
            raise ValueError("one way to see it is there twice")
        _check_places(self.token_boxes)
        return self

    def share_rises(self, at: AtAlpha) -> tuple[int, int]:
        """Return in how many layers the image gets more attention at this alpha than at 1, and how many see the picture at all."""
        base = next(each for each in self.at if each.alpha == 1).reads
        sees = np.isfinite(base.image_logit)
        return int((at.reads.image_mass > base.image_mass)[sees].sum()), int(sees.sum())


def _check_places(boxes: np.ndarray | None) -> None:
    """Raise ValueError where no token lies on the picture, or one has no area."""
    if boxes is None:
        return
    places = boxes[np.isfinite(boxes).all(1)]
    if not len(places) or (places[:, 2:] - places[:, :2] < 1e-4).any():  # drawn after rounding to a tenth of that
        raise ValueError(f"{len(places)} of {len(boxes)} image tokens lie on the picture, or one is too small to be drawn")


class MethodScore(Frozen):
    """One method on the test part. Rates 0..1 with 95 % intervals (bootstrap over sets)."""

    method: Annotated[str, one_of(Method)]
    setting: str  # alpha, or alpha1 / alpha2 / beta, as chosen
    individual: Triple
    gain: Triple | None = None  # over greedy on the same items, paired; of `reweighted` over greedy reweighted
    pair: float | None  # complete pairs only
    complete: float | None  # complete sets only
    official_pair: float | None
    official_set: float | None
    per_relation: Annotated[tuple[tuple[str, float, Count], ...], at_most(MAX_RELATIONS)]  # relation, accuracy, count
    mended: Count  # wrong without, right with
    broken: Count


PerAlpha = Annotated[tuple[float, ...], at_most(MAX_ALPHAS), length("alphas")]


class Curve(Shaped):
    """Accuracy against alpha of some part of the test items."""

    name: str  # all, unsure half, sure half, a relation
    alphas: Alphas
    accuracy: PerAlpha
    low: PerAlpha
    high: PerAlpha


class Item(Shaped):
    """One test item."""

    number: Count
    relation: str
    right: str
    confidence: float
    answers: Annotated[tuple[str, ...], at_most(MAX_ALPHAS), length("alphas")]
    adaptvis: str
    group: str


class YesNo(Frozen):
    """VSR: the official "F1" is the harmonic mean of sensitivity and specificity; the others are what their names say."""

    accuracy: float
    f1_official: float
    f1_yes: float
    f1_macro: float
    balanced_accuracy: float


class Evaluated(Shaped):
    data: str
    num_validation: Count
    num_test: Count
    alphas: Alphas
    scores: Annotated[tuple[MethodScore, ...], at_most(16)]
    curves: Annotated[tuple[Curve, ...], at_most(MAX_RELATIONS + 3)]
    alpha1: Alpha | None = None  # as chosen, or as set; None: not known
    alpha2: Alpha | None = None
    beta: Beta | None = None
    beta_curve: Annotated[tuple[tuple[Beta, float], ...], at_most(1000)]  # beta, accuracy on the test part with the chosen alphas
    items: Annotated[tuple[Item, ...], at_most(MAX_ITEMS)]
    # layer, of right answers, of wrong ones; nan where there are none
    auroc_per_layer: Annotated[tuple[tuple[Count, float, float], ...], at_most(MAX_LAYERS)]
    yes_no: Annotated[tuple[tuple[str, YesNo], ...], at_most(16)] = ()  # method, scores
    # number and reply of greedy answers in which no option, or several, were found
    unread: Annotated[tuple[tuple[Count, str], ...], at_most(MAX_UNREAD)] = ()

    @model_validator(mode="after")
    def _has_a_grid(self) -> Self:
        check_rising(self.alphas, "the alphas")
        return self


def _short(reply: str) -> str:
    return " ".join(reply.split())[:40]


class AdaptVisResult(Result):
    """One run."""

    system: ClassVar[str] = "adaptvis"

    settings: AdaptVisSettings
    looked: Looked | None = None
    evaluated: Evaluated | None = None

    @model_validator(mode="after")
    def _has_its_own_part_only(self) -> Self:
        other = self.evaluated if self.settings.task == "look" else self.looked
        if other is not None:
            raise ValueError(f"the task is {self.settings.task}, and there is the part of the other")
        return self

    @property
    def brief(self) -> str:
        if self.evaluated:
            return f"{self.evaluated.num_test:,} items answered at {len(self.evaluated.alphas)} alphas"
        if self.looked is None or not self.looked.at:
            return ""
        base, chosen = (min(self.looked.at, key=lambda at: abs(at.alpha - alpha)) for alpha in (1.0, self.looked.branch.alpha))
        return f"as it is “{_short(base.text)}”, AdaptVis “{_short(chosen.text)}”"

    @property
    def told(self) -> tuple[str, ...]:
        """What the run says in sentences."""
        if self.evaluated:
            return tuple(headline(self.evaluated, larger_of(self.settings)))
        settings = self.settings  # of one picture: whatever its confidence, from nothing to all
        alone = one_alpha((0.0, 1.0), alpha1=settings.alpha1, alpha2=settings.alpha2, beta=settings.beta) if self.looked else ""
        return (alone,) if alone else ()

    def summary(self) -> dict[str, object]:
        """The numbers without the arrays: for REST, MCP and tables."""
        found: dict[str, object] = {"seed": self.seed, "model_id": self.model_id, "is_miniature": self.is_miniature,
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


def _finite(value: object) -> object:
    """The same with None for what is not a number: JSON has no word for it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    return [_finite(entry) for entry in value] if isinstance(value, list | tuple) else value
