"""What is done on a page: its tasks, which of them and which result are shown, the fold of knobs, the button that runs.

A task is a value of the setting `task`; the first is that setting's default. A system without that setting has one task, without a
name. Each keeps its own last result, and opens with the recorded run of its name beside the system's own, if there is one; a
preset or a link of other recorded settings lets it show theirs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.knobs import knob_of, knobs_of
from backends.registry import System
from backends.run import R, S, task_of
from pages.house import address, knobs, results, running, session
from pages.house.text import plain

MOST_CHANGED = 5  # settings that are named


@dataclass(frozen=True)
class Task:
    """One thing to do on a page, in its words."""

    label: str
    icon: str
    button: str  # runs it
    fold: str  # what is in its fold of knobs
    coming: str  # what a person waits for while it runs


def first(system: System[S, R]) -> str:
    """The task that the page opens with; no name where it has only one."""
    return next((str(knob.default) for knob in knobs_of(system.settings) if knob.name == knobs.THE_TASK), "")


def keep(system: System, also: Collection[str] = ()) -> None:
    """Knobs, and `also` these of the page's own sliders, stay as they are while another task draws its own."""
    st.session_state.update(turned(system, also))


def turned(system: System, also: Collection[str] = ()) -> dict[str, object]:
    """What the widgets of the knobs, and `also` of these sliders, hold, by their keys."""
    state, sliders = st.session_state, {f"{system.name}.{name}" for name in also}
    return {str(key): state[key] for key in state if key in sliders or str(key).startswith(knobs.knob_key(system, ""))}


def now(system: System) -> str:
    """The task that is shown."""
    return str(st.session_state.setdefault(f"{system.name}.task", first(system)) or first(system))


def start(system: System[S, R], settings: S) -> None:
    """Queue a run; the page shows its task."""
    st.session_state[f"{system.name}.task"] = task_of(settings)
    running.start(system, settings)


def running_settings(system: System[S, R]) -> S:
    """What was asked last."""
    return st.session_state.get(f"{system.name}.asked") or system.settings()


def is_live(system: System, task: str) -> bool:
    """Whether that task is being run now."""
    return running.is_running(system) and task_of(running_settings(system)) == task


def settle(system: System[S, R]) -> tuple[R | None, R | None]:
    """Give the newest result to its task, once; a saved run that was opened is shown.

    Returns:
        The result and the one before it of that task; None and None where nothing is new.
    """
    state, name = st.session_state, system.name
    latest = state.get(f"result.{name}")
    if latest is None or state.get(f"{name}.settled") is latest:
        return None, None
    task = task_of(latest.settings)
    before = state.get(f"{name}.result.{task}")
    state[f"{name}.settled"] = state[f"{name}.result.{task}"] = latest
    if state.get(f"{name}.asked") != latest.settings:
        state[f"{name}.task"] = task
    return latest, before


def choice(system: System, tasks: Mapping[str, Task], place: DeltaGenerator) -> None:
    """What the person wants to do, where there is a choice."""
    if len(tasks) > 1:
        place.segmented_control(
            "What to do", list(tasks), format_func=lambda name: f"{tasks[name].icon} {tasks[name].label}", key=f"{system.name}.task",
            required=True, wrap=True, label_visibility="collapsed", help="Each keeps its own last run.")


def result_of(system: System[S, R], task: str) -> tuple[R | None, bool]:
    """The session's last result of a task and False, else the recorded one and True, else None."""
    state, name = st.session_state, system.name
    if result := state.get(f"{name}.result.{task}"):
        return result, False
    asked = state.get(f"{name}.recording.{task}")
    if asked is not None and (recorded := results.recorded_with(system, asked)) is not None:
        return recorded, True
    return results.recorded_of(system, task, is_first=task == first(system))


def opens_with(system: System[S, R], settings: S) -> bool:
    """Whether the recorded run of these settings is the one that their task opens with, not a further one."""
    return results.file_of(system, settings) in (None, system.recorded)


def open_recording(system: System[S, R], settings: S) -> bool:
    """Show what a preset or a link finds at once: a run of exactly these settings that the session has, else the recorded one.

    A run of its task that goes on is stopped, as any preset would.

    Returns:
        False where no recording is kept for a preset of these settings; then nothing changes.
    """
    if results.file_of(system, settings) is None:
        return False
    task = task_of(settings)
    if is_live(system, task):
        running.leave(system)
    session.leave_behind(system.name)
    st.session_state[f"{system.name}.task"] = task
    return address.find(system, settings)


def fold(tasks: Mapping[str, Task], task: str, *, is_open: bool = False) -> DeltaGenerator:
    """Where the knobs of a task are; filled by the page, later."""
    return st.expander(tasks[task].fold, expanded=is_open, icon=":material/tune:", key=f"knobs.fold.{task}")


def run_button(system: System[S, R], values: Mapping[str, object], *, label: str, cost: Callable[[S], str], key: str = "",
               is_ready: Callable[[S], bool] = lambda _asked: True) -> None:
    """The button that runs a task with what the knobs say, what that will cost, and what was turned since the picture.

    Args:
        key: of the button; by default the task's. A page may have a second one, beside a person's own input.
        is_ready: whether nothing else speaks against these settings; it may draw why.
    """
    asked = knobs.settings_from(system, values)
    is_off = asked is None or not all((is_ready(asked), knobs.can_run(system, asked, place=key and f"{key}.")))  # both are said
    run = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    if running.pressed(run, label, key=key or f"run.{values.get(knobs.THE_TASK) or 'button'}", type="primary",
                       icon=":material/play_arrow:", disabled=is_off, help="Runs with these settings.") and asked is not None:
        running.start(system, asked)
        st.rerun()
    run.caption(knobs.IN_THE_WAY if is_off or asked is None else cost(asked) + changed(system, asked), width="stretch")


def changed(system: System[S, R], asked: S) -> str:
    """Which knobs a person turned since the picture that is shown, as the page calls them; nothing where they are its own."""
    shown: S | None = st.session_state.get(f"{system.name}.stand")
    if shown is None or task_of(shown) != task_of(asked):
        return ""
    by_itself = knobs.by_itself(system)
    names = [name for name, value in asked if value != getattr(shown, name) and name not in by_itself
             and name in asked.model_fields_set]  # the rest, such as the drawn scene beside an own picture, nobody said
    if not names:
        return ""
    more = f" and {len(names) - MOST_CHANGED} more" if len(names) > MOST_CHANGED else ""
    turned = ", ".join(f"“{knob_of(system.settings, name).label}”" for name in names[:MOST_CHANGED])
    return f"  \n:material/edit: Turned since the picture: {plain(turned)}{more}."
