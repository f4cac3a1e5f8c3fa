"""Reads logs that somebody brought: every run, the episode that was asked for, and what the episodes of its run come to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from backends.era.comparing import Compared, compared, parted
from backends.era.facts import Facts, of_entry, of_episode
from backends.era.formats import SECOND, Brought, Entry, LogRun, episode, found
from backends.era.formats.listing import SAID
from backends.era.results import MAX_CONFIGURED, MAX_LINES, MAX_LOGS, Counting, Line, Log
from backends.era.settings import SHIPPED, EraSettings
from backends.era.shipped_logs import place_of
from backends.era.statistics import statistics
from backends.files.archive import Files, joined, open_upload
from backends.knobs import UPLOAD
from backends.run import Inputs, Progress
from worlds.errors import InputError

COUNTED = 2_000  # episodes that are read whole for the statistics
MOST_WHOLE = 300  # of two runs beside each other: episodes of each that are read whole


def sources(settings: EraSettings) -> tuple[str, ...]:
    """The names of the files that some settings replay: one, or two that are held beside each other."""
    return tuple(name.removeprefix(UPLOAD) for name in (settings.file, settings.beside) if name)


def places(settings: EraSettings, of_upload: Callable[[str], Path]) -> tuple[tuple[str, Path], ...]:
    """The same with where each lies: an upload, or logs that come with the app."""
    chosen = [text for text in (settings.file, settings.beside) if text]
    return tuple((name, place_of(text) if text in SHIPPED.values() else of_upload(name))
                 for text, name in zip(chosen, sources(settings), strict=True))


def opened(brought: Sequence[tuple[str, Path]]) -> Files:
    """The files of what was brought, one upload or two; those of the second stand in a folder of their own.

    Args:
        brought: name and place of each.
    Raises:
        InputError: one is damaged, or too large.
    """
    first, *others = (open_upload(path, name) for name, path in brought)
    return joined(first, others[0], below=SECOND) if others else first


def check_both(brought: Brought, settings: EraSettings, inputs: Inputs) -> None:
    """See that each of two uploads holds logs.

    Raises:
        InputError: one holds none; the sentence says which, and what it was taken for.
    """
    are_second = {run.is_second for run in brought.runs}
    if not settings.beside or are_second == {True, False}:
        return
    name, place = places(settings, inputs.file)[1 if True not in are_second else 0]
    try:
        found(opened([(name, place)]))
    except InputError as error:
        raise InputError(f"Of the two uploads {name[:80]!r} holds no logs. {error}") from error
    raise InputError(f"Of the two uploads {name[:80]!r} holds no episode, only lists of tasks. Bring the logs of a run.")


def unlisted(brought: Brought) -> tuple[str, ...]:
    """What is to be said of runs that no list shows."""
    count = len(brought.runs)
    return (f"There are {count:,} runs. The first {MAX_LOGS:,} are listed.",) if count > MAX_LOGS else ()


def chosen(brought: Brought, settings: EraSettings) -> tuple[LogRun, Entry]:
    """The run and the episode that some settings name.

    Raises:
        InputError: there is no such run or episode.
    """
    if not brought.runs:
        raise InputError("There is no episode in these logs, only lists of tasks. Bring the logs of a run.")
    listed = min(len(brought.runs), MAX_LOGS)
    if settings.log >= listed:
        raise InputError(f"There is no run {settings.log} in these logs. They are numbered 0 to {listed - 1}.")
    run = brought.runs[settings.log]
    if settings.episode < 0:
        return run, run.entries[0]
    entry = next((entry for entry in run.entries if entry.number == settings.episode), None)
    if entry is None:
        numbers = ", ".join(str(entry.number) for entry in run.entries[:8])
        raise InputError(f"There is no episode {settings.episode} in this run. It has {numbers}"
                         f"{', ...' if len(run.entries) > 8 else ''}.")
    return run, entry


def log_of(run: LogRun) -> Log:
    """What is told of a run."""
    config = dict(list((run.config or {}).items())[:MAX_CONFIGURED])
    return Log(title=run.title[:300], layout=SAID[run.head.layout], environment=run.head.environment[:300],
               model=run.head.model[:300], experiment=run.head.experiment[:300], subset=run.head.subset[:300],
               num_episodes=len(run.entries), config=config,
               is_second=run.is_second, notes=run.notes[:100])


def line_of(entry: Entry, suggested: tuple[str, ...] = ()) -> Line:
    """What is told of an episode in the table of its run."""
    return Line(number=max(0, entry.number), instruction=entry.instruction[:1_000], group=entry.head.subset[:300],
                success=entry.success, progress=entry.progress, steps=entry.steps, calls=entry.planner_calls, invalid=entry.invalid,
                output_errors=entry.output_errors, suggested=suggested)


def counted(files: Files, run: LogRun) -> Iterator[Progress | Counting]:
    """Read the episodes of a run whole, as many as that is worth, and say what they come to; the others count by their line."""
    facts: list[Facts] = []
    for number, entry in enumerate(run.entries):
        if number % 25 == 0:
            yield Progress(number / len(run.entries), f"Episode {number + 1} of {len(run.entries)}")
        try:
            facts.append(of_episode(episode(files, entry)) if number < COUNTED else of_entry(entry))
        except InputError:
            facts.append(of_entry(entry))
    lines = tuple(line_of(entry, one.suggested) for entry, one in zip(run.entries[:MAX_LINES], facts))
    yield Counting(statistics=statistics(facts), lines=lines)


def beside(files: Files, first: int, second: int) -> Compared:
    """Two runs beside each other; only the episodes whose outcomes differ are read whole, for the step at which they part.

    Raises:
        InputError: nothing can be read any more.
    """
    runs = found(files).runs
    light = compared([of_entry(entry) for entry in runs[first].entries], [of_entry(entry) for entry in runs[second].entries])
    ones, others = ({of_entry(entry).key: entry for entry in runs[number].entries} for number in (first, second))
    differing = [pair for pair in light.pairs if pair.differs]
    steps = {pair.first.key: parted(_names(files, ones[pair.first.key]), _names(files, others[pair.second.key]))
              for pair in differing[:MOST_WHOLE]}
    pairs = tuple(replace(pair, diverges=steps.get(pair.first.key)) for pair in light.pairs)
    left = len(differing) - MOST_WHOLE
    notes = (f"The first different step is looked for in {MOST_WHOLE} of {len(differing):,} episodes.",) if left > 0 else ()
    return replace(light, pairs=pairs, notes=(*light.notes, *notes))


def _names(files: Files, entry: Entry) -> tuple[str, ...]:
    """What was done; nothing where the episode cannot be read."""
    try:
        return of_episode(episode(files, entry)).names
    except InputError:
        return ()


def logs_of(brought: Brought) -> tuple[Log, ...]:
    """Every run of what was brought."""
    return tuple(log_of(run) for run in brought.runs[:MAX_LOGS])


def lines_of(run: LogRun) -> tuple[Line, ...]:
    """The table of a run."""
    return tuple(line_of(entry) for entry in run.entries[:MAX_LINES])
