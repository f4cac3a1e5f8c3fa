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
STILL_MS = 800  # a hand on a slider is not disturbed: drawing the page anew would put the slider back
_STAGE = "opening.stage"  # in the session's state: what is drawn now


class Stage(IntEnum):
    """What of a page is drawn."""

    PICTURES = 0
    CHARTS = 1
    WHOLE = 2


_ASKS = f"""
export default function ({{ data, setTriggerValue }}) {{
  const begun = Date.now(), touches = ["pointerdown", "keydown", "input"]
  let timer, touched = 0
  const touch = () => {{ touched = Date.now() }}
  touches.forEach(kind => document.addEventListener(kind, touch, true))
  const stands = place => place.querySelector(".js-plotly-plot .main-svg, .stImage img") ||
    (data.are_pictures_enough && [...place.querySelectorAll(".first-picture img")].some(image => image.complete))
  const look = () => {{
    const stand = Date.now() - begun > {MOST_MS} || [...document.querySelectorAll('{PLACES}')].every(stands)
    const is_busy = Date.now() - touched < {STILL_MS} || document.querySelector("[role=dialog]")
    if (stand && !is_busy) setTriggerValue("stands", true)
    else timer = setTimeout(look, 40)
  }}
  look()
  return () => {{ clearTimeout(timer); touches.forEach(kind => document.removeEventListener(kind, touch, true)) }}
}}
"""


def begin(name: str) -> None:
    """Decide what is drawn now: a page's first drawings in a tab are parts; whoever reads it without a browser gets all at once."""
    state = st.session_state
    stage = state.get(f"opening.{name}", Stage.PICTURES if "User-Agent" in st.context.headers else Stage.WHOLE)
    state[_STAGE], state[f"opening.{name}"] = stage, min(stage + 1, Stage.WHOLE)


def leave_out_nothing() -> None:
    """Draw the whole now, where something else than a result is shown."""
    st.session_state[_STAGE] = Stage.WHOLE


def stage() -> Stage:
    """What is drawn now."""
    return Stage(st.session_state.get(_STAGE, Stage.WHOLE))


def ask_for_the_next() -> None:
    """Draw the page again, by a trigger, as soon as what is drawn now stands in the browser."""
    now = stage()
    with st.container(key=f"{style.UNSEEN}-opening"):
        st.components.v2.component("orrery_opening", js=_ASKS)(
            key=f"opening.{now}", data={"are_pictures_enough": now == Stage.PICTURES}, on_stands_change=lambda: None)
