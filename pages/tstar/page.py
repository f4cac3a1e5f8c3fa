"""Page of T*: a video and a question in, key frames out."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.tstar.results import Iteration, TStarResult
from backends.tstar.search import Search, distribution, spread
from backends.tstar.settings import TStarSettings
from backends.tstar.system import SYSTEM
from pages.house import beside, knobs, results, running, view
from pages.house.text import plain
from pages.tstar import own_knobs, views
from visualizers.tstar import figures

FOLDED = ("detector", "distribution", "selection and answer")  # groups of the settings


def choose(settings: TStarSettings) -> None:
    """A preset or link: knobs turned, run started."""
    knobs.set_knobs(SYSTEM, settings)
    running.start(SYSTEM, settings)


def draw_live(step: object) -> None:
    if not isinstance(step, Iteration):
        return
    picture, chart = st.columns([2, 3])
    picture.image(figures.canvas_picture(step), width="stretch", alt=f"Grid {step.number}: frames with detected boxes",
                  caption=f"Grid {step.number}: {len(step.positions)} frames in one picture")
    with chart:
        view.chart(figures.timeline(step), key="live.timeline")
        st.caption(f"Still to confirm: {plain(', '.join(step.remaining)) or 'nothing'} · {step.budget_left} frames of budget left")


def every_knob(folded: DeltaGenerator) -> None:
    """Everything that can be turned, and what it will cost."""
    with folded:
        values, said = own_knobs.input_knobs(SYSTEM)
        values |= knobs.knobs(SYSTEM, knobs.of(SYSTEM, "search"))
        values |= knobs.tabs(SYSTEM, {group.capitalize(): (group,) for group in FOLDED})
        values["baselines"] = own_knobs.baseline_knob(SYSTEM)
        asked = knobs.settings_from(SYSTEM, values)
        with said:
            knows = own_knobs.has_its_video(asked) and (asked is None or own_knobs.knows_the_words(SYSTEM, asked))
        is_off = asked is None or not (knobs.can_run(SYSTEM, asked) and knows and own_knobs.has_its_similarity(asked))
        search, series, cost = st.columns([2, 2, 3], vertical_alignment="center")
        runs = running.pressed(search, "Search", key="run.button", type="primary", icon=":material/play_arrow:", disabled=is_off,
                             help="Runs the search with these settings.")
        repeats = running.pressed(series, "Run 20 seeds", key="run.seeds", icon=":material/casino:", disabled=is_off,
                                help="The same search with 20 seeds, beside a random grid: how much of the result is luck?")
        if asked is not None and (runs or repeats):
            running.start(SYSTEM, asked.model_copy(update={"num_seeds": 20}) if repeats else asked)
            st.rerun()
        cost.caption(knobs.IN_THE_WAY if is_off or asked is None else own_knobs.cost(asked))


def show_rest(result: TStarResult) -> None:
    views.film_strip(SYSTEM, result)
    st.header("Against other ways of choosing frames")
    views.comparison(result)
    views.beside_the_paper(result)
    st.header("How it works")
    views.how_it_works(result)
    views.larger_grids(result)
    for function in (Search.update, spread, distribution):
        view.source_of(function)
    st.header("Take it away")
    views.downloads(SYSTEM, result)
    results.download_whole(SYSTEM, result, result.settings)


if (linked := running.linked_settings(SYSTEM)) is not None:
    choose(linked)

view.head(SYSTEM, "Here a miniature detector shows the mechanism, on drawn videos and on yours.")
view.presets(SYSTEM, choose)
running.show_error(SYSTEM)
result, is_recorded = results.current_result(SYSTEM)
own_knobs.remember(result, is_recorded=is_recorded)
waits = view.ladder_waits()
if running.is_running(SYSTEM):
    running.watch(SYSTEM, draw_live)
else:
    views.replay(result)
    view.badge(result, is_recorded=is_recorded)
    views.verdict(result)
folded = own_knobs.fold(SYSTEM)
if not waits:
    every_knob(folded)
if not running.is_running(SYSTEM):
    show_rest(result)
    beside.draw(SYSTEM, result)
results.open_saved(SYSTEM, lambda settings: knobs.set_knobs(SYSTEM, settings))

st.header("Score result files")
views.score_files()
if waits:
    every_knob(folded)
