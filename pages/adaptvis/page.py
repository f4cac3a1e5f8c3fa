"""Page of AdaptVis: where a vision-language model looks, and what happens to its answer when its gaze is turned."""

from typing import Any

import streamlit as st

from backends.adaptvis.results import AdaptVisResult, Evaluated, Looked
from backends.adaptvis.settings import AdaptVisSettings
from backends.registry import system as find_system
from pages.adaptvis import item_set, look, own_knobs, views
from pages.house import results, running, tasks, view

SYSTEM = find_system("adaptvis")


def choose(settings: AdaptVisSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    own_knobs.turn(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def draw_live(part: Any) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, Looked):
        look.live(part)
    elif isinstance(part, Evaluated):
        item_set.live(part)


def first_view(task: str, result: AdaptVisResult) -> None:
    """What is seen without scrolling."""
    if task == "look":
        look.first_view(result)
        own_knobs.next_scene(result.settings, choose)
    else:
        item_set.first_view(result)


def rest(task: str, result: AdaptVisResult) -> None:
    """Details, the honest summary, the paper, the formulas, the downloads."""
    if task == "look":
        look.what_alpha_does(result, choose)
        look.heads_and_others(result, choose)
        st.header("Does it help on the whole?")
        views.headline(tasks.result_of(SYSTEM, "evaluate")[0])
        st.caption("From the evaluation under “Evaluate a set”. The presets above were picked by rule as the clearest of their kind; "
                   "they are not typical.")
    else:
        item_set.details(result)
    st.header("Beside the paper")
    views.beside_the_paper(result)
    st.header("How it works")
    views.how_it_works(result)
    st.header("Take it away")
    views.tables(result)
    results.download_whole(SYSTEM, result, result.settings)


tasks.keep(SYSTEM, own_knobs.KEPT)
if (linked := running.linked_settings(SYSTEM)) is not None:
    choose(linked)
views.settle(SYSTEM)

view.head(SYSTEM, "Here: drawn scenes.")
view.presets(SYSTEM, choose)
task = tasks.choice(SYSTEM, views.TASKS)
running.show_error(SYSTEM)
result, is_recorded = tasks.result_of(SYSTEM, task)
code = None
is_live = tasks.is_live(SYSTEM, task)
if running.is_running(SYSTEM):
    running.watch(SYSTEM, draw_live if is_live else tasks.draw_nothing)
if is_live:
    st.caption(views.TASKS[task].coming)
    folded = tasks.fold(views.TASKS, task)
elif result is None or views.is_empty(result):
    tasks.nothing_yet()
    folded = tasks.fold(views.TASKS, task)
else:
    first_view(task, result)
    view.badge(result, is_recorded=is_recorded)
    folded = tasks.fold(views.TASKS, task)
    rest(task, result)
    code = st.container()
results.open_saved(SYSTEM, lambda settings: own_knobs.turn(SYSTEM, settings))

with folded:  # last: the ladder of models imports torch, and the pictures above do not wait for it
    own_knobs.draw(SYSTEM, task)
if code is not None:
    with code:
        views.code(task)
