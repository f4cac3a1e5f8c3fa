"""The recorded trainings at a glance: what each earned, what could be read of it, and where it ended.

A training with its words has some 400 kB, and a page opens with one of them; these few numbers of all four are read instead. They are
made with the trainings, by `python -m backends.ragen.record`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

from pydantic import TypeAdapter

from backends.ragen.measures import LAST
from backends.ragen.monitor import watch
from backends.ragen.presets import RECORDED_RUNS
from backends.ragen.results import RagenResult
from backends.ragen.rules import setup_of

FILE = Path(__file__).parent / "recorded" / "fates.json"
DIGITS = 4  # of a number


@dataclass(frozen=True)
class Fate:
    """A recorded training in few numbers.

    Attributes:
        reward, valid, top: of each iteration: mean reward, share of turns that can be read, share of the commonest thought.
        warned: iteration of the monitor's first alarm; None where there is none.
    """

    reward: tuple[float, ...]
    valid: tuple[float, ...]
    top: tuple[float, ...]
    warned: int | None

    @property
    def lost(self) -> int | None:
        """The iteration from which on fewer than half of the turns can be read, to the end; None where they can."""
        unreadable = next((back for back, share in enumerate(reversed(self.valid)) if share >= 0.5), len(self.valid))
        return len(self.valid) - unreadable if unreadable else None

    def end(self, of: tuple[float, ...]) -> float:
        """The mean of the last iterations."""
        return fmean(of[-LAST:])


def fate_of(result: RagenResult) -> Fate:
    """A training as it is seen at a glance."""
    assert result.training is not None
    history = result.training.metrics
    reward, valid, top = (tuple(round(getattr(one, name) or 0.0, DIGITS) for one in history) for name in ("reward", "valid", "top"))
    fired = watch(history, setup_of(result.settings)).fired
    return Fate(reward, valid, top, fired[0].fired if fired else None)


def written(fates: Mapping[str, Fate]) -> str:
    """The file's text."""
    return json.dumps({name: asdict(fate) for name, fate in fates.items()}) + "\n"


@cache
def fates() -> dict[str, Fate]:
    """What became of every recorded training, by its name."""
    found = TypeAdapter(dict[str, Fate]).validate_json(FILE.read_bytes())
    return {name: found[name] for name in RECORDED_RUNS}
