"""The merge of one tensor, and of a whole model in memory: linear, SLERP, task arithmetic, TIES, DARE.

    tau_m = theta_m - theta_base;    theta' = theta_base + scale * sum_m w_m sparse(tau_m)        (task arithmetic and its kin)
Everything is computed in single precision, piece by piece, and rounded once to the VLM's own kind of number. A piece takes
additions and multiplications only, and sums over whole tensors are in double precision; what DARE drops is drawn from (seed, tensor).
So a tensor is merged to the same bits whether it lies in memory or is read from a file (`streaming`).

Sources: Bring Reason to Vision (arXiv 2505.05464) and its code; task arithmetic 2212.04089, TIES 2306.01708, DARE 2311.03099; the
names and defaults are mergekit's. Not here: which tensor is called what (`layouts`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

import numpy as np
import torch
from torch import Tensor

from backends.merging.layouts import paired
from backends.merging.mix import Mix, Rescale, Signs, takes_part, value_at
from worlds.errors import InputError

PIECE = 1 << 20  # numbers computed at once: they stay in the processor's cache, and the rest of a tensor is never widened
PARALLEL = 0.9995  # cosine from which on SLERP is a division by nearly nothing; linear there
_NO_RESCALE = 1e-7  # a sum of sizes below it is none
Masks = Sequence[Tensor | None]


def merged(name: str, vlm: Tensor, reason: Tensor, base: Tensor | None = None, *, mix: Mix, num_layers: int) -> Tensor:
    """Return one tensor of the merged model, in the VLM's kind of number; the VLM's own where it takes no part.

    Args:
        name: as of `mix`: that of the reasoning model in memory.
        base: of the model that both were tuned from; needed by task arithmetic and its kin.
    Raises:
        InputError: shapes differ, or a number overflows.
        ValueError: the base is missing.
    """
    if not takes_part(mix, name, num_layers):
        return vlm
    if mix.embeddings == "common rows" and vlm.shape != reason.shape:
        return _common_rows(name, vlm, reason, base, mix, num_layers)
    for other in (reason, base):
        if other is not None and other.shape != vlm.shape:
            raise InputError(f"{name} has the shape {tuple(vlm.shape)} in the VLM and {tuple(other.shape)} in another model. "
                             "Only equal shapes can be merged.")
    result = _of_method(name, vlm, reason, base, mix, num_layers)
    if not all(_is_finite(piece) for piece in result.reshape(-1).split(PIECE)):
        raise InputError(f"{name} overflows {str(result.dtype).removeprefix('torch.')}, or holds what is no number. Take smaller "
                         "weights or scale, or a VLM in another kind of number.")
    return result


def _is_finite(piece: Tensor) -> bool:
    """Whether all are numbers. A sum that is one tells it in a quarter of the time; one that is none may only be too large."""
    return bool(piece.sum(dtype=_wide(piece.dtype)).isfinite()) or bool(piece.isfinite().all())


def _common_rows(name: str, vlm: Tensor, reason: Tensor, base: Tensor | None, mix: Mix, num_layers: int) -> Tensor:
    """Merge the rows that all have; the VLM's others stay."""
    rows = min(len(each) for each in (vlm, reason, base) if each is not None)
    common = merged(name, vlm[:rows], reason[:rows], None if base is None else base[:rows], mix=mix, num_layers=num_layers)
    return torch.cat([common, vlm[rows:]])


def _of_method(name: str, vlm: Tensor, reason: Tensor, base: Tensor | None, mix: Mix, num_layers: int) -> Tensor:
    weights = mix.weights(name, num_layers)
    if mix.method in ("linear", "slerp"):
        if mix.method == "slerp":
            return slerp(vlm, reason, share=weights[0])
        return linear(vlm, reason, weights=weights, normalize=mix.is_normalized)
    if base is None:
        raise ValueError(f"{mix.method} adds task vectors to the base, and there is none")
    others, densities = (vlm, reason), mix.densities(name, num_layers)
    masks: list[Tensor | None] = [None, None]
    if mix.method == "ties":
        masks = [largest(other, base, density) for other, density in zip(others, densities)]
    elif mix.method != "task_arithmetic":
        masks = [drawn(vlm.shape, density, seed=mix.seed, name=f"{whose} {name}")
                 for whose, density in zip(("vlm", "reason"), densities)]
    drops = mix.method in ("dare_linear", "dare_ties")
    factors = [rescaling(other, base, mask, density, mix.rescale) if drops else 1.0
               for other, mask, density in zip(others, masks, densities)]
    return added(base, others, weights=weights, masks=masks, factors=factors, scale=value_at(mix.scale, name, num_layers),
                 signs=mix.signs if mix.method in ("ties", "dare_ties") else None, normalize=mix.is_normalized, dtype=vlm.dtype)


