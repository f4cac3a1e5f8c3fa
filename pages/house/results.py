"""What came out: kept by the session, recorded, brought from a file, taken away."""

import json
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from backends.files import json_text
from backends.files.saved import ENDING, FILE_MB, load_result, refusal, save_result
from backends.knobs import files_of
from backends.python_lines import lines
from backends.registry import System
from backends.run import R, Result, S, Settings, task_of
from pages.house import parts, session, svg
from pages.house.text import plain
from worlds.errors import InputError

MAX_CONTAINERS, MAX_VALUES = 2_000, 20_000  # of a file of settings, as of a request: each wrong name would be told


@st.cache_resource(show_spinner=False, max_entries=40)  # all recordings of all systems
def _opened(path: str, _kind: type[R]) -> R:
    return load_result(Path(path).read_bytes(), _kind)


def recorded(system: System[S, R], path: Path | None = None) -> R:
    """The run that the page opens with, or another of the system's that is kept in a file."""
    return _opened(str(path or system.recorded), system.result)


def recorded_of(system: System[S, R], task: str, *, is_first: bool) -> tuple[R | None, bool]:
    """The recorded run that a task opens with and True, else None: the system's own, or the one beside it of the task's name."""
    path = system.recorded if is_first or system.recorded is None else system.recorded.with_stem(task)
    return (recorded(system, path), True) if path and path.is_file() else (None, False)


def file_of(system: System[S, R], settings: S) -> Path | None:
    """The file of the recording that a preset opens, where it was asked for exactly these settings."""
    name = next((name for name, own in system.recordings.items() if own == settings), None)
    return system.recorded.with_stem(name) if name and system.recorded else None


def recorded_with(system: System[S, R], settings: S) -> R | None:
    """The recorded run of exactly these settings: one that a preset opens, or the one that its task opens with."""
    if path := file_of(system, settings):
        return recorded(system, path)
    task = task_of(settings)
    result, _ = recorded_of(system, task, is_first=task == task_of(system.settings()))
    return result if result is not None and system.settings_of(result) == settings else None


def open_saved(system: System[S, R], turn: Callable[[S], None]) -> None:
    """Upload box for a saved run; it opens in the same page as a live one. A file that is none keeps its sentence beside it.

    Args:
        turn: turns the knobs to the run's settings, so that the button gives the same picture again.
    """
    st.file_uploader(f"Open a saved run (.{ENDING}) or settings (.json)", type=[ENDING, "json"], key=f"open.{system.name}",
                     max_upload_size=FILE_MB, on_change=_open, args=(system, turn),
                     help=f"A file that this page's 'Whole run' or 'Settings' button made. At most {FILE_MB} MB.")
    if said := st.session_state.get(f"refused.{system.name}"):
        st.error(plain(said), icon=":material/error:")


def _open(system: System[S, R], turn: Callable[[S], None]) -> None:
    """Read the file that was chosen, once: reruns find its result, or what is wrong with it."""
    store = st.session_state
    store.pop(f"refused.{system.name}", None)
    file = store.get(f"open.{system.name}")
    if file is None:
        return
    try:
        if file.name.lower().endswith(".json"):
            content = file.getvalue()
            json_text.check(content, what="The settings file", max_containers=MAX_CONTAINERS, max_values=MAX_VALUES)
            settings = system.settings.from_json(content.decode("utf-8", "replace"))
            store[f"{system.name}.waiting"], store[f"{system.name}.task"] = settings, task_of(settings)
            turn(settings)
            return
        result = load_result(file.getvalue(), system.result)
    except InputError as error:  # what was shown stays
        store[f"refused.{system.name}"] = str(error)
        return
    session.leave_behind(system.name)
    session.current().remember(result, is_brought=True)
    store[f"result.{system.name}"] = result
    turn(system.settings_of(result))


def was_brought(result: Result) -> bool:
    """Whether a result is what a file says, not what was computed here."""
    return session.current().was_brought(result)


def why_not(system: System, result: Result) -> str:
    """Why this run cannot be saved, if it cannot; asked once of each, before a click: a click can only fail without a word."""
    kept, said = st.session_state.get(f"refusal.{system.name}", (None, ""))
    if kept is not result:
        said = refusal(result)
        st.session_state[f"refusal.{system.name}"] = result, said
    return str(said)


def download_whole(system: System, result: Result, settings: Settings) -> None:
    """The buttons that every system has: whole run, numbers, link and Python."""
    first, second = st.columns(2)
    if said := why_not(system, result):
        first.caption(plain(said))
    else:
        first.download_button("Whole run (.orrery)", lambda: save_result(result), f"{system.name}-{result.seed}.orrery",
                              key=f"save.{system.name}", width="stretch", on_click="ignore",
                              help="Opens in this page again, with every array.")
    numbers = json.dumps(result.summary(), indent=2)
    second.download_button("Numbers (JSON)", numbers, f"{system.name}-{result.seed}.json", "application/json",
                           key=f"json.{system.name}", width="stretch", on_click="ignore")
    svg.all_figures(system, result)
    _link(system, settings)
    st.caption("The same in Python.")  # its first line says where it runs
    st.code(lines(system, settings, session.current().inputs()), language=None, wrap_lines=True)  # colours for code are too pale


def _link(system: System, settings: Settings) -> None:
    """The address of what is seen, with a button that copies it; the settings as a file where they are too long for one."""
    from pages.house import address

    try:
        settings.permalink()
    except InputError as error:
        st.caption(f":material/link_off: {plain(str(error))}")
        st.download_button("Settings (JSON)", settings.model_dump_json(indent=2), f"{system.name}-settings.json",
                           "application/json", key=f"settings.{system.name}", on_click="ignore",
                           help="Opens in this page again: the knobs, and a button.")
        return
    st.caption("Link to what you see: settings and sliders. Whoever opens it finds the same knobs; a run that is not held here "
               "waits for one click.")
    address.show_link(system)
    parts.for_a_class(settings)
    for name in files_of(settings):
        st.caption(f":material/warning: The link does not hold the file {plain(name)}: who opens it has to upload it again.")
