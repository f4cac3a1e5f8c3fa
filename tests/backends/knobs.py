"""How a system says what each of its knobs changes; `test_every_knob.py` beside this runs what the systems say.

A system declares in `tests/backends/NAME/knob_cases.py`:
    CASES: a `Case` per knob and task, which the shared test demands.
    prepare(folder, patch): makes tiny models and files there, sets what they need, and returns the session's `Inputs`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest

from backends.registry import System
from backends.run import Inputs, Result, last


@dataclass(frozen=True)
class Case:
    """One knob of one task, turned; all else stays."""

    knob: str
    turned: Any
    shows: Callable[[Any, Any], object]  # the results before and after: asserts that what the knob names changed, and that alone
    base: Mapping[str, Any] = field(default_factory=dict)  # of both runs
    task: str = ""  # of systems that have several
    on_page: Literal["turned", "shown", "elsewhere"] = "turned"  # shown: not with the default model; elsewhere: an upload, a box
    needs: str = ""  # a model that only `make real` brings; the case is skipped without it

    @property
    def before(self) -> dict[str, Any]:
        return {**({"task": self.task} if self.task else {}), **self.base}

    @property
    def after(self) -> dict[str, Any]:
        return {**self.before, self.knob: self.turned}

    def __str__(self) -> str:
        return f"{self.task or 'run'}-{self.knob}-{str(self.turned)[:24]}"


class Declared(Protocol):
    """What a system's knob_cases.py holds."""

    CASES: tuple[Case, ...]

    @staticmethod
    def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs: ...


class Runs:
    """Runs of one system; equal settings are run once."""

    def __init__(self, system: System, inputs: Inputs) -> None:
        self._system, self._inputs = system, inputs
        self._done: dict[str, Result] = {}

    def of(self, settings: Mapping[str, Any]) -> Result:
        asked = self._system.settings(**settings)
        key = asked.model_dump_json()
        if key not in self._done:
            self._done[key] = last(self._system.run(asked, self._inputs))
        return self._done[key]
