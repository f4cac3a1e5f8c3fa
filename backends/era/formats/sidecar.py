"""What Orrery writes beside a log, since EmbodiedBench's layout has no place for it: rewards, values, prompts, states, tokens.

`orrery_episode_{k}.jsonl`: first a line on the episode, then one line per row of the log, in its order. What is of a whole call
stands on the call's first line, under `turn`. What went wrong by itself is no row of the log and no call: its line stands between
theirs. Readers of the original layout pass the file over; a log without it loses nothing
that the layout has. It is read as any stranger's file: lines that do not fit are left out, with a note.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import JsonValue, ValidationError

from backends.episode import MAX_TURNS, Action, Episode, Turn
from backends.era.replies import pose_of, pose_text
from backends.files.archive import Files
from backends.files.cells import numbers
from backends.files.logs import Notes, lines_of, number, plain, rate, said, short, text_of, whole
from backends.files.rows import Row

_TURN = ("agent", "recipients", "state", "prompt", "thought", "sections", "answer", "planned", "cut", "rewards", "value", "advantage",
         "by", "parse", "mended", "exposed", "kept")
_DEPTH, _MOST = 16, 1e12  # of a line; of a reward
_TOKENS = (("token_ids", np.int64), ("logprobs", np.float64), ("mask", np.bool_))
_COPIED = {"id": "id", "action": "name", "env_feedback": "feedback", "progress": "progress", "ok": "ok", "success": "success",
           "seconds": "seconds"}  # of a line -> of an action


@dataclass(frozen=True)
class Told:
    """One call, as a sidecar tells it."""

    reply: str
    num_steps: int


@dataclass(frozen=True)
class Sidecar:
    """The lines of a sidecar; empty where there is none."""

    world: str = ""
    task: str = ""
    agent: str = ""
    seed: int | None = None
    ended: str | None = None
    progress: float | None = None
    lines: tuple[Row, ...] = field(default=())  # of the log's rows
    asides: tuple[tuple[int, Row], ...] = field(default=())  # what went wrong by itself, and after how many lines

    def planner_steps(self, num_rows: int) -> tuple[int | None, ...]:
        """Return which call each row of the log came of; nothing where the two do not fit."""
        return tuple(whole(line.get("planner_step")) for line in self.lines) if len(self.lines) == num_rows else ()

    def calls(self) -> tuple[Told, ...]:
        """Return the reply and the number of steps of each call; nothing where a reply is not told."""
        found: list[Told] = []
        before: int | None = None
        for line in self.lines:
            call, of_turn = whole(line.get("planner_step")), line.get("turn")
            if call is None or (call != before and not (isinstance(of_turn, dict) and isinstance(of_turn.get("reply"), str))):
                return ()
            if call != before and isinstance(of_turn, dict):
                found.append(Told(said(of_turn["reply"]), 0))
            if "env_step" in line:
                found[-1] = Told(found[-1].reply, found[-1].num_steps + 1)
            before = call
        return tuple(found)


def read_sidecar(files: Files, name: str, notes: Notes) -> Sidecar:
    """Return what Orrery wrote beside an episode's log."""
    rows = [_safe(line.row) for line in lines_of(text_of(files, name, notes), short(name), notes)] if name else []
    head = rows[0].get("episode") if rows else None
    if not isinstance(head, dict):
        return Sidecar(lines=tuple(rows))
    ended = head.get("ended")
    lines: list[Row] = []
    asides: list[tuple[int, Row]] = []
    for row in rows[1:]:
        if _is_aside(row):
            asides.append((len(lines), row))
        else:
            lines.append(row)
    return Sidecar(said(head.get("world"), 80), said(head.get("task"), 500), said(head.get("agent"), 200), whole(head.get("seed")),
                   said(ended, 200) if isinstance(ended, str) else None, rate(head.get("progress")), tuple(lines), tuple(asides))


def _safe(row: Row) -> Row:
    """A line without what cannot be shown, or written again: half characters, NaN, what lies too deep. Tokens have bounds of their
    own."""
    kept: dict[str, object] = {name: plain(value, depth=_DEPTH) for name, value in row.items()}
    of_turn, safe = row.get("turn"), kept.get("turn")
    if isinstance(of_turn, dict) and isinstance(safe, dict):
        kept["turn"] = {**safe, **{name: of_turn[name] for name, _ in _TOKENS if name in of_turn}}
    return kept


def _is_aside(row: Row) -> bool:
    of_turn = row.get("turn")
    return isinstance(of_turn, dict) and of_turn.get("by") == "perturbation"


