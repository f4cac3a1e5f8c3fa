"""The gallery: one card per system that is built."""

import streamlit as st

from backends.registry import systems
from pages.house import results
from pages.house.text import plain
from visualizers.contract import drawing

st.title("Orrery")
st.markdown("**See how research systems on seeing, thinking, making and acting work: small models that run here, in front of "
            "you, and the real checkpoints through the same code.**")
for system in systems():
    with st.container(border=True):
        picture, words = st.columns([2, 3], vertical_alignment="center")
        if system.recorded:
            picture.image(drawing(system.name).cover(results.recorded(system)), caption="From a recorded run of its miniature.",
                          alt=f"What {system.title} sees", width="stretch")
        words.subheader(system.title)
        words.write(plain(system.claim))
        words.caption(f"{system.paper} ({system.source})")
        words.page_link(f"pages/{system.name}/page.py", label="Open", icon=system.icon)
st.caption("Every number on these pages was computed by the model that its badge names; the papers' numbers are marked as theirs. "
           "Nothing leaves this machine.")
