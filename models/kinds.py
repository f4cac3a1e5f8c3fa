"""The words that the image network of 1,000 kinds can be asked for, and what to answer to the others.

The list is `kinds.txt`, checked by hand: matching names by machine maps "screen" to the fire screen and "car" to the tram.
A word stands for all kinds that it sums. Nothing here needs the network: a page can answer while somebody types.
"""

import difflib
from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "kinds.txt"
NUM_KINDS = 1000
SHOWN = 5  # words that are offered instead


@cache
def words() -> dict[str, tuple[int, ...]]:
    """Return every word with the kinds that it stands for, indices in ImageNet's order."""
    found: dict[str, tuple[int, ...]] = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        names, _, kinds = line.rpartition(":")
        if names and not line.startswith("#"):
            numbers = tuple(number for part in kinds.split() for number in _range(part))
            found |= {name.strip(): numbers for name in names.split(",")}
    return found


def _range(part: str) -> range:
    first, _, last = part.partition("-")
    return range(int(first), int(last or first) + 1)


def kinds_of(name: str) -> tuple[int, ...] | None:
    """Return the kinds that a word stands for, a plain plural too; None for a word that is not in the list."""
    plain = " ".join(name.lower().split())
    plain = next((plain[len(article):] for article in ("a ", "an ", "the ") if plain.startswith(article)), plain)
    for word in (plain, *_singulars(plain)):
        if word in words():
            return words()[word]
    return None


def _singulars(word: str) -> tuple[str, ...]:
    if word.endswith("ies"):
        return word[:-3] + "y", word[:-1]
    if word.endswith(("ches", "shes", "ses", "xes")):
        return word[:-2], word[:-1]
    if word.endswith("ves"):
        return word[:-3] + "f", word[:-3] + "fe", word[:-1]
    return (word[:-1],) if word.endswith("s") else ()


def nearest(name: str) -> tuple[str, ...]:
    """Return known words that somebody may have meant: those in the name, those that the name is in, those spelt alike."""
    plain = " ".join(name.lower().split())
    parts = plain.split()
    inside = [" ".join(parts[i:j]) for i in range(len(parts)) for j in range(len(parts), i, -1)]
    within = [word for part in inside for word in (part, *_singulars(part)) if word in words() and word != plain]
    around = [word for word in words() if plain in word.split() or plain in _singulars(word.split()[-1])]
    alike = difflib.get_close_matches(plain, words(), n=SHOWN, cutoff=0.7)
    return tuple(dict.fromkeys([*within, *around, *alike]))[:SHOWN]


def refusal(name: str) -> str:
    """Return one sentence on why the word cannot be looked for, and what can; nothing for a word that can."""
    if kinds_of(name) is not None:
        return ""
    others = nearest(name[:80])
    known = f" It knows {_listed(others)}." if others else ""
    return (f"{name.strip()[:80]!r} is none of the things that the 1,000 kinds show.{known} Or show it: mark it in the video, or "
            "bring a picture of it, and search by example.")


def _listed(names: tuple[str, ...]) -> str:
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
