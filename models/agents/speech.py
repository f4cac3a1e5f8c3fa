"""What an agent is told, and what it says: ERA's order and marks in a few words.

A prompt is the picture, the instruction, and what a context policy keeps of the turns before. A reply is a thought in three parts
(what is seen; what was done and is left; what comes next) and one action, between ERA's special tokens (arXiv 2510.12693). ERA gives
an action by number and name, this agent by name alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.marks import ACTION_END, ACTION_START, PARTS, THINK_END, THINK_START, TURN_END

MARKS = (THINK_START, THINK_END, ACTION_START, ACTION_END, TURN_END, *(f"{part}:" for part in PARTS))  # one token each
_PART = re.compile("|".join(f"{re.escape(label)}:" for label in PARTS))


@dataclass(frozen=True)
class Past:
    """What is kept of a turn before: parts of its thought, by label, its action and what came of it."""

    thought: tuple[tuple[str, str], ...] = ()
    action: str = ""
    feedback: str = ""


@dataclass(frozen=True)
class Thought:
    """A thought in its three parts."""

    seen: str
    reflection: str
    plan: str

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """By their labels, in order."""
        return tuple(zip(PARTS, (self.seen, self.reflection, self.plan)))


def told(instruction: str, past: Sequence[Past]) -> str:
    """The words of a prompt."""
    kept = [" ".join([*(f"{label}: {text}" for label, text in one.thought), f"action: {one.action}", f"feedback: {one.feedback}"])
            for one in past]
    return f"instruction: {instruction} history: {' then '.join(kept) or 'none'}"


def reply(action: str, thought: Thought | None = None) -> str:
    """The words of a reply; without a thought the action alone."""
    said = f"{THINK_START} {' '.join(f'{label}: {text}' for label, text in thought.parts)} {THINK_END} " if thought else ""
    return f"{said}{ACTION_START} {action} {ACTION_END} {TURN_END}"


def answered(answer: str, thought: str = "then") -> str:
    """The words of an answer that is no action, between the same marks, so that they are learned everywhere."""
    return f"{THINK_START} {thought} {THINK_END} {ACTION_START} {answer} {ACTION_END} {TURN_END}"


@dataclass(frozen=True)
class Heard:
    """A reply taken apart.

    Attributes:
        thought: its parts that are there, by label, in their order.
        action: between its marks, spelled as the vocabulary spells it; empty where there is none.
        is_whole: whether thought and action stand between their marks, and the turn is ended.
    """

    thought: Mapping[str, str]
    action: str
    is_whole: bool


def heard(text: str) -> Heard:
    """Take a reply apart, whatever it is."""
    inner = _between(text, THINK_START, THINK_END)
    found = list(_PART.finditer(inner))
    ends = [match.start() for match in found[1:]] + [len(inner)]
    thought = {match.group()[:-1]: _readable(inner[match.end():end]) for match, end in zip(found, ends)}
    action = " ".join(_between(text, ACTION_START, ACTION_END).split())
    is_thought_whole = THINK_START not in text or THINK_END in text
    return Heard(thought, action, bool(action) and is_thought_whole and text.rstrip().endswith(TURN_END))


def _readable(text: str) -> str:
    """Words of the vocabulary as a person writes them; it takes both for the same."""
    return re.sub(r" (?=[.,:;])| (?=_ [0-9])|(?<=_) (?=[0-9])", "", " ".join(text.split()))


def _between(text: str, start: str, end: str) -> str:
    _, is_there, rest = text.partition(start)
    inner, is_closed, _ = rest.partition(end)
    return inner if is_there and is_closed else ""


def summary(said: Heard, action: str, feedback: str) -> Past:
    """What ERA's training keeps of a turn: reflection and plan, the action, and what came of it."""
    return Past(tuple((label, said.thought[label]) for label in PARTS[1:] if label in said.thought), action, feedback)
