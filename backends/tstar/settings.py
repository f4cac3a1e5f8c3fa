"""Every knob of T*, with its range, its default and where the default comes from.

The page shows the groups "input" and "search" at once and folds the others away.
"""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from backends.knobs import UPLOAD, WEIGHTS, knob
from backends.run import NamedModel, Settings
from models import real
from models.vocabulary import CLOSED
from worlds import picture_kinds
from worlds.haystack.samples import SAMPLES
from worlds.video import kind as video_kind

Rule = Literal["official", "early", "paper", "softmax", "random"]
FinalRule = Literal["top_scores", "draw_scores", "top_distribution"]
Baseline = Literal["uniform", "random", "random_grid", "dense", "budgeted_dense", "scene_change", "top_similarity",
                   "aks", "bolt", "oracle"]
BY_SIMILARITY = ("top_similarity", "aks", "bolt")  # baselines that compare frames with the question by an image-text model
Like = Literal["best here", "exactly this", "this kind"]
Finds = Literal["auto", "first", "all"]
Quantised = Literal["none", "int8", "nf4"]
RELEASED = ("official", "early")  # the rules of the released code, equal to it to 1e-9 on equal scores
MAX_BUDGET = 1000  # frames, the released code's cap whatever the share
IMAGE_NETWORK = "efficientnet-lite0"
OTHER_MODELS = {"vlm": "vlm_quantisation", "similarity": "similarity_quantisation"}  # beside the detector, which has `quantisation`
PartOfFrame = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class TStarSettings(Settings):
    """Settings of one search."""

    video: str = knob("sample:fifteen-minutes", "input", "Which video: a sample, a generated one or an uploaded file.",
                      max_length=300, suggestions=tuple(sample.id for sample in SAMPLES.values()), uploads=video_kind.ENDINGS)
    question: str = knob("", "input", "What you want to know. Empty: the sample's own question.", max_length=500,
                         label="What do you look for?")
    targets: tuple[Name, ...] = knob((), "input", "Objects to find. Empty: taken from the question.", max_length=4,
                                     label="Things to find")
    cues: tuple[Name, ...] = knob((), "input", "Objects that are likely to be near. Empty: taken from the question.",
                                  max_length=6, label="Things likely to be near")
    example_s: float | None = knob(None, "input", "Second of the frame on which the example box is drawn.", ge=0,
                                    le=1_000_000, label="Frame to mark the example on")
    example_box: tuple[PartOfFrame, PartOfFrame, PartOfFrame, PartOfFrame] | None = knob(
        None, "input", "Search by example: x1, y1, x2, y2 of the box as shares of the frame.",
        label="Box around the example")
    example_picture: str = knob("", "input", "Search by example: an uploaded picture of the thing alone, instead of a box.",
                                max_length=300, uploads=picture_kinds.ENDINGS, upload_mb=50, label="A picture of what you look for")
    like: Like = knob("best here", "input", "Search by example: this very thing, by shape and colour, or others of its kind too, by "
                      "an image network (make real). best here: of its kind, in a video of your own where that network is here.",
                      label="The same thing, or its kind")

    grid: int = knob(4, "search", "Frames per side of the grid picture: g x g frames are seen at once (released code: 4).",
                     ge=1, le=8, label="Frames per side of the grid")
    num_frames: int = knob(8, "search", "Key frames to return, K (released code: 8).", ge=1, le=32, label="Key frames to return")
    budget_share: float = knob(0.5, "search", "Share of the seconds that may be looked at "
                               "(released code: 0.5 in its demo, 1.0 on data sets).",
                               gt=0, le=1, stops=(0.005, 0.01, 0.02, 0.05, 0.07, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
                               label="Share of the video looked at")
    rule: Rule = knob("softmax", "search",
                      "How scores become sampling probabilities: softmax, Orrery's own; official, the released code's; early, the "
                      "released code's before 2025-01-14; paper, as it is written there; random ignores the scores.",
                      label="Sampling rule")
    seed: int = knob(0, "search", "Starts every draw. Equal settings give equal results.", ge=0, le=2**31 - 1)

    num_seeds: int = knob(1, "search", "Repeat with this many seeds, beside a random grid, to see how much is luck.", ge=1, le=20,
                          label="Number of seeds")

    detector: str = knob("canvas-detector", "detector", "Who looks at the grid picture.", max_length=300, role="detector")
    quantisation: Quantised = knob("none", "detector", "Weights of a real detector: full, 8 or 4 bit.",
                                   label="Quantisation of the detector", names=WEIGHTS)
    threshold: float | None = knob(None, "detector", "Score above which a target counts as found, theta. "
                                   "Empty: calibrated for the detector "
                                   "(released code, for YOLO-World: 0.7 on data sets, 0.6 in its demo).",
                                   ge=0, le=1.01, label="Found above this score")
    floor: float | None = knob(None, "detector", "Boxes with a lower score are ignored. Empty: the detector's own "
                               "(released code: 0.12).",
                               ge=0, le=1, label="Ignored below this score")
    max_boxes: int = knob(50, "detector", "Most boxes per picture (released code: 50).", ge=1, le=300,
                          label="Boxes per picture, at most")
    cue_weight: float = knob(0.5, "detector", "How much a cue counts beside a target (paper: 0.5).", ge=0, le=1,
                             label="Weight of a cue")
    verifies: bool = knob(True, "detector", "Look again at promising frames one by one, at full size, as the released code does.",
                          label="Look again at single frames")
    verify_rule: Literal["target", "official"] = knob(
        "target", "detector", "What must pass the threshold: the target itself, or any object in the frame, as in "
                  "the released code.", label="What has to be confirmed")
    cell_fit: Literal["letterbox", "squash"] = knob(
        "letterbox", "detector", "A frame in its cell: keeps its shape, or is squashed to 200 x 95 as in the released code.",
                                                    label="How a frame fits its cell")

    quantile: float = knob(0.75, "distribution", "Positions below this quantile are not drawn, and only frames above it "
                           "share their score (released code: 0.75).", ge=0, le=0.95, label="Quantile below which nothing is drawn")
    window: int = knob(5, "distribution", "Seconds on each side that share a frame's score (released code: 5).", ge=0, le=30,
                       label="Seconds that share a score")
    spline_smoothing: float = knob(0.5, "distribution", "Smoothing s of the cubic spline through the scores (released code: 0.5).",
                                   ge=0, le=10, label="Smoothing of the curve")
    temperature: float = knob(0.15, "distribution", "Softmax rule only: low is greedy.", ge=0.02, le=2)
    first_grid: Literal["stride", "centred", "random"] = knob(
        "centred", "distribution", "First frames. stride: at 0, L/n, 2L/n ..., as the released code; centred: in the middle of n "
                                   "equal parts; random.", label="Frames of the first grid")

    finds: Finds = knob("auto", "selection and answer", "first: stop when every object was confirmed once, as the paper does for "
                        "a question. all: go on for every appearance. auto: all for a search by example, else first.",
                        label="When to stop")
    final_rule: FinalRule = knob("top_scores", "selection and answer", "Which frames are returned: highest scores, as the paper; a "
                                 "draw by score, or highest distribution, as the released code for its metrics and its answers.",
                                 label="Which frames are returned")
    min_gap_s: int = knob(0, "selection and answer", "Seconds that returned frames lie apart; 0 is off, as in the released code.",
                         ge=0, le=120, label="Seconds between key frames")

    grounder: Literal["template", "vlm"] = knob("template", "selection and answer",
                                                "Who reads the question: a parser, offline, or a vision-language model.",
                                                label="Who reads the question")
    vlm: str = knob("", "selection and answer", "Vision-language model for grounding and answering. Empty: offline reader.",
                    max_length=300, role="vlm", none="None: the offline reader", quantised_by="vlm_quantisation",
                    label="Vision-language model")
    vlm_quantisation: Quantised = knob("none", "selection and answer", "Weights of the vision-language model: full, 8 or 4 bit.",
                                       label="Quantisation of the vision-language model", names=WEIGHTS)
    similarity: str = knob("", "selection and answer", "Image-text model for top_similarity, aks and bolt.", max_length=300,
                           role="similarity", none="None: without these baselines", quantised_by="similarity_quantisation",
                           label="Image-text model")
    similarity_quantisation: Quantised = knob("none", "selection and answer", "Weights of the image-text model: full, 8 or 4 bit.",
                                              label="Quantisation of the image-text model", names=WEIGHTS)

    baselines: tuple[Baseline, ...] = knob(("uniform", "random_grid"), "comparison",
                                           "What T* is compared with, on the same video.", max_length=10, label="Compare with")

    @model_validator(mode="after")
    def _box_is_a_box(self) -> Self:
        if self.example_box is None:
            return self
        x1, y1, x2, y2 = self.example_box
        if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
            raise ValueError(f"the example box {self.example_box} must be x1 < x2 and y1 < y2, each between 0 and 1")
        if self.example_s is None:
            raise ValueError("an example box needs example_s, the second of its frame")
        return self

    def linked(self) -> dict[str, object]:
        """Where the detector is quantised, with the other models' quantisations: an older link had the one for all."""
        said = self.model_dump(mode="json", include=set(OTHER_MODELS.values())) if self.quantisation != "none" else {}
        return super().linked() | said

    def as_an_older_link_meant(self) -> Self:
        """Until November 2026 `quantisation` was that of every model that was named."""
        if self.quantisation == "none" or not self.model_fields_set.isdisjoint(OTHER_MODELS.values()):
            return self
        return self.model_copy(update={name: self.quantisation for model, name in OTHER_MODELS.items() if getattr(self, model)})

    @property
    def by_example(self) -> bool:
        return self.example_box is not None or bool(self.example_picture)

    @property
    def makes_way(self) -> bool:
        """Whether others look than the detector that is named: by example, one that knows a list of words is of no use."""
        return self.by_example and self.detector in CLOSED

    @property
    def of_its_kind(self) -> bool:
        """Whether a search by example looks for others of the kind, too. Of drawn videos the image network knows nothing."""
        if self.like == "best here":
            return self.by_example and self.video.startswith(UPLOAD) and real.is_made(IMAGE_NETWORK)
        return self.by_example and self.like == "this kind"

    @property
    def finds_all(self) -> bool:
        return self.finds == "all" or (self.finds == "auto" and self.by_example)

    def named_models(self) -> tuple[NamedModel, ...]:
        """By example the miniature does not look: classical features do, and the image network where its kind is asked for."""
        named = super().named_models()
        if not self.makes_way:
            return named
        others = tuple(model for model in named if model.setting != "detector")
        return (NamedModel("like", IMAGE_NETWORK, ("detector",), "none"), *others) if self.of_its_kind else others

    def most_frames(self, num_positions: int) -> dict[str, int]:
        """Upper bound of the frames that each method looks at in a video of that many seconds: what a run may cost.

        Grids are whole: a search whose budget ends within a grid finishes it.
        """
        search = most_grid_frames(self, num_positions)
        seeds = 2 * self.num_seeds * search if self.num_seeds > 1 else 0  # with the rule and with a random grid
        all_of_it = dict.fromkeys(("dense", "scene_change", *BY_SIMILARITY), num_positions)
        looks = {"random_grid": search, "budgeted_dense": search} | all_of_it
        return {"tstar": search + seeds} | {name: looks[name] for name in self.baselines if name in looks}


def cells_per_side(settings: TStarSettings, num_positions: int) -> int:
    """The grid that is used: a smaller one where the video has fewer seconds than cells; the released code fails there."""
    return max(1, min(settings.grid, math.isqrt(num_positions)))


def most_grid_frames(settings: TStarSettings, num_positions: int) -> int:
    """The most frames that the search's grids hold together: whole grids until the budget is spent."""
    count = cells_per_side(settings, num_positions) ** 2
    budget = min(MAX_BUDGET, num_positions * settings.budget_share)
    whole = math.ceil(budget / count) * count
    return whole if settings.rule in RELEASED else min(whole, num_positions)  # only those two look at a second twice


OPENING = TStarSettings(baselines=("uniform", "random_grid", "dense"))  # the recorded run is this one
PRESETS: dict[str, tuple[TStarSettings, str]] = {  # label: settings, what to notice
    "See it found": (OPENING, "Fifteen minutes, one thing in view for six seconds: T* needs a fraction of the frames."),
    "See it fail": (
        TStarSettings(grid=8, first_grid="stride", threshold=0.1, verifies=False),
        "64 tiny frames in one picture and no second look: the first thing that looks a little alike is taken for the target. "
        "The true six seconds are not even in this picture."),
    "Two things, once each": (
        TStarSettings(video="sample:two-needles"),
        "Two targets in two rooms: it goes on until both are confirmed."),
    "Push it until it breaks": (
        TStarSettings(video="sample:no-cues", grid=8, budget_share=0.07),
        "Budget for one picture only, and no furniture that gives the room away: the six seconds fall between two of its frames."),
}
