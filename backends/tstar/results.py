"""What T* yields: one `Iteration` per grid, at last one `TStarResult`."""

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from backends.run import Result
from backends.shapes import (
    Count,
    Finite,
    Frozen,
    Rate,
    Seconds,
    Shaped,
    at_most,
    check_rising,
    floats,
    jpeg,
    length,
    one_of,
    truths,
    wholes,
)
from backends.tstar.settings import MAX_BUDGET, OTHER_MODELS, Baseline, Rule, TStarSettings

MAX_POSITIONS = 200_000  # seconds that can be searched: 55 hours
MAX_GRIDS = MAX_BUDGET  # of one search: a grid has one frame at least
MAX_PICTURE_PX = 640  # of a grid or a key frame; a search may hold a thousand
MAX_SPANS = 1000  # true moments; each is a mark on the timeline
MAX_ROOMS = 10_000
MAX_APPEARANCES = 10_000
Side = Annotated[float, Field(ge=-2, le=3)]  # of a box, as a share of its picture; runs of 2026 kept what lies a little beyond it
Span = tuple[Finite, Finite, str]  # start and end in seconds, name or colour


class SeenBox(Frozen):
    """A detection, in shares of its picture."""

    x1: Side
    y1: Side
    x2: Side
    y2: Side
    name: str
    is_target: bool
    score: Finite
    cell: Annotated[int, Field(ge=0)] | None = None  # in drawing order; None on a single frame


Boxes = Annotated[tuple[SeenBox, ...], at_most(300)]


class Verification(Frozen):
    """What decided whether a target was found in a frame: its second look, or where there are none the grid's own score."""

    second: Count
    target: str
    score: Finite
    is_confirmed: bool


class Iteration(Shaped):
    """One grid: what was drawn, what was seen, what T* then believed. L seconds can be looked at, n of them are cells."""

    own_axes: ClassVar[tuple[str, ...]] = ("n", "K")

    number: int = Field(ge=1, le=MAX_GRIDS)
    grid: int = Field(ge=1, le=8)
    positions: Annotated[np.ndarray, wholes("n")]  # seconds, in drawing order
    support: Annotated[np.ndarray, floats("L", low=0, total=1)]  # q that they were drawn from
    cell_confidence: Annotated[np.ndarray, floats("n")]  # C, 0..1
    scores: Annotated[np.ndarray, floats("L")]  # S after spreading and verification
    probabilities: Annotated[np.ndarray, floats("L", low=0, total=1)]  # P after the update
    is_new: Annotated[np.ndarray, truths("L")]  # N: True where nothing was looked at
    boxes: Boxes
    verifications: Annotated[tuple[Verification, ...], at_most(64 * 4)]  # every target in every cell, at most
    canvas_jpeg: Annotated[np.ndarray, jpeg(side_px=MAX_PICTURE_PX)]  # (bytes,) the grid picture as people see it
    model_px: int = Field(ge=1, le=100_000)  # side of the picture that the detector saw
    budget_left: Count
    remaining: Annotated[tuple[str, ...], at_most(16)]
    frames_seen: Count  # grid frames so far
    keyframes: Annotated[np.ndarray, wholes("K")]  # seconds that would be returned now
    recall: Rate | None  # of these, if the truth is known
    seconds: Seconds  # this iteration took

    @model_validator(mode="after")
    def _lies_in_the_video(self) -> Self:
        seconds = [*self.positions.tolist(), *self.keyframes.tolist(), *(check.second for check in self.verifications)]
        if max(seconds) >= len(self.scores):
            raise ValueError(f"second {max(seconds)} is not among the {len(self.scores)} of the video")
        cells = [len(self.positions) - 1, *(box.cell for box in self.boxes if box.cell is not None)]
        if max(cells) >= self.grid**2:
            raise ValueError(f"cell {max(cells)} is not among the {self.grid**2} of the grid")
        return self


class Appearance(Frozen):
    """A stretch within one shot in which a thing is seen."""

    name: str
    start_s: Seconds
    end_s: Seconds
    best_s: Count  # the second that shows it best, of those that were looked at alone
    score: Finite  # there
    is_marked: bool = False  # where the person marked the example; it is no find


class Keyframe(Frozen):
    second: Count
    score: Finite
    is_confirmed: bool
    jpeg: Annotated[np.ndarray, jpeg(side_px=MAX_PICTURE_PX)]  # (bytes,)
    boxes: Boxes


class MethodRow(Frozen):
    """One method on this video. Rates are None where the truth is not known."""

    method: Annotated[str, one_of(Literal["tstar"], Baseline)]
    keyframes: Annotated[tuple[Seconds, ...], at_most(MAX_BUDGET)]
    frames_seen: Count
    detector_calls: Count
    seconds: Seconds
    precision: Rate | None = None
    recall: Rate | None = None
    f1: Rate | None = None
    visual: tuple[Rate, Rate, Rate] | None = None  # precision, recall, F1 of SSIM at 128 px
    note: str = ""


class SeedCurve(Shaped):
    """One search of a series that differs only in its seed."""

    own_axes: ClassVar[tuple[str, ...]] = ("grids",)

    rule: Rule
    seed: int
    frames_seen: Annotated[np.ndarray, wholes("grids", high=2 * MAX_GRIDS)]
    recall: Annotated[np.ndarray, floats("grids", low=0, high=1, may_be_nan=True)]  # of the best K after each; NaN: no truth
    has_confirmed_all: bool


