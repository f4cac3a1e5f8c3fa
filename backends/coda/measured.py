"""What was measured on real models, as data: `python -m benchmarks --only coda-real` writes it, the page and the docs show it."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

DATA = Path(__file__).parent / "recorded" / "real-model.json"
Points = tuple[float, float, float]  # mean and 95 % interval over facts, in points


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MeasuredRow(_Frozen):
    """One decoder on all questions and controls of one half."""

    name: str
    title: str
    questions: int
    right: float
    unfooled: float  # popular answers that became right
    fooled_before: int
    mended: float  # all wrong answers that became right
    wrong_before: int
    broken: float
    right_before: int
    gain: Points  # over greedy decoding
    over_random: Points | None  # over masking a random content word with the same a; None where that was not measured


class Detectors(_Frozen):
    """Where greedy decoding gives the popular answer."""

    popular_errors: int
    picks: dict[str, float]  # rule -> share of these in which it picks the ignored word
    alarm_on_popular: float
    alarm_on_right: float


class Layout(_Frozen):
    """One way to lay the prompts out."""

    all: tuple[MeasuredRow, ...]
    development: tuple[MeasuredRow, ...] = ()
    held_out: tuple[MeasuredRow, ...] = ()
    detectors: Detectors | None = None  # None: nothing was searched

    def row(self, name: str, half: Literal["all", "development", "held_out"] = "all") -> MeasuredRow | None:
        return next((row for row in getattr(self, half) if row.name == name), None)


class RealModel(_Frozen):
    """All that was measured on one model."""

    model: str
    title: str
    made_on: str
    controls: int
    layouts: dict[str, Layout]


class Earlier(_Frozen):
    """A gain that was measured before, on other prompts, which are not shipped."""

    title: str  # of the model
    layout: str
    way: str
    gain: Points


class Measurements(_Frozen):
    models: tuple[RealModel, ...] = ()  # the one of `make real` first
    earlier: tuple[Earlier, ...] = ()


@cache
def measurements() -> Measurements:
    """All that was measured; nothing where the file is not there."""
    return Measurements.model_validate_json(DATA.read_text(encoding="utf-8")) if DATA.is_file() else Measurements()
