"""What a run of grafting found. Pictures are RGB; layers are counted from 0; errors are shares of a variance."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from backends.grafting.choices import (
    MAP_SIDE,
    MAX_JUDGED,
    MAX_LAYERS,
    MAX_PICTURES,
    MAX_SAMPLE_STEPS,
    MAX_SAMPLES,
    MAX_SEEN_TOKENS,
    MAX_TOKENS,
    MAX_WORDS,
    Pattern,
    Source,
    StateName,
)
from backends.grafting.settings import GraftingSettings
from backends.run import Result
from backends.shapes import Count, Finite, Frozen, Rate, Seconds, Shaped, at_most, floats, jpeg, length, one_of, wholes
from models.diffusion.choices import OPERATOR_NAMES, Loss, Operator, Sampler

MAX_CHECKS = 400  # of an error while something learns
LayerNumber = Annotated[int, Field(ge=0, lt=MAX_LAYERS)]
Layers = Annotated[tuple[LayerNumber, ...], at_most(MAX_LAYERS)]


class PathStep(Frozen):
    """One step of a sampling: the estimate of the clean pictures, side by side."""

    time: Annotated[int, Field(ge=0, le=1000)]  # of the training's thousand steps
    clean_jpeg: Annotated[np.ndarray, jpeg()]  # (bytes,), pictures in rows of 8


class Judgement(Frozen):
    """What a small classifier says of painted pictures, and how they were painted."""

    number: Annotated[int, Field(ge=1, le=MAX_JUDGED)]
    accuracy: Rate
    proxy_fd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None  # None: too few pictures
    floor: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None  # of as many real pictures
    sampler: Annotated[str, one_of(Sampler)]
    steps: Annotated[int, Field(ge=1, le=MAX_SAMPLE_STEPS)]
    guidance: Finite


class State(Shaped):
    """A model in one state: what it paints from the same noise as the others, and how good it is."""

    name: Annotated[str, one_of(StateName)]
    pictures: Annotated[np.ndarray, wholes("pictures", "height", "width", 3, high=255)]
    path: Annotated[tuple[PathStep, ...], at_most(MAX_SAMPLE_STEPS)] = ()
    # mean squared error on held-out pictures, of v or of the noise
    held_out: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    judgement: Judgement | None = None
    seconds: Seconds = 0.0  # that it took to get here from the state before
    broke: str = ""  # where a number that is none ended the painting
    painted_px: Annotated[int, Field(ge=2)] | None = None  # width and height before they were made smaller to be kept


class Healed(Shaped):
    """One layer while its new operator learns: the relative error on held-out activations, 0 perfect, 1 the mean. Of a pair of
    blocks the layer is the first, and the error a share of what the pair adds."""

    own_axes: ClassVar[tuple[str, ...]] = ("checks",)

    layer: LayerNumber
    steps: Annotated[tuple[Count, ...], at_most(MAX_CHECKS), length("checks")]
    errors: Annotated[tuple[Finite, ...], at_most(MAX_CHECKS), length("checks")]


class Cost(Frozen):
    """Of the whole model, and of the replaced operators alone."""

    parameters: Count
    operator_parameters: Count
    mixing_flops: Finite  # of one forward of one picture: attention itself, gates
    feature_flops: Finite  # projections, filters


class Samples(Shaped):
    """Pictures that a person brought, and what the classifier says of all of them; the first few are kept."""

    own_axes: ClassVar[tuple[str, ...]] = ("pictures", "height", "width")

    name: Annotated[str, Field(max_length=300)]
    pictures: Annotated[np.ndarray, wholes("pictures", "height", "width", 3, high=255)]
    number: Annotated[int, Field(ge=1, le=MAX_SAMPLES)]
    accuracy: Rate | None  # None: the file does not say what they are of
    proxy_fd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None  # None: too few pictures
    floor: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None  # of as many real pictures


class Grafted(Shaped):
    """A grafting: the states of the model, and how the new operators learned."""

    operator: Annotated[str, one_of(Operator)]
    layers: Layers
    num_layers: Annotated[int, Field(ge=1, le=MAX_LAYERS)]
    kinds: Annotated[tuple[Annotated[str, Field(max_length=MAX_WORDS)], ...], at_most(MAX_PICTURES, least=1), length("pictures")]
    learned_from: Annotated[str, one_of(Source)] = "drawn"  # what stages 1 and 2 see
    tokens: Annotated[int, Field(ge=1, le=MAX_SEEN_TOKENS)] = 64  # of one picture
    states: Annotated[tuple[State, ...], at_most(4, least=1)]
    loss: Annotated[str, one_of(Loss)]  # of stage 1, resolved
    healed: Annotated[tuple[Healed, ...], at_most(MAX_LAYERS)] = ()
    tuned_steps: Annotated[tuple[Count, ...], at_most(MAX_CHECKS), length("looks")] = ()  # of stage 2
    # mean squared error on the pictures that were learned from since the look before
    tuned_errors: Annotated[tuple[Finite, ...], at_most(MAX_CHECKS), length("looks")] = ()
    before: Cost
    after: Cost
    picked_by: Annotated[tuple[Rate, ...], at_most(MAX_LAYERS)] = ()  # near attention by layer, where a pattern went by it
    samples: Samples | None = None  # somebody's own, judged beside the states

    def state(self, name: StateName) -> State | None:
        """The state of that name, if the run came to it."""
        return next((state for state in self.states if state.name == name), None)


class Picked(Frozen):
    """The layers of a pattern."""

    pattern: Annotated[str, one_of(Pattern)]
    layers: Layers


class Locality(Shaped):
    """Where attention looks while pictures are painted."""

    own_axes: ClassVar[tuple[str, ...]] = ("layers", "heads", "times", "tokens")

    near: Annotated[int, Field(ge=1)]  # tokens
    side: Annotated[int, Field(ge=1, le=MAP_SIDE)]  # places in a row of a map
    shares: Annotated[np.ndarray, floats("layers", low=0, high=1.001)]  # within `near` tokens of raster order
    head_shares: Annotated[np.ndarray, floats("layers", "heads", low=0, high=1.001)]
    grid_shares: Annotated[np.ndarray, floats("layers", low=0, high=1.001)]  # at most one row and one column away; Orrery's own
    even: Rate  # what attention spread evenly would have
    even_grid: Rate
    times: Annotated[tuple[Count, ...], length("times"), at_most(50, least=1)]
    num_tokens: Annotated[int, Field(ge=1, le=MAX_SEEN_TOKENS)] = 64  # of one picture
    # shares of the largest of their row, of 255; of a picture of more than MAP_SIDE x MAP_SIDE tokens, of squares of them
    maps: Annotated[np.ndarray, wholes("times", "layers", "heads", "tokens", "tokens", high=255)]
    picked: Annotated[tuple[Picked, ...], at_most(10)]


class Timing(Frozen):
    """One operator at one number of tokens, one sample, milliseconds."""

    operator: Annotated[str, one_of(Operator)]
    tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)]
    least_ms: Finite
    median_ms: Finite
    times: Annotated[int, Field(ge=1)]


class PairTiming(Frozen):
    """Two whole blocks at one number of tokens, one sample, the least of several in milliseconds."""

    tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)]
    sequence_ms: Finite  # one after the other
    beside_ms: Finite  # side by side, computed in turns
    at_once_ms: Finite | None  # side by side, each by half of the threads; None with one thread


class Speed(Frozen):
    """Operators timed on the device that holds the model."""

    width: Annotated[int, Field(ge=1)]
    heads: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=1)]
    device: Annotated[str, Field(max_length=40)] = "cpu"
    dtype: Annotated[str, Field(max_length=40)] = "float32"
    rows: Annotated[tuple[Timing, ...], at_most(500, least=1)]
    pairs: Annotated[tuple[PairTiming, ...], at_most(20)] = ()

    @property
    def where(self) -> str:
        """On what it was timed, in a few words."""
        if self.device != "cpu":
            return f"a GPU in {self.dtype}"
        return f"{self.threads} thread{'s' if self.threads > 1 else ''}"

    def at(self, operator: str, tokens: int) -> Timing | None:
        """The timing of that operator and number of tokens, if there is one."""
        return next((row for row in self.rows if (row.operator, row.tokens) == (operator, tokens)), None)


class GraftingResult(Result):
    """What came out."""

    system: ClassVar[str] = "grafting"

    settings: GraftingSettings
    grafted: Grafted | None = None
    locality: Locality | None = None
    speed: Speed | None = None

    @property
    def title(self) -> str:
        """What was put where."""
        if self.grafted is None:
            return "Where attention looks" if self.locality else "Operators timed"
        return f"{OPERATOR_NAMES[self.settings.operator]}, {self.settings.pattern}"

    @property
    def brief(self) -> str:
        """How far it came."""
        if self.grafted is None:
            return ""
        last = self.grafted.states[-1]
        error = "" if last.held_out is None else f", held-out error {last.held_out:.4f}"
        return f"{len(self.grafted.layers)} of {self.grafted.num_layers} layers replaced, now {last.name}{error}"
