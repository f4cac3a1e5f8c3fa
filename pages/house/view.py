"""What a page is made of beside its own views: head, presets, charts, badge, code."""

import inspect
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends import registry
from backends.registry import System
from backends.run import R, Result, S, task_of
from pages.house import first_picture, opening, parts, results, style
from pages.house.opening import Stage
from pages.house.text import code, plain
from pages.house.theme import is_dark
from visualizers.alt import alt_of
from visualizers.theme import DEFAULT_HEIGHT_PX, themed
from worlds.pictures import encode_jpeg

if TYPE_CHECKING:
    from streamlit.elements.plotly_chart import PlotlyState

PAPERS = "https://arxiv.org/abs/"
DOCS = Path(__file__).parents[2] / "docs"
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)\n?")
WIDE = 0.8  # height over width of a picture below which its chart is made lower
PROJECTED = 1.5  # how much larger the letters of a chart are on a wall
DRAWN = "figures.drawn"  # in the session's state: the charts of the page that is looked at, by their keys
MAX_NOTES = 20  # shown; real runs have a handful
SHOWN_JPEG_QUALITY = 90  # boxes and words keep their edges


def chart(figure: go.Figure, key: str, *, is_first: bool = False) -> None:
    """A figure in the app's template, with its name and sentence for people who do not see it.

    Args:
        is_first: the page opens with it.
    """
    looking = _looking(figure, key)
    with _place(figure, key, is_first=is_first) as is_drawn:
        if is_drawn:
            st.plotly_chart(looking, key=key, theme=None, config=_tools(key), alt=alt_of(figure) or None)


def chart_below(figure: go.Figure, key: str) -> None:
    """A chart under those that the page opens with: its room is kept until these are drawn; it has no picture itself."""
    if opening.stage() != Stage.WHOLE and not parts.is_presenting():
        st.container(height=int(figure.layout.height or DEFAULT_HEIGHT_PX), border=False, key=f"room.{key}")
    else:
        chart(figure, key)


def picture_chart(figure: go.Figure, key: str, *, is_first: bool = False) -> None:
    """A map over a picture, as high as the width of its column asks for: it fills the column on any screen."""
    across, down = figure.layout.xaxis.range, figure.layout.yaxis.range
    if not across or not down or figure.layout.yaxis.scaleanchor is None:  # of a model whose tokens have no known places
        chart(figure, key, is_first=is_first)
        return
    shape = "wide" if abs(down[1] - down[0]) < WIDE * abs(across[1] - across[0]) else "square"
    looking = _looking(figure, key)
    with (_place(figure, key, is_first=is_first, room=style.ROOMS[shape]) as is_drawn,
          st.container(key=f"{shape}-{key.replace('.', '-')}")):
        if is_drawn:
            st.plotly_chart(looking, key=key, theme=None, config=_tools(key), alt=alt_of(figure) or None, height="stretch")


def _place(figure: go.Figure, key: str, *, is_first: bool, room: str = "", is_same: bool = False
           ) -> AbstractContextManager[bool]:
    """Where a chart is drawn, if it is drawn now; on a wall no picture stands there before it, for its letters are larger."""
    if not is_first or parts.is_presenting():
        return nullcontext(True)
    return first_picture.place(figure, key, is_dark=is_dark(), room=room, is_same=is_same)


def picture(pixels: np.ndarray, key: str, *, alt: str, caption: str, is_first: bool = False) -> None:
    """A picture as wide as its column.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        is_first: the page opens with it.
    """
    with first_picture.picture_place(pixels, key) if is_first else nullcontext():
        st.image(jpeg(pixels), width="stretch", alt=alt, caption=caption)


def jpeg(pixels: np.ndarray) -> bytes:
    """A picture of many colours for `st.image`, (height, width, 3) uint8 RGB: by itself Streamlit writes it twice as large."""
    return encode_jpeg(pixels, SHOWN_JPEG_QUALITY).tobytes()


def picking_chart(figure: go.Figure, key: str, *, on_select: Literal["rerun"] | Callable[[], None],
                  selection_mode: Literal["points", "box"], is_first: bool = False, is_same: bool = False) -> "PlotlyState | None":
    """The same, in which something can be picked; returns what is, and None before the chart is drawn.

    Args:
        is_same: it is the very figure that was drawn under this key before: neither its theme nor its digest is made again.
    """
    seen, before = (is_dark(), parts.is_presenting()), st.session_state.get(f"{key}.looking")
    looking = before[1] if is_same and before and before[0] == seen else _looking(figure, key)
    st.session_state[f"{key}.looking"] = seen, looking
    with _place(figure, key, is_first=is_first, is_same=is_same) as is_drawn:
        return st.plotly_chart(looking, key=key, theme=None, config=_tools(key), on_select=on_select,
                               selection_mode=selection_mode, alt=alt_of(figure) or None) if is_drawn else None