class VideoFacts(Shaped):
    name: str
    duration_s: Seconds
    width: Count
    height: Count
    frame_rate: Finite
    codec: str
    num_positions: Annotated[int, length("L"), Field(ge=1, le=MAX_POSITIONS)]

    @model_validator(mode="after")
    def _has_a_position_per_second(self) -> Self:
        if self.num_positions != max(1, int(self.duration_s)):
            raise ValueError(f"{self.num_positions} seconds can be looked at in a video of {self.duration_s:g} s")
        return self


class Answer(Frozen):
    text: str  # the option's letter, or what a model said
    why: str
    expected: str | None = None
    is_correct: bool | None = None


class Costs(Frozen):
    """What the search spent, and what its frames were looked at for afterwards. Baselines are not in here."""

    frames_grid: Count = 0
    frames_verify: Count = 0  # second looks: alone, before anything was confirmed, and along an appearance
    frames_keyframes: Count = 0  # returned frames that were looked at alone only to show what is in them, one call each
    frames_answer: Count = 0  # returned frames that were looked at again to read the answer, by the detector or a model
    frames_grounding: Count = 0
    detector_calls_grid: Count = 0
    detector_calls_verify: Count = 0
    vlm_calls: Count = 0
    decode_s: Seconds = 0.0
    detect_s: Seconds = 0.0
    vlm_s: Seconds = 0.0
    total_s: Seconds = 0.0
    first_iteration_s: Seconds = 0.0


class TStarResult(Result):
    """One search on one video."""

    system: ClassVar[str] = "tstar"

    settings: TStarSettings
    video: VideoFacts
    question: str
    options: Annotated[dict[str, str], Field(max_length=26)]
    targets: Annotated[tuple[str, ...], at_most(16)]
    cues: Annotated[tuple[str, ...], at_most(16)]
    threshold: Finite
    floor: Finite
    iterations: Annotated[tuple[Iteration, ...], at_most(MAX_GRIDS)]  # none where the run was stopped before the first
    keyframes: Annotated[tuple[Keyframe, ...], at_most(32, least=1)]
    unconfirmed: Annotated[tuple[str, ...], at_most(16)]  # targets that the search did not confirm
    truth_s: Annotated[tuple[Seconds, ...] | None, at_most(MAX_SPANS)] = None  # key seconds, if known
    truth_spans: Annotated[tuple[Span, ...], at_most(MAX_SPANS)] = ()
    # in order of time, if every one was asked for; else none
    appearances: Annotated[tuple[Appearance, ...], at_most(MAX_APPEARANCES)] = ()
    rooms: Annotated[tuple[Span, ...], at_most(MAX_ROOMS)] = ()  # of generated videos
    answer: Answer | None = None
    methods: Annotated[tuple[MethodRow, ...], at_most(16, least=1)]  # T* first
    seed_curves: Annotated[tuple[SeedCurve, ...], at_most(2 * 20)] = ()  # 20 seeds, the rule and a random grid
    costs: Costs = Costs()

    @model_validator(mode="after")
    def _is_one_search(self) -> Self:
        check_rising((frame.second for frame in self.keyframes), "the seconds of the key frames")
        if self.keyframes[-1].second >= self.video.num_positions:
            raise ValueError(f"key second {self.keyframes[-1].second} is not among the {self.video.num_positions} of the video")
        if self.methods[0].method != "tstar":
            raise ValueError(f"the first method is {self.methods[0].method}; T* comes first")
        return self

    @property
    def brief(self) -> str:
        seen = f"looked at {self.costs.frames_grid:,} of {self.video.num_positions:,} frames"
        if self.settings.finds_all:
            return f"{seen}, {len(self.found)} found"
        return f"{seen}, {self.verdict}"

    @property
    def verdict(self) -> str:
        """Whether what was sought was found, and truly, where the truth is known."""
        if self.is_mistaken:
            return "taken for found, wrongly"
        num_targets = len(self.targets)
        if not self.unconfirmed:
            return "found" if num_targets == 1 else f"all {num_targets} found"
        num_found = num_targets - len(self.unconfirmed)
        return f"{num_found} of {num_targets} found" if num_found else "not found"

    @property
    def is_mistaken(self) -> bool:
        """Whether it was confirmed although no key frame is near where it truly is."""
        return not self.unconfirmed and self.methods[0].recall == 0

    @model_validator(mode="before")
    @classmethod
    def _with_one_quantisation(cls, values: object) -> object:
        """Until November 2026 the settings had one quantisation, for every model that they named."""
        if not isinstance(values, dict):
            return values
        settings = values.get("settings")
        if not isinstance(settings, dict) or not set(OTHER_MODELS.values()).isdisjoint(settings):
            return values
        said = {name: settings.get("quantisation", "none") for model, name in OTHER_MODELS.items() if settings.get(model)}
        return values | {"settings": settings | said}

    @model_validator(mode="after")
    def _with_looks_told_apart(self) -> Self:
        """Until November 2026 returned frames that were looked at to be shown counted as second looks."""
        known, costs = self.costs.model_fields_set, self.costs
        if "frames_verify" not in known or "frames_keyframes" in known or self.settings.finds_all:
            return self
        checked = {check.second for step in self.iterations for check in step.verifications if self.settings.verifies}
        shown = min(costs.frames_verify, costs.detector_calls_verify, sum(frame.second not in checked for frame in self.keyframes))
        told_apart = {"frames_verify": costs.frames_verify - shown, "frames_keyframes": shown,
                      "detector_calls_verify": costs.detector_calls_verify - shown,
                      "frames_answer": len(self.keyframes) if self.answer else 0}
        object.__setattr__(self, "costs", costs.model_copy(update=told_apart))  # it is frozen, and not handed out yet
        return self

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
