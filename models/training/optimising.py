"""How a policy is optimised, the step that is left out where a gradient is out of all bounds, and what every mini-batch tells."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from models.training.credit import Credit
from models.training.losses import Averaging, Divergence


@dataclass(frozen=True)
class Recipe:
    """How a policy is optimised; the defaults are ERA's, with rates for small networks.

    Attributes:
        temperature: of the sampling, which ratios are taken at.
        clip_low, clip_high, dual_clip, value_clip: see `losses`.
        entropy: weight of the mean entropy of tokens, which is to grow.
        kl: weight of the divergence from a reference, 0 asks none; `kl_in_reward` takes it (k1) from rewards instead.
        critic_only: first iterations in which the actor stays as it is.
        minibatch: rows of a step; passes: how often each row is learned from.
        together: rows that the actor learns from at once, whose gradients are summed before the step; 0: those of a step. It changes
            how much memory a step takes, and nothing else but rounding.
        clip_norm: longest gradient; a step whose gradient is `skip_norm` or longer, or not finite, is left out.
    """

    credit: Credit = field(default_factory=Credit)
    temperature: float = 1.0
    clip_low: float = 0.2
    clip_high: float = 0.2
    dual_clip: float | None = None
    value_clip: float | None = 0.5
    averaging: Averaging = "turns"
    entropy: float = 0.001
    kl: float = 0.0
    kl_estimator: Divergence = "k3"
    kl_in_reward: bool = False
    critic_only: int = 2
    minibatch: int = 64
    passes: int = 1
    together: int = 0
    is_shuffled: bool = True
    actor_rate: float = 1e-4
    critic_rate: float = 5e-4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    skip_norm: float = 1000.0


@dataclass(frozen=True)
class Step:
    """The norm of a gradient before it was clipped, and whether the step was made."""

    norm: float
    is_made: bool


@dataclass(frozen=True)
class ActorNumbers:
    """Of one mini-batch, before its step.

    Attributes:
        approximate_kl: from the policy that played, nats per token (k3, never below 0).
        mean_fall: by how much tokens became less likely since they were drawn, nats (verl's ppo_kl, the same by k1).
        clip_fraction: share of tokens that the clip held back.
        largest_change: the largest |ratio - 1|.
        reference_kl: from the reference, where one is asked for.
    """

    loss: float
    entropy: float
    approximate_kl: float
    mean_fall: float
    clip_fraction: float
    largest_change: float
    reference_kl: float | None
    step: Step


@dataclass(frozen=True)
class CriticNumbers:
    """Of one mini-batch, before its step."""

    loss: float
    explained_variance: float | None
    step: Step


@dataclass(frozen=True)
class Numbers:
    """What one mini-batch did; None for a network that did not learn."""

    iteration: int  # 0, 1, ...
    minibatch: int  # of the iteration, 0, 1, ...
    of: int
    actor: ActorNumbers | None
    critic: CriticNumbers | None


@dataclass
class Network:
    """A network and its optimiser, as checkpoints take them."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0

    def descend(self, losses: Iterable[Tensor], recipe: Recipe) -> Step:
        """Make a step down the sum of some losses, unless the gradient is out of all bounds; each is asked for when the one before it
        needs no memory any more."""
        self.optimizer.zero_grad()
        for loss in losses:
            loss.backward()
        step = guarded_step(self.optimizer, clip=recipe.clip_norm, skip_at=recipe.skip_norm)
        self.step += step.is_made
        return step


def guarded_step(optimizer: torch.optim.Optimizer, *, clip: float, skip_at: float) -> Step:
    """Shorten the gradient to `clip` and make a step; none where its norm is `skip_at` or more, or not finite."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    norm = float(nn.utils.clip_grad_norm_(weights, clip))
    is_made = norm < skip_at  # false for what is no number
    if is_made:
        optimizer.step()
    return Step(norm, is_made)
