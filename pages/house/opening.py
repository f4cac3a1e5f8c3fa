"""A page's opening: a browser is given pictures of the first view, then its charts, then the rest.

Plotly's script takes half a second before anything of it is drawn, the scripts that colour code and draw tables take as long, and
every chart of a page is drawn before the first is seen. So a page is drawn three times at its opening: without the charts of which
there is a picture, with those of its first view, and whole. A component asks for the next as soon as the one before stands.
"""

from enum import IntEnum

import streamlit as st

from pages.house import style

PLACES = '[class*="st-key-first-"]'  # containers of `pages/house/first_picture.py`
MOST_MS = 5000  # then the next comes in any case
_STAGE = "opening.stage"  # in the session's state: what is drawn now


class Stage(IntEnum):
    """What of a page is drawn."""

    PICTURES = 0
    CHARTS = 1
    WHOLE = 2


_ASKS = f"""
export default function ({{ data, setTriggerValue }}) {{
  const begun = Date.now()
  const stands = place => place.querySelector(".js-plotly-plot .main-svg, .stImage img") ||
    (data.are_pictures_enough && [...place.querySelectorAll(".first-picture img")].some(image => image.naturalWidth))
  let timer
  const look = () => {{
    if ([...document.querySelectorAll('{PLACES}')].every(stands) || Date.now() - begun > {MOST_MS}) setTriggerValue("stands", true)
    else timer = setTimeout(look, 40)
  }}
  look()
  return () => clearTimeout(timer)
}}
"""


def begin(name: str) -> None:
    """Note how often a page was drawn in this tab; whoever reads it without a browser gets all at once."""
    state = st.session_state
    stage = state.get(f"opening.{name}", Stage.PICTURES if "User-Agent" in st.context.headers else Stage.WHOLE)
    state[_STAGE], state[f"opening.{name}"] = stage, min(stage + 1, Stage.WHOLE)


def stage() -> Stage:
    """What is drawn now."""
    return Stage(st.session_state.get(_STAGE, Stage.WHOLE))


def ask_for_the_next() -> None:
    """Draw the page again as soon as what is drawn now stands in the browser."""
    now = stage()
    with st.container(key=f"{style.UNSEEN}-opening"):
        st.components.v2.component("orrery_opening", js=_ASKS)(
            key=f"opening.{now}", data={"are_pictures_enough": now == Stage.PICTURES}, on_stands_change=_draw_again)


def _draw_again() -> None:
    """A trigger of a component draws the page again by itself."""
