"""What an archive holds, by run: names first, then the small files; no frame is read, and no reply more than is needed.

What is not recognised is passed over; only where nothing is, is the archive refused.
"""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from pydantic import JsonValue

from backends.era.formats.entries import entry_of_run
from backends.era.formats.listing import (
    UNKNOWN,
    WOULD_WORK,
    Brought,
    Entry,
    Head,
    Layout,
    LogRun,
    Parts,
    SplitTask,
    is_second,
    numbered,
)
from backends.era.formats.names import Place, Shelf, own_root, place_of, shelves, subset_of
from backends.era.formats.prior import entries_of, is_sample
from backends.era.formats.sets import splits_of
from backends.era.formats.training import is_conversation, training_run
from backends.era.formats.trajectories import entry_of, is_trajectory
from backends.files.archive import Files, is_junk
from backends.files.cells import unfolded
from backends.files.logs import Notes, lines_of, object_in, object_of, one_per_line, plain, said, short, text_of, value_of
from backends.files.objects import items_in, set_text
from backends.files.rows import Row, counted
from backends.files.vagen import Dump, dumps, outcome
from worlds.errors import InputError

MAX_EPISODES = 20_000  # of one archive
MAX_SETS = 20  # unnamed JSON files that are looked into
MAX_CONFIG = 50_000  # characters
_ROW_KEYS = {"action_id", "action_description", "env_step", "env_feedback", "last_action_success", "task_success", "reasoning"}


def found(files: Files) -> Brought:
    """Return the runs in an archive or a folder, each with a light entry per episode.

    Raises:
        InputError: nothing in it is a log of an embodied agent that is read here.
    """
    notes = Notes()
    names = [name for name in files.names if not is_junk(name.replace("\\", "/"))]
    dumped = dumps(names)
    taken = {name for dump in dumped for name in (*dump.names.values(), *dump.images)}
    shelved, rest = shelves(name for name in names if name not in taken)
    runs = [_run(files, shelf) for shelf in shelved if _is_ours(files, shelf)]
    runs += _dumped(files, dumped)
    more, splits, is_all = _others(files, rest, runs, notes)
    runs = sorted((run for run in [*runs, *more] if run.entries), key=lambda run: run.is_second)  # the others keep their numbers
    runs = [numbered(run) for run in _bounded(runs, notes, is_all=is_all)]
    if not runs and not splits:
        raise InputError(_refusal(names, notes, is_empty=not files.names))
    return Brought(tuple(runs), splits, notes.all())


def _refusal(names: Sequence[str], notes: Notes, *, is_empty: bool) -> str:
    what = "What was brought is empty, and not" if is_empty else "What was brought holds hidden files alone, and is not"
    if names:
        what = f"None of the {len(names):,} files is" if len(names) > 1 else f"{said(names[0], 80)!r} is not"
    reason = f" ({notes.all()[0][:-1]})" if notes.all() else ""
    return f"{what} a log of an embodied agent that is read here{reason}. Bring {WOULD_WORK}."


def _bounded(runs: list[LogRun], notes: Notes, *, is_all: bool) -> list[LogRun]:
    left, kept = MAX_EPISODES, []
    for run in runs:
        kept.append(run if len(run.entries) <= left else LogRun(run.head, run.entries[:left], run.config, run.config_text, run.notes))
        left -= len(kept[-1].entries)
    if (total := sum(len(run.entries) for run in runs)) > MAX_EPISODES:
        count = f"{total:,}" if is_all else f"more than {MAX_EPISODES:,}"
        notes.add(f"There are {count} episodes. The first {MAX_EPISODES:,} are listed.")
    return [run for run in kept if run.entries]


def _is_ours(files: Files, shelf: Shelf) -> bool:
    """Return whether a run's files are what their names say; episode_1.json may be anybody's, and one of the first must be a log."""
    if shelf.finals or shelf.results or shelf.planners or shelf.steps:
        return True
    if not _has_rows(files, shelf):
        shelf.rows.clear()
    return bool(shelf.logs or shelf.rows)


