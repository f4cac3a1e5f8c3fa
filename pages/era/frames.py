"""The picture of a step: drawn from the world's state, or read from what was brought, one at a time; and why there is none."""

from pathlib import Path

import numpy as np
import streamlit as st

from backends.episode import Action, Turn
from backends.era import logs
from backends.era.results import EraResult
from backends.knobs import UPLOAD
from pages.house import session
from visualizers.era import scenes
from worlds.errors import InputError
from worlds.pictures import read_picture

SIDE_PX = 720  # of a frame that is shown


def picture_of(result: EraResult, turn: Turn, action: Action | None, *, is_before: bool) -> tuple[np.ndarray | None, str]:
    """The picture before or after a step, (h, w, 3) uint8 RGB; None, and why, where there is none."""
    state = scenes.before(turn, action) if is_before else action.state if action else turn.state
    world = result.episode.world if result.episode else ""
    if (picture := scenes.drawn(state, world)) is not None:
        return picture, ""
    name = _frame_of(turn, action, is_before=is_before)
    if not name:
        return None, f"The log has no picture {'before' if is_before else 'after'} this step."
    file = result.settings.file.removeprefix(UPLOAD)
    path = session.current().inputs().files.get(file)
    if path is None:
        return None, "The logs of this run are not in this session. Upload them again to see their pictures."
    try:
        return _read(str(path), file, name), ""
    except InputError as error:
        return None, str(error)


def _frame_of(turn: Turn, action: Action | None, *, is_before: bool) -> str:
    """What the log calls the picture."""
    if not is_before:
        return action.frame if action else turn.frame
    place = scenes.place_of(turn, action)
    return turn.actions[place - 1].frame if place > 0 else turn.frame


@st.cache_data(max_entries=60, show_spinner=False)
def _read(path: str, file: str, name: str) -> np.ndarray:
    """One picture out of what was brought. Raises InputError where it is none."""
    return read_picture(logs.opened(Path(path), file).read(name), max_side_px=SIDE_PX, name=name)
