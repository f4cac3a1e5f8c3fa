"""Trains the parents: a base that reads scenes in words, a reasoner from it, and from it a vision-language model.

The vision-language model is made as published ones are: a tower that can see already, then tower and projector in front of the
language model, which stays as it is, then the language model behind the eye, which stays as it is.
"""

import copy
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from transformers import LlamaForCausalLM, LlavaForConditionalGeneration, PreTrainedModel

from models.adders.learning import Progress, learn
from models.adders.lessons import Lesson, Plan
from models.adders.networks import behind_eye, fresh_base
from models.adders.sight import learn_to_see

EVERY = 100
Network = TypeVar("Network", bound=PreTrainedModel)


@dataclass(frozen=True)
class Parents:
    """What a seed makes, all weights rounded to the half precision that they are written in.

    Attributes:
        cpu_minutes: of each part.
        losses: of each part, at the ends of equal stretches.
    """

    plan: Plan
    seed: int
    base: LlamaForCausalLM
    reasoner: LlamaForCausalLM
    vlm: LlavaForConditionalGeneration
    cpu_minutes: Mapping[str, float]
    losses: Mapping[str, list[float]]


def make(plan: Plan, seed: int) -> Parents:
    """Train all three."""
    clock = Clock(seed)
    base = begin(plan, seed, clock)
    reasoner = reason(plan, base, seed, clock)
    return Parents(plan, seed, base, reasoner, see(plan, base, seed, clock), clock.cpu_minutes, clock.losses)


def begin(plan: Plan, seed: int, clock: "Clock | None" = None) -> LlamaForCausalLM:
    """The base."""
    base = fresh_base(seed, plan.size)
    (clock or Clock(seed)).follow("base", learn(base, plan.base, seed=seed, every=EVERY))
    return _rounded(base)


def reason(plan: Plan, base: LlamaForCausalLM, seed: int, clock: "Clock | None" = None) -> LlamaForCausalLM:
    """The reasoner."""
    reasoner = copy.deepcopy(base)
    (clock or Clock(seed)).follow("reasoner", learn(reasoner, plan.reasoner, seed=seed, every=EVERY))
    return _rounded(reasoner)


def see(plan: Plan, base: LlamaForCausalLM, seed: int, clock: "Clock | None" = None) -> LlavaForConditionalGeneration:
    """The vision-language model."""
    clock, vlm = clock or Clock(seed), behind_eye(base, seed, plan.size)
    clock.follow("sight", learn_to_see(vlm.model.vision_tower, plan.sight, seed=seed, every=2 * EVERY))
    for part in ("eye", "vlm"):
        lesson: Lesson = getattr(plan, part)
        clock.follow(part, learn(vlm, lesson, seed=seed, every=EVERY))
    return _rounded(vlm)


class Clock:
    """Counts the minutes of each part, says how far it is, and keeps its losses."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.cpu_minutes: dict[str, float] = {}
        self.losses: dict[str, list[float]] = {}

    def follow(self, part: str, states: Iterator[Progress]) -> None:
        """Go through a training to its end."""
        started, self.losses[part] = time.process_time(), []
        for state in states:
            self.losses[part].append(round(state.loss, 4))
            print(f"seed {self.seed}, {part}, step {state.step}: {state.loss:.4f} nats", flush=True)
        self.cpu_minutes[part] = (time.process_time() - started) / 60


def _rounded(model: Network) -> Network:
    """The same model with all weights rounded to half precision."""
    model.half().float().eval()
    return model
