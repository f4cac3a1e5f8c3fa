"""The gallery: pictures of sums, what each parent says to them, and what the child of any place on the curve says."""

import numpy as np

from backends.merging.results import Answer, Merged, Question
from visualizers.merging.methods import MODEL_NAMES
from worlds.pictures import decode_jpeg

KINDS = {"unseen": "a sum that the seeing model has not met", "seen": "a sum that it has met", "sees": "a thing to be seen"}


def answer_of(question: Question, by: str) -> Answer | None:
    """What one model says; None where it was not asked yet."""
    return next((answer for answer in question.answers if answer.by == by), None)


def parted(question: Question, says: str) -> tuple[str, str]:
    """What a model reads off the picture, and its result; of a question that asks to see there is only the latter."""
    words = says.split()
    return ("", says) if question.kind == "sees" or len(words) < 2 else (" ".join(words[:-1]), words[-1])


def pictures(merged: Merged) -> list[tuple[np.ndarray, str]]:
    """Each picture with its question and what is right."""
    return [(decode_jpeg(question.jpeg), caption(question)) for question in merged.gallery]


def caption(question: Question) -> str:
    return f"{question.question} Correct: {question.right}."


def counted(merged: Merged, by: str) -> tuple[int, int]:
    """How many of the shown questions one model answers correctly, and how many it was asked."""
    known = [answer for question in merged.gallery if (answer := answer_of(question, by))]
    return sum(answer.is_right for answer in known), len(known)


def alt(question: Question) -> str:
    """What a picture shows, for who does not see it: what there is to be read in it."""
    read, _ = parted(question, question.right)
    return f"Two coloured digits{f', {read}' if read else ''}"


def telling(merged: Merged) -> Question | None:
    """A question that the child alone answers correctly; else the first."""
    for question in merged.gallery:
        said = {answer.by: answer.is_right for answer in question.answers}
        if said.get("child") and not said.get("vlm") and not said.get("reasoner"):
            return question
    return next(iter(merged.gallery), None)


def who(by: str) -> str:
    return MODEL_NAMES[by if by in MODEL_NAMES else "child"]
