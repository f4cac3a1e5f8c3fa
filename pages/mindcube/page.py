"""Page of MindCube: a few views of a room, what none of them shows, and a map that a model draws before it answers."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.mindcube.results import Asked, MindCubeResult, Training
from backends.mindcube.settings import MindCubeSettings
from backends.mindcube.system import SYSTEM
from pages.house import frame, tasks
from pages.house.frame import Page
from pages.mindcube import asked, blind, browsing, gaze, handing, how, many, own_files, own_knobs, taking, training, views


def choose(settings: MindCubeSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    own_knobs.turn(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def draw_live(part: object) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, Asked):
        asked.live(part)
    elif isinstance(part, tuple):
        many.live(part)
    elif isinstance(part, Training):
        training.live(part)


def first_view(task: str, result: MindCubeResult, _beside: DeltaGenerator) -> None:
    """What is seen without scrolling: a question and its answers, what many come to, a file's numbers, a training's curves."""
    if task == "ask":
        asked.first_view(result, choose)
    elif task == "evaluate":
        many.first_view(result)
    elif task == "file":
        own_files.first_view(result, choose)
    else:
        training.first_view(result)


def details(task: str, result: MindCubeResult) -> None:
    """Every map, both metrics, where it looked and what it wrote; or templates and questions; or what it says."""
    if task == "ask" and result.asked is not None:
        st.header("Every map")
        blind.maps_of(result.asked)
        blind.draw(result.asked)
        gaze.draw(result.asked)
        st.header("In its own words")
        asked.replied(result.asked)
    elif task == "evaluate":
        many.details(result, choose)
    elif task == "file":
        own_files.details(result)
    elif task == "train":
        training.details(result, choose)


frame.show(Page(
    SYSTEM, views.NOTE, views.TASKS, choose=choose, turn=own_knobs.turn, settle=views.settle, live=draw_live,
    first_view=first_view, details=details, paper=views.beside_the_paper, how=how.how_it_works,
    take=lambda _task, result: taking.take(result), code=views.code, is_empty=views.is_empty, without=views.without,
    knobs=lambda task: own_knobs.draw(SYSTEM, task), kept=own_knobs.KEPT,
    views=asked.VIEWS + browsing.VIEWS + many.VIEWS + handing.VIEWS, own=own_files.FILES.own()))
