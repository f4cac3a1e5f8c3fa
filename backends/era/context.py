"""What an agent is given of the turns before: everything, the last few, or its own summary of all of them.

ERA's idea is that the reflection of the last turn already sums up whatever came before it, so that a prompt need not grow with the
episode (arXiv 2510.12693). Its released code keeps other things in training than in evaluation; each is a policy here. Entries are
written as the code writes them: the `str()` of a list of dictionaries, which is Python and not JSON.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from backends.episode import Turn
from backends.era.replies import pose_of
from models.marks import PARTS, PLAN, REFLECTION

Policy = Literal["summary", "evaluation", "without plan", "without reflection", "last action", "last 3", "last 5", "full", "none"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
POLICY_NAMES: dict[Policy, str] = {
    "summary": "its last reflection and plan (ERA, training)", "evaluation": "its whole last thought (ERA, evaluation)",
    "without plan": "its last reflection alone", "without reflection": "its last plan alone", "last action": "the last action alone",
    "last 3": "the last three actions", "last 5": "the last five actions", "full": "every turn with its thoughts",
    "none": "nothing"}
_NEXT_LABEL = re.compile(r"\w+:")

Entry = dict[str, object]


@dataclass(frozen=True)
class _Kept:
    """How many turns a policy keeps, and which parts of their thoughts; None keeps all."""

    turns: int | None
    parts: tuple[str, ...] = ()


_KEPT: Mapping[Policy, _Kept] = {
    "summary": _Kept(1, (REFLECTION, PLAN)), "evaluation": _Kept(1, PARTS), "without plan": _Kept(1, (REFLECTION,)),
    "without reflection": _Kept(1, (PLAN,)), "last action": _Kept(1), "last 3": _Kept(3), "last 5": _Kept(5),
    "full": _Kept(None, PARTS), "none": _Kept(0)}


def history(turns: Sequence[Turn], policy: Policy, *, is_cut_as_released: bool = False) -> str:
    """What stands behind `interaction_history:` in the prompt of the turn that follows these; of no turns it is `[]`.

    Args:
        is_cut_as_released: a part of a thought ends at the first `word:` in it, as the released code's search has it: a reflection
            that says "Note: ..." loses the rest.
    """
    return str(entries(turns, policy, is_cut_as_released=is_cut_as_released))


def entries(turns: Sequence[Turn], policy: Policy, *, is_cut_as_released: bool = False) -> list[Entry]:
    """One entry per turn that is kept, the oldest first."""
    chosen, parts = kept(turns, policy)
    return [_entry(turn, parts, cut=as_released if is_cut_as_released else _whole) for turn in chosen]


def kept(turns: Sequence[Turn], policy: Policy) -> tuple[Sequence[Turn], tuple[str, ...]]:
    """The turns that a policy keeps, the oldest first, and the labels of those parts of their thoughts that it keeps."""
    keeps = _KEPT[policy]
    chosen = turns if keeps.turns is None else turns[len(turns) - min(keeps.turns, len(turns)):]
    return chosen, keeps.parts


def _entry(turn: Turn, parts: Sequence[str], *, cut: Callable[[str], str]) -> Entry:
    said: Entry = {"step_id": turn.index}
    if parts:
        said["thinking"] = " ".join(f"{part}: {cut(turn.sections[part])}" for part in parts if turn.sections.get(part))
    done = turn.actions[-1] if turn.actions else None
    if done and (pose := pose_of(done.name)):  # EB-Manipulation's entries hold the numbers themselves
        said["action"] = pose
    else:
        said["action"] = f"[{done.id}, {done.name!r}]" if done and done.name else str([done.id] if done else [])
    said["env_feedback"] = done.feedback if done else ""
    return said


def _whole(text: str) -> str:
    return text


def as_released(text: str) -> str:
    """A part of a thought as the released code finds it: up to the first `word:`."""
    found = _NEXT_LABEL.search(text)
    return text[:found.start()].rstrip() if found else text


def read(written: str) -> list[Entry] | None:
    """The entries of a history that somebody logged; None where it is none. It is read as a literal, never evaluated."""
    try:
        found = ast.literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else None
