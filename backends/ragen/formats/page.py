"""Trajectories as the project's page shows them: an index of tasks, and a file per task with a few trajectories each.

A step has a state, a thought and an action; the last one may have a state alone. The grid stands in a code fence. No rewards, no
groups. Source: the data of RAGEN's project page.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from backends.episode import MAX_TURNS, Action, Episode, Planned, State, Turn
from backends.files.archive import Files
from backends.files.logs import Notes, flag, number, said, whole
from backends.files.objects import Span
from backends.files.rows import Row
from backends.ragen.formats.turns import actions_of, state_of, within
from backends.ragen.rollouts import Entry, Rollout
from worlds.games.replies import written

MAX_TRAJECTORIES = 5_000  # of one file
_FENCE = re.compile(r"```[\w-]{0,20}\n?(.*?)\n?```", re.DOTALL)
_BETWEEN = re.compile(r"\|\||,")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)[ ]?%$")


def is_page(row: Row) -> bool:
    trajectories = row.get("trajectories")
    return isinstance(trajectories, dict) and any(isinstance(one, dict) and "steps" in one for one in trajectories.values())


def is_index(row: Row) -> bool:
    """Return whether an object is the page's list of tasks, which names the files with the trajectories."""
    tasks = row.get("tasks")
    return isinstance(tasks, list) and any(isinstance(task, dict) and "dataFile" in task for task in tasks)


def tasks_in(index: Row) -> tuple[str, ...]:
    """Return the files that an index names."""
    tasks = index.get("tasks")
    tasks = tasks[:200] if isinstance(tasks, list) else []
    return tuple(said(task.get("dataFile"), 200) for task in tasks if isinstance(task, dict))


def entries_of(page: Row, span: Span, name: str) -> Iterator[Entry]:
    """Yield the light entries of a task."""
    trajectories = page["trajectories"]
    assert isinstance(trajectories, dict)
    for key, one in list(trajectories.items())[:MAX_TRAJECTORIES]:
        if isinstance(one, dict):
            told = _told(one)
            yield Entry("page", name, *span, part=said(key, 200), tag=said(page.get("taskName"), 80),
                        success=flag(one.get("success")), turns=len(told), is_empty=not told)


def _steps(one: Row) -> list[Row]:
    steps = one.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _told(one: Row) -> list[Row]:
    """Return the steps in which the agent said something."""
    return [step for step in _steps(one) if step.get("reasoning") or step.get("action")]


def read_page(files: Files, entry: Entry, page: Row) -> Rollout:
    """Return one trajectory whole."""
    notes = Notes()
    trajectories = page.get("trajectories")
    one = trajectories.get(entry.part) if isinstance(trajectories, dict) else None
    one = one if isinstance(one, dict) else {}
    told, steps = _told(one), _steps(one)
    if len(told) > MAX_TURNS:
        notes.add(f"The trajectory has {len(told):,} steps. The first {MAX_TURNS:,} are shown.")
    names = frozenset(files.names)
    made = (_turn(step, index, entry.tag, _frame(names, entry.file, step)) for index, step in enumerate(told[:MAX_TURNS]))
    turns = tuple(within(made, notes))
    if any(not turn.frame and _image(step) for turn, step in zip(turns, told)):
        notes.add("Pictures that the file names were not brought with it.")
    is_last_alone = bool(steps) and not (steps[-1].get("reasoning") or steps[-1].get("action"))
    reported = {name: share for name, key in (("valid", "validActionRate"), ("effective", "effectiveActionRate"))
                if (share := _share(one.get(key))) is not None}
    total = whole(one.get("totalSteps"))
    episode = Episode(
        world=entry.tag, task=said(one.get("name"), 200), source="uploaded", layout="page", turns=turns, success=entry.success,
        instruction=said(one.get("description"), 5_000) or said(page.get("taskDescription"), 5_000),
        reported={**reported, **({} if total is None else {"total_steps": float(total)})}, notes=notes.all())
    return Rollout(tag=entry.tag, final=_state(steps[-1]) if is_last_alone else None, episode=episode)


def _state(step: Row) -> State | None:
    state = step.get("state")
    text = said(state.get("description")) if isinstance(state, dict) else said(state)
    match = _FENCE.search(text)
    return state_of(match[1] if match else text)


def _turn(step: Row, index: int, tag: str, frame: str) -> Turn:
    thought, answer = said(step.get("reasoning")), said(step.get("action"))
    names = [name.strip() for name in _BETWEEN.split(answer) if name.strip()]
    ids = {name.lower(): own for own, name in (actions_of(tag) or {}).items()}
    planned = tuple(Planned(id=ids.get(name.lower(), ""), name=said(name, 500)) for name in names[:100])
    actions = tuple(Action(id=one.id, name=one.name) for one in planned)
    return Turn(index=index, state=_state(step), frame=frame, reply=said(written(thought, answer)), thought=thought, answer=answer,
                planned=planned, actions=actions, parse="ok" if planned else "empty")


def _image(step: Row) -> str:
    state = step.get("state")
    return said(state.get("image"), 500) if isinstance(state, dict) else ""


def _frame(names: Collection[str], beside: str, step: Row) -> str:
    """Return the name of a step's picture in what was brought: below the folder of the file, or by its end."""
    path = _image(step).lstrip("./")
    if not path:
        return ""
    folder = beside.rpartition("/")[0]
    tries: Sequence[str] = (f"{folder}/{path}".lstrip("/"), path)
    return next((name for name in tries if name in names), "")


def _share(value: object) -> float | None:
    match = _SHARE.match(said(value, 20))
    return float(match[1]) / 100 if match else number(value)
