"""Which option a written reply means: the released code's substring test, and a strict test beside it.

The released test (AdaptVis, llava15.py) asks whether the right word occurs anywhere: "person" hits "on", and a reply with two
options hits both. The strict one wants exactly one option as a whole word; what it cannot tell apart counts as wrong.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backends.adaptvis.settings import Match

_SIDES = re.compile(r"\bon the (left|right)\b")  # "on" is no relation there


@dataclass(frozen=True)
class Read:
    """What a reply was taken for."""

    word: str  # the option, or "" where none was found
    is_right: bool | None  # None where nobody knows the right one


def official_hit(right: str, text: str) -> bool:
    """Return whether the right word occurs in the text (llava15.py); "on" is not found in "front"."""
    word, said = right.lower(), text.lower()
    return word in said and not (word == "on" and "front" in said)


def official_yes_no(is_yes: bool, text: str) -> bool:
    """Return whether VSR's released test takes the reply for right: case counts, so "Not sure" says No."""
    return ("Yes" if is_yes else "No") in text


def strict_answer(options: Sequence[str], text: str) -> str:
    """Return the one option that stands in the text as a whole word, or "" where none or several do."""
    said = _SIDES.sub(r"\1", text.lower())
    found = [option for option in options if re.search(rf"(?<!\w){re.escape(option.strip().lower())}(?!\w)", said)]
    return found[0] if len(found) == 1 else ""


def is_none_of(options: Sequence[str], probabilities: Sequence[float], text: str) -> bool:
    """Return whether a reply is no option: it holds none as a whole word, and what it began with is mostly something else.

    Args:
        probabilities: (options,) of the first token; a reply that was cut after it may be an option's beginning.
    """
    return bool(options) and not strict_answer(options, text) and sum(probabilities) < 0.5


def read(match: Match, options: Sequence[str], probabilities: np.ndarray, text: str, right: str | None) -> Read:
    """Return what a reply means.

    Args:
        probabilities: (options,) of the first token.
    """
    if match == "likeliest":
        word = options[int(probabilities.argmax())] if probabilities.max() > 0 else ""
        return Read(word, None if right is None else word == right)
    word = strict_answer(options, text)
    if match == "strict" or right is None:
        return Read(word, None if right is None else word == right)
    is_right = official_yes_no(right == "yes", text) if set(options) == {"yes", "no"} else official_hit(right, text)
    return Read(right if is_right and not word else word, is_right)
