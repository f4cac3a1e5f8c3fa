"""The gallery: one card per system that is built."""

import streamlit as st

from backends.registry import systems

st.title("Orrery")
st.markdown("**See how research systems on seeing, thinking, making and acting work: small models that run here, in front of "
            "you, and the real checkpoints through the same code.**")
for system in systems():
    with st.container(border=True):
        picture, words = st.columns([2, 3], vertical_alignment="center")
        picture.image(f"docs/{system.name}.jpg", caption=f"The page of {system.title.split(':')[0]}, run on its miniature.",
                      width="stretch")
        words.subheader(system.title)
        words.write(system.claim)
        words.caption(f"{system.paper} ({system.source})")
        words.page_link(f"pages/{system.name}.py", label="Open", icon=system.icon)
st.caption("Every number on these pages was computed by the model that its badge names; the papers' numbers are marked as theirs. "
           "Nothing leaves this machine.")
