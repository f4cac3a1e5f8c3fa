"""Rows of a log grouped into calls of the agent: which actions came of one reply, and what became of the rest of its plan.

EmbodiedBench logs one row per step and repeats the reply on each. A new call begins at the first row, where the reply changes, where
the row before failed or was unreadable, and where the plan is used up; EB-Navigation also leaves a line blank before each call. The
j-th row of a call carried out the j-th entry of its plan. A row -1 is a reply that was not understood, -2 an empty plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from backends.episode import MAX_ACTIONS, Action, Cut, Parse, Turn
from backends.era.formats.seen import Frames
from backends.era.replies import Reply, read_reply
from backends.files.logs import Line, flag, number, plain, rate, said, seconds, whole, written
from backends.files.rows import Row

UNREADABLE, EMPTY = "-1", "-2"
_STATES = ("distance",)  # what EB-Navigation tells of the world after a step


@dataclass(frozen=True)
class Logged:
    """One row of a log, its values checked."""

    line: int
    id: str
    name: str
    ok: bool | None
    feedback: str
    step: int | None
    progress: float | None
    success: bool | None
    seconds: float | None
    reply: str | None  # None where the row has no `reasoning`
    instruction: str
    is_after_blank: bool = False
    state: dict[str, JsonValue] | None = None

    @property
    def is_action(self) -> bool:
        """Whether the world was asked to do something."""
        return self.id not in (UNREADABLE, EMPTY)


@dataclass(frozen=True)
class Call:
    """Rows that came of one reply, which is read when it is asked for: who only counts calls seldom needs its plan."""

    rows: list[Logged]
    text: str

    @cached_property
    def reply(self) -> Reply:
        return read_reply(self.text) if self.text else Reply("unknown")

    @property
    def is_plan_known(self) -> bool:
        return self.reply.style in ("json", "era") and self.reply.parse in ("ok", "repaired", "empty")


def logged(line: Line) -> Logged:
    """Return a row as it is meant; what is not in it, or is odd, is None or empty."""
    row: Row = line.row
    progress = row.get("task_progress")
    return Logged(
        line=line.number, id=_id(row.get("action_id")), name=said(row.get("action_description"), 500),
        ok=flag(row.get("last_action_success")), feedback=said(row.get("env_feedback"), 5_000), step=whole(row.get("env_step")),
        progress=rate(progress), success=flag(row.get("task_success")), seconds=seconds(number(row.get("episode_elapsed_seconds"))),
        reply=written(row["reasoning"]) if "reasoning" in row else None, instruction=said(row.get("instruction"), 5_000),
        is_after_blank=line.is_after_blank,
        state={key: plain(row[key]) for key in _STATES if key in row} or None)


def _id(value: object) -> str:
    """Return an id as text; string actions have texts, and one variant writes numbers as texts."""
    text = said(value, 200).strip()
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdigit() else text


def attempts(rows: Sequence[Logged], *, counts_up: bool = False) -> list[list[Logged]]:
    """Return the rows of each attempt: a rerun appends to the file of the one before, and its steps begin at 1 again.

    Args:
        counts_up: whether every row of an attempt is a step more, as in EB-Navigation; else one may be told twice.
    """
    found: list[list[Logged]] = [[]]
    before: Logged | None = None
    for row in rows:
        if row.step is not None:
            if before is not None and (_begins_again(row, before) or (counts_up and row.step == before.step)):
                found.append([])
            before = row
        found[-1].append(row)
    return found


def _begins_again(row: Logged, before: Logged) -> bool:
    assert row.step is not None and before.step is not None
    is_earlier = row.seconds is not None and before.seconds is not None and row.seconds < before.seconds
    return row.step < before.step or (row.step == before.step == 1 and is_earlier)


def calls(rows: Sequence[Logged], *, has_blanks: bool = False, planner_steps: Sequence[int | None] = ()) -> list[Call]:
    """Return the rows by call.

    Args:
        has_blanks: whether a blank line stands before each call.
        planner_steps: (rows,) which call each row came of, where a sidecar says so.
    """
    found: list[Call] = []
    for place, row in enumerate(rows):
        known = planner_steps[place] if place < len(planner_steps) else None
        is_new = planner_steps[place] != planner_steps[place - 1] if known is not None and place else _is_new(found, row, has_blanks)
        if not found or is_new:
            found.append(Call([row], row.reply or ""))
        else:
            found[-1].rows.append(row)
    return found


def _is_new(found: list[Call], row: Logged, has_blanks: bool) -> bool:
    if not found:
        return True
    call, before = found[-1], found[-1].rows[-1]
    return ((row.reply or "") != call.text or before.ok is False or not before.is_action or not row.is_action
            or (has_blanks and row.is_after_blank) or _is_used_up(call))  # the last one alone needs the plan


def _is_used_up(call: Call) -> bool:
    """Return whether a call has carried out its plan; a thought alone stands for one action, and so does a missing reply."""
    if call.is_plan_known:
        return len(call.rows) >= len(call.reply.planned)
    return call.reply.style == "think" or not call.text


def turn_of(call: Call, index: int, *, frames: Frames, seen: int, is_last: bool, budget: int) -> Turn:
    """Return a call as a turn.

    Args:
        seen: the last step before it, whose frame the agent saw.
        budget: steps after which an episode is cut off.
    """
    rows, reply = [row for row in call.rows if row.is_action][:MAX_ACTIONS], call.reply
    actions = tuple(_action(row, frames) for row in rows)
    first = next((row.step for row in rows if row.step), None)
    return Turn(
        index=index, frame=frames.before(first - 1 if first else seen), reply=call.text, thought=reply.thought,
        sections=reply.sections, answer=reply.answer, planned=reply.planned, actions=actions, parse=_parse(call), mended=reply.mended,
        cut=_cut(call, actions, is_last, budget))


def _action(row: Logged, frames: Frames) -> Action:
    frame = frames.after(row.step) if row.step is not None else ""
    return Action(id=row.id, name=row.name, ok=row.ok, feedback=row.feedback, step=row.step, progress=row.progress,
                  success=row.success, state=row.state, frame=frame, seconds=row.seconds)


def _parse(call: Call) -> Parse:
    """Return how the reply was understood when it was carried out, which the log knows better than a second reading."""
    if call.rows[0].id == EMPTY:
        return "empty"
    if call.rows[0].id == UNREADABLE:
        return "failed"
    if call.reply.style == "think" or call.reply.parse in ("ok", "repaired"):
        return "ok" if call.reply.style == "think" else call.reply.parse
    return "unknown"  # something was carried out although it cannot be read here


def _cut(call: Call, actions: Sequence[Action], is_last: bool, budget: int) -> Cut:
    """Return what kept the rest of the plan from being carried out."""
    if not call.is_plan_known or len(actions) >= len(call.reply.planned) or call.rows[0].id in (EMPTY, UNREADABLE):
        return ""
    if not actions or actions[-1].ok is False:
        return "failure"
    if actions[-1].success:
        return "success"
    return "budget" if is_last and (actions[-1].step or 0) >= budget else "unknown"


def mismatches(turn: Turn) -> tuple[int, ...]:
    """Return which of a turn's actions are named otherwise than in the plan; neither ids, which shift between variants, nor capitals
    say anything."""
    return tuple(place for place, (planned, action) in enumerate(zip(turn.planned, turn.actions))
                 if planned.name and action.name and planned.name.casefold().split() != action.name.casefold().split())



