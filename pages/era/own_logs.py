"""A person's own logs: brought beside the presets, replayed at once."""

import streamlit as st

from backends.era.results import EraResult
from backends.era.settings import LOGS_MB, EraSettings
from backends.registry import System
from pages.house import knobs, tasks
from pages.house.text import plain

NEW = "era.own.new"  # in the session's state: a file came and was not replayed yet
Era = System[EraSettings, EraResult]


def box(system: Era) -> None:
    """The upload box; each new file is replayed at once, from its first run and episode."""
    knobs.own_upload(system, "file", "Your logs", on_new=_replays_them,
                     note=f"A zip of the folder of EmbodiedBench, ERA or VAGEN, or one of their files; at most {LOGS_MB} MB. It "
                     "stays in this session.")
    if st.session_state.pop(NEW, False) and knobs.own_file(system, "file"):
        tasks.start(system, EraSettings(task="replay", file=str(knobs.said(system, ("file",))["file"])))
        st.rerun()


def _replays_them(system: Era) -> None:
    from_the_first(system)
    st.session_state[NEW] = True


def from_the_first(system: Era) -> None:
    """The run, the episode and the logs beside them belong to other logs: begin with the first."""
    for name in ("beside", "log", "episode"):
        knobs.set_default(system, name)


def is_there(system: Era, task: str) -> bool:
    """Whether the knobs name logs of this session's own."""
    return task == "replay" and bool(knobs.own_file(system, "file"))


def is_answered(system: Era, result: EraResult) -> bool:
    """Whether a result is about them."""
    return knobs.is_about(system, "file", result.settings)


def panel(system: Era) -> None:
    """The logs that were brought, and the button."""
    st.markdown(f"**{plain(knobs.own_file(system, 'file'))}** is here. Which run and which episode, the knobs below say.")
    tasks.run_button(system, {"task": "replay", **knobs.said(system, ("file", "beside", "log", "episode"))}, label="Replay your logs",
                     cost=lambda _asked: "Takes seconds: pictures are read one at a time, when they are looked at.", key="run.own")


def title(system: Era) -> str:
    return f"{plain(knobs.own_file(system, 'file'))}: replay another of its episodes"
