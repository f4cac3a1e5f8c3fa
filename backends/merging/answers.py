"""The question as a model is asked it, and what its reply answers, read by rule.

An answer is looked for where replies state one (\\boxed{}, <answer>, "short answer" of DynaMath's JSON, "####", "the answer is ..."),
then in the last line, then anywhere. It is compared as the data set's own rule says:
    integer         cut to a whole number                       MathVista, calculate_score.py: int(float(x)); 3.9 counts as 3
    float           rounded to the decimals that are asked for  MathVista; without them within 0.001, as DynaMath has it
    number          both rounded to two decimals                MathVision's is_equal
    letter          the option's letter, or its words           differs from MathVista, which takes the option that looks most alike,
                                                                and so gives nonsense a chance
The paper's numbers were made otherwise: a language model (GPT) read the answers out, and it finds more than rules do. So numbers from
here stand beside each other, and not beside the paper's.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from backends.merging.inline_options import LETTERS
from backends.merging.question_rows import Form, Question
from backends.merging.written_numbers import numbers_in

How = Literal["boxed", "tag", "stated", "whole", "last line", "anywhere", "nothing", "repeated"]
BY_RULE = ("Answers are read out of replies by rule. The paper had a language model read them, which finds more: compare these "
           "numbers with each other, not with the paper's.")
TOLERANCE = 0.001  # of a float without decimals; DynaMath's
DECIMALS = 2  # of a number that nothing is said about; MathVision's
MAX_TEXT = 100  # characters of an answer in words
MOST_READ = 20_000  # characters from a reply's end
LONGEST_WORD, LONGEST_PHRASE, TIMES, LEAST = 12, 12, 4, 12  # what counts as said again and again
_LIST = re.compile(r"\[([^\[\]]{1,500})\]")
_TAG = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.IGNORECASE | re.DOTALL)
_SHORT = re.compile(r'"short[ _]answer"\s*:\s*("(?:[^"\\]|\\.){0,2000}"|[^,}\n]{1,2000})', re.IGNORECASE)
_HASHES = re.compile(r"####[ \t]*([^\n]+)")
_STATED = re.compile(r"\b(?:answer|option|choice)\b[^.\n:=]{0,60}?(?:\bis\b|\bbe\b|:|=)\s*:?\s*([^\n]+)", re.IGNORECASE)
_LETTER = re.compile(r"(?<![A-Za-z\d'’\\_])(\(?)([A-Z])(\)?)(?![A-Za-z\d'’_])")
_HEDGE = re.compile(r"\s*(?:or|and|/|,)\s*\(?[A-Z]\b")
_NOUN = re.compile(r"\s+(?!(?:or|and|is|are|was|has|as|because|since|which|does|would|seems|shows|matches|fits)\b)[a-z]")
_INSTRUCTIONS: dict[Form, str] = {
    "letter": "Give the letter of the right option at the end.", "integer": "Give a whole number at the end, such as 7.",
    "float": "Give a number at the end.", "list": "Give a list at the end, such as [1, 2].", "number": "Give a number at the end.",
    "text": "Give the answer in a few words at the end."}


@dataclass(frozen=True)
class Extracted:
    """What a reply was taken to answer.

    Attributes:
        text: a letter, a number or words as they stand there; "" where nothing was found.
        how: where it stood.
        number: of a number.
    """

    text: str
    how: How
    number: float | None = None


def asked(question: Question, *, in_own_words: bool = False) -> str:
    """Return a question as a model is asked it: as its file words it, else with lettered options and what kind of answer is due."""
    if question.prompt and not in_own_words:
        return question.prompt
    parts = [question.text or "Answer the question that stands in the picture."]
    if question.unit:
        parts[0] += f" (Unit: {question.unit})"
    if question.options:
        parts.append("\n".join(f"({letter}) {option}" for letter, option in zip(LETTERS, question.options)))
    wanted = _INSTRUCTIONS[question.form]
    if question.form == "float" and question.precision is not None:
        count, example = question.precision, f"{1.2345678901234:.{question.precision}f}"
        wanted = f"Give a number with {count} {'decimal' if count == 1 else 'decimals'} at the end, such as {example}."
    return "\n".join([*parts, wanted])


def extracted(question: Question, reply: str) -> Extracted:
    """Return what a reply answers. One that ends in the same thing again and again answers nothing."""
    if repeats(reply):
        return Extracted("", "repeated")
    said = _plain(reply.rpartition("</think>")[2])[-MOST_READ:]
    for how, part in _parts(said):
        found = _read(question, part, how)
        if found is not None:
            return found
    return Extracted("", "nothing")


def is_right(question: Question, answer: Extracted) -> bool | None:
    """Return whether an answer is the right one; None where nobody knows that."""
    if not question.answer:
        return None
    if not answer.text:
        return False
    if question.form == "letter":
        return answer.text == question.answer
    if question.form == "list":
        return _entries(answer.text) == _entries(question.answer)
    if question.form == "text":
        return _says(_bare(answer.text), _bare(question.answer))
    right = numbers_in(question.answer)
    return bool(right) and answer.number is not None and _equal(question, answer.number, right[0][1])


def _equal(question: Question, value: float, right: float) -> bool:
    if question.form == "integer":
        return int(value) == int(right)  # differs from rounding: it is MathVista's rule
    if question.form == "float" and question.precision is None:
        return abs(value - right) <= TOLERANCE + 1e-9
    decimals = DECIMALS if question.precision is None else question.precision
    return math.isclose(round(value, decimals), round(right, decimals), abs_tol=1e-9)


def _plain(reply: str) -> str:
    """Return a reply without marks of emphasis and of mathematics around what it says."""
    return re.sub(r"\*\*|__|`|\\[()\[\]]|\$|\\text\b|\\mathrm\b|\\left\b|\\right\b|\\,", "", reply).strip()


def _parts(said: str) -> Iterator[tuple[How, str]]:
    """Yield where an answer may stand, the likeliest place first, of several of a kind the last."""
    if boxed := _boxed(said):
        yield "boxed", boxed
    for pattern in (_TAG, _SHORT, _HASHES):
        for match in reversed(list(pattern.finditer(said))):
            yield "tag", _unquoted(match[1])
    for match in reversed(list(_STATED.finditer(said))):
        yield "stated", match[1]
    lines = [line for line in said.split("\n") if line.strip()]
    if len(lines) == 1:
        yield "whole", lines[0]
    elif lines:
        yield "last line", lines[-1]
        yield "anywhere", said


def _boxed(said: str) -> str:
    """Return what stands in the last \\boxed{...}, braces inside included."""
    start, depth = said.rfind("\\boxed{"), 0
    for place in range(start + 6, len(said)) if start >= 0 else ():
        depth += (said[place] == "{") - (said[place] == "}")
        if not depth:
            return said[start + 7:place].strip()
    return said[start + 7:].strip() if start >= 0 else ""


def _unquoted(part: str) -> str:
    try:
        found = json.loads(part)
    except ValueError:
        return part.strip()
    return found if isinstance(found, str) else part.strip()


def _read(question: Question, part: str, how: How) -> Extracted | None:
    """Return what one part of a reply answers, in the form that is due."""
    if question.form == "letter":
        letter = _letter(part, question.options, is_long=how == "anywhere")
        return Extracted(letter, how) if letter else None
    if question.form == "list":
        lists = _LIST.findall(part)
        return Extracted(f"[{lists[-1].strip()}]", how) if lists else None
    if question.form == "text":
        words = part.strip()
        return Extracted(words[:MAX_TEXT] if how == "stated" else words[-MAX_TEXT:], how) if words and how != "anywhere" else None
    numbers = numbers_in(part)
    if not numbers:
        return None
    text, value = numbers[0 if how == "stated" and "=" not in part else -1]  # "x = 5", and "3 of the 4" after "the answer is"
    return Extracted(text, how, value)


def _letter(part: str, options: Sequence[str], *, is_long: bool) -> str:
    """Return the one option that a part names, by its letter or its words; "" where there is none, or several."""
    known = LETTERS[:len(options) or 5]  # five where they stand in the picture alone
    bare = _bare(part)
    if len(bare) == 1 and bare.upper() in known:  # a small letter counts where nothing else is said
        return bare.upper()
    words = [letter for letter, option in zip(LETTERS, options) if _bare(option) == bare]
    if len(words) == 1:
        return words[0]
    named = [match for match in _LETTER.finditer(part) if match[2] in known and not _is_article(match, part)]
    if named and not is_long and not part[:named[0].start()].strip(" \"'[{:"):  # it begins with one: what follows explains
        return "" if _HEDGE.match(part, named[0].end()) else named[0][2]
    letters = sorted({match[2] for match in named})
    if len(letters) == 1:
        return letters[0]
    return "" if letters else _by_words(part, options)


def _is_article(match: re.Match[str], part: str) -> bool:
    """Whether an A or an I is a word of the sentence."""
    is_alone = match[2] in "AI" and not match[1] and not match[3]
    return is_alone and _NOUN.match(part, match.end()) is not None


def _by_words(part: str, options: Sequence[str]) -> str:
    """Return the one option whose words stand in a part; of "quarter" and "quarter past" the longer. Else by its number."""
    said = _bare(part)
    found = [(letter, bare) for letter, option in zip(LETTERS, options) if (bare := _bare(option)) and _has(said, bare)]
    found = [(letter, bare) for letter, bare in found if not any(bare != other and _has(other, bare) for _, other in found)]
    if found:
        return found[0][0] if len(found) == 1 else ""
    value = next((value for _, value in reversed(numbers_in(part))), None)
    alike = [letter for letter, option in zip(LETTERS, options) if value is not None
             and any(math.isclose(value, own, rel_tol=1e-6) for _, own in numbers_in(option)[:1])]
    return alike[0] if len(alike) == 1 else ""


def _bare(text: str) -> str:
    """Return what two texts of one answer have in common."""
    return " ".join(_plain(text).split()).strip(" .,;:!?\"'()[]{}").casefold()


def _has(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def _says(said: str, right: str) -> bool:
    """Whether words are the right ones, or a sentence begins or ends with them."""
    if not right:
        return False
    return said == right or (_has(said, right) and (said.startswith(right) or said.endswith(right)))


def _entries(text: str) -> list[float] | list[str]:
    """Return a list's entries: numbers, or words where it has others."""
    parts = text.strip().strip("[]()").split(",")
    numbers = [found[0][1] for part in parts if (found := numbers_in(part))]
    return numbers if len(numbers) == len(parts) else [_bare(part) for part in parts]


def repeats(reply: str) -> bool:
    """Whether a reply ends in one word, phrase or sign again and again, as a merge that broke a model's language writes.

    At its end at least four times, and twelve words or signs, one after another.
    """
    words = reply.split()[-TIMES * LONGEST_PHRASE:]
    for length in range(1, LONGEST_PHRASE + 1):
        most = max(TIMES * length, LEAST)
        if len(words) >= most and all(words[-place] == words[-place - length] for place in range(1, most - length + 1)):
            return True
    end = "".join(reply.split())[-LEAST * LONGEST_WORD:]
    return any(len(end) >= LEAST * length and end.endswith(end[-length:] * LEAST) for length in range(1, LONGEST_WORD + 1))
