"""Page of AdaptVis: where a vision-language model looks, and what happens to its answer when its gaze is turned."""

from typing import Any

import streamlit as st

from backends.adaptvis.results import AdaptVisResult, Evaluated, Looked
from backends.adaptvis.settings import AdaptVisSettings
from backends.registry import system as find_system
from pages import adaptvis_knobs, adaptvis_look, adaptvis_parts, adaptvis_set, parts, saved_runs, tasks

SYSTEM = find_system("adaptvis")


def choose(settings: AdaptVisSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    adaptvis_knobs.turn(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def draw_live(part: Any) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, Looked):
        adaptvis_look.live(part)
    elif isinstance(part, Evaluated):
        adaptvis_set.live(part)


def first_view(task: str, result: AdaptVisResult) -> None:
    """What is seen without scrolling."""
    if task == "look":
        adaptvis_look.first_view(result)
        adaptvis_knobs.next_scene(result.settings, choose)
    else:
        adaptvis_set.first_view(result)


def rest(task: str, result: AdaptVisResult) -> None:
    """Details, the honest summary, the paper, the formulas, the downloads."""
    if task == "look":
        adaptvis_look.what_alpha_does(result, choose)
        adaptvis_look.heads_and_others(result, choose)
        st.header("Does it help on the whole?")
        adaptvis_parts.headline(tasks.result_of(SYSTEM, "evaluate")[0])
        st.caption("From the evaluation under “Evaluate a set”. The presets above were picked by rule as the clearest of their kind; "
                   "they are not typical.")
    else:
        adaptvis_set.details(result)
    st.header("Beside the paper")
    adaptvis_parts.beside_the_paper(result)
    st.header("How it works")
    adaptvis_parts.how_it_works(result)
    st.header("Take it away")
    adaptvis_parts.tables(result)
    parts.download_whole(SYSTEM, result, result.settings)


tasks.keep(SYSTEM, adaptvis_knobs.KEPT)
if (linked := parts.linked_settings(SYSTEM)) is not None:
    choose(linked)
adaptvis_parts.settle(SYSTEM)

parts.head(SYSTEM, "Here: drawn scenes.")
parts.presets(SYSTEM, choose)
task = tasks.choice(SYSTEM, adaptvis_parts.TASKS)
parts.show_error(SYSTEM)
result, is_recorded = tasks.result_of(SYSTEM, task)
code = None
is_live = tasks.is_live(SYSTEM, task)
if parts.running(SYSTEM):
    parts.watch(SYSTEM, draw_live if is_live else tasks.draw_nothing)
if is_live:
    st.caption(adaptvis_parts.TASKS[task].coming)
    folded = tasks.fold(adaptvis_parts.TASKS, task)
elif result is None or adaptvis_parts.is_empty(result):
    tasks.nothing_yet()
    folded = tasks.fold(adaptvis_parts.TASKS, task)
else:
    first_view(task, result)
    parts.badge(result, is_recorded=is_recorded)
    folded = tasks.fold(adaptvis_parts.TASKS, task)
    rest(task, result)
    code = st.container()
saved_runs.open_saved(SYSTEM, lambda settings: adaptvis_knobs.turn(SYSTEM, settings))

with folded:  # last: the ladder of models imports torch, and the pictures above do not wait for it
    adaptvis_knobs.knobs(SYSTEM, task)
if code is not None:
    with code:
        adaptvis_parts.code(task)
