"""The names of files in logs: which of them belong to which run and episode. Nothing is read here.

People zip a subset, an experiment or all of `running/`, below any number of folders of their own. So a run is found by its step or
result files, and its subset, experiment and model are the folders above them, as far as there are any.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from backends.era.formats.listing import SECOND, UNKNOWN
from backends.files.archive import is_junk

SUBSETS = ("base", "common_sense", "complex_instruction", "complex", "spatial", "visual_appearance", "visual", "long_horizon")
_ENVIRONMENTS = {"eb_alfred": "eb_alfred", "eb_habitat": "eb_habitat", "eb_manipulation": "eb_manipulation",
                 "eb_man": "eb_manipulation", "eb_nav": "eb_navigation", "eb_navigation": "eb_navigation"}
MOST_FOLDER = 160  # letters of a folder in a sentence
_TOPS = ("running", "results", "agent_outputs", "logs", "outputs")  # folders that name neither model nor experiment
_K = r"(\d{1,7})"
_STEPS = re.compile(rf"episode_{_K}_step_{_K}\.jsonl?$")
_FINAL = re.compile(rf"episode_{_K}_final_res\.json$")
_RESULT = re.compile(rf"episode_{_K}_res\.json$")
_PLANNER = re.compile(rf"planner_output_episode_{_K}\.txt$")
_ROWS = re.compile(rf"episode_{_K}\.jsonl?$")
_SIDECAR = re.compile(rf"orrery_episode_{_K}\.jsonl$")
_FRAME = re.compile(rf"episode_{_K}_step_{_K}(?:_(\d{{8}}_\d{{6}}))?(?:_(\w{{1,40}}))?\.(?:png|jpe?g|webp)$", re.IGNORECASE)
_NUMBERED = re.compile(rf"episode_{_K}")
_FOLDER = re.compile(rf"episode_{_K}$")


@dataclass(frozen=True)
class Frame:
    """A picture, and of which step it is."""

    name: str
    episode: int
    step: int
    stamp: str = ""  # EB-Navigation writes the time into the name
    view: str = ""  # front_rgb, front_rgb_annotated, wrist_rgb, front, front_bb, top; empty where there is one only


@dataclass
class Shelf:
    """The names of one run, by episode."""

    root: str
    finals: dict[int, str] = field(default_factory=dict)
    results: dict[int, str] = field(default_factory=dict)  # of EB-Manipulation
    planners: dict[int, str] = field(default_factory=dict)
    steps: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[int, str] = field(default_factory=dict)  # episode_k.json, as EB-Navigation has it
    logs: dict[int, str] = field(default_factory=dict)  # of wrappers
    sidecars: dict[int, str] = field(default_factory=dict)
    frames: dict[int, list[Frame]] = field(default_factory=lambda: defaultdict(list))
    config: str = ""

    @property
    def is_run(self) -> bool:
        return bool(self.finals or self.results or self.planners or self.steps or self.rows or self.logs)

    @property
    def episodes(self) -> list[int]:
        kinds = (self.finals, self.results, self.planners, self.steps, self.rows, self.logs, self.frames)
        return sorted({number for kind in kinds for number in kind})


@dataclass(frozen=True)
class Place:
    """What the folders above a run say."""

    environment: str
    above: tuple[str, ...]  # between the environment and the subset: model and experiment
    subset: str
    is_challenge: bool  # the environment stands right below a folder `results`


def shelves(names: Iterable[str]) -> tuple[list[Shelf], list[str]]:
    """Return the runs, by their folder, and the names that belong to none."""
    found: dict[str, Shelf] = {}
    rest: list[str] = []
    for name in names:
        plain = name.replace("\\", "/")
        if not is_junk(plain) and not _shelved(name, plain.split("/"), found):
            rest.append(name)
    return [shelf for _, shelf in sorted(found.items()) if shelf.is_run], rest


def _shelved(name: str, parts: list[str], found: dict[str, Shelf]) -> bool:
    *folders, base = parts

    def shelf(root: list[str]) -> Shelf:
        return found.setdefault("/".join(root), Shelf("/".join(root)))

    if frame := frame_of(name):
        shelf(_above_frames(folders)).frames[frame.episode].append(frame)
    elif base == "log.json" and folders and (match := _FOLDER.match(folders[-1])):
        shelf(folders[:-1]).logs[int(match[1])] = name
    elif match := _STEPS.match(base):
        shelf(folders).steps[int(match[1])].append(name)
    elif match := _FINAL.match(base):
        shelf(_above_results(folders)).finals[int(match[1])] = name
    elif match := _RESULT.match(base):
        shelf(_above_results(folders)).results[int(match[1])] = name
    elif match := _PLANNER.match(base):
        shelf(_above_results(folders)).planners[int(match[1])] = name
    elif match := _SIDECAR.match(base):
        shelf(_above_results(folders)).sidecars[int(match[1])] = name
    elif match := _ROWS.match(base):
        shelf(_above_rows(folders)).rows[int(match[1])] = name
    elif base == "config.txt":
        shelf(folders).config = name
    else:
        return base in ("summary.json", "summary_all.json") and bool(folders) and folders[-1] == "results"
    return True


def frame_of(name: str) -> Frame | None:
    """Return what a picture's name says; None where it is not named as a step's."""
    match = _FRAME.search(name.replace("\\", "/").rsplit("/", 1)[-1])
    return match and Frame(name, int(match[1]), int(match[2]), match[3] or "", match[4] or "")


def steps_of(name: str) -> int:
    """Return the last step that a step file's name tells."""
    match = _STEPS.search(name.replace("\\", "/").rsplit("/", 1)[-1])
    return int(match[2]) if match else 0


