"""What an agent of RAGEN replied: its thought, its answer, and which of the answer's words are actions of the game.

    <think> any text </think> <answer> Right || Right </answer>

The first place that fits counts. The thought ends at the first `</think>` that an answer follows directly; one before it belongs to
the thought. Without that form there is no action, and the reply stays as it is. Upstream's pattern says the same; it goes through all
that follows for each mark, so here every mark is looked at once. Source: RAGEN's ctx_manager.py and es_manager.py (arXiv 2504.20073).
Not here: what the actions do.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SEPARATOR = "||"
FORMAT_PENALTY = -0.1  # once per turn, however many words are wrong
THINK_START, THINK_END = "<think>", "</think>"
ANSWERS = ("answer", "ans")  # the code writes the first, the project's README and the paper's figure 2 the second
MARKERS = (THINK_START, THINK_END, *(f"<{slash}{tag}>" for tag in ANSWERS for slash in ("", "/")), "<|im_start|>", "<|im_end|>")
_AFTER_THOUGHT = re.compile(r"</think>\s*<(answer|ans)>")
_ALONE = re.compile(r"<(answer|ans)>")


@dataclass(frozen=True)
class Reply:
    """A reply that was read.

    Attributes:
        thought, answer: without markers; the answer is cut to the actions that are kept. Empty where the form is missing.
        names: the kept parts of the answer, as they were written.
        known: actions of the game among them, as the game writes them, in order.
        unknown: the others, which are dropped.
        num_surplus: how many more the answer named than are kept; they cost nothing.
        is_valid: no penalty: an action is known, and nothing is unknown.
        cleaned: what goes into the context and into the training sequence in place of what was sampled.
        has_form: whether it was written as the agent is told to.
    """

    thought: str = ""
    answer: str = ""
    names: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    num_surplus: int = 0
    is_valid: bool = False
    cleaned: str = ""
    has_form: bool = False


def read_reply(text: str, actions: Sequence[str] | None, *, max_actions: int = 5, thinks: bool = True) -> Reply:
    """Return a reply as RAGEN reads it.

    Args:
        text: with the forced beginning `<think>` or `<answer>` put back.
        actions: names in the game; None where any name is an action, as in a game without a table of them.
        max_actions: of one turn; those after them are dropped.
        thinks: whether a thought is due; without it the answer alone is looked for.
    """
    parts = _with_thought(text) if thinks else _alone(text)
    if parts is None:
        return Reply(cleaned=text)
    thought, answer = (_bare(part) for part in parts)
    every = [name for part in answer.split(SEPARATOR) if (name := part.strip())]
    names = tuple(every[:max_actions])
    if len(every) > max_actions:
        answer = f" {SEPARATOR} ".join(names)
    spelled = None if actions is None else {action.lower(): action for action in actions}
    known = names if spelled is None else tuple(spelled[name.lower()] for name in names if name.lower() in spelled)
    unknown = () if spelled is None else tuple(name for name in names if name.lower() not in spelled)
    return Reply(thought, answer, names, known, unknown, num_surplus=len(every) - len(names), is_valid=bool(known) and not unknown,
                 cleaned=written(thought, answer, thinks=thinks), has_form=True)


def written(thought: str, answer: str, *, thinks: bool = True) -> str:
    """Return a reply in the form that is due."""
    return f"{THINK_START}{thought}{THINK_END}<answer>{answer}</answer>" if thinks else f"<answer>{answer}</answer>"


def penalty_of(replies: Iterable[Reply]) -> float:
    """Return what an episode's replies cost: 0.1 per turn in which one was not valid."""
    return FORMAT_PENALTY * sum(not reply.is_valid for reply in replies)


def _with_thought(text: str) -> tuple[str, str] | None:
    """Return thought and answer of the first place that fits: if any start fits, the first does, for a thought may be any text."""
    start = text.find(THINK_START)
    begin = start + len(THINK_START)
    found = _answer(text, _AFTER_THOUGHT, begin) if start >= 0 else None
    return found and (text[begin:found[0]], found[1])


def _alone(text: str) -> tuple[str, str] | None:
    found = _answer(text, _ALONE, 0)
    return found and ("", found[1])


def _answer(text: str, opening: re.Pattern[str], begin: int) -> tuple[int, str] | None:
    """Return where the first opening stands that is closed by its own tag, and what is between the two."""
    last = {tag: text.rfind(f"</{tag}>") for tag in ANSWERS}
    for mark in opening.finditer(text, begin):
        if mark.end() <= last[mark[1]]:
            return mark.start(), text[mark.end():text.find(f"</{mark[1]}>", mark.end())]
    return None


def _bare(part: str) -> str:
    for marker in MARKERS:
        part = part.replace(marker, "").strip()
    return part
