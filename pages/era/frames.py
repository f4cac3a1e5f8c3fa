"""The picture of a step: drawn from the world's state, or read from what was brought, one at a time; and why there is none."""

from functools import cache, partial
from pathlib import Path

import numpy as np
import streamlit as st

from backends.episode import Action, State, Turn
from backends.era import logs
from backends.era.environments import Marks, of_world
from backends.era.formats.seen import views
from backends.era.results import EraResult
from pages.era import home
from pages.house import session
from visualizers.era import scenes
from worlds.errors import InputError
from worlds.pictures import read_picture

Brought = tuple[tuple[str, Path], ...]  # names of uploads, and where they lie
SIDE_PX = 720  # of a frame that is shown
GONE = "The logs of this run are not in this session. Upload them again to see their pictures."
MARKS: dict[Marks, str] = {"boxes": "Numbered", "axes": "With axes", "plain": "Bare"}
LOGGED: dict[str, Marks] = {"front_rgb_annotated": "boxes", "front_rgb": "axes"}  # EB-Manipulation draws the axes into its own frames


def picture_of(result: EraResult, turn: Turn, action: Action | None, *, is_before: bool,
               marks: Marks = "plain") -> tuple[np.ndarray | None, str]:
    """The picture before or after a step, (h, w, 3) uint8 RGB; None, and why, where there is none.

    Args:
        marks: what is drawn over it, of `ways`.
    """
    if (picture := _drawn(scenes.state_of(turn, action, is_before=is_before), _world(result), marks)) is not None:
        return picture, ""
    name = _frame_of(turn, action, is_before=is_before)
    if not name:
        return None, _no_picture(is_before=is_before)
    brought = brought_of(result)
    if not brought:
        return None, GONE
    try:
        return _read(brought, _views(brought, name).get(marks, name)), ""
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
    brought = brought_of(result)
    if not brought or not any(turn.frame or any(action.frame for action in turn.actions) for turn in episode.turns):
        return None

    opened = cache(partial(logs.opened, brought))

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


def brought_of(result: EraResult) -> Brought:
    """The names and places of what a result is about; nothing where this session lacks any of it."""
    here = session.current().inputs().files
    try:
        return logs.places(result.settings, here.__getitem__)
    except KeyError:
        return ()


def ways(result: EraResult, turn: Turn, action: Action | None, *, is_before: bool) -> tuple[Marks, ...]:
    """How that picture can be shown: with things numbered, with the axes alone, bare; the usual way first."""
    environment = of_world(_world(result))
    if scenes.state_of(turn, action, is_before=is_before) is not None and environment is not None:
        return environment.marks
    name, brought = _frame_of(turn, action, is_before=is_before), brought_of(result)
    return tuple(_views(brought, name)) if name and brought else ()


def first_of(result: EraResult, marks: Marks) -> np.ndarray | None:
    """What is seen before anything was done, in an episode that is played here."""
    return _drawn(home.begun(result.settings), _world(result), marks)


def _world(result: EraResult) -> str:
    return result.episode.world if result.episode else ""


@st.cache_data(max_entries=24, show_spinner=False)
def _drawn(state: State | None, world: str, marks: Marks) -> np.ndarray | None:
    """One picture of a state; a table top takes a tenth of a second."""
    return scenes.drawn(state, world, marks=marks)


def _frame_of(turn: Turn, action: Action | None, *, is_before: bool) -> str:
    """What the log calls the picture."""
    if not is_before:
        return action.frame if action else turn.frame
    place = scenes.place_of(turn, action)
    return turn.actions[place - 1].frame if place > 0 else turn.frame


@st.cache_data(max_entries=60, show_spinner=False)
def _views(brought: Brought, name: str) -> dict[Marks, str]:
    """The pictures that a log of the table top has of one moment, where there are two; what cannot be opened has none."""
    try:
        found = views(name, logs.opened(brought).names)
    except InputError:
        return {}
    told: dict[Marks, str] = {marks: found[view] for view, marks in LOGGED.items() if view in found}
    return told if len(told) > 1 else {}


@st.cache_data(max_entries=60, show_spinner=False)
def _read(brought: Brought, name: str) -> np.ndarray:
    """One picture out of what was brought. Raises InputError where it is none."""
    return read_picture(logs.opened(brought).read(name), max_side_px=SIDE_PX, name=name)
