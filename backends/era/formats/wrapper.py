"""A wrapper's logs: agent_outputs/<env>/episode_k/log.json, one JSON array of steps.

Each entry is {step, action, reward, done, info, observation_summary, frame_saved}. Python sets were written as texts ("set()",
"['Fridge']"), and step 0 has only the instruction. Replies are not kept: every step is a turn without one.
"""

from pydantic import JsonValue

from backends.episode import MAX_TURNS, Action, Episode, Planned, Turn
from backends.era.formats.listing import SECOND, Entry, is_second
from backends.era.formats.seen import Frames
from backends.files.archive import Files
from backends.files.cells import unfolded
from backends.files.logs import Notes, flag, number, plain, rate, said, short, value_of, whole
from backends.files.rows import Row
from worlds.errors import InputError


def steps_in(files: Files, name: str, notes: Notes) -> list[Row]:
    """Return the entries of a wrapper's log; those that are no objects are left out."""
    found = value_of(files, name, notes)
    if not isinstance(found, list):
        if found is not None:
            notes.add(f"{short(name)} holds no list of steps.")
        return []
    rows = [entry for entry in found if isinstance(entry, dict)]
    if len(rows) < len(found):
        notes.add(f"{len(found) - len(rows)} entries of {short(name)} are no steps, and left out.")
    return rows


def instruction_of(rows: list[Row]) -> str:
    told = (said(found.get("instruction"), 5_000) for row in rows for found in (row, _info(row)))
    return next((text for text in told if text), "")


def is_step(row: Row) -> bool:
    """Return whether an entry is a step, and not the beginning, which has the instruction alone."""
    return row.get("action") is not None or row.get("reward") is not None


def success_of(rows: list[Row]) -> bool | None:
    for row in reversed(rows):
        for key in ("task_success", "success"):
            if (found := flag(_info(row).get(key, row.get(key)))) is not None:
                return found
    return None


def progress_of(row: Row) -> float | None:
    return rate(_info(row).get("task_progress", row.get("task_progress")))


def _info(row: Row) -> Row:
    info = row.get("info")
    return info if isinstance(info, dict) else {}


def read_wrapper(files: Files, entry: Entry) -> Episode:
    """Return one episode of a wrapper's log."""
    notes, head = Notes(), entry.head
    rows = steps_in(files, entry.parts.result, notes)
    steps = [row for row in rows if is_step(row)]
    if len(steps) > MAX_TURNS:
        notes.add(f"The log has {len(steps):,} steps. The first {MAX_TURNS:,} are shown.")
    frames = Frames(entry.parts.frames, num_steps=None, notes=notes)
    names = set(files.names)
    turns: list[Turn] = []
    before = frames.before(0) or _saved(rows[0], entry, names) if rows else ""
    for row in steps[:MAX_TURNS]:
        action = _action(row, len(turns) + 1, frames, entry, names)
        turns.append(Turn(index=len(turns), frame=before, planned=(Planned(name=action.name),) if action.name else (),
                          actions=(action,)))
        before = action.frame
    progress = next((found for row in reversed(rows) if (found := progress_of(row)) is not None), None)
    success = success_of(rows)
    return Episode(world=head.environment, number=entry.number, instruction=instruction_of(rows), group=head.subset, agent=head.model,
                   source="uploaded", layout=head.layout, turns=tuple(turns), success=success, progress=progress,
                   ended="task done" if success else "", notes=notes.all())


def _action(row: Row, place: int, frames: Frames, entry: Entry, names: set[str]) -> Action:
    info, step = _info(row), whole(row.get("step"))
    reward = number(row.get("reward"))
    named = row.get("action")
    return Action(
        id=said(info.get("action_id"), 200), name=_named(named), ok=flag(info.get("last_action_success")),
        feedback=said(info.get("env_feedback"), 5_000) or said(info.get("feedback"), 5_000), step=place if step is None else step,
        progress=progress_of(row), success=flag(info.get("task_success")), rewards={} if reward is None else {"environment": reward},
        state=_state(row.get("observation_summary")),
        frame=(frames.after(step) if step is not None else "") or _saved(row, entry, names))


def _named(action: object) -> str:
    if isinstance(action, dict):
        return said(action.get("action_name") or action.get("name") or action.get("action"), 500)
    return said(action, 500) if not isinstance(action, list) else said(str(action[:20]), 500)


def _saved(row: Row, entry: Entry, names: set[str]) -> str:
    """Return the name of the frame that an entry says was saved, where the archive has it."""
    said_name = row.get("frame_saved")
    if not isinstance(said_name, str) or not said_name:
        return ""
    folder = entry.parts.result.rpartition("/")[0]
    path = said(said_name, 500).replace("\\", "/")
    whole_path = f"{SECOND}/{path.lstrip('/')}" if is_second(entry.parts.result) else path  # no upload shows another's pictures
    tries = (f"{folder}/{path}", f"{folder}/{path.rpartition('/')[2]}", f"{folder}/frames/{path.rpartition('/')[2]}", whole_path)
    return next((name.lstrip("/") for name in tries if name.lstrip("/") in names), "")


def _state(summary: object) -> dict[str, JsonValue] | None:
    """Return what was seen after a step, sets as lists; a summary in words stands under `summary`."""
    if isinstance(summary, dict):
        return {said(key, 200): plain(_set(value)) for key, value in list(summary.items())[:200]} or None
    return {"summary": said(summary, 5_000)} if isinstance(summary, str) and summary else None


def _set(value: object) -> object:
    """Return the list that a text writes as Python's set or list, or the value as it is."""
    if not isinstance(value, str):
        return value
    if value.strip() == "set()":
        return []
    try:
        found = unfolded(value)
    except InputError:
        return value
    return found if isinstance(found, list | dict) else _braced(value)


def _braced(value: str) -> object:
    inner = value.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        return value
    try:
        found = unfolded(f"[{inner[1:-1]}]")
    except InputError:
        return value
    return sorted(found, key=str) if isinstance(found, list) else value