def _has_rows(files: Files, shelf: Shelf) -> bool:
    quiet = Notes()
    for name in list(shelf.rows.values())[:MAX_SETS]:
        text = text_of(files, name, quiet)
        if any(not _ROW_KEYS.isdisjoint(line.row) for line in lines_of(text[:MAX_CONFIG], name, quiet)[:5]):
            return True
    return False


def _run(files: Files, shelf: Shelf) -> LogRun:
    """Return the run whose files stand on one shelf."""
    own = Notes()
    text = text_of(files, shelf.config, own)[:MAX_CONFIG]
    config = _config(text)
    place = place_of(shelf.root)
    layout = _layout(shelf)
    environment = place.environment or _environment(layout, shelf.root, _first_rows(files, shelf))
    if layout in ("rows", "navigation"):
        layout = "navigation" if environment == "eb_navigation" else "rows"
    head = _head(shelf, layout, environment, place, config)
    if text and config is None:
        own.add("config.txt is no dictionary; it is shown as text.")
    entries = [entry_of_run(files, shelf, head, number) for number in shelf.episodes]
    if head.subset == UNKNOWN and layout != "wrapper":
        own.add("The folder's name is none of the benchmark's subsets: the subset is unknown.")
    return LogRun(head, tuple(entries), config, said(text), own.all())


def _layout(shelf: Shelf) -> Layout:
    if shelf.results or shelf.planners:
        return "manipulation"
    if shelf.logs and not shelf.finals and not shelf.steps and not shelf.rows:
        return "wrapper"
    has_stamps = any(frame.stamp for own in shelf.frames.values() for frame in own[:1])  # as EB-Navigation's alone have
    return "navigation" if has_stamps or (shelf.rows and not shelf.steps) else "rows"


def _config(text: str) -> dict[str, JsonValue] | None:
    try:
        value = unfolded(text)
    except InputError:
        return None
    kept = plain(value)
    return kept if isinstance(kept, dict) else None


def _head(shelf: Shelf, layout: Layout, environment: str, place: Place, config: dict[str, JsonValue] | None) -> Head:
    config = config or {}
    model = said(config.get("model_name"), 200).rpartition("/")[2]
    experiment = said(config.get("exp_name"), 200)
    if layout == "manipulation":
        names = ("", "", *place.above)[-2:]
        model, experiment = model or (names[0] or names[1]), experiment or (names[1] if names[0] else "")
    elif place.above and layout != "wrapper":
        folder = place.above[-1]
        if model and folder.startswith(model):
            experiment = experiment or folder[len(model):].lstrip("_")
        elif place.is_challenge:
            experiment = experiment or folder
        else:
            model = model or folder  # "{model}_{experiment}": where one ends and the other begins is not told
    subset = place.subset
    listed = config.get("eval_sets")
    if subset == UNKNOWN and not own_root(shelf.root) and isinstance(listed, list) and len(listed) == 1:
        subset = subset_of(said(listed[0], 80))
    return Head(layout, shelf.root, environment, model, experiment, subset, place.is_challenge)


def _first_rows(files: Files, shelf: Shelf) -> list[Row]:
    """Return the first objects in a run's files, which tell its environment where no folder does."""
    quiet = Notes()
    names = [*shelf.rows.values()][:1] + [own[0] for own in shelf.steps.values()][:1]
    texts = [text_of(files, name, quiet) for name in names]
    rows = [row for text in texts if (row := object_in(one_per_line(text, "", quiet).lstrip().partition("\n")[0]))]
    return [*rows, *(object_of(files, name, quiet) for name in list(shelf.finals.values())[:1])]


def _environment(layout: Layout, root: str, rows: Sequence[Row]) -> str:
    """Return the environment that the keys inside tell; a wrapper's folder is named after it."""
    if layout in ("manipulation", "wrapper"):
        return "eb_manipulation" if layout == "manipulation" else said(root.rpartition("/")[2], 80)
    if layout == "navigation" or any("distance" in row for row in rows):
        return "eb_navigation"
    if any("subgoal_reward" in row or isinstance(row.get("episode_elapsed_seconds"), list) for row in rows):
        return "eb_habitat"
    return "eb_alfred" if layout == "rows" and any("action_id" in row or "num_steps" in row for row in rows) else ""