def _looking(figure: go.Figure, key: str) -> go.Figure:
    """The figure as this page is looked at: light or dark, on a desk or on a wall; noted, so that it can be taken away as seen."""
    st.session_state.setdefault(DRAWN, {})[key] = figure
    return themed(figure, is_dark=is_dark(), scale=PROJECTED if parts.is_presenting() else 1.0)


def _tools(key: str) -> dict[str, object]:
    """Camera, zoom by dragging, and back: what is shown of plotly's bar of tools, and only under the mouse."""
    return {"displaylogo": False, "displayModeBar": "hover", "modeBarButtons": [["toImage", "zoom2d", "resetScale2d"]],
            "toImageButtonOptions": {"format": "svg", "filename": key.replace(".", "-")}}


def head(system: System, claim_note: str) -> DeltaGenerator:
    """The claim, the paper and how this page differs from it; returns the line of buttons beside the title."""
    with st.container(gap=None, key=style.HEAD):
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", horizontal_alignment="distribute"):
            st.title(system.title, width="content")
            buttons = st.container(horizontal=True, gap="small", width="content", vertical_alignment="center")
            if buttons.button("How this differs from the paper", key=f"docs.{system.name}", type="tertiary",
                              icon=":material/menu_book:"):
                _docs(system)
        st.markdown(f"**{plain(system.claim)}**")
        st.caption(f"[{plain(system.paper)}]({PAPERS}{system.source.removeprefix('arXiv ')}) ({system.source}). {claim_note}")
    return buttons


@st.dialog("How this differs from the paper", width="large")
def _docs(system: System) -> None:
    """The system's own page of the documentation, without its pictures, which show this page."""
    text = (DOCS / f"{system.name}.md").read_text(encoding="utf-8")
    st.markdown(_PICTURE.sub("", text))


def presets(system: System[S, R], shown: S | None, on_choice: Callable[[S], None]) -> None:
    """One button per preset of the system; the one that is shown is marked, and what there is to see in it stands below.

    The marked one is in no container of its own: for as long as a rerun takes, it would stand beside the button that it was before.
    """
    said = ""
    with st.container(horizontal=True, gap="xsmall", key="presets"):
        for label, (settings, help_text) in system.presets.items():
            is_shown = settings == shown
            said = help_text if is_shown else said
            st.button(label, key=f"preset.{system.name}.{label}", help=None if is_shown else help_text,
                      on_click=on_choice, args=(settings,), icon=":material/check:" if is_shown else None)
    if said:
        st.caption(plain(said))


def formula(latex: str) -> None:
    """A formula in the middle of its line; what `\\qquad` sets apart stands beside it where there is room, else under it."""
    parts = [part.strip() for part in latex.split(r"\qquad")]
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center", gap="large"):
        for part in parts:
            st.latex(part, width="content")


def badge(result: Result, *, is_recorded: bool = False) -> None:
    """Which model is behind the picture, and whether it was run just now."""
    kind = ":orange-badge[miniature]" if result.is_miniature else (
        ":gray-badge[from logs]" if result.is_of_logs else ":green-badge[real checkpoint]")
    when = f" :gray-badge[recorded {plain(result.made_on)}]{_how_to_run(result)}" if is_recorded else (
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


def _how_to_run(result: Result) -> str:
    """Which button runs a recorded run, where a teacher's link shows one."""
    system = registry.system(result.system)
    has_preset = any(task_of(preset) == task_of(result.settings) for preset, _ in system.presets.values())
    marked = ": the marked one" if results.file_of(system, result.settings) else ""  # the others open what is recorded of them
    ways = {f"with a preset above{marked}": has_preset and parts.shows("presets"), "with the button below": parts.shows("knobs")}
    where = next((way for way, is_there in ways.items() if is_there), "")
    return f" run it yourself {where}" if where else ""  # not in the badge, which a phone would cut


def source_of(function: Callable[..., object]) -> None:
    """Fold-out with the code that ran, so that it cannot be out of date."""
    with st.expander(f"The code: {function.__module__}.{function.__name__}"):
        st.code(inspect.getsource(function))
