"""EB-ALFRED, EB-Habitat and EB-Navigation: rows of JSON lines, one per step, with or without a result file and pictures."""

from collections.abc import Mapping, Sequence

from backends.episode import MAX_TURNS, Episode, Turn
from backends.era.formats.calls import Call, Logged, attempts, calls, logged, mismatches, turn_of
from backends.era.formats.listing import Entry, Layout
from backends.era.formats.names import sought, steps_of
from backends.era.formats.seen import Frames
from backends.era.formats.sidecar import Sidecar, read_sidecar, with_sidecar
from backends.era.loops import loops
from backends.files.archive import Files
from backends.files.logs import Notes, flag, lines_of, number, object_of, rate, reported, said, short, text_of, whole
from backends.files.rows import Row

BUDGETS = {"eb_alfred": 30, "eb_habitat": 30, "eb_navigation": 20}
INVALID_LIMIT = 10  # invalid actions after which an episode of these ends
HAS_INVALID_LIMIT = ("eb_alfred", "eb_habitat")


def chosen(steps: Sequence[str], num_steps: int | None, written: Mapping[str, tuple[float, ...]]) -> str:
    """Return which of several step files of one episode the result is of, else the newest; empty where there is none."""
    fitting = [name for name in steps if num_steps is not None and steps_of(name) == num_steps]
    return max(fitting or steps, key=lambda name: (written.get(name, ()), steps_of(name)), default="")


def last_attempt(text: str, name: str, notes: Notes, *, environment: str) -> list[Logged]:
    """Return the rows of the last attempt in a file, and a note on the earlier ones."""
    every = attempts([logged(line) for line in lines_of(text, short(name), notes)], counts_up=environment == "eb_navigation")
    if len(every) > 1:
        earlier = len(every) - 1
        notes.add(f"The file holds {earlier} earlier attempt{'s' if earlier > 1 else ''}; the last one is shown.")
    return every[-1]


def read_household(files: Files, entry: Entry) -> Episode:
    """Return one episode of a run whose steps are rows."""
    notes, parts, head = Notes(), entry.parts, entry.head
    result = object_of(files, parts.result, notes)
    name = chosen(parts.steps, whole(result.get("num_steps")), files.written)
    if len(parts.steps) > 1:
        notes.add(f"There are {len(parts.steps)} step files of this episode; {short(name)} is read.")
    if not name:
        known = "result is" if parts.result else "pictures are"
        where = sought(head.root, parts.result or ''.join(parts.frames[:1]), "episode_{}_step_N.json")
        notes.add(f"The step file is missing: only the {known} known. It was looked for as {where}, N being its last step.")
    rows = last_attempt(text_of(files, name, notes), name, notes, environment=head.environment)
    sidecar = read_sidecar(files, parts.sidecar, notes)
    grouped = grouped_calls(rows, head.layout, sidecar.planner_steps(len(rows)))
    num_steps = max((row.step for row in rows if row.step), default=None)
    frames = Frames(parts.frames, num_steps=num_steps, notes=notes)
    turns = with_sidecar(_turns(grouped, frames, BUDGETS.get(head.environment, 30), notes), sidecar, notes)
    _compare_counts(turns, result, bool(rows), notes)
    _note_loops(turns, notes)
    return _episode(entry, turns, rows, result, sidecar, notes)


def grouped_calls(rows: Sequence[Logged], layout: Layout, planner_steps: Sequence[int | None] = ()) -> list[Call]:
    """Return the rows by call; of EB-Navigation's, which leave a blank line before each, where there is more than one."""
    has_blanks = layout == "navigation" and sum(row.is_after_blank for row in rows) > 1
    return calls(rows, has_blanks=has_blanks, planner_steps=planner_steps)


