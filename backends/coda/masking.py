"""Which parts of a prompt may be masked, and the masked prompt itself.

The paper masks "every single input token in order" (arXiv 2502.16143, A.4.1) and does not say how. Here single tokens or
whole words are candidates, as half an entity is no entity; special and template tokens never are. A candidate is taken out
in one of three ways: `delete` shortens the prompt, `replace` puts the mask token there, `attend` keeps the token but lets
no other attend to it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from backends.coda.choices import MAX_CANDIDATES, STOP_WORDS, MaskMode, Unit
from models.language import LanguageModel, Prompt, Word
from models.reading import Row
from worlds.errors import InputError

_NUMBERED = re.compile(r"[^#]+#\d{1,4}")


@dataclass(frozen=True)
class Candidate:
    """A part of the prompt that may be masked."""

    text: str
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Candidates:
    """What is tried, in the order of the prompt, and what is not, each with its reason in a few words."""

    tried: tuple[Candidate, ...]
    skipped: tuple[tuple[Candidate, str], ...]


def candidates(
    prompt: Prompt, *, unit: Unit = "word", skips_stop_words: bool = False, limit: int = MAX_CANDIDATES
) -> Candidates:
    """Return the maskable parts of a prompt.

    Raises:
        InputError: nothing of the prompt may be masked.
    """
    tried: list[Candidate] = []
    skipped: list[tuple[Candidate, str]] = []
    for candidate in _every(prompt, unit):
        if unit == "word" and not any(letter.isalnum() for letter in candidate.text):
            skipped.append((candidate, "punctuation"))
        elif skips_stop_words and candidate.text.strip().lower() in STOP_WORDS:
            skipped.append((candidate, "stop word"))
        elif len(tried) == limit:
            skipped.append((candidate, f"beyond the first {limit}"))
        else:
            tried.append(candidate)
    if not tried:
        why = ", all of it stop words or punctuation" if skipped else ""
        raise InputError(f"No {unit} of the prompt can be masked{why}. Write at least one {unit} of content.")
    return Candidates(tuple(tried), tuple(skipped))


def _every(prompt: Prompt, unit: Unit) -> Iterable[Candidate]:
    if unit == "token":
        return (Candidate(prompt.pieces[i], (i,)) for i in range(len(prompt.ids)) if not prompt.is_fixed[i])
    return (Candidate(word.text, word.positions) for word in prompt.words)


def found_in(prompt: Prompt, text: str) -> Candidate:
    """Return the candidate that a person names: one or more neighbouring words, where they occur last.

    "first#1" is the first occurrence of "first", "first#2" its second.

    Raises:
        InputError: the prompt does not hold these words, or not as often.
    """
    name, _, number = text.partition("#") if _NUMBERED.fullmatch(text) else (text, "", "")
    wanted, words = name.lower().split(), prompt.words
    found = [start for start in range(len(words) - len(wanted) + 1)
             if wanted and [word.text.lower() for word in words[start : start + len(wanted)]] == wanted]
    if not found:
        known = " ".join(word.text for word in words)
        raise InputError(f"The words {text[:80]!r} are not in the prompt. Name words of it: {known[:200]}.")
    place = int(number) if number else len(found)
    if not 1 <= place <= len(found):
        raise InputError(f"{name[:80]!r} stands in the prompt {len(found)} times. Its number must be 1 to {len(found)}.")
    return _joined(words[found[place - 1] : found[place - 1] + len(wanted)])


def _joined(words: tuple[Word, ...]) -> Candidate:
    return Candidate(" ".join(word.text for word in words), tuple(i for word in words for i in word.positions))


def masked(language: LanguageModel, ids: tuple[int, ...], positions: tuple[int, ...], mode: MaskMode) -> Row:
    """Return the prompt X' with these positions masked.

    Raises:
        ValueError: a position lies outside the prompt.
        InputError: nothing would be left to read, or `replace` finds no token to put there.
    """
    gone = set(positions)
    if not gone <= set(range(len(ids))):
        raise ValueError(f"positions {sorted(gone)} are masked; the prompt has 0 to {len(ids) - 1}")
    if mode == "replace":
        return _replaced(language, ids, gone)
    if len(gone) == len(ids):
        raise InputError("Masking this leaves nothing of the prompt. Write more words, or use the mask mode 'replace'.")
    if mode == "attend":
        return Row(ids, tuple(sorted(gone)))
    return Row(tuple(token for position, token in enumerate(ids) if position not in gone))


def _replaced(language: LanguageModel, ids: tuple[int, ...], gone: set[int]) -> Row:
    if language.mask_id is None:
        raise InputError("This model has no mask, unknown or padding token to put there. Use the mask mode 'delete' or 'attend'.")
    return Row(tuple(language.mask_id if position in gone else token for position, token in enumerate(ids)))
