"""Page of ERA: an embodied agent, step by step, played in a drawn home or at a table top, trained, or replayed from logs."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.episode import Episode
from backends.era.results import EraResult, Training
from backends.era.settings import EraSettings
from backends.era.system import SYSTEM
from pages.era import by_hand, how, own_knobs, own_logs, replay, step, taking, training, views
from pages.house import frame, knobs, tasks
from pages.house.frame import Page


def choose(settings: EraSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    knobs.set_knobs(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def draw_live(part: object) -> None:
    """The newest partial result."""
    if isinstance(part, Episode):
        step.live(part)
    if isinstance(part, Training):
        training.live(part)


def first_view(task: str, result: EraResult, beside: DeltaGenerator) -> None:
    """What is seen without scrolling: the step, the time line, what can be done next; of a training its curves."""
    if task == "train":
        training.first_view(result)
        return
    if task == "play":
        own_knobs.own_task(SYSTEM, result, beside)
    step.first_view(result)
    if task == "play":
        by_hand.panel(result, choose)


def details(task: str, result: EraResult) -> None:
    """How it went; of logs, which others there are and what they come to."""
    if task == "replay":
        replay.details(SYSTEM, result, choose)
    if task == "train" and result.episode is not None:
        st.header("An episode that it learned from")
        step.first_view(result)
    views.episode_charts(result)


frame.show(Page(
    SYSTEM, views.NOTE, views.TASKS, choose=choose, turn=knobs.set_knobs, settle=views.settle, live=draw_live,
    first_view=first_view, details=details, paper=views.beside_the_paper, how=how.how_it_works,
    take=lambda _task, result: taking.take(result), code=views.code, is_empty=views.is_empty,
    knobs=lambda task: own_knobs.draw(SYSTEM, task), views=step.VIEWS,
    own=own_logs.LOGS.own()))
