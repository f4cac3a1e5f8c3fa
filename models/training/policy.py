"""Policy gradients on turns: PPO with a critic, or on given advantages, for every system that acts with a language model.

One iteration is: play episodes (`rollout`), make rows of them (`samples`), `appraise` them with the critic, and `learn` from them in
mini-batches; systems do the first and decide what is rewarded. Actor and critic are networks of their own, each with its optimiser. A
training can be broken off after any iteration, and going on gives the same bytes as never stopping.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.training import checkpoints
from models.training.credit import lessons_by_value, valued_tokens
from models.training.critic import Critic, before_last, read_values
from models.training.generation import joined_inputs, own_positions, sayable
from models.training.losses import clipped_surrogate, divergence, explained_variance, token_weights, value_loss
from models.training.optimising import ActorNumbers, CriticNumbers, Network, Numbers, Recipe
from models.training.samples import Batch, Lesson, Sample, batch_of, stacked

CRITIC, HEAD = "critic", "value_head.safetensors"  # in the folder of the actor, in that of the critic


class PolicyTraining:
    """A policy while it learns from its own turns; `iteration` counts those that are over.

    Args:
        critic: needed by `appraise`; without it learn from `lessons_by_score`.
        reference: what `recipe.kl` keeps the policy near to.
        seed: of the order of mini-batches.
    Raises:
        ValueError: a divergence is asked for and there is no reference.
    """

    def __init__(self, actor: PreTrainedModel, recipe: Recipe, *, critic: Critic | None = None,
                 reference: PreTrainedModel | None = None, seed: int = 0) -> None:
        if recipe.kl and reference is None:
            raise ValueError(f"kl is {recipe.kl}; without a reference it must be 0")
        self.actor, self.critic, self.reference, self.recipe, self.iteration = actor, critic, reference, recipe, 0
        self._order = np.random.default_rng(seed)
        weights = [weight for weight in actor.parameters() if weight.requires_grad]
        self._actor = Network(actor, self._optimizer(weights, recipe.actor_rate))
        self._critic = None if critic is None else Network(critic.model, self._optimizer(critic.learned, recipe.critic_rate))

    def _optimizer(self, weights: Sequence[nn.Parameter], rate: float) -> torch.optim.Optimizer:
        return torch.optim.AdamW(weights, lr=rate, betas=self.recipe.betas, weight_decay=self.recipe.weight_decay)

    def appraise(self, samples: Sequence[Sample], rewards: Sequence[Sequence[float]]) -> list[Lesson]:
        """Return what each row is to teach, with the critic as it stands.

        Args:
            rewards: of every turn, by episode and turn.
        """
        values = self.values(samples)
        penalties = self.penalties(samples) if self.recipe.kl_in_reward and self.recipe.kl else None
        return lessons_by_value(samples, rewards, values, self.recipe.credit, token_rewards=penalties)

    @torch.no_grad()
    def values(self, samples: Sequence[Sample]) -> list[Tensor]:
        """Return the critic's value of each token of each row, (tokens,) on the CPU, 0 where the estimator needs none."""
        read = []
        for start in range(0, len(samples), self.recipe.minibatch):
            part = samples[start:start + self.recipe.minibatch]
            valued = [valued_tokens(sample, self.recipe.credit.estimator) for sample in part]
            own = self._read_values(part, valued).cpu().split([int(where.sum()) for where in valued])
            read += [torch.zeros(len(where), dtype=one.dtype).masked_scatter(where, one) for where, one in zip(valued, own)]
        return read

    def _read_values(self, samples: Sequence[Sample], valued: Sequence[Tensor]) -> Tensor:
        if self.critic is None:
            raise ValueError("this training has no critic; learn from lessons_by_score")
        self.critic.eval()
        device, cuts = self.critic.model.device, [before_last(where) for where in valued]
        ids = stacked([sample.ids[:cut] for sample, cut in zip(samples, cuts)]).to(device)
        where = stacked([own[:cut + 1] for own, cut in zip(valued, cuts)]).to(device)
        return read_values(self.critic, ids, where, joined_inputs([sample.inputs for sample in samples], self.critic.model))

    @torch.no_grad()
    def recomputed(self, samples: Sequence[Sample]) -> list[Sample]:
        """Return the rows with the log-probabilities that the actor gives their drawn tokens now.

        For rows that it did not draw itself, such as a person's turns; ratios are 1 then until it learns.
        """
        return [replace(sample, logprobs=torch.zeros(len(sample.ids), dtype=torch.float64).masked_scatter(sample.drawn, own.double()))
                for sample, own in zip(samples, self._said(self.actor, samples))]

    def _said(self, model: PreTrainedModel, samples: Sequence[Sample]) -> Iterator[Tensor]:
        """Yield for each row the log-probabilities of its drawn tokens, on the CPU."""
        size = self.recipe.together or self.recipe.minibatch
        for start in range(0, len(samples), size):
            part = samples[start:start + size]
            flat, _ = said(model, batch_of(part, model), self.recipe.temperature)
            yield from flat.cpu().split([int(sample.drawn.sum()) for sample in part])

    @torch.no_grad()
    def penalties(self, samples: Sequence[Sample]) -> list[Tensor]:
        """Return what each token earns for staying near the reference, minus `recipe.kl` times k1: for each row (tokens,)."""
        penalties = []
        for sample, reference in zip(samples, self._said(_needed(self.reference), samples)):
            away = divergence(sample.logprobs[sample.drawn], reference.to(sample.logprobs), "k1")
            penalties.append(torch.zeros_like(sample.logprobs).masked_scatter(sample.drawn, -self.recipe.kl * away))
        return penalties

    def learn(self, lessons: Sequence[Lesson]) -> Iterator[Numbers]:
        """Learn from all rows, mini-batch by mini-batch; yields after each. The last one of a pass may be smaller.

        (The released ERA code fills it up with turns drawn again, which counts them twice.)
        """
        size, rows = self.recipe.minibatch, np.arange(len(lessons))
        orders = [self._order.permutation(rows) if self.recipe.is_shuffled else rows for _ in range(self.recipe.passes)]
        parts = [order[start:start + size] for order in orders for start in range(0, len(rows), size)]
        has_actor = self._critic is None or self.iteration >= self.recipe.critic_only
        for number, part in enumerate(parts):
            chosen = [lessons[row] for row in part]
            critic = self._learn_values(chosen)
            actor = self._learn_policy(chosen) if has_actor else None
            yield Numbers(self.iteration, number, len(parts), actor, critic)
        self.iteration += 1

    def _learn_values(self, lessons: Sequence[Lesson]) -> CriticNumbers | None:
        if self._critic is None:
            return None
        values = self._read_values([lesson.sample for lesson in lessons], [lesson.valued for lesson in lessons])
        old, returns = (torch.cat([rows[lesson.valued] for rows, lesson in zip(of, lessons)]).to(values)
                        for of in ([lesson.values for lesson in lessons], [lesson.returns for lesson in lessons]))
        loss = value_loss(values, old, returns, clip=self.recipe.value_clip).mean()
        explained = explained_variance(values.detach(), returns)
        return CriticNumbers(loss.item(), explained, self._critic.descend([loss], self.recipe))

    def _learn_policy(self, lessons: Sequence[Lesson]) -> ActorNumbers:
        recipe, size = self.recipe, self.recipe.together or len(lessons)
        self.actor.eval()  # dropout would move the ratio off 1 before anything was learned
        whole = batch_of([replace(lesson.sample, inputs={}) for lesson in lessons], self.actor)
        counts = token_weights(whole.turns, whole.episodes, recipe.averaging)  # (rows, tokens): a mean is over all rows of the step
        told: list[_Part] = []

        def losses() -> Iterator[Tensor]:
            for start in range(0, len(lessons), size):
                loss, part = self._loss(lessons[start:start + size], counts[start:start + size])
                told.append(part)
                yield loss

        step = self._actor.descend(losses(), recipe)
        drawn = sum(part.drawn for part in told)
        return ActorNumbers(
            loss=sum(part.loss for part in told), entropy=sum(part.entropy for part in told),
            approximate_kl=sum(part.approximate_kl for part in told), mean_fall=sum(part.mean_fall for part in told),
            clip_fraction=sum(part.held for part in told) / drawn,
            largest_change=max(part.largest_change for part in told),
            reference_kl=sum(part.reference_kl for part in told) if recipe.kl and not recipe.kl_in_reward else None, step=step)

    def _loss(self, lessons: Sequence[Lesson], counts: Tensor) -> tuple[Tensor, "_Part"]:
        """Return what some rows of a step add to its loss, and what they tell.

        Args:
            counts: (rows, tokens of the step) what each token counts in the mean.
        """
        recipe, batch = self.recipe, batch_of([lesson.sample for lesson in lessons], self.actor)
        logprobs, entropy = said(self.actor, batch, recipe.temperature)
        weights = counts[:, :batch.ids.shape[1]][batch.drawn].to(logprobs)
        old = batch.logprobs[batch.drawn].to(logprobs)
        advantages = torch.cat([lesson.advantages[lesson.sample.drawn] for lesson in lessons]).to(logprobs)
        losses, held = clipped_surrogate(logprobs, old, advantages, low=recipe.clip_low, high=recipe.clip_high, dual=recipe.dual_clip)
        loss = (weights * (losses - recipe.entropy * entropy)).sum()
        from_reference = 0.0
        if recipe.kl and not recipe.kl_in_reward:
            with torch.no_grad():
                reference, _ = said(_needed(self.reference), batch, recipe.temperature)
            away = (weights * divergence(logprobs, reference, recipe.kl_estimator)).sum()
            from_reference, loss = away.item(), loss + recipe.kl * away
        with torch.no_grad():
            moved = divergence(logprobs, old, "k1")  # log ratio
            return loss, _Part(loss=loss.item(), entropy=(weights * entropy).sum().item(), drawn=len(logprobs), held=int(held.sum()),
                               approximate_kl=(weights * (torch.exp(moved) - 1 - moved)).sum().item(),
                               mean_fall=-(weights * moved).sum().item(),
                               largest_change=(torch.exp(moved) - 1).abs().max().item(), reference_kl=from_reference)

    def save(self, folder: Path, *, told: Mapping[str, float] | None = None) -> None:
        """Write where the training stands between two iterations: the actor, in a folder inside the critic, and what both need."""
        with checkpoints.replacing(folder) as fresh:
            told = {**(told or {}), "iteration": self.iteration}
            checkpoints.write(self._actor, fresh, generators={"order": self._order}, said=told)
            if self.critic is not None and self._critic is not None:
                checkpoints.write(self._critic, fresh / CRITIC, generators={}, said={})
                save_file(self.critic.head.state_dict(), fresh / CRITIC / HEAD)

    def resume(self, folder: Path) -> dict[str, float]:
        """Go back to where `save` was called, which this training must be made like; return what it was told.

        Raises:
            InputError: the folder is gone, damaged or of another training.
        """
        told = checkpoints.resume(self._actor, folder, generators={"order": self._order})
        if self.critic is not None and self._critic is not None:
            checkpoints.resume(self._critic, folder / CRITIC, generators={})
            with checkpoints.readable():
                self.critic.head.load_state_dict(load_file(folder / CRITIC / HEAD))
        with checkpoints.readable():
            self.iteration = int(told.pop("iteration"))
        return told


@dataclass(frozen=True)
class _Part:
    """What some rows of a step tell; sums over tokens by what each counts, but for `largest_change`."""

    loss: float
    entropy: float
    approximate_kl: float
    mean_fall: float
    reference_kl: float
    largest_change: float
    drawn: int  # tokens
    held: int  # of them, by the clip


def said(model: PreTrainedModel, batch: Batch, temperature: float) -> tuple[Tensor, Tensor]:
    """Return log-probability and entropy of each drawn token, (drawn,) both in the order of rows and tokens, nats."""
    places = own_positions(model, batch.ids, batch.inputs)
    logits = model(input_ids=batch.ids, use_cache=False, **batch.inputs, **places).logits  # no mask: padding is behind every token
    chosen = sayable(logits[:, :-1][batch.drawn[:, 1:]], model) / (temperature or 1.0)  # (drawn, vocabulary)
    logprobs = torch.log_softmax(chosen, -1)
    entropy = -(logprobs.exp() * logprobs).sum(-1)
    return logprobs.gather(-1, batch.ids[batch.drawn][:, None])[:, 0], entropy


def _needed(reference: PreTrainedModel | None) -> PreTrainedModel:
    assert reference is not None, "the constructor refuses a divergence without a reference"
    return reference
