"""How tests read logs that were just made."""

from backends.episode import Episode, Turn
from backends.era.formats import Entry, LogRun, episode, found
from tests.backends.era.made_logs import Logs, below, opened


def only(logs: Logs) -> tuple[LogRun, Entry, Episode]:
    """The first run, its first entry and the whole episode."""
    files = opened(logs)
    run = found(files).runs[0]
    return run, run.entries[0], episode(files, run.entries[0])


def in_base(logs: Logs) -> Logs:
    return below("running/eb_alfred/vlm-3b_baseline/base", logs)


def shape(turns: tuple[Turn, ...]) -> list[tuple[str, int, int, str]]:
    return [(turn.parse, len(turn.planned), len(turn.actions), turn.cut) for turn in turns]


def ends(names: list[str]) -> list[str]:
    return [name.rpartition("/")[2] for name in names]