def with_sidecar(turns: Sequence[Turn], sidecar: Sidecar, notes: Notes) -> tuple[Turn, ...]:
    """Return the turns with what the sidecar adds; as they are where it does not fit."""
    if not sidecar.lines and not sidecar.asides:
        return tuple(turns)
    if len(sidecar.lines) != sum(max(1, len(turn.actions)) for turn in turns):
        notes.add("The file of Orrery beside the log does not fit it, and is passed over.")
        return tuple(turns)
    found: list[Turn] = []
    place, asides = 0, list(sidecar.asides)

    def step_aside(left: int) -> None:
        while asides and asides[0][0] <= place:
            line = asides.pop(0)[1]
            if len(found) + left >= MAX_TURNS:
                notes.add(f"More than {MAX_TURNS:,} turns and mishaps: not all of what went wrong by itself is shown.")
                continue
            mishap = _joined(Turn(index=len(found)), [line], notes, is_own=True)
            found.extend([mishap] if mishap.by == "perturbation" else [])  # one that does not fit is no call of anybody

    for index, turn in enumerate(turns):
        step_aside(len(turns) - index)
        lines = sidecar.lines[place:place + max(1, len(turn.actions))]
        place += len(lines)
        found.append(_joined(turn.model_copy(update={"index": len(found)}), lines, notes, is_own=bool(sidecar.world)))
    step_aside(0)
    return tuple(found)


def _joined(turn: Turn, lines: Sequence[Row], notes: Notes, *, is_own: bool) -> Turn:
    """A turn with what its lines add; of what went wrong by itself the log says nothing, so its action is in the line alone."""
    of_turn = lines[0].get("turn")
    added = {name: value for name, value in of_turn.items() if name in _TURN} if isinstance(of_turn, dict) else {}
    value, advantage = number(lines[0].get("value")), number(lines[0].get("adv_raw"))
    try:
        arrays = _arrays(of_turn) if isinstance(of_turn, dict) else {}
        done = turn.actions or ((Action(),) if "action" in lines[0] and ("env_step" not in lines[0] or _is_aside(lines[0])) else ())
        actions = tuple(_with_line(action, line, is_own=is_own) for action, line in zip(done, lines))
        return Turn.model_validate({**dict(turn), "value": value, "advantage": advantage, **added, **arrays, "actions": actions})
    except (ValidationError, ValueError, OverflowError, TypeError):
        notes.add(f"What the file of Orrery says of call {turn.index + 1} does not fit, and is left out.")
        return turn


def _arrays(of_turn: Row) -> dict[str, np.ndarray]:
    return {name: np.array(of_turn[name], dtype) for name, dtype in _TOKENS if isinstance(of_turn.get(name), list)}


def _with_line(action: Action, line: Row, *, is_own: bool) -> Action:
    """An action with what its line adds; a file of ours tells all rewards, and what the log says is made from them."""
    rewards, state = line.get("r"), line.get("state")
    if state is None and "objects" in line:
        state = {"objects": line["objects"]}
    added: dict[str, object] = {}
    if isinstance(rewards, dict):
        paid = {said(name, 80): number(value) for name, value in rewards.items()}
        terms = {name: value for name, value in paid.items() if value is not None and abs(value) < _MOST}
        added["rewards"] = {**({} if is_own else action.rewards), **terms}
    if isinstance(state, dict):
        added["state"] = state
    added |= {name: line[key] for key, name in _COPIED.items() if key in line}
    if isinstance(line.get("action"), list):
        added["name"] = pose_text(numbers(line, "action") or ())
    return Action.model_validate({**dict(action), **added}) if added else action


def sidecar_text(episode: Episode, *, has_replies: bool = False) -> str:
    """Return the lines of an episode's sidecar.

    Args:
        has_replies: whether it holds the replies too, for a layout that does not keep them apart.
    """
    head: dict[str, JsonValue] = {"world": episode.world, "task": episode.task, "agent": episode.agent, "seed": episode.seed,
                                  "ended": episode.ended, "progress": episode.progress}
    lines: list[dict[str, object]] = [{"episode": head}]
    call = 0
    for turn in episode.turns:
        first, call = len(lines), call + (turn.by != "perturbation")
        lines += [_line(call, action) for action in turn.actions] or [{"planner_step": call}]
        lines[first] |= _of_turn(turn, has_replies)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _line(call: int, action: Action) -> dict[str, object]:
    known: dict[str, object] = {
        "env_step": action.step, "planner_step": call, "action": pose_of(action.name) or action.name, "id": action.id,
        "ok": action.ok,
        "env_feedback": action.feedback, "progress": action.progress, "success": action.success, "seconds": action.seconds,
        "r": action.rewards, "state": action.state}
    if isinstance(action.state, dict) and "objects" in action.state:
        known["objects"] = action.state["objects"]
    return {name: value for name, value in known.items() if value not in (None, "", {}) or name == "id"}  # a reply names another


def _of_turn(turn: Turn, has_reply: bool) -> dict[str, object]:
    """Return what is of a whole call: everything that its reply and its rows do not say already."""
    dumped = turn.model_dump(mode="json", include=set(_TURN), exclude_defaults=True) | ({"reply": turn.reply} if has_reply else {})
    dumped |= {"cut": turn.cut} if turn.planned else {}  # a reader makes one of plan and actions otherwise
    arrays = {name: array.tolist() for name, _ in _TOKENS if (array := getattr(turn, name)) is not None}
    numbers = {"value": dumped.pop("value", None), "adv_raw": dumped.pop("advantage", None),
               "prompt_tokens": None if turn.mask is None else int((~turn.mask).sum()),
               "response_tokens": None if turn.mask is None else int(turn.mask.sum())}
    return {**{name: value for name, value in numbers.items() if value is not None}, "turn": {**dumped, **arrays}}
