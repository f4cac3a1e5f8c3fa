"""When an answer counts as right: exact match and containment, as is usual for questions with short answers.

Both sides are lower-cased and lose punctuation, articles and extra spaces before they are compared. Where an answer goes on
with its prompt's sentence (MemoTrap), its first words are compared, as many as the wanted answer has.
"""

import re
import string
import unicodedata
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def normalised(text: str) -> str:
    """Return the text in small letters, without punctuation, articles and extra spaces; an answer that is only these keeps them."""
    plain = text.lower().strip()
    kept = "".join(letter for letter in plain if not _is_punctuation(letter))
    return " ".join(_ARTICLES.sub(" ", kept).split()) or plain


def _is_punctuation(letter: str) -> bool:
    return letter in string.punctuation or unicodedata.category(letter).startswith("P")


def first_line(text: str) -> str:
    """Return the first line that is not empty: a base model goes on with a question of its own."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def is_match(text: str, answers: Sequence[str], *, is_continued: bool = False) -> bool:
    """Return whether the first line of the text is one of the answers, or begins with it where it is continued."""
    said = normalised(first_line(text))
    wanted = [normalised(answer) for answer in answers]
    if is_continued:
        return any(f"{said} ".startswith(f"{answer} ") for answer in wanted)
    return said in wanted


def contains(text: str, answers: Sequence[str]) -> bool:
    """Return whether the words of an answer stand in the text, next to each other."""
    said = f" {normalised(text)} "
    return any(f" {normalised(answer)} " in said for answer in answers)
