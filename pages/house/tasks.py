"""What pages with several tasks share: which task and result are shown, the fold of knobs, the button that runs.

A task is a value of the setting `task`; the first is that setting's default. Each keeps its own last result, and opens with
the recorded run of its name beside the system's own, if there is one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backends.registry import System
from pages.house import knobs, results, running


@dataclass(frozen=True)
class Task:
    """One thing to do on a page, in its words."""

    label: str
    icon: str
    button: str  # runs it
    fold: str  # what is in its fold of knobs
    coming: str  # what a person waits for while it runs


def first(system: System) -> str:
    """The task that the page opens with."""
    return str(system.settings.model_fields["task"].default)


def keep(system: System, also: Collection[str] = ()) -> None:
    """Knobs, and `also` these of the page's own sliders, stay as they are while another task draws its own."""
    state, sliders = st.session_state, {f"{system.name}.{name}" for name in also}
    for key in [key for key in state if key in sliders or str(key).startswith(knobs.knob_key(system, ""))]:
        state[key] = state[key]


def start(system: System, settings: Any) -> None:
    """Queue a run; the page shows its task."""
    st.session_state[f"{system.name}.task"], st.session_state[f"{system.name}.asked"] = settings.task, settings
    running.start(system, settings)


def running_settings(system: System) -> Any:
    """What was asked last."""
    return st.session_state.get(f"{system.name}.asked") or system.settings()


def is_live(system: System, task: str) -> bool:
    """Whether that task is being run now."""
    return running.is_running(system) and running_settings(system).task == task


def draw_nothing(_part: object) -> None:
    """While another task's run goes on, its progress is enough."""


def settle(system: System) -> tuple[Any, Any]:
    """Give the newest result to its task, once; a saved run that was opened is shown.

    Returns:
        The result and the one before it of that task; None and None where nothing is new.
    """
    state, name = st.session_state, system.name
    latest = state.get(f"result.{name}")
    if latest is None or state.get(f"{name}.settled") is latest:
        return None, None
    task = latest.settings.task
    before = state.get(f"{name}.result.{task}")
    state[f"{name}.settled"] = state[f"{name}.result.{task}"] = latest
    if state.get(f"{name}.asked") != latest.settings:
        state[f"{name}.task"] = task
    return latest, before


def choice(system: System, tasks: Mapping[str, Task], place: Any = st) -> str:
    """What the person wants to do."""
    st.session_state.setdefault(f"{system.name}.task", first(system))
    return str(place.segmented_control(
        "What to do", list(tasks), format_func=lambda name: f"{tasks[name].icon} {tasks[name].label}", key=f"{system.name}.task",
        required=True, wrap=True, label_visibility="collapsed", help="Each keeps its own last run.") or first(system))


def result_of(system: System, task: str) -> tuple[Any, bool]:
    """The session's last result of a task and False, else the recorded one and True, else None."""
    if result := st.session_state.get(f"{system.name}.result.{task}"):
        return result, False
    path = system.recorded
    if path and task != first(system):
        path = path.with_stem(task)
    return (results.recorded(system, path), True) if path and path.is_file() else (None, False)


def nothing_yet() -> None:
    """In place of a result."""
    st.info("There is no run of this yet. Press a preset above, or the button under the knobs below.", icon=":material/info:")


def fold(tasks: Mapping[str, Task], task: str, *, is_open: bool = False) -> Any:
    """Where the knobs of a task are; filled by the page, later."""
    return st.expander(tasks[task].fold, expanded=is_open, icon=":material/tune:", key=f"knobs.fold.{task}")


def run_button(system: System, values: Mapping[str, Any], *, label: str, cost: Callable[[Any], str]) -> None:
    """The button that runs a task with what the knobs say, and what that will cost."""
    asked = knobs.settings_from(system, values)
    is_off = not knobs.can_run(system, asked)
    run, said = st.columns([2, 5], vertical_alignment="center")
    if running.pressed(run, label, key=f"run.{values['task']}", type="primary", icon=":material/play_arrow:", disabled=is_off,
                     help="Runs with these settings.") and asked is not None:
        st.session_state[f"{system.name}.asked"] = asked
        running.start(system, asked)
        st.rerun()
    said.caption("What is in the way is said above." if is_off else cost(asked))
