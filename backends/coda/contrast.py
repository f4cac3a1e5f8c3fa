"""Every score that compares a full prompt X with a masked one X', as pure functions of log-probabilities.

CoDA (arXiv 2502.16143, section 6.1) divides out what the masked prompt says anyway: s(y) = log p(y|X) - log p(y|X') on
the tokens that X makes plausible. CAD (arXiv 2305.14739), CD (arXiv 2210.15097) and VCD (arXiv 2311.16922) are the same
subtraction with another weight and another plausible set. All tensors are (..., vocabulary) float32 log-probabilities, so
that one call serves one step, a batch of prompts, or every candidate of a detector.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch

from backends.coda.choices import Contrast, EscapeBias

__all__ = ["Contrast", "Indicator", "Method", "Sets", "choose", "escape_bias", "indicator", "is_gate_open", "rpmi", "scores", "sets",
           "settle_ties", "top_set"]

Method = Literal["greedy", "coda", "cad", "cd", "vcd"]
TIE = 1e-5  # nats; equal prompts in two rows of one batch differ by rounding, and must count as equal


@dataclass(frozen=True)
class Sets:
    """Which tokens are what; every tensor is (..., vocabulary) bool."""

    plausible: torch.Tensor  # V_top(X)
    both: torch.Tensor  # V_top(X) and V_top(X')
    escaping: torch.Tensor  # V_esc = V_top(X) without V_top(X')
    suppressed: torch.Tensor  # S: in both, and R-PMI < 0


@dataclass(frozen=True)
class Indicator:
    """Equation 9 and its parts, each of shape (...)."""

    rpmi_sum: torch.Tensor
    escape_reward: torch.Tensor  # ERM
    total: torch.Tensor


def top_set(log_probabilities: torch.Tensor, alpha: float) -> torch.Tensor:
    """Return V_top: (..., vocabulary) bool, true where p >= alpha * max p of the same distribution.

    differs from the paper's words, "global variable among all candidates": X and X' have a maximum each, as in the only
    public re-implementation.
    """
    return log_probabilities >= log_probabilities.amax(-1, keepdim=True) + math.log(alpha)


def rpmi(full: torch.Tensor, masked: torch.Tensor) -> torch.Tensor:
    """Return R-PMI = log p(y|X) - log p(y|X') (eq. 7), 0 where both are impossible."""
    return torch.where((full == -torch.inf) & (masked == -torch.inf), 0.0, full - masked)


def sets(full: torch.Tensor, masked: torch.Tensor, alpha: float) -> Sets:
    """Return the sets of section 6.1 for (..., vocabulary) log-probabilities."""
    plausible, also = top_set(full, alpha), top_set(masked, alpha)
    both = plausible & also
    return Sets(plausible, both, plausible & ~also, both & (full < masked))


def escape_bias(masked: torch.Tensor, found: Sets, *, alpha: float, kind: EscapeBias) -> torch.Tensor:
    """Return b of eq. 8 and 11, shape (..., 1): what stands for log p(y|X') of an escaping token.

    "paper": the least log p(.|X') over S; 0 where S is empty, for which the paper gives no value.
    "floor": not above log alpha + max log p(.|X'), which an escaping token by definition lies below. Not in the paper.
    """
    least = torch.where(found.suppressed, masked, torch.inf).amin(-1, keepdim=True)
    if kind == "floor":
        return torch.minimum(least, masked.amax(-1, keepdim=True) + math.log(alpha))
    return torch.where(found.suppressed.any(-1, keepdim=True), least, 0.0)


def indicator(full: torch.Tensor, masked: torch.Tensor, params: Contrast) -> Indicator:
    """Return the overshadowing indicator (eq. 7-9) of (..., vocabulary) pairs; the paper reads positive as overshadowed."""
    found = sets(full, masked, params.alpha)
    rpmi_sum = torch.where(found.both, rpmi(full, masked).clamp(max=0), 0.0).sum(-1)
    bias = escape_bias(masked, found, alpha=params.alpha, kind=params.escape_bias)
    reward = torch.where(found.escaping, full - bias, 0.0).sum(-1)
    if params.escape_bias == "paper":  # b is undefined without S: no reward, as in the re-implementation
        reward = torch.where(found.suppressed.any(-1), reward, 0.0)
    return Indicator(rpmi_sum, reward, rpmi_sum + reward)


def is_gate_open(full: torch.Tensor, masked: torch.Tensor) -> torch.Tensor:
    """Return (...) bool: the greedy token's R-PMI is below 0, so the masked prompt likes it even more."""
    greedy = full.argmax(-1, keepdim=True)
    return (full.gather(-1, greedy) < masked.gather(-1, greedy)).squeeze(-1)


def scores(full: torch.Tensor, masked: torch.Tensor, method: Method, params: Contrast) -> torch.Tensor:
    """Return s, (..., vocabulary), whose largest is the next token; `full` itself where a gate is closed.

    Args:
        full: log p(.|X).        l in the notes below
        masked: log p(.|X').     l'
    Raises:
        ValueError: `method` is none of the five.
    """
    if method == "greedy":
        return full
    contrasted = _contrasted(full, masked, method, params)
    if not params.gate:
        return contrasted
    return torch.where(is_gate_open(full, masked).unsqueeze(-1), contrasted, full)


def _contrasted(full: torch.Tensor, masked: torch.Tensor, method: Method, params: Contrast) -> torch.Tensor:
    if method == "coda":
        return _coda(full, masked, params)
    if method in ("cad", "vcd"):
        pushed = _pushed(full, masked, params.weight)
        return pushed if method == "cad" else torch.where(top_set(full, params.head), pushed, -torch.inf)
    if method == "cd":
        return torch.where(top_set(full, params.head), rpmi(full, masked), -torch.inf)  # l - l' on V_head
    raise ValueError(f"method is {method!r}; it must be 'greedy', 'coda', 'cad', 'cd' or 'vcd'")


def _coda(full: torch.Tensor, masked: torch.Tensor, params: Contrast) -> torch.Tensor:
    found = sets(full, masked, params.alpha)
    bias = escape_bias(masked, found, alpha=params.alpha, kind=params.escape_bias)
    s = torch.where(found.both, rpmi(full, masked), -torch.inf)  # eq. 10, and the domain of eq. 12
    return torch.where(found.escaping, full - bias, s)  # eq. 11


def _pushed(full: torch.Tensor, masked: torch.Tensor, weight: float) -> torch.Tensor:
    """Return (1 + a) l - a l', exactly l for a = 0, and -inf where l is."""
    if weight == 0:
        return full
    return torch.where(full == -torch.inf, -torch.inf, (1 + weight) * full - weight * masked)


def settle_ties(s: torch.Tensor, full: torch.Tensor) -> torch.Tensor:
    """Return s with the tie for the first place given to the token of the largest log p(y|X).

    Where X' equals X every s is 0 but for rounding; without this the choice would be arbitrary. The winner is put at
    the maximum and the other tied tokens just below it, so that a plain argmax finds it.
    """
    best = s.amax(-1, keepdim=True)
    tied = s >= best - TIE
    winner = torch.where(tied, full, -torch.inf).argmax(-1, keepdim=True)
    lowered = torch.where(tied, torch.minimum(s, best - TIE), s)
    return lowered.scatter(-1, winner, best)


def choose(s: torch.Tensor, full: torch.Tensor) -> torch.Tensor:
    """Return the next token, (...) int64: the largest s, ties settled by log p(y|X)."""
    return settle_ties(s, full).argmax(-1)
