"""What counts of one episode when many are counted: small, so that a thousand are held where a thousand episodes would not be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backends.episode import Action, Episode
from backends.era.failures import suggestions
from backends.era.formats.listing import Entry
from backends.era.loops import called, loops, once

LOOK_BACK = 3  # steps in which an action that comes again is repeated
NUMBERED = re.compile(r"\w_[2-9]\d{0,2}\b")  # Cabinet_2: a second instance, which ALFRED's training data never names


@dataclass(frozen=True)
class Facts:
    """One episode; None is what is not known, and the table's light entry knows less than the whole episode.

    Attributes:
        invalid: failed actions and unreadable replies.
        names: what was done, in order.
        reasons: the feedback on each action that failed; one that failed many times in a row counts once.
        failed: actions that failed.
        numbered, numbered_failed: actions on second and further instances, and how many of them failed.
        repeated: actions that were among the last three steps already, with nothing changed since.
        loops: things that failed three times in a row or more.
        suggested: classes of failure that the log suggests, as "planning: invalid action".
    """

    environment: str = ""
    group: str = ""
    number: int | None = None
    instruction: str = ""
    success: bool | None = None
    progress: float | None = None
    steps: int | None = None
    calls: int | None = None
    invalid: int | None = None
    output_errors: int | None = None
    empty_plans: int | None = None
    planned: int | None = None
    cut: int | None = None  # plans that were not carried out to their end
    names: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    failed: int | None = None
    numbered: int | None = None
    numbered_failed: int | None = None
    repeated: int | None = None
    loops: int | None = None
    suggested: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, int | None, str]:
        """What tells that two episodes are of one task."""
        return self.environment, self.group, self.number, " ".join(self.instruction.split())


def of_entry(entry: Entry) -> Facts:
    """Return what the table of episodes knows already."""
    return Facts(entry.head.environment, entry.head.subset, entry.number, entry.instruction, entry.success, entry.progress,
                 entry.steps, entry.planner_calls, entry.invalid, entry.output_errors)


def of_episode(episode: Episode) -> Facts:
    """Return everything that is counted of an episode."""
    actions = [action for _, action in episode.steps()]
    numbered = [action for action in actions if NUMBERED.search(called(action))]
    is_told = bool(episode.turns)
    is_judged = episode.num_invalid > 0 or any(action.ok is not None for action in actions)  # a log may leave out what worked
    is_read = any(turn.parse != "unknown" for turn in episode.turns)
    return Facts(
        environment=episode.world, group=episode.group, number=episode.number, instruction=episode.instruction,
        success=episode.success, progress=episode.progress, steps=episode.num_steps if is_told else None,
        calls=len(episode.turns) or None, invalid=episode.num_invalid if is_judged else None,
        output_errors=sum(turn.parse == "failed" for turn in episode.turns) if is_read else None,
        empty_plans=sum(turn.parse == "empty" for turn in episode.turns) if is_told else None,
        planned=sum(len(turn.planned) for turn in episode.turns) if is_told else None,
        cut=sum(turn.cut != "" for turn in episode.turns) if is_told else None,
        names=tuple(called(action) for action in actions),
        reasons=tuple(action.feedback for _, action in once(episode.turns) if action.ok is False and action.feedback),
        failed=sum(action.ok is False for action in actions) if is_judged else None, numbered=len(numbered) if is_told else None,
        numbered_failed=sum(action.ok is False for action in numbered) if is_judged else None,
        repeated=_repeated(actions) if is_told else None, loops=len(loops(episode.turns)) if is_told else None,
        suggested=tuple(one.name for one in suggestions(episode)))


def _repeated(actions: Sequence[Action]) -> int:
    return sum(any(_is_again(earlier, action) for earlier in actions[max(0, place - LOOK_BACK):place])
               for place, action in enumerate(actions) if called(action))


def _is_again(earlier: Action, action: Action) -> bool:
    """Return whether an action is an earlier one with nothing changed; where the state is not known, progress stands for it."""
    if called(earlier) != called(action):
        return False
    if earlier.state is not None and action.state is not None:
        return earlier.state == action.state
    return earlier.progress == action.progress
