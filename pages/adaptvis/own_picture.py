"""A person's own picture: brought beside the presets, shown at once, two names that make the question, Look."""

import streamlit as st

from backends.adaptvis.results import AdaptVisResult
from backends.registry import System
from pages.adaptvis import own_knobs, views
from pages.house import knobs, session, tasks, view
from pages.house.text import plain
from worlds.errors import InputError
from worlds.picture_kinds import HEIC, offered
from worlds.pictures import read_picture

OPTIONS = ("left, right, on or under", "left, right, front or behind", "left, right, above or below", "left, right, top or bottom")


def box(system: System) -> None:
    """The upload box beside the presets; a new file becomes the page's picture at once."""
    knobs.own_upload(system, "picture", "Your picture", on_new=_another,
                     note=f"{offered()}; at most {knobs.upload_mb(system, 'picture')} MB. It stays in this session. {HEIC}")


def _another(system: System) -> None:
    """Another picture, another question."""
    for name in ("question", "options"):
        knobs.set_default(system, name)
    for name in ("a", "b"):
        st.session_state.pop(f"adaptvis.{name}", None)
    st.session_state["adaptvis.task"] = "look"
    st.session_state["adaptvis.picture"] = own_knobs.OWN


def is_there(system: System, task: str) -> bool:
    """Whether the knobs name a picture of this session's own."""
    return task == "look" and bool(knobs.own_file(system, "picture"))


def is_answered(system: System, result: AdaptVisResult) -> bool:
    """Whether a result is about it."""
    return knobs.is_about(system, "picture", result.settings)


def title(system: System) -> str:
    return f"{plain(knobs.own_file(system, 'picture'))}: ask something else"


def panel(system: System) -> None:
    """The picture, the question, Look."""
    name = knobs.own_file(system, "picture")
    if not name:
        return
    try:
        picture = read_picture(session.current().inputs().file(name), name=name)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    left, right = st.columns([2, 3], gap="medium")
    left.image(view.jpeg(picture), width="stretch", caption=plain(name), alt=f"Your picture {name}")
    with right:
        _names(system)
        knobs.knobs(system, ("question", "options"), per_row=1)
        values = {"task": "look", **knobs.said(system, own_knobs.of_looking(system))}
        if not str(values["question"] or "").strip():
            st.info("Name two things that are in the picture: the question is written for you. Or write your own.",
                    icon=":material/help:")
            return
        tasks.run_button(system, values, label="Look at your picture", cost=views.cost, key="run.own")


def _names(system: System) -> None:
    """Two names and a list of words write the question."""
    first, second = st.columns(2)
    first.text_input("Object A", key="adaptvis.a", on_change=_write, args=(system,), placeholder="cup",
                     help="What is asked for. With both names the question below is written for you.")
    second.text_input("Object B", key="adaptvis.b", on_change=_write, args=(system,), placeholder="book",
                      help="What it is asked in relation to.")
    st.selectbox("Answers", OPTIONS, key="adaptvis.words", on_change=_write, args=(system,), accept_new_options=True,
                 help="The words that can be answered, in the order in which the question names them.")


def _write(system: System) -> None:
    """The question in the manner of WhatsUp, once both objects have a name."""
    state = st.session_state
    first, second = str(state.get("adaptvis.a") or "").strip(), str(state.get("adaptvis.b") or "").strip()
    if first and second:
        knobs.turn(system, "question", f"Where is the {first} in relation to the {second}? Answer with "
                   f"{state.get('adaptvis.words') or OPTIONS[0]}.")
        knobs.turn(system, "options", "")