def linear(vlm: Tensor, reason: Tensor, *, weights: tuple[float, float], normalize: bool = True) -> Tensor:
    """Return the weighted mean of two tensors; with all weight on one of them that one, bit for bit.

    Raises:
        InputError: the weights add up to nothing.
    """
    total = sum(weights) if normalize else 1.0
    if abs(total) < 1e-8:
        raise InputError(f"The weights {weights[0]:g} and {weights[1]:g} add up to 0, so there is no mean. Take others.")
    first, second = (weight / total for weight in weights)
    if (first, second) == (1, 0):
        return vlm
    if (first, second) == (0, 1):
        return reason.to(vlm.dtype)
    result = torch.empty_like(vlm, memory_format=torch.contiguous_format)
    for into, (one, other) in pieces(result, vlm, reason):
        into.copy_(one.mul_(first).add_(other.mul_(second)))
    return result


def slerp(vlm: Tensor, reason: Tensor, *, share: float) -> Tensor:
    """Return the point between two tensors on the arc between them: `share` 1 is the first, 0 the second.

    With t = 1 - share: sin((1-t) omega)/sin(omega) u + sin(t omega)/sin(omega) v, omega the angle between the flattened u and v.
    Tensors of one axis, and nearly parallel ones, are mixed linearly.
    """
    cosine = cosine_of(vlm, reason) if vlm.ndim > 1 and share not in (0, 1) else 1.0
    if abs(cosine) > PARALLEL:
        return linear(vlm, reason, weights=(share, 1 - share), normalize=False)
    omega = math.acos(cosine)
    weights = (math.sin(share * omega) / math.sin(omega), math.sin((1 - share) * omega) / math.sin(omega))
    return linear(vlm, reason, weights=weights, normalize=False)


def cosine_of(one: Tensor, other: Tensor) -> float:
    """Return the cosine of the angle between two flattened tensors; 1 where one of them is all zeros."""
    products = [0.0, 0.0, 0.0]
    for _, (first, second) in pieces(None, one, other):
        products = [total + _dot(*pair) for total, pair in zip(products, ((first, second), (first, first), (second, second)))]
    length = math.sqrt(products[1]) * math.sqrt(products[2])
    return min(1.0, max(-1.0, products[0] / length)) if length else 1.0


def largest(other: Tensor, base: Tensor, density: float) -> Tensor | None:
    """Return which entries of a task vector TIES keeps: the largest by size, at least one; None: all. Shape of the tensor, bool.

    Of equal sizes at the edge, which half precision has many of, the first in order are kept, on every machine.
    """
    number = other.numel()
    if density >= 1 or not number:
        return None
    if density <= 0:
        return torch.zeros(other.shape, dtype=torch.bool, device=other.device)
    keep = max(1, int(density * number))
    sizes = torch.empty(number, dtype=_wide(other.dtype), device=other.device)
    for into, (one, start) in pieces(sizes, other, base):
        into.copy_(one.sub_(start).abs_())
    edge = float(np.partition(sizes.cpu().numpy(), number - keep)[number - keep])  # six times as fast as torch's kthvalue
    mask = sizes > edge
    at_edge = (sizes == edge).nonzero()[: keep - int(mask.sum()), 0]
    mask[at_edge] = True
    return mask.reshape(other.shape)


def drawn(shape: Sequence[int], density: float, *, seed: int, name: str) -> Tensor | None:
    """Return which entries of a task vector DARE keeps, each with the probability `density`; None: all. `shape`, bool, on the CPU.

    Args:
        name: of the tensor and whose it is: equal ones are drawn alike, in whatever order tensors come.
    """
    if density >= 1:
        return None
    generator = torch.Generator().manual_seed(int.from_bytes(sha256(f"{seed} {name}".encode()).digest()[:8], "little"))
    mask = torch.empty(math.prod(shape), dtype=torch.bool)
    for start in range(0, len(mask), PIECE):
        part = mask[start : start + PIECE]
        torch.lt(torch.rand(len(part), generator=generator), density, out=part)
    return mask.reshape(tuple(shape))


def rescaling(other: Tensor, base: Tensor, mask: Tensor | None, density: float, rescale: Rescale) -> float:
    """Return what DARE multiplies the entries by that it kept: 1 where it kept all.

    "density": 1 / density keeps the expected vector (arXiv 2311.03099). "l1" restores the sum of sizes, as mergekit does; nearly
    the same for a large tensor. "none" is the official code's, which so makes every vector smaller by the density.
    """
    if mask is None or rescale == "none" or density <= 0:
        return 1.0
    if rescale == "density":
        return 1 / density
    before = after = 0.0
    for (_, (one, start)), kept in zip(pieces(None, other, base), _split(mask.to(other.device))):
        sizes = one.sub_(start).abs_()
        before += float(sizes.sum(dtype=torch.float64))
        after += float(sizes.mul_(kept).sum(dtype=torch.float64))
    return before / after if min(before, after) >= _NO_RESCALE else 1.0