def _turns(grouped: Sequence[Call], frames: Frames, budget: int, notes: Notes) -> tuple[Turn, ...]:
    if len(grouped) > MAX_TURNS:
        notes.add(f"The log has {len(grouped):,} calls. The first {MAX_TURNS:,} are shown.")
    found, seen = [], 0
    for index, call in enumerate(grouped[:MAX_TURNS]):
        is_last = index == len(grouped) - 1
        found.append(turn_of(call, index, frames=frames, seen=seen, is_last=is_last, budget=budget))
        seen = max((row.step for row in call.rows if row.step), default=seen)
    if lost := sum(row.reply is None for call in grouped for row in call.rows):
        notes.add(f"{lost:,} row{'s' if lost > 1 else ''} without the agent's reply: each is shown as a call of its own.")
    if lost := sum(row.step is None and row.is_action for call in grouped for row in call.rows):
        notes.add(f"{lost:,} row{'s' if lost > 1 else ''} without env_step: whether the world moved is not known.")
    if wrong := sum(len(mismatches(turn)) for turn in found):
        notes.add(f"{wrong:,} action{'s' if wrong > 1 else ''} named otherwise than in the plan (action id mismatch).")
    return tuple(found)


def _compare_counts(turns: Sequence[Turn], result: Row, has_rows: bool, notes: Notes) -> None:
    due, steps = whole(result.get("planner_steps")), whole(result.get("num_steps"))
    turns = [turn for turn in turns if turn.by != "perturbation"]
    told = sum(action.step is not None for turn in turns for action in turn.actions)
    if has_rows and due is not None and due != len(turns):
        notes.add(f"The log counts {due} planner call{'s' if due != 1 else ''}; {len(turns)} can be told apart.")
    if has_rows and steps is not None and steps != told:
        notes.add(f"The log counts {steps} step{'s' if steps != 1 else ''}; its rows show {told}.")


def _note_loops(turns: Sequence[Turn], notes: Notes) -> None:
    for loop in loops(turns):
        notes.add(loop.said)


def _episode(entry: Entry, turns: tuple[Turn, ...], rows: Sequence[Logged], result: Row, sidecar: Sidecar, notes: Notes) -> Episode:
    head = entry.head
    progress = next((row.progress for row in reversed(rows) if row.progress is not None), None)
    success = next((row.success for row in reversed(rows) if row.success is not None), None)
    logged_progress, logged_success = rate(result.get("task_progress")), flag(result.get("task_success"))
    if progress is not None and logged_progress is not None and abs(progress - logged_progress) > 1e-6:
        why = ("the step's is taken, since an empty plan or an unreadable reply at the end sets the result's to 0"
               if progress > logged_progress else "the result's is taken, since the last steps are not in the log")
        notes.add(f"The result file says progress {logged_progress:g}, the last step says {progress:g}: {why}.")
    if number(result.get("task_progress")) is not None and logged_progress is None:
        notes.add("The result file's progress is no share from 0 to 1: it is left out.")
    success = success or logged_success if success is None or logged_success else success
    known = [share for share in (progress, logged_progress) if share is not None]
    instruction = next((row.instruction for row in rows if row.instruction), "") or said(result.get("instruction"), 5_000)
    return Episode(
        world=sidecar.world or head.environment, task=sidecar.task, seed=sidecar.seed, number=entry.number,
        instruction=instruction, group=head.subset,
        agent=sidecar.agent or head.model or head.experiment, source="uploaded", layout=head.layout, turns=turns, success=success,
        progress=max(known, default=None),
        ended=ended(turns, success, BUDGETS.get(head.environment), has_invalid_limit=head.environment in HAS_INVALID_LIMIT)
        if sidecar.ended is None else sidecar.ended,
        reported=reported(result), notes=notes.all())


def ended(turns: Sequence[Turn], success: bool | None, budget: int | None, *, has_invalid_limit: bool = False) -> str:
    """Return why an episode ended, where its log lets one tell."""
    if success:
        return "task done"
    if turns and turns[-1].parse == "empty":
        return "empty plan"
    steps = [action for turn in turns for action in turn.actions if action.step is not None]
    if budget is not None and steps and (steps[-1].step or 0) >= budget:
        return "step limit"
    invalid = sum(action.ok is False for action in steps) + sum(turn.parse == "failed" and not turn.actions for turn in turns)
    return "too many invalid actions" if has_invalid_limit and invalid >= INVALID_LIMIT else ""
