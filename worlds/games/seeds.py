"""Which seed is which game, said in this one place: validation is measured on fixed seeds, training begins above them.

Validation has the seeds from 123 on, 256 of them as in RAGEN. Training takes a block of as many seeds as it has groups in every
iteration, from 10,000 on, as RAGEN does. The two never meet.
"""

from worlds.errors import InputError
from worlds.subsets import TRAINING, is_for_training

__all__ = ["MOST", "TRAINING", "VALIDATION", "VALIDATION_GAMES", "is_for_training", "training_seeds", "validation_seeds"]

VALIDATION = 123  # the first seed of validation
VALIDATION_GAMES = 256
MOST = TRAINING - VALIDATION  # games of validation; one more would be training's first


def validation_seeds(count: int = VALIDATION_GAMES) -> range:
    """The first seeds of validation.

    Raises:
        InputError: there are not as many.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"{count} games cannot be validated on. There are 1 to {MOST}.")
    return range(VALIDATION, VALIDATION + count)


def training_seeds(iteration: int, groups: int) -> range:
    """The start seeds of one iteration of training, one for each group; no other iteration has them.

    Raises:
        ValueError: the iteration is negative or has no group.
    """
    if iteration < 0 or groups < 1:
        raise ValueError(f"iteration {iteration} with {groups} groups has no seeds; they start at 0 and 1")
    first = TRAINING + iteration * groups
    return range(first, first + groups)
