"""The sentence of a context that holds an answer: what CoDA's authors keep of NQ-Swap (arXiv 2502.16143, A.4).

Contexts are stretches of web pages, tokenised, with some of their tags. A sentence ends at a stop that is no initial and no
usual abbreviation, or where a paragraph, list or table row does. The paper does not say how it cut sentences.
"""

import re
from collections.abc import Sequence

REACH = 4_000  # characters on each side of the answer; what goes on longer is no sentence
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,9}\s*/?>")  # NQ's contexts keep the tags of their pages
_BLOCK = re.compile(r"</?(?:P|Table|Tr|Ul|Ol|Li|Dl|H[1-6])\s*>", re.IGNORECASE)  # none of these lies inside a sentence
_STOP = re.compile(r"[.!?][\"'’”)\]]{0,3}\s+")
_USUAL = "mr mrs ms dr st no vs jr sr prof gen col capt lt sgt rev hon inc ltd co approx ca etc vol fig"
_ABBREVIATIONS = frozenset(_USUAL.split())


def sentence_with(context: str, answers: Sequence[str]) -> str | None:
    """Return the sentence of the context that holds one of the answers, without tags; None where none does.

    An answer is never cut, whatever stops it holds; initials and usual abbreviations end no sentence.
    """
    found = next((match for answer in answers if (match := _found(context, answer))), None)
    if found is None:
        return None
    offset = max(0, found.start() - REACH)
    near = context[offset : found.end() + REACH]
    ends = [0, len(near), *_sentence_ends(near)]
    start = max(end for end in ends if end <= found.start() - offset)
    end = min(end for end in ends if end >= found.end() - offset)
    return plain_text(near[start:end])


def _found(context: str, answer: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", context, re.IGNORECASE) if answer else None


def _sentence_ends(context: str) -> list[int]:
    blocks = [place for match in _BLOCK.finditer(context) for place in match.span()]
    return blocks + [match.end() for match in _STOP.finditer(context) if _ends_sentence(context, match)]


def _ends_sentence(context: str, stop: re.Match[str]) -> bool:
    before = context[max(0, stop.start() - 12) : stop.start()].split(" ")[-1]
    if not before or stop.group()[0] != ".":
        return True  # a stop that stands alone, as in tokenised text
    is_initial = re.fullmatch(r"\W*(?:\w\.)*[^\W\d]", before) is not None  # A. Bell, the U.S. army
    return not (is_initial or before.lower().lstrip("(\"'") in _ABBREVIATIONS or context[stop.end() : stop.end() + 1].islower())


def plain_text(context: str) -> str:
    return " ".join(_TAG.sub(" ", context).split())
