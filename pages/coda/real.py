"""Where a real model is not here: what it would have shown, recorded, beside the card that says how to get it.

A preset on SmolLM2 and its one click were recorded. Asked for anything else on a model that is not here, the page keeps what it
shows and says what is missing; nothing that a person set is lost.
"""


import streamlit as st

from backends.coda.results import CodaResult
from backends.coda.settings import CodaSettings
from backends.registry import System
from pages.house import knobs, ladder, results, tasks
from visualizers.ladder import missing

RECORDINGS = ("real", "real-named")
_KEY, _MISSING = "coda.recording", "coda.missing"


def shows_recording(system: System, settings: CodaSettings) -> bool:
    """Whether these settings cannot run here, so that a recording or the card takes the run's place."""
    state = st.session_state
    _forget()
    if settings.model == CodaSettings().model or not missing(settings):  # the default is always here: torch is not imported for it
        return False
    state[_MISSING], state[_KEY] = settings, _recorded(system, settings)
    state[f"{system.name}.task"] = settings.task
    state.pop(f"error.{system.name}", None)
    state[f"{system.name}.stand"] = settings
    if state[_KEY] is None:  # the run before stays, and its knobs do not come back
        state[f"{system.name}.seen"] = tasks.result_of(system, settings.task)[0]
    return True


def _forget() -> None:
    for key in (_KEY, _MISSING):
        st.session_state.pop(key, None)


def _recorded(system: System, settings: CodaSettings) -> CodaResult | None:
    """The recording of exactly these settings, if there is one."""
    found = [results.recorded(system, system.recorded.with_stem(name)) for name in RECORDINGS] if system.recorded else []
    return next((result for result in found if result.settings == settings), None)


def recording(system: System, task: str) -> tuple[CodaResult, bool] | None:
    """What is shown in place of a run that cannot be made here; None where nothing is, or another task is looked at."""
    result = st.session_state.get(_KEY)
    if result is None or task != result.settings.task or tasks.is_live(system, task):
        return None
    return result, True


def card(system: System) -> None:
    """What is missing, why, and the command; then either the recording follows or what was there before."""
    settings = st.session_state.get(_MISSING)
    if settings is None:
        return
    if st.session_state.get(knobs.knob_key(system, "model")) != settings.model:  # the person has turned to another
        _forget()
        st.rerun()
    ladder.cards(settings, lambda name: knobs.knob_key(system, name), place="above.")
    if st.session_state.get(_KEY) is None:
        st.info("Until then the run before stays below. Your settings are in the knobs.", icon=":material/info:")
