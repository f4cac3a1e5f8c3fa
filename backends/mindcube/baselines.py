"""What can be scored on MindCube without looking: by a letter at random, and by a rule that reads the text alone, as expectations.

The rule says "yes" wherever yes and no are offered, one of the diagonal movements wherever movements are, and any option else. On
TinyBench 243 of 244 such answers are yes and all 274 movements are diagonal, though two of four options are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.mindcube.ids import OVERALL
from backends.mindcube.items import Item, kind_of

_DIAGONAL = ("forward left", "forward right")


@dataclass(frozen=True)
class Baseline:
    """Expected accuracies, 0..1; None where there are no items."""

    letter: float | None
    text: float | None
    count: int


def letter_chance(item: Item) -> float:
    """Return the chance that a letter at random is right; 0 where the item has no options."""
    return 1 / len(item.options) if item.right else 0.0


def text_chance(item: Item) -> float:
    """Return the chance that the rule that sees the text alone is right."""
    kinds = {option.letter: kind_of(option.text) for option in item.options}
    rule = ("yes",) if {"yes", "no"} <= set(kinds.values()) else _DIAGONAL if set(_DIAGONAL) & set(kinds.values()) else ()
    chosen = [letter for letter, kind in kinds.items() if not rule or kind in rule]
    return 1 / len(chosen) if item.answer in chosen else 0.0


def baseline(items: Sequence[Item]) -> Baseline:
    """Return both expectations over items; those of translation count in neither, as in every overall score."""
    kept = [item for item in items if item.setting in OVERALL] or list(items)
    if not kept:
        return Baseline(None, None, 0)
    return Baseline(sum(map(letter_chance, kept)) / len(kept), sum(map(text_chance, kept)) / len(kept), len(kept))
