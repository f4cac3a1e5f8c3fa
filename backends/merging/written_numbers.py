"""Numbers as people and models write them: 3.0, 1,000, 3/4, \\frac{3}{4}, 2√3, 2π, 5 × 10^3, \\sqrt{2}.

What is part of a word (x2, cm2) or an exponent (cm^2) is none, and neither is what has no finite value.
"""

import math
import re

_NUM = r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(
    rf"(?<![\w.^])(?<!\^\{{)(?P<sign>[-+−]?)(?:\\[dt]?frac\{{(?P<over>{_NUM})\}}\{{(?P<under>{_NUM})\}}"
    rf"|(?P<times>{_NUM})?\s?(?:√|\\sqrt)\s?[({{]?(?P<root>{_NUM})[)}}]?|(?P<plain>{_NUM}))"
    rf"(?:[eE](?P<e>[-+]?\d{{1,3}})\b|\s?(?:×|\\times|\*|x)\s?10\^\{{?(?P<power>[-−+]?\d{{1,3}})\}}?)?"
    rf"(?P<pi>\s?(?:π|\\pi))?(?:\s?/\s?(?P<by>{_NUM}))?")


def numbers_in(text: str) -> list[tuple[str, float]]:
    """Return the numbers in a text, as they stand there, and their values."""
    found = []
    for match in _NUMBER.finditer(text):
        value = _value(match)
        if math.isfinite(value):
            found.append((match[0].strip(), value))
    return found


def _value(match: re.Match[str]) -> float:
    part = {name: float(written.replace(",", "")) for name in ("over", "under", "times", "root", "plain", "by")
            if (written := match[name])}
    value = part.get("plain", part.get("times", 1.0)) * math.sqrt(part.get("root", 1.0))
    if "over" in part:
        value = part["over"] / part["under"] if part["under"] else math.nan
    if match["pi"]:
        value *= math.pi
    if "by" in part:
        value = value / part["by"] if part["by"] else math.nan
    exponent = (match["e"] or match["power"] or "0").replace("−", "-")
    value *= float(f"1e{int(exponent)}")
    return -value if match["sign"] in ("-", "−") else value
