"""Where attention looks: near attention by layer and head, the maps themselves, and which layers a pattern takes."""

from functools import partial

import streamlit as st

from backends.grafting.results import GraftingResult, Locality
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.grafting import locality as figures

VIEWS = ("layer", "head", "time", "token")  # in the address
ALL_HEADS = "mean of all heads"


def first_view(result: GraftingResult) -> None:
    """How much attention stays near, by layer and head."""
    found = result.locality
    if found is None:
        return
    left, right = st.columns(2)
    with left:
        view.chart(figures.shares(found), key="grafting.shares")
    with right:
        view.chart(figures.on_the_grid(found), key="grafting.grid")
    st.markdown(f"**To notice:** {plain(figures.notice(found))}")
    words.explain("locality", "a layer's attention", "near", "raster order")


def details(result: GraftingResult) -> None:
    """The maps, and the patterns."""
    found = result.locality
    if found is None:
        return
    st.header("The maps")
    _maps(found)
    if found.picked:
        st.header("Which layers to cut")
        view.chart(figures.picked(found), key="grafting.patterns")
        st.caption("top-local takes the half of the layers that look nearest, low-local the other half. That a layer looks near says "
                   "that a short convolution can imitate it; whether the model can do without it, only the grafted model says.")


@st.fragment
def _maps(found: Locality) -> None:
    """One map of one layer, head and time, and where one token looks; nothing is run."""
    layers, heads = found.head_shares.shape
    columns = st.columns(4, vertical_alignment="bottom")
    chosen = {}
    for column, (name, label, options, default, help_text) in zip(columns, (
            ("layer", "Layer", list(range(layers)), int(found.shares.argmax()), "Whose attention is drawn; at first the nearest."),
            ("head", "Head", [None, *range(heads)], None, "One of the layer's heads, or the mean of all."),
            ("time", "Time", list(range(len(found.times))), 0, "When in the denoising: 999 is noise, 0 the finished picture."),
            ("token", "Token", list(range(found.side ** 2)), found.side * (found.side // 2) + found.side // 2,
             "Whose row is drawn on the picture's grid, on the right."))):
        key = address.view("grafting", name, options, default, of=found)
        chosen[name] = column.select_slider(label, options, key=key, help=help_text,
                                            format_func=partial(_option, found, name))
    if found.num_tokens > found.side**2:
        step = -(-round(found.num_tokens**0.5) // found.side)
        st.caption(f"The {found.num_tokens:,} tokens are too many to draw: each place of these maps is a square of {step} x {step}.")
    left, right = st.columns(2)
    place = {"layer": chosen["layer"], "head": chosen["head"], "time": chosen["time"]}
    with left:
        view.picture_chart(figures.attention(found, **place), key="grafting.map")
    with right:
        view.picture_chart(figures.from_token(found, **place, token=chosen["token"]), key="grafting.looks")
    address.write_view("grafting", "maps")


def _option(found: Locality, name: str, value: int | None) -> str:
    """An option of a slider as it reads."""
    if name == "time":
        return f"{found.times[value or 0]}"
    if name == "head" and value is None:
        return ALL_HEADS
    return f"{name} {value}"


def live(found: Locality) -> None:
    """What is known by now."""
    view.chart(figures.shares(found), key="live.shares")
