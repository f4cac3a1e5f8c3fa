"""The picture of a step: drawn from the world's state, or read from what was brought, one at a time; and why there is none."""

from functools import cache, partial
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
GONE = "The logs of this run are not in this session. Upload them again to see their pictures."


def picture_of(result: EraResult, turn: Turn, action: Action | None, *, is_before: bool) -> tuple[np.ndarray | None, str]:
    """The picture before or after a step, (h, w, 3) uint8 RGB; None, and why, where there is none."""
    state = scenes.before(turn, action) if is_before else action.state if action else turn.state
    world = result.episode.world if result.episode else ""
    if (picture := scenes.drawn(state, world)) is not None:
        return picture, ""
    name = _frame_of(turn, action, is_before=is_before)
    if not name:
        return None, _no_picture(is_before=is_before)
    file, path = _brought(result)
    if path is None:
        return None, GONE
    try:
        return _read(str(path), file, name), ""
    except InputError as error:
        return None, str(error)


def film_of(result: EraResult) -> scenes.Look | None:
    """Where the pictures of an episode's film come from; None where there are none. Nothing is opened before the first is asked for.

    What is returned may be called from any thread: a download is made outside of the page.
    """
    episode = result.episode
    if episode is None or not episode.turns:
        return None
    if scenes.has_pictures(episode):
        return scenes.as_drawn(episode.world)
    file, path = _brought(result)
    if path is None or not any(turn.frame or any(action.frame for action in turn.actions) for turn in episode.turns):
        return None

    opened = cache(partial(logs.opened, path, file))

    def look(turn: Turn, action: Action | None, is_before: bool) -> tuple[np.ndarray | None, str]:
        name = _frame_of(turn, action, is_before=is_before)
        if not name:
            return None, _no_picture(is_before=is_before)
        try:
            return read_picture(opened().read(name), max_side_px=scenes.SIDE_PX, name=name), ""
        except InputError as error:
            return None, str(error)
        except OSError:  # the session's folder went while the film was made
            return None, GONE
    return look


def _no_picture(*, is_before: bool) -> str:
    return f"The log has no picture {'before' if is_before else 'after'} this step."


def _brought(result: EraResult) -> tuple[str, Path | None]:
    """The file that a result is about, and where it lies; None where this session has it not."""
    file = result.settings.file.removeprefix(UPLOAD)
    return file, session.current().inputs().files.get(file)


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
