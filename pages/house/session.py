"""This browser's files and runs, and the machine behind them."""

import sys

import psutil
import streamlit as st

from backends.browsers import COOKIE, browsers
from backends.engine import the_engine
from backends.sessions import Session


@st.cache_resource(scope="session", on_release=lambda session: browsers().leave(session), show_spinner=False)
def current() -> Session:
    """The files and runs of this browser's tabs; they go when the last one closes."""
    return browsers().enter(st.context.cookies.get(COOKIE))


def leave_behind(system: str) -> None:
    """What comes next takes the place of a link that waits for its click or was refused, and of why there was no new picture."""
    for key in (f"{system}.waiting", f"{system}.link.refused", f"{system}.link.untaken", f"error.{system}"):
        st.session_state.pop(key, None)


def machine_status() -> None:
    """What this machine offers, at the foot of the sidebar."""
    with st.sidebar:
        queue = the_engine().queue()
        memory = psutil.virtual_memory()
        lines = [f"Memory: {memory.available / 1e9:.1f} GB free of {memory.total / 1e9:.1f} GB",
                 f"Queue: {queue.running} running, {queue.waiting} waiting"]
        if "models.memory" in sys.modules:  # nothing is loaded before; asking would import torch
            from models.devices import machine
            from models.memory import budget

            device = machine()
            loaded = ", ".join(dict.fromkeys(holding.title for holding in budget().loaded())) or "none yet"
            lines = [f"Device: {device.device_name}", *lines, f"Models loaded: {loaded}"]
        st.caption("**This machine**  \n" + "  \n".join(lines))
