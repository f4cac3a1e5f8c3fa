"""A run of this session: asked for, watched, stopped."""

from collections.abc import Callable
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.engine import RunState, the_engine
from backends.knobs import UPLOAD
from backends.registry import System
from backends.run import R, Result, S, Settings
from pages.house import session
from pages.house.text import plain
from worlds.errors import InputError

POLL_S = 0.4


def linked_settings(system: System[S, R]) -> S | None:
    """The settings of `?settings=`, once per session; a broken link is said, not followed."""
    text = st.query_params.get("settings")
    seen = f"link.{system.name}"
    if not text or st.session_state.get(seen) == text:
        return None
    st.session_state[seen] = text
    try:
        return system.settings.from_permalink(text)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/link_off:")
        return None


def missing_upload(settings: Settings) -> str:
    """The name of a file that the settings speak of and that this session does not have, or nothing."""
    files = session.current().inputs().files
    return next((name for name in uploads_of(settings) if name not in files), "")


def uploads_of(settings: Settings) -> list[str]:
    """The files that the settings name."""
    return [value.removeprefix(UPLOAD) for _, value in settings if isinstance(value, str) and value.startswith(UPLOAD)]


def pressed(place: DeltaGenerator, label: str, *, key: str, icon: str, help: str, disabled: bool,
            type: Literal["primary", "secondary"] = "secondary") -> bool:
    """A button that runs what the knobs say; True in the rerun that its click made.

    No callback: its arguments would be those of the page as it stood before the click, and whoever types and clicks at once, without
    leaving the box first, would run what stood there before.
    """
    return bool(place.button(label, key=key, width="stretch", icon=icon, help=help, disabled=disabled, type=type))


def start(system: System, settings: Settings) -> None:
    """Queue a run and remember it; its settings go into the address."""
    stop(system)
    state = st.session_state
    state.pop(f"error.{system.name}", None)
    state[f"needs.{system.name}"] = name = missing_upload(settings)
    if name:
        state[f"error.{system.name}"] = (f"These settings are for the file {name!r}, which is not in this session: a link holds "
                                         "settings, never a file. Upload it again below; the other knobs are set already.")
        return
    try:
        state[f"run.{system.name}"] = the_engine().submit(system.name, settings, session=session.current().session_id,
                                                          inputs=session.current().inputs())
    except InputError as error:
        state[f"error.{system.name}"] = str(error)
        return
    try:
        link = settings.permalink()
    except InputError:  # too long for an address; the foot of the page says so
        st.query_params.pop("settings", None)
        return
    state[f"link.{system.name}"] = link
    st.query_params["settings"] = link


def stop(system: System) -> None:
    if run_id := st.session_state.get(f"run.{system.name}"):
        try:
            the_engine().cancel(run_id)
        except InputError:  # the engine has already forgotten it
            st.session_state.pop(f"run.{system.name}", None)


def is_running(system: System) -> bool:
    return f"run.{system.name}" in st.session_state


def show_error(system: System) -> None:
    if message := st.session_state.get(f"error.{system.name}"):
        st.error(plain(message), icon=":material/error:")


@st.fragment(run_every=POLL_S)
def watch(system: System, draw: Callable[[object], None]) -> None:
    """Progress, Stop and the newest partial result of the current run; when it ends, the page is drawn anew."""
    run_id = st.session_state.get(f"run.{system.name}")
    if run_id is None:
        return
    try:
        status = the_engine().status(run_id)
        seen = the_engine().seen(run_id)
    except InputError as error:
        st.session_state[f"error.{system.name}"] = str(error)
        del st.session_state[f"run.{system.name}"]
        st.rerun()
    if status.state.is_over:
        _take(system, seen.result, status.error)
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    button.button("Stop", key=f"stop.{system.name}", on_click=stop, args=(system,), icon=":material/stop_circle:",
                  width="stretch", help="Ends the run at its next step and keeps what it has.")
    if status.state is RunState.WAITING:
        wait = f", about {status.expected_wait_s:.0f} s" if status.expected_wait_s else ""
        bar.progress(0.0, text=f"Place {status.position} in the queue{wait}")
    elif newest := seen.progress:
        left = f" · about {newest.seconds_left:.0f} s left at most" if newest.seconds_left else ""
        bar.progress(min(1.0, newest.fraction), text=newest.stage + left)
    else:
        bar.progress(0.0, text="Starting")
    if seen.part is not None:
        draw(seen.part)


def _take(system: System, result: Result | None, error: str | None) -> None:
    store = st.session_state
    del store[f"run.{system.name}"]
    if result is not None:
        session.current().remember(result)
        store[f"result.{system.name}"] = result
        store.pop(f"recorded.{system.name}", None)
    elif error:
        store[f"error.{system.name}"] = error