def added(base: Tensor, others: Sequence[Tensor], *, weights: Sequence[float], masks: Masks = (), factors: Sequence[float] = (),
          scale: float = 1.0, signs: Signs | None = None, normalize: bool = False, dtype: torch.dtype | None = None) -> Tensor:
    """Return the base with weighted task vectors of the others added.

    Args:
        weights: of each of the others.
        masks: entries of each task vector that count, in the shape of the tensors; None: all.
        factors: that each task vector is multiplied by besides.
        signs: entries whose sign is not the elected one are left out; see `mix.Mix.signs`. None: all are added up.
        normalize: divide by the weights; with "official" signs the division is by the count of those that agree, always.
        dtype: of the result; that of the base where None.
    """
    result = torch.empty_like(base, dtype=dtype, memory_format=torch.contiguous_format)
    masks = masks or [None] * len(others)
    kept = [None if mask is None else tuple(_split(mask.to(base.device))) for mask in masks]
    factors = factors or [1.0] * len(others)
    for number, (into, (start, *rest)) in enumerate(pieces(result, base, *others)):
        vectors = [one.sub_(start) for one in rest]
        for vector, own, factor in zip(vectors, kept, factors):
            if own is not None:
                vector.mul_(own[number])
            if factor != 1:
                vector.mul_(factor)
        mixed = _mixed(vectors, weights, signs, normalize)
        into.copy_(start.add_(mixed.mul_(scale) if scale != 1 else mixed))
    return result


def _mixed(vectors: list[Tensor], weights: Sequence[float], signs: Signs | None, normalize: bool) -> Tensor:
    """The sum of a piece of weighted task vectors, over whatever it is to be divided by; the vectors are used up."""
    elected = _sum(vectors) >= 0 if signs == "official" else None  # a sum of 0 counts as plus
    agrees = [] if elected is None else [_agrees(vector, elected) for vector in vectors]
    weighted = [vector.mul_(weight) for vector, weight in zip(vectors, weights)]
    if signs is None:
        total = sum(weights) if normalize else 1.0
        mixed = _sum(weighted)
        return mixed.div_(total) if total != 1 and abs(total) >= 1e-8 else mixed
    if signs == "weighted":
        elected = _sum(weighted) >= 0
        agrees = [_agrees(vector, elected) for vector in weighted]
    mixed = _sum([vector.mul_(agree) for vector, agree in zip(weighted, agrees)])
    if signs == "official":
        return mixed.div_(_sum([agree.to(mixed.dtype) for agree in agrees]).clamp_(min=1))
    if not normalize:
        return mixed
    divisor = _sum([agree.to(mixed.dtype).mul_(weight) for agree, weight in zip(agrees, weights)])
    return mixed.div_(divisor.masked_fill_(divisor == 0, 1))


def _agrees(vector: Tensor, elected: Tensor) -> Tensor:
    """Which entries have the elected sign; an entry of 0 has none."""
    return torch.where(elected, vector > 0, vector < 0)


def _sum(tensors: Sequence[Tensor]) -> Tensor:
    total = tensors[0].clone()
    for tensor in tensors[1:]:
        total.add_(tensor)  # one after the other: no sum in another order, so the same bits everywhere
    return total


def pieces(result: Tensor | None, *tensors: Tensor) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Yield a piece of the result to write into, nothing where there is none, and that of every tensor: flat, widened, a copy."""
    flat, number = [tensor.reshape(-1) for tensor in tensors], tensors[0].numel()
    out = tensors[0].new_empty(0) if result is None else result.view(-1)
    wide = _wide(tensors[0].dtype)
    for start in range(0, number, PIECE):
        yield out[start : start + PIECE], [one[start : start + PIECE].to(wide, copy=True) for one in flat]


def _split(mask: Tensor) -> Iterator[Tensor]:
    return iter(mask.reshape(-1).split(PIECE))


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)


def _dot(one: Tensor, other: Tensor) -> float:
    return float(torch.dot(one.double(), other.double()))


def merged_model(vlm: Mapping[str, Tensor], reason: Mapping[str, Tensor], base: Mapping[str, Tensor] | None = None, *,
                 mix: Mix) -> dict[str, Tensor]:
    """Return the state dict of a merged model, under the VLM's names; what takes no part is the VLM's own tensor, not a copy.

    Args:
        vlm: of the whole VLM, as `state_dict` gives it or as a folder holds it.
        reason: of the reasoning model; `base` likewise.
    Raises:
        InputError: names or shapes do not match.
        ValueError: the base is missing.
    """
    pairs = paired(vlm, reason, base, embeddings=mix.embeddings != "out")
    found: dict[int, Tensor] = {}  # by the place of the VLM's tensor: a tied head stays tied
    result = dict(vlm)
    for name, own in pairs.names.items():
        if not takes_part(mix, name, pairs.num_layers):
            continue
        place = vlm[own.vlm].data_ptr() or id(vlm[own.vlm])  # one without numbers lies nowhere
        if place not in found:
            found[place] = merged(name, vlm[own.vlm], reason[own.reason], None if base is None else base[own.base], mix=mix,
                                  num_layers=pairs.num_layers)
        result[own.vlm] = found[place]
    return result
