"""Trainings of a few questions a step, looked at with a few others: for whatever needs no trained weights."""

from collections.abc import Sequence

import pytest
import torch

from models.mappers import learning, reinforcing, schools, symbols
from models.mappers.symbols import Symbols


def put_in(patch: pytest.MonkeyPatch) -> None:
    """In the place of whole ones."""
    torch.set_num_threads(1)

    def fresh(seed: int, count: int = 6, *, without: Sequence[Symbols] = ()) -> list[Symbols]:
        return symbols.fresh_items(seed, 6, without=without)

    def few(seed: int, count: int = 40) -> list[Symbols]:
        return symbols.training_items(seed, 40)

    for module in (schools, reinforcing):
        patch.setattr(module, "fresh_items", fresh)
        patch.setattr(module, "training_items", few)
    lesson, practice = learning.Lesson, reinforcing.Practice
    patch.setattr(learning, "Lesson", lambda **given: lesson(**{"batch": 4, **given}))
    patch.setattr(reinforcing, "Practice", lambda **given: practice(**{"questions": 2, "replies": 4, **given}))
