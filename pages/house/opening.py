"""A page's opening: a browser is given the first view alone, and the rest when that stands.

Plotly draws every chart of a page before the first is seen, and the scripts that colour code or draw tables take as long as Plotly's.
So the first drawing of a page ends behind its first view; when its charts stand, a component asks for the whole.
"""

import streamlit as st

from pages.house import style

PLACES = '[class*="st-key-first-"]'  # containers of `pages/house/first_picture.py`
MOST_MS = 5000  # then the rest comes in any case
_NOW = "opening.now"  # in the session's state: the page that is drawn for the first time in this tab
_ASKS = f"""
export default function ({{ setTriggerValue }}) {{
  const begun = Date.now()
  let timer
  const look = () => {{
    const stand = [...document.querySelectorAll('{PLACES}')].every(
      place => place.querySelector(".js-plotly-plot .main-svg, .stImage img"))
    if (stand || Date.now() - begun > {MOST_MS}) setTriggerValue("stands", true)
    else timer = setTimeout(look, 40)
  }}
  look()
  return () => clearTimeout(timer)
}}
"""


def begin(name: str) -> None:
    """Note whether a page is drawn for the first time in this tab; whoever reads it without a browser gets all at once."""
    state = st.session_state
    is_first = not state.get(f"opening.{name}") and "User-Agent" in st.context.headers
    state[_NOW], state[f"opening.{name}"] = is_first, True


def is_now() -> bool:
    """Whether only the first view is drawn now."""
    return bool(st.session_state.get(_NOW))


def ask_for_the_rest() -> None:
    """Draw the page again, whole, as soon as its first view stands in the browser."""
    with st.container(key=f"{style.UNSEEN}-opening"):
        st.components.v2.component("orrery_opening", js=_ASKS)(key="opening", on_stands_change=_draw_again)


def _draw_again() -> None:
    """A trigger of a component draws the page again by itself."""
