"""Page of T*: a video and a question in, key frames out."""

import streamlit as st

from backends.registry import system as find_system
from backends.tstar.results import Iteration, TStarResult
from backends.tstar.search import Search, distribution, spread
from backends.tstar.settings import TStarSettings
from pages import parts, tstar_parts
from visualizers import tstar as figures

SYSTEM = find_system("tstar")
PRESETS = {
    "See it found": (TStarSettings(), "Fifteen minutes, one star for a few seconds: T* needs a fraction of the frames."),
    "See it fail": (TStarSettings(grid=8, threshold=0.3, seed=3),
                    "64 frames in one picture: each is so small that other things are taken for the target."),
    "No clue to follow": (TStarSettings(video="sample:no-cues"), "No furniture gives the room away: the search is blind."),
    "Two things, once each": (TStarSettings(video="sample:two-needles", num_frames=8), "Two targets in two rooms."),
}
FIRST_KNOBS = ("grid", "num_frames", "budget_share", "rule", "seed", "num_seeds")
FOLDED_KNOBS = {
    "Detector": ("detector", "quantisation", "threshold", "floor", "max_boxes", "cue_weight", "verifies", "verify_rule", "cell_fit"),
    "Distribution": ("quantile", "window", "spline_smoothing", "temperature", "first_grid"),
    "Selection and answer": ("final_rule", "min_gap_s", "grounder", "vlm", "similarity"),
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
        st.caption(f"Still to confirm: {', '.join(step.remaining) or 'nothing'} · {step.budget_left} frames of budget left")


def knobs() -> None:
    """Everything that can be turned, folded away."""
    with st.expander("Your video, your question, every knob", icon=":material/tune:"):
        values = tstar_parts.input_knobs(SYSTEM)
        values |= parts.knobs(SYSTEM, FIRST_KNOBS)
        for tab, names in zip(st.tabs(list(FOLDED_KNOBS)), FOLDED_KNOBS.values()):
            with tab:
                values |= parts.knobs(SYSTEM, names)
        values["baselines"] = tstar_parts.baseline_knob(SYSTEM)
        asked = parts.settings_from(SYSTEM, values)
        search, series = st.columns(2)
        search.button("Search", type="primary", icon=":material/play_arrow:", disabled=asked is None, key="run.button",
                      width="stretch", on_click=parts.start, args=(SYSTEM, asked), help="Runs the search with these settings.")
        series.button("Run 20 seeds", icon=":material/casino:", disabled=asked is None, key="run.seeds", width="stretch",
                      on_click=parts.start, args=(SYSTEM, asked and asked.model_copy(update={"num_seeds": 20})),
                      help="The same search with 20 seeds, beside a random grid: how much of the result is luck?")


def show_rest(result: TStarResult) -> None:
    tstar_parts.film_strip(SYSTEM, result)
    st.header("Against other ways of choosing frames")
    tstar_parts.comparison(result)
    tstar_parts.beside_the_paper(result)
    st.header("How it works")
    tstar_parts.how_it_works(result)
    for function in (Search.update, spread, distribution):
        parts.source_of(function)
    st.header("Take it away")
    tstar_parts.downloads(SYSTEM, result)
    parts.download_whole(SYSTEM, result, result.settings)


if (linked := parts.linked_settings(SYSTEM)) is not None:
    choose(linked)

parts.head(SYSTEM, "This page runs a miniature detector that was made here; it shows the mechanism, on drawn videos and on yours.")
parts.presets(SYSTEM, PRESETS, choose)
parts.show_error(SYSTEM)
result, is_recorded = parts.current_result(SYSTEM)
if parts.running(SYSTEM):
    parts.watch(SYSTEM, draw_live)
    knobs()
else:
    tstar_parts.replay(result)
    parts.badge(result, is_recorded=is_recorded)
    tstar_parts.verdict(result)
    knobs()
    show_rest(result)
parts.open_saved(SYSTEM)

st.header("Score result files")
tstar_parts.score_files()
