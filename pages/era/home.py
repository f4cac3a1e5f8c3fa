"""The home that some settings begin in, and whether a task in a person's own words is understood there."""

from typing import cast

import streamlit as st

from backends.era.settings import EraSettings
from worlds.errors import InputError
from worlds.minihome.env import MiniHome
from worlds.minihome.state import State
from worlds.minihome.subsets import evaluation_seed
from worlds.minihome.understanding import understood


@st.cache_data(max_entries=50, show_spinner=False)
def _begun(subset: str, number: int) -> tuple[State, str]:
    """The state and the task of a fixed home before the first turn."""
    _, info = MiniHome().reset(seed=evaluation_seed(subset, number), options={"subset": subset})
    return cast(State, info["state"]), str(info["instruction"])


def begun(settings: EraSettings) -> State:
    """The home before the first turn."""
    return _begun(settings.subset, settings.number)[0]


def task(settings: EraSettings) -> str:
    """The home's own task."""
    return _begun(settings.subset, settings.number)[1]


def not_understood(text: str, settings: EraSettings) -> str:
    """Why a task in a person's own words cannot be played in this home, with one that could; empty where it can, and of no words."""
    if not text.strip():
        return ""
    try:
        understood(text, begun(settings))
    except InputError as error:
        return str(error)
    return ""
