"""One light entry per episode of a run, from its smallest file.

An episode's line comes from its result file. Where that is missing, or gives a progress of 0, which it also does after an empty plan
or an unreadable last reply, the step file is asked.
"""

from dataclasses import replace

from backends.era.formats.calls import UNREADABLE, logged
from backends.era.formats.household import chosen, grouped_calls, last_attempt
from backends.era.formats.listing import Entry, Head, Parts
from backends.era.formats.names import Shelf, steps_of
from backends.era.formats.wrapper import instruction_of, is_step, progress_of, steps_in, success_of
from backends.files.archive import Files
from backends.files.logs import MAX_LINES, Line, Notes, flag, number, object_in, object_of, one_per_line, rate, said, text_of, whole
from backends.files.rows import Row


def entry_of_run(files: Files, shelf: Shelf, head: Head, k: int) -> Entry:
    """Return the entry of episode k of a run; a wrapper's log counts only where the benchmark wrote none of its own."""
    is_logged = any(k in kind for kind in (shelf.steps, shelf.rows, shelf.finals, shelf.results, shelf.planners))
    if k in shelf.logs and not is_logged:
        return _of_wrapper(files, shelf, replace(head, layout="wrapper"), k)
    own = Notes()
    pictures = sorted(shelf.frames.get(k, ()), key=lambda frame: (frame.step, frame.stamp, frame.name))
    steps = tuple(sorted([*shelf.steps.get(k, ()), *([shelf.rows[k]] if k in shelf.rows else [])]))
    is_table = head.layout == "manipulation"
    parts = Parts(result=(shelf.results if is_table else shelf.finals).get(k, ""), steps=() if is_table else steps,
                  planner=shelf.planners.get(k, "") if is_table else "", sidecar=shelf.sidecars.get(k, ""),
                  frames=tuple(frame.name for frame in pictures))
    row = object_of(files, parts.result, own)
    due = whole(row.get("num_steps"))
    entry = Entry(
        head, k, parts, said(row.get("instruction"), 5_000), flag(row.get("task_success")), rate(row.get("task_progress")), due,
        whole(row.get("planner_steps")), _invalid(row, is_table), _errors(row), notes=own.all())
    name = chosen(steps, due, files.written) if not is_table else ""
    if name and not row:
        return _of_rows(files, entry, name)
    return _of_tail(files, entry, name) if name and not entry.progress else entry


def _invalid(row: Row, is_table: bool) -> int | None:
    listed = row.get("action_success")
    if is_table and isinstance(listed, list):
        return sum(flag(value) is False for value in listed[:whole(row.get("num_steps"))])  # all of them where it is not told
    return whole(row.get("num_invalid_actions"))


def _errors(row: Row) -> int | None:
    """Return the output errors; EB-Manipulation counts an empty plan as -1 of them."""
    errors = row.get("planner_output_error")
    return 0 if (number(errors) or 0) < 0 else whole(errors)


def _of_rows(files: Files, entry: Entry, name: str) -> Entry:
    """Return the entry of an episode of which only the step file is there."""
    own = Notes()
    rows = last_attempt(text_of(files, name, own), name, own, environment=entry.head.environment)
    steps = [row.step for row in rows if row.step is not None]
    return replace(
        entry, instruction=next((row.instruction for row in rows if row.instruction), ""),
        success=next((row.success for row in reversed(rows) if row.success is not None), None),
        progress=next((row.progress for row in reversed(rows) if row.progress is not None), None),
        steps=max(steps, default=steps_of(name) or None), planner_calls=len(grouped_calls(rows, entry.head.layout)) or None,
        invalid=sum(row.ok is False for row in rows) if rows else None,
        output_errors=sum(row.id == UNREADABLE for row in rows) if rows else None, notes=(*entry.notes, *own.all()))


def _of_tail(files: Files, entry: Entry, name: str) -> Entry:
    """Return the entry with the progress of the step file's last row that has it; the other rows stay unread."""
    own = Notes()
    text = one_per_line(text_of(files, name, own), name, own)
    for count, line in enumerate(reversed(text.rstrip().split("\n") if text.count("\n") < MAX_LINES else [])):
        row = object_in(line)
        if row is not None and "task_progress" in row:
            last = logged(Line(count, row, False))
            return replace(entry, instruction=entry.instruction or last.instruction,
                           success=entry.success if last.success is None else last.success,
                           progress=entry.progress if last.progress is None else last.progress)
    return entry


def _of_wrapper(files: Files, shelf: Shelf, head: Head, k: int) -> Entry:
    own = Notes()
    rows = steps_in(files, shelf.logs[k], own)
    folder = shelf.logs[k].rpartition("/")[0]
    pictures = sorted(shelf.frames.get(k, ()), key=lambda frame: (frame.step, frame.name))
    steps = [row for row in rows if is_step(row)]
    progress = next((value for row in reversed(rows) if (value := progress_of(row)) is not None), None)
    return Entry(head, k, Parts(result=shelf.logs[k], frames=tuple(frame.name for frame in pictures), others=(folder,)),
                 instruction_of(rows), success_of(rows), progress, len(steps), notes=own.all())
