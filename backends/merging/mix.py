"""What a merge is, in one value: a method, and how much each tensor gets of whom. Names and numbers only: no torch.

Tensors are called by one name everywhere, that of the reasoning model in memory: `model.layers.0.self_attn.q_proj.weight`,
`model.norm.weight`, `model.embed_tokens.weight`, `lm_head.weight` (`layouts` knows what others call them). A number of a merge is one
for all tensors, a gradient along the depth, or goes by what a tensor's name holds; so mergekit's YAML says it too (`mergekit_yaml`).

Source: Bring Reason to Vision, arXiv 2505.05464: theta' = theta_base + lambda tau_vlm + (1 - lambda) tau_reason, lambda `vlm` here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Method = Literal["linear", "slerp", "task_arithmetic", "ties", "dare_linear", "dare_ties"]
Rescale = Literal["density", "l1", "none"]
Signs = Literal["weighted", "official"]
Embeddings = Literal["out", "in", "common rows"]
Part = Literal["attention", "mlp", "norm"]

METHOD_NAMES: dict[Method, str] = {"linear": "linear", "slerp": "SLERP", "task_arithmetic": "task arithmetic", "ties": "TIES",
                                   "dare_linear": "DARE, linear", "dare_ties": "DARE with TIES' signs"}
WITH_BASE: tuple[Method, ...] = ("task_arithmetic", "ties", "dare_linear", "dare_ties")
"""Methods that add task vectors to the base, which they need; the others see the two models alone."""
PARTS: tuple[Part, ...] = ("attention", "mlp", "norm")
EMBEDDING, HEAD, LAST_NORM = "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"
EXCLUDED = (EMBEDDING, HEAD)
"""Stay the VLM's unless they are asked in: vocabularies differ."""
_LAYER = re.compile(r"model\.layers\.(\d+)\.")


@dataclass(frozen=True)
class Filtered:
    """A value for tensors whose name holds a text; an empty text is in every name."""

    holds: str
    value: float | tuple[float, ...]


Value = float | tuple[float, ...] | tuple[Filtered, ...]
"""One number; a gradient, drawn straight between its entries from the first layer to the last; or the first filter that fits."""


