"""How many questions of each kind a model answers right: whether it sees, whether it reckons, and whether it does both at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from transformers import PreTrainedModel

from models.adders.answering import Said, Sheet, answers, sheet
from worlds.sums.facts import STEPS
from worlds.sums.scenes import LOOKUPS, NOISE, Item, Subset, draw_items

Kind = Literal["perception", "joint_seen", "joint_unseen", "text_seen", "text_unseen", "text_lookups"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MERGED: tuple[Kind, ...] = ("perception", "joint_seen", "joint_unseen", "text_unseen")  # what a merge is asked: P, Js, Ju, Tu
COUNT = 800
CHANCE = 0.1  # of a digit


@dataclass(frozen=True)
class Score:
    """How a model does on one kind.

    Attributes:
        items: what was asked.    said: to each.
        is_right: (items,) bool.
    """

    kind: Kind
    items: tuple[Item, ...]
    said: tuple[Said, ...]
    is_right: np.ndarray

    @property
    def right(self) -> float:
        """Share of right replies, 0 to 1."""
        return float(self.is_right.mean())

    @property
    def length(self) -> float:
        """Mean tokens of a reply, its end included."""
        return float(np.mean([one.length for one in self.said]))


@lru_cache(maxsize=32)  # 10 MB for each kind with pictures
def questions(kind: Kind, *, count: int = COUNT, seed: int = 0, subset: Subset = "test", noise: float = NOISE, steps: int = 1
              ) -> Sheet:
    """Questions of a kind, the same for equal arguments.

    Args:
        steps: operations in a row, 1 or 2.
    """
    looks_up = kind in ("perception", "text_lookups")
    seen = None if looks_up else not kind.endswith("unseen")
    items = draw_items(LOOKUPS if looks_up else STEPS[steps], count, subset=subset, seed=1000 * seed + KINDS.index(kind), seen=seen,
                       noise=noise)
    return sheet(items, shows=not kind.startswith("text"))


def score(model: PreTrainedModel, kind: Kind, *, count: int = COUNT, seed: int = 0, subset: Subset = "test", noise: float = NOISE,
          steps: int = 1) -> Score:
    """Ask a model questions of a kind; arguments as of `questions`."""
    asked = questions(kind, count=count, seed=seed, subset=subset, noise=noise, steps=steps)
    said = answers(model, asked)
    return Score(kind, asked.items, tuple(said), np.array([one.is_right(item) for one, item in zip(said, asked.items, strict=True)]))


def scores(model: PreTrainedModel, kinds: tuple[Kind, ...] = MERGED, *, count: int = COUNT, seed: int = 0, subset: Subset = "test",
           noise: float = NOISE, steps: int = 1) -> Mapping[Kind, Score]:
    """Ask a model questions of several kinds."""
    return {kind: score(model, kind, count=count, seed=seed, subset=subset, noise=noise, steps=steps) for kind in kinds}
