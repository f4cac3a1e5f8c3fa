"""A run of this session: asked for, watched, stopped."""

import time
from collections.abc import Callable
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.engine import RunState, the_engine
from backends.knobs import files_of
from backends.registry import System
from backends.run import Result, Settings
from pages.house import session, style
from pages.house.costs import in_words
from pages.house.text import plain
from worlds.errors import InputError

POLL_S = 0.4
_SCROLLS = """
export default function ({ data }) {
  if (window.orrerySight === data.what) return
  window.orrerySight = data.what
  const place = data.place && document.querySelector(`.st-key-${data.place}`)
  if (place) place.scrollIntoView({ block: "center", behavior: "smooth" })
  else document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0, behavior: "smooth" })
}
"""


def missing_upload(settings: Settings) -> str:
    """The name of a file that the settings speak of and that this session does not have, or nothing."""
    files = session.current().inputs().files
    return next((name for name in files_of(settings) if name not in files), "")


def says_missing(name: str) -> str:
    """What to do about a file that some settings name and that is not here."""
    return (f"These settings are for the file {name!r}, which is not in this session: a link holds settings, never a file. "
            "Upload it again; the knobs are set already.")


def pressed(place: DeltaGenerator, label: str, *, key: str, icon: str, help: str, disabled: bool,
            type: Literal["primary", "secondary"] = "secondary") -> bool:
    """A button that runs what the knobs say; True in the rerun that its click made.

    No callback: its arguments would be those of the page as it stood before the click, and whoever types and clicks at once, without
    leaving the box first, would run what stood there before.
    """
    return bool(place.button(label, key=key, width="content", icon=icon, help=help, disabled=disabled, type=type))


def start(system: System, settings: Settings) -> None:
    """Queue a run and remember it: from now on the knobs are its own."""
    stop(system)
    state, name = st.session_state, system.name
    state[f"{name}.asked"] = state[f"{name}.stand"] = settings
    state[f"began.{name}"] = time.monotonic()
    session.leave_behind(name)
    for key in (f"{name}.part", f"took.{name}"):
        state.pop(key, None)
    if lacking := missing_upload(settings):
        state[f"error.{system.name}"] = says_missing(lacking)
        return
    try:
        own = session.current()
        run_id = the_engine().submit(system.name, settings, session=own.session_id, inputs=own.inputs())
        state[f"run.{system.name}"], own.runs[system.name] = run_id, (run_id, settings)
    except InputError as error:
        state[f"error.{system.name}"] = str(error)


def come_into_sight(system: System) -> None:
    """Scroll once to the head of the page, where a run's progress is, or what came of it: its button may be far below."""
    _scroll(system, "run")


def _scroll(system: System, why: str, place: str = "") -> None:
    """Bring a place of the page into sight, once in each run: the container of that key, else the head."""
    what = f"{system.name} {why} {st.session_state.get(f'began.{system.name}')}"
    with st.container(key=f"{style.UNSEEN}-sight"):
        st.components.v2.component("orrery_sight", js=_SCROLLS)(key=f"sight.{system.name}", data={"what": what, "place": place})


def stop(system: System) -> None:
    if run_id := st.session_state.get(f"run.{system.name}"):
        try:
            the_engine().cancel(run_id)
        except InputError:  # the engine has already forgotten it
            st.session_state.pop(f"run.{system.name}", None)


def leave(system: System) -> None:
    """Stop the run and take nothing of it: something else is looked at."""
    stop(system)
    st.session_state.pop(f"run.{system.name}", None)


def take_up(system: System, settings: Settings) -> bool:
    """Go on watching this browser's last run of the system, where it was asked for these settings and the page was reloaded."""
    run_id, asked = session.current().runs.get(system.name, ("", None))
    if asked != settings:
        return False
    try:
        the_engine().status(run_id)
    except InputError:  # forgotten
        return False
    state, name = st.session_state, system.name
    state[f"run.{name}"], state[f"{name}.asked"], state[f"began.{name}"] = run_id, settings, time.monotonic()
    return True


def is_running(system: System) -> bool:
    return f"run.{system.name}" in st.session_state


def has_part(system: System) -> bool:
    """Whether the current run has brought something to draw."""
    return bool(st.session_state.get(f"{system.name}.part"))


def say_done(system: System, result: Result) -> None:
    """One line on what the run did that was made here just now."""
    took = st.session_state.get(f"took.{system.name}")
    if took is None or took[0] is not result:
        return
    said = f" {plain(result.brief)}" if result.brief else ""
    said += f"{',' * bool(said)} {plain(result.ended)}" if result.was_stopped else ""
    if took[1] is None:
        what = f":{said}" if said else ""
        st.markdown(f":green[:material/inventory_2:] **Kept from a run of the same settings,** not computed again{what}.")
    else:
        st.markdown(f":green[:material/check_circle:] **Your run:**{said}{',' * bool(said)} {took[1]:.1f} s in all.")
    come_into_sight(system)  # of a run that was done before its progress was drawn


def show_error(system: System) -> None:
    """Why there is no new picture; the one below is an earlier one. It comes into sight: the button may be far below."""
    if message := st.session_state.get(f"error.{system.name}"):
        place = f"error-{system.name}"
        with st.container(key=place):
            st.error(plain(message), icon=":material/error:")
            st.caption("What is below was there before; your settings are in the knobs.")
        if not is_running(system):  # while another task runs, its progress is what comes into sight
            _scroll(system, "error", place)


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
        _take(system, seen.result, status.error, was_kept=status.was_kept)
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    button.button("Stop", key=f"stop.{system.name}", on_click=stop, args=(system,), icon=":material/stop_circle:",
                  width="stretch", help="Ends the run at its next step and keeps what it has.")
    if status.state is RunState.WAITING:
        wait = f", about {status.expected_wait_s:.0f} s" if status.expected_wait_s else ""
        bar.progress(0.0, text=f"Place {status.position} in the queue{wait}")
    elif newest := seen.progress:
        left = f" · about {in_words(newest.seconds_left)} left at most" if newest.seconds_left else ""
        bar.progress(min(1.0, newest.fraction), text=newest.stage + left)
    else:
        bar.progress(0.0, text="Starting")
    if seen.part is not None:
        if not has_part(system):  # the picture before goes
            st.session_state[f"{system.name}.part"] = True
            st.rerun()
        draw(seen.part)


def _take(system: System, result: Result | None, error: str | None, *, was_kept: bool) -> None:
    store = st.session_state
    del store[f"run.{system.name}"]
    if result is not None:
        session.current().remember(result)
        store[f"result.{system.name}"] = result
        seconds = time.monotonic() - store.get(f"began.{system.name}", time.monotonic())
        store[f"took.{system.name}"] = result, None if was_kept else seconds
    elif error:
        store[f"error.{system.name}"] = error
