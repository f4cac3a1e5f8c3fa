"""What a detector can be asked for, without loading it: one sentence on a word that it does not know, and what would work.

The miniature knows drawn things, the image network a checked list of words; every other detector takes any. A page asks this
while somebody types, the REST door before a run is queued.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence

from models import kinds
from worlds.kit import COLOURS, KINDS

OTHERWISE = "For real footage mark an example of it instead, or choose a real detector."


def refusal(rung: str, name: str) -> str:
    """Return why that rung cannot look for the name, and what would work; nothing where it can."""
    return CLOSED[rung](name) if rung in CLOSED else ""


def _drawn(name: str) -> str:
    said = drawn_refusal(name, tuple(COLOURS), KINDS)
    if not said:
        return ""
    if kinds.kinds_of(name) is not None:
        return f"{said} In real footage the detector '1,000 ImageNet kinds' finds {name.strip()[:60]!r}, or mark an example of it."
    return f"{said} {OTHERWISE}"


def drawn_refusal(name: str, colours: Sequence[str], things: Sequence[str]) -> str:
    """Return why a detector of drawn things cannot look for the name; a name is one colour and one thing."""
    words = name.lower().split()
    known = [*colours, *things]
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            return (f"The miniature detector does not know the word {word[:80]!r}.{hint} It knows the colours {', '.join(colours)} "
                    f"and the things {', '.join(things)}.")
    if len(words) != 2 or words[0] not in colours or words[1] not in things:
        return f"{name[:80]!r} cannot be looked for by the miniature. A name is one colour and one thing, such as 'red star'."
    return ""


# rungs that know a list of words -> why a word is none of them. Here and not with the rungs: the ladder needs torch, which a page
# does not wait for.
CLOSED: Mapping[str, Callable[[str], str]] = {"canvas-detector": _drawn, "efficientnet-lite0": kinds.refusal}
