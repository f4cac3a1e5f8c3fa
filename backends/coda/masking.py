"""Which parts of a prompt may be masked, and the masked prompt itself.

The paper masks "every single input token in order" (arXiv 2502.16143, A.4.1) and does not say how. Here single tokens or
whole words are candidates, as half an entity is no entity; special and template tokens never are. A candidate is taken out
in one of three ways: `delete` shortens the prompt, `replace` puts the mask token there, `attend` keeps the token but lets
no other attend to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from backends.coda.choices import MaskMode, Unit
from models.language import LanguageModel, Prompt, Word
from models.reading import Row
from worlds.errors import InputError

MAX_CANDIDATES = 64
_STOP_WORDS = """a an the this that these those of in on at to from by for with as and or but if than then so is are was were be
been being am do does did has have had will would can could shall should may might must it its he she they them his her their
we us our you your i me my there here which who whom whose what when where why how"""
STOP_WORDS = frozenset(_STOP_WORDS.split())  # no negation among them: it is a condition like any other, and the paper masks it


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
    for part in _parts(prompt, unit):
        if unit == "word" and not any(letter.isalnum() for letter in part.text):
            skipped.append((part, "punctuation"))
        elif skips_stop_words and part.text.strip().lower() in STOP_WORDS:
            skipped.append((part, "stop word"))
        elif len(tried) == limit:
            skipped.append((part, f"beyond the first {limit}"))
        else:
            tried.append(part)
    if not tried:
        why = ", all of it stop words or punctuation" if skipped else ""
        raise InputError(f"No {unit} of the prompt can be masked{why}. Write at least one {unit} of content.")
    return Candidates(tuple(tried), tuple(skipped))


def _parts(prompt: Prompt, unit: Unit) -> Iterable[Candidate]:
    if unit == "token":
        return (Candidate(prompt.pieces[i], (i,)) for i in range(len(prompt.ids)) if not prompt.is_fixed[i])
    return (Candidate(word.text, word.positions) for word in prompt.words)


def found_in(prompt: Prompt, text: str) -> Candidate:
    """Return the candidate that a person names, the last occurrence of one or more neighbouring words.

    Raises:
        InputError: the prompt does not hold these words.
    """
    wanted, words = text.lower().split(), prompt.words
    for start in range(len(words) - len(wanted), -1, -1):
        if wanted and [word.text.lower() for word in words[start : start + len(wanted)]] == wanted:
            return _joined(words[start : start + len(wanted)])
    known = " ".join(word.text for word in words)
    raise InputError(f"The words {text[:80]!r} are not in the prompt. Name words of it: {known[:200]}.")


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