def sought(root: str, known: str, form: str) -> str:
    """Return where a file that an episode lacks was looked for, for a sentence.

    Args:
        known: name of a file that the episode has, which tells its number as the log counts.
        form: of the name that was looked for, with {} for that number.
    """
    folder, match = own_root(root)[-MOST_FOLDER:], _NUMBERED.search(known.replace("\\", "/").rsplit("/", 1)[-1])
    name = form.format(match[1] if match else "K")
    return repr(f"{folder}/{name}" if folder else name)


def _above_results(folders: list[str]) -> list[str]:
    return folders[:-1] if folders and folders[-1] == "results" else folders


def _above_rows(folders: list[str]) -> list[str]:
    return folders[:-1] if len(folders) > 1 and folders[-1].lower() in ("log", "logs", "results") else folders


def _above_frames(folders: list[str]) -> list[str]:
    if folders and _FOLDER.match(folders[-1]):
        folders = folders[:-1]
    return folders[:-1] if folders and folders[-1] == "images" else folders


def place_of(root: str) -> Place:
    """Return what the folders of a run say of it."""
    parts = [part for part in own_root(root).split("/") if part]
    plain = [part.lower().replace("-", "_") for part in parts]
    at = next((index for index, part in enumerate(plain) if part in _ENVIRONMENTS), None)
    environment = _ENVIRONMENTS[plain[at]] if at is not None else ""
    above = parts[at + 1:] if at is not None else parts
    subset = subset_of(above[-1]) if above else UNKNOWN
    if subset != UNKNOWN:
        above = above[:-1]
    if at is None:
        above = [part for part in above[-2:] if part.lower() not in _TOPS]
    elif not above and at > 1 and plain[at - 2] in _TOPS:  # some sort by model first
        above = parts[at - 1:at]
    return Place(environment, tuple(above), subset, at is not None and at > 0 and plain[at - 1] == "results")


def own_root(root: str) -> str:
    """Return a run's folder as it was brought."""
    first, _, below = root.partition("/")
    return below if first == SECOND else root


def subset_of(folder: str) -> str:
    """Return the subset that a folder is named after, also as `test_base`; "unknown" for any other name."""
    name = folder.lower().replace("-", "_").removeprefix("test_")
    return name if name in SUBSETS else UNKNOWN
