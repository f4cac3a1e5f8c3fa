"""What parents score on held-out questions, alone: shares of right replies, 0 to 1. What their merges score is a benchmark's."""

from collections.abc import Mapping
from dataclasses import dataclass

from transformers import PreTrainedModel

from models.adders.lessons import Plan
from models.adders.making import Parents
from models.adders.scores import KINDS, Kind, scores

WORDS: tuple[Kind, ...] = ("text_lookups", "text_seen", "text_unseen")


@dataclass(frozen=True)
class Seed:
    """A seed's training and what its parents score, by parent and by kind of question."""

    plan: Plan
    seed: int
    cpu_minutes: Mapping[str, float]
    losses: Mapping[str, list[float]]
    right: Mapping[str, Mapping[Kind, float]]


def measured(parents: Parents, *, count: int) -> Seed:
    """Ask the parents of a seed what each can be asked: the language models in words alone."""
    steps = max(parents.plan.base.steps_of)
    asked: list[tuple[str, PreTrainedModel, tuple[Kind, ...]]] = [
        ("base", parents.base, WORDS), ("reasoner", parents.reasoner, WORDS), ("vlm", parents.vlm, KINDS)]
    right = {name: {kind: round(one.right, 4) for kind, one in scores(model, kinds, count=count, steps=steps).items()}
             for name, model, kinds in asked}
    return Seed(parents.plan, parents.seed, parents.cpu_minutes, parents.losses, right)
