"""Saved runs in their page: brought from a file, and which of them may be taken away."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from backends.files.saved import ENDING, FILE_MB, load_result, refusal
from backends.registry import System
from backends.run import Result
from pages.text import plain
from worlds.errors import InputError


def open_saved(system: System, turn: Callable[[Any], None]) -> None:
    """Upload box for a saved run; it opens in the same page as a live one. A file that is none keeps its sentence beside it.

    Args:
        turn: turns the knobs to the run's settings, so that the button gives the same picture again.
    """
    st.file_uploader(f"Open a saved run (.{ENDING})", type=[ENDING], key=f"open.{system.name}", max_upload_size=FILE_MB,
                     on_change=_open, args=(system, turn),
                     help=f"A file that this page's 'Whole run' button made. At most {FILE_MB} MB.")
    if said := st.session_state.get(f"refused.{system.name}"):
        st.error(plain(said), icon=":material/error:")


def _open(system: System, turn: Callable[[Any], None]) -> None:
    """Read the file that was chosen, once: reruns find its result, or what is wrong with it."""
    store = st.session_state
    store.pop(f"refused.{system.name}", None)
    file = store.get(f"open.{system.name}")
    if file is None:
        return
    try:
        result = load_result(file.getvalue(), system.result)
    except InputError as error:  # what was shown stays
        store[f"refused.{system.name}"] = str(error)
        return
    store[f"result.{system.name}"] = result
    store.setdefault("brought", {})[system.name, getattr(result.settings, "task", "")] = result  # a page keeps one of each task
    store.pop(f"error.{system.name}", None)
    turn(result.settings)


def was_brought(result: Result) -> bool:
    """Whether a result is what a file says, not what was computed here."""
    return any(kept is result for kept in st.session_state.get("brought", {}).values())


def why_not(system: System, result: Result) -> str:
    """Why this run cannot be saved, if it cannot; asked once of each, before a click: a click can only fail without a word."""
    kept, said = st.session_state.get(f"refusal.{system.name}", (None, ""))
    if kept is not result:
        said = refusal(result)
        st.session_state[f"refusal.{system.name}"] = result, said
    return str(said)
