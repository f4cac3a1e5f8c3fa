"""What reinforcement learning pays for a reply in MindCube: that it has the right form, and that its letter is right.

    base: 1 for the form, 5 more for a right letter in the right form: 0, 1 or 6         no term depends on how good the map is

A map task has the form where a map is found that fits the schema, and a letter; a task of thoughts where a thought and an answer
follow each other in one line: the pattern does not cross line breaks. The letter must be found without the evaluator's loosest
rule. The schema is that of the training code, which asks less than the evaluator (no position needed, an empty map fits) and once
more (nothing but position and facing in a plain map). Source: branch MindCube of VAGEN, env/crossview.
"""

from dataclasses import dataclass
from typing import Literal

from backends.mindcube.map_reading import fits_training, value_in
from backends.mindcube.reading import training_letter

Reward = Literal["base", "format-only", "answer-only", "format-answer-same"]
FORMAT_PAY, ANSWER_PAY = 1.0, 5.0


@dataclass(frozen=True)
class Paid:
    """What one reply earned; `why` says what its form lacks, and is empty where it lacks nothing."""

    reward: float
    has_form: bool
    is_right: bool  # the letter, in the right form
    why: str = ""


def pay(reply: str, answer: str, *, writes_map: bool, kind: Reward = "base") -> Paid:
    """Return what a reply earns.

    Args:
        answer: the right letter.    writes_map: whether the task asks for a map.
    """
    why = _lacks(reply, writes_map)
    letter = training_letter(reply)
    is_right = not why and letter is not None and letter.lower() == answer.lower()
    form = 0.0 if why else FORMAT_PAY
    paid = {"base": form + (ANSWER_PAY if is_right else 0.0), "format-only": form, "answer-only": float(is_right),
            "format-answer-same": form + float(is_right)}
    return Paid(paid[kind], not why, is_right, why)


def _lacks(reply: str, writes_map: bool) -> str:
    if writes_map:
        value, reason = value_in(reply)
        if value is None:
            return reason
        if reason := fits_training(value):
            return reason
    elif not _has_thought(reply):
        return "There is no thought with an answer right behind it in one line."
    return "" if training_letter(reply) else "There is no letter."


def _has_thought(reply: str) -> bool:
    """Return whether a line holds the whole pattern; searched for in steps, as one expression is slow on many opened thoughts."""
    for line in reply.split("\n"):
        start = line.find("<think>")
        middle = line.find("</think><answer>", start) if start >= 0 else -1
        if middle >= 0 and line.find("</answer>", middle) >= 0:
            return True
    return False
