"""A person's own file: questions with their pictures, a recipe of mergekit, or a merged model of the released code."""

from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backends.knobs import UPLOAD, knob_of
from backends.merging.results import MergingResult
from backends.merging.settings import MergingSettings
from backends.registry import System
from pages.house import knobs, session, tasks
from pages.house.own_box import own_box
from pages.house.text import plain
from worlds.errors import InputError

BOX, DATA = "own.merging", "merging.data"  # in the session's state; the second: whose questions are asked
TASK_OF = {"data": "ask", "recipe": "checkpoints", "official": "checkpoints"}  # which task reads what
OTHER = {"recipe": "official", "official": "recipe"}  # of which only one can be used
Merging = System[MergingSettings, MergingResult]


def box(system: Merging) -> None:
    """Takes any of them, beside the presets: what a file is, its ending says, and its reader checks."""
    endings = [ending for name in TASK_OF for ending in knob_of(system.settings, name).uploads]
    most_mb = knobs.upload_mb(system, "data")
    own_box("Your questions, recipe or merged model", BOX, endings, most_mb=most_mb, take=partial(_take, system),
            said="Questions (JSONL, MathVista, MathVerse, MathVision, MMMU, VLMEvalKit's tables) in a zip with their pictures, up to "
            f"{most_mb:,} MB; a recipe of mergekit (.yaml); or a merged_model_….pth of the released code. It stays in this session.")


def setting_of(system: Merging, name: str) -> str:
    """Which setting a file of this name is for."""
    ending = name.lower().rpartition(".")[2]
    return next((setting for setting in TASK_OF if ending in knob_of(system.settings, setting).uploads), "data")


def _take(system: Merging, file: UploadedFile) -> None:
    """Turn the knobs to a file. Raises InputError where it is nothing that could be used, and leaves them as they are."""
    setting = setting_of(system, file.name)
    most = knobs.upload_mb(system, setting)
    if file.size > most * 1e6:
        raise InputError(f"The file {file.name[:80]!r} has {file.size / 1e6:,.1f} MB. At most {most:,} MB are read as "
                         f"“{knob_of(system.settings, setting).label}”.")
    stored = f"{UPLOAD}{session.current().add_upload(file.name, file, check=system.checks.get(setting))}"
    state = st.session_state
    state.pop(f"error.{system.name}", None)
    waits = state.get(f"{system.name}.waiting")
    if waits is not None and getattr(waits, setting) == stored:  # the file that a link lacked
        return
    state[f"{system.name}.task"] = TASK_OF[setting]
    knobs.leave_link(system)
    knobs.turn(system, setting, stored)
    if setting in OTHER:
        knobs.set_default(system, OTHER[setting])


def names(system: Merging, task: str) -> dict[str, str]:
    """The files of this session that the knobs of a task name, by setting."""
    found = {setting: knobs.own_file(system, setting) for setting, of in TASK_OF.items() if of == task}
    return {setting: name for setting, name in found.items() if name}


def is_there(system: Merging, task: str) -> bool:
    """Whether the knobs were turned to a file of this session's own."""
    return bool(names(system, task))


def is_answered(system: Merging, result: MergingResult) -> bool:
    """Whether a result is about what is there."""
    return all(knobs.is_about(system, setting, result.settings) for setting in names(system, result.settings.task))


def leave_out(system: Merging) -> None:
    """Back to the page's own questions, knobs and models."""
    for setting in TASK_OF:
        knobs.set_default(system, setting)
    st.session_state.pop(DATA, None)


def title(system: Merging) -> str:
    return f"{plain(' and '.join(names(system, tasks.now(system)).values()))}: run it otherwise"
