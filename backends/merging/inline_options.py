"""Options that stand in the words of a question, as DynaMath, MMStar and MathVerse write them, each in its own way."""

import re
import string

LETTERS = string.ascii_uppercase
MAX_OPTION = 2_000  # characters
_HEAD = re.compile(r"(?:choices?|options?)\s*[:：]\s*", re.IGNORECASE)


def options_in(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a question's stem and the options that stand in its words: "Choices: (A) yes (B) no", "Options: A: 3, B: 4"."""
    head = next(iter(reversed(list(_HEAD.finditer(text)))), None)
    starts = _labels(text, head.end()) if head else []
    if head is None or len(starts) < 2:
        return text, ()
    ends = [start for start, _ in starts[1:]] + [len(text)]
    parts = [text[start:end] for (_, start), end in zip(starts, ends)]
    last, _, rest = parts[-1].partition("\n")  # behind the last one the hint may stand
    options = tuple(part.strip().rstrip(",;").strip()[:MAX_OPTION] for part in (*parts[:-1], last))
    return " ".join(filter(None, (text[:head.start()].strip(), rest.strip()))), options


def _labels(text: str, place: int) -> list[tuple[int, int]]:
    """Return where the labels A, B, ... of options begin and end: the first one at once, the others one after another."""
    starts: list[tuple[int, int]] = []
    for letter in LETTERS:
        label = re.compile(rf"(?<![^\s,;:：])\(?{letter}\s?[).:：]\s*").search(text, place)
        if label is None or (not starts and label.start() > place):
            break
        starts.append(label.span())
        place = label.end()
    return starts
