"""Page of T*: a video and a question in, key frames out."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.registry import System
from backends.tstar.results import Iteration, TStarResult
from backends.tstar.search import Search, distribution, spread
from backends.tstar.settings import TStarSettings
from backends.tstar.system import SYSTEM
from pages.house import frame, knobs, running, tasks, view
from pages.house.frame import Own, Page
from pages.house.tasks import Task
from pages.tstar import own_knobs, own_video, views
from visualizers.tstar import figures

TASKS = {"": Task("Search", ":material/travel_explore:", button="Search", fold="Every knob, other videos",
                  coming="The first grid comes within a second or two; each that follows replaces it.")}


def choose(settings: TStarSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    knobs.set_knobs(SYSTEM, settings)
    running.start(SYSTEM, settings)


def draw_live(step: object) -> None:
    if not isinstance(step, Iteration):
        return
    picture, chart = st.columns([2, 3])
    picture.image(view.jpeg(figures.canvas_picture(step)), width="stretch", alt=f"Grid {step.number}: frames with detected boxes",
                  caption=f"Grid {step.number}: {len(step.positions)} frames in one picture")
    with chart:
        view.chart(figures.timeline(step), key="live.timeline")
        st.caption(views.standing(step))


def first_view(_task: str, result: TStarResult, _beside: DeltaGenerator) -> None:
    """What is seen without scrolling."""
    views.replay(result)
    views.verdict(result)


def details(_task: str, result: TStarResult) -> None:
    """The key frames, and the rivals."""
    views.film_strip(SYSTEM, result)
    st.header("Against other ways of choosing frames")
    views.comparison(result)


def how(_task: str, result: TStarResult) -> None:
    """The formulas, and what a larger grid costs."""
    views.how_it_works(result)
    views.larger_grids(result)


def code(_task: str) -> None:
    """The functions that ran."""
    st.caption("The code that ran")
    for function in (Search.update, spread, distribution):
        view.source_of(function)


def settle(_system: System[TStarSettings, TStarResult]) -> None:
    """The newest result is the one that is shown."""
    tasks.settle(SYSTEM)


def foot() -> None:
    st.header("Score result files")
    views.score_files()


frame.show(Page(
    SYSTEM, "Here a miniature detector shows the mechanism, on drawn videos and on yours.", TASKS, choose=choose,
    turn=knobs.set_knobs, settle=settle, live=draw_live, first_view=first_view, details=details,
    paper=lambda _task, result: views.beside_the_paper(result), how=how,
    take=lambda _task, result: views.downloads(SYSTEM, result), code=code,
    knobs=lambda _task: own_knobs.draw(SYSTEM), is_empty=lambda _result: False, views=("step",), foot=foot,
    remember=lambda result, is_recorded: own_knobs.remember(result, is_recorded=is_recorded),
    own=Own(box=lambda: own_video.box(SYSTEM), is_there=lambda _task: own_video.is_there(SYSTEM),
            is_answered=lambda result: own_video.is_answered(SYSTEM, result), panel=lambda: own_video.panel(SYSTEM),
            title=lambda: own_video.title(SYSTEM))))
