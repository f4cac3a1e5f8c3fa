"""Text that a model, a file or a visitor wrote, as it may stand inside a plotly figure.

plotly reads a little HTML wherever it writes (<b>, <a href>, entities: tick labels, titles, legends, hover texts, annotations),
fills %{name} in hover templates, and hands $...$ to MathJax where a page has it. Nothing of that is left.
"""

import re
from collections.abc import Sequence

SHOWN = 24  # characters: more does not fit under a bar
MOST_SPOKEN = 440  # letters of a list in a chart's sentence
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1f\x7f]")  # turn what follows around, or control a terminal
_ACTIVE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})


def said(text: str, limit: int = SHOWN) -> str:
    """One line of at most `limit` characters that plotly shows as it was written; 'nothing' for none."""
    words = " ".join(_UNSEEN.sub("", text).split()) or "nothing"
    words = words if len(words) <= limit else words[:limit - 1] + "…"
    return words.translate(_ACTIVE).replace("%{", "&#37;{")


def per_cent(share: float) -> str:
    """0.634 -> '63 %'; 0.096 -> '9.6 %'; 0.0004 -> 'below 0.1 %'; nothing that is not 0 or 1 is told as 0 % or 100 %."""
    hundred = 100 * share
    if 0 < hundred < 0.1:
        return "below 0.1 %"
    if 99.5 <= hundred < 100:
        return f"{hundred:.1f} %" if hundred < 99.95 else "above 99.9 %"
    return f"{hundred:.0f} %" if hundred >= 9.95 or not hundred else f"{hundred:.1f} %"


def listed(parts: Sequence[str], most: int = MOST_SPOKEN) -> str:
    """As many parts as a sentence for people who do not see the chart has room for."""
    shown = list(parts)
    while len(shown) > 1 and sum(len(part) + 2 for part in shown) > most:
        shown.pop()
    left = len(parts) - len(shown)
    return "; ".join([part[:most] for part in shown] + ([f"and {left} more"] if left else []))


def spoken(text: str, limit: int = 24) -> str:
    """What somebody wrote as it may stand in a sentence for people who do not see the chart: without signs that begin a tag."""
    return said(text.replace("<", "‹").replace(">", "›"), limit)
