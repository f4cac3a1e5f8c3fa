"""A person's own logs: brought beside the presets, read at once, shown by iteration and group in the same browser."""

from collections.abc import Callable

import streamlit as st

from backends.files.rows import counted
from backends.ragen.history import history_of
from backends.ragen.monitor import watch
from backends.ragen.results import Logs, RagenResult
from backends.ragen.settings import LOGS_MB, RagenSettings
from backends.ragen.system import SYSTEM
from pages.house.own_logs import OwnLogs
from pages.house.text import plain
from pages.ragen import browser, training, turns
from pages.ragen.browser import Place
from visualizers.ragen import tables

AT, GROUP = "ragen.logs.at", "ragen.logs.group"
ROWS_PX, MOST_REPEATED = 260, 5
Choose = Callable[[RagenSettings], None]
LOGS = OwnLogs(
    SYSTEM, "logs", ("at", "group"),
    note=f"Of RAGEN, verl, TRL, VAGEN, W&B, or this page's own: a zip or one of its files; at most {LOGS_MB} MB.",
    which="Which iteration and group", button="Read your logs", cost="Takes seconds: one group is read whole at a time.",
    again="read another iteration or group")


def first_view(result: RagenResult, choose: Choose) -> None:
    """What the logs hold, and one group of their episodes."""
    logs = result.logs
    if logs is None:
        return
    kinds = f": {', '.join(logs.layouts)}" if logs.layouts else ""
    st.markdown(f"**{counted(logs.num_rollouts, 'episode')}**{plain(kinds)}, {counted(len(logs.curves), 'curve')}")
    _warned(logs)
    if not logs.entries:
        st.caption("There are no episodes in them; their curves stand below.")
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _choices(result, logs, choose)
        table = tables.entries(logs.entries)
        st.dataframe(table, hide_index=True, width="stretch", height=min(ROWS_PX, 38 + 35 * len(table)))
        st.caption(f"{counted(len(logs.entries), 'episode')} of this iteration.")
        if logs.repeated:
            st.markdown("**Thought most often in this group**")
            st.markdown(turns.repeated(logs.repeated[:MOST_REPEATED]))
    with right:
        _browser(logs)


def _warned(logs: Logs) -> None:
    """What the monitor says of their curves, and which of these it does not know by their names."""
    history = history_of(logs.curves)
    unknown = [curve.name for curve in logs.curves.values() if not curve.metric]
    if len(history) > 1:
        training.monitored(watch(history))
    if unknown:
        st.caption(f"{counted(len(unknown), 'curve')} of other names, such as {plain(unknown[0][:60])}, stand below as the log has "
                   "them. The monitor reads those that RAGEN, verl, TRL, VAGEN or this page's own exports write.")


@st.fragment
def _browser(logs: Logs) -> None:
    """Only this part is drawn anew when another episode or turn is chosen."""
    place = Place("ragen.log", "starts", "attempt", "step", logs)
    chosen = browser.of_group(logs.rollouts, place)
    if chosen is not None:
        turns.shading(logs)
        browser.episode(chosen, place)


def _choices(result: RagenResult, logs: Logs, choose: Choose) -> None:
    """Which iteration and group; choosing one reads it."""
    for label, key, knob, offered, shown in (("Iteration", AT, "at", logs.iterations, logs.at),
                                             ("Group", GROUP, "group", logs.groups, logs.group)):
        known = [number for number in offered if number is not None]
        if len(known) < 2:
            st.caption(f"{label}: {'not logged' if shown is None else shown}")
            continue
        if st.session_state.get(f"{key}.of") is not result:
            st.session_state[key], st.session_state[f"{key}.of"] = shown if shown is not None else known[0], result
        st.selectbox(label, known, key=key, help="Choosing one reads it.", on_change=_read, args=(result, choose, key, knob))


def _read(result: RagenResult, choose: Choose, key: str, knob: str) -> None:
    wanted = {knob: int(st.session_state[key])} | ({"group": -1} if knob == "at" else {})
    choose(result.settings.model_copy(update=wanted))
