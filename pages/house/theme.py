"""Light or dark: what a page is drawn for, and drawing it again where its visitor looks at it in the other one.

The browser changes its colours by itself, in the menu or with the evening, and says so only with the next run of the script. What
was drawn here for the old ones, such as charts, would stay as it is until then. So a component compares what the page was drawn for
with what is seen, and asks for a run where the two differ: Streamlit calls it again whenever the theme changes.
"""

import streamlit as st

from pages.house import style

# The colour scheme of Streamlit's app is the one that it tells the script. One that the script does not take over is asked for once.
_LOOKS = """
let asked = ""

export default function ({ data, setTriggerValue }) {
  const app = document.querySelector(".stApp"), seen = app ? getComputedStyle(app).colorScheme : ""
  if (seen === data.drawn) asked = ""
  if (seen === data.drawn || seen === asked || !["light", "dark"].includes(seen)) return
  asked = seen
  setTriggerValue("seen", seen)
}
"""


def is_dark() -> bool:
    """Whether the page is looked at in the dark theme."""
    return st.context.theme.type == "dark"


def follow() -> None:
    """Draw the page again as soon as its visitor has chosen another theme; the door does that for every page."""
    with st.container(key=f"{style.UNSEEN}-theme"):
        st.components.v2.component("orrery_theme", js=_LOOKS)(key="theme", data={"drawn": "dark" if is_dark() else "light"},
                                                              on_seen_change=lambda: None)
