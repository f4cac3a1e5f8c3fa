"""Page of RAGEN: a small player of text games is trained while its words are watched, played against, and its logs are read."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.ragen.results import RagenResult, Training
from backends.ragen.rollouts import Rollout
from backends.ragen.settings import RagenSettings
from backends.ragen.system import SYSTEM
from pages.house import frame, knobs, tasks
from pages.house.frame import Page
from pages.ragen import browser, by_hand, comparing, how, lab, own_knobs, own_logs, taking, training, views


def choose(settings: RagenSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    knobs.set_knobs(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def draw_live(part: object) -> None:
    """The newest partial result."""
    if isinstance(part, Training):
        training.live(part)
    if isinstance(part, Rollout):
        by_hand.live(part)


def first_view(task: str, result: RagenResult, _beside: DeltaGenerator) -> None:
    """What is seen without scrolling: curve and words, the game, the experiment, or one episode of logs."""
    if task == "train":
        training.first_view(result)
    elif task == "play":
        by_hand.first_view(result, choose)
    elif task == "why":
        lab.first_view(SYSTEM, result)
    else:
        own_logs.first_view(result, choose)


def details(task: str, result: RagenResult) -> None:
    """Every curve, every episode that was kept, other trainings; of a game what each turn earned."""
    if task == "train" and result.training is not None:
        views.charts(result, "All curves")
        st.caption(views.fit_said(result.settings, result.training))
        st.header("Its episodes")
        browser.of_training(result.training)
        comparing.draw(SYSTEM, result)
    elif task == "play":
        by_hand.others(result)
    elif task == "logs":
        views.charts(result, "Curves of these logs")


frame.show(Page(
    SYSTEM, views.NOTE, views.TASKS, choose=choose, turn=knobs.set_knobs, settle=views.settle, live=draw_live,
    first_view=first_view, details=details, paper=views.beside_the_paper, how=how.how_it_works, take=taking.take, code=views.code,
    is_empty=views.is_empty, knobs=lambda task: own_knobs.draw(SYSTEM, task), views=views.VIEWS, without=views.without,
    instead=lambda task: lab.answered(SYSTEM, task), substitute=lab.needs_no_run,
    own=own_logs.LOGS.own()))
