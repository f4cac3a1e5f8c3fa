"""Speed: how long one operator takes against the number of tokens, and from where on a graft is faster."""

import streamlit as st

from backends.grafting.results import GraftingResult, Speed
from pages.house import view
from pages.house.text import plain
from visualizers.grafting import speed as figures

OWN_TOKENS = 64  # of the miniature


def first_view(result: GraftingResult) -> None:
    """The lines, and in words where they cross."""
    speed = result.speed
    if speed is None:
        return
    left, right = st.columns([3, 2])
    with left:
        view.chart(figures.lines(speed), key="grafting.speed")
    with right:
        _said(speed, is_miniature=result.is_miniature)


def _said(speed: Speed, *, is_miniature: bool) -> None:
    if is_miniature and (here := figures.at_this_size(speed, OWN_TOKENS)):
        st.markdown(f"**To notice:** {plain(here)}")
    for sentence in figures.crossover(speed):
        st.markdown(f"- {plain(sentence)}")
    st.caption(f"One operator with its projections, one sample, on this machine with {speed.where}; the least of several. A "
               "whole layer has an MLP beside it, which no graft of attention makes faster.")


def details(result: GraftingResult) -> None:
    """Whole blocks side by side, and every timing in a table."""
    if result.speed is None:
        return
    if said := figures.pairs_said(result.speed):
        st.header("Is side by side faster?")
        st.markdown(plain(said))
        st.dataframe(figures.pairs_shown(result.speed), hide_index=True, width="stretch")
        st.caption("Two whole blocks with attention and MLP, one sample, the least of several; “pairs” among the operators puts them "
                   "side by side (depth to width).")
    with st.expander("Every timing in a table", icon=":material/table_rows:"):
        st.dataframe(figures.table(result.speed), hide_index=True, width="stretch")


def live(speed: Speed) -> None:
    """The lines as they grow."""
    view.chart(figures.lines(speed), key="live.speed")
