"""The systems that are built. Adding one is one line here, its package, its figures, its page and its tests."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Generic, Literal, cast

from backends.run import Event, Inputs, R, Result, Run, S, Settings
from worlds.signatures import UploadCheck

# each has its system.py, figures.py and page.py in a folder NAME
_BUILT = ("tstar", "coda", "adaptvis", "grafting", "era", "ragen", "mindcube", "merging")


LaneName = Literal["short", "long"]  # what is short never waits behind what is long
RingName = Literal["seeing", "thinking", "making", "acting"]  # what a system is about


def _short(settings: Settings) -> LaneName:
    return "short"


@dataclass(frozen=True)
class System(Generic[S, R]):
    """What the pages, the Gradio front and the engine need to know of a system."""

    name: str
    title: str
    claim: str  # one sentence: what the page shows
    paper: str  # as it is cited
    source: str  # arXiv number
    icon: str  # a material symbol, drawn from the app's own font
    settings: type[S]
    result: type[R]
    run: Run[S]
    ring: RingName
    minutes: str  # how long a person stays with it
    level: str  # how hard it is, and what has to be known before
    wins: Callable[[], str] = lambda: ""  # which does better, with numbers: the paper's, a variant of Orrery's own, a simpler rival
    recorded: Path | None = None  # a saved run that the page opens with, marked as recorded
    recordings: Mapping[str, S] = field(default_factory=dict)  # saved runs that a preset opens at once: a file beside it -> settings
    checks: Mapping[str, UploadCheck] = field(default_factory=dict)  # setting -> what a file for it must pass when it is uploaded
    presets: Mapping[str, tuple[S, str]] = field(default_factory=dict)  # label -> settings, what to notice
    lane: Callable[[S], LaneName] = _short  # where a run of such settings waits
    objects: Callable[[S], str] | None = None  # why a run of such settings would be refused, if it is known without running

    def settings_of(self, result: R) -> S:
        """What was asked for a result; a result's type alone does not say of which kind its settings are."""
        return cast(S, result.settings)

    def objection(self, settings: S) -> str:
        """One sentence or two on why these settings cannot be run; nothing where nothing speaks against it."""
        return self.objects(settings) if self.objects else ""


def runs(package: str) -> Run[Settings]:
    """The run of a package, imported when first called: with it comes torch, for which a saved run need not wait."""

    def run(settings: Settings, inputs: Inputs) -> Iterator[Event]:
        yield from importlib.import_module(f"backends.{package}.run").run(settings, inputs)

    return run


@cache
def system(name: str) -> System[Settings, Result]:
    """Raises: KeyError when no such system is built."""
    if name not in _BUILT:
        raise KeyError(name)
    return importlib.import_module(f"backends.{name}.system").SYSTEM


def names() -> tuple[str, ...]:
    """Return every system's name, in the order of the navigation; imports none of them."""
    return _BUILT


def systems() -> tuple[System[Settings, Result], ...]:
    return tuple(system(name) for name in _BUILT)
