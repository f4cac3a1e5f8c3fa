"""How far two models have moved from their base, and whether in the same direction: per tensor, per layer, in all.

    ||tau|| / ||theta_base||,   cos(tau_vlm, tau_reason),   tau = theta - theta_base     (arXiv 2505.05464; 2212.04089)
Vectors that are nearly at right angles can be added with little harm; long ones, and opposed ones, hurt. Without a base, what is
left is how far the two models are apart. What is kept of a tensor are sums of products, which add up over tensors.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from backends.merging.layouts import paired
from backends.merging.methods import pieces
from backends.merging.mix import layer_of, part_of


@dataclass(frozen=True)
class Moved:
    """Sums of products over the numbers of some tensors; NaN where there is no base. They add up."""

    base: float = 0.0  # <theta_base, theta_base>
    vlm: float = 0.0  # <tau_vlm, tau_vlm>
    reason: float = 0.0
    both: float = 0.0  # <tau_vlm, tau_reason>
    seer: float = 0.0  # <theta_vlm, theta_vlm>
    reasoner: float = 0.0
    together: float = 0.0  # <theta_vlm, theta_reason>
    between: float = 0.0  # <theta_vlm - theta_reason, the same>: the others would give it too, but for what rounding takes

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def vlm_share(self) -> float:
        """||tau_vlm|| / ||theta_base||"""
        return _root_of(self.vlm, self.base)

    @property
    def reason_share(self) -> float:
        """||tau_reason|| / ||theta_base||"""
        return _root_of(self.reason, self.base)

    @property
    def cosine(self) -> float:
        """cos(tau_vlm, tau_reason); NaN where one of them is nothing."""
        return _cosine(self.both, self.vlm, self.reason)

    @property
    def apart(self) -> float:
        """||theta_vlm - theta_reason|| / ||theta_vlm||"""
        return _root_of(self.between, self.seer)

    @property
    def models_cosine(self) -> float:
        """cos(theta_vlm, theta_reason)"""
        return _cosine(self.together, self.seer, self.reasoner)


def moved(vlm: Tensor, reason: Tensor, base: Tensor | None = None) -> Moved:
    """Return the sums of one tensor; of those rows that all have."""
    rows = min(len(each) for each in (vlm, reason, base) if each is not None) if vlm.ndim else None
    tensors = [each if rows is None else each[:rows] for each in (vlm, reason, base) if each is not None]
    total = Moved()
    for _, widened in pieces(None, *tensors):
        seer, reasoner = widened[:2]
        models = (_dot(seer, seer), _dot(reasoner, reasoner), _dot(seer, reasoner))
        vectors = (math.nan,) * 4
        if base is not None:
            start = widened[2]
            seer.sub_(start)
            reasoner.sub_(start)
            vectors = (_dot(start, start), _dot(seer, seer), _dot(reasoner, reasoner), _dot(seer, reasoner))
        between = seer.sub_(reasoner)  # the base is taken off both, or off none
        total += Moved(*vectors, *models, _dot(between, between))
    return total


def moved_by_name(vlm: Mapping[str, Tensor], reason: Mapping[str, Tensor],
                  base: Mapping[str, Tensor] | None = None) -> Iterator[tuple[str, Moved]]:
    """Yield every tensor of the language model but embedding and head, by our name, with its sums. Raises InputError as `paired`."""
    for name, own in paired(vlm, reason, base).names.items():
        if part_of(name) is not None:
            yield name, moved(vlm[own.vlm], reason[own.reason], None if base is None else base[own.base])


def by_layer(tensors: Iterable[tuple[str, Moved]]) -> dict[int | None, Moved]:
    """Return the sums of every layer, in order; those of what is in none under None, last."""
    found: dict[int | None, Moved] = {}
    for name, one in tensors:
        layer = layer_of(name)
        found[layer] = found.get(layer, Moved()) + one
    return dict(sorted(found.items(), key=lambda entry: (entry[0] is None, entry[0] or 0)))


def _dot(one: Tensor, other: Tensor) -> float:
    return float(torch.dot(one, other))


def _root_of(square: float, whole: float) -> float:
    return math.sqrt(square / whole) if whole else math.nan


def _cosine(product: float, one: float, other: float) -> float:
    cosine = product / (math.sqrt(one) * math.sqrt(other)) if one and other else math.nan
    return cosine if math.isnan(cosine) else max(-1.0, min(1.0, cosine))