@dataclass(frozen=True)
class Mix:
    """A merge. The default is the paper's.

    Attributes:
        vlm: share of the VLM in linear and SLERP, weight of its task vector elsewhere.     lambda; `--alpha` in the official code
        reason: weight of the reasoning model; None: 1 - vlm.
        scale: of the mixed task vectors before they are added to the base; linear and SLERP have none.
        density: share of a task vector's entries that TIES and DARE keep.
        reason_density: that of the reasoning model's; None: the same.
        rescale: what DARE multiplies the kept entries by: 1 / density; what restores the sum of sizes before (mergekit's); or nothing
            (the official code's).
        signs: who agrees in `ties` and `dare_ties`: "weighted" elects a sign from the weighted sum and divides by the weights that
            agree (mergekit's, and the TIES paper's mean); "official" elects from the plain sum and divides by their count (as the
            paper's released code does, where a weight of 1.6 becomes 0.8 wherever both agree).
        normalize: divide by the weights; None: as of the method (linear, TIES and DARE with signs do). mergekit's `dare_ties` does
            not.
        layers: first, and one after the last; outside of them everything stays the VLM's. The last norm goes with the last layer.
        parts: kinds of modules that are merged; the others stay the VLM's.
        embeddings: whether embedding and head are merged, or those rows that both have.
        seed: of what DARE drops.
    """

    method: Method = "linear"
    vlm: Value = 0.9
    reason: Value | None = None
    scale: Value = 1.0
    density: Value = 1.0
    reason_density: Value | None = None
    rescale: Rescale = "density"
    signs: Signs = "weighted"
    normalize: bool | None = None
    layers: tuple[int, int] | None = None
    parts: tuple[Part, ...] = PARTS
    embeddings: Embeddings = "out"
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises: ValueError where a share is none, or no layer is in the range."""
        for density in _numbers(self.density) + _numbers(0.0 if self.reason_density is None else self.reason_density):
            if not 0 <= density <= 1:
                raise ValueError(f"a density is {density}; it is a share, 0 to 1")
        if self.layers is not None and not 0 <= self.layers[0] < self.layers[1]:
            raise ValueError(f"the layers are {self.layers}; the first must be 0 or more, and below the one after the last")

    @property
    def needs_base(self) -> bool:
        """Whether the method adds task vectors, for which the base is needed."""
        return self.method in WITH_BASE

    @property
    def is_normalized(self) -> bool:
        """Whether the weights are divided by."""
        return self.method in ("linear", "ties", "dare_ties") if self.normalize is None else self.normalize

    def weights(self, name: str, num_layers: int) -> tuple[float, float]:
        """The weights of the VLM and of the reasoning model in a tensor."""
        vlm = value_at(self.vlm, name, num_layers)
        return vlm, 1 - vlm if self.reason is None else value_at(self.reason, name, num_layers)

    def densities(self, name: str, num_layers: int) -> tuple[float, float]:
        """The share of entries of the VLM's and of the reasoning model's task vector that are kept in a tensor."""
        vlm = value_at(self.density, name, num_layers)
        return vlm, vlm if self.reason_density is None else value_at(self.reason_density, name, num_layers)


def by_part(*, attention: float | tuple[float, ...], mlp: float | tuple[float, ...], norm: float | tuple[float, ...]) -> Value:
    """A value for each kind of module; what is none of them, an embedding, has that of attention."""
    # norms first: those of queries and keys have attention in their names
    return Filtered("norm", norm), Filtered("self_attn", attention), Filtered("mlp", mlp), Filtered("", attention)


def value_at(value: Value, name: str, num_layers: int) -> float:
    """A value in one tensor; 0 where no filter fits, as nothing is said of it."""
    if isinstance(value, int | float):
        return float(value)
    for entry in value:
        if isinstance(entry, Filtered):
            if entry.holds in name or entry.holds == "*":
                return value_at(entry.value, name, num_layers)
        else:
            return _between([float(each) for each in value if not isinstance(each, Filtered)], depth_of(name, num_layers))
    return 0.0


def _between(gradient: Sequence[float], depth: float) -> float:
    place = depth * (len(gradient) - 1)
    before = int(place)
    after, share = min(before + 1, len(gradient) - 1), place - before
    return gradient[before] if share == 0 else (1 - share) * gradient[before] + share * gradient[after]


def _numbers(value: Value) -> tuple[float, ...]:
    if isinstance(value, int | float):
        return (float(value),)
    return tuple(number for entry in value for number in (_numbers(entry.value) if isinstance(entry, Filtered) else (float(entry),)))


def layer_of(name: str) -> int | None:
    """The layer that a tensor is in; None for embeddings, head and the last norm."""
    found = _LAYER.match(name)
    return int(found[1]) if found else None


def depth_of(name: str, num_layers: int) -> float:
    """Where along the depth a tensor is: 0 the first layer, 1 the last.

    What is in no layer counts as 0, the last norm and the head too: so has mergekit it, whose recipes would else mean something else.
    """
    layer = layer_of(name)
    if layer is None:
        return 0.0
    return layer / (num_layers - 1) if num_layers > 1 else 1.0


def part_of(name: str) -> Part | None:
    """The kind of module that a tensor is of; None for embedding and head."""
    if name in EXCLUDED:
        return None
    module = name.rpartition(".")[0]
    return "norm" if "norm" in module else "attention" if ".self_attn." in name else "mlp"


def takes_part(mix: Mix, name: str, num_layers: int) -> bool:
    """Whether a merge changes a tensor at all, or leaves the VLM's."""
    part = part_of(name)
    if part is None:
        return mix.embeddings != "out"
    if part not in mix.parts:
        return False
    first, end = mix.layers or (0, num_layers)
    layer = layer_of(name)
    return first <= (num_layers - 1 if layer is None else layer) < end


def idle(mix: Mix) -> tuple[str, ...]:
    """Names of what was set and does nothing with this method."""
    plain, used = Mix(), {"method", "vlm", "reason", "layers", "parts", "embeddings"}
    if mix.needs_base:
        used |= {"scale"}
    if mix.method != "slerp":
        used |= {"normalize"}
    if mix.method in ("ties", "dare_ties"):
        used |= {"signs"}
    if mix.method in ("ties", "dare_linear", "dare_ties"):
        used |= {"density", "reason_density"}
    if mix.method in ("dare_linear", "dare_ties"):
        used |= {"rescale", "seed"}
    return tuple(name for name in plain.__dataclass_fields__ if name not in used and getattr(mix, name) != getattr(plain, name))
