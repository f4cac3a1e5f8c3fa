"""The home or table that some settings begin in, and whether a task in a person's own words is understood there."""

from typing import Any, cast

import streamlit as st

from backends.episode import State
from backends.era.environments import ENVIRONMENTS, World
from backends.era.settings import EraSettings
from worlds.errors import InputError


@st.cache_data(max_entries=50, show_spinner=False)
def _begun(world: World, subset: str, number: int) -> tuple[State, str]:
    """The state and the task of a fixed home or table before the first turn."""
    _, info = ENVIRONMENTS[world].opened(subset, number)
    return cast(State, info["state"]), str(info["instruction"])


def begun(settings: EraSettings) -> Any:  # Any: a state of a world, which alone knows its type
    """The home or table before the first turn."""
    return _begun(settings.world, settings.subset, settings.number)[0]


def task(settings: EraSettings) -> str:
    """Its own task."""
    return _begun(settings.world, settings.subset, settings.number)[1]


def not_understood(text: str, settings: EraSettings) -> str:
    """Why a task in a person's own words cannot be played there, with one that could; empty where it can, and of no words."""
    if not text.strip():
        return ""
    try:
        ENVIRONMENTS[settings.world].understood(text, begun(settings))
    except InputError as error:
        return str(error)
    return ""
