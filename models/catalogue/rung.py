"""What a rung of the ladder is: one model, described, with what it costs in memory. `models.loading` turns it into a network.

Numbers of parameters are those of the published checkpoints, rounded; memory is estimated from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from models import devices

Role = Literal["detector", "vlm", "similarity", "language", "diffusion"]
Quantisation = Literal["none", "int8", "nf4"]
Precision = Literal["float32", "float16", "bfloat16"]
Loader = Literal["canvas-detector", "image-network", "zero-shot-detector", "frame-scorer", "vlm", "language-model", "diffusion"]

PIPELINE = "model_index.json"  # in the folder of a pipeline of diffusers
LINEAR_SHARE = 0.85  # of the parameters lie in linear layers; only these are quantised
WORKSPACE = 1.2  # activations and the loader's own copies, over the weights
BYTES: Mapping[Precision, float] = {"float32": 4.0, "float16": 2.0, "bfloat16": 2.0}
_QUANTISED_BYTES = {"int8": 1.0, "nf4": 0.5 + 4 / 64}  # nf4: half a byte, and one float32 per 64 weights


@dataclass(frozen=True)
class Stage:
    """Another state of a miniature, in a folder of its own; where it is not shipped, the recipe makes it in the cache."""

    folder: str  # below the miniature's own
    recipe: str = ""  # as the rung's


@dataclass(frozen=True)
class Rung:
    """One model on the ladder of its role.

    `source` is a folder below `models/miniatures`, an absolute local folder, or a hub id; of a packaged rung the hub id says
    whose model it is. `theta` (a target counts as
    found above it) and `floor` (boxes below it are dropped) are a detector's defaults: OWL's scores are far lower than
    those of YOLO-World, for which the paper gives 0.6.
    """

    name: str
    role: Role
    title: str
    source: str
    loader: Loader
    architecture: str
    licence: str
    parameters: int
    dtype: Precision = "float32"
    quantisations: tuple[Quantisation, ...] = ("none", "int8", "nf4")
    is_miniature: bool = False
    is_local: bool = False
    is_packaged: bool = False  # a Python package holds it; `models.real` makes its folder
    note: str = ""
    theta: float | None = None
    floor: float | None = None
    beside: str = ""  # the hub id that holds those parts of a pipeline that `source` lacks
    made_for: tuple[str, ...] = ()  # the systems that offer it; all of them where there is none
    recipe: str = ""  # what `python -m models.recipes.` is to be followed by to make it
    stages: Mapping[str, "Stage"] = field(default_factory=dict, compare=False)  # its other states: epochs, further trainings

    @property
    def is_on_disk(self) -> bool:
        """Return whether it is a folder of this machine; any other rung is asked of the hub or its cache."""
        return self.is_miniature or self.is_local or self.is_packaged

    @property
    def memory_mb(self) -> Mapping[Quantisation, int]:
        """Estimated memory in MB while it runs, per quantisation that it allows."""
        return MappingProxyType({kind: _memory_mb(self, kind) for kind in self.quantisations})


@dataclass(frozen=True)
class Availability:
    """Whether a rung can be used here now, and one sentence why, or what it will cost."""

    ok: bool
    reason: str


def _memory_mb(rung: Rung, quantisation: Quantisation) -> int:
    plain = BYTES[rung.dtype]
    linear = _QUANTISED_BYTES.get(quantisation, plain)
    per_parameter = LINEAR_SHARE * linear + (1 - LINEAR_SHARE) * plain
    return max(1, round(rung.parameters * per_parameter * WORKSPACE / devices.MB))
