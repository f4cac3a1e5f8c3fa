"""A lesson as a teacher writes it, in Markdown of one simple form; read here, drawn by `pages.house.lesson`.

    # The lesson's title
    What it is about, in any number of lines.

    ## 1. The title of a step
    ```toml
    grid = 8                  settings that differ from the defaults, as TOML; none for the defaults
    [view]                    what of the page is looked at, if the page has parameters for it
    ```
    **Predict.** A question that is answered before looking.
    **Do.** What to do, and what to look at.
    **Explain.** What came out and why.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backends.registry import System
from backends.run import S
from worlds.errors import InputError

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "lessons"
NUM_STEPS = 5
MARKS = ("Predict", "Do", "Explain")
_STEP = re.compile(r"^## +(?:(\d+)\. +)?(.+)$")
_BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^\*\*(\w+)\.\*\* *", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One state of the page, with what to do there."""

    title: str
    settings: Mapping[str, object]  # that differ from the defaults
    view: Mapping[str, str]  # parameters of the address, beside the settings
    predict: str  # these three: Markdown
    do: str
    explain: str


@dataclass(frozen=True)
class Lesson:
    """Five steps through a page."""

    title: str
    about: str  # Markdown
    steps: tuple[Step, ...]


def path_of(name: str) -> Path:
    """Where the lesson of a system is written."""
    return FOLDER / f"{name}.md"


def lesson_of(name: str) -> Lesson:
    """Return the lesson of a system.

    Raises:
        InputError: the file is not in the form above; says where and what would be right.
        FileNotFoundError: there is none.
    """
    return read(path_of(name).read_text(encoding="utf-8"), where=f"docs/lessons/{name}.md")


def read(text: str, *, where: str = "the lesson") -> Lesson:
    """Return a lesson from its text.

    Raises:
        InputError: it is not in the form above.
    """
    head, *written = re.split(r"^(?=## )", text.strip(), flags=re.MULTILINE)
    title, _, about = head.partition("\n")
    if not title.startswith("# ") or not title[2:].strip():
        raise InputError(f"{where} begins with {title[:80]!r}. Its first line must be its title, behind one #.")
    if len(written) != NUM_STEPS:
        raise InputError(f"{where} has {len(written)} steps. It must have {NUM_STEPS}, each under a line such as '## 1. Its title'.")
    return Lesson(title[2:].strip(), about.strip(), tuple(_step(part, f"{where}, step {number}", number)
                                                          for number, part in enumerate(written, 1)))


def _step(text: str, where: str, number: int) -> Step:
    first, _, body = text.partition("\n")
    said = _STEP.match(first)
    if said is None or (said[1] and int(said[1]) != number):
        raise InputError(f"{where} is headed {first[:80]!r}. Its heading must be '## {number}. ' and its title.")
    settings, view = _state(body, where)
    parts = _marked(_BLOCK.sub("", body), where)
    return Step(said[2].strip(), settings, view, *(parts[mark] for mark in MARKS))


def _state(body: str, where: str) -> tuple[dict[str, object], dict[str, str]]:
    blocks = _BLOCK.findall(body)
    if len(blocks) != 1:
        raise InputError(f"{where} has {len(blocks)} blocks of settings. It must have one, between ```toml and ```; an empty one "
                         "stands for the defaults.")
    try:
        settings = tomllib.loads(blocks[0])
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: the settings cannot be read as TOML: {error}. A line is such as grid = 8 or rule = \"random\"."
                         ) from error
    view = settings.pop("view", {})
    if not isinstance(view, dict):
        raise InputError(f"{where}: view is {view!r}. It must be a table, under a line [view].")
    return settings, {str(name): str(value) for name, value in view.items()}


def _marked(text: str, where: str) -> dict[str, str]:
    """What stands behind each of the three marks."""
    before, *pairs = _MARK.split(text)
    found = dict(zip(pairs[::2], (part.strip() for part in pairs[1::2])))
    if before.strip() or tuple(pairs[::2]) != MARKS or not all(found.values()):
        wanted = ", ".join(f"**{mark}.**" for mark in MARKS)
        raise InputError(f"{where} has {', '.join(pairs[::2]) or 'nothing'} below its settings. It must have {wanted}, in this "
                         "order, each at the beginning of a line with text behind it.")
    return found


def settings_of(system: System[S, object], step: Step) -> S:  # type: ignore[type-var]
    """Return the settings that a step opens the page with.

    Raises:
        InputError: the system has no such setting, or its value is out of range.
    """
    return system.settings.from_json(json.dumps(step.settings))
