"""What a model answered, read in two ways: the letter that MindCube's evaluator takes, and what stands in the answer tag.

The evaluator's first rule takes the last capital A to E before a full stop, wherever it stands: a reply that was cut off while it
listed the options "answers" with the last one it reached, and "Vitamin A." answers A. Later rules take the article of "A chair". So
the strict reading stands beside it: the letter in the last closed answer tag, or none.

Nothing here raises, and everything takes time in proportion to the text. Source: MindCube's evaluation/core/extractors.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backends.mindcube.items import LETTERS, Option, plain_text

_FULL_STOP = re.compile(r"([A-E])\.")
# of upstream's patterns those that can still match where no letter has a full stop; the others ask for one
_IN_TAG = tuple(map(re.compile, (r"[Mm]y answer is ([A-E])", r"[Tt]he answer is ([A-E])", r"\b([A-E])\b")))
_ANYWHERE = tuple(map(re.compile, (r"([A-E])(?=$|\s)", r"[*\"]([A-E])[*\"]", r"\bAnswer:?\s*([A-E])\b", r"[Mm]y answer is ([A-E])",
                                   r"answer is ([A-E])")))
# the training code asks the first of them to stand at the beginning of a line
_IN_TRAINING = (re.compile(r"(?:^|\n)(?:Answer: )?([A-E])(?:$|\s)"), *_ANYWHERE[1:])
_ALONE = re.compile(r"\b([A-E])\b")
_TAG = re.compile(r"<(/?)(think|answer|cogmap)>", re.IGNORECASE)
_LETTER = re.compile(r"[\s\"'*(]*([A-Ea-e])(?=\s*(?:[.):,\"'*]|$))")
_ANSWER_TAG = "<Answer>"  # with a capital, as upstream looks for it


@dataclass(frozen=True)
class Read:
    """A reply, read.

    Attributes:
        official: the letter that the evaluator takes; None where it finds none.
        tagged: the letter in the answer tag; None where there is no such tag, or no letter of an option in it.
        answer: what stands in the last closed answer tag.
        thought: what stands in the thought, or all of one that was never closed.
        has_tag: whether there is a closed answer tag.
        is_cut: whether a thought, a map or an answer was begun and not ended.
        is_open: whether it is a thought that was never closed: then there is no answer, whatever the evaluator finds in it.
    """

    official: str | None
    tagged: str | None
    answer: str = ""
    thought: str = ""
    has_tag: bool = False
    is_cut: bool = False
    is_open: bool = False


def official_letter(text: str) -> str | None:
    """Return the letter that MindCube's evaluator takes for the answer."""
    return _letter(text, _ANYWHERE)


def training_letter(text: str) -> str | None:
    """Return the letter that MindCube's training code takes: as the evaluator, but for its loosest rule."""
    return _letter(text, _IN_TRAINING)


def _letter(text: str, rules: Sequence[re.Pattern[str]]) -> str | None:
    if letter := _last(_FULL_STOP, text):
        return letter
    if (start := text.find(_ANSWER_TAG)) >= 0:
        start += len(_ANSWER_TAG)
        end = text.find("<", start)
        section = text[start:] if end < 0 else text[start:end]
        if found := _first_rule(_IN_TAG, section):
            return found
    if found := _first_rule(rules, text):
        return found
    for line in reversed(text.split("\n")):
        if match := _ALONE.search(line):
            return match[1]
    return None


def _first_rule(rules: Sequence[re.Pattern[str]], text: str) -> str | None:
    return next((letter for rule in rules if (letter := _last(rule, text))), None)


def _last(rule: re.Pattern[str], text: str) -> str | None:
    last = None
    for match in rule.finditer(text):
        last = match[1]
    return last


def read_reply(text: str, options: Sequence[Option] = ()) -> Read:
    """Return a reply in both readings.

    Args:
        options: of the question; an answer tag that holds an option's text alone names that option.
    """
    opened: dict[str, int | None] = {"think": None, "answer": None, "cogmap": None}
    thought, answer, begins, ends = "", "", -1, -1  # where the last closed answer tag stands
    for mark in _TAG.finditer(text):
        name = mark[2].lower()
        if not mark[1]:
            opened[name] = mark.end() if opened[name] is None or name == "answer" else opened[name]
            continue
        start = opened[name]
        if name == "think" and not thought:
            thought = text[start or 0:mark.start()].strip()  # a prompt may already have opened it
        elif name == "answer" and start is not None:
            answer, begins, ends = text[start:mark.start()].strip(), start - len("<answer>"), mark.end()
        opened[name] = None
    think = opened["think"]
    # an answer that ends the reply ends the thought too
    is_open = think is not None and not (begins >= think and not text[ends:].strip())
    if think is not None:
        thought = text[think:None if is_open else begins].strip()
    has_tag = ends >= 0 and not is_open
    answer = answer if has_tag else ""
    is_cut = is_open or opened["answer"] is not None or opened["cogmap"] is not None
    return Read(official_letter(text), tagged_letter(answer, options) if has_tag else None, answer, thought, has_tag, is_cut, is_open)


def tagged_letter(answer: str, options: Sequence[Option] = ()) -> str | None:
    """Return the letter in an answer tag: one that stands first, whatever its case, or that of the option whose text it is."""
    letters = [option.letter for option in options] or list(LETTERS)
    if (match := _LETTER.match(answer)) and match[1].upper() in letters:
        return match[1].upper()
    plain = plain_text(answer[:1000])
    return next((option.letter for option in options if option.plain == plain), None)
