"""The recorded trainings beside each other: four endings of one beginner, a sentence and a button each."""

import streamlit as st

from backends.ragen.fates import Fate, fates
from backends.ragen.presets import RECORDED_RUNS
from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.ragen.system import SYSTEM
from pages.house import tasks, view
from visualizers.ragen import fates as drawn

TITLES = {"learns": "It learns", "echoes": "It echoes", "loses_format": "It loses its format", "saved": "It is saved"}
HOW = {"learns": "PPO", "echoes": "PPO, longer", "loses_format": "GRPO, one coin", "saved": "that one with StarPO-S"}


def draw(result: RagenResult) -> None:
    """The picture of all and a way to each, where the training that is shown is one of them."""
    shown = next((name for name, settings in RECORDED_RUNS.items() if settings == result.settings), "")
    if not shown:
        return
    found = fates()
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    with left:
        figure = drawn.fates({TITLES[name]: fate for name, fate in found.items()}, TITLES[shown])
        view.chart(figure, key="ragen.fates", is_first=True)
    with right, st.container(gap="xsmall", key="ragen-fates"):
        for name, fate in found.items():
            with st.container(gap=None):
                st.button(f"{TITLES[name]} ({HOW[name]})", key=f"ragen.fate.{name}", type="primary" if name == shown else "secondary",
                          on_click=_open, args=(RECORDED_RUNS[name],), help="Opens its recorded run: curve, words and monitor.")
                st.caption(said(fate))


def _open(settings: RagenSettings) -> None:
    tasks.open_recording(SYSTEM, settings)


def said(fate: Fate) -> str:
    """What a training came to, in one sentence."""
    if fate.lost is not None:
        warned = f", warned of at {fate.warned}" if fate.warned is not None else ""
        return f"From iteration {fate.lost} on it cannot be read{warned}."
    top = fate.end(fate.top)
    thoughts = f"but {top:.0%} of its thoughts are one" if top > 0.5 else "and its thoughts stay many"
    return f"Reward {fate.reward[0]:.2f} to {fate.end(fate.reward):.2f}, {thoughts}."
