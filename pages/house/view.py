"""What a page is made of beside its own views: head, presets, charts, badge, code."""

import inspect
import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from backends.registry import System
from backends.run import R, Result, S
from pages.house import first_picture, results, style
from pages.house.text import code, plain
from visualizers.theme import themed
from worlds.pictures import encode_jpeg

if TYPE_CHECKING:
    from streamlit.elements.plotly_chart import PlotlyState

PAPERS = "https://arxiv.org/abs/"
DOCS = Path(__file__).parents[2] / "docs"
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)\n?")
MAX_NOTES = 20  # shown; real runs have a handful
SHOWN_JPEG_QUALITY = 90  # boxes and words keep their edges


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def chart(figure: go.Figure, key: str, *, is_first: bool = False) -> None:
    """A figure in the app's template, with plotly's camera as its only tool; one that the page opens with `is_first`."""
    with first_picture.place(figure, key, is_dark=is_dark()) if is_first else nullcontext():
        st.plotly_chart(themed(figure, is_dark=is_dark()), key=key, theme=None, config=_tools(key))


def jpeg(picture: np.ndarray) -> bytes:
    """A picture of many colours for `st.image`, (height, width, 3) uint8 RGB: by itself Streamlit writes it twice as large."""
    return encode_jpeg(picture, SHOWN_JPEG_QUALITY).tobytes()


def picking_chart(figure: go.Figure, key: str, *, on_select: Literal["rerun"] | Callable[[], None],
                  selection_mode: Literal["points", "box"]) -> "PlotlyState":
    """The same, in which something can be picked; returns what is."""
    return st.plotly_chart(themed(figure, is_dark=is_dark()), key=key, theme=None, config=_tools(key), on_select=on_select,
                           selection_mode=selection_mode)


def _tools(key: str) -> dict[str, object]:
    return {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "autoScale2d"],
            "toImageButtonOptions": {"format": "svg", "filename": key.replace(".", "-")}}


def head(system: System, claim_note: str) -> None:
    """The claim, the paper and how this page differs from it."""
    with st.container(gap=None):
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", horizontal_alignment="distribute"):
            st.title(system.title, width="content")
            if st.button("How this differs from the paper", key=f"docs.{system.name}", type="tertiary", icon=":material/menu_book:"):
                _docs(system)
        st.markdown(f"**{plain(system.claim)}**")
        st.caption(f"[{plain(system.paper)}]({PAPERS}{system.source.removeprefix('arXiv ')}) ({system.source}). {claim_note}")


@st.dialog("How this differs from the paper", width="large")
def _docs(system: System) -> None:
    """The system's own page of the documentation, without its pictures, which show this page."""
    text = (DOCS / f"{system.name}.md").read_text(encoding="utf-8")
    st.markdown(_PICTURE.sub("", text))


def presets(system: System[S, R], shown: S | None, on_choice: Callable[[S], None]) -> None:
    """One button per preset of the system; the one that is shown is marked, and what there is to see in it stands below."""
    said = ""
    with st.container(horizontal=True, gap="xsmall", key="presets"):
        for label, (settings, help_text) in system.presets.items():
            is_shown = settings == shown
            said = help_text if is_shown else said
            with st.container(width="content", key=style.CHOSEN) if is_shown else nullcontext():
                st.button(label, key=f"preset.{system.name}.{label}", help=help_text, on_click=on_choice, args=(settings,),
                          icon=":material/check:" if is_shown else None)
    if said:
        st.caption(plain(said))


def badge(result: Result, *, is_recorded: bool = False) -> None:
    """Which model is behind the picture, and whether it was run just now."""
    kind = ":orange-badge[miniature]" if result.is_miniature else ":green-badge[real checkpoint]"
    when = f" :gray-badge[recorded {plain(result.made_on)}; run it yourself with a button above]" if is_recorded else (
        f" :gray-badge[from a file, saved {plain(result.made_on)}]" if results.was_brought(result) else "")
    st.markdown(f"{kind} {code(result.model_id)} · seed {result.seed} · code {plain(result.code_version)}{when}")
    if result.was_stopped:
        icon = ":material/timer_off:" if result.ended == "time limit" else ":material/front_hand:"
        st.warning(plain(f"{result.reason} What it had found until then is shown."), icon=icon)
    notes = [note for note in result.notes if note != result.reason]
    for note in notes[:MAX_NOTES]:
        st.info(plain(note), icon=":material/info:")
    if len(notes) > MAX_NOTES:
        st.caption(f"{len(notes) - MAX_NOTES} more notes are in the whole run, below.")


def source_of(function: Callable[..., object]) -> None:
    """Fold-out with the code that ran, so that it cannot be out of date."""
    with st.expander(f"The code: {function.__module__}.{function.__name__}"):
        st.code(inspect.getsource(function))
