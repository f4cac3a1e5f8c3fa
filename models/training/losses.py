"""Losses of policy and critic, and the numbers that tell how an update goes. All are worked out on drawn tokens, of any shape.

    rho = exp(log pi - log pi_old),   L_pi = mean max(-A rho, -A clip(rho, 1 - low, 1 + high))     (PPO, arXiv:1707.06347)
    L_V = 1/2 mean max((V - R)^2, (clip(V, V_old - c, V_old + c) - R)^2)

What `mean` means differs between papers: see `token_weights`.
"""

from typing import Literal

import torch
from torch import Tensor

Averaging = Literal["turns", "tokens", "episodes"]
Divergence = Literal["k1", "k2", "k3"]


def token_weights(turns: Tensor, episodes: Tensor, over: Averaging) -> Tensor:
    """Return what each token counts in a mean, (rows, tokens) that sum to 1, 0 where the policy did not draw.

    Args:
        turns: (rows, tokens) number of the turn, -1 where the policy did not draw.    episodes: (rows,) numbers.
        over: "tokens": all alike, so that long replies weigh more (RAGEN's code, Evo-MARL). "turns": every turn alike, whatever its
            length (ERA). "episodes": every episode alike (RAGEN's eq. 4; GRPO's own mean over sequences).
    """
    drawn = turns >= 0
    weights = torch.zeros(turns.shape, dtype=torch.float64, device=turns.device)
    if over == "tokens":
        return weights.masked_fill(drawn, 1 / float(drawn.sum()))
    unit = episodes[:, None].expand_as(turns)
    if over == "turns":
        unit = unit * (int(turns.max()) + 1) + turns
    _, which, counts = unit[drawn].unique(return_inverse=True, return_counts=True)
    return weights.masked_scatter(drawn, 1 / (counts[which] * len(counts)).to(weights.dtype))


def clipped_surrogate(logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, *, low: float, high: float,
                      dual: float | None = None) -> tuple[Tensor, Tensor]:
    """Return each token's loss, and whether the clip held it back; shapes as given.

    Args:
        low, high: how far the ratio may fall and rise; with a larger `high` unlikely tokens can gain more (clip-higher).
        dual: how many times -A a loss may be where A is negative; None is no limit.
    """
    ratio = torch.exp(logprobs - old_logprobs)
    free, held = -advantages * ratio, -advantages * ratio.clamp(1 - low, 1 + high)
    loss = torch.maximum(free, held)
    if dual is not None:
        loss = torch.where(advantages < 0, torch.minimum(loss, -advantages * dual), loss)
    return loss, held > free


def divergence(logprobs: Tensor, reference: Tensor, estimator: Divergence) -> Tensor:
    """Return an estimate of KL(policy || reference) from each drawn token; shape as given.

    k1 is unbiased, but as a loss its gradient is 0 in the mean; k2 has the right gradient; k3 is unbiased, never below 0.
    """
    above = logprobs - reference
    if estimator == "k1":
        return above
    if estimator == "k2":
        return 0.5 * above.square()
    return torch.exp(-above) - 1 + above


def value_loss(values: Tensor, old_values: Tensor, returns: Tensor, *, clip: float | None) -> Tensor:
    """Return the critic's loss at each position that learns; the worse of the value and the value kept near the old one.

    Args:
        values, old_values, returns: (positions,).    clip: how far a value may move; None is as far as it likes.
    """
    loss = (values - returns).square()
    if clip is not None:
        near = old_values + (values - old_values).clamp(-clip, clip)
        loss = torch.maximum(loss, (near - returns).square())
    return 0.5 * loss


def explained_variance(values: Tensor, returns: Tensor) -> float | None:
    """Return the share of the returns' variance that the values tell: 1 all, 0 as a constant, below 0 worse; None if there is none.

    Args:
        values, returns: (positions,).
    """
    variance = returns.var(correction=0)
    return None if variance <= 1e-12 else float(1 - (returns - values).var(correction=0) / variance)
