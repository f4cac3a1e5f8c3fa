"""What T* yields: one `Iteration` per grid, at last one `TStarResult`."""

from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from backends.run import Array, Result
from backends.tstar.settings import OTHER_MODELS, TStarSettings


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SeenBox(_Frozen):
    """A detection, in shares of its picture."""

    x1: float
    y1: float
    x2: float
    y2: float
    name: str
    is_target: bool
    score: float
    cell: int | None = None  # in drawing order; None on a single frame


class Verification(_Frozen):
    second: int
    target: str
    score: float
    is_confirmed: bool


class Iteration(_Frozen):
    """One grid: what was drawn, what was seen, what T* then believed. L positions of one second, n cells."""

    number: int  # from 1
    grid: int
    positions: Array  # (n,) seconds, in drawing order
    support: Array  # (L,) q that they were drawn from, sums to 1
    cell_confidence: Array  # (n,) C, 0..1
    scores: Array  # (L,) S after spreading and verification
    probabilities: Array  # (L,) P after the update, sums to 1
    is_new: Array  # (L,) N: True where nothing was looked at
    boxes: tuple[SeenBox, ...]
    verifications: tuple[Verification, ...]
    canvas_jpeg: Array  # (bytes,) the grid picture as people see it
    model_px: int  # side of the picture that the detector saw
    budget_left: int
    remaining: tuple[str, ...]
    frames_seen: int  # grid frames so far
    keyframes: Array  # (K,) seconds that would be returned now
    recall: float | None  # of these, if the truth is known
    seconds: float  # this iteration took


class Appearance(_Frozen):
    """A stretch within one shot in which a thing is seen."""

    name: str
    start_s: float
    end_s: float
    best_s: int  # the second that shows it best, of those that were looked at alone
    score: float  # there
    is_marked: bool = False  # where the person marked the example; it is no find


class Keyframe(_Frozen):
    second: int
    score: float
    is_confirmed: bool
    jpeg: Array  # (bytes,)
    boxes: tuple[SeenBox, ...]


class MethodRow(_Frozen):
    """One method on this video. Rates are None where the truth is not known."""

    method: str
    keyframes: tuple[float, ...]
    frames_seen: int
    detector_calls: int
    seconds: float
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    visual: tuple[float, float, float] | None = None  # precision, recall, F1 of SSIM at 128 px
    note: str = ""


class SeedCurve(_Frozen):
    """One search of a series that differs only in its seed."""

    rule: str
    seed: int
    frames_seen: Array  # (iterations,)
    recall: Array  # (iterations,) of the best K after each; NaN where the truth is not known
    has_confirmed_all: bool


class VideoFacts(_Frozen):
    name: str
    duration_s: float
    width: int
    height: int
    frame_rate: float
    codec: str
    num_positions: int  # L


class Answer(_Frozen):
    text: str  # the option's letter, or what a model said
    why: str
    expected: str | None = None
    is_correct: bool | None = None


class Costs(_Frozen):
    """What the search spent. Baselines are not in here."""

    frames_grid: int = 0
    frames_verify: int = 0
    frames_grounding: int = 0
    detector_calls_grid: int = 0
    detector_calls_verify: int = 0
    vlm_calls: int = 0
    decode_s: float = 0.0
    detect_s: float = 0.0
    vlm_s: float = 0.0
    total_s: float = 0.0
    first_iteration_s: float = 0.0


class TStarResult(Result):
    """One search on one video."""

    system: ClassVar[str] = "tstar"

    settings: TStarSettings
    video: VideoFacts
    question: str
    options: dict[str, str]
    targets: tuple[str, ...]
    cues: tuple[str, ...]
    threshold: float
    floor: float
    iterations: tuple[Iteration, ...]
    keyframes: tuple[Keyframe, ...]
    unconfirmed: tuple[str, ...]  # targets that the search did not confirm
    truth_s: tuple[float, ...] | None = None  # key seconds, if known
    truth_spans: tuple[tuple[float, float, str], ...] = ()  # start, end, name
    appearances: tuple[Appearance, ...] = ()  # in order of time, if every one was asked for; else none
    rooms: tuple[tuple[float, float, str], ...] = ()  # start, end, colour: of generated videos
    answer: Answer | None = None
    methods: tuple[MethodRow, ...] = ()  # T* first
    seed_curves: tuple[SeedCurve, ...] = ()
    costs: Costs = Costs()

    @model_validator(mode="before")
    @classmethod
    def _with_one_quantisation(cls, values: Any) -> Any:
        """Until November 2026 the settings had one quantisation, for every model that they named."""
        settings = values.get("settings") if isinstance(values, dict) else None
        if not isinstance(settings, dict) or not set(OTHER_MODELS.values()).isdisjoint(settings):
            return values
        said = {name: settings.get("quantisation", "none") for model, name in OTHER_MODELS.items() if settings.get(model)}
        return values | {"settings": settings | said}

    @property
    def found(self) -> tuple[Appearance, ...]:
        """The appearances besides the marked one, best first."""
        return tuple(sorted((one for one in self.appearances if not one.is_marked), key=lambda one: -one.score))

    def summary(self) -> dict[str, object]:
        """The numbers without the arrays: for REST, MCP and tables."""
        return {
            "video": self.video.model_dump(), "question": self.question, "targets": self.targets, "cues": self.cues,
            "keyframes_s": [frame.second for frame in self.keyframes],
            "keyframe_scores": [round(frame.score, 4) for frame in self.keyframes],
            "appearances": [one.model_dump() | {"score": round(one.score, 4)} for one in self.appearances],
            "unconfirmed": self.unconfirmed, "iterations": len(self.iterations),
            "answer": self.answer.model_dump() if self.answer else None,
            "methods": [row.model_dump() for row in self.methods], "costs": self.costs.model_dump(),
            "seed": self.seed, "model_id": self.model_id, "is_miniature": self.is_miniature,
            "code_version": self.code_version, "ended": self.ended, "notes": self.notes,
            "settings": self.settings.model_dump(mode="json"),
        }


def recall_of(keyframes: np.ndarray, truth_s: tuple[float, ...] | None, tolerance_s: float = 5.0) -> float | None:
    """Share of the true seconds with a returned one within 5 s (paper, Sec. 4.1); None if there is no truth."""
    if not truth_s:
        return None
    if not len(keyframes):
        return 0.0
    distance = np.abs(np.asarray(truth_s)[:, None] - np.asarray(keyframes)[None, :]).min(axis=1)
    return float((distance <= tolerance_s).mean())
