"""Page of CoDA: facts that overshadow facts, the law of it, and the decoders that bring the rare ones back."""

from typing import Any

import streamlit as st

from backends.coda.results import CodaResult, FilePart, LawPart, RecoveryPart
from backends.coda.settings import CodaSettings
from backends.registry import system as find_system
from pages import coda_compare, coda_corpus, coda_file, coda_knobs, coda_named, coda_parts, coda_real, parts, tasks

SYSTEM = find_system("coda")


def choose(settings: CodaSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started; a recording in its place where the model is not here."""
    coda_knobs.turn(SYSTEM, settings)
    if not coda_real.shows_recording(SYSTEM, settings):
        tasks.start(SYSTEM, settings)


def draw_live(part: Any) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, LawPart):
        coda_corpus.law_live(part)
    elif isinstance(part, RecoveryPart):
        coda_corpus.recovery_charts(part, place="live")
    elif isinstance(part, FilePart):
        coda_file.rows(part, place="live")
    else:
        coda_compare.live(part, tasks.running_settings(SYSTEM))


def first_view(task: str, result: CodaResult, beside: Any) -> None:
    """What is seen without scrolling; `beside` is the line of the tasks, which has room for one more choice."""
    if task == "compare":
        coda_compare.answer(result, beside, choose)
    elif task == "law":
        coda_corpus.law(result, beside)
    elif task == "recovery":
        coda_corpus.recovery(result)
    else:
        coda_file.answered(result)


def rest(task: str, result: CodaResult) -> None:
    """Details, the paper, the formulas, the code, the downloads."""
    if task == "compare":
        coda_compare.side_by_side(result)
        coda_named.what_to_expect(result)
    if task == "law":
        coda_corpus.over_training(result)
    if task == "recovery":
        coda_corpus.finders(result)
        coda_corpus.size_law(tasks.result_of(SYSTEM, "size"), choose)
    st.header("Beside the paper")
    coda_parts.beside_the_paper(result)
    st.header("How it works")
    coda_parts.how_it_works(result)
    if task == "compare":
        coda_compare.formula(result)
    st.header("Take it away")
    coda_parts.tables(result)
    parts.download_whole(SYSTEM, result, result.settings)


tasks.keep(SYSTEM)
if (linked := parts.linked_settings(SYSTEM)) is not None:
    choose(linked)
coda_parts.settle(SYSTEM)

parts.head(SYSTEM, "Here: invented facts; a real model is one click away.")
parts.presets(SYSTEM, choose)
beside = st.container(horizontal=True, gap="medium", vertical_alignment="center")
task = tasks.choice(SYSTEM, coda_parts.TASKS, beside)
parts.show_error(SYSTEM)
result, is_recorded = coda_real.recording(SYSTEM, task) or tasks.result_of(SYSTEM, task)
code = None
is_live = tasks.is_live(SYSTEM, task)
if parts.running(SYSTEM):
    parts.watch(SYSTEM, draw_live if is_live else tasks.draw_nothing)
if is_live:
    st.caption(coda_parts.TASKS[task].coming)
    folded = tasks.fold(coda_parts.TASKS, task)
elif result is None or coda_parts.is_empty(result):
    coda_real.card(SYSTEM)
    if task == "file":
        coda_file.invitation(choose)
    else:
        tasks.nothing_yet()
    folded = tasks.fold(coda_parts.TASKS, task, is_open=task == "file")
else:
    first_view(task, result, beside)
    parts.badge(result, is_recorded=is_recorded)
    coda_real.card(SYSTEM)
    coda_parts.remember(result, is_recorded=is_recorded)
    folded = tasks.fold(coda_parts.TASKS, task)
    rest(task, result)
    code = st.container()
parts.open_saved(SYSTEM)

with folded:  # last: the ladder of models imports torch, and the pictures above do not wait for it
    coda_knobs.knobs(SYSTEM, task, choose)
if code is not None:
    with code:
        coda_parts.code(task)
