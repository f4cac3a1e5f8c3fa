"""Page of AdaptVis: where a vision-language model looks, and what happens to its answer when its gaze is turned."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.adaptvis.results import AdaptVisResult, Evaluated, Looked
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.system import SYSTEM
from pages.adaptvis import item_set, look, own_knobs, own_picture, views
from pages.house import frame, tasks
from pages.house.frame import Own, Page


def choose(settings: AdaptVisSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    own_knobs.turn(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def draw_live(part: object) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, Looked):
        look.live(part)
    elif isinstance(part, Evaluated):
        item_set.live(part)


def first_view(task: str, result: AdaptVisResult, _beside: DeltaGenerator) -> None:
    """What is seen without scrolling."""
    if task == "look":
        look.first_view(result)
        own_knobs.next_scene(result.settings, choose)
    else:
        item_set.first_view(result)


def details(task: str, result: AdaptVisResult) -> None:
    """What alpha does, heads, the honest summary; or who gains in a set."""
    if task == "look":
        look.what_alpha_does(result, choose)
        look.heads_and_others(result, choose)
        st.header("Does it help on the whole?")
        views.headline(tasks.result_of(SYSTEM, "evaluate")[0])
        st.caption("From the evaluation under “Evaluate a set”. The presets above were picked by rule as the clearest of their kind; "
                   "they are not typical.")
    else:
        item_set.details(result)


frame.show(Page(
    SYSTEM, "Here: drawn scenes.", views.TASKS, choose=choose, turn=own_knobs.turn, settle=views.settle, live=draw_live,
    first_view=first_view, details=details,
    paper=lambda _task, result: views.beside_the_paper(result), how=lambda _task, result: views.how_it_works(result),
    take=lambda _task, result: views.tables(result), code=views.code, is_empty=views.is_empty, kept=own_knobs.KEPT,
    views=look.VIEWS + item_set.VIEWS,
    own=Own(box=lambda: own_picture.box(SYSTEM), is_there=lambda task: own_picture.is_there(SYSTEM, task),
            is_answered=lambda result: own_picture.is_answered(SYSTEM, result), panel=lambda: own_picture.panel(SYSTEM),
            title=lambda: own_picture.title(SYSTEM)),
    knobs=lambda task: own_knobs.draw(SYSTEM, task)))