def _dumped(files: Files, dumped: Sequence[Dump]) -> list[LogRun]:
    """Return VAGEN's dumps, a run per folder that holds them."""
    by_tag: dict[str, list[Entry]] = {}
    heads: dict[str, Head] = {}
    for dump in dumped:
        own = Notes()
        ended = outcome(files, dump, own)
        tag = dump.tag.rpartition("/")[2]
        head = heads.setdefault(dump.tag, Head("vagen", dump.tag, ended.environment, "", said(tag, 80), ""))
        entries = by_tag.setdefault(dump.tag, [])
        entries.append(Entry(head, len(entries) + 1, Parts(result=dump.folder, frames=dump.images, others=tuple(dump.names.values())),
                             success=ended.success, steps=ended.turns, planner_calls=ended.turns, seed=ended.seed,
                             task=ended.environment, notes=own.all()))
    return [LogRun(heads[tag], tuple(entries)) for tag, entries in by_tag.items()]


def _others(files: Files, names: Sequence[str], named: Sequence[LogRun],
            notes: Notes) -> tuple[list[LogRun], dict[str, tuple[SplitTask, ...]], bool]:
    """Return what is told by its contents: training logs, data sets, splits; and whether all was looked into.

    Args:
        named: the runs that were told by their names, and are listed before them.
    """
    room, is_all = _Room(named), True
    runs: list[LogRun] = []
    splits: dict[str, tuple[SplitTask, ...]] = {}
    looked = 0
    for name in names:
        base = PurePosixPath(name.replace("\\", "/")).name
        if is_conversation(base):
            run = training_run(files, name, notes) if room.left(name) >= 0 else None
            is_all &= room.left(name) >= 0
            runs += room.taken([run] if run else [])
        elif base == "splits.json" and isinstance(row := value_of(files, name, notes), dict):
            splits |= splits_of(row)
        elif base.endswith((".json", ".jsonl")):
            looked += 1
            if looked <= MAX_SETS:
                left = room.left(name)
                runs += room.taken(_of_set(files, name, left + 1, notes) if left >= 0 else [])  # one more tells that there are more
                is_all &= room.left(name) >= 0
    if looked > MAX_SETS:
        notes.add(f"Not looked into: {counted(looked - MAX_SETS, 'more JSON file')}. Of those whose names say nothing, {MAX_SETS} "
                  "are.")
    if splits:
        notes.add(f"splits.json lists {sum(map(len, splits.values())):,} tasks of {len(splits)} subsets; it holds no episodes.")
    return runs, splits, is_all


class _Room:
    """Counts how many more episodes are listed; those of a first upload stand before all of a second."""

    def __init__(self, runs: Iterable[LogRun]) -> None:
        self._counts = {False: 0, True: 0}
        self.taken(list(runs))

    def taken(self, runs: list[LogRun]) -> list[LogRun]:
        """Return the runs, counted."""
        for run in runs:
            self._counts[run.is_second] += len(run.entries)
        return runs

    def left(self, name: str) -> int:
        """Return for how many of a file's episodes there is room; below 0 where there are too many before it."""
        return MAX_EPISODES - self._counts[False] - (self._counts[True] if is_second(name) else 0)


def _of_set(files: Files, name: str, most: int, notes: Notes) -> list[LogRun]:
    """Return the runs of a data set, with its first episodes; none where a JSON file is something else."""
    own = Notes()
    text = set_text(files, name, own)
    if '"trajectory"' not in text and '"conversations"' not in text:
        return []
    items = items_in(text, short(name), own)
    by_head: dict[Head, list[Entry]] = {}
    has_samples, count = False, 0
    for place, (row, span) in enumerate(items, 1):
        if is_trajectory(row):
            entry = entry_of(row, span, name, place)
            by_head.setdefault(entry.head, []).append(entry)
            count += 1
        has_samples |= is_sample(row)
        if count == most:
            break
    if has_samples and count < most:  # a second time through, so that never more than one is held
        samples = ((row, span) for row, span in items_in(text, short(name), own) if is_sample(row))
        for entry in entries_of(samples, name, most - count):
            by_head.setdefault(entry.head, []).append(entry)
    for note in own.all():
        notes.add(note)
    return [LogRun(head, tuple(entries), notes=own.all()) for head, entries in by_head.items()]
