"""Reads logs that somebody brought: what there is by iteration and group, and the rollouts of one group whole."""

from backends.files.archive import open_upload
from backends.knobs import UPLOAD
from backends.ragen.formats import LIMITS, found, rollout
from backends.ragen.formats.turns import size_of
from backends.ragen.measures import repeated
from backends.ragen.results import MAX_CURVES, MAX_LISTED, MAX_SHOWN, Logs
from backends.ragen.rollouts import MAX_POINTS, SAID, Brought, Entry, Rollout
from backends.ragen.settings import RagenSettings
from backends.run import Inputs
from worlds.errors import InputError

MAX_DONE_SHOWN = 100_000  # turns, and actions named and carried out in them, of all rollouts that are shown
FIRST = -1  # of a setting: the first that there is


def read(settings: RagenSettings, inputs: Inputs) -> tuple[Logs, tuple[str, ...]]:
    """Return what is to be shown of some logs, and what is to be said of how they were read.

    Raises:
        InputError: they hold nothing that is read here, or not the iteration or group that is asked for.
    """
    name = settings.file.removeprefix(UPLOAD)
    files = open_upload(inputs.file(name), name, limits=LIMITS)
    brought, notes = found(files), []
    at = _chosen(settings.at, brought.iterations, "iteration") if brought.entries else None
    entries = brought.of_iteration(at) if brought.entries else ()
    groups = tuple(sorted({entry.group for entry in entries}, key=lambda group: (group is None, group or 0)))
    group = _chosen(settings.group, groups, "group") if groups else None
    rollouts: list[Rollout] = []
    size = 0
    for entry in [entry for entry in entries if entry.group == group][:MAX_SHOWN]:
        try:
            one = rollout(files, entry)
        except InputError as error:
            notes.append(str(error))
            continue
        size += size_of(one.episode.turns)
        if size > MAX_DONE_SHOWN:
            notes.append(f"Of the episodes of this group {len(rollouts)} are shown whole: at most {MAX_DONE_SHOWN:,} turns and "
                         "actions are, of all together.")
            break
        rollouts.append(one)
    return _told(brought, entries, groups, (at, group), rollouts), (*brought.notes, *notes)[:100]


def _chosen(wanted: int, known: tuple[int | None, ...], what: str) -> int | None:
    if wanted == FIRST or known == (None,):
        return known[0]
    if wanted not in known:
        some = ", ".join(str(number) for number in known[:8])
        raise InputError(f"There is no {what} {wanted} in these logs. There are {some}{', ...' if len(known) > 8 else ''}.")
    return wanted


def _told(brought: Brought, entries: tuple[Entry, ...], groups: tuple[int | None, ...], shown: tuple[int | None, int | None],
          rollouts: list[Rollout]) -> Logs:
    curves = dict(list(brought.curves.items())[:MAX_CURVES])
    thoughts = [turn.thought or turn.reply for one in rollouts for turn in one.episode.turns]
    return Logs(layouts=tuple(SAID[layout] for layout in brought.layouts), num_rollouts=len(brought.entries),
                iterations=brought.iterations[:MAX_POINTS], groups=groups[:MAX_LISTED], at=shown[0], group=shown[1],
                entries=entries[:MAX_LISTED], rollouts=tuple(rollouts), curves=curves, repeated=repeated(thoughts))
