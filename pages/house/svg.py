"""All figures of a page, as they are seen, as SVG files in the light template, in one zip that the browser makes.

A server has no browser that could draw plotly's figures, a visitor has one. Nothing of this is part of a page until the button is
clicked: then the figures' JSON comes. They are drawn by the Plotly that the page's own charts brought; only where a page has none
does the component ask for the text of the plotly package's script.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import streamlit as st

from backends.registry import System
from backends.run import Result
from pages.house import view
from visualizers.alt import name_of
from visualizers.theme import themed

SCRIPT_FILE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
WIDTH_PX = 760  # of a figure on paper


@cache
def _component() -> Any:  # Any: Streamlit's own type of a mounted component
    """Registered once: a name that is registered again is warned about."""
    return st.components.v2.component("orrery_svg", html="<p role='status'></p>", js=Path(__file__).with_suffix(".js").read_text(),
                                      css="p { margin: 0; font: 14px var(--st-font); color: var(--st-text-color) }")


@st.fragment
def all_figures(system: System, result: Result) -> None:
    """The button, and for one run after a click what answers it."""
    key = f"svg.{system.name}"
    is_clicked = st.button("All figures (SVG)", key=key, width="stretch", icon=":material/download:",
                           help="Every chart of this page, as its sliders stand, as an SVG file in light colours, in one zip.")
    if is_clicked:
        st.session_state[f"{key}.click"] = st.session_state.get(f"{key}.click", 0) + 1
    asked = st.session_state.get(f"{key}.zip")
    needs_script = bool(asked and asked.get("needs_script"))
    if is_clicked or needs_script:
        _component()(key=f"{key}.zip", data=_content(system, result, st.session_state.get(f"{key}.click", 0), needs_script),
                     on_needs_script_change=lambda: None)


def _content(system: System, result: Result, click: int, needs_script: bool) -> dict[str, object]:
    """What the component draws from."""
    return {"click": f"{st.session_state.setdefault('svg.session', id(st.session_state))}-{system.name}-{click}",
            "name": f"{system.name}-{result.seed}-figures.zip", "figures": files(st.session_state.get(view.DRAWN, {})),
            "script": SCRIPT_FILE.read_text(encoding="utf-8") if needs_script else ""}


def files(charts: Mapping[str, go.Figure]) -> list[dict[str, object]]:
    """File name, figure in the light template and width in pixels, one per chart that the page shows, as its sliders stand."""
    return [{"name": f"{number:02d}-{_slug(name_of(figure) or key)}.svg", "width": WIDTH_PX,
             "figure": json.loads(themed(figure, is_dark=False).to_json())}
            for number, (key, figure) in enumerate(charts.items(), start=1)]


def _slug(title: str) -> str:
    """A title as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "figure"
