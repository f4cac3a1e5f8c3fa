"""What a run will cost, said before it: memory from the catalogue, seconds from the last runs on this machine.

A rate is seconds per unit of work (a frame, a token, a step) of one part of a system with one model. Rates do not depend on
the other settings, so one run is enough to foresee a longer one.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import streamlit as st

from backends.engine import the_engine

Part = tuple[str, Hashable, str]  # system, model, part of the work


@dataclass(frozen=True)
class Foreseen:
    seconds: float
    basis: str  # where the rates come from


@st.cache_resource(show_spinner=False)
def _rates() -> dict[str, dict[Part, float]]:
    """Of this process, for all its visitors: how fast the machine is, is no secret."""
    return {"the last run here": {}, "the recorded run, made elsewhere": {}}


def remember(system: str, model: Hashable, work: Mapping[str, tuple[float, float]], *, is_recorded: bool) -> None:
    """Keep the rates of a finished run. `work`: part -> (units, seconds)."""
    rates = _rates()["the recorded run, made elsewhere" if is_recorded else "the last run here"]
    rates |= {(system, model, part): seconds / units for part, (units, seconds) in work.items() if units > 0}


def forget() -> None:
    """For tests: as if nothing had been run."""
    _rates.clear()


def foresee(system: str, model: Hashable, work: Mapping[str, float]) -> Foreseen | None:
    """Seconds for that many units per part, or None where nothing with this model was run. A part that was never timed
    is taken for as slow as the slowest."""
    for basis, rates in _rates().items():
        known = {part: rate for (of, by, part), rate in rates.items() if (of, by) == (system, model)}
        if known:
            slowest = max(known.values())
            return Foreseen(sum(units * known.get(part, slowest) for part, units in work.items()), basis)
    return None


def beyond_the_limit(seconds: float) -> str:
    """Return what to say of a run that is foreseen to take so long; nothing where it ends before the engine ends it."""
    limit_s = the_engine().queue().time_limit_s
    return f" It may take longer than the limit of {limit_s:g} s: it ends there with what it has." if seconds > limit_s else ""


def in_words(seconds: float) -> str:
    """0.4 -> '1 s'; 75 -> '1 min 15 s'; 4000 -> '1 h 7 min'."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
