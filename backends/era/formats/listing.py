"""What somebody's archive of logs holds: runs, and a light entry for each of their episodes, made without reading a frame."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from pydantic import JsonValue

from backends.files.rows import counted

Layout = Literal["rows", "manipulation", "navigation", "wrapper", "vagen", "training", "trajectories", "prior"]

SAID: dict[Layout, str] = {
    "rows": "EmbodiedBench, high-level skills", "manipulation": "EmbodiedBench, gripper poses",
    "navigation": "EmbodiedBench, navigation", "wrapper": "a wrapper's log.json", "vagen": "VAGEN's dump",
    "training": "ERA's RL training log", "trajectories": "EmbodiedBench's trajectory data set",
    "prior": "ERA's prior-learning data set"}
ENVIRONMENTS = {"eb_alfred": "EB-ALFRED", "eb_habitat": "EB-Habitat", "eb_manipulation": "EB-Manipulation",
                "eb_navigation": "EB-Navigation"}
WORLD = "orrery_world"  # in the config.txt of an episode of ours
DRAWN = {"minihome": "Drawn home", "minitable": "Drawn table top"}  # what a config of ours calls its world
SECOND = "second upload"  # the folder in which logs stand that were brought beside others: it names neither model nor experiment
UNKNOWN = "unknown"
MAX_NUMBER = 1_000_000  # of an episode that can be asked for, as the settings have it
WOULD_WORK = ("a folder or .zip with logs of EmbodiedBench (episode_1_step_9.json, results/episode_1_final_res.json, "
              "results/episode_1_res.json), a wrapper's episode_1/log.json, a dump of VAGEN, ERA's "
              "conversation_history_step_1.txt, or a data set of trajectories as .json")


def of_same_upload(names: Iterable[str], name: str) -> tuple[str, ...]:
    """Return the names that were brought together with one of them."""
    return tuple(other for other in names if is_second(other) == is_second(name))


def is_second(name: str) -> bool:
    """Return whether a file or folder was brought beside others."""
    return name.replace("\\", "/").partition("/")[0] == SECOND


@dataclass(frozen=True)
class Head:
    """Where a run comes from; what its folders and its config.txt do not say is empty."""

    layout: Layout
    root: str  # folder in the archive
    environment: str = ""
    model: str = ""
    experiment: str = ""
    subset: str = UNKNOWN
    challenge: bool = False  # of the benchmark's challenge, whose zips hold step files only


@dataclass(frozen=True)
class Parts:
    """The names in the archive that make up one episode; empty where it has none."""

    result: str = ""
    steps: tuple[str, ...] = ()  # several where it was run again
    planner: str = ""
    sidecar: str = ""
    frames: tuple[str, ...] = ()  # by step
    others: tuple[str, ...] = ()
    span: tuple[int, int] | None = None  # characters of a file that holds many episodes


@dataclass(frozen=True)
class Entry:
    """One line of the table of episodes; None is what the log does not say."""

    head: Head
    number: int  # by which it is asked for: no other one of its run has it
    parts: Parts
    instruction: str = ""
    success: bool | None = None
    progress: float | None = None
    steps: int | None = None
    planner_calls: int | None = None
    invalid: int | None = None
    output_errors: int | None = None
    seed: int | None = None
    task: str = ""
    notes: tuple[str, ...] = ()

    @property
    def thumbnail(self) -> str:
        """The name of the last frame, or nothing."""
        return self.parts.frames[-1] if self.parts.frames else ""


@dataclass(frozen=True)
class LogRun:
    """One run of an agent over one subset of tasks."""

    head: Head
    entries: tuple[Entry, ...]
    config: dict[str, JsonValue] | None = None  # None where config.txt is missing or no dictionary
    config_text: str = ""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        head = self.head
        kind = DRAWN.get(str((self.config or {}).get(WORLD)), "") or ENVIRONMENTS.get(head.environment, head.environment)
        kind = kind or SAID[head.layout]
        return " · ".join(part for part in (kind, head.model, head.experiment, head.subset, SECOND if self.is_second else "") if part)

    @property
    def is_second(self) -> bool:
        """Whether it was brought beside other logs."""
        return is_second(self.head.root)


def numbered(run: LogRun) -> LogRun:
    """Return a run whose episodes can each be asked for: a number that is taken, or too large, gives way to a free one."""
    taken: set[int] = set()
    large: list[int] = []
    again: list[int] = []
    for place, entry in enumerate(run.entries):
        if entry.number > MAX_NUMBER:
            large.append(place)
        elif entry.number in taken:
            again.append(place)
        else:
            taken.add(entry.number)
    entries, following = list(run.entries), max(taken, default=0) + 1
    free = (number for number in chain(range(following, MAX_NUMBER + 1), range(1, following)) if number not in taken)
    for place in large:
        wanted = place + 1 if place + 1 not in taken else next(free)
        entries[place] = replace(entries[place], number=wanted)
        taken.add(wanted)
    for place in again:
        entries[place] = replace(entries[place], number=next(free))
        taken.add(entries[place].number)
    notes: list[str] = []
    if large:
        notes.append(_said(len(large), f"a number above {MAX_NUMBER:,}", "numbered by place"))
    if again:
        notes.append(_said(len(again), "the number of an earlier one", f"numbered on, from {entries[again[0]].number:,}"))
    return replace(run, entries=tuple(entries), notes=(*run.notes, *notes)) if notes else run


def _said(count: int, what: str, done: str) -> str:
    return f"{counted(count, 'episode')} with {what}: {'it is' if count == 1 else 'they are'} {done}."


@dataclass(frozen=True)
class SplitTask:
    """One task of splits.json; the parts of its folder's name say what it is about."""

    instruction: str
    task: str = ""
    repeat: int | None = None
    kind: str = ""  # pick_clean_then_place_in_recep, ...
    object: str = ""
    movable: str = ""  # receptacle that is carried too
    target: str = ""
    scene: str = ""


@dataclass(frozen=True)
class Brought:
    """Everything that was recognised."""

    runs: tuple[LogRun, ...]
    splits: dict[str, tuple[SplitTask, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def num_episodes(self) -> int:
        return sum(len(run.entries) for run in self.runs)
