"""What pages with several tasks share: which task and result are shown, the fold of knobs, the button that runs.

A task is a value of the setting `task`; the first is that setting's default. Each keeps its own last result, and opens with
the recorded run of its name beside the system's own, if there is one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Generic

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.knobs import knob_of
from backends.registry import System
from backends.run import R, Result, S
from pages.house import beside, knobs, results, running, view


@dataclass(frozen=True)
class Task:
    """One thing to do on a page, in its words."""

    label: str
    icon: str
    button: str  # runs it
    fold: str  # what is in its fold of knobs
    coming: str  # what a person waits for while it runs


def nothing_yet(_task: str = "") -> None:
    """In place of a result."""
    st.info("There is no run of this yet. Press a preset above, or the button under the knobs below.", icon=":material/info:")


def _no_other(_task: str) -> None:
    """Nothing is shown in place of the session's own results."""


def _no_card() -> None:
    """Nothing is missing."""


def _not_kept(_result: Result, _is_recorded: bool) -> None:
    """Nothing of a result is needed later."""


@dataclass(frozen=True)
class Page(Generic[S, R]):
    """What a page with several tasks hands in. What stands where, and in which order it is made, is `show`'s."""

    system: System[S, R]
    note: str  # behind the paper: what is different here
    tasks: Mapping[str, Task]
    choose: Callable[[S], None]  # a preset, a link or a button: turns the knobs and starts the run
    turn: Callable[[System[S, R], S], None]  # turns the knobs only
    settle: Callable[[System[S, R]], None]  # gives the newest result to its task
    live: Callable[[object], None]  # draws the newest partial result
    first_view: Callable[[str, R, DeltaGenerator], None]  # task, result, and the line of the tasks: it has room for one more choice
    rest: Callable[[str, R], None]  # what follows the knobs, down to the downloads
    knobs: Callable[[str], None]  # everything that can be turned for a task, and the button
    code: Callable[[str], None]  # the functions that ran
    is_empty: Callable[[R], bool]  # whether a run ended before there was anything to draw
    kept: Collection[str] = ()  # sliders of the page's own that stay as they are while another task is shown
    instead: Callable[[str], tuple[R, bool] | None] = _no_other  # what is shown in place of the session's results, if anything
    card: Callable[[], None] = _no_card  # says what is missing, where something is
    without: Callable[[str], None] = nothing_yet  # in place of a result that is not there
    opened: Collection[str] = ()  # tasks that need an input first: their fold is open until there is a result
    remember: Callable[[R, bool], None] = _not_kept  # what a shown result teaches of later costs


def show(page: Page[S, R]) -> None:
    """Draw the page: head, presets, tasks, what runs or what came out, knobs, the rest."""
    system = page.system
    keep(system, page.kept)
    if (linked := running.linked_settings(system)) is not None:
        page.choose(linked)
    page.settle(system)

    view.head(system, page.note)
    view.presets(system, page.choose)
    line = st.container(horizontal=True, gap="medium", vertical_alignment="center")
    task = choice(system, page.tasks, line)
    running.show_error(system)
    result, is_recorded = page.instead(task) or result_of(system, task)
    code = None
    if running.is_running(system):
        running.watch(system, page.live if is_live(system, task) else draw_nothing)
    if is_live(system, task):
        st.caption(page.tasks[task].coming)
        folded = fold(page.tasks, task)
    elif result is None or page.is_empty(result):
        page.card()
        page.without(task)
        folded = fold(page.tasks, task, is_open=task in page.opened)
    else:
        page.first_view(task, result, line)
        view.badge(result, is_recorded=is_recorded)
        page.card()
        page.remember(result, is_recorded)
        folded = fold(page.tasks, task)
        page.rest(task, result)
        beside.draw(system, result)
        code = st.container()
    results.open_saved(system, lambda settings: page.turn(system, settings))

    with folded:  # last: the ladder of models imports torch, and the pictures above do not wait for it
        page.knobs(task)
    if code is not None:
        with code:
            page.code(task)


def first(system: System) -> str:
    """The task that the page opens with."""
    return str(knob_of(system.settings, knobs.THE_TASK).default)


def keep(system: System, also: Collection[str] = ()) -> None:
    """Knobs, and `also` these of the page's own sliders, stay as they are while another task draws its own."""
    state, sliders = st.session_state, {f"{system.name}.{name}" for name in also}
    for key in [key for key in state if key in sliders or str(key).startswith(knobs.knob_key(system, ""))]:
        state[key] = state[key]


def start(system: System[S, R], settings: S) -> None:
    """Queue a run; the page shows its task."""
    st.session_state[f"{system.name}.task"], st.session_state[f"{system.name}.asked"] = beside.task_of(settings), settings
    running.start(system, settings)


def running_settings(system: System[S, R]) -> S:
    """What was asked last."""
    return st.session_state.get(f"{system.name}.asked") or system.settings()


def is_live(system: System, task: str) -> bool:
    """Whether that task is being run now."""
    return running.is_running(system) and beside.task_of(running_settings(system)) == task


def draw_nothing(_part: object) -> None:
    """While another task's run goes on, its progress is enough."""


def settle(system: System[S, R]) -> tuple[R | None, R | None]:
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


def choice(system: System, tasks: Mapping[str, Task], place: DeltaGenerator) -> str:
    """What the person wants to do."""
    st.session_state.setdefault(f"{system.name}.task", first(system))
    return str(place.segmented_control(
        "What to do", list(tasks), format_func=lambda name: f"{tasks[name].icon} {tasks[name].label}", key=f"{system.name}.task",
        required=True, wrap=True, label_visibility="collapsed", help="Each keeps its own last run.") or first(system))


def result_of(system: System[S, R], task: str) -> tuple[R | None, bool]:
    """The session's last result of a task and False, else the recorded one and True, else None."""
    if result := st.session_state.get(f"{system.name}.result.{task}"):
        return result, False
    path = system.recorded
    if path and task != first(system):
        path = path.with_stem(task)
    return (results.recorded(system, path), True) if path and path.is_file() else (None, False)


def fold(tasks: Mapping[str, Task], task: str, *, is_open: bool = False) -> DeltaGenerator:
    """Where the knobs of a task are; filled by the page, later."""
    return st.expander(tasks[task].fold, expanded=is_open, icon=":material/tune:", key=f"knobs.fold.{task}")


def run_button(system: System[S, R], values: Mapping[str, object], *, label: str, cost: Callable[[S], str]) -> None:
    """The button that runs a task with what the knobs say, and what that will cost."""
    asked = knobs.settings_from(system, values)
    is_off = not knobs.can_run(system, asked)
    run, said = st.columns([2, 5], vertical_alignment="center")
    if running.pressed(run, label, key=f"run.{values['task']}", type="primary", icon=":material/play_arrow:", disabled=is_off,
                     help="Runs with these settings.") and asked is not None:
        st.session_state[f"{system.name}.asked"] = asked
        running.start(system, asked)
        st.rerun()
    said.caption(knobs.IN_THE_WAY if is_off or asked is None else cost(asked))
