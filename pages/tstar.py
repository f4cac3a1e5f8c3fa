"""Page of T*: a video and a question in, key frames out."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.registry import system as find_system
from backends.tstar.results import Iteration, TStarResult
from backends.tstar.search import Search, distribution, spread
from backends.tstar.settings import TStarSettings
from pages import parts, saved_runs, tstar_knobs, tstar_parts
from pages.text import plain
from visualizers import tstar as figures

SYSTEM = find_system("tstar")
FIRST_KNOBS = ("grid", "num_frames", "budget_share", "rule", "seed", "num_seeds")
FOLDED_KNOBS = {
    "Detector": ("detector", "quantisation", "threshold", "floor", "max_boxes", "cue_weight", "verifies", "verify_rule", "cell_fit"),
    "Distribution": ("quantile", "window", "spline_smoothing", "temperature", "first_grid"),
    "Selection and answer": ("finds", "final_rule", "min_gap_s", "grounder", "vlm", "vlm_quantisation", "similarity",
                             "similarity_quantisation"),
}


def choose(settings: TStarSettings) -> None:
    """A preset or link: knobs turned, run started."""
    parts.set_knobs(SYSTEM, settings)
    parts.start(SYSTEM, settings)


def draw_live(step: Iteration) -> None:
    picture, chart = st.columns([2, 3])
    picture.image(figures.canvas_picture(step), width="stretch", alt=f"Grid {step.number}: frames with detected boxes",
                  caption=f"Grid {step.number}: {len(step.positions)} frames in one picture")
    with chart:
        parts.chart(figures.timeline(step), key="live.timeline")
        st.caption(f"Still to confirm: {plain(', '.join(step.remaining)) or 'nothing'} · {step.budget_left} frames of budget left")


def knobs(folded: DeltaGenerator) -> None:
    """Everything that can be turned, and what it will cost."""
    with folded:
        values, said = tstar_knobs.input_knobs(SYSTEM)
        values |= parts.knobs(SYSTEM, FIRST_KNOBS)
        values |= parts.tabs(SYSTEM, FOLDED_KNOBS)
        values["baselines"] = tstar_knobs.baseline_knob(SYSTEM)
        asked = parts.settings_from(SYSTEM, values)
        with said:
            knows = tstar_knobs.has_its_video(asked) and (asked is None or tstar_knobs.knows_the_words(SYSTEM, asked))
        is_off = not (parts.can_run(SYSTEM, asked) and knows and tstar_knobs.has_its_similarity(asked))
        search, series, cost = st.columns([2, 2, 3], vertical_alignment="center")
        runs = parts.pressed(search, "Search", key="run.button", type="primary", icon=":material/play_arrow:", disabled=is_off,
                             help="Runs the search with these settings.")
        repeats = parts.pressed(series, "Run 20 seeds", key="run.seeds", icon=":material/casino:", disabled=is_off,
                                help="The same search with 20 seeds, beside a random grid: how much of the result is luck?")
        if asked is not None and (runs or repeats):
            parts.start(SYSTEM, asked.model_copy(update={"num_seeds": 20}) if repeats else asked)
            st.rerun()
        cost.caption("What is in the way is said above." if is_off else tstar_knobs.cost(asked))


def show_rest(result: TStarResult) -> None:
    tstar_parts.film_strip(SYSTEM, result)
    st.header("Against other ways of choosing frames")
    tstar_parts.comparison(result)
    tstar_parts.beside_the_paper(result)
    st.header("How it works")
    tstar_parts.how_it_works(result)
    tstar_parts.larger_grids(result)
    for function in (Search.update, spread, distribution):
        parts.source_of(function)
    st.header("Take it away")
    tstar_parts.downloads(SYSTEM, result)
    parts.download_whole(SYSTEM, result, result.settings)


if (linked := parts.linked_settings(SYSTEM)) is not None:
    choose(linked)

parts.head(SYSTEM, "Here a miniature detector shows the mechanism, on drawn videos and on yours.")
parts.presets(SYSTEM, choose)
parts.show_error(SYSTEM)
result, is_recorded = parts.current_result(SYSTEM)
tstar_knobs.remember(result, is_recorded=is_recorded)
waits = parts.ladder_waits()
if parts.running(SYSTEM):
    parts.watch(SYSTEM, draw_live)
else:
    tstar_parts.replay(result)
    parts.badge(result, is_recorded=is_recorded)
    tstar_parts.verdict(result)
folded = parts.fold(SYSTEM)
if not waits:
    knobs(folded)
if not parts.running(SYSTEM):
    show_rest(result)
saved_runs.open_saved(SYSTEM, lambda settings: parts.set_knobs(SYSTEM, settings))

st.header("Score result files")
tstar_parts.score_files()
if waits:
    knobs(folded)
